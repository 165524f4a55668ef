"""The bell of the web view, live, in a real browser: whom what is told, where it leads, what stays read."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from lineage_server import Client
from lineage_server.client.config import load_config
from lineage_server.domain.events import ModelVersionReported
from tests.e2e.conftest import Recording, RunningServer, StartServer, client_environment
from tests.support.browser import Page, browsing
from tests.support.faults import ask
from tests.support.streaming import CREATE
from tests.support.web_pages import QUESTIONS, asked_for, press, with_first
from tests.support.web_view import HEADING, SCRIPT, TEXT, build, check, check_access

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

BELL = "document.querySelector('header button[aria-haspopup=dialog][aria-label^=\"%s\"]')"
NAMED = BELL % "Notifications"
COUNT = f"({NAMED}?.textContent ?? '')"
PANEL = "document.querySelector('[role=dialog] h2')?.closest('[role=dialog]')"
ITEMS = "[...document.querySelectorAll('[role=dialog] li[data-kind]')]"
LONG = f"{SCRIPT} \u202e\u05d0 {'꽃' * 240}"
"""What must not run, turn the text around it or push the rest away."""


REFUSED = """
window.told = window.fetch;
const broken = () => new Response(JSON.stringify({errors: [{message: 'x', extensions: {code: 'INTERNAL'}}]}));
window.fetch = async (at, how) => (/query Notifications/.test(how?.body) ? broken() : window.told(at, how));
"""

SLOW = """
window.told = window.fetch;
window.given_up = 0;
window.fetch = async (at, how) => {
  if (!/query Runs[(]/.test(how?.body)) return window.told(at, how);
  let over = false;
  how.signal.addEventListener('abort', () => { window.given_up += over ? 0 : 1; });
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  return window.told(at, how).finally(() => { over = true; });
};
"""


READ_AGAIN = "window.questions.filter(({name}) => name === 'Notifications').slice(1).map(({at}) => at)"
APART_MILLISECONDS = 5_000
"""However much happens, a page reads it no more often."""


@dataclass(frozen=True)
class Place:
    """A server that asks for tokens, with those of two people of ``default`` and of a stranger."""

    server: RunningServer
    kit: str
    lea: str
    eve: str
    folder: Path

    def do(self, token: str, name: str, /, **given: Any) -> None:
        do(self.server.url, token, name, given)

    def fail(self, token: str, name: str, times: int = 1) -> None:
        """Runs that fail now, each of a job of its own."""
        told = client_environment(self.folder, self.server.url, LINEAGE_TOKEN=token, LINEAGE_CAPTURE="none")
        with Client(config=load_config(environ=told, project="default")) as client:
            for number in range(times):
                client.start_run(name, job=f"{name[:20]} {number}").fail(f"it broke {SCRIPT}")
                assert client.flush(20.0)


def do(url: str, token: str, name: str, given: dict[str, Any]) -> None:
    """A mutation that must do what it says."""
    kind = f"{name[0].upper()}{name[1:]}Input"
    query = f"mutation($i: {kind}!) {{ {name}(input: $i) {{ problems {{ message }} }} }}"
    payload = ask(url, query, {"i": given}, token=token)[name]
    assert payload["problems"] == [], payload


@pytest.fixture
def place(start_server: StartServer, tmp_path: Path) -> Place:
    build()
    server = start_server(environment=client_environment(tmp_path / "user", LINEAGE_AUTH__MODE="token"))
    root = (server.data_dir / "admin-token").read_text().strip()
    tokens: dict[str, str] = {}
    for project in ("default", "elsewhere"):
        do(server.url, root, "createProject", {"name": project})
    for who, project in (("kit", "default"), ("lea", "default"), ("eve", "elsewhere")):
        do(server.url, root, "setMember", {"project": project, "subject": who, "role": "EDITOR"})
        given = {"input": {"name": who, "subject": who}}
        tokens[who] = ask(server.url, CREATE, given, token=root)["createToken"]["text"]
    return Place(server=server, folder=tmp_path / "clients", **tokens)


def enter(page: Page, place: Place, token: str, path: str = "/p/default") -> None:
    """Signed in as whose token this is, with nobody's marks forgotten."""
    assert page.complaints == [], page.complaints
    page.do("Network.clearBrowserCookies")
    page.open(f"{place.server.url}{path}")
    page.wait_for("location.pathname === '/sign-in' && !!document.querySelector('input')")
    page.type("input", token)
    page.run("document.querySelector('form').requestSubmit()")
    page.wait_for(f"location.pathname === {path!r} && !!{NAMED}")
    page.complaints.clear()  # that nobody was signed in


def opened(page: Page) -> None:
    page.wait_for(f"!!{NAMED}")
    page.run(f"{NAMED}.focus()")
    page.press("Enter")
    page.wait_for(f"!!{PANEL} && !document.querySelector('[role=dialog] .mantine-Skeleton-root')")


def test_a_run_that_fails_while_one_looks_rings_the_bell_and_is_read_once(
    place: Place, tmp_path: Path
) -> None:
    with browsing(tmp_path) as page:
        enter(page, place, place.kit)
        nothing_yet(page)
        place.fail(place.kit, LONG)
        place.fail(place.lea, "of somebody else")
        page.wait_for(f"{COUNT} === '1'")
        assert page.run(f"{NAMED}.getAttribute('aria-label')") == "Notifications, 1 new"
        opened(page)
        (said,) = page.run(f"{ITEMS}.map((one) => one.innerText)")
        assert "New" in said
        assert said.startswith("Run \u2068<img src=x")
        assert "failed" in said
        assert "it broke <img" in said
        check_access(page)
        page.run(f"{ITEMS}[0].querySelector('a').click()")
        page.wait_for(f"{HEADING}?.startsWith('<img src=x') && location.pathname.includes('/runs/')")
        page.wait_for(f"!{PANEL} && {COUNT} === ''")
        asked_and_decided(page, place)
        stays_read(page, place)
        enter(page, place, place.eve, "/p/elsewhere")
        opened(page)
        page.wait_for(f"{PANEL}.innerText.includes('Nothing needs you now')")
        check(page, place.server.url)


def nothing_yet(page: Page) -> None:
    """Opened, left with Escape, and one stands where one stood."""
    assert page.run(f"{NAMED}.getAttribute('aria-label')") == "Notifications, nothing new"
    opened(page)
    page.wait_for(f"{PANEL}.innerText.includes('Nothing needs you now')")
    check_access(page)
    page.press("Escape")
    page.wait_for(f"!{PANEL} && document.activeElement === {NAMED}")


def asked_and_decided(page: Page, place: Place) -> None:
    """What waits leads to where one decides; told without a word of the page being read anew."""
    model = {"project": "default", "model": SCRIPT}
    place.do(place.lea, "registerModel", project="default", name=SCRIPT)
    place.do(place.lea, "createModelVersion", **model, uri="s3://bucket/1")
    asked = {**model, "version": "1", "alias": "prod", "comment": "please look"}
    place.do(place.lea, "requestApproval", **asked)
    page.wait_for(f"{COUNT} === '1'")
    opened(page)
    told = page.run(f"{ITEMS}.map((one) => [one.dataset.kind, one.dataset.new ?? '', one.innerText])")
    assert [one[:2] for one in told] == [["APPROVAL_WAITING", "true"], ["RUN_FAILED", ""]]
    assert "lea" in told[0][2]
    assert "please look" in told[0][2]
    page.run(f"{ITEMS}[0].querySelector('a').click()")
    page.wait_for(f"location.search.includes('view=approvals') && {TEXT}.includes('please look')")
    page.wait_for(f"{COUNT} === ''")


def stays_read(page: Page, place: Place) -> None:
    """In both languages, after the page was loaded anew, and after somebody else has looked."""
    place.fail(place.kit, "once more", times=2)
    page.wait_for(f"{COUNT} === '2'")
    page.run("localStorage.setItem('lineage.language', 'ko')")
    page.open(f"{place.server.url}/p/default/projects")
    korean = BELL % "알림"
    page.wait_for(f"{korean}?.textContent === '2'")
    page.run(f"{korean}.focus()")
    page.press("Enter")
    page.wait_for(f"{PANEL}?.innerText.includes('실행 실패')")
    check_access(page)
    page.run("localStorage.removeItem('lineage.language')")
    page.open(f"{place.server.url}/p/default/projects")
    page.wait_for(f"{COUNT} === '2'")
    opened(page)
    press(page, "Mark all as read", within="[role=dialog]")
    page.wait_for(f"{COUNT} === '' && {ITEMS}.every((one) => !one.dataset.new)")
    assert page.run(f"{PANEL}.contains(document.activeElement)"), "keys go on from here"
    page.open(f"{place.server.url}/p/default/projects")
    opened(page)
    assert page.run(f"{ITEMS}.map((one) => one.dataset.new ?? '')") == [""] * 4
    assert page.run(COUNT) == ""
    # What is read is read by somebody: to another who signs in here it is new.
    page.press("Escape")
    enter(page, place, place.lea)
    page.wait_for(f"{COUNT} === '1'")
    enter(page, place, place.kit)
    opened(page)
    assert page.run(COUNT) == ""


def test_however_much_fails_it_is_asked_now_and_then_and_what_went_wrong_is_said(
    place: Place, tmp_path: Path
) -> None:
    with browsing(tmp_path) as page, with_first(page, QUESTIONS):
        enter(page, place, place.kit, "/p/default/projects")
        page.wait_for(f"!!{HEADING}")
        asked_for(page, "Notifications", 2)  # once more when the socket is there
        place.fail(place.kit, "again", times=20)
        page.wait_for(f"{COUNT} === '20'")
        read = page.run(READ_AGAIN)
        assert 2 <= len(read) < 20, "as they come, not each"
        assert all(later - before > 0.95 * APART_MILLISECONDS for before, later in pairwise(read)), read
        opened(page)
        check_access(page)


def test_a_slow_server_answers_what_is_asked_before_it_is_asked_again(place: Place, tmp_path: Path) -> None:
    with browsing(tmp_path) as page, with_first(page, QUESTIONS):
        enter(page, place, place.kit, "/p/default/runs")
        place.fail(place.kit, "first")
        page.wait_for(f"{TEXT}.includes('first')")
        asked_for(page, "Notifications", 2)  # once more when the socket is there
        page.run(SLOW)
        place.fail(place.kit, "again", times=20)
        page.wait_for(f"{TEXT}.includes('again 19')")
        assert page.run("window.given_up") == 0


def test_a_panel_that_cannot_be_read_says_so_and_tries_again(place: Place, tmp_path: Path) -> None:
    with browsing(tmp_path) as page:
        enter(page, place, place.kit)
        page.do("Page.addScriptToEvaluateOnNewDocument", source=REFUSED)
        page.open(f"{place.server.url}/p/default")
        page.wait_for(f"!!{NAMED}")
        opened(page)
        page.wait_for(f"{PANEL}?.innerText.includes('Something went wrong')")
        check_access(page)
        page.run("window.fetch = window.told")
        press(page, "Try again", within="[role=dialog]")
        page.wait_for(f"{PANEL}.innerText.includes('Nothing needs you now')")


def test_where_nobody_signs_in_a_move_is_told_without_who_it_was(
    page: Page, running_server: RunningServer, recording: Recording
) -> None:
    model = f"churn-{uuid4().hex[:8]}"
    with recording("bell") as client:
        for version in ("1", "2"):
            client.report(ModelVersionReported(project="bell", model=model, version=version))
        assert client.flush(20.0)
        for version, alias in (("1", "canary"), ("1", "prod"), ("2", "prod")):
            client.promote(f"model:{model}@{version}", alias)
        client.request_approval(f"model:{model}@1", "test", "please look")
    said = f"{ITEMS}.map((one) => one.innerText.replace(/[\\u2068\\u2069]/g, '').split('\\n')[0])"
    mine = f"{said}.filter((one) => one.includes('{model}'))"
    page.open(f"{running_server.url}/p/bell")
    opened(page)
    assert page.run(mine) == [
        f"Version 1 of {model} waits for your approval as test",
        f"Alias prod of {model} now points to version 2, no longer to 1",
        f"Alias canary of {model} now points to version 1",
    ]
    page.run("localStorage.setItem('lineage.language', 'ko')")
    page.open(page.run("location.href"))
    page.wait_for(f"!!{BELL % '알림'}")
    page.run(f"{BELL % '알림'}.click()")
    page.wait_for(f"{mine}.length === 3")
    assert page.run(mine) == [
        f"승인 요청: {model} 버전 1, 별칭 test",
        f"별칭 이동: {model} prod, 버전 1 → 버전 2",
        f"별칭 지정: {model} canary, 버전 1",
    ]
    page.run("localStorage.removeItem('lineage.language')")
    check(page, running_server.url)
