"""The field view where it finds nothing: whether the column is there, and which columns are."""

from __future__ import annotations

import json
import re

import pytest

from lineage_server.domain.errors import NotFoundError
from lineage_server.domain.ids import shorten
from lineage_server.graph.bolt import Bolt
from lineage_server.provenance.answers import Budget, Direction, LineageQuestion, View
from lineage_server.provenance.service import LineageService
from tests.support.graphs import GraphSpec

TWO = json.dumps([{"name": "id"}, {"name": "x"}])
MANY = json.dumps([{"name": f"c{number}"} for number in range(32)])


@pytest.fixture
def service(graph: Bolt) -> LineageService:
    return LineageService(graph)


class Columned(GraphSpec):
    """``source`` (schema) → ``made`` (only its edge tells of columns); the others stand alone."""

    def __init__(self) -> None:
        super().__init__()
        self.source = self.version("source", schema=TWO)
        self.made = self.version("made")
        self.edge("DERIVED", self.source, self.made, role="columns:run:1", fields=json.dumps({"y": [["x"]]}))
        self.wide = self.version("wide", schema=MANY)
        self.stated = self.version("stated", fields=json.dumps({"z": [["elsewhere", "a"]]}))
        self.blank = self.version("blank")


@pytest.fixture
async def spec(graph: Bolt) -> Columned:
    spec = Columned()
    await spec.write(graph)
    return spec


def asked(*start: str, column: str = "", **more: object) -> LineageQuestion:
    told = {"direction": Direction.BOTH, **more}
    return LineageQuestion(start=start, view=View.FIELD, column=column, **told)  # pyright: ignore[reportArgumentType]


async def refused(service: LineageService, question: LineageQuestion) -> str:
    with pytest.raises(NotFoundError) as caught:
        await service.lineage(question, scope=None)
    return caught.value.message


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("depth", [0, 5, None])
async def test_a_column_that_is_not_there_is_told_with_those_that_are(
    service: LineageService, spec: Columned, direction: Direction, depth: int | None
) -> None:
    more = {"direction": direction, "max_depth": depth}
    told = await refused(service, asked(spec.source, column="y", **more))
    assert told == "there is no column 'y'; there are: id, x"
    told = await refused(service, asked(spec.made, column="x", **more))
    assert told == "there is no column 'x'; there are: y"
    told = await refused(service, asked(spec.stated, column="a", **more))
    assert told == "there is no column 'a'; there are: z"
    told = await refused(service, asked(spec.wide, column="x" * 100_000, **more))
    assert re.fullmatch(r"there is no column 'x+.{0,3}'; there are: c0, .*, c19 and 12 more", told)
    assert len(told) < 500
    told = await refused(service, asked(spec.blank, column="y", **more))
    assert told.startswith(f"no columns of {shorten(spec.blank)!r} are known: ")


async def test_a_column_that_is_there_has_an_answer_whatever_was_made_of_it(
    service: LineageService, spec: Columned
) -> None:
    there = [
        (spec.source, "id"),
        (spec.source, "x"),
        (spec.made, "y"),
        (spec.wide, "c31"),
        (spec.stated, "z"),
    ]
    for uid, column in there:
        for direction in Direction:
            found = await service.lineage(asked(uid, column=column, direction=direction), scope=None)
            assert found.reason == ""
    found = await service.lineage(asked(spec.blank, spec.source, column="x"), scope=None)
    assert [link.end_column for link in found.fields] == ["y"]


async def test_all_columns_of_what_has_none_known_are_said_to_be_unknown(
    service: LineageService, spec: Columned
) -> None:
    reasons = {
        uid: (await service.lineage(asked(uid), scope=None)).reason
        for uid in (spec.source, spec.made, spec.wide, spec.stated, spec.blank)
    }
    assert reasons == {uid: "no_columns" if uid == spec.blank else "" for uid in reasons}


async def test_columns_of_the_same_content_under_another_name_count(
    service: LineageService, graph: Bolt, spec: Columned
) -> None:
    more = GraphSpec()
    twin = more.version("twin")
    more.edge("SAME_AS", twin, spec.source)
    await more.write(graph)
    found = await service.lineage(asked(twin, column="x"), scope=None)
    assert [link.end_column for link in found.fields] == ["y"]
    assert await refused(service, asked(twin, column="y")) == "there is no column 'y'; there are: id, x"


async def test_nothing_of_another_project_is_told(
    service: LineageService, graph: Bolt, spec: Columned
) -> None:
    """Neither by what was made of a column there, nor by a twin there."""
    more = GraphSpec()
    theirs = more.version("theirs", project="q", schema=MANY)
    more.edge("SAME_AS", theirs, spec.blank)
    below = more.version("below", project="q")
    fields = json.dumps({"secret": [["mine"]]})
    more.edge("DERIVED", spec.blank, below, role="columns:run:2", fields=fields)
    await more.write(graph)
    with pytest.raises(NotFoundError) as caught:
        await service.lineage(asked(spec.blank, column="c0"), scope=frozenset({"p"}))
    assert caught.value.message.startswith("no columns of ")
    with pytest.raises(NotFoundError) as caught:
        await service.lineage(asked(theirs, column="c0"), scope=frozenset({"p"}))
    assert caught.value.message.endswith("is not there, or not yours to see; `lineage ls` lists what is")


async def test_a_spent_budget_is_no_word_on_columns(service: LineageService, spec: Columned) -> None:
    tight = Budget(nodes=1)
    found = await service.lineage(asked(spec.source, spec.made, column="?", budget=tight), scope=None)
    assert (found.is_partial, found.reason) == (True, "nodes")
