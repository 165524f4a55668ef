"""The client for coroutines against the real server: its handles from end to end, and a loop that goes on.

That each method of a handle runs beside the loop is proved one by one in the unit tests; here all of it is
real: files, a server, and whatever the client imports, opens and connects on the way.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy
import pyarrow as pa
import pytest

from lineage_server import AsyncArtifact, AsyncClient, AsyncModelVersion, Client, ConflictError
from lineage_server.client.config import Config, load_config
from tests.e2e.conftest import client_environment

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningServer

pytestmark = pytest.mark.e2e

T = TypeVar("T")

ROWS = 1_500_000
FILES = 2_500
TURNS = 10
"""Of a loop that is held up there is one at most, however long it takes."""


@pytest.fixture
def config(running_server: RunningServer, tmp_path: Path, request: pytest.FixtureRequest) -> Config:
    environment = client_environment(tmp_path, running_server.url, LINEAGE_CAPTURE="none")
    return load_config(environ=environment, project=request.node.name.removeprefix("test_").replace("_", "-"))


@pytest.fixture
async def client(config: Config) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(client=Client(config=config)) as made:
        yield made


class Loop:
    """Counts how often the loop comes round."""

    def __init__(self) -> None:
        self.turns = 0
        self.turned = threading.Event()

    async def turn(self) -> None:
        while True:
            self.turns += 1
            self.turned.set()
            await asyncio.sleep(0.001)

    async def beside(self, asked: Awaitable[T]) -> T:
        """What is awaited; the loop must have gone on meanwhile."""
        before = self.turns
        answer = await asked
        assert self.turns - before >= TURNS
        return answer


@contextmanager
def turning() -> Iterator[Loop]:
    loop = Loop()
    task = asyncio.ensure_future(loop.turn())
    try:
        yield loop
    finally:
        task.cancel()


async def test_the_loop_goes_on_while_something_big_is_read(client: AsyncClient, tmp_path: Path) -> None:
    numbers = numpy.random.default_rng(7)
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"{number:05}.txt").write_bytes(b"%d" % number)
    frame: Any = pa.table({"x": pa.array(numbers.random(ROWS)), "y": pa.array(numbers.integers(0, 9, ROWS))})
    with turning() as loop:
        run = client.start_run("make")
        table = await loop.beside(run.produce("table", frame, type="dataset"))
        many = await loop.beside(run.produce("many", folder))
        weights = await loop.beside(run.log_model({"w": numbers.random(ROWS)}, "weights"))
        await run.log_model(_Model(numbers.random((3_000, 500)).tolist()), "net", register=True)
        assert await loop.beside(run.finish())
        assert frame.equals(await loop.beside((await client.get(table.ref)).to_arrow()))
        assert len(await loop.beside((await client.get(table.ref)).to_pandas())) == ROWS
        assert len(await loop.beside(many.files())) == FILES
        assert [one.path async for one in many.files().matching("0000?.txt")][-1] == "00009.txt"
        changes = await many.diff(weights)
        assert (await loop.beside(changes.counts())).removed == FILES
        net = await client.model_version("model:net@1")
        assert len((await loop.beside(net.load(trust=True))).numbers) == 3_000
        there = await client.get(weights.ref)
        assert (await loop.beside(there.download(tmp_path / "to", progress=_waits(loop)))).is_file()


class _Model:
    """Fitted, and pickled as a tangle of objects."""

    def __init__(self, numbers: list[list[float]]) -> None:
        self.numbers = numbers

    def predict(self, row: list[float]) -> float:
        return sum(row)


def _waits(loop: Loop) -> Callable[[int, int], None]:
    """Progress that goes on once the loop has: told on the loop, it would never end."""

    def told(_done: int, _total: int) -> None:
        loop.turned.clear()
        assert loop.turned.wait(20)

    return told


async def test_handles_go_wherever_a_version_is_meant(client: AsyncClient, tmp_path: Path) -> None:
    async with client.start_run("train") as run:
        data = await run.produce("iris", {"petal": [1.5, 2.5]}, type="dataset")
        net = await run.log_model({"w": [1]}, "net")
    async with client.start_run("again") as run:
        await run.use(data)
        other = await run.produce("iris", {"petal": [1.5, 3.5]}, type="dataset")
    first = await net.register(aliases="candidate", metrics={"auc": 0.5})
    assert (type(first), first.ref, first.metrics) == (AsyncModelVersion, first.plain.ref, {"auc": 0.5})
    assert first.artifact.uid == first.origin.uid == net.uid  # type: ignore[union-attr]
    assert (await client.register("net-eu", net, run=run)).origin == first.origin
    assert (await client.register("net-us", first)).metrics == first.metrics
    assert (await client.promote(first, "prod")).version == "1"
    await client.deploy(first, "api")
    assert [one.name for one in await first.deployments()] == ["api"]
    assert await client.deployments(first) == await first.deployments()
    assert {(await ask(first)).uid for ask in (client.model_version, client.hold, client.release)} == {
        first.uid
    }
    assert isinstance(await client.set_ttl(data, 30), AsyncArtifact)
    assert type(await client.hold(data)) is type(await client.release(data)) is AsyncArtifact
    assert (await client.get(data)).uid == data.uid == await client.uid_of(data)
    assert [node.title for node in (await client.lineage(net, "upstream")).upstream()] == ["run train"]
    assert (await client.origin(first)).run == (await client.origin(data)).run
    for answer in (
        client.impact(data), client.path(data, other), client.cost(first), client.completeness(net),
        client.diff(data, other), client.compare([data, other]), client.activity(first),
    ):  # fmt: skip
        assert await answer
    assert {(await client.verify(one)).finding for one in (data, first)} == {"unknown"}
    assert (await client.preview(data)).columns == (await data.preview()).columns
    assert (await client.download(data, tmp_path / "a")).name == (await data.download(tmp_path / "b")).name
    assert len([one async for one in await data.diff(other)]) == 1
    assert "1 changed" in await (await data.diff(other)).to_text()
    assert str(await data.diff(other)).startswith("AsyncFilesDiff")
    assert (await (await client.get(other)).to_polars())["petal"].to_list() == [1.5, 3.5]
    archived = await client.archive_model(first, override=True, reason="old")
    assert (await client.restore_model(archived)).state == "ready"
    with pytest.raises(ConflictError):
        await client.delete(first)
    assert await client.undelete(await client.delete(other)) == other.uid


FIRST_CALLS = """
import asyncio
import sys
import threading

import lineage_server as lineage

LOOP = threading.get_ident()
BLOCKING = (
    "import", "open", "os.listdir", "os.scandir", "socket.getaddrinfo", "subprocess.Popen", "time.sleep"
)
held = []
watched = []


def watch(event, arguments):
    if watched and event in BLOCKING and threading.get_ident() == LOOP:
        if not str(arguments[0]).endswith((".jsonl", ".open")):  # the journal: telling is written at once
            held.append((watched[-1], event, str(arguments[0])))


async def missed(client):
    try:
        await client.lineage("dataset:none")
    except lineage.NotFoundError:
        pass


async def main():
    client = lineage.AsyncClient()
    sys.addaudithook(watch)
    async with client:
        async with client.start_run("first", params={"a": 1}) as run:
            watched.append("log")
            run.log({"loss": 0.5})
            watched.append("produce")
            made = await run.produce("rows", {"a": [1]}, type="dataset")
            await run.log_text("notes.md", "x")
            await run.log_model({"w": 1}, "net", register=True, aliases="candidate")
            watched.append("end")
        async with client.start_run("second") as second:
            pass
        for ask in (
            lambda: client.gql("{ me { subject } }"), lambda: missed(client), client.runs,
            lambda: client.metrics(run), lambda: client.lineage(made), lambda: client.compare([run, second]),
            lambda: client.search("first"), lambda: client.promote("model:net@candidate", "prod"),
            lambda: client.activity("model:net@1"),
            lambda: client.impact(made), lambda: client.get(made.ref), made.files, made.to_arrow,
            lambda: client.register("far", "s3://bucket/key"), lambda: client.verify(made), made.preview,
            lambda: made.diff("model:net@1"), client.sync, client.sync_status,
        ):
            watched.append(ask)
            await ask()
        watched.append("close")
    watched.clear()


asyncio.run(main())
print(held)
"""


def test_first_calls_import_open_and_look_up_nothing_on_the_loop(config: Config, tmp_path: Path) -> None:
    """In a new process, where everything is still to be imported, by what Python itself tells of it."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(FIRST_CALLS)],
        env={**config.environ, "LINEAGE_PROJECT": config.project},
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.stderr, done.stdout) == ("", "[]\n")
