"""What a document may ask for, how errors look, and that no word of a user's becomes Cypher."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from lineage_server.api.gql.documents import Documents, read_operations
from lineage_server.api.gql.limits import MAX_ALIASES, MAX_DEPTH
from lineage_server.api.gql.schema import build_schema
from lineage_server.domain.errors import LimitError
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


@pytest.mark.parametrize(
    "text", [DEEP, NESTED, ALIASED, BOMB, COSTLY], ids=["deep", "nested", "aliases", "bomb", "costly"]
)
def test_what_asks_for_too_much_is_refused_fast(text: str) -> None:
    began = time.perf_counter()
    with pytest.raises(LimitError) as caught:
        Documents({}).prepare(text, None)
    assert time.perf_counter() - began < FAST_SECONDS
    assert caught.value.limit
    assert caught.value.actual > caught.value.limit


def test_page_sizes_in_variables_count_too() -> None:
    inner = "children(first: $n) { hasMore edges { cursor } }"
    text = "query ($n: Int!) { runs(first: $n) { edges { node { " + inner + " } } } }"
    documents = Documents({})
    documents.prepare(text, {"n": 10})
    with pytest.raises(LimitError):
        documents.prepare(text, {"n": 10_000})


def test_committed_operations_are_trusted_beyond_the_limits() -> None:
    documents = Documents({"Wide": ALIASED})
    assert documents.prepare(ALIASED, None).name == "Wide"
    assert documents.prepare(None, None, operation_name="Wide").name == "Wide"


def test_a_circle_of_fragments_ends() -> None:
    Documents({}).prepare(CIRCLE, None)


def test_the_limits_are_as_documented() -> None:
    Documents({}).prepare("{ " + "a { " * (MAX_DEPTH - 1) + "b" + " }" * (MAX_DEPTH - 1) + " }", None)
    with pytest.raises(LimitError):
        Documents({}).prepare("{ " + "a { " * MAX_DEPTH + "b" + " }" * MAX_DEPTH + " }", None)
    Documents({}).prepare("{ " + " ".join(f"a{i}: b" for i in range(MAX_ALIASES)) + " }", None)


@pytest.fixture
async def empty(bolt: Address, graph: Bolt, tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(bolt, tmp_path) as running:
        yield running


@pytest.mark.parametrize("text", [DEEP, ALIASED], ids=["deep", "aliases"])
async def test_limit_errors_have_the_shape(empty: Served, text: str) -> None:
    began = time.perf_counter()
    error = await empty.refused(text)
    assert time.perf_counter() - began < FAST_SECONDS * 2
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
