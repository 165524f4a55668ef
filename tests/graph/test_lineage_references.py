"""References to what is there and to what is not, and lists of what there is, on a story of two versions."""

from __future__ import annotations

import pytest

from lineage_server.domain.errors import InvalidInputError, NotFoundError
from lineage_server.graph.bolt import Bolt
from lineage_server.provenance.service import LineageService
from tests.support.graphs import GraphSpec
from tests.support.two_versions import Story


@pytest.mark.parametrize(
    ("reference", "attribute", "index"),
    [
        ("dataset:raw", "raw", 1),
        ("dataset:raw@latest", "raw", 1),
        ("dataset:raw@1", "raw", 0),
        ("p/dataset:raw@sha256:7261771", "raw", 0),
        ("model:churn", "registered", 1),
        ("model:churn@prod", "registered", 0),
        ("model:churn@2", "registered", 1),
        ("model:net@1", "model", 0),
        ("run:00000000-0000-0000-0000-000000000020", "train", 0),
    ],
)
async def test_reference_is_resolved(
    story: Story, service: LineageService, reference: str, attribute: str, index: int
) -> None:
    assert await service.resolve(reference, scope=None, project="p") == getattr(story, attribute)[index]


async def test_artifact_without_a_version_is_said_to_be_one(graph: Bolt, service: LineageService) -> None:
    spec = GraphSpec()
    spec.node("artifact:p/dataset/far", name="far", kind="dataset", unversioned=True)
    await spec.write(graph)
    with pytest.raises(NotFoundError, match="dataset:far was only referred to without a version"):
        await service.resolve("dataset:far", scope=None, project="p")


async def test_lists_of_what_there_is_say_how_much_they_leave_out(
    graph: Bolt, service: LineageService
) -> None:
    spec = GraphSpec()
    for n in range(1, 14):
        spec.node(
            f"version:p/dataset/many@{n}", name="many", kind="dataset", ordinal=n, sealed_at=n,
            artifact="artifact:p/dataset/many",
        )  # fmt: skip
        spec.node(f"artifact:p/report/r{n:02}", name=f"r{n:02}", kind="report")
        spec.node(f"modelversion:p/big@{n}", name="big", version=str(n), model="model:p/big", created_at=n)
    await spec.write(graph)

    async def told(reference: str) -> str:
        with pytest.raises(NotFoundError) as caught:
            await service.resolve(reference, scope=None, project="p")
        return str(caught.value)

    newest = ", ".join(map(str, range(13, 3, -1)))
    assert (await told("dataset:many@99")).endswith(f"the newest are: {newest} and 3 more, or latest")
    assert (await told("model:big@99")).endswith(f"there are: {newest} and 3 more, latest")
    assert (await told("report:x")).endswith("there are: r01, r02, r03, r04, r05 and 8 more")


async def test_reference_that_fails_says_what_would_do(story: Story, service: LineageService) -> None:
    with pytest.raises(NotFoundError, match=r"newest are: 2, 1, or latest"):
        await service.resolve("dataset:raw@9", scope=None, project="p")
    with pytest.raises(NotFoundError, match="clean"):
        await service.resolve("dataset:claen", scope=None, project="p")
    with pytest.raises(NotFoundError, match="prod, 2, 1, latest"):
        await service.resolve("model:churn@staging", scope=None, project="p")
    with pytest.raises(InvalidInputError):
        await service.resolve("thing:x", scope=None, project="p")
    with pytest.raises(InvalidInputError):
        await service.resolve("nonsense", scope=None, project="p")
    with pytest.raises(NotFoundError, match="not yours to see"):
        await service.resolve(story.raw[0], scope=frozenset({"q"}))
    assert await service.resolve(story.raw[0], scope=frozenset({"p"})) == story.raw[0]
