"""What the benchmarks' table claims: a reason where a peer is missing, a target only at its size."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import mlmd, record_batches, record_single, startup, tables, upstream
from benchmarks.context import Context
from benchmarks.load import Pace
from benchmarks.rows import Row

WHY = "no interpreter fits"
SHORT, FULL = Context(("embedded",), full=False), Context(("embedded",), full=True)


class Stand:
    """For the server, the load, the driver and whatever else a benchmark talks to."""

    port, address, ready_seconds = 1, None, 2.5

    def __init__(self) -> None:
        self.homes: list[str] = []

    @contextlib.contextmanager
    def server(self, *_: Any, environment: dict[str, str] | None = None, **__: Any) -> Iterator[Stand]:
        self.homes.append((environment or {}).get("HOME", ""))
        yield self

    @contextlib.contextmanager
    def block(self, *_: Any, **__: Any) -> Iterator[Stand]:
        yield self

    def drive(self, *_: Any, **__: Any) -> Pace:
        return Pace(events=10, seconds=2.0, latencies=[0.001])

    def cpu_seconds(self) -> tuple[float, float]:
        return 1.0, 1.0

    def memory(self) -> tuple[float, float]:
        return 700.0, 650.0

    def replay(self, _: Any) -> float:
        return 5.0

    def close(self) -> None:
        pass

    def ask(self, query: str, variables: Any) -> tuple[dict[str, Any], float]:
        return {"lineage": {"isPartial": False, "nodes": [1]}, "runs": {"edges": [1]}}, 0.01


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Stand:
    made = Stand()
    for module in (record_batches, record_single, startup, tables, upstream):
        for name in ("lineage_server", "graph_engine", "load", "asker"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, made.server if name == "lineage_server" else made.block)
    monkeypatch.setattr(record_batches, "RawDriver", lambda _: made)
    monkeypatch.setattr(record_batches, "plan", lambda *_, rounds, **__: ([[]] * rounds, 1.0))
    newest = [SimpleNamespace(name="x", digest="sha256:00")]
    monkeypatch.setattr(upstream, "fill", lambda _, work, __: setattr(work, "newest", newest))
    monkeypatch.setattr(upstream.Starts, "uid", lambda *_: "version:x")
    return made


def no_peer() -> Path:
    raise mlmd.PeerMissingError(f"venv:  {WHY}\n")


@pytest.mark.parametrize("module", [record_single, record_batches, upstream])
def test_a_missing_peer_has_its_reason_in_the_note(
    module: Any, stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mlmd, "environment", no_peer)
    rows: list[Row] = [row for row in module.run(SHORT) if row.peer.startswith(mlmd.VERSION)]
    assert rows
    for row in rows:
        assert row.note.startswith(f"no peer: venv: {WHY}; ")
        assert (row.peer_value, row.ratio, row.met) == (None, None, None)


def test_a_target_is_claimed_only_at_the_size_it_speaks_of(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: Any) -> None:
        pass

    monkeypatch.setattr(startup, "build_start_cache", nothing)
    monkeypatch.setattr(tables, "_load", nothing)

    def claims(module: Any, context: Context) -> dict[str, tuple[bool | None, str]]:
        rows = [row for row in module.run(context) if "to ready" not in row.name]
        return {row.name: (row.met, row.note) for row in rows}

    for module, size in ((startup, "200,000"), (tables, "100,000")):
        for met, note in claims(module, SHORT).values():
            assert met is None
            assert f"is for {size}" in note
        for name, (met, _) in claims(module, FULL).items():
            assert met is True
            assert size in name


def test_the_very_first_start_is_measured_without_the_prepared_cache(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def built(_: Path) -> None:
        pass

    monkeypatch.setattr(startup, "build_start_cache", built)
    rows = [row for row in startup.run(SHORT) if "to ready" in row.name]
    assert [(row.value, bool(row.target)) for row in rows] == [(2.5, True), (2.5, True), (2.5, False)]
    homes = [home for home in stand.homes if home]
    assert len(set(homes)) == startup.STARTS
