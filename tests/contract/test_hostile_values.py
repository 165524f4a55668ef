"""Values of every wrong kind, as variables, for every argument and input field of the schema.

Whatever comes: it is taken, or told to be wrong in a word of the contract; never a defect of ours.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
)
from graphql.type import is_required_argument, is_required_input_field

from lineage_server.api.gql.schema import build_schema
from tests.support.served import Served
from tests.support.stories import D1, IRIS_1, MODEL_1, TRAIN

CORE = build_schema().core
QUERY, MUTATION = CORE.query_type, CORE.mutation_type
JSON = {"content-type": "application/json"}
CHOSEN = 800
CODES = {"BAD_INPUT", "NOT_FOUND", "LIMIT", "NOT_SUPPORTED", "CONFLICT", "FORBIDDEN"}
VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1, 2**31 - 1, 2**31, -(2**31), 2**53, 2**63 - 1, 2**63, -(2**63) - 1, 10**40),
    *(
        1.5,
        -0.0,
        1e308,
        5e-324,
        "",
        " ",
        "x",
        "\0",
        "a\0b",
        "\ud800",
        "\u202e",
        "'",
        "`",
        "}",
        "$x",
        "\\",
        "\n",
    ),
    *("x" * 5_000, "/", ":", "@", "dataset:", ":iris", "dataset:iris@", "dataset:iris@0", "dataset:iris@-1"),
    *(
        "dataset:iris@" + "9" * 30,
        "dataset:iris@\0",
        "dataset:iris@@",
        "default/",
        "/dataset:iris",
        "run:",
        "run:x",
    ),
    *(
        "version:",
        "version:a/b/c@d",
        "version:default/dataset/iris@" + D1 + "\0",
        "artifact:",
        "artifact:a/b/c\0",
    ),
    *(
        "job:a/b",
        "job:",
        "modelversion:",
        "model:",
        "model:churn@",
        "model:churn@\ud800",
        "alias:",
        "chunk:a/1",
    ),
    *("event:", "event:default/", "token:", "gpu:", "gpu:\0", "node:/", "nosuch:x", "project:", "project:\0"),
    *(
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59.999999-23:59",
        "10000-01-01T00:00:00Z",
    ),
    *(
        "1969-12-31T23:59:59Z",
        "2026-02-30T00:00:00Z",
        "2026-01-01",
        "2026-01-01T00:00:60Z",
        "-1",
        "1e400",
        "NaN",
    ),
    *(
        "Infinity",
        "0x10",
        "1_000",
        "\u0663",
        "1" * 5_000,
        [],
        [None],
        [[]],
        [1, "x"],
        ["x"] * 200,
        {},
        {"a": 1},
    ),
    {"": {"": [None]}},
    json.loads('{"a":' * 40 + "1" + "}" * 40),
]


def selection(kind: Any) -> str:
    named = get_named_type(kind)
    if not isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
        return ""
    return (
        " { __typename "
        + " ".join(
            name
            for name, field in named.fields.items()
            if is_leaf_type(get_named_type(field.type))
            and not any(is_required_argument(one) for one in field.args.values())
        )
        + " }"
    )


GOOD: dict[str, Any] = {
    "start": IRIS_1, "lineage.start": [IRIS_1], "end": MODEL_1, "focus": IRIS_1, "of": MODEL_1, "a": IRIS_1,
    "b": MODEL_1, "ref": "dataset:iris@1", "uid": IRIS_1, "run.uid": TRAIN, "uids": [IRIS_1], "run": TRAIN,
    "artifact": "dataset:iris", "project": "default", "name": "default", "text": "iris", "id": "event-000",
    "artifact.ref": "dataset:iris", "reason": "r", "subject": "s", "scopes": [], "token": "token:x",
    "tags": [], "description": "d", "key": "k", "op": "EQ", "value": 1, "role": "VIEWER",
    "by": "NAME",
}  # fmt: skip


def good(kind: Any, field: str, name: str) -> Any:
    value = GOOD.get(f"{field}.{name}", GOOD.get(name))
    if value is None and isinstance(named := get_named_type(kind), GraphQLInputObjectType):
        return filled(named, field)
    return value


def filled(kind: GraphQLInputObjectType, field: str) -> dict[str, Any]:
    return {
        name: good(one.type, field, name) for name, one in kind.fields.items() if is_required_input_field(one)
    }


def placed(kind: Any, field: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every value, at every place of a type."""
    for value in VALUES:
        yield "", value
    inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if isinstance(inner, GraphQLList):
        for path, value in placed(inner.of_type, field, depth):
            yield f"[0]{path}", [value]
        return
    if isinstance(inner, GraphQLInputObjectType) and depth < 3:
        for name, one in inner.fields.items():
            for path, value in placed(one.type, field, depth + 1):
                yield f".{name}{path}", {**filled(inner, field), name: value}


def cases(root: GraphQLObjectType) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    word = "mutation" if root is MUTATION else "query"
    for name, field in root.fields.items():
        needed = {
            one: good(arg.type, name, one) for one, arg in field.args.items() if is_required_argument(arg)
        }
        for argument, told in field.args.items():
            beside = {one: value for one, value in needed.items() if one != argument}
            variables = ", ".join(f"${one}: {field.args[one].type}" for one in (*beside, argument))
            given = ", ".join(f"{one}: ${one}" for one in (*beside, argument))
            text = f"{word} ({variables}) {{ {name}({given}){selection(field.type)} }}"
            for path, value in placed(told.type, name):
                yield f"{name}.{argument}{path}", text, argument, {**beside, argument: value}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("root", [QUERY, MUTATION], ids=["query", "mutation"])
async def test_wrong_values_are_told(served: Served, root: GraphQLObjectType) -> None:
    """Some thousands would take minutes: of them other ones on each engine, and always the same."""
    every = list(cases(root))
    chosen = random.Random(str(served.services.bolt.server_agent)).sample(every, CHOSEN)
    wrong: list[Any] = []
    for name, text, argument, variables in chosen:
        body = json.dumps({"query": text, "variables": variables}).encode()
        response = await served.http.post("/graphql", content=body, headers=JSON)
        told = response.json()
        codes = {error["extensions"].get("code") for error in told.get("errors", ())}
        if response.status_code not in (200, 400, 413) or not codes <= CODES:
            wrong.append((name, str(variables[argument])[:100], response.status_code, response.text[:400]))
    assert not wrong, "\n".join(map(str, wrong))
