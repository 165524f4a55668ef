"""The web view in a real browser, against a real server; no other server is in reach."""

from __future__ import annotations

import subprocess
from pathlib import Path
from uuid import uuid4

import pytest

from lineage_server import Client
from lineage_server.client.config import load_config
from tests.e2e.conftest import Recording, RunningServer, StartServer, client_environment
from tests.support.browser import Page, browsing
from tests.support.faults import ask
from tests.support.streaming import CREATE
from tests.support.web_pages import PLAIN, press
from tests.support.web_view import (
    HEADING,
    HOME_KB,
    LINEAGE_KB,
    SCRIPT,
    TEXT,
    build,
    check,
    check_access,
    script_kb,
)
from tests.support.web_world import make_project

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

FAILED = """
[...document.querySelectorAll('main section')]
  .find((one) => one.querySelector('h2')?.textContent === 'Failed in the last 24 hours')"""


@pytest.fixture
def project() -> str:
    """One of the test's own: the server is shared."""
    return f"view-{uuid4().hex[:8]}"


def test_the_first_run_is_waited_for_and_shown_by_itself(
    page: Page, running_server: RunningServer, recording: Recording, project: str
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{project}")
    page.wait_for(f"{TEXT}.includes('Waiting for the first run')")
    assert "LINEAGE_TOKEN" not in page.run(TEXT), "nobody signs in here"
    assert page.run(
        "[...document.querySelectorAll('main pre')].every((one) => one.scrollWidth <= one.clientWidth)"
    )
    check_access(page)
    with recording(project) as client:
        with client.start_run(SCRIPT, job="hostile") as run:
            run.use({"petal": [1, 2]}, name=SCRIPT, type="dataset")
            run.produce("꽃", {"weights": [1]}, type="model")
        assert client.flush(20.0)
    page.wait_for(f"{TEXT}.includes('Recent runs') && {TEXT}.includes('complete')")
    assert SCRIPT in page.run(TEXT)
    check_access(page)
    check(page, url)


def test_the_palette_finds_and_leads_there_in_both_languages(
    page: Page, running_server: RunningServer, recording: Recording, project: str
) -> None:
    url = running_server.url
    with recording(project) as client:
        with client.start_run("sift", job="sift") as run:
            run.produce("grains", {"n": [1, 2]}, type="dataset")
        assert client.flush(20.0)
    page.open(f"{url}/p/{project}")
    page.wait_for(f"{HEADING} === '{project}'")
    page.run("document.querySelector('button[aria-label=Language]').click()")
    page.wait_for("document.querySelectorAll('[role=menuitem][lang=ko]').length === 1")
    page.run("document.querySelector('[role=menuitem][lang=ko]').click()")
    page.wait_for(f"document.documentElement.lang === 'ko' && {TEXT}.includes('최근 실행')")
    check_access(page)
    page.press("k", control=True)
    page.wait_for("!!document.querySelector('[role=dialog] input')")
    page.type("[role=dialog] input", "grains")
    page.wait_for("!!document.querySelector('[role=dialog] [data-action]')?.innerText.includes('grains')")
    page.press("Enter")
    page.wait_for(f"location.pathname.endsWith('/artifact') && {HEADING} === 'grains'")
    check_access(page)
    page.press("k", control=True)
    page.wait_for("!!document.querySelector('[role=dialog] input')")
    composing = "new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true})"
    page.type("[role=dialog] input", "실행")
    page.wait_for("!!document.querySelector('[role=dialog] [data-action]')")
    page.run(f"document.querySelector('[role=dialog] input').dispatchEvent({composing})")
    assert page.run("!!document.querySelector('[role=dialog]')"), "a letter is put together"
    page.press("Enter")
    page.wait_for("location.pathname.endsWith('/runs')")
    check(page, url)


def palette(page: Page, typed: str, first: str) -> None:
    """Opened and typed into by keys, until this is the first that it offers."""
    page.press("k", control=True)
    page.wait_for("document.activeElement.matches('[role=dialog] input')")
    page.do("Input.insertText", text=typed)
    page.wait_for(
        f"document.querySelector('[role=dialog] [data-action]')?.innerText.trim() === {first!r} "
        "&& document.querySelectorAll('[role=dialog] [data-action]').length > 1"
    )


def test_what_home_and_the_palette_offer_is_done(
    page: Page, running_server: RunningServer, recording: Recording, project: str
) -> None:
    url = running_server.url
    with recording(project) as client:
        client.start_run("kept", job="sift").finish()
        with client.start_run("lost", job="sift") as run:
            run.fail(f"no room {SCRIPT}")
        assert client.flush(20.0)
    page.open(f"{url}/p/{project}")
    page.wait_for(f"{TEXT}.includes('Recent runs') && !!{FAILED}?.querySelector('li')")
    assert page.run(f"{FAILED}.querySelectorAll('li').length") == 1
    for words in ("lost", "failed", f"no room {SCRIPT}"):
        assert words in page.run(f"{FAILED}.innerText"), words
    page.run(f"{FAILED}.querySelector('a').click()")
    page.wait_for(f"{HEADING} === 'lost' && location.pathname.includes('/runs/')")
    page.run("history.back()")
    for action, place, shown in (
        ("Lineage of the newest run", "/lineage?focus=", "[data-focus]"),
        ("Register a model", "/models?form=true", "[role=dialog] form"),
        ("Make a token", "/settings?view=tokens&create=true", "[role=dialog]"),
        ("Search everything", "/search", "main input"),
    ):
        press(page, action)
        page.wait_for(f"location.href.includes({place!r}) && !!document.querySelector({shown!r})")
        page.run("history.back()")
        page.wait_for(f"{HEADING} === {project!r} && !document.querySelector('[role=dialog]')")
    act_by_the_palette(page, url)
    check(page, url)


def act_by_the_palette(page: Page, url: str) -> None:
    """All that it does, by keys alone; it is shown in both languages to whoever cannot see it, too."""
    for typed, action, place in (
        ("register", "Register a model", "/models?form=true"),
        ("token", "Make a token", "/settings?view=tokens&create=true"),
        ("make proj", "Make a project", "/projects?create=true"),
    ):
        palette(page, typed, action)
        page.press("Enter")
        page.wait_for(f"location.href.includes({place!r})")
        page.wait_for(f"document.querySelector('[role=dialog] h2')?.textContent === {action!r}")
        page.press("Escape")
        page.wait_for("!document.querySelector('[role=dialog]')")
    page.do("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    page.do("Page.bringToFront")
    palette(page, "address", "Copy the address of this page")
    check_access(page)
    page.press("Enter")
    page.wait_for("!document.querySelector('[role=dialog]')")
    page.wait_for("navigator.clipboard.readText().then((copied) => copied === location.href)")
    for scheme in ("dark", "light"):
        palette(page, "light dark", "Switch between light and dark")
        page.press("Enter")
        page.wait_for(f"document.documentElement.dataset.mantineColorScheme === {scheme!r}")
        page.wait_for("!document.querySelector('[role=dialog]')")
    palette(page, "한국", "한국어")
    page.press("Enter")
    page.wait_for("document.documentElement.lang === 'ko' && !document.querySelector('[role=dialog]')")
    palette(page, "토큰", "토큰 만들기")
    check_access(page)
    page.press("Enter")
    page.wait_for("document.querySelector('[role=dialog] h2')?.textContent === '토큰 만들기'")
    check_access(page)
    page.press("Escape")
    page.wait_for("!document.querySelector('[role=dialog]')")
    palette(page, "english", "English")
    page.press("Enter")
    page.wait_for("document.documentElement.lang === 'en' && !document.querySelector('[role=dialog]')")
    page.run(PLAIN)
    page.press("k", control=True)
    page.wait_for("document.activeElement.matches('[role=dialog] input')")
    page.do("Input.insertText", text="address")
    offered = (
        "[...document.querySelectorAll('[role=dialog] [data-action]')].map((one) => one.innerText.trim())"
    )
    page.wait_for(f"String({offered}) === 'All results for “address”'")


def test_who_is_not_signed_in_is_led_to_sign_in_and_back(start_server: StartServer, tmp_path: Path) -> None:
    build()
    server = start_server(environment=client_environment(tmp_path / "user", LINEAGE_AUTH__MODE="token"))
    token = (server.data_dir / "admin-token").read_text().strip()
    typed = server.output().partition("  token     ")[2].partition("\n")[0]
    said = subprocess.check_output(["bash", "-c", f"{typed} && printenv LINEAGE_TOKEN"], text=True)
    assert said.strip() == token
    with browsing(tmp_path) as page:
        page.open(f"{server.url}/p/default/runs")
        page.wait_for("location.pathname === '/sign-in' && !!document.querySelector('input')")
        check_access(page)
        page.run("localStorage.setItem('lineage.language', 'ko')")
        page.open(page.run("location.href"))
        page.wait_for("document.querySelector('h1')?.textContent === '로그인'")
        check_access(page)
        page.run("localStorage.removeItem('lineage.language')")
        page.open(page.run("location.href"))
        page.wait_for("document.documentElement.lang === 'en' && !!document.querySelector('input')")
        page.type("input", "lin_nobody")
        page.run("document.querySelector('form').requestSubmit()")
        page.wait_for("document.body.innerText.includes('does not accept this token')")
        page.type("input", token)
        page.run("document.querySelector('form').requestSubmit()")
        page.wait_for("location.pathname === '/p/default/runs' && !!document.querySelector('main h1')")
        assert token not in page.run("document.cookie + JSON.stringify(localStorage)")
        page.do("Network.clearBrowserCookies")  # as when the session is over
        page.open(f"{server.url}/p/default")
        page.wait_for("location.pathname === '/sign-in'")
        assert page.run("location.search") == "?next=%2Fp%2Fdefault"
        for elsewhere in ("http://example.org/", "//example.org/", "/%5Cexample.org"):
            page.open(f"{server.url}/sign-in?next={elsewhere}")
            page.wait_for("!!document.querySelector('input')")
            page.type("input", token)
            page.run("document.querySelector('form').requestSubmit()")
            page.wait_for("location.pathname === '/p/default' && !!document.querySelector('main h1')")
            assert page.run("location.origin") == server.url
            page.wait_for(f"{TEXT}.includes('Waiting for the first run')")
            assert page.run(HEADING) == "default", "nobody has mistyped it"
            assert "export LINEAGE_TOKEN=" in page.run(TEXT), "else the first lines would be refused"
            page.do("Network.clearBrowserCookies")
        sign_in(page, server.url, token)
        page.wait_for(f"{TEXT}.includes('Waiting for the first run')")
        make_project(server.url, "demo", token=token)  # as the sample does, while one looks at this
        page.wait_for("[...document.querySelectorAll('main a')].some((one) => one.pathname === '/p/demo')")
        check_access(page)


def test_pages_load_no_more_script_than_they_may(
    page: Page, running_server: RunningServer, recording: Recording, project: str
) -> None:
    url = running_server.url
    with recording(project) as client:
        with client.start_run("sift", job="sift") as run:
            run.produce("grains", {"n": [1, 2]}, type="dataset")
        assert client.flush(20.0)
    home = script_kb(page, f"{url}/p/{project}")
    assert 50 < home <= HOME_KB
    lineage = script_kb(page, f"{url}/p/{project}/lineage?focus=dataset:grains", "[data-focus]")
    assert 10 < lineage - home <= LINEAGE_KB
    check(page, url)


def sign_in(page: Page, url: str, token: str) -> None:
    page.open(f"{url}/p/default")
    page.wait_for("location.pathname === '/sign-in' && !!document.querySelector('input')")
    page.type("input", token)
    page.run("document.querySelector('form').requestSubmit()")
    page.wait_for("location.pathname === '/p/default'")


def test_home_shows_ones_own_runs_and_leads_to_everybodys_and_back(
    start_server: StartServer, tmp_path: Path
) -> None:
    build()
    server = start_server(environment=client_environment(tmp_path / "user", LINEAGE_AUTH__MODE="token"))
    root = (server.data_dir / "admin-token").read_text().strip()
    told = client_environment(tmp_path / "root", server.url, LINEAGE_TOKEN=root, LINEAGE_CAPTURE="none")
    with Client(config=load_config(environ=told, project="default")) as client:
        client.start_run("of the admin", job="of the admin").finish()
        assert client.flush(20.0)
    wanted = {
        "name": "reads", "service": True, "subject": "somebody",
        "scopes": [{"project": "default", "role": "VIEWER"}],
    }  # fmt: skip
    other = ask(server.url, CREATE, {"input": wanted}, token=root)["createToken"]["text"]
    with browsing(tmp_path) as page:
        for token, expected in ((other, "You have no runs here yet"), (root, "of the admin")):
            page.clear()
            sign_in(page, server.url, token)
            page.wait_for(f"{TEXT}.includes('My recent runs') && {TEXT}.includes({expected!r})")
            check_access(page)
        page.click("[...document.querySelectorAll('main a')].find((one) => one.textContent === 'All runs')")
        page.wait_for(f"{HEADING} === 'Runs' && {TEXT}.includes('of the admin')")
        mine = "[...document.querySelectorAll('main search button')].find((one) => one.innerText === 'Mine')"
        page.click(mine)
        page.wait_for(f"location.search.includes('by') && {mine}.ariaPressed === 'true'")
        page.wait_for(f"{TEXT}.includes('of the admin')")
        check_access(page)
        page.clear()
        sign_in(page, server.url, other)
        page.open(f"{server.url}/p/default/runs")
        page.wait_for(f"{TEXT}.includes('of the admin')")
        page.click(mine)
        page.wait_for(f"{TEXT}.includes('No run fits this filter')")
        page.click(mine)
        page.wait_for(f"{TEXT}.includes('of the admin')")
