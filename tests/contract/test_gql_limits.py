"""What a document may ask for, how errors look, and that no word of a user's becomes Cypher."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from graphql import parse, validate

from lineage_server.api.gql.documents import Documents, read_operations
from lineage_server.api.gql.limits import MAX_ALIASES, MAX_DEPTH
from lineage_server.api.gql.schema import build_schema
from lineage_server.domain.errors import InvalidInputError, LimitError
from lineage_server.graph.bolt import Bolt
from tests.support.neo4j_server import Address
from tests.support.served import Served, serving

TEXTS = read_operations()
FAST_SECONDS = 0.5
DEEP = '{ run(uid: "x") ' + "{ children " * 500 + "{ edges { cursor } }" + " }" * 500 + "}"
NESTED = "{ " + "a { " * 500 + "b" + " }" * 500 + " }"
ALIASED = "{ " + " ".join(f"a{i}: me {{ subject }}" for i in range(10_000)) + " }"
BOMB = (
    "query { ...f0 } "
    + " ".join(f"fragment f{i} on Query {{ ...f{i + 1} ...f{i + 1} }}" for i in range(40))
    + " fragment f40 on Query { a: me { subject } }"
)
COSTLY = "{ runs(first: 500) { edges { node { children(first: 500) { edges { node { uid } } } } } } }"
AT = 'query ($at: DateTime!) { lineage(start: ["run:x"], asOf: $at) { start } }'
CIRCLE = "{ ...f } fragment f on Query { me { subject } ...f }"


SCHEMA = build_schema().core


def prepare(text: str, variables: dict[str, Any] | None = None) -> None:
    Documents({}).prepare(text, variables, schema=SCHEMA)


@pytest.mark.parametrize(
    "text", [DEEP, NESTED, ALIASED, BOMB, COSTLY], ids=["deep", "nested", "aliases", "bomb", "costly"]
)
def test_what_asks_for_too_much_is_refused_fast(text: str) -> None:
    began = time.process_time()
    with pytest.raises(LimitError) as caught:
        prepare(text)
    assert time.process_time() - began < FAST_SECONDS
    assert caught.value.limit
    assert caught.value.actual > caught.value.limit


ALIASES = " ".join(f"a{i}: uid" for i in range(10))
UIDS = {"uids": ["run:x"] * 500}
TWICE = "query ($n: Int! = 500) { runs(first: 20) { edges { node { children(first: $n) { %s } } } } }"
TOO_COSTLY: dict[str, tuple[str, dict[str, Any]]] = {
    "page sizes in variables": (TWICE % "hasMore edges { cursor node { name } }", {"n": 10_000}),
    "which are coerced as execution does": (TWICE % "edges { cursor node { uid name kind } }", {"n": 2500.0}),
    "defaults of variables": (
        TWICE % f"edges {{ node {{ {ALIASES} }} }}",
        {},
    ),
    "page sizes of the schema": (
        "{ runs { edges { node { children { edges { node { outputs { edges { cursor } } } } } } } } }",
        {},
    ),
    "uids": (
        "query ($uids: [String!]!) { nodes(uids: $uids) "
        "{ ... on Run { children { hasMore edges { cursor } } } } }",
        UIDS,
    ),
    "budgets": (
        '{ a: lineage(start: "run:x", budget: {nodes: 50000}) { start } '
        'b: lineage(start: "run:x", budget: {nodes: 50000}) { start } }',
        {},
    ),
    "walks as wide as it takes": (
        "{ " + " ".join(f'a{i}: impact(of: "run:x") {{ isPartial }}' for i in range(20)) + " }",
        {},
    ),
    "series": (
        "{ " + " ".join(f'a{i}: metricHistory(run: "x", maxPoints: 50000) {{ key }}' for i in "ab") + " }",
        {},
    ),
    "items of filters": (
        "query ($f: RunFilter) { runs(filter: $f, first: 1) { hasMore } }",
        {"f": {"jobs": ["x"] * 100_000}},
    ),
    "fragments on a type": (
        "{ runs { edges { node { ...f } } } } fragment f on Run { children { edges { node { children "
        "{ edges { node { uid } } } } } } }",
        {},
    ),
}


@pytest.mark.parametrize("name", TOO_COSTLY)
def test_all_that_is_brought_has_its_cost(name: str) -> None:
    text, variables = TOO_COSTLY[name]
    assert not validate(SCHEMA, parse(text))
    with pytest.raises(LimitError, match="as its cost"):
        prepare(text, variables)


def test_what_is_usual_costs_little() -> None:
    prepare(TWICE % "hasMore edges { cursor node { name } }", {"n": 100.0})
    prepare("{ runs { edges { node { children { edges { node { uid } } } } } } }")
    prepare("{ " + " ".join(f'a{i}: lineage(start: "run:x") {{ start }}' for i in range(30)) + " }")


@pytest.mark.parametrize(
    ("text", "name", "allowed"),
    [
        ("query A { me { subject } }", "B", "A"),
        ("query A { me { subject } } query B { me { subject } }", None, "A, B"),
        ("query A { me { subject } } query A { me { subject } }", "A", "A, A"),
    ],
)
def test_an_operation_that_is_not_there_is_refused_early(text: str, name: str | None, allowed: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Documents({}).prepare(text, None, schema=SCHEMA, operation_name=name)
    assert (caught.value.field, caught.value.allowed) == ("operationName", allowed)
    assert (
        Documents({}).prepare("query A { me { subject } }", None, schema=SCHEMA, operation_name="A").operation
    )


def test_committed_operations_are_trusted_beyond_the_limits() -> None:
    wide = f"query Wide {ALIASED}"
    documents = Documents({"Wide": wide})
    assert documents.prepare(wide, None, schema=SCHEMA).name == "Wide"
    assert documents.prepare(None, None, schema=SCHEMA, operation_name="Wide").name == "Wide"


def test_a_circle_of_fragments_ends() -> None:
    prepare(CIRCLE)


def test_the_limits_are_as_documented() -> None:
    prepare("{ " + "a { " * (MAX_DEPTH - 1) + "b" + " }" * (MAX_DEPTH - 1) + " }")
    with pytest.raises(LimitError):
        prepare("{ " + "a { " * MAX_DEPTH + "b" + " }" * MAX_DEPTH + " }")
    prepare("{ " + " ".join(f"a{i}: b" for i in range(MAX_ALIASES)) + " }")


@pytest.fixture
async def empty(bolt: Address, graph: Bolt, tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(bolt, tmp_path) as running:
        yield running


@pytest.mark.parametrize("text", [DEEP, ALIASED], ids=["deep", "aliases"])
async def test_limit_errors_have_the_shape(empty: Served, text: str) -> None:
    began = time.process_time()
    error = await empty.refused(text)
    assert time.process_time() - began < FAST_SECONDS * 2
    assert error["extensions"]["code"] == "LIMIT"
    assert error["extensions"]["actual"] > error["extensions"]["limit"]


async def test_errors_of_all_kinds_have_a_code(empty: Served) -> None:
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("{ me { subject ", {}, "BAD_INPUT"),
        ("{ nothing }", {}, "BAD_INPUT"),
        (CIRCLE, {}, "BAD_INPUT"),
        (AT, {"at": "noon"}, "BAD_INPUT"),
        ("{ run(uid: \"not a uuid\") { uid } }", {}, "BAD_INPUT"),
        ("{ run(uid: \"0198c0de-0000-7000-8000-00000000ffff\") { uid } }", {}, "NOT_FOUND"),
        ("{ runs(first: 501) { hasMore } }", {}, "BAD_INPUT"),
        ("{ runs(after: \"x\") { hasMore } }", {}, "BAD_INPUT"),
        ("{ node(uid: \"gap:x\") { uid } }", {}, "NOT_FOUND"),
        ("{ node(uid: \"what\") { uid } }", {}, "BAD_INPUT"),
        ("{ project(name: \"gone\") { uid } }", {}, "NOT_FOUND"),
        ("{ runs(project: \"gone\") { hasMore } }", {}, ""),
        ("{ search(text: \" \") { hasMore } }", {}, "BAD_INPUT"),
    ]  # fmt: skip
    for query, variables, code in cases:
        answer = await empty.answer(query, variables)
        told = [error["extensions"]["code"] for error in answer.get("errors", ())]
        assert told == ([code] if code else []), (query, answer)


STARTED = "(%s) { runs(filter: {startedAfter: %s}) { hasMore } }"
MEASURED = (
    '(%s) { createModelVersion(input: {project: "default", model: "m", metrics: '
    '[{key: "a", value: %s}]}) { problems { code } } }'
)
SCALARS: list[tuple[str, str, str, str]] = [
    *(("DateTime", f"query {STARTED}", given, "2026-03-03T00:00:00Z") for given in (
        '"noon"', '"2026-05-01"', '"2026-05-01T12:00:00"', '""', "1.5", "true", '["x"]',
    )),
    *(("Real!", f"mutation {MEASURED}", given, "64 bits") for given in ('"much"', "true", '["x"]')),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "given", "allowed"), SCALARS)
async def test_a_value_that_does_not_fit_is_told_with_what_would(
    empty: Served, kind: str, text: str, given: str, allowed: str
) -> None:
    """Alike in the document and as a variable: what came, and what a time or a number looks like."""
    literal = await empty.refused((text % ("", given)).replace("()", ""))
    variable = await empty.refused(text % (f"$x: {kind}", "$x"), {"x": json.loads(given)})
    for error in (literal, variable):
        assert error["extensions"]["code"] == "BAD_INPUT"
        assert allowed in error["extensions"]["allowed"]
        assert allowed in error["message"]
        assert kind.strip("!") in error["message"]
    assert "$x" in variable["message"]
    assert literal["locations"]


async def test_defect_shows_an_id_only(empty: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("the secret is 42")

    monkeypatch.setattr("lineage_server.tracking.service.Tracking.nodes", broken)
    error = await empty.refused('{ node(uid: "job:a/b/c") { uid } }')
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["extensions"]["id"]
    assert "secret" not in str(error)


async def test_overdue_operation_is_stopped_with_its_statement(empty: Served) -> None:
    """The time is up while the graph works: the caller is told, and the statement's task is cancelled."""
    from lineage_server.api.gql.context import Context
    from lineage_server.auth.principal import LOCAL
    from lineage_server.tracking.service import Tracking

    stopped = asyncio.Event()

    class Slow(Tracking):
        async def nodes(self, *_: Any, **__: Any) -> Any:
            try:
                await asyncio.sleep(60)
            finally:
                stopped.set()

    schema = build_schema(seconds=0.2)
    context = Context(services=empty.services, tracking=Slow(empty.services.bolt), asking=LOCAL)
    result = await schema.execute('{ node(uid: "job:a/b/c") { uid } }', context_value=context)
    assert result.errors
    assert (result.errors[0].extensions or {})["code"] == "LIMIT"
    assert stopped.is_set()


INJECTIONS = (
    "x] AS v RETURN 1 //",
    "`) DETACH DELETE n //",
    "loss'}) MATCH (m) DETACH DELETE m //",
    "' OR 1=1 --",
    "n.project",
    "$scope",
    "uid\\u0060",
)


@pytest.mark.parametrize("word", INJECTIONS)
async def test_words_of_users_never_become_cypher(served: Served, word: str) -> None:
    before = await served.ask("{ runs { totalCount } jobs { totalCount } artifacts { totalCount } }")
    runs = TEXTS["Runs"]
    asked: list[dict[str, Any]] = [
        {"orderBy": {"metric": word}},
        {"orderBy": {"param": word, "direction": "ASC"}},
        {"filter": {"metrics": [{"key": word, "op": "GT", "value": 0}]}},
        {"filter": {"params": [{"key": word, "op": "CONTAINS", "value": word}]}},
        {"filter": {"tags": [{"key": word, "value": word}, {"key": word}]}},
        {"filter": {"text": word, "kinds": [word], "jobs": [word]}},
        {"project": word},
        {"metrics": [word], "params": [word]},
    ]
    for variables in asked:
        answer = await served.answer(runs, variables)
        for error in answer.get("errors", ()):
            assert error["extensions"]["code"] in ("BAD_INPUT", "NOT_FOUND"), (variables, error)
    await served.ask(TEXTS["Search"], {"text": word})
    for name in ("Node", "Run"):
        error = await served.refused(TEXTS[name], {"uid": f"run:{word}"})
        assert error["extensions"]["code"] in ("BAD_INPUT", "NOT_FOUND")
    assert before == await served.ask("{ runs { totalCount } jobs { totalCount } artifacts { totalCount } }")


async def test_introspection_is_allowed(empty: Served) -> None:
    from graphql import get_introspection_query

    answer = await empty.ask(get_introspection_query())
    assert answer["__schema"]["queryType"]["name"] == "Query"
