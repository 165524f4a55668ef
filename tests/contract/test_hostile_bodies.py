"""Whole bodies and moments that no honest client sends, to the served application over a real graph.

Not here: single broken lines (``test_hostile_events.py``), the edge by itself (``test_limits.py``).
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import threading
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import psutil

from lineage_server.api.gql.context import Context
from lineage_server.api.gql.documents import read_operations
from lineage_server.api.gql.schema import build_schema
from lineage_server.auth.principal import Principal
from lineage_server.domain.ids import now_micros
from lineage_server.domain.nodes import Role
from lineage_server.tracking.service import Tracking
from tests.support.faults import EVENTS
from tests.support.hostile import event_ids, everything, good, sent, some_run
from tests.support.served import Served
from tests.support.stories import TRAIN

MIB = 1024 * 1024
SECOND = 1_000_000
TEXTS = read_operations()
PACKED = {"content-encoding": "gzip"}


# --- bombs ---------------------------------------------------------------------------------------


async def bomb(head: bytes, filler: bytes, size: int) -> AsyncIterator[bytes]:
    """A gzip body of ``size`` bytes that begins honestly, made and sent piece by piece."""
    packer = zlib.compressobj(9, wbits=31)
    yield packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    block = filler * (16 * MIB // len(filler))
    packer.compress(block)
    packer.flush(zlib.Z_FULL_FLUSH)
    piece = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)  # refers to nothing before it
    for _ in range(size // len(block)):
        yield piece


@contextmanager
def peak_memory() -> Iterator[list[int]]:
    """By how many bytes this process, the server's, grew meanwhile; told at the end."""
    process, ended, grown = psutil.Process(os.getpid()), threading.Event(), [0]
    before = process.memory_info().rss

    def watch() -> None:
        while not ended.wait(0.005):
            grown[0] = max(grown[0], process.memory_info().rss - before)

    watcher = threading.Thread(target=watch, name="memory watch")
    watcher.start()
    yield grown
    ended.set()
    watcher.join()


async def test_bomb_of_a_gigabyte_stores_nothing_and_takes_no_memory(served: Served) -> None:
    """Also when good events come first: a body that is refused is refused as a whole."""
    head = b"\n".join(good(n) for n in range(50)) + b"\n"
    for filler in (b"\0", b" ", b"\n", good("again") + b"\n"):
        with peak_memory() as grown:
            answer = await served.http.post(EVENTS, content=bomb(head, filler, 1024 * MIB), headers=PACKED)
        assert answer.status_code == 413, answer.text
        assert answer.json()["error"] == "LIMIT"
        assert "64" in answer.json()["message"] or answer.json()["details"]["limit"] == 64 * MIB
        assert grown[0] < 300 * MIB
        assert await event_ids(served) == Counter()
    assert (await sent(served, [good("after")])).accepted == 1
    assert await event_ids(served) == Counter(["good-after"])


async def test_gzip_inside_gzip_is_one_broken_line(served: Served) -> None:
    twice = gzip.compress(gzip.compress(good("inner")))
    answer = await served.http.post(EVENTS, content=twice, headers=PACKED)
    assert answer.status_code == 200
    assert (answer.json()["accepted"], await event_ids(served)) == (0, Counter())
    assert answer.json()["refused"] >= 1


async def test_body_of_nothing_is_no_event(served: Served) -> None:
    before = await everything(served)
    for body in (b"", b"\n\n", b" \t\r\n", b"[]", b" [ ] "):
        for content, headers in ((body, {}), (gzip.compress(body), PACKED)):
            answer = await served.http.post(EVENTS, content=content, headers=headers)
            assert (answer.status_code, answer.json()) == (
                200, {"accepted": 0, "duplicate": 0, "refused": 0, "events": []}
            )  # fmt: skip
    assert await everything(served) == before


# --- equal ids and keys ----------------------------------------------------------------------------


async def test_equal_ids_in_one_body_and_in_many_at_once_are_stored_once(served: Served) -> None:
    """The first counts; the same again is known, another under its id is refused and changes nothing."""
    one, other = good("x", params={"a": 1}), good("x", params={"a": 2})
    verdicts = await sent(served, [one, other, one])
    assert (verdicts.accepted, verdicts.duplicate, verdicts.refused) == (1, 1, 1)
    assert verdicts.by_index[1]["code"] == "CONFLICT"
    assert "give each event its own id" in verdicts.by_index[1]["message"]
    assert (await sent(served, [other])).by_index[0]["code"] == "CONFLICT"
    crowd = await asyncio.gather(*(sent(served, [good(n) for n in range(40)]) for _ in range(8)))
    assert sum(v.accepted for v in crowd) == 40
    assert sum(v.duplicate for v in crowd) == 7 * 40
    assert await event_ids(served) == Counter(["good-x", *(f"good-{n}" for n in range(40))])
    run = await served.ask("query ($u: String!) { run(uid: $u) { paramMap } }", {"u": some_run("x")})
    assert run["run"]["paramMap"] == {"a": 1}


async def test_equal_keys_in_one_event_count_as_readers_count_them(served: Served) -> None:
    raw = good("twice", name="a")[:-1] + b',"name":"b","params":{"k":1,"k":2},"tags":{"t":"x","t":"y"}}'
    assert (await sent(served, [raw])).accepted == 1
    asked = "query ($u: String!) { run(uid: $u) { name paramMap tags { key value } } }"
    run = (await served.ask(asked, {"u": some_run("twice")}))["run"]
    assert run == {"name": "b", "paramMap": {"k": 2}, "tags": [{"key": "t", "value": "y"}]}
    stored = await served.ask('{ event(id: "good-twice", project: "hostile") { raw } }')
    assert stored["event"]["raw"].encode() == raw


# --- times -----------------------------------------------------------------------------------------


async def test_times_far_away(served: Served) -> None:
    """The far past is taken as told; what lies ahead is refused with advice, and may come again."""
    now = now_micros()
    skew = served.services.settings.ingest.future_skew_seconds
    past, ahead = good("past", at=1), good("ahead", at=now + int((skew + 3_600) * SECOND))
    never = good("never", at=2**53)
    verdicts = await sent(served, [good("now", at=now), past, ahead, never, good("last", at=now)])
    assert (verdicts.accepted, verdicts.refused) == (3, 2)
    assert verdicts.by_index[2]["retriable"] is True
    assert "check the producer's clock" in verdicts.by_index[2]["message"]
    assert not verdicts.by_index[3].get("retriable")
    assert "microseconds since 1970" in verdicts.by_index[3]["message"]
    assert await event_ids(served) == Counter(["good-now", "good-past", "good-last"])
    run = await served.ask("query ($u: String!) { run(uid: $u) { createdAt } }", {"u": some_run("past")})
    assert run["run"]["createdAt"].startswith("1970-01-01T00:00:00")
    again = await sent(served, [good("ahead", at=now)])  # the clock was set right
    assert again.accepted == 1


# --- what a stream tells ---------------------------------------------------------------------------


async def test_stream_of_a_foreign_token_brings_its_own_project_only(guarded: Served) -> None:
    """While both projects are written to, all that a stream brings is of the one it may see."""
    schema, services = build_schema(), guarded.services
    stranger = Principal(subject="robot", roles={"hostile": Role.ADMIN})
    context = Context(services=services, tracking=Tracking(services.bolt), asking=stranger)
    stream = await schema.stream(TEXTS["RunsChanged"], {"project": "hostile"}, context)
    told: list[str] = []
    missing = {f"run:{some_run(n)}" for n in range(10)}
    complete = asyncio.Event()

    async def listen() -> None:
        async for answer in stream:
            assert not answer.errors, answer.errors
            told.append(json.dumps(answer.data))
            missing.difference_update(change["uid"] for change in answer.data["runsChanged"]["changes"])
            if not missing:
                complete.set()

    root = await guarded.token("root", platform_admin=True)
    await sent(guarded, [good("first")], token=root)
    listening = asyncio.create_task(listen())
    await guarded.followed()
    for n in range(10):
        theirs = {"type": "run", "id": f"theirs-{n}", "run": TRAIN, "params": {"secret": n}}
        await sent(guarded, [json.dumps(theirs).encode(), good(n)], token=root)
    async with asyncio.timeout(30):
        await complete.wait()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    assert not [text for text in told if TRAIN in text or "default" in text or "secret" in text]
