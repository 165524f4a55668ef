"""References to versions of models that have many: one is asked for, and one is read."""

from __future__ import annotations

from typing import Any

import pytest

from lineage_server.domain.errors import InvalidInputError, NotFoundError
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


async def test_a_run_is_named_by_its_first_digits(service: LineageService, graph: Bolt) -> None:
    ids = ["0198c0de-0000-7000-8000-00000000000a", "0198c0de-0001-7000-8000-00000000000b", "0198c1" + "0" * 2]
    ids[2] += "-0000-7000-8000-00000000000c"
    ids.append(ids[2][:-1] + "d")
    for place, (run, project) in enumerate(zip(ids, ("p", "p", "hidden", "other"), strict=True)):
        told = {"uid": f"run:{run}", "name": f"train {place}", "project": project}
        await graph.write("CREATE (r:Run) SET r = $told", {"told": told})

    async def meant(text: str) -> str:
        return await service.resolve(text, scope=frozenset({"p"}), project="p")

    for text in ("0198c0de-0000", "0198c0de0000", "run:0198C0DE-0000-7", "run:" + ids[0][:-1]):
        assert await meant(text) == f"run:{ids[0]}"
    with pytest.raises(InvalidInputError, match="several runs begin with 'run:0198c0'") as several:
        await meant("0198c0")
    assert all(f"run:{run} (train {place})" in str(several.value) for place, run in enumerate(ids[:2]))
    with pytest.raises(NotFoundError, match="no run begins with 'run:0198c1' that is yours to see"):
        await meant("0198c1")
    # The project's own come first: of the others one has to say more only where it has none.
    assert await service.resolve("0198c1", scope=None, project="hidden") == f"run:{ids[2]}"
    with pytest.raises(InvalidInputError, match="several runs begin with 'run:0198c1'"):
        await service.resolve("0198c1", scope=None, project="p")
    with pytest.raises(InvalidInputError, match="several runs begin with 'run:0198c0'"):
        await service.resolve("0198c0", scope=None, project="hidden")
    with pytest.raises(InvalidInputError, match="not a UUID"):
        await meant("run:0198c")  # too few


async def test_of_many_runs_with_the_same_digits_the_newest_are_told(
    service: LineageService, graph: Bolt
) -> None:
    ids = [f"run:0198c0de-{number:04}-7000-8000-00000000000a" for number in range(12)]
    for run in ids:
        told = {"uid": run, "name": "train", "project": "p"}
        await graph.write("CREATE (r:Run) SET r = $told", {"told": told})
    with pytest.raises(InvalidInputError, match="several runs begin") as several:
        await service.resolve("0198c0de", scope=None, project="p")
    assert str(several.value.allowed).count("run:") == 10
    assert all(run in several.value.allowed for run in ids[2:])
    assert several.value.allowed.endswith("or of an older one")
