"""What a picture of lineage asks is planned before one waits for it, and again once the graph has grown."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from lineage_server.graph import look_ahead
from lineage_server.graph.bolt import Bolt, Row
from lineage_server.provenance.scene import SceneQuestion
from lineage_server.provenance.service import LineageService
from lineage_server.tasks import Tasks
from tests.support.two_versions import Story


@pytest.fixture
def told(graph: Bolt, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Statements that the graph is told from now on."""
    statements: list[str] = []
    read = graph.read

    async def noted(query: Any, *given: Any, **more: Any) -> list[Row]:
        statements.append(query)
        return await read(query, *given, **more)

    monkeypatch.setattr(graph, "read", noted)
    return statements


@pytest.mark.parametrize("what", ["clean", "train"])
async def test_a_picture_asks_nothing_that_was_not_planned(
    story: Story, service: LineageService, graph: Bolt, told: list[str], what: str
) -> None:
    await look_ahead.plan_ahead(graph)
    planned = set(told)
    told.clear()
    focus = getattr(story, what)[0]
    scene = await service.scene(SceneQuestion(focus=focus, up=1, down=1), scope=None)
    assert {node.head.uid for node in scene.nodes} > {focus}
    assert told
    assert set(told) <= planned


async def test_what_was_planned_is_planned_again(
    graph: Bolt, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look_ahead, "_AGAIN_SECONDS", 0.01)
    async with Tasks() as tasks:
        tasks.start("keep planned", look_ahead.keep_planned(graph, embedded=False))
        for _ in range(6_000):
            await asyncio.sleep(0.01)
            if told and told.count(told[0]) > 2:
                break
    assert all(told.count(statement) >= 2 for statement in set(told))


async def test_an_engine_that_keeps_its_plans_is_told_once(
    graph: Bolt, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look_ahead, "_AGAIN_SECONDS", 0.01)
    await look_ahead.keep_planned(graph, embedded=True)
    assert told
    assert len(told) == len(set(told))
