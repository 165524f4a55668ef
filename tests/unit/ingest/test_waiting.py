"""What is taken from the queue at once: no more than the graph writes while a caller waits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from lineage_server.domain.event_parts import InputFact, OutputFact
from lineage_server.domain.events import Event, MetricsLogged, RunReported
from lineage_server.domain.ids import new_run_id
from lineage_server.ingest.decode import Received, encode
from lineage_server.ingest.verdicts import IngestLimits, Request, entry_of
from lineage_server.ingest.waiting import BATCH_PARTS, WaitingEvents

MOST = IngestLimits().batch_events


async def batches(events: Iterable[Event]) -> list[int]:
    """How many events each batch has."""
    queue = WaitingEvents(IngestLimits())
    request = Request(asyncio.get_running_loop().create_future(), [], 0, 0.0, 1 << 20)
    for slot, event in enumerate(events):
        received = Received(slot, event, encode(event))
        queue.put(entry_of(slot, received, actor="test", now=1, request=request))
    taken: list[int] = []
    while entries := queue.take(MOST):
        taken.append(len(entries))
        queue.landed()
    return taken


async def test_wide_events_are_written_a_few_at_a_time_and_lose_nothing() -> None:
    half = BATCH_PARTS // 2
    wide = [
        RunReported(
            run=new_run_id(),
            inputs=[InputFact(name=f"in-{number}") for number in range(half - 1)],
            outputs=[OutputFact(name="out")],
        )
        for _ in range(6)
    ]
    assert await batches(wide) == [2, 2, 2]
    assert await batches([*wide[:1], RunReported(run=new_run_id()), *wide[1:]]) == [3, 2, 2]
    named = [RunReported(run=new_run_id(), params={f"p{i}": i for i in range(half)}) for _ in range(5)]
    assert await batches(named) == [2, 2, 1]


async def test_one_event_wider_than_a_batch_is_a_batch() -> None:
    words: dict[str, Any] = {f"{number}": 1 for number in range(BATCH_PARTS)}
    widest = RunReported(run=new_run_id(), params=words, tags={word: "x" for word in words})
    assert await batches([widest, widest, RunReported(run=new_run_id())]) == [1, 1, 1]


async def test_usual_runs_and_long_series_fill_their_batches() -> None:
    params: dict[str, Any] = {f"param-{number}": 0.5 for number in range(30)}
    metrics: dict[str, float | str] = {f"metric-{number}": 0.5 for number in range(30)}
    usual = [RunReported(run=new_run_id(), params=params, metrics=metrics) for _ in range(MOST)]
    assert await batches(usual) == [MOST]
    points = list(range(300))
    series = [
        MetricsLogged(
            run=new_run_id(), keys=["loss"], series=[0] * 300, steps=points, times=points,
            values=[float(point) for point in points],
        )
        for _ in range(MOST)
    ]  # fmt: skip
    assert await batches(series) == [MOST]
