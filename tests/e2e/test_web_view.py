"""The web view in a real browser, against a real server; no other server is in reach."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from lineage_server import Client
from lineage_server.client.config import load_config
from tests.e2e.conftest import RunningServer, StartServer, client_environment
from tests.support.browser import Page, browsing
from tests.support.web_view import build

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

AXE = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
HEADING = "document.querySelector('main h1')?.textContent"
TEXT = "(document.querySelector('main')?.innerText ?? '')"
# Colours on their way from one theme to the other have no contrast to speak of; what turns for ever may turn.
AT_REST = """
document.getAnimations().every((one) =>
  one.playState !== 'running' || one.effect.getComputedTiming().iterations === Infinity)
"""
FITS = """
[document.documentElement, document.querySelector('main')].every((one) => one.scrollWidth <= one.clientWidth)
"""
SCRIPT = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script>"
VIOLATIONS = """
axe.run(document, {resultTypes: ['violations']}).then(({violations}) =>
  violations.map(({id, nodes}) => `${id}: ${nodes.map(({html}) => html.slice(0, 150)).join(' | ')}`))
"""


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    build()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browsing(tmp_path_factory.mktemp("web-view")) as opened:
        yield opened


@pytest.fixture
def project() -> str:
    """One of the test's own: the server is shared."""
    return f"view-{uuid4().hex[:8]}"


def client_of(url: str, folder: Path, project: str) -> Client:
    environment = client_environment(folder, url, LINEAGE_CAPTURE="none")
    return Client(config=load_config(environ=environment, project=project))


def check(page: Page, url: str) -> None:
    """Nothing complained, nobody else was asked, nothing that was told as a name ran."""
    assert page.complaints == []
    assert {asked.split("/")[2] for asked in page.asked if asked.startswith(("http", "ws"))} == {
        url.split("/")[2]
    }
    assert page.run("window.hacked === undefined")


def check_access(page: Page) -> None:
    """No violation of the rules of accessible pages, in both themes and at three widths."""
    page.run(AXE.read_text("utf-8") + ";0")
    for width, dark in ((1440, False), (768, True), (360, False)):
        assert page.look(width, 900, dark=dark).startswith(b"\x89PNG")
        page.wait_for(FITS)
        page.wait_for(AT_REST)
        assert (width, dark, page.run(VIOLATIONS)) == (width, dark, [])
    page.look(1440, 900)


def test_the_first_run_is_waited_for_and_shown_by_itself(
    page: Page, running_server: RunningServer, tmp_path: Path, project: str
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{project}")
    page.wait_for(f"{TEXT}.includes('Waiting for the first run')")
    check_access(page)
    with client_of(url, tmp_path, project) as client:
        with client.start_run(SCRIPT, job="hostile") as run:
            run.use({"petal": [1, 2]}, name=SCRIPT, type="dataset")
            run.produce("꽃", {"weights": [1]}, type="model")
        assert client.flush(20.0)
    page.wait_for(f"{TEXT}.includes('Recent runs') && {TEXT}.includes('complete')")
    assert SCRIPT in page.run(TEXT)
    check_access(page)
    check(page, url)


def test_runs_lead_to_their_lineage_which_is_walked_by_keys(
    page: Page, running_server: RunningServer, tmp_path: Path, project: str
) -> None:
    url = running_server.url
    with client_of(url, tmp_path, project) as client:
        with client.start_run("prepare", job="prepare") as run:
            clean = run.produce("clean", {"n": [1, 2]}, type="dataset")
        with client.start_run("train", job="train") as run:
            run.use(clean, role="data")
            run.produce("network", {"weights": [1]}, type="model")
        assert client.flush(20.0)
    page.open(f"{url}/p/{project}/runs")
    page.wait_for("document.querySelectorAll('tbody tr').length === 2")
    check_access(page)
    page.run("[...document.querySelectorAll('tbody a')].find((one) => one.textContent === 'train').click()")
    page.wait_for("!!document.querySelector('[data-focus] [title=train]')")
    check_access(page)
    page.run("document.querySelector('input[value=outline]').click()")
    names = "[...document.querySelectorAll('[role=treegrid] tbody th bdi')].map((one) => one.textContent)"
    page.wait_for(f"String({names}) === 'train,clean@1,network@1'")
    assert "tab=outline" in page.run("location.search")
    check_access(page)
    page.run("document.querySelector('[role=treegrid] tbody tr').focus()")
    for key in ("ArrowDown", "Enter"):
        page.press(key)
    page.wait_for("document.querySelector('aside h2')?.textContent === 'clean@1'")
    assert "at=" in page.run("location.search"), "what is looked at is in the address"
    check_access(page)
    page.run("[...document.querySelectorAll('aside button')].at(-1).click()")
    page.wait_for(f"String({names}).startsWith('clean@1')")
    page.run("history.back()")
    page.wait_for(f"String({names}).startsWith('train')")
    check(page, url)


def test_the_palette_finds_and_leads_there_in_both_languages(
    page: Page, running_server: RunningServer, tmp_path: Path, project: str
) -> None:
    url = running_server.url
    with client_of(url, tmp_path, project) as client:
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
    page.wait_for("location.pathname.endsWith('/lineage') && location.search.includes('grains')")
    page.wait_for("!!document.querySelector('[data-focus]')")
    page.run("localStorage.clear()")
    check(page, url)


def test_who_is_not_signed_in_is_led_to_sign_in_and_back(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(environment=client_environment(tmp_path / "user", LINEAGE_AUTH__MODE="token"))
    token = (server.data_dir / "admin-token").read_text().strip()
    with browsing(tmp_path) as page:
        page.open(f"{server.url}/p/default/runs")
        page.wait_for("location.pathname === '/sign-in' && !!document.querySelector('input')")
        check_access(page)
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
