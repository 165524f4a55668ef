"""The task guard: names in every message, reverse order at stop, nobody hangs unnoticed."""

from __future__ import annotations

import asyncio
import logging

import pytest

from lineage_server.tasks import Tasks


async def _forever() -> None:
    await asyncio.Event().wait()


async def _fail() -> None:
    raise ValueError("broken")


async def _answer() -> int:
    return 42


async def test_started_task_bears_owner_and_name_and_gives_its_result() -> None:
    tasks = Tasks("watchers")
    task = tasks.start("count", _answer(), ends=True)
    assert task.get_name() == "watchers: count"
    assert tasks.names == ("watchers: count",)
    assert await task == 42
    assert tasks.names == ()


async def test_failure_is_logged_once_with_the_name(caplog: pytest.LogCaptureFixture) -> None:
    tasks = Tasks()
    task = tasks.start("ingest writer", _fail())
    with pytest.raises(ValueError, match="broken"):
        await task
    await tasks.stop()
    assert [r.getMessage() for r in caplog.records] == ["task ingest writer failed"]
    assert caplog.records[0].exc_info is not None


async def test_endless_task_that_ends_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    tasks = Tasks()
    await tasks.start("watch pods", _answer())
    await asyncio.sleep(0)
    assert "task watch pods finished unexpectedly" in caplog.text


async def test_task_that_may_end_ends_quietly(caplog: pytest.LogCaptureFixture) -> None:
    tasks = Tasks()
    await tasks.start("backfill", _answer(), ends=True)
    await asyncio.sleep(0)
    assert caplog.records == []


async def test_stop_cancels_newest_first_and_waits_for_each(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    order: list[str] = []

    async def note_end(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            order.append(name)

    tasks = Tasks()
    for name in ("first", "second", "third"):
        tasks.start(name, note_end(name))
    await asyncio.sleep(0)
    assert await tasks.stop(timeout_seconds=1.0) == ()
    assert order == ["third", "second", "first"]
    assert caplog.records == []


async def test_stop_names_the_task_that_hangs(caplog: pytest.LogCaptureFixture) -> None:
    release = asyncio.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    tasks = Tasks("server")
    older = tasks.start("polite", _forever())
    hanging = tasks.start("stubborn", stubborn())
    await asyncio.sleep(0)
    assert await tasks.stop(timeout_seconds=0.05) == ("server: stubborn",)
    assert older.cancelled()
    assert "task server: stubborn hangs" in caplog.text
    release.set()
    await hanging


async def test_nothing_starts_after_the_stop() -> None:
    tasks = Tasks()
    await tasks.stop()
    with pytest.raises(RuntimeError, match="late cannot start"):
        tasks.start("late", _forever())


async def test_task_may_stop_its_own_owner() -> None:
    tasks = Tasks()
    other = tasks.start("other", _forever())

    async def stop_all() -> tuple[str, ...]:
        return await tasks.stop(timeout_seconds=0.5)

    assert await tasks.start("self", stop_all(), ends=True) == ()
    assert other.cancelled()


async def test_leaving_the_block_stops_the_tasks() -> None:
    async with Tasks() as tasks:
        task = tasks.start("loop", _forever())
        await asyncio.sleep(0)
    assert task.cancelled()
