"""Pages that stay open while something happens: a server that is killed, a token that ends, another tab."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx2
import pytest

from lineage_server import Client
from lineage_server.client.config import load_config
from tests.e2e.conftest import RunningServer, StartServer, client_environment
from tests.support.browser import Page, another_tab, browsing
from tests.support.faults import ask, engine_process, graph_settings, until
from tests.support.neo4j_server import free_port
from tests.support.proxy import Proxy
from tests.support.streaming import CREATE, ME, expire, in_an_hour
from tests.support.web_view import HEADING, TEXT, build, check
from tests.support.web_world import make_project

if TYPE_CHECKING:
    from tests.support.neo4j_server import Address

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

AGAIN = "[...document.querySelectorAll('main button')].find((one) => one.innerText === 'Try again')"
ALERT = "document.querySelector('[role=alert]')"
PATIENT = {"LINEAGE_GRAPH__READ_TIMEOUT_SECONDS": "120"}
"""A server that waits for its graph longer than any test for a page."""
LEAVE = "[...document.querySelectorAll('[role=menuitem]')].find((one) => one.innerText === 'Sign out')"


def to(page: Page, name: str) -> None:
    """By the link in the navigation."""
    page.click(f"document.querySelector('nav a[href$=\"/{name}\"]')")


def record(url: str, folder: Path, name: str, project: str = "default") -> None:
    told = client_environment(folder / "user", url, LINEAGE_CAPTURE="none")
    with Client(config=load_config(environ=told, project=project)) as client:
        client.start_run(name, job=name).finish()
        assert client.flush(20.0)


def test_a_page_outlives_its_server(start_server: StartServer, tmp_path: Path) -> None:
    """Killed, away, started again: what is shown stays, and what is new comes by itself."""
    build()
    port = str(free_port())
    server = start_server("--port", port)
    record(server.url, tmp_path, "before")
    with browsing(tmp_path) as page:
        page.open(f"{server.url}/p/default/runs")
        page.wait_for(f"{TEXT}.includes('before')")
        page.run("window.stayed = true")
        server.process.send_signal(signal.SIGKILL)
        server.process.wait(20)
        again = start_server("--port", port)
        assert again.url == server.url
        record(again.url, tmp_path, "after")
        page.wait_for(f"{TEXT}.includes('after') && {TEXT}.includes('before')")
        assert page.run("window.stayed === true"), "nothing was loaded again"


def test_a_page_that_was_not_there_yet_says_that_the_server_is_away(
    start_server: StartServer, tmp_path: Path
) -> None:
    """Its code cannot be had: trying again is of no use until somebody answers, and then leads there."""
    build()
    port = str(free_port())
    server = start_server("--port", port)
    make_project(server.url, "default")
    with browsing(tmp_path) as page:
        page.open(f"{server.url}/p/default/runs")
        page.wait_for(f"{HEADING} === 'Runs'")
        server.process.send_signal(signal.SIGKILL)
        server.process.wait(20)
        to(page, "models")
        page.wait_for(f"{TEXT}.includes('The server cannot be reached')")
        page.click(AGAIN)
        page.wait_for(f"{TEXT}.includes('The server cannot be reached')")
        start_server("--port", port)
        page.click(AGAIN)
        page.wait_for(f"location.pathname === '/p/default/models' && {TEXT}.includes('No models yet')")


SAID = "document.querySelector('header + output')?.innerText"
AWAY = f"{SAID}?.startsWith('A part of the server does not answer')"


@contextlib.contextmanager
def on_a_graph_that_leaves(
    engine: str, start_server: StartServer, folder: Path, request: pytest.FixtureRequest
) -> Iterator[tuple[RunningServer, Callable[[], None], Callable[[], None]]]:
    """A server, and what makes its graph leave and come back: Neo4j is out of reach, the embedded engine
    neither answers nor breaks a connection."""
    if engine == "embedded":
        server = start_server(environment=client_environment(folder / "server", **PATIENT))
        process = engine_process(server.family())
        yield server, process.suspend, process.resume
        return
    neo4j: Address = request.getfixturevalue("neo4j_server")
    with Proxy(neo4j.uri) as proxy:
        told = client_environment(folder / "server", **graph_settings(neo4j, proxy.uri), **PATIENT)
        yield start_server(environment=told, outer=neo4j), proxy.cut, proxy.heal


@pytest.mark.parametrize("engine", ["embedded", "neo4j"])
def test_a_page_says_that_the_graph_is_away_and_goes_on_when_it_is_back(
    engine: str, start_server: StartServer, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """What was read stays; a page that could not be read, and one that was opened meanwhile, come then."""
    build()
    project = f"away-{uuid4().hex[:8]}"
    with (
        on_a_graph_that_leaves(engine, start_server, tmp_path, request) as (server, leave_, come_back),
        browsing(tmp_path) as page,
        another_tab(page) as other,
    ):
        record(server.url, tmp_path, "before", project)
        page.do("Page.bringToFront")  # in a tab behind another nothing is asked
        page.open(f"{server.url}/p/{project}/runs")
        page.wait_for(f"{TEXT}.includes('before')")
        page.run("window.stayed = true")
        assert page.run(SAID) == ""
        leave_()
        page.wait_for(AWAY)
        assert page.run(f"{TEXT}.includes('before')")
        to(page, "models")
        other.open(f"{server.url}/p/{project}/artifacts")
        # Nor of an engine that does not even refuse does a page wait for the answer of the server.
        for tab in (page, other):
            tab.do("Page.bringToFront")
            tab.wait_for(
                f"{ALERT}?.innerText.includes('does not answer now') && !!{ALERT}.querySelector('button')"
            )
        come_back()
        for tab, heading in ((other, "Artifacts"), (page, "Models")):
            tab.do("Page.bringToFront")
            tab.wait_for(
                f"{HEADING} === '{heading}' && {TEXT}.includes('No {heading.lower()} yet') && !{AWAY}"
            )
        assert page.run("window.stayed === true"), "nothing was loaded again"


def test_why_the_graph_is_away_is_told_in_the_language_of_the_reader(
    start_server: StartServer, tmp_path: Path
) -> None:
    build()
    server = start_server()
    engine = engine_process(server.family())
    with browsing(tmp_path) as page:
        page.open(f"{server.url}/p/default/admin")
        page.run("localStorage.setItem('lineage.language', 'ko')")
        page.open(f"{server.url}/p/default/admin")
        page.wait_for(f"{TEXT}.includes('대기 중인 이벤트 없음')")
        engine.suspend()
        page.wait_for(f"{TEXT}.includes('서버의 일부가 응답하지 않습니다')")
        detail = "document.querySelector('main td code[lang=en]')?.textContent"
        page.wait_for(f"{detail}?.length > 10")
        assert page.run("document.querySelectorAll('main [lang=en]:not(code, p)').length") == 0
        engine.resume()
        page.wait_for(f"{TEXT}.includes('응답 시간') && {detail} === undefined")


def short_token(server: RunningServer) -> tuple[str, str]:
    """Uid and text of one of a viewer, which ends."""
    root = (server.data_dir / "admin-token").read_text().strip()
    wanted: dict[str, Any] = {
        "name": "short",
        "service": True,
        "subject": "somebody",
        "scopes": [{"project": "default", "role": "VIEWER"}],
        "expiresAt": in_an_hour(),
    }
    made = ask(server.url, CREATE, {"input": wanted}, token=root)["createToken"]
    assert not made["problems"], made
    return made["token"]["uid"], made["text"]


def is_refused(server: RunningServer, token: str) -> bool:
    """Whether its time is over, as the server sees it."""
    headers = {"authorization": f"Bearer {token}"}
    return httpx2.post(f"{server.url}/graphql", json={"query": ME}, headers=headers).status_code == 401


def sign_in(page: Page, token: str) -> None:
    page.wait_for("location.pathname === '/sign-in' && !!document.querySelector('input')")
    page.type("input", token)
    page.run("document.querySelector('form').requestSubmit()")


def test_a_token_that_ends_under_an_open_page_leads_to_sign_in_and_back(
    start_server: StartServer, tmp_path: Path
) -> None:
    build()
    server = start_server(environment=client_environment(tmp_path / "user", LINEAGE_AUTH__MODE="token"))
    root = (server.data_dir / "admin-token").read_text().strip()
    make_project(server.url, "default", token=root)
    with browsing(tmp_path) as page:
        page.open(f"{server.url}/p/default/runs")
        uid, short = short_token(server)
        sign_in(page, short)
        page.wait_for(f"location.pathname === '/p/default/runs' && {HEADING} === 'Runs'")
        expire(server, uid)
        until(lambda: is_refused(server, short), 20, "the end of the token")  # which is known for seconds
        to(page, "models")
        page.wait_for("location.pathname === '/sign-in'")
        assert page.run("location.search") == "?next=%2Fp%2Fdefault%2Fmodels"
        sign_in(page, root)
        page.wait_for(f"location.pathname === '/p/default/models' && {HEADING} === 'Models'")


def test_two_tabs_show_the_same_and_are_signed_out_together(
    start_server: StartServer, tmp_path: Path
) -> None:
    build()
    server = start_server(environment=client_environment(tmp_path / "user", LINEAGE_AUTH__MODE="token"))
    root = (server.data_dir / "admin-token").read_text().strip()
    make_project(server.url, "default", token=root)
    with browsing(tmp_path) as page, another_tab(page) as other:
        page.open(f"{server.url}/p/default/runs")
        sign_in(page, root)
        page.wait_for(f"{HEADING} === 'Runs'")
        page.complaints.clear()  # that nobody was signed in yet
        other.open(f"{server.url}/p/default/runs")
        other.wait_for(f"{HEADING} === 'Runs'")
        told = client_environment(tmp_path / "user", server.url, LINEAGE_CAPTURE="none", LINEAGE_TOKEN=root)
        with Client(config=load_config(environ=told, project="default")) as client:
            client.start_run("seen by both", job="seen").finish()
            assert client.flush(20.0)
        for tab in (page, other):
            tab.wait_for(f"{TEXT}.includes('seen by both')")
            check(tab, server.url)
        leave(page)
        page.wait_for("location.pathname === '/sign-in'")
        to(other, "models")
        other.wait_for("location.pathname === '/sign-in'")


def leave(page: Page) -> None:
    page.do("Page.bringToFront")  # in a tab behind another nothing moves
    page.click("document.querySelector('button[aria-label^=\"Signed in\"]')")
    page.click(LEAVE)
