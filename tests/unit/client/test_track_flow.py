"""``@track`` where a call does not simply run from its begin to its end: generators, tasks, threads,
processes."""

from __future__ import annotations

import asyncio
import inspect
import multiprocessing
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import pytest

from lineage_server import Client, Output, Run, current_run, track
from tests.unit.client.stub import StubServer

FRAME = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", None]})
Runs = Callable[[], dict[str, dict[str, Any]]]


@track
def in_child(place: str) -> None:
    run = current_run()
    assert run is not None
    Path(place).write_text(run.id)


def test_generators(runs: Runs) -> None:
    @track(name="produce")
    def produce(count: int) -> Generator[Annotated[Any, Output("batch")], str, Annotated[Any, Output("all")]]:
        got = []
        for index in range(count):
            assert current_run() is not None
            got.append((yield {"index": index}))
        return got

    @track(name="plain")
    def plain() -> Iterator[int]:
        try:
            yield 1
            yield 2
        except KeyError:
            yield 3

    assert inspect.isgeneratorfunction(produce)
    steps = produce(2)
    assert (next(steps), current_run()) == ({"index": 0}, None), "between two steps it is not the current run"
    assert steps.send("a") == {"index": 1}
    with pytest.raises(StopIteration) as stop:
        steps.send("b")
    assert stop.value.value == ["a", "b"]
    told = runs()["produce"]
    assert [o["name"] for o in told["outputs"]] == ["batch", "batch", "all"]
    early = plain()
    assert (next(early), early.throw(KeyError())) == (1, 3)
    early.close()
    assert runs()["plain"]["state"] == "complete", "whoever reads may stop"


async def test_coroutines_and_tasks(runs: Runs, stub: StubServer) -> None:
    @track(name="inner")
    async def inner(index: int, frame: Any) -> Any:
        await asyncio.sleep(0.01)
        run = current_run()
        assert run is not None
        run.log_params({"seen": index})
        return frame

    @track(name="outer")
    async def outer() -> None:
        await asyncio.gather(*(inner(i, FRAME) for i in range(3)))

    assert inspect.iscoroutinefunction(inner)
    await asyncio.gather(outer(), inner(7, None))
    assert current_run() is None
    told = runs()
    begun = [event for event in stub.of_type("run") if event.get("name") == "inner"]
    assert [event.get("parent") for event in begun].count(told["outer"]["run"]) == 3
    assert [event.get("parent") for event in begun].count(None) == 1, "another task is no child"
    for event in begun:
        assert stub.run(event["run"])["params"] == {"seen": event["params"]["index"]}
    task = asyncio.create_task(inner(8, None))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert runs()["inner"]["state"] == "aborted"


async def test_async_generators(runs: Runs) -> None:
    @track(name="stream")
    async def stream(count: int) -> AsyncIterator[Annotated[Any, Output("part")]]:
        try:
            for index in range(count):
                assert current_run() is not None
                yield [index]
        except KeyError:
            yield ["thrown"]

    assert inspect.isasyncgenfunction(stream)
    async with aclosing(stream(9)) as steps:
        assert await anext(steps) == [0]
        assert current_run() is None
        assert await steps.athrow(KeyError()) == ["thrown"]  # pyright: ignore[reportAttributeAccessIssue]
    told = runs()["stream"]
    assert (told["state"], len(told["outputs"])) == ("complete", 2)
    assert [part async for part in stream(2)] == [[0], [1]]


async def test_files_given_to_coroutines_are_read_beside_the_loop(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the call fails, or nobody wants more of it."""
    place = tmp_path / "in.txt"
    place.write_text("x")
    used: list[int] = []
    use = Run.use

    def noted(self: Run, *args: Any, **kwargs: Any) -> Any:
        used.append(threading.get_ident())
        return use(self, *args, **kwargs)

    monkeypatch.setattr(Run, "use", noted)

    @track(name="fails")
    async def fails(file: Path) -> None:
        raise KeyError(file.name)

    @track(name="lines")
    async def lines(file: Path) -> AsyncGenerator[str]:
        for number in range(2):
            yield f"{file.name} {number}"

    with pytest.raises(KeyError):
        await fails(place)
    assert [line async for line in lines(place)] == ["in.txt 0", "in.txt 1"]
    async with aclosing(lines(place)) as steps:
        assert await anext(steps) == "in.txt 0"
    assert len(used) == 3
    assert threading.get_ident() not in used
    told = runs()
    assert [[one["name"] for one in told[name]["inputs"]] for name in ("fails", "lines")] == [["in.txt"]] * 2
    assert (told["fails"]["state"], told["lines"]["state"]) == ("failed", "complete")


def test_threads(runs: Runs, stub: StubServer) -> None:
    @track(name="leaf")
    def leaf(index: int, wait: threading.Barrier | None = None) -> int:
        if wait is not None:
            wait.wait(10)
        return index

    @track(name="main")
    def main() -> list[int]:
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(leaf, range(4)))

    assert main() == [0, 1, 2, 3]
    told = runs()
    parents = {e.get("parent") for e in stub.of_type("run") if e.get("name") == "leaf"}
    assert parents == {told["main"]["run"]}, "what the program does meanwhile is part of it"
    stub.order.clear()
    together = threading.Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda i: leaf(i, together), range(2)))
    runs()
    parents = {e.get("parent") for e in stub.of_type("run") if e.get("name") == "leaf"}
    assert parents == {None}, "two threads at once know nothing of each other"


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes(
    method: str,
    runs: Runs,
    default: Client,
    stub: StubServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in default.config.environ.items():
        monkeypatch.setenv(name, value)
    with default.start_run("outer") as outer:
        child = multiprocessing.get_context(method).Process(target=in_child, args=(str(tmp_path / "id"),))
        child.start()
        child.join(50)
        assert child.exitcode == 0
    told = stub.run((tmp_path / "id").read_text())
    assert told["state"] == "complete"
    assert told.get("parent") == (outer.id if method == "fork" else None)
