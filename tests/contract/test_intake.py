"""The intake's other answers: what is refused, for whom it is kept, how it is sent again, who did what."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lineage_server.api.gql.documents import read_operations
from lineage_server.domain.edges import Source
from lineage_server.domain.errors import UnavailableError
from lineage_server.domain.events import (
    DeploymentReported,
    EdgeAsserted,
    EdgeRetracted,
    Event,
    MemberSet,
    ModelReported,
    ModelVersionReported,
    NodeDeleted,
    NodeErased,
    NodeRestored,
    ProjectReported,
    RunReported,
    VersionReported,
)
from lineage_server.domain.ids import now_micros
from lineage_server.domain.nodes import ModelState, Role
from lineage_server.graph.bolt import Bolt
from lineage_server.ingest.decode import encode
from lineage_server.ingest.eraser import Eraser
from lineage_server.ingest.refused import RefusedEvents
from lineage_server.ingest.verdicts import inflate
from tests.support import stories
from tests.support.faults import EVENTS
from tests.support.hostile import event_ids, good, run_event, sent, some_run
from tests.support.neo4j_server import Address
from tests.support.served import Served, serving
from tests.support.stories import D1

TEXTS = read_operations()
DAY = 86_400_000_000


async def refused_rows(served: Served, token: str = "") -> list[dict[str, Any]]:
    found = await served.ask(TEXTS["RefusedEvents"], {"first": 500}, token)
    return [edge["node"] for edge in found["refusedEvents"]["edges"]]


async def replay(served: Served, uids: list[str], token: str = "") -> dict[str, dict[str, Any]]:
    answer = await served.ask(TEXTS["ReplayRefused"], {"input": {"uids": uids}}, token)
    assert answer["replayRefused"]["problems"] == []
    return {one["uid"]: one for one in answer["replayRefused"]["replays"]}


def early(name: str, **more: Any) -> bytes:
    """Of a clock two days ahead."""
    return json.dumps(run_event(name, **{"at": now_micros() + 2 * DAY, **more})).encode()


async def test_a_future_event_is_kept_once_and_taken_when_its_time_has_come(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = early("future", tags={"large": "x" * 300_000})
    for _ in range(3):
        assert (await sent(served, [large, large])).refused == 2
    (row,) = await refused_rows(served)
    assert (row["times"], row["cut"], row["size"], row["retriable"]) == (6, False, len(large), True)
    assert row["firstAt"] < row["at"]
    assert row["raw"] == large.decode()
    assert (await replay(served, [row["uid"]]))[row["uid"]]["outcome"] == "refused"
    assert [r["uid"] for r in await refused_rows(served)] == [row["uid"]]
    for module in ("lineage_server.api.gql.mutations.intake", "lineage_server.api.intake"):
        monkeypatch.setattr(f"{module}.now_micros", lambda: now_micros() + 2 * DAY)
    assert (await replay(served, [row["uid"]]))[row["uid"]]["outcome"] == "accepted"
    assert await refused_rows(served) == []
    assert await event_ids(served) == {"good-future": 1}


async def test_what_its_producer_sends_again_later_leaves_no_row(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [early("later"), early("never"), b"rubbish"]
    assert (await sent(served, lines)).refused == 3
    monkeypatch.setattr("lineage_server.api.intake.now_micros", lambda: now_micros() + 2 * DAY)
    assert (await sent(served, lines[:1])).accepted == 1
    # The same id with other content is refused, and that is no reason to forget what it said.
    assert (await sent(served, [early("later", tags={"a": "b"})])).by_index[0]["code"] == "CONFLICT"
    care = RefusedEvents(served.services.bolt, most=100, days=1)
    await care.tidy()
    left = {row["code"]: row["raw"] for row in await refused_rows(served)}
    assert left.keys() == {"CONFLICT", "BAD_INPUT"}
    assert len(await refused_rows(served)) == 3


async def test_refused_events_are_bounded_by_number_and_age(served: Served) -> None:
    bolt = served.services.bolt
    await sent(served, [b"old rubbish"])
    await bolt.write("MATCH (n:Refused) SET n.at = n.at - $days", {"days": 2 * DAY})
    for number in range(5):
        await sent(served, [b"rubbish %d" % number])
    await RefusedEvents(bolt, most=100, days=1).tidy()
    assert {row["raw"] for row in await refused_rows(served)} == {f"rubbish {n}" for n in range(5)}
    await RefusedEvents(bolt, most=2, days=1).tidy()
    assert {row["raw"] for row in await refused_rows(served)} == {"rubbish 3", "rubbish 4"}


async def test_refused_events_are_for_the_people_of_their_project(guarded: Served) -> None:
    mine = await guarded.service_token(hostile="editor")
    both = await guarded.service_token(hostile="editor", default="viewer")
    await sent(guarded, [early("mine"), b"rubbish of mine"], token=mine)
    foreign = json.dumps({"type": "run", "project": "elsewhere", "run": some_run("x")}).encode()
    unreadable = b'{"type":"run","project":"default","run":1}'
    verdicts = await sent(guarded, [foreign], token=mine)
    assert verdicts.by_index[0]["code"] == "NOT_FOUND"
    await sent(guarded, [unreadable, b"rubbish of both"], token=both)
    seen = {row["raw"]: row["project"] for row in await refused_rows(guarded, mine)}
    assert seen == {early_text(seen): "hostile", "rubbish of mine": "hostile", foreign.decode(): "hostile"}
    viewer = await guarded.service_token(default="viewer")
    assert [row["raw"] for row in await refused_rows(guarded, viewer)] == [unreadable.decode()]
    stranger = await guarded.service_token(elsewhere="admin")
    assert await refused_rows(guarded, stranger) == []
    root = await guarded.token("root", platform_admin=True)
    assert {row["raw"]: row["project"] for row in await refused_rows(guarded, root)}["rubbish of both"] == ""


def early_text(seen: dict[str, str]) -> str:
    (text,) = (raw for raw in seen if "good-mine" in raw)
    return text


async def test_every_replayed_event_has_its_own_answer_and_all_are_audited(
    guarded: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that the caller may see but not send stands between two that go through."""
    writer = await guarded.token("ann", kind="service", scopes={"hostile": "editor", "default": "editor"})
    lines = [early("one"), early("two", project="default"), early("three")]
    await sent(guarded, lines, token=writer)
    rows = {json.loads(row["raw"])["id"]: row["uid"] for row in await refused_rows(guarded, writer)}
    limited = await guarded.service_token(hostile="editor", default="viewer")
    for module in ("lineage_server.api.gql.mutations.intake", "lineage_server.api.intake"):
        monkeypatch.setattr(f"{module}.now_micros", lambda: now_micros() + 2 * DAY)
    order = [rows["good-one"], rows["good-two"], rows["good-three"]]
    told = await replay(guarded, order, limited)
    assert [told[uid]["outcome"] for uid in order] == ["accepted", "refused", "accepted"]
    assert told[rows["good-two"]]["code"] == "FORBIDDEN"
    assert [row["uid"] for row in await refused_rows(guarded, writer)] == [rows["good-two"]]
    root = await guarded.token("root", platform_admin=True)
    entries = (await guarded.ask(TEXTS["Audit"], {"first": 50}, root))["audit"]["edges"]
    replayed = [e["node"] for e in entries if e["node"]["action"] == "replayRefused"]
    assert len(replayed) == len(order)
    outcomes = {entry["target"]: json.loads(entry["after"])["outcome"] for entry in replayed}
    assert outcomes == {uid: told[uid]["outcome"] for uid in order}


async def test_totals_of_the_intake_are_for_those_who_see_all_projects(guarded: Served) -> None:
    some = await guarded.service_token(default="admin")
    error = await guarded.refused(TEXTS["IngestStatus"], token=some)
    assert error["extensions"]["code"] == "FORBIDDEN"
    root = await guarded.token("root", platform_admin=True)
    assert (await guarded.ask(TEXTS["IngestStatus"], {}, root))["ingestStatus"]["accepted"] > 0


async def test_deeds_that_come_as_events_are_audited_once(guarded: Served) -> None:
    """As people's mutations are: in one transaction with the event, and not when it is sent again."""
    ann = await guarded.token("ann", kind="service", scopes={"hostile": "admin"})
    run = f"run:{some_run('deeds')}"
    ends = [f"version:hostile/dataset/{name}@{D1}" for name in ("from", "to")]
    told: list[Event] = [
        *(VersionReported(project="hostile", artifact=name, digest=D1) for name in ("from", "to")),
        RunReported(project="hostile", run=some_run("deeds"), tags={"a": "b"}),
        ProjectReported(project="hostile"),
        ProjectReported(project="hostile", owner="ann", description="words"),
        MemberSet(project="hostile", subject="bob", role=Role.VIEWER),
        NodeDeleted(project="hostile", uid=run, reason="first words"),
        NodeRestored(project="hostile", uid=run, reason="more words"),
        EdgeAsserted(project="hostile", start=ends[0], end=ends[1], reason="stated"),
        EdgeRetracted(project="hostile", start=ends[0], end=ends[1], reason="taken back"),
        NodeErased(project="hostile", uid=run, reason="asked for"),
        VersionReported(project="hostile", artifact="to", digest=D1, hold=True),
        VersionReported(project="hostile", artifact="from", digest=D1, ttl_at=5),
        ModelReported(project="hostile", model="m"),
        ModelReported(project="hostile", model="m", card="of m"),
        *[
            ModelVersionReported(project="hostile", model="m", origin=ends[0], state=ModelState.READY)
            for _ in range(2)  # told again it is nothing new
        ],
        ModelVersionReported(project="hostile", model="m", version="1", metrics={"auc": 0.9}),
        DeploymentReported(project="hostile", name="api", model="m", version="1"),
        DeploymentReported(project="hostile", name="seen", model="m", version="1", source=Source.WATCHER),
        NodeDeleted(project="elsewhere", uid="project:elsewhere", reason="not ann's"),
    ]
    lines = [
        encode(replace(event, id=f"deed-{n}", at=1_760_000_000_000_000 + n)) for n, event in enumerate(told)
    ]
    assert (await sent(guarded, lines, token=ann)).refused == 1
    assert (await sent(guarded, lines, token=ann)).duplicate == len(lines) - 1
    await guarded.services.eraser.finish()
    root = await guarded.token("root", platform_admin=True)
    audit = (await guarded.ask(TEXTS["Audit"], {"first": 100, "project": "hostile"}, root))["audit"]["edges"]
    entries = [edge["node"] for edge in audit if edge["node"]["action"] != "createToken"]
    assert {(entry["subject"], entry["project"]) for entry in entries} == {("ann", "hostile")}
    edge = {"start": ends[0], "end": ends[1], "role": "manual"}
    pictures = {entry["action"]: (entry["target"], entry["before"], entry["after"]) for entry in entries}
    assert len(entries) == len(pictures)
    assert {action: (target, *map(_read, words)) for action, (target, *words) in pictures.items()} == {
        "updateProject": ("project:hostile", "", {"owner": "ann", "description": "words"}),
        "setMember": ("project:hostile", "", {"bob": "viewer"}),
        # What was said of the run went with its payload; why it was erased stays.
        "deleteNode": (run, "", ""),
        "restoreNode": (run, "", ""),
        "eraseNode": (run, "", {"erased": True, "reason": "asked for"}),
        "addEdge": (ends[1], "", {**edge, "reason": "stated"}),
        "retractEdge": (ends[1], edge, {"reason": "taken back"}),
        "setHold": (ends[1], "", {"hold": True, "reason": ""}),
        "setTimeToLive": (ends[0], "", {"ttlAt": 5}),
        "updateModel": ("model:hostile/m", "", {"card": "of m"}),
        "createModelVersion": ("modelversion:hostile/m@1", "", {"origin": ends[0]}),
        "updateModelVersion": ("modelversion:hostile/m@1", "", {"metrics": {"auc": 0.9}}),
        "reportDeployment": ("deployment:hostile/local/api@1", "", {"model": "m", "version": "1"}),
    }


async def test_deeds_on_a_version_that_only_its_run_names_are_on_record(guarded: Served) -> None:
    ann = await guarded.token("ann", kind="service", scopes={"hostile": "admin"})
    run = some_run("maker")
    told = [
        VersionReported(project="hostile", artifact="made", run=run.upper(), hold=True),
        VersionReported(project="hostile", artifact="made", run=run, ttl_at=5),
    ]
    assert (await sent(guarded, [encode(event) for event in told], token=ann)).accepted == 2
    asked = {"first": 10, "project": "hostile"}
    root = await guarded.token("root", platform_admin=True)
    audit = (await guarded.ask(TEXTS["Audit"], asked, root))["audit"]["edges"]
    deeds = {(edge["node"]["action"], edge["node"]["target"]) for edge in audit}
    target = f"version:hostile/dataset/made@run:{run}"
    assert {("setHold", target), ("setTimeToLive", target)} <= deeds


def _read(picture: str) -> Any:
    return json.loads(picture) if picture else ""


async def test_bodies_beyond_the_budget_come_again_later(bolt: Address, graph: Bolt, tmp_path: Path) -> None:
    """The graph takes nothing for a while: as many bodies wait as there are bytes for, no more."""
    bodies = {f"good-{n}": good(f"{n}", tags={"large": "x" * 60_000}) for n in range(10, 40)}
    (size,) = {len(body) for body in bodies.values()}
    async with serving(bolt, tmp_path, settings={"ingest": {"max_pending_bytes": 8 * size}}) as served:
        await served.services.ingest.pause()
        waiting = {
            asyncio.ensure_future(served.http.post(EVENTS, content=body)): name
            for name, body in bodies.items()
        }
        async with asyncio.timeout(30):
            finished = asyncio.as_completed(waiting)
            back = [await next(finished) for _ in range(len(bodies) - 8)]
        assert {answer.status_code for answer in back} == {503}
        assert {answer.headers["retry-after"] for answer in back} == {"1"}
        held = [one for one in waiting if not one.done()]
        # Small as sent, large inflated.
        packed = await served.http.post(
            EVENTS, content=gzip.compress(bodies["good-10"]), headers={"content-encoding": "gzip"}
        )
        assert packed.status_code == 503
        assert served.services.ingest.queued_bytes == 8 * size
        served.services.ingest.resume()
        assert {(await one).status_code for one in held} == {200}
        assert await event_ids(served) == Counter(waiting[one] for one in held)
        for body in bodies.values():
            assert (await served.http.post(EVENTS, content=body)).status_code == 200
        assert await event_ids(served) == Counter(bodies.keys())


@pytest.mark.parametrize("bound", ["queue_events", "queue_bytes"])
async def test_what_finds_the_queue_full_comes_again_and_nothing_is_lost(
    bolt: Address, graph: Bolt, tmp_path: Path, bound: str
) -> None:
    """The graph takes nothing for a while: eight events may wait, in number or by their bytes."""
    lines = [good(n, tags={"some": "x" * 200}) for n in range(10, 40)]
    bodies = [b"\n".join(lines[at : at + 2]) for at in range(0, len(lines), 2)]
    ids = [Counter(f"good-{n}" for n in (at, at + 1)) for at in range(10, 40, 2)]
    most = {"queue_events": 8, "queue_bytes": 8 * len(lines[0])}[bound]
    async with serving(bolt, tmp_path, settings={"ingest": {bound: most}}) as served:
        await served.services.ingest.pause()
        waiting = {
            asyncio.ensure_future(served.http.post(EVENTS, content=b)): n for n, b in enumerate(bodies)
        }
        async with asyncio.timeout(30):
            finished = asyncio.as_completed(waiting)
            back = [await next(finished) for _ in range(len(bodies) - 4)]
        for answer in back:
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            assert (answer.json()["error"], answer.json()["details"]["part"]) == ("UNAVAILABLE", "ingest")
        held = [one for one in waiting if not one.done()]
        assert (await served.http.post(EVENTS, content=lines[-1])).status_code == 503
        assert served.services.ingest.queue_depth == 8
        status = (await served.ask(TEXTS["IngestStatus"]))["ingestStatus"]
        assert (status["overloads"], status["queueEvents"]) == (len(back) + 1, 8)
        metrics = (await served.http.get("/metrics")).text
        assert f"lineage_ingest_overloads_total {len(back) + 1}.0" in metrics
        assert (await event_ids(served)) == {}

        served.services.ingest.resume()
        assert {(await one).json()["accepted"] for one in held} == {2}
        assert await event_ids(served) == sum((ids[waiting[one]] for one in held), Counter[str]())
        for one, number in waiting.items():
            answer = (await served.http.post(EVENTS, content=bodies[number])).json()
            assert (answer["accepted"], answer["duplicate"]) == ((0, 2) if one in held else (2, 0))
        assert await event_ids(served) == sum(ids, Counter[str]())
        assert (served.services.ingest.queue_depth, served.services.ingest.queued_bytes) == (0, 0)


@pytest.mark.parametrize("restored", [False, True])
async def test_what_is_told_and_erased_in_one_body_is_redacted_at_once(
    served: Served, restored: bool
) -> None:
    """And not by and by, when the server looks for what others were asked to erase."""
    run = {"project": "hostile", "uid": f"run:{some_run('gone')}"}
    lines = [
        good("gone", params={"word": stories.WORD}),
        json.dumps({"type": "node.erased", "id": "erase", "at": 1_760_000_000_000_001, **run}).encode(),
    ]
    if restored:
        told = {"type": "node.restored", "id": "restore", "at": 1_760_000_000_000_002, **run}
        lines.append(json.dumps(told).encode())
    assert (await sent(served, lines)).accepted == len(lines)
    asked = '{ event(id: "good-gone", project: "hostile") { raw } }'
    for _ in range(150):
        if stories.WORD not in (await served.ask(asked))["event"]["raw"]:
            return
        await asyncio.sleep(0.1)
    pytest.fail("it is still there")


async def test_erasing_goes_on_at_the_next_start(
    bolt: Address, graph: Bolt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for as an event, by a program that knows nothing of mutations, of a server that stops."""

    finish, finished = Eraser.finish, asyncio.Event()

    async def away(_: Eraser) -> int:
        raise UnavailableError("stopped", part="graph")

    async def told(eraser: Eraser) -> int:
        count = await finish(eraser)
        finished.set()
        return count

    async def raws() -> bytes:
        rows = await graph.read("MATCH (e:Event) WHERE e.raw IS NOT NULL RETURN e.raw AS raw")
        return b"".join(inflate(row["raw"]) for row in rows)

    monkeypatch.setattr(Eraser, "finish", away)
    async with serving(bolt, tmp_path) as served:
        assert (await sent(served, [encode(event) for event in stories.story()])).refused == 0
    assert stories.WORD.encode() in await raws()
    monkeypatch.setattr(Eraser, "finish", told)
    async with serving(bolt, tmp_path) as served:
        await asyncio.wait_for(finished.wait(), 30)
        assert stories.WORD.encode() not in await raws()
        assert await served.services.eraser.done(f"run:{stories.SECRET}") > 1
