"""Deployments of a model are picked page by page, until there are as many as asked for."""

from __future__ import annotations

from typing import Any

import pytest

from lineage_server.cli.of_models import Served, deployments_of

PAGES = {
    "": ["churn@1", "churn-eu@1", "churn@2"],
    "a": ["other@1"],
    "b": ["churn@3", "churn@1"],
}  # fmt: skip
AFTER = {"": "a", "a": "b", "b": ""}


@pytest.mark.parametrize(
    ("what", "first", "found", "more", "asked"),
    [
        (Served("model:p/churn"), 9, ["churn@1", "churn@2", "churn@3", "churn@1"], False, 3),
        (Served("model:p/churn"), 4, ["churn@1", "churn@2", "churn@3", "churn@1"], False, 3),
        (Served("model:p/churn"), 1, ["churn@1"], True, 1),
        (Served("model:p/churn"), 2, ["churn@1", "churn@2"], True, 3),
        (Served("", "modelversion:p/churn@3"), 9, ["churn@3"], False, 3),
        (Served("model:p/none"), 9, [], False, 3),
    ],
)
def test_pages_are_read_until_there_are_enough(
    what: Served, first: int, found: list[str], more: bool, asked: int
) -> None:
    seen: list[dict[str, Any]] = []

    def ask(_document: str, variables: dict[str, Any]) -> dict[str, Any]:
        seen.append(variables)
        after = variables["after"]
        edges = [{"node": {"serves": [f"modelversion:p/{one}"]}} for one in PAGES[after]]
        following = AFTER[after]
        page = {"edges": edges, "hasMore": bool(following), "pageInfo": {"endCursor": following}}
        return {"deployments": page}

    page = deployments_of(ask, "", {"first": first, "project": "p", "filter": None}, what)
    assert [edge["node"]["serves"][0].partition("/")[2] for edge in page["edges"]] == found
    assert page["hasMore"] is more
    assert [(one["after"], one["project"]) for one in seen] == [
        (each, "p") for each in ["", "a", "b"][:asked]
    ]
