"""The web view's page and parts: in what form, kept for how long, and at which addresses."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from lineage_server.api import errors, static

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8", "accept-encoding": "gzip, deflate, br"}
PART = "/assets/main-1a2b3c.js"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """What a build leaves behind; the forms differ, so that each can be told from the others."""
    (tmp_path / "assets").mkdir()
    for name in ("index.html", "assets/main-1a2b3c.js"):
        for suffix, content in (("", b"plain"), (".br", b"by brotli"), (".gz", b"by gzip")):
            (tmp_path / f"{name}{suffix}").write_bytes(content)
    return tmp_path


def asking(folder: Path) -> httpx2.AsyncClient:
    async def graphql(_request: Request) -> Response:
        return PlainTextResponse("GraphQL")

    app = Starlette(routes=[Route("/api/v1/things", graphql)])
    errors.install(app)
    static.install(app, folder)
    app.router.routes.append(Route("/graphql", graphql))  # comes when the graph is there, after all else
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1")


async def raw(http: httpx2.AsyncClient, path: str, **headers: str) -> tuple[httpx2.Response, bytes]:
    """As it comes over the wire: these bodies are no real brotli."""
    async with http.stream("GET", path, headers={**BROWSER, **headers}) as answer:
        return answer, b"".join([piece async for piece in answer.aiter_raw()])


async def test_parts_come_compressed_and_are_kept_for_ever(built: Path) -> None:
    async with asking(built) as http:
        for taken, encoding, content in (
            ("gzip, deflate, br, zstd", "br", b"by brotli"),
            ("gzip;q=1.0", "gzip", b"by gzip"),
            ("identity", None, b"plain"),
        ):
            answer, body = await raw(http, PART, **{"accept-encoding": taken})
            assert (answer.status_code, answer.headers.get("content-encoding"), body) == (
                200,
                encoding,
                content,
            )
            assert answer.headers["vary"] == "accept-encoding"
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.headers["content-type"].startswith("text/javascript")
            # It may be that of a worker, which is not held to the policy of its page.
            assert "default-src 'none'" in answer.headers["content-security-policy"]
        for gone in ("/assets/old-000000.js", "/assets/..%2f..%2findex.html", "/assets/main-1a2b3c.js.br"):
            assert (await http.get(gone, headers=BROWSER)).status_code == 404, gone


@pytest.mark.parametrize("path", ["/p/default", "/p/%EB%AA%85%EB%A0%B9/runs", "/sign-in", "/nowhere/at/all"])
async def test_deep_links_answer_the_page_which_is_not_kept(built: Path, path: str) -> None:
    async with asking(built) as http:
        answer, body = await raw(http, path)
    assert (answer.status_code, body) == (200, b"by brotli")
    assert answer.headers["cache-control"] == "no-cache"
    policy = answer.headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "script-src 'self' 'wasm-unsafe-eval'" in policy
    words = {word for rule in policy for word in rule.split()[1:]}
    assert words <= {"'none'", "'self'", "'wasm-unsafe-eval'", "blob:"}


async def test_the_page_stands_before_nothing_of_the_servers_own(built: Path) -> None:
    async with asking(built) as http:
        for path in ("/graphql", "/api/v1/things"):
            assert (await http.get(path, headers=BROWSER)).text == "GraphQL", path
        for path in ("/api/v1/nothing", "/api", "/livez", "/metrics", "/graphql/nothing", "/assets"):
            answer = await http.get(path, headers=BROWSER)
            assert (answer.status_code, answer.json()["error"]) == (404, "NOT_FOUND"), path
        # A program that mistypes an address is told so, and is not sent a page.
        for method, headers in (("GET", {"accept": "*/*"}), ("POST", BROWSER)):
            answer = await http.request(method, "/p/default", headers=headers)
            assert (answer.status_code, answer.json()["error"]) == (404, "NOT_FOUND"), method


async def test_an_installation_without_the_page_says_so(tmp_path: Path) -> None:
    async with asking(tmp_path) as http:
        answer = await http.get("/p/default/runs", headers=BROWSER)
    assert answer.status_code == 503
    assert "installed without its web view" in answer.text
    assert "make run" in answer.text
