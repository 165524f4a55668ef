"""The pages in a real browser, with no other server in reach than ours."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest

from tests.e2e.conftest import StartServer, client_environment
from tests.support.browser import Page, browsing
from tests.support.faults import EVENTS

pytestmark = pytest.mark.e2e

DONE = "document.querySelector('#stop').hidden && document.querySelector('#answer').textContent"
SEEN = "document.querySelector('#answer').textContent"
STATUS = "document.querySelector('#status').textContent"
FITS = "document.documentElement.scrollWidth <= window.innerWidth"


def run(page: Page, query: str, variables: str = "") -> dict[str, object]:
    """What the page shows of an operation's end."""
    page.type("#query", query)
    page.type("#variables", variables)
    page.press("Enter", control=True)
    return json.loads(page.wait_for(DONE))


@pytest.mark.timeout(240)
def test_a_newcomer_finds_the_way_and_asks(start_server: StartServer, tmp_path: Path) -> None:
    told = client_environment(tmp_path / "user", LINEAGE_AUTH__MODE="token")
    server = start_server(environment=told)
    token = (server.data_dir / "admin-token").read_text().strip()
    with browsing(tmp_path) as page:
        page.open(f"{server.url}/start")
        for width, dark in ((1200, False), (340, True)):
            assert page.look(width, 900, dark=dark).startswith(b"\x89PNG")
            assert page.run(FITS), f"{width} pixels are not enough for the start page"
            colour = page.run("getComputedStyle(document.documentElement).backgroundColor")
            assert (colour == "rgb(255, 255, 255)") is not dark
        page.run("document.querySelector('a[href=\"/graphql\"]').click()")
        page.wait_for("document.querySelector('#schema')?.children.length > 100")
        assert page.run(FITS), "340 pixels are not enough for GraphQL's page"
        page.look(1200, 900)
        check_asking(page, token)
        check_following(page, server.url, token)
        check_finding(page)
        assert [one for one in page.complaints if "401" not in one] == []
        assert {url.split("/")[2] for url in page.asked if not url.startswith("about:")} == {
            server.url.split("/")[2]
        }


def check_asking(page: Page, token: str) -> None:
    """Without a token, with one, with variables, with a mistake in them, and from an address."""
    refused = run(page, "{ me { subject } }")
    assert refused["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"  # type: ignore[index]
    assert page.run("document.activeElement.id") == "token"
    page.type("#token", token)
    assert run(page, "{ me { platformAdmin } }") == {"data": {"me": {"platformAdmin": True}}}
    create = "mutation($it: CreateProjectInput!) { createProject(input: $it) { problems { message } } }"
    made = run(page, create, '{"it": {"name": "pages"}}')
    assert made == {"data": {"createProject": {"problems": []}}}
    page.type("#variables", '{"it": ')
    page.press("Enter", control=True)
    page.wait_for(f"{STATUS}.startsWith('The variables cannot be read')")
    page.open(page.run("location.href").split("#")[0] + "#query=" + quote("{ server { name } }"))
    page.wait_for("document.querySelector('#query').value === '{ server { name } }'")
    page.run("document.querySelector('#run').click()")  # the tab still knows the token
    assert json.loads(page.wait_for(DONE)) == {"data": {"server": {"name": "lineage-server"}}}
    two = "query A { server { name } }\nquery B { server { version } }"
    assert "version" in run(page, two)["data"]["server"]  # type: ignore[index,call-overload]


def check_following(page: Page, url: str, token: str) -> None:
    """A subscription shows what comes, until it is stopped."""
    page.type("#query", 'subscription { runsChanged(project: "pages") { changes { uid } } }')
    page.press("Enter", control=True)
    page.wait_for("!document.querySelector('#stop').hidden")
    run_id = "11111111-2222-4333-8444-555555555555"
    with httpx2.Client(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=30) as http:
        deadline = time.monotonic() + 30
        for number in itertools.count():  # the first ones may come before the subscription exists
            event = {
                "type": "run",
                "project": "pages",
                "id": f"e{number}",
                "run": run_id,
                "reason": f"{number}",
            }
            assert http.post(EVENTS, content=json.dumps(event)).json()["accepted"] == 1
            if f"run:{run_id}" in page.run(SEEN):
                break
            assert time.monotonic() < deadline, page.run(STATUS)
    page.run("document.querySelector('#stop').click()")
    page.wait_for(f"{STATUS} === 'stopped'")


def check_finding(page: Page) -> None:
    """Examples fill in what they need; the schema is searched and followed."""
    examples = page.run("[...document.querySelectorAll('#examples option')].map((one) => one.value)")
    assert "Lineage" in examples
    page.run("document.querySelector('#examples').value = 'Lineage';"
             "document.querySelector('#examples').dispatchEvent(new Event('change'))")  # fmt: skip
    page.wait_for("document.querySelector('#query').value.startsWith('query Lineage(')")
    filled = json.loads(page.run("document.querySelector('#variables').value"))
    assert filled == {"start": [""], "direction": "UPSTREAM", "view": "VERSION"}
    page.run("document.querySelector('#show').click()")
    page.type("#search", "what breaks if this is bad")
    shown = "[...document.querySelectorAll('#schema > div:not([hidden])')].map((one) => one.id)"
    assert page.wait_for(shown) == ["type-Query", "type-Impact"]
    page.run("document.querySelector('#schema a[href=\"#type-Impact\"]').click()")
    assert len(page.run(shown)) > 100
    top = "document.querySelector('#type-Impact').getBoundingClientRect().top"
    assert page.run(f"{top} >= 0 && {top} < innerHeight")
