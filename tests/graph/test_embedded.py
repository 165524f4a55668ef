"""The embedded engine for real: it is started, asked, killed, orphaned, locked and stopped here."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from lineage_server.domain.errors import ConflictError, UnavailableError
from lineage_server.graph import embedded, embedded_process, embedded_start
from lineage_server.graph.embedded import BoltAddress, EngineEvent
from lineage_server.graph.embedded_folder import EngineFolder
from lineage_server.graph.embedded_process import find_engine, process_start
from tests.support.engines import engine_in, rows_of

# ruff: noqa: ASYNC220, ASYNC240 - these tests own their loop; short file access does no harm

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]

_PARENT = """\
import asyncio, sys
from pathlib import Path
from lineage_server.graph.embedded import EmbeddedGraph

async def main():
    graph = EmbeddedGraph(Path(sys.argv[1]), heap_mb=128)
    address = await graph.start()
    print(graph.pid, address.uri, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def _until(condition: Callable[[], bool], *, seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - watches other processes, which set no event
            await asyncio.sleep(0.02)


def _listening(pid: int) -> list[tuple[str, int]]:
    """Address (hex, as the kernel writes it) and port of each listening socket of the process."""
    links = [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    inodes = {link.removeprefix("socket:[").rstrip("]") for link in links if "socket" in link}
    found: list[tuple[str, int]] = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                address, port = fields[1].split(":")
                found.append((address, int(port, 16)))
    return found


async def test_answers_keeps_its_secret_and_stops_without_a_trace(tmp_path: Path) -> None:
    folder = tmp_path / "graph"
    events: list[EngineEvent] = []
    graph = engine_in(folder, on_event=events.append)
    address = await graph.start()
    try:
        pid = graph.pid
        assert pid is not None
        assert await rows_of(address, "RETURN 1 + 1 AS two") == [{"two": 2}]

        assert address.password not in repr(address)
        assert address.password not in Path(f"/proc/{pid}/cmdline").read_text()
        assert address.password not in Path(f"/proc/{pid}/environ").read_text()
        assert address.password not in (folder / "engine.log").read_text()
        assert stat.S_IMODE((folder / "password").stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    finally:
        await graph.stop()
    await asyncio.sleep(0)
    assert process_start(pid) == ""
    assert graph.pid is None
    assert not (folder / "engine.pid").exists()
    assert [event.kind for event in events] == ["started", "stopped"]
    assert events[-1].detail == "closed its files"
    await graph.stop()  # a second stop is harmless


async def test_listens_on_loopback_only_and_offers_no_other_way_in(tmp_path: Path) -> None:
    graph = engine_in(tmp_path)
    async with graph as address:
        assert graph.pid is not None
        listening = _listening(graph.pid)
        # 127.0.0.1, as IPv4 and as IPv4 in IPv6.
        loopback = {"0100007F", "0000000000000000FFFF00000100007F"}
        assert {where for where, _ in listening} <= loopback
        bolt_port = int(address.uri.rpartition(":")[2])
        others = [port for _, port in listening if port != bolt_port]
        assert len(listening) == 2  # Bolt, and the HTTP listener the server insists on
        for path in ("/api/v1/mcp", "/mcp", "/studio", "/"):
            status = await asyncio.to_thread(_http_status, others[0], path)
            assert status in (401, 404), path
        log = (tmp_path / "engine.log").read_text()
        assert "MCP" not in log
        assert "WARNING:" not in log  # the JVM's own warnings
        command = Path(f"/proc/{graph.pid}/cmdline").read_text()
        assert "arcadedb-mcp" not in command
        assert [word for word in command.split("\0") if word.startswith("-Xmx")] == ["-Xmx128m"]


def _http_status(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


async def test_killed_engine_comes_back_on_the_same_address_with_all_commits(
    tmp_path: Path,
) -> None:
    events: list[EngineEvent] = []
    graph = engine_in(tmp_path, durability="process", on_event=events.append)
    async with graph as address:
        for number in range(5):
            await rows_of(address, "CREATE (:Probe {number: $number})", number=number)
        first = graph.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await _until(lambda: graph.restarts == 1)
        assert graph.pid not in (None, first)
        found = await rows_of(address, "MATCH (n:Probe) RETURN count(n) AS count")
        assert found == [{"count": 5}]
    await asyncio.sleep(0)
    assert [event.kind for event in events] == ["started", "crashed", "restarted", "stopped"]


async def test_engine_ends_with_a_killed_parent_and_its_commits_stay(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert parent.stdout is not None
        said = await asyncio.to_thread(parent.stdout.readline)
        pid, uri = int(said.split()[0]), said.split()[1]
        with pytest.raises(ConflictError, match=f"in use by process {parent.pid}"):
            await engine_in(tmp_path).start()
        assert process_start(pid), "a refused second user must not disturb the first"
        password = (tmp_path / "password").read_text()
        address = BoltAddress(uri, "root", password, "lineage")
        await rows_of(address, "CREATE (:Probe {number: 1})")
    finally:
        parent.kill()
        parent.communicate()
    await _until(lambda: process_start(pid) == "", seconds=5)
    async with engine_in(tmp_path) as address:
        found = await rows_of(address, "MATCH (n:Probe) RETURN n.number AS number")
        assert found == [{"number": 1}]
        assert address.password == password


async def test_taken_port_is_replaced_or_refused_when_it_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = int(holder.getsockname()[1])
        with pytest.raises(ConflictError, match=f"Port {taken} .* in use"):
            await engine_in(tmp_path, port=taken).start()

        offers = iter([taken, embedded_start.free_port()])
        monkeypatch.setattr(embedded, "free_port", lambda: next(offers))
        async with engine_in(tmp_path) as address:
            assert not address.uri.endswith(f":{taken}")


async def test_failing_start_shows_the_end_of_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_process, "_MAIN_CLASS", "no.such.Server")
    with pytest.raises(UnavailableError, match=r"no\.such\.Server"):
        await engine_in(tmp_path).start()
    monkeypatch.undo()
    graph = engine_in(tmp_path, start_timeout_seconds=0.2)
    with pytest.raises(UnavailableError, match="did not answer within"):
        await graph.start()
    assert graph.pid is None
    assert not (tmp_path / "engine.pid").exists()


async def test_cancelled_start_leaves_no_engine(tmp_path: Path) -> None:
    graph = engine_in(tmp_path)
    starting = asyncio.ensure_future(graph.start())
    await _until(lambda: (tmp_path / "engine.pid").exists())
    pid = json.loads((tmp_path / "engine.pid").read_text())["pid"]
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert process_start(pid) == ""
    EngineFolder(tmp_path).open()


def test_log_is_cut_while_the_engine_keeps_writing(tmp_path: Path) -> None:
    folder = EngineFolder(tmp_path)
    with folder.log.open("ab", buffering=0) as engine:
        engine.write(b"x" * 2000)
        folder.rotate_log(larger_than_bytes=4000)
        assert folder.log.stat().st_size == 2000
        folder.rotate_log(larger_than_bytes=1000)
        engine.write(b"more")
    assert folder.log.read_bytes() == b"more"
    assert (tmp_path / "engine.log.1").stat().st_size == 2000


async def test_new_indexes_have_small_pages_since_a_commit_writes_whole_ones(tmp_path: Path) -> None:
    async with engine_in(tmp_path) as address:
        await rows_of(address, "CREATE CONSTRAINT thing IF NOT EXISTS FOR (n:Thing) REQUIRE n.uid IS UNIQUE")
        await rows_of(address, "CREATE (n:Thing {uid: 'a'})")
    files = [path.name for path in tmp_path.rglob("Thing*idx")]
    assert files
    assert all(".65536." in name for name in files)


async def test_start_cache_is_made_once_and_used(tmp_path: Path) -> None:
    """Beside those of other installations; without what is old or was left by a kill."""
    names = ("engine-other.aot", "engine-old.aot", "engine-training-now", "engine-training-old")
    others = [tmp_path / "cache" / name for name in names]
    (tmp_path / "cache").mkdir(mode=0o700)
    for path in others:
        if path.suffix:
            path.touch()
        else:
            path.mkdir()
        if "old" in path.name:
            os.utime(path, (0, 0))
    cache = await embedded.build_start_cache(tmp_path / "cache")
    assert {p.name for p in (tmp_path / "cache").iterdir()} == {cache.name, names[0], names[2]}
    written = cache.stat().st_mtime_ns
    assert await embedded.build_start_cache(tmp_path / "cache") == cache
    assert cache.stat().st_mtime_ns == written

    graph = engine_in(tmp_path / "graph", start_cache=tmp_path / "cache")
    async with graph as address:
        assert await rows_of(address, "RETURN 1 AS one") == [{"one": 1}]
        assert str(cache) in Path(f"/proc/{graph.pid}/maps").read_text()
    assert "AOT" not in (tmp_path / "graph" / "engine.log").read_text()


async def test_java_of_the_engine_takes_further_options(tmp_path: Path) -> None:
    graph = engine_in(tmp_path / "graph", java_options=("-Xmx131m", "-Dsaid=so"))
    async with graph as address:
        assert await rows_of(address, "RETURN 1 AS one") == [{"one": 1}]
        assert {"-Xmx131m", "-Dsaid=so"} <= {*Path(f"/proc/{graph.pid}/cmdline").read_text().split("\0")}
    with pytest.raises(UnavailableError, match="Unrecognized VM option"):
        await engine_in(tmp_path / "other", java_options=("-XX:+NoSuchThing",)).start()


def test_damaged_start_cache_is_only_slow(tmp_path: Path) -> None:
    install = find_engine()
    assert embedded_start.start_cache_option(tmp_path, install) == ()
    embedded_start.start_cache_file(tmp_path, install).write_bytes(b"damaged")

    async def start() -> None:
        async with engine_in(tmp_path / "graph", start_cache=tmp_path) as address:
            assert await rows_of(address, "RETURN 1 AS one") == [{"one": 1}]

    asyncio.run(start())
