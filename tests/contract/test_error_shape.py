"""One error shape on every transport: each domain error, Starlette's own, and defects."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lineage_server.api import errors
from lineage_server.domain.errors import (
    ERRORS,
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    LimitError,
    LineageError,
    NotAuthenticatedError,
    NotFoundError,
    NotSupportedError,
    UnavailableError,
)

SAMPLES: dict[str, LineageError] = {
    "input": InvalidInputError("name is empty", field="name", allowed="1 to 500 characters"),
    "nobody": NotAuthenticatedError("nobody said who is asking"),
    "away": NotFoundError("run x is not there, or not yours to see"),
    "forbidden": ForbiddenError("ann may not", permission="write"),
    "conflict": ConflictError("something stands there", current="version 3"),
    "limit": LimitError("too much", limit=10, actual=11),
    "unavailable": UnavailableError("the graph is away", part="graph", retry_after_seconds=1.5),
    "unsupported": NotSupportedError("not here"),
}
TABLE = {
    "input": (400, "BAD_INPUT"),
    "nobody": (401, "UNAUTHENTICATED"),
    "away": (404, "NOT_FOUND"),
    "forbidden": (403, "FORBIDDEN"),
    "conflict": (409, "CONFLICT"),
    "limit": (413, "LIMIT"),
    "unavailable": (503, "UNAVAILABLE"),
    "unsupported": (501, "NOT_SUPPORTED"),
}


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async def fail(request: Request) -> Response:
        what = request.path_params["what"]
        if what == "defect":
            raise ZeroDivisionError("the secret is 42")
        if what == "teapot":
            raise HTTPException(415, "only JSON")
        raise SAMPLES[what]

    app = Starlette(routes=[Route("/fail/{what}", fail)])
    errors.install(app)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


def test_every_error_of_the_tree_is_in_the_table() -> None:
    assert {type(error) for error in SAMPLES.values()} == set(ERRORS)
    assert SAMPLES.keys() == TABLE.keys()


@pytest.mark.parametrize("what", SAMPLES)
async def test_domain_error_in_rest(client: httpx2.AsyncClient, what: str) -> None:
    answer = await client.get(f"/fail/{what}")
    status, code = TABLE[what]
    assert answer.status_code == status
    error = SAMPLES[what]
    assert answer.json() == {"error": code, "message": error.message, "details": error.details()}


@pytest.mark.parametrize("what", SAMPLES)
def test_domain_error_in_graphql(what: str) -> None:
    extensions = errors.extensions_of(SAMPLES[what])
    assert extensions["code"] == TABLE[what][1]
    assert extensions["retriable"] is (what == "unavailable")


async def test_unavailable_says_when_to_come_back(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/fail/unavailable")).headers["retry-after"] == "2"


async def test_unauthenticated_says_how(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/fail/nobody")).headers["www-authenticate"].startswith("Bearer")


async def test_defect_shows_an_id_and_the_log_has_the_rest(
    client: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = await client.get("/fail/defect")
    body = answer.json()
    assert (answer.status_code, body["error"]) == (500, "INTERNAL")
    assert "secret" not in answer.text
    assert "ZeroDivision" not in answer.text
    assert body["details"]["id"] in caplog.text
    assert "the secret is 42" in caplog.text


async def test_starlettes_own_errors_have_the_shape_too(client: httpx2.AsyncClient) -> None:
    for method, path, status, code in (
        ("GET", "/nowhere", 404, "NOT_FOUND"),
        ("DELETE", "/fail/x", 405, "NOT_SUPPORTED"),
        ("GET", "/fail/teapot", 415, "NOT_SUPPORTED"),
    ):
        answer = await client.request(method, path)
        body = answer.json()
        assert (answer.status_code, body["error"]) == (status, code)
        assert body.keys() == {"error", "message", "details"}
