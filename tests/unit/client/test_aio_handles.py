"""Handles for coroutines: what is known is told at once, what takes long never holds the loop up."""

from __future__ import annotations

import asyncio
import inspect
import pickle
import threading
from collections.abc import Awaitable, Callable
from dataclasses import fields
from typing import Any

import pytest

from lineage_server import (
    Artifact,
    AsyncArtifact,
    AsyncClient,
    AsyncModelVersion,
    Client,
    InvalidInputError,
    ModelVersion,
    track,
)
from lineage_server.client.aio_files import AsyncFilesDiff
from lineage_server.client.file_changes import FileChange, FileCounts, FilesDiff
from lineage_server.client.twins import plain
from tests.unit.client.stub import StubServer

Runs = Callable[[], dict[str, dict[str, Any]]]

CALLED = {Artifact: {"path", "files"}, ModelVersion: {"path", "deployments"}}
"""Properties of the plain handles that ask somebody, or read files."""
TWINS: dict[type, Any] = {
    Artifact: AsyncArtifact, ModelVersion: AsyncModelVersion, FilesDiff: AsyncFilesDiff,
}  # fmt: skip
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "download": ("/tmp/x",), "diff": ("dataset:iris@1",), "preview": ("a.csv",)
}  # fmt: skip


def asked_of(kind: type) -> list[str]:
    """What is awaited of a handle of this kind."""
    found = inspect.getmembers(TWINS[kind], inspect.iscoroutinefunction)
    return [name for name, _ in found if name[0] != "_"]


@pytest.mark.parametrize("kind", [Artifact, ModelVersion])
def test_what_is_known_is_a_property_and_what_is_asked_is_called(kind: Any) -> None:
    facts = {one.name for one in fields(kind)} - {"client"}
    facts |= {name for name, _ in inspect.getmembers(kind, lambda one: isinstance(one, property))}
    for name in facts:
        offered = inspect.getattr_static(TWINS[kind], name)
        assert isinstance(offered, property) != (name in CALLED[kind]), name


def test_every_fact_is_the_plain_ones() -> None:
    made = Artifact(
        name="iris", type="dataset", project="p", role="in", digest="sha256:" + "a" * 64, ordinal=3, uri="x",
        size=7, stats={"rows": 1}, run="0", registered="2", value=[1],
    )  # fmt: skip
    churn = ModelVersion(model="churn", version="7", project="p", origin=made, metrics={"auc": 0.5})
    for handle, twin in ((made, AsyncArtifact(made)), (churn, AsyncModelVersion(churn))):
        for name in {one.name for one in fields(handle)} - {"client"} | {"uid", "ref"}:
            assert plain(getattr(twin, name)) == getattr(handle, name), name
    assert AsyncModelVersion(churn).artifact == AsyncArtifact(made)


class Slow:
    """Stands for a plain handle of which all that takes time takes until the loop goes on."""

    def __init__(self, kind: type, going: threading.Event) -> None:
        self._kind = kind
        self._going = going

    def __getattr__(self, name: str) -> Any:
        offered = inspect.getattr_static(self._kind, name)
        return self._waited() if isinstance(offered, property) else self._waited

    def _waited(self, *_: Any, **__: Any) -> str:
        assert self._going.wait(5), "the loop waits for what waits for the loop"
        return "done"


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in TWINS for name in asked_of(kind)])
async def test_nothing_that_is_awaited_holds_the_loop_up(kind: type, name: str) -> None:
    going = threading.Event()
    ask: Callable[..., Awaitable[Any]] = getattr(TWINS[kind](Slow(kind, going)), name)
    asking = asyncio.ensure_future(ask(*ARGUMENTS.get(name, ())))
    await asyncio.sleep(0)
    going.set()
    answer = await asking
    assert getattr(answer, "plain", answer) == "done"


async def test_a_walk_does_not_hold_the_loop_up() -> None:
    going = threading.Event()

    class Slowly(FilesDiff):
        def walk(self, counts: FileCounts) -> Any:
            for number in range(3):
                assert going.wait(5)
                yield FileChange("added", str(number), None, None)

    async def walked() -> list[str]:
        return [one.path async for one in AsyncFilesDiff(Slowly([], []))]

    walking = asyncio.ensure_future(walked())
    await asyncio.sleep(0)
    going.set()
    assert await walking == ["0", "1", "2"]


def test_twins_of_the_same_are_the_same_also_in_another_process() -> None:
    made = Artifact(name="iris", type="dataset", project="p", digest="sha256:" + "a" * 64)
    assert {AsyncArtifact(made), AsyncArtifact(made)} == {AsyncArtifact(made)}
    assert AsyncArtifact(made) != made
    assert pickle.loads(pickle.dumps(AsyncArtifact(made))) == AsyncArtifact(made)
    with pytest.raises(AttributeError):
        AsyncArtifact(made).plain = made  # type: ignore[misc]


async def test_a_run_hands_out_and_takes_what_coroutines_hold(client: Client, stub: StubServer) -> None:
    asking = AsyncClient(client=client)
    async with asking.start_run("make") as run:
        made = await run.produce("iris", {"a": [1]}, type="dataset")
        logged = [
            await run.log_text("notes.md", "x"), await run.log_table("rows", [{"a": 1}]),
            await run.log_model(b"w", "net"),
        ]  # fmt: skip
    assert {type(one) for one in (made, *logged)} == {AsyncArtifact}
    async with asking.start_run("read") as reading:
        assert await reading.use(made) == made
        assert await reading.use(AsyncModelVersion(ModelVersion(model="m", version="1", project="default")))
    assert [one["name"] for one in stub.run(reading.id)["inputs"]] == ["iris", "m"]


def test_threads_are_told_of_the_plain_handle(client: Client) -> None:
    made = AsyncArtifact(Artifact(name="iris", type="dataset", project="p"))
    run: Any = client.start_run("x")
    asking: Any = client
    for ask in (run.use, asking.get, asking.lineage, asking.model_version, asking.preview):
        with pytest.raises(
            InvalidInputError, match=r"is an AsyncArtifact, .* for threads there is its \.plain"
        ):
            ask(made)
    with pytest.raises(InvalidInputError, match=r"source is an AsyncArtifact, .*\.plain"):
        asking.register("iris", made)


async def test_a_tracked_coroutine_reads_and_returns_them(default: Client, runs: Runs) -> None:
    async with AsyncClient(client=default).start_run("make") as run:
        made = await run.produce("iris", {"a": [1]}, type="dataset")

    @track
    async def fit(data: AsyncArtifact) -> AsyncArtifact:
        return data

    assert await fit(made) is made
    told = {name: one for name, one in runs().items() if name.endswith("fit")}
    (fitted,) = told.values()
    assert [(one["name"], one["role"]) for one in fitted["inputs"]] == [("iris", "data")]
    assert (fitted["outputs"], fitted.get("params") or {}) == ([], {})
