"""GraphQL documents made to keep the server busy: refused at once, while others are answered as ever."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.support.served import Served
from tests.support.stories import TRAIN

# Of work, not of waiting: other tests may be busy beside this one.
REFUSED_SECONDS = 1.5
OTHERS_SECONDS = 1.5
MANY = 10_000


def chain(count: int, body: str) -> str:
    """Fragments that spread each other, one after the other."""
    links = " ".join(f"fragment f{i} on Query {{ ...f{i + 1} }}" for i in range(count))
    return f"query {{ ...f0 }} {links} fragment f{count} on Query {{ {body} }}"


def nest(depth: int, inside: str = "edges { cursor }") -> str:
    return "children { edges { node { " * depth + inside + " } } }" * depth


def many(count: int, form: str) -> str:
    """A piece of a document many times, ``#`` standing for its number."""
    return " ".join(form.replace("#", str(i)) for i in range(count))


ALIASES = many(MANY, "a#: me { subject }")
DELETE = f'deleteNode(input: {{ uid: "run:{TRAIN}" }}) {{ problems {{ field }} }}'
IN_RUN = f'run(uid: "{TRAIN}")'
ON_RUN = "on Run { children { edges { node"
DOCUMENTS: dict[str, str] = {
    "depth 500": "{ " + IN_RUN + " { " + nest(500) + " } }",
    "depth 500 by inline fragments": "{ " + "... on Query { " * 500 + "me { subject }" + " }" * 500 + " }",
    "depth 500 by fragments": "{ "
    + IN_RUN
    + " { ...f0 } } fragment f500 on Run { uid } "
    + " ".join(f"fragment f{i} {ON_RUN} {{ ...f{i + 1} }} }} }} }}" for i in range(500)),
    "10,000 aliases": "{ " + ALIASES + " }",
    "10,000 aliases of a mutation": "mutation { " + many(MANY, f"a#: {DELETE}") + " }",
    "100 aliases of a mutation": "mutation { " + many(100, f"a#: {DELETE}") + " }",
    "10,000 aliases in a fragment": "{ ...f } fragment f on Query { " + ALIASES + " }",
    "a fragment of aliases spread often": "{ "
    + "...f " * 40
    + "} fragment f on Query { "
    + many(50, "a#: me { subject }")
    + " }",
    "fragments of aliases": "{ ...a ...b ...c } "
    + " ".join(f"fragment {f} on Query {{ {many(50, f + '#: me { subject }')} }}" for f in "abc"),
    "10,000 fragments in a row": chain(MANY, "me { subject }"),
    "10,000 operations": many(MANY, "query q# { me { subject } }"),
    "10,000 directives": "{ me " + "@include(if: true) " * MANY + "{ subject } }",
    "10,000 variables": "query (" + many(MANY, "$v#: Int") + ") { me { subject } }",
    "10,000 arguments": "{ me(" + many(MANY, "a#: 1") + ") { subject } }",
    "deep list": "{ runs(project: " + "[" * MANY + "]" * MANY + ") { hasMore } }",
    "deep object": "{ runs(filter: " + "{text: " * MANY + "1" + "}" * MANY + ") { hasMore } }",
    "brackets only": "{" * 100_000,
    "a text of a megabyte": '{ project(name: "' + "x" * 1_000_000 + '") { name } }',
    "a name of a megabyte": "{ " + "x" * 1_000_000 + " }",
    "a number of 150,000 digits": "{ runs(first: " + "9" * 150_000 + ") { hasMore } }",
    "a number of 5,000 digits": "{ runs(first: " + "9" * 5_000 + ") { hasMore } }",
    "the same field 10,000 times": "{ " + "me { subject } " * MANY + "}",
    "a million commas": "{ me { subject } }" + "," * 1_000_000,
    "a deep introspection": "{ __schema { types { "
    + "fields { type { " * 30
    + "name"
    + " } }" * 30
    + " } } }",
}
CIRCLES: dict[str, str] = {
    "itself": "{ ...f } fragment f on Query { me { subject } ...f }",
    "three": "{ ...a } fragment a on Query { ...b } fragment b on Query { ...c } "
    "fragment c on Query { ...a }",
    "deep inside": "{ " + IN_RUN + " { ...r } } fragment r " + ON_RUN + " { ...r } } } }",
    "forty, each to all": "{ ...f0 } "
    + " ".join(f"fragment f{i} on Query {{ {many(40, '...f#')} }}" for i in range(40)),
}


async def refused_beside_others(served: Served, text: str) -> dict[str, Any]:
    """The answer to a document, and meanwhile everybody else gets theirs."""
    ended = asyncio.Event()
    slowest = 0.0

    async def others() -> None:
        nonlocal slowest
        while not ended.is_set():
            began = time.process_time()
            assert (await served.ask("{ me { subject } }"))["me"]["subject"] == "local"
            slowest = max(slowest, time.process_time() - began)
            await asyncio.sleep(0)  # an answer that needs no I/O gives nobody else a turn

    async with asyncio.TaskGroup() as group:
        group.create_task(others())
        await asyncio.sleep(0)
        began = time.process_time()
        response = await served.post({"query": text})
        took = time.process_time() - began
        ended.set()
    assert response.status_code in (200, 413), response.text[:500]
    assert took < REFUSED_SECONDS
    assert slowest < OTHERS_SECONDS
    return response.json()


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_document_that_asks_too_much_is_refused_fast(served: Served, name: str) -> None:
    answer = await refused_beside_others(served, DOCUMENTS[name])
    assert answer.get("data") is None
    (error,) = answer["errors"]
    assert error["extensions"]["code"] in ("LIMIT", "BAD_INPUT"), error
    assert len(error["message"]) < 1_000
    assert (await served.ask("query ($uid: String!) { run(uid: $uid) { deletedAt } }", {"uid": TRAIN})) == {
        "run": {"deletedAt": None}
    }


@pytest.mark.parametrize("name", CIRCLES)
async def test_circle_of_fragments_is_told(served: Served, name: str) -> None:
    answer = await refused_beside_others(served, CIRCLES[name])
    assert answer.get("data") is None
    codes = {error["extensions"]["code"] for error in answer["errors"]}
    assert codes <= {"LIMIT", "BAD_INPUT"}
    assert len(str(answer)) < 100_000


ME = b'{"query":"{ me { subject } }"'


def with_value(kind: str, field: str) -> bytes:
    """The beginning of a request whose variable ``$n`` is still to come, and two braces."""
    query = json.dumps(f"query ($n: {kind}) {{ {field} {{ hasMore }} }}")
    return f'{{"query":{query},"variables":{{"n":'.encode()


INT = with_value("Int!", "runs(first: $n)")
METRIC = with_value("JSON", 'runs(filter: {metrics: [{key: "a", op: GT, value: $n}]})')
PARAM = with_value("JSON", 'runs(filter: {params: [{key: "a", op: EQ, value: $n}]})')
TIME = with_value("DateTime", "runs(filter: {startedAfter: $n})")
BODIES: dict[str, bytes] = {
    "not JSON": b"{",
    "a list of operations": b'[{"query":"{ me { subject } }"}]',
    "a number": b"7",
    "nothing": b"",
    "deep JSON": b'{"query":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep variables": ME + b',"variables":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}",
    "query of a wrong type": b'{"query":{"a":1}}',
    "query of a list": b'{"query":["{ me { subject } }"]}',
    "variables of a wrong type": ME + b',"variables":[1]}',
    "name of a wrong type": b'{"query":"{ me { subject } }","operationName":["x"]}',
    "name that is a number": b'{"query":"{ me { subject } }","operationName":5}',
    "name alone, of a wrong type": b'{"operationName":["x"]}',
    "extensions of a wrong type": ME + b',"extensions":"x"}',
    "an unknown hash": b'{"extensions":{"persistedQuery":{"sha256Hash":"' + b"0" * 64 + b'"}}}',
    "a hash of a wrong type": b'{"extensions":{"persistedQuery":{"sha256Hash":{"a":1}}}}',
    "invalid UTF-8": b'{"query":"{ me { subject\xff } }"}',
    "a lone surrogate": b'{"query":"{ project(name: \\"\\ud800\\") { name } }"}',
    "a lone surrogate in a variable": (
        b'{"query":"query ($n: String!) { project(name: $n) { name } }","variables":{"n":"\\ud800"}}'
    ),
    "a NUL in a variable": (
        b'{"query":"query ($n: String!) { search(text: $n) { hasMore } }","variables":{"n":"a\\u0000b"}}'
    ),
    "an integer beyond integers": INT + b"9" * 4_000 + b"}}",
    "a filter beyond integers": METRIC + b"18446744073709551616}}",
    "a metric beyond the graph's integers": METRIC + b"18446744073709551615}}",
    "a parameter beyond the graph's integers": PARAM + b"18446744073709551615}}",
    "a filter of 5,000 digits as text": PARAM + b'"' + b"9" * 5_000 + b'"}}',
    "a time beyond time": TIME + b"9" * 30 + b"}}",
    "a filter beyond floats": METRIC + b"1e999}}",
}


@pytest.mark.parametrize("name", BODIES)
async def test_body_that_is_no_request_is_told(served: Served, name: str) -> None:
    headers = {"content-type": "application/json"}
    response = await served.http.post("/graphql", content=BODIES[name], headers=headers)
    assert response.status_code < 500, response.text[:500]
    if response.status_code != 200:
        (error,) = response.json()["errors"]
        assert error["extensions"]["code"] in ("BAD_INPUT", "LIMIT"), error
    if response.status_code == 200 and "filter" not in name and "NUL" not in name:
        codes = {error["extensions"]["code"] for error in response.json().get("errors", ())}
        assert codes <= {"BAD_INPUT", "LIMIT", "NOT_FOUND"}, response.text[:500]
    assert "INTERNAL" not in response.text
    assert (await served.ask("{ me { subject } }"))["me"]["subject"] == "local"


PAGED = (
    "runs(first: 1, after: $a",
    'runs(first: 1, orderBy: {metric: "loss"}, after: $a',
    'runs(first: 1, orderBy: {param: "lr"}, after: $a',
    "jobs(first: 1, after: $a",
    "artifacts(first: 1, after: $a",
    "models(first: 1, after: $a",
    "audit(first: 1, after: $a",
    "projects(first: 1, after: $a",
    "refusedEvents(first: 1, after: $a",
    'versions(artifact: "dataset:iris", first: 1, after: $a',
)


def forged(cursor: str) -> Iterator[str]:
    """Cursors like a real one, with other things inside."""
    yield from ("", "x", "\0", "=" * 100, "9" * 100_000, cursor[:-1], cursor + "A", cursor * 1_000)
    yield base64.urlsafe_b64encode(b"[" * 100_000).decode()
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=="))
    except ValueError:
        return
    for place in range(len(parts)):
        for value in (
            10**30,
            -1,
            1.5,
            1e300,
            float("inf"),
            float("nan"),
            None,
            True,
            "x",
            "9" * 1_000,
            "\ud800",
            [],
            {"a": 1},
            [[1]],
        ):
            wrong = json.dumps([*parts[:place], value, *parts[place + 1 :]])
            yield base64.urlsafe_b64encode(wrong.encode()).decode().rstrip("=")


@pytest.mark.parametrize("listed", PAGED)
async def test_forged_cursor_is_told_or_harmless(served: Served, listed: str) -> None:
    query = f"query ($a: String!) {{ page: {listed}) {{ edges {{ cursor }} }} }}"
    first = (await served.ask(query, {"a": ""}))["page"]["edges"]
    cursor = first[0]["cursor"] if first else "x"
    for after in forged(cursor):
        answer = await served.answer(query, {"a": after})
        codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
        assert codes <= {"BAD_INPUT", "NOT_FOUND"}, (after[:200], answer)


def told_wrong(answer: httpx2.Response, field: str) -> None:
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/json"
    (error,) = answer.json()["errors"]
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_INPUT", field), error


NO_REQUESTS: dict[str, tuple[dict[str, str], str]] = {
    "variables that are no JSON": ({"query": "{ me { subject } }", "variables": "{"}, "variables"),
    "variables that are a list": ({"query": "{ me { subject } }", "variables": "[1]"}, "variables"),
    "extensions that are text": ({"query": "{ me { subject } }", "extensions": '"x"'}, "extensions"),
    "a subscription of one answer": ({"operationName": "IngestStatusChanged"}, "accept"),
}


@pytest.mark.parametrize("name", NO_REQUESTS)
async def test_a_get_that_is_no_request_is_told_in_json(served: Served, name: str) -> None:
    params, field = NO_REQUESTS[name]
    told_wrong(await served.http.get("/graphql", params=params, headers={"accept": "*/*"}), field)


async def test_a_subscription_by_post_is_told_how_to_ask(served: Served) -> None:
    for body in (
        {"operationName": "IngestStatusChanged"},
        {"query": "subscription { ingestStatus { batches } }"},
    ):
        answer = await served.post(body)
        told_wrong(answer, "accept")
        assert "text/event-stream" in answer.text


async def test_a_post_of_other_content_is_told_in_json(served: Served) -> None:
    for kind in ("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        headers = {"content-type": kind} if kind else {}
        body = b'{"query": "{ me { subject } }"}'
        told_wrong(await served.http.post("/graphql", content=body, headers=headers), "content-type")


async def test_get_changes_and_asks_nothing(served: Served) -> None:
    """A link or an image on any page is a GET: over server-sent events it may subscribe, no more."""
    create = 'mutation { createProject(input: { name: "by-get" }) { problems { message } } }'
    for query in (create, "{ me { subject } }"):
        for accept in ("text/event-stream", "application/json"):
            answer = await served.http.get("/graphql", params={"query": query}, headers={"accept": accept})
            assert "not allowed when using GET" in answer.text, answer.text
            assert "INTERNAL" not in answer.text
            if accept == "application/json":
                told_wrong(answer, "method")
    found = await served.ask("{ projects(first: 50) { edges { node { name } } } }")
    assert "by-get" not in str(found)
