"""The async twin tells the same."""

from __future__ import annotations

import asyncio
import inspect
import os
import sys
import threading
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lineage_server.client import shortcuts
from lineage_server.client.aio import AsyncClient
from lineage_server.client.aio_files import AsyncFiles, AsyncFilesDiff
from lineage_server.client.aio_handles import AsyncArtifact, AsyncModelVersion
from lineage_server.client.aio_run import AsyncRun
from lineage_server.client.artifact import Artifact
from lineage_server.client.client import Client
from lineage_server.client.file_changes import FilesDiff
from lineage_server.client.listings import Files
from lineage_server.client.registered import ModelVersion
from lineage_server.client.run import Run, current_run
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.events import AliasSet, ModelReported
from lineage_server.domain.ids import now_micros
from tests.unit.client.stub import StubServer

FOR_OURSELVES = {
    "start_of",
    "handle_of",
    "ends_of",
    "sides_of",
    "send_own",
    "capture_in_background",
    "end_with",
    "enter",
    "leave",
    "end_after",
    "begin",
    "end_now",
    "launched_by",
    "remember",
    "stand_for",
}
"""What other modules of the client call; nobody else should."""


@pytest.fixture
async def client(make_client: Callable[..., Client], stub: StubServer) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(client=make_client(stub.url)) as made:
        yield made


async def test_a_run_in_a_coroutine(client: AsyncClient, stub: StubServer) -> None:
    async with client.start_run("x", params={"a": 1}) as run:
        assert current_run() is run.run
        run.log({"loss": 1.0})
        run.set_tags({"a": "b"})
        await run.use([{"a": 1}], name="in")
        made = await run.produce("out", [{"a": 2}])
        async with run.child("part") as part:
            part.log({"x": 1.0})
    told = stub.run(run.id)
    assert (told["state"], len(told["inputs"]), len(told["outputs"])) == ("complete", 1, 1)
    assert made.digest
    assert stub.run(part.id)["parent"] == run.id
    assert current_run() is None


async def test_runs_of_tasks_do_not_mix(client: AsyncClient) -> None:
    async def one(name: str) -> bool:
        async with client.start_run(name) as run:
            await asyncio.sleep(0.05)
            return current_run() is run.run

    assert all(await asyncio.gather(*(one(f"r{n}") for n in range(5))))


async def test_a_cancelled_run_is_aborted(client: AsyncClient, stub: StubServer) -> None:
    entered = asyncio.Event()
    runs: list[str] = []

    async def work() -> None:
        async with client.start_run("x") as run:
            runs.append(run.id)
            entered.set()
            await asyncio.sleep(60)

    task = asyncio.ensure_future(work())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await client.flush()
    assert stub.run(runs[0])["state"] == "aborted"


async def test_a_clients_block_that_is_left_by_an_error_ends_its_open_runs_so(
    make_client: Callable[..., Client], stub: StubServer
) -> None:
    client = AsyncClient(client=make_client(stub.url))
    run = client.start_run("left")
    with pytest.raises(KeyboardInterrupt):
        async with client:
            raise KeyboardInterrupt
    assert stub.run(run.id)["state"] == "aborted"


async def test_a_client_whose_closing_is_cancelled_still_ends_its_runs(
    make_client: Callable[..., Client], stub: StubServer
) -> None:
    """Even before a thread was free for it."""
    client = AsyncClient(client=make_client(stub.url))
    run = client.start_run("left")
    loop, free = asyncio.get_running_loop(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        loop.set_default_executor(pool)
        busy = loop.run_in_executor(None, free.wait, 10)
        closing = asyncio.ensure_future(client.close())
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        free.set()
        assert await busy
    assert stub.run(run.id)["state"] == "complete"


TWO_LOOPS = """
import asyncio
from lineage_server import AsyncClient

client = AsyncClient()

async def ask():
    return await asyncio.gather(*(client.gql("{ hello }") for _ in range(3)))

print([asyncio.run(ask()) for _ in range(2)] == [[{"hello": 1}] * 3] * 2)
asyncio.run(client.close())
"""


async def test_a_client_asks_from_one_loop_after_the_other(stub: StubServer, tmp_path: Path) -> None:
    stub.data = {"data": {"hello": 1}}
    environment = {**os.environ, "LINEAGE_URL": stub.url, "LINEAGE_JOURNAL_DIR": str(tmp_path)}
    asking = await asyncio.create_subprocess_exec(
        sys.executable, "-c", TWO_LOOPS, env=environment, stdout=PIPE, stderr=PIPE
    )
    assert await asking.communicate() == (b"True\n", b"")


async def test_questions_are_awaited(client: AsyncClient, stub: StubServer) -> None:
    stub.data = {"data": {"hello": 1}}
    assert await client.gql("{ hello }") == {"hello": 1}
    extensions: dict[str, Any] = {"code": "BAD_INPUT", "field": "x", "allowed": "y"}
    stub.data = {"errors": [{"message": "no", "extensions": extensions}]}
    with pytest.raises(InvalidInputError, match="no") as caught:
        await client.gql("{ hello }")
    assert caught.value.allowed == "y"


@pytest.mark.parametrize(
    ("plain", "twin"),
    [
        (Client, AsyncClient), (Run, AsyncRun), (Artifact, AsyncArtifact), (ModelVersion, AsyncModelVersion),
        (Files, AsyncFiles), (FilesDiff, AsyncFilesDiff),
    ],
)  # fmt: skip
def test_the_twins_offer_the_same(plain: type, twin: type) -> None:
    """Every public method of the one is one of the other, with the same parameters and defaults."""
    offered = {name for name, _ in inspect.getmembers(plain, inspect.isfunction) if name[0] != "_"}
    for name in sorted(offered - FOR_OURSELVES):
        mine = inspect.signature(getattr(plain, name)).parameters.values()
        other = inspect.signature(getattr(twin, name)).parameters.values()
        assert [(p.name, p.kind, p.default) for p in mine] == [(p.name, p.kind, p.default) for p in other], (
            name
        )
        assert not [p for p in other if p.kind is p.VAR_KEYWORD], name


def test_functions_of_the_module_are_methods_of_the_client() -> None:
    for name in (
        "start_run",
        "attach_run",
        "lineage",
        "impact",
        "path",
        "cost",
        "completeness",
        "compare",
        "register",
        "model_version",
        "promote",
        "rollback",
        "remove_alias",
        "alias",
        "request_approval",
        "approve",
        "reject",
        "approvals",
        "registered_model",
        "update_model",
        "update_model_version",
        "set_tags",
        "describe",
        "archive_model",
        "restore_model",
        "hold",
        "release",
        "protect",
        "unprotect",
        "delete",
        "undelete",
        "reproduce",
        "preview",
        "files",
        "runs",
        "metrics",
        "artifacts",
        "models",
        "versions",
        "search",
        "gql",
        "flush",
        "sync",
        "sync_status",
    ):
        mine, whole = getattr(shortcuts, name), getattr(Client, name)
        asked = list(inspect.signature(whole).parameters.values())[1:]
        assert list(inspect.signature(mine).parameters.values()) == asked
        assert mine.__doc__ == whole.__doc__


async def test_facts_without_a_verb_are_events(client: AsyncClient, stub: StubServer) -> None:
    before = now_micros()
    client.report(
        ModelReported(project="p", model="churn"), AliasSet(project="p", model="churn", alias="prod", at=5)
    )
    await client.flush()
    (model,), (alias,) = stub.of_type("model"), stub.of_type("model.alias")
    assert (model["model"], alias["at"]) == ("churn", 5)
    assert before <= model["at"] <= now_micros()
