"""How the embedded engine is started and started again, told without an engine; with one: ``tests/graph``."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from lineage_server.app import build_app
from lineage_server.domain.errors import UnavailableError
from lineage_server.graph import embedded
from lineage_server.graph.embedded import EmbeddedGraph, EngineEvent
from lineage_server.graph.embedded_folder import EngineFolder
from lineage_server.graph.embedded_process import EngineInstall, EngineOptions, engine_command, find_engine
from lineage_server.settings import load


class EnoughError(Exception):
    """The test has seen what it wanted to."""


async def test_the_heap_is_bounded_by_its_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    async def start(install: EngineInstall, folder: EngineFolder, options: EngineOptions, **_: Any) -> None:
        commands.append(engine_command(install, folder, options, 1))
        raise EnoughError

    monkeypatch.setattr(embedded, "start_engine", start)
    app = build_app(load({"data_dir": tmp_path, "graph": {"heap_mb": 321}}))
    with pytest.raises(EnoughError):
        async with app.router.lifespan_context(app):
            pass
    assert [word for word in commands[0] if word.startswith("-Xmx")] == ["-Xmx321m"]


async def test_restarts_back_off_until_an_engine_was_healthy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that fails again and again is left alone for longer each time, up to half a minute."""

    waited: list[float] = []
    lived = iter([0.0] * 8 + [embedded._HEALTHY_SECONDS + 1, 1.0, 1.0])

    async def until_it_ends(_: EmbeddedGraph) -> float:
        for seconds in lived:
            return seconds
        raise EnoughError

    async def launch(*_: Any) -> None:
        raise UnavailableError("no start", part="graph")

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    events: list[EngineEvent] = []
    graph = EmbeddedGraph(tmp_path, on_event=events.append)
    monkeypatch.setattr(EmbeddedGraph, "_until_it_ends", until_it_ends)
    monkeypatch.setattr(EmbeddedGraph, "_launch", launch)
    turn = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", sleep)
    with pytest.raises(EnoughError):
        await graph._supervise(find_engine(), 1, "")
    assert waited == [0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 30.0, 0.1, 0.5, 1.0]
    await turn(0)
    assert [event.kind for event in events] == ["restart_failed"] * len(waited)
    assert graph.restarts == 0
