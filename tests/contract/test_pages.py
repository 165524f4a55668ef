"""Pages of the server's own: open to all, made of what lies in the package, nothing from outside."""

from __future__ import annotations

import html
import re
from pathlib import Path

import httpx2
import pytest

from lineage_server import __version__
from lineage_server.api import pages
from lineage_server.api.gql.documents import OPERATIONS, read_operations
from tests.support.neo4j_server import Address
from tests.support.served import Served, serving

FILES = [path for path in Path(pages.__file__).parent.iterdir() if path.suffix != ".py" and path.is_file()]
README = OPERATIONS.parents[1] / "README.md"
BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
WEB_VIEW = ("'wasm-unsafe-eval'", "blob:")
EXPECTED_OUTSIDE = {"http://www.w3.org/2000/svg", "http://127.0.0.1:8080"}
"""A namespace, which nothing asks for, and the address that clients take for granted."""


def test_pages_name_nothing_outside() -> None:
    assert {path.name for path in FILES} >= {"start.html", "graphql.html", "graphql.js", "style.css"}
    for path in FILES:
        text = path.read_text("utf-8")
        assert set(re.findall(r"""\w+://[^\s"'<`]+""", text)) <= EXPECTED_OUTSIDE, path.name
        assert not re.search(r"""(?:src|href)=["']//|@import|url\(""", text), path.name
        if path.suffix == ".html":  # what the policy forbids would silently not work
            assert not re.search(r"<script(?! src)|<style| style=| on\w+=", text), path.name


def test_the_start_page_shows_the_five_lines_of_the_readme() -> None:
    page = next(path for path in FILES if path.name == "start.html").read_text("utf-8")
    section = README.read_text("utf-8").partition("\n## Five lines\n")[2]
    lines = section.partition("```python\n")[2].partition("```")[0]
    assert html.unescape(re.findall(r"<code>(import.+?)</code>", page, re.DOTALL)[0]) == lines.rstrip()


async def get(http: httpx2.AsyncClient, path: str) -> httpx2.Response:
    answer = await http.get(path, headers=BROWSER)
    assert answer.status_code == 200, (path, answer.text)
    return answer


async def test_pages_and_all_that_they_lead_to_need_no_token(guarded: Served) -> None:
    start = await get(guarded.http, "/start")
    assert f"version {__version__}" in start.text
    todo, seen = ["/start", "/graphql"], set[str]()
    while todo:
        path = todo.pop()
        seen.add(path)
        answer = await get(guarded.http, path)
        if answer.headers["content-type"].startswith("text/html"):
            policy = answer.headers["content-security-policy"].split("; ")
            assert "default-src 'none'" in policy
            # The web view, to which both lead, may start WebAssembly and show pictures that it made.
            assert all(set(rule.split()[1:]) <= {"'none'", "'self'", *WEB_VIEW} for rule in policy)
            links = re.findall(r'(?:href|src)="([^"]+)"', answer.text)
            todo += [html.unescape(link) for link in links if html.unescape(link) not in seen]
    assert {
        "/graphql",
        "/graphql/schema",
        "/docs/events",
        "/pages/graphql.js",
        "/readyz?verbose",
        "/metrics",
    } <= seen
    schema = await get(guarded.http, "/graphql/schema")
    assert schema.text == (OPERATIONS.parent / "schema.graphql").read_text("utf-8")
    assert (await get(guarded.http, "/graphql/operations")).json() == read_operations()
    # The page, and no more: whoever asks without a token is told so.
    asked = await guarded.http.post("/graphql", json={"query": "{ me { subject } }"}, headers=BROWSER)
    assert asked.status_code == 401


@pytest.mark.usefixtures("graph")
async def test_a_page_that_is_switched_off_is_not_led_to(bolt: Address, tmp_path: Path) -> None:
    async with serving(bolt, tmp_path, settings={"http": {"graphiql": "off"}}) as served:
        assert 'href="/graphql"' not in (await get(served.http, "/start")).text
        told = (await served.http.get("/graphql", headers=BROWSER)).json()
    assert told["errors"][0]["extensions"]["code"] == "BAD_INPUT"
