"""What the edge refuses before anybody works: bombs, broken gzip, foreign hosts and origins, slowness."""

from __future__ import annotations

import asyncio
import gzip
import logging
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Message
from starlette.websockets import WebSocket

from lineage_server.api import errors
from lineage_server.api.deps import GuardMiddleware
from lineage_server.api.limits import BodyBudget, LimitsMiddleware, body_limits
from lineage_server.api.tracing import TracingMiddleware
from lineage_server.auth.access import host_rule
from lineage_server.domain.errors import LineageError
from lineage_server.settings import AuthSettings, HttpSettings, IngestSettings
from lineage_server.telemetry import Telemetry, current_trace

MIB = 1024 * 1024
EVENTS = "/api/v1/events"


def make_app(*, auth: AuthSettings | None = None, timeout_seconds: float = 5.0) -> Starlette:
    http = HttpSettings(allowed_origins=("https://ui.example.com",))
    ingest = IngestSettings()

    async def take(request: Request) -> Response:
        body = await request.body()
        headers = {"encoding": request.headers.get("content-encoding", "")}
        return JSONResponse({"bytes": len(body), "crc": zlib.crc32(body)}, headers=headers)

    async def careless(request: Request) -> Response:
        try:
            await request.body()
        except LineageError:
            return PlainTextResponse("all is well")
        return PlainTextResponse("really well")

    async def sleep(_request: Request) -> Response:
        await asyncio.sleep(60)
        return PlainTextResponse("late")

    async def trace(_request: Request) -> Response:
        now = current_trace()
        assert now is not None
        return JSONResponse({"trace": now.trace_id, "parent": now.parent_id, "request": now.request_id})

    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close()

    app = Starlette(
        routes=[
            Route(EVENTS, take, methods=["POST"]),
            Route("/graphql", take, methods=["GET", "POST"]),
            Route("/careless", careless, methods=["POST"]),
            Route("/sleep", sleep, methods=["GET", "POST"]),
            Route("/trace", trace),
            WebSocketRoute("/graphql", socket),
        ],
        middleware=[
            Middleware(TracingMiddleware, telemetry=Telemetry()),
            Middleware(
                GuardMiddleware,
                check_host=host_rule(auth or AuthSettings(), http),
                allowed_origins=http.allowed_origins,
            ),
            Middleware(
                LimitsMiddleware,
                limits_for=body_limits(http, ingest),
                budget=BodyBudget(ingest.max_pending_bytes),
                timeout_seconds=timeout_seconds,
            ),
        ],
    )
    errors.install(app)
    return app


def client_of(app: Starlette, base_url: str = "http://127.0.0.1:8080") -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=base_url)


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(make_app()) as client:
        yield client


# --- bodies ----------------------------------------------------------------------------------


def bomb(size: int) -> bytes:
    """One gzip member of zeros; a fully flushed block may be repeated, so making it takes no time."""
    block = bytes(16 * MIB)
    packer = zlib.compressobj(9, wbits=31)
    first = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + again * (size // len(block) - 1)


async def test_bomb_of_one_gigabyte_is_refused_without_its_memory(client: httpx2.AsyncClient) -> None:
    body = bomb(1024 * MIB)
    assert len(body) < 2 * MIB
    tracemalloc.start()
    answer = await client.post(EVENTS, content=body, headers={"content-encoding": "gzip"})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status_code == 413
    assert answer.json()["error"] == "LIMIT"
    assert answer.json()["details"]["limit"] == 64 * MIB
    assert peak < 100 * MIB


async def test_gzip_body_arrives_plain_whatever_its_pieces(client: httpx2.AsyncClient) -> None:
    plain = b"".join(b'{"n": %d}\n' % n for n in range(100_000))
    packed = gzip.compress(plain[:500_000]) + gzip.compress(plain[500_000:])  # two members are one file

    async def pieces(size: int) -> AsyncIterator[bytes]:
        for start in range(0, len(packed), size):
            yield packed[start : start + size]

    for size in (1_000, 65_536, len(packed)):
        answer = await client.post(EVENTS, content=pieces(size), headers={"content-encoding": "gzip"})
        assert answer.json() == {"bytes": len(plain), "crc": zlib.crc32(plain)}
        assert answer.headers["encoding"] == ""


@pytest.mark.parametrize(
    "body",
    [b"not gzip at all", gzip.compress(b"x" * 10_000)[:-9], gzip.compress(b"x") + b"rest"],
    ids=["plain", "cut off", "with a rest"],
)
async def test_broken_gzip_is_bad_input(client: httpx2.AsyncClient, body: bytes) -> None:
    answer = await client.post(EVENTS, content=body, headers={"content-encoding": "gzip"})
    assert (answer.status_code, answer.json()["error"]) == (400, "BAD_INPUT")


async def test_empty_body_marked_as_gzip_is_an_empty_body(client: httpx2.AsyncClient) -> None:
    answer = await client.post(EVENTS, content=b"", headers={"content-encoding": "gzip"})
    assert answer.json()["bytes"] == 0


async def test_unknown_encoding_is_not_supported(client: httpx2.AsyncClient) -> None:
    answer = await client.post(EVENTS, content=b"x", headers={"content-encoding": "br"})
    assert (answer.status_code, answer.json()["error"]) == (501, "NOT_SUPPORTED")


async def test_plain_body_is_bounded_with_and_without_a_length(client: httpx2.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield bytes(MIB)

    for content in (bytes(17 * MIB), endless()):
        answer = await client.post(EVENTS, content=content)
        assert (answer.status_code, answer.json()["error"]) == (413, "LIMIT")


async def test_limits_outside_the_intake_are_narrow(client: httpx2.AsyncClient) -> None:
    assert (await client.post(EVENTS, content=bytes(3 * MIB))).status_code == 200
    assert (await client.post("/graphql", content=bytes(3 * MIB))).status_code == 413
    packed = gzip.compress(bytes(3 * MIB))
    answer = await client.post("/graphql", content=packed, headers={"content-encoding": "gzip"})
    assert answer.status_code == 413


async def test_refusal_stands_even_if_the_inside_swallows_it(client: httpx2.AsyncClient) -> None:
    async def too_much() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield bytes(MIB)

    answer = await client.post("/careless", content=too_much())
    assert (answer.status_code, answer.json()["error"]) == (413, "LIMIT")


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_request_that_takes_too_long_is_stopped(method: str) -> None:
    async with client_of(make_app(timeout_seconds=0.05)) as client:
        answer = await client.request(method, "/sleep")
    assert (answer.status_code, answer.json()["error"]) == (503, "UNAVAILABLE")
    assert answer.headers["retry-after"] == "1"


# --- hosts and origins -----------------------------------------------------------------------


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1:8080", "[::1]:8080"])
async def test_open_mode_answers_to_loopback_names(host: str) -> None:
    async with client_of(make_app(), f"http://{host}") as client:
        assert (await client.get("/graphql")).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "192.168.1.7:8080"])
async def test_open_mode_refuses_foreign_hosts_even_for_reading(host: str) -> None:
    async with client_of(make_app(), f"http://{host}") as client:
        answer = await client.get("/graphql")
    assert (answer.status_code, answer.json()["error"]) == (403, "FORBIDDEN")


async def test_token_mode_answers_to_any_host() -> None:
    async with client_of(make_app(auth=AuthSettings(mode="token")), "http://lineage.example") as client:
        assert (await client.get("/graphql")).status_code == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1:8080", 200),
        ("https://127.0.0.1:8080", 200),  # behind a proxy that ends TLS
        ("https://ui.example.com", 200),
        ("http://127.0.0.1:9999", 403),
        ("https://evil.example", 403),
        ("null", 403),
    ],
)
async def test_origin_of_what_changes_something(client: httpx2.AsyncClient, origin: str, status: int) -> None:
    answer = await client.post("/graphql", content=b"{}", headers={"origin": origin})
    assert answer.status_code == status


async def test_reading_and_programs_need_no_origin(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/graphql", headers={"origin": "https://evil.example"})).status_code == 200
    assert (await client.post("/graphql", content=b"{}")).status_code == 200


@pytest.mark.parametrize(
    ("origin", "host", "accepted"),
    [
        (b"http://127.0.0.1:8080", b"127.0.0.1:8080", True),
        (b"", b"127.0.0.1:8080", True),
        (b"https://evil.example", b"127.0.0.1:8080", False),
        (b"http://evil.example", b"evil.example", False),
        (b"http://[", b"127.0.0.1:8080", False),
    ],
)
async def test_origin_of_a_websocket(origin: bytes, host: bytes, accepted: bool) -> None:
    incoming: Iterator[Message] = iter([{"type": "websocket.connect"}])
    sent: list[Message] = []

    async def receive() -> Message:
        return next(incoming)

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"host", host), *([(b"origin", origin)] if origin else [])]
    scope = {"type": "websocket", "path": "/graphql", "headers": headers, "query_string": b""}
    await make_app()(scope, receive, send)
    first = sent[0]["type"]
    assert first == ("websocket.accept" if accepted else "websocket.close")


# --- traces ----------------------------------------------------------------------------------


async def test_callers_trace_is_taken_up(client: httpx2.AsyncClient) -> None:
    parent = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"
    answer = await client.get("/trace", headers={"traceparent": parent, "x-request-id": "mine-1"})
    assert answer.json() == {"trace": "ab" * 16, "parent": "cd" * 8, "request": "mine-1"}
    assert answer.headers["x-request-id"] == "mine-1"


@pytest.mark.parametrize("parent", ["", "rubbish", "00-" + "0" * 32 + "-" + "1" * 16 + "-01"])
async def test_invalid_trace_begins_a_new_one(client: httpx2.AsyncClient, parent: str) -> None:
    answer = await client.get("/trace", headers={"traceparent": parent, "x-request-id": "a b\tc"})
    told = answer.json()
    assert len(told["trace"]) == 32
    assert told["parent"] == ""
    assert told["request"] == answer.headers["x-request-id"]
    assert " " not in told["request"]


async def test_a_path_forges_no_line_of_the_log(
    client: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        await client.get("/a%0d%0aERROR%1b[31m%e2%80%a8x")
    (line,) = [r.getMessage() for r in caplog.records if r.getMessage().startswith("GET ")]
    assert line.startswith(r"GET /a\r\nERROR\x1b[31m\u2028x 404 ")
