"""Questions that nothing can answer are refused with what is allowed, never answered by nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.served import Served
from tests.support.stories import IRIS_1

LINEAGE = (
    "query ($start: [String!]!, $view: View!, $column: String! = \"\") "
    "{ lineage(start: $start, view: $view, column: $column) { fields { fromColumn } reason } }"
)  # fmt: skip
WALKS: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "a column that is not there": (
        LINEAGE,
        {"start": IRIS_1, "view": "FIELD", "column": "y"},
        "NOT_FOUND",
        "there is no column 'y'; there are: x",
    ),
    "a column where none is known": (
        LINEAGE,
        {"start": "log:log", "view": "FIELD", "column": "y"},
        "NOT_FOUND",
        "no columns of ",
    ),
    "a column of versions": (
        LINEAGE,
        {"start": IRIS_1, "view": "VERSION", "column": "x"},
        "BAD_INPUT",
        "the VERSION view has no columns",
    ),
    "a scene of columns": (
        "query ($focus: String!) { lineageScene(focus: $focus, view: FIELD) { version } }",
        {"focus": IRIS_1},
        "BAD_INPUT",
        "columns are not drawn",
    ),
    "a scene below nothing": (
        "query ($focus: String!) { lineageScene(focus: $focus, up: -1) { version } }",
        {"focus": IRIS_1},
        "BAD_INPUT",
        "the depth is out of range",
    ),
}


@pytest.mark.parametrize("name", WALKS)
async def test_a_walk_without_an_answer_is_refused(served: Served, name: str) -> None:
    query, variables, code, said = WALKS[name]
    error = await served.refused(query, variables)
    assert (error["extensions"]["code"], error["message"][: len(said)]) == (code, said)
    assert code != "BAD_INPUT" or error["extensions"]["allowed"]


async def test_a_version_without_known_columns_says_so(served: Served) -> None:
    told = await served.ask(LINEAGE, {"start": "log:log", "view": "FIELD"})
    assert told["lineage"] == {"fields": [], "reason": "no_columns"}
    told = await served.ask(LINEAGE, {"start": IRIS_1, "view": "FIELD"})
    assert told["lineage"]["reason"] == ""
