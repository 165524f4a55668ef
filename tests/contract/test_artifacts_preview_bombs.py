"""Tables that are far more than they seem, or break who reads them: looked at over HTTP, they harm nobody.

Not here: what previews of honest files show (``test_artifacts_preview.py``).
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
import pytest

from lineage_server.graph.bolt import Bolt
from lineage_server.storage import reading_apart
from lineage_server.storage.reading_apart import Read, Table, TableReader
from lineage_server.storage.table_rows import MEMORY
from tests.support.neo4j_server import Address
from tests.support.served import serving
from tests.support.stored import Content, Sender

MIB = 1 << 20
BASE = 128 * MIB
"""More than Python and pyarrow take by themselves."""


@pytest.fixture
async def mine(bolt: Address, graph: Bolt, tmp_path: Path) -> AsyncIterator[Sender]:
    settings = {"artifacts": {"url": str(tmp_path / "kept")}}
    async with serving(bolt, tmp_path, settings=settings) as running:
        yield Sender(running.http)


# --- what is looked at ---------------------------------------------------------------------------


def zeros(count: int, kind: Any) -> Any:
    """Pages that nobody has written take no memory: the test must not be its own bomb."""
    return pa.Array.from_buffers(kind, count, [None, pa.py_buffer(np.zeros(count, kind.to_pandas_dtype()))])


def a_list(values: Any) -> Any:
    return pa.table({"x": pa.ListArray.from_arrays(pa.array([0, len(values)], pa.int32()), values)})


def arrow(open_writer: Any) -> bytes:
    """A billion equal values."""
    table, sink = pa.table({"x": zeros(1 << 30, pa.int8())}), io.BytesIO()
    packed = ipc.IpcWriteOptions(compression="zstd")
    with open_writer(sink, table.schema, options=packed) as writer:
        writer.write_table(table)
    return sink.getvalue()


def parquet(table: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", write_statistics=False, store_schema=False)
    return sink.getvalue()


def in_itself(depth: int) -> bytes:
    kind: Any = pa.int8()
    for _ in range(depth):
        kind = pa.struct([("a", kind)])
    sink = io.BytesIO()
    pq.ParquetWriter(sink, pa.schema([("x", kind)]), store_schema=False).close()
    return sink.getvalue()


def bombs() -> dict[str, bytes]:
    large = pa.DictionaryArray.from_arrays(zeros(1_000, pa.int32()), pa.array([b"x" * MIB]))
    return {
        "file.arrow": arrow(ipc.new_file),
        "stream.arrow": arrow(ipc.new_stream),
        "one row of a thousand large values, kept once.parquet": parquet(a_list(large)),
        "one row of many equal values.parquet": parquet(a_list(zeros(1 << 25, pa.int64()))),
        "a type in a type.parquet": in_itself(10_000),
    }


GOOD = {"good.parquet": parquet(pa.table({"id": [1, 2, 3], "name": ["a", "b", None]}))}


async def look(mine: Sender, uid: str, path: str) -> Any:
    answer = await mine.http.get("/api/v1/artifacts/preview", params={"uid": uid, "path": path})
    assert answer.status_code == 200, answer.text
    return answer.json()


def assert_good(shown: Any) -> None:
    assert (shown["kind"], shown["whole"]) == ("table", True), shown
    assert [column["name"] for column in shown["columns"]] == ["id", "name"]
    assert shown["rows"] == [[1, "a"], [2, "b"], [3, None]]


# --- who looks -----------------------------------------------------------------------------------


def readers() -> list[psutil.Process]:
    """The children of this process, which is the server, that read tables."""
    found: list[psutil.Process] = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            if "table_rows" in " ".join(child.cmdline()):
                found.append(child)
    return found


@dataclass
class Watched:
    """Most of each while somebody watched; bytes."""

    server: int = 0
    reader: int = 0
    readers: int = 0
    pids: set[int] = field(default_factory=set[int])


@contextlib.contextmanager
def watched() -> Iterator[Watched]:
    process, ended, most = psutil.Process(os.getpid()), threading.Event(), Watched()
    before = process.memory_info().rss

    def watch() -> None:
        while not ended.wait(0.002):
            most.server = max(most.server, process.memory_info().rss - before)
            there = readers()
            most.readers = max(most.readers, len(there))
            for reader in there:
                with contextlib.suppress(psutil.NoSuchProcess):
                    most.pids.add(reader.pid)
                    most.reader = max(most.reader, reader.memory_info().rss)

    watcher = threading.Thread(target=watch, name="memory watch")
    watcher.start()
    try:
        yield most
    finally:
        ended.set()
        watcher.join()


@contextlib.contextmanager
def on_read(what: Callable[[], Awaitable[None]]) -> Iterator[None]:
    """Have something done whenever a child has asked for bytes, before it gets them."""
    rows = TableReader.first_rows

    async def first_rows(self: TableReader, read: Read, size: int, most: int) -> Table:
        async def noted(start: int, end: int) -> bytes:
            await what()
            return await read(start, end)

        return await rows(self, noted, size, most)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TableReader, "first_rows", first_rows)
        yield


# --- tests ---------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_bomb_takes_no_memory_and_the_next_preview_is_made(mine: Sender) -> None:
    files = {**bombs(), **GOOD}
    assert all(len(data) < 128 * 1024 for data in files.values())
    uid = (await mine.keep(Content(files)))["uid"]
    for path in files.keys() - GOOD.keys():
        with watched() as most:
            shown = await look(mine, uid, path)
        assert (path, shown["kind"], shown["rows"]) == (path, "none", [])
        assert "download the file" in shown["reason"]
        assert ("MiB of memory" in shown["reason"]) == (path != "a type in a type.parquet"), shown["reason"]
        assert most.server < 64 * MIB, path
        assert 0 < most.reader < MEMORY + BASE, path
        assert not readers()
        assert_good(await look(mine, uid, "good.parquet"))


async def test_a_reader_sees_nothing_of_the_servers_environment(
    mine: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not for everybody")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    seen: set[str] = set()

    async def note() -> None:
        seen.update(*(reader.environ() for reader in readers()))

    uid = (await mine.keep(Content(GOOD)))["uid"]
    with on_read(note):
        assert_good(await look(mine, uid, "good.parquet"))
    assert "LANG" in seen
    assert not seen & {"AWS_SECRET_ACCESS_KEY", "PYTHONPATH", "HOME", "PATH"}


@pytest.mark.parametrize(
    ("how", "told"),
    [
        (signal.SIGKILL, "SIGKILL"),
        (signal.SIGSEGV, "SIGSEGV"),
        (signal.SIGXCPU, "more than 5 s"),
        (signal.SIGSTOP, "within 3 s"),
    ],
)
async def test_a_reader_that_dies_or_hangs_is_told_and_the_next_one_reads(
    mine: Sender, monkeypatch: pytest.MonkeyPatch, how: signal.Signals, told: str
) -> None:
    monkeypatch.setattr(reading_apart, "SECONDS", 3.0)
    uid = (await mine.keep(Content(GOOD)))["uid"]

    async def end() -> None:
        for reader in readers():
            reader.send_signal(how)

    with on_read(end):
        shown = await look(mine, uid, "good.parquet")
    assert (shown["kind"], shown["rows"]) == ("none", [])
    assert told in shown["reason"]
    assert "download the file" in shown["reason"]
    assert not readers()
    monkeypatch.undo()
    assert_good(await look(mine, uid, "good.parquet"))


async def test_many_looks_at_once_are_read_by_two_at_a_time(mine: Sender) -> None:
    uid = (await mine.keep(Content(GOOD)))["uid"]
    with watched() as most:
        for shown in await asyncio.gather(*(look(mine, uid, "good.parquet") for _ in range(6))):
            assert_good(shown)
    assert most.readers == reading_apart.AT_ONCE
    assert not readers()


async def test_who_has_waited_too_long_for_others_is_told_to_come_again(
    mine: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_apart, "_WAIT_SECONDS", 0.2)
    uid = (await mine.keep(Content(GOOD)))["uid"]
    where = {"uid": uid, "path": "good.parquet"}
    both, refused = asyncio.Barrier(reading_apart.AT_ONCE + 1), asyncio.Event()

    async def hold() -> None:
        if not refused.is_set():
            await both.wait()
            await refused.wait()

    with on_read(hold):
        async with asyncio.TaskGroup() as group:
            held = [group.create_task(look(mine, uid, "good.parquet")) for _ in range(reading_apart.AT_ONCE)]
            await both.wait()
            answer = await mine.http.get("/api/v1/artifacts/preview", params=where)
            refused.set()
    assert (answer.status_code, answer.json()["error"]) == (503, "UNAVAILABLE")
    assert "download the file" in answer.json()["message"]
    for one in held:
        assert_good(one.result())


async def test_a_look_that_nobody_waits_for_leaves_no_reader(mine: Sender) -> None:
    uid = (await mine.keep(Content(GOOD)))["uid"]
    for _ in range(reading_apart.AT_ONCE + 1):  # nor does it keep its turn
        began = asyncio.Event()

        async def hold(began: asyncio.Event = began) -> None:
            began.set()
            await asyncio.sleep(60)

        with on_read(hold):
            asked = asyncio.ensure_future(look(mine, uid, "good.parquet"))
            await began.wait()
            asked.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asked
        assert not readers()
    assert_good(await look(mine, uid, "good.parquet"))


async def test_a_machine_that_has_room_for_no_more_processes_is_told(
    mine: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid = (await mine.keep(Content(GOOD)))["uid"]
    where = {"uid": uid, "path": "good.parquet"}
    with monkeypatch.context() as patched:
        patched.setattr("sys.executable", "/nowhere/python")
        answer = await mine.http.get("/api/v1/artifacts/preview", params=where)
    assert (answer.status_code, answer.json()["details"]["part"]) == (503, "previews")
    assert_good(await look(mine, uid, "good.parquet"))
