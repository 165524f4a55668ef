"""``compare``: what is asked page by page, and how a comparison reads, beside one another and stacked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

import lineage_server
from lineage_server.client.aio import AsyncClient
from lineage_server.client.answers import Answer
from lineage_server.client.client import Client
from lineage_server.client.comparisons import COMPARE, Table
from lineage_server.client.render.words import width_of
from lineage_server.domain.errors import InvalidInputError
from tests.unit.client.stub import StubServer

IRIS = "version:p/dataset/iris@sha256:" + "1" * 64


def row(part: str, name: str, *values: Any) -> dict[str, Any]:
    return {"part": part, "name": name, "differs": True, "values": list(values)}


def page(
    runs: int, rows: Sequence[Mapping[str, Any]], *, differing: int = 1, same: int = 2, cursor: str = ""
) -> dict[str, Any]:
    """An answer of the server, with more after it where there is a ``cursor``."""
    heads = [
        {"uid": f"run:{n}", "name": "train", "state": "COMPLETE", "startedAt": None, "endedAt": None}
        for n in range(runs)
    ]
    listed = {"edges": [{"node": one} for one in rows], "hasMore": bool(cursor)}
    return {
        "compareRuns": {
            "runs": heads, "rows": {**listed, "pageInfo": {"endCursor": cursor}}, "differing": differing,
            "same": same, "isPartial": False, "reason": "",
        }
    }  # fmt: skip


def answer(
    runs: int, *rows: Mapping[str, Any], titles: Mapping[str, str] | None = None, **told: Any
) -> Answer:
    table = Table([f"run:{n}" for n in range(runs)], everything=False, project="p")
    table.add(page(runs, rows, **told))
    return table.answer(titles or {})


def lines(told: Answer, width: int = 80) -> list[str]:
    text = told.to_text(width=width).splitlines()
    assert all(width_of(line) <= width for line in text)
    return text


def beside(first: str, one: str, other: str, *, name: int = 10, column: int = 10) -> str:
    """A line of two columns, as wide as the widest value."""
    return f"{first:<{name}}  {one:<{column}}  {other}"


def test_what_fits_stands_side_by_side() -> None:
    told = answer(
        2,
        row("PARAMETER", "lr", 0.1, 0.2),
        row("PARAMETER", "on", True, None),
        row("INPUT", "train", IRIS, [IRIS, "version:unknown"]),
        titles={IRIS: "dataset:iris@1"},
        differing=3,
    )
    wide = len("dataset:iris@1, version:unknown")
    assert lines(told) == [
        "[1]  train  complete  run:0",
        "[2]  train  complete  run:1",
        "",
        beside("parameters", "[1]", "[2]", column=wide),
        beside("  lr", "0.1", "0.2", column=wide),
        beside("  on", "yes", "–", column=wide),
        "",
        beside("read", "[1]", "[2]", column=wide),
        beside("  train", "dataset:iris@1", "dataset:iris@1, version:unknown", column=wide),
        "",
        "3 things differ, 2 things are the same in all 2 runs",
    ]
    assert lines(told, width=10_000) == lines(told)


def test_what_has_no_room_beside_one_another_stands_value_by_value() -> None:
    long = "x" * 60
    told = answer(2, row("CODE", "command", long, None), row("CODE", "commit", "a", "b"), differing=2)
    assert lines(told)[3:-2] == [
        beside("code", "[1]", "[2]", name=9),
        "  command",
        f"    {long}  [1]",
        "    –  [2]",
        beside("  commit", "a", "b", name=9),
    ]
    many = answer(12, row("PARAMETER", "lr", *([0.1] * 2), 0.2, *([0.1] * 8), 0.3))
    assert lines(many)[13:-2] == [
        "parameters",
        "  lr",
        "    0.1  [1-2, 4-11]",
        "    0.2  [3]",
        "    0.3  [12]",
    ]
    assert lines(many)[0].startswith(" [1]  train")


def test_values_that_differ_never_look_the_same() -> None:
    close = answer(2, row("METRIC", "loss", 0.12345678, 0.12345679))
    assert "0.12345678" in lines(close)[4]
    assert "0.12345679" in lines(close)[4]


def test_signs_that_move_a_cursor_are_shown_as_what_they_are() -> None:
    told = answer(2, row("PARAMETER", "a\033[31m", "x\ny\033[2J", 1))
    assert "\033" not in told.to_text()


def test_nothing_differs() -> None:
    assert lines(answer(3, differing=0, same=1))[-1] == "nothing differs; 1 thing is the same in all 3 runs"


def test_pages_are_gathered_and_bounded() -> None:
    table = Table(["run:1"] * 200, everything=True, project="p")
    asked = table.asked()
    assert asked
    assert (asked["first"], asked["after"], asked["everything"]) == (40, "", True)
    table.add(page(200, [row("PARAMETER", "a", *range(200))], cursor="next"))
    asked = table.asked()
    assert asked
    assert asked["after"] == "next"
    table.add(page(200, [row("PARAMETER", "b", *range(200))]))
    assert table.asked() is None
    assert [one["name"] for one in table.answer({})["rows"]] == ["a", "b"]
    assert Table(["run:1", "run:2"], everything=True, project="p").asked() == {
        "runs": ["run:1", "run:2"], "everything": True, "first": 500, "after": "", "project": "p",
    }  # fmt: skip


async def test_runs_and_handles_are_asked_for_and_the_twin_says_the_same(
    default: Client, stub: StubServer
) -> None:
    stub.data = {"data": {**page(2, [row("INPUT", "train", IRIS, None)]), "nodes": []}}
    with default.start_run("x") as run:
        made = run.produce("iris", [{"a": 1}])
    found = lineage_server.compare([run, made], everything=True)
    asked, titles = stub.asked[-2:]
    assert asked["query"] == COMPARE
    assert asked["variables"]["runs"] == [f"run:{run.id}", made.uid]
    assert titles["variables"] == {"uids": [IRIS]}
    async with AsyncClient(client=default) as twin:
        assert await twin.compare([run, made], everything=True) == found


@pytest.mark.parametrize("wrong", ["run:1", 7, None, b"x", {"run:1": 1}])
def test_what_is_no_list_is_said(default: Client, wrong: Any) -> None:
    with pytest.raises(InvalidInputError, match="a list of 2 to 200 runs"):
        lineage_server.compare(wrong)


def test_what_is_no_thing_is_said(default: Client) -> None:
    things: Any = ["run:1", 7]
    with pytest.raises(InvalidInputError, match="ref is 7"):
        lineage_server.compare(things)
