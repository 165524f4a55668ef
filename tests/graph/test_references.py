"""References to versions of models that have many: one is asked for, and one is read."""

from __future__ import annotations

from typing import Any

import pytest

from lineage_server.domain.errors import NotFoundError
from lineage_server.graph.bolt import Bolt, Row
from lineage_server.provenance.service import LineageService

COUNT = 1500
"""More than a list of versions ever answers."""
_VERSIONS = """
UNWIND range(1, $count) AS n
CREATE (:ModelVersion {
  uid: 'modelversion:p/big@' + toString(n), project: 'p', name: 'big', model: 'model:p/big',
  version: toString(n), number: n, created_at: n * 10, rid: n
})
"""


@pytest.fixture
async def service(graph: Bolt) -> LineageService:
    """Over a model of many versions."""
    await graph.write(_VERSIONS, {"count": COUNT})
    await graph.write(
        "CREATE (:RegisteredModel {uid: 'model:p/big', project: 'p', name: 'big', highest: $count})",
        {"count": COUNT},
    )
    return LineageService(graph)


def version(number: int) -> str:
    return f"modelversion:p/big@{number}"


async def test_one_of_many_versions_is_read_alone(
    service: LineageService, graph: Bolt, monkeypatch: pytest.MonkeyPatch
) -> None:
    await graph.write(
        "CREATE (:Alias {uid: 'alias:p/big@prod', project: 'p', model: 'model:p/big', alias: 'prod', "
        "target: $target})",
        {"target": version(2)},
    )
    read: list[Row] = []
    ask = graph.read

    async def counted(*asked: Any, **options: Any) -> list[Row]:
        rows = await ask(*asked, **options)
        read.extend(rows)
        return rows

    with monkeypatch.context() as patched:
        patched.setattr(graph, "read", counted)
        for reference, number in (
            ("model:big@3", 3),
            (f"model:big@{COUNT}", COUNT),
            ("model:big@prod", 2),
            ("model:big@latest", COUNT),
            ("model:big", COUNT),
        ):
            read.clear()
            assert await service.resolve(reference, scope=None, project="p") == version(number)
            assert len(read) <= 2, reference
    with pytest.raises(NotFoundError, match="and 991 more"):
        await service.resolve("model:big@nothing", scope=None, project="p")
    with pytest.raises(NotFoundError):
        await service.resolve("model:big@3", scope=frozenset({"q"}), project="p")
    with pytest.raises(NotFoundError):
        await service.resolve("model:big", scope=frozenset({"q"}), project="p")


async def test_latest_is_the_highest_number_that_was_there(service: LineageService, graph: Bolt) -> None:
    async def latest(as_of: int | None = None) -> str:
        return await service.resolve("model:big", scope=None, project="p", as_of=as_of)

    assert await latest(as_of=77) == version(7)
    assert await latest(as_of=COUNT * 10 - 11) == version(COUNT - 2)
    await graph.write(
        "MATCH (m:ModelVersion {model: 'model:p/big'}) WHERE m.number > $most SET m.deleted_at = 100000",
        {"most": COUNT - 2},
    )
    assert await latest() == version(COUNT - 2)
    assert await latest(as_of=99_999) == version(COUNT)
    await graph.write(
        "MATCH (m:ModelVersion {model: 'model:p/big'}) WHERE m.number > 40 SET m.deleted_at = 100000"
    )
    assert await latest() == version(40)
    await graph.write("MATCH (m:ModelVersion {model: 'model:p/big'}) SET m.deleted_at = 100000")
    assert await latest() == version(COUNT)


async def test_versions_of_other_names_are_the_newest_first(graph: Bolt) -> None:
    for at, name in ((5, "summer"), (9, "winter"), (7, "autumn")):
        await graph.write(
            "CREATE (:ModelVersion {uid: $uid, project: 'p', model: 'model:p/seasons', version: $name, "
            "created_at: $at})",
            {"uid": f"modelversion:p/seasons@{name}", "name": name, "at": at},
        )
    service = LineageService(graph)
    for reference, name in (
        ("model:seasons", "winter"),
        ("model:seasons@latest", "winter"),
        ("model:seasons@summer", "summer"),
    ):
        found = await service.resolve(reference, scope=None, project="p")
        assert found == f"modelversion:p/seasons@{name}"
