"""Stored events as PROV-JSON and as OpenLineage: valid for others, and the same graph when they come back."""

from __future__ import annotations

import gzip
import io
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lineage_server.client.interchange import openlineage_in, openlineage_out, prov_in, prov_out
from lineage_server.client.interchange.openlineage_words import EVENT_FACET, EXPORT_FACET
from lineage_server.client.interchange.pages import ImportReport, send_stored
from lineage_server.client.interchange.prov_words import BUNDLE, MOST_BYTES
from lineage_server.domain.errors import InvalidInputError, LimitError
from lineage_server.domain.stored import StoredEvent
from lineage_server.graph.bolt import Bolt
from tests.contract.test_exchange import EXPORT, stored
from tests.support.dump import dump
from tests.support.neo4j_server import Address
from tests.support.openlineage import check_event
from tests.support.served import Served, serving
from tests.support.stories import D1, IRIS_1, MODEL_1, TRAIN, story

LINES = "application/x-ndjson"
TAKEN = {"accepted": 0, "duplicate": 0, "refused": 0, "events": []}


class Posted:
    """Stands in for the connection: keeps what would be sent."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def call(self, _method: str, _path: str, *, content: bytes, headers: Any, patient: bool) -> Any:
        assert headers["content-encoding"] == "gzip"
        self.bodies.append(content)
        return type("Answer", (), {"content": json.dumps(TAKEN).encode()})


async def exported(served: Served, **asked: Any) -> list[StoredEvent]:
    """All pages as lines."""
    events: list[StoredEvent] = []
    while True:
        answer = await served.http.get(EXPORT, params=asked, headers={"accept": LINES})
        assert answer.headers["content-type"] == LINES
        page = [msgspec.json.decode(line, type=StoredEvent) for line in answer.content.splitlines()]
        assert len(page) == int(answer.headers["lineage-events"])
        events += page
        if "lineage-next" not in answer.headers:
            return events
        asked |= {"first": answer.headers["lineage-next"], "until": answer.headers["lineage-until"]}


async def imported(served: Served, events: Iterable[StoredEvent]) -> Counter[str]:
    posted: Any = Posted()
    send_stored(posted, events, ImportReport(), lambda _: None)
    told: Counter[str] = Counter()
    headers = {"content-type": LINES, "content-encoding": "gzip"}
    for body in posted.bodies:
        answer = await served.http.post("/api/v1/import/events", content=body, headers=headers)
        assert answer.status_code == 200, answer.text
        told.update({key: answer.json()[key] for key in ("accepted", "duplicate", "refused")})
    return told


def as_prov(events: Iterable[StoredEvent], folder: Path) -> Path:
    said = prov_out.Statements(folder / "said")
    out = io.BytesIO()
    prov_out.write_document(out, said, events, project="")
    said.close()
    assert not (folder / "said").exists()
    file = folder / "all.json"
    file.write_bytes(out.getvalue())
    return file


def as_openlineage(events: Iterable[StoredEvent], folder: Path) -> Path:
    jobs = openlineage_out.Jobs()
    for event in (kept := list(events)):
        jobs.note(event)
    file = folder / "all.jsonl"
    file.write_bytes(b"".join(openlineage_out.lines_of(kept, jobs, project="")))
    return file


def read_back(file: Path) -> list[StoredEvent]:
    if file.suffix == ".json":
        events = prov_in.stored_in(file, json.loads(file.read_bytes()))
        assert events is not None
        return events
    assert openlineage_in.check(file)
    return list(openlineage_in.stored_in(file))


@pytest.mark.parametrize("write", [as_prov, as_openlineage])
async def test_from_either_format_the_same_graph_comes_back(
    bolt: Address,
    graph: Bolt,
    wipe: Callable[[], Awaitable[None]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[[Iterable[StoredEvent], Path], Path],
) -> None:
    monkeypatch.setattr("lineage_server.ingest.store.PAGE_EVENTS", 9)
    monkeypatch.setattr("lineage_server.client.interchange.pages._PAGE_EVENTS", 10)
    async with serving(bolt, tmp_path) as first:
        told = story()
        for start in range(0, len(told), 5):
            await first.record(*told[start : start + 5])
        await first.services.eraser.finish()
        before, kept = await dump(graph, whole=True), await stored(first)
        out = await exported(first)
    file = write(out, tmp_path)
    assert read_back(file) == out
    await wipe()
    async with serving(bolt, tmp_path / "other") as second:
        assert await imported(second, read_back(file)) == {
            "accepted": len(kept),
            "duplicate": 0,
            "refused": 0,
        }
        await second.services.eraser.finish()
        assert await dump(graph, whole=True) == before
        assert await stored(second) == kept
        again = await imported(second, read_back(file))
        assert again == {"accepted": 0, "duplicate": len(kept), "refused": 0}
        assert await dump(graph, whole=True) == before


async def test_lines_that_are_no_stored_events_are_told(served: Served) -> None:
    good = msgspec.json.encode((await exported(served))[0])
    for body in (b"{", b"[1]", good[:-9], good + b"\n{}", b'{"uid":' * 3000, b"\xff\xfe"):
        answer = await served.http.post(
            "/api/v1/import/events", content=gzip.compress(body),
            headers={"content-type": LINES, "content-encoding": "gzip"},
        )  # fmt: skip
        assert (answer.status_code, answer.json()["error"]) == (400, "BAD_INPUT"), body[:40]


# --- what others read of it ------------------------------------------------------------------


async def test_every_line_is_valid_openlineage(served: Served, tmp_path: Path) -> None:
    file = as_openlineage(await exported(served), tmp_path)
    lines = [json.loads(line) for line in file.read_bytes().splitlines()]
    for line in lines:
        check_event(line)
    told = [line for line in lines if line.get("run", {}).get("runId") == TRAIN]
    assert {line["job"]["name"] for line in told} == {"train"}
    assert "START" in {line["eventType"] for line in told}
    (done,) = (line for line in told if line["eventType"] == "COMPLETE")
    (model,) = (one for one in done["outputs"] if one["name"] == "model/churn")
    assert model["facets"]["version"]["datasetVersion"] == MODEL_1.partition("@")[2]
    assert lines[-1]["run"]["facets"][EXPORT_FACET]["events"] == len(lines) - 1


async def test_the_document_is_whole_prov(served: Served, tmp_path: Path) -> None:
    """Every name has a prefix, every end of a relation that is ours is declared, nothing is null."""
    document = json.loads(as_prov(await exported(served), tmp_path).read_bytes())
    declared = {name for kind in ("entity", "activity", "agent") for name in document[kind]}
    for section, told in document.items():
        if section in ("prefix", "bundle"):
            continue
        for name, attributes in told.items():
            assert name.partition(":")[0] in {*document["prefix"], "_"}
            assert None not in attributes.values()
            for key, value in attributes.items():
                assert key.partition(":")[0] in document["prefix"]
                if section not in ("entity", "activity", "agent") and str(value).startswith("lineage:"):
                    assert value in declared or "model" in value or "version" in value, (section, value)
    run = f"lineage:run%3A{TRAIN}"
    assert document["activity"][run]["lineage:state"] == "complete"
    ends = {(one["prov:entity"], one["prov:activity"]) for one in document["wasGeneratedBy"].values()}
    assert (prov_out.name(MODEL_1), run) in ends
    derived = {
        (one["prov:usedEntity"], one["prov:generatedEntity"]) for one in document["wasDerivedFrom"].values()
    }
    outside = prov_out.name(f"version:default/dataset/outside@sha256:{'3' * 64}")
    assert (outside, prov_out.name(IRIS_1)) not in derived  # it was taken back
    assert (outside, prov_out.name(f"version:default/dataset/iris@sha256:{'2' * 64}")) in derived
    assert {one["prov:agent"] for one in document["wasAssociatedWith"].values()} >= {
        "lineage:actor%3Alocal/kim"
    }
    assert D1 in {one.get("lineage:digest") for one in document["entity"].values()}


# --- spoilt ----------------------------------------------------------------------------------


async def test_spoilt_files_are_told_from_whole_ones(served: Served, tmp_path: Path) -> None:
    events = await exported(served)
    lines = as_openlineage(events, tmp_path).read_bytes().splitlines(keepends=True)
    foreign = json.loads(lines[0])
    for place in ("run", "job", "dataset"):
        foreign.get(place, {}).get("facets", {}).pop(EVENT_FACET, None)
    other = tmp_path / "other.jsonl"
    for wrong, said in (
        (lines[:-1], "cut off"),
        (lines[:5] + lines[6:], "SHA-256"),
        ([*lines[:3], lines[3][:40]], "line 4"),
        ([*lines, lines[0]], f"line {len(lines) + 1}"),
        ([json.dumps(foreign).encode() + b"\n", *lines[1:-1]], "others"),
        ([], "empty"),
        ([b"\xff\xfe\n"], "line 1"),
        ([b"[" * 100_000], "line 1"),
    ):
        other.write_bytes(b"".join(wrong))
        with pytest.raises(InvalidInputError, match=said):
            openlineage_in.check(other)
    document = json.loads(as_prov(events, tmp_path).read_bytes())
    kept = document["bundle"][BUNDLE]["entity"]
    first = next(iter(kept))
    for wrong in ({**kept, first: {}}, {k: v for k, v in kept.items() if k != first}):
        spoilt = {**document, "bundle": {BUNDLE: {"entity": wrong}}}
        with pytest.raises(InvalidInputError, match="nothing was imported"):
            prov_in.stored_in(tmp_path / "all.json", spoilt)
    with pytest.raises(InvalidInputError, match="SHA-256"):
        prov_in.stored_in(tmp_path / "all.json", {**document, "bundle": {}})


def test_huge_files_are_refused_before_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openlineage_in, "MOST_LINE_BYTES", 1000)
    file = tmp_path / "huge"
    file.write_bytes(b'{"eventTime": "' + b"x" * 2000)
    with pytest.raises(LimitError, match="line 1"):
        openlineage_in.check(file)
    assert MOST_BYTES <= 1 << 30
