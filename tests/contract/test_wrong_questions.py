"""Questions that nothing can answer are refused with what is allowed, never answered by nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.served import Served
from tests.support.stories import IRIS_1, TRAIN

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


RUNS = "query ($filter: RunFilter, $order: RunOrder) { runs(filter: $filter, orderBy: $order) { hasMore } }"


def compared(field: str, op: str, *value: Any) -> dict[str, Any]:
    return {"filter": {field: [{"key": "k", "op": op, **({"value": value[0]} if value else {})}]}}


NUMBER, PLAIN = "a number as value", "a value, or EXISTS without one"
ORDERED = ("LT", "LE", "GT", "GE")
CONDITIONS: list[tuple[dict[str, Any], str, str]] = [
    *(
        (compared("metrics", op, value), "metrics", NUMBER)
        for op in (*ORDERED, "EQ", "NE")
        for value in ("high", "", True, "NaN", "1e", "0x10")
    ),
    *(
        (compared("metrics", "CONTAINS", value), "metrics", "EQ, NE, LT, LE, GT, GE, EXISTS")
        for value in ("1", 1)
    ),
    *((compared(field, "EXISTS", 1), field, "no value with EXISTS") for field in ("metrics", "params")),
    *((compared(field, op), field, PLAIN) for field in ("metrics", "params") for op in (*ORDERED, "EQ")),
    *((compared("params", "CONTAINS", value), "params", "text as value") for value in (1, 0.5, True)),
    *(
        (compared("params", op, value), "params", "a number or text as value, or EQ or NE")
        for op in ORDERED
        for value in (True, False, "nan")
    ),
    *((compared(field, "EQ", value), field, "one plain value") for field in ("metrics", "params")
      for value in ([1], {"a": 1})),
    ({"filter": {"kinds": ["trainings"]}}, "kinds", "script, notebook, pipeline"),
    ({"filter": {"jobs": ["train"]}}, "jobs", "uids, such as job:"),
    ({"filter": {"startedAfter": "2026-02-01T00:00:00Z", "startedBefore": "2026-01-01T00:00:00Z"}},
     "startedBefore", "startedAfter or later"),
    ({"filter": {"tags": [{"key": ""}]}}, "tags", "1 to 250 printable characters"),
    ({"order": {"metric": ""}}, "orderBy", "1 to 250 printable characters"),
    ({"order": {"metric": "a", "by": "NAME"}}, "orderBy", "one of by, metric, param"),
]  # fmt: skip
QUERIES: list[tuple[str, str, str]] = [
    ("{ jobs(filter: {kinds: [\"dataset\"]}) { hasMore } }", "kinds", "script, "),
    ("{ artifacts(filter: {kinds: [\"script\"]}) { hasMore } }", "kinds", "dataset, model, "),
    ("{ models(filter: {kinds: [\"model\"]}) { hasMore } }", "kinds", "no kinds"),
    ("{ deployments(filter: {kinds: [\"serving\"]}) { hasMore } }", "kinds", "no kinds"),
    ("{ search(text: \"iris\", labels: [\"Dataset\"]) { hasMore } }", "labels", "Project, "),
    ("{ search(text: \"iris\", labels: [\"Run\", \"run\"]) { hasMore } }", "labels", "Project, "),
    (
        "{ versions(artifact: \"dataset:iris\", filter: {sealedAfter: \"2026-02-01T00:00:00Z\", "
        "sealedBefore: \"2026-01-01T00:00:00Z\"}) { hasMore } }",
        "sealedBefore", "sealedAfter or later",
    ),
    ("{ lineage(start: \"RUN\", kinds: [\"runs\"]) { start } }", "kinds", "Artifact, ArtifactVersion, "),
    ("{ lineage(start: \"RUN\", filter: {kinds: [\"runs\"]}) { start } }", "kinds", "Artifact, "),
    ("{ lineageScene(focus: \"RUN\", filter: {kinds: [\"x\"]}) { version } }", "kinds", "Artifact, "),
    (
        "{ lineage(start: \"RUN\", filter: {since: \"2026-02-01T00:00:00Z\", "
        "until: \"2026-01-01T00:00:00Z\"}) { start } }",
        "until", "since or later",
    ),
]  # fmt: skip


async def test_a_list_that_nothing_can_be_in_is_refused(served: Served) -> None:
    asked = [(RUNS, variables, field, allowed) for variables, field, allowed in CONDITIONS]
    asked += [
        (text.replace('RUN"', f'run:{TRAIN}"', 1), {}, field, allowed) for text, field, allowed in QUERIES
    ]
    for query, variables, field, allowed in asked:
        error = await served.refused(query, variables)
        told = error["extensions"]
        assert (told["code"], told["field"]) == ("BAD_INPUT", field), (query, variables, error)
        assert told["allowed"].startswith(allowed), (query, variables, error)
        assert len(error["message"]) < 300


FOUND = "query ($filter: RunFilter) { runs(filter: $filter) { edges { node { uid } } } }"


@pytest.mark.parametrize(
    ("key", "field", "op", "value"),
    [
        ("loss", "metrics", "LT", "0.9"),
        ("loss", "metrics", "LT", 10**30),
        ("loss", "metrics", "EXISTS", None),
        ("lr", "params", "EQ", 0.1),
        ("lr", "params", "EQ", "0.1"),
        ("lr", "params", "GE", "0.1"),
        ("lr", "params", "CONTAINS", "0.1"),
        ("on", "params", "EQ", True),
        ("lr", "params", "NE", "nan"),
    ],
)
async def test_what_fits_is_found(served: Served, key: str, field: str, op: str, value: Any) -> None:
    filter = {field: [{"key": key, "op": op, "value": value}]}
    told = await served.ask(FOUND, {"filter": filter})
    assert f"run:{TRAIN}" in [edge["node"]["uid"] for edge in told["runs"]["edges"]]
