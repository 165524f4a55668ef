"""Projects, access and the server itself in a real browser, and what they show who may not see them."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest

from tests.e2e.conftest import RunningServer, StartServer, client_environment
from tests.support import web_world
from tests.support.browser import Page, browsing
from tests.support.faults import event
from tests.support.faults import send as record
from tests.support.web_pages import COUNTING, button, choose, click_twice, fill, gone, press, send
from tests.support.web_view import SCRIPT, TEXT, check, check_access

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
CELLS = "[...document.querySelectorAll('main tbody td')].map((one) => one.textContent)"
ROWS = "document.querySelectorAll('main tbody tr').length"
REFUSED = "document.querySelector('[role=dialog] [role=alert]')"
SUBMIT = "document.querySelector('[role=dialog] [type=submit]')"
CUT = """
window.fetch = (...told) => String(told[1]?.body).includes('mutation')
  ? Promise.reject(new TypeError('cut')) : new Promise(() => {}), 0
"""
"""What is changed fails, and what is asked after it gets no answer."""


@pytest.fixture
def project() -> str:
    """One of the test's own: the server is shared."""
    return f"admin-{uuid4().hex[:8]}"


def test_a_project_is_made_and_its_members_tokens_and_audit_are_kept(
    page: Page, running_server: RunningServer, project: str
) -> None:
    make_project(page, running_server.url, project)
    keep_members(page, running_server.url, project)
    keep_tokens(page, project)
    look_at_the_audit(page, project)
    check(page, running_server.url)


def test_who_clicks_twice_sends_once(page: Page, running_server: RunningServer, project: str) -> None:
    page.open(f"{running_server.url}/p/default/projects?create=true")
    fill(page, "Name", "not/good")
    page.run(COUNTING)
    click_twice(page, SUBMIT)
    page.wait_for(f"{REFUSED}?.innerText.includes('nothing was changed')")
    assert page.run("window.sent") == 1
    fill(page, "Name", project)  # and what was refused can be sent again
    click_twice(page, SUBMIT)
    page.wait_for(f"location.pathname === '/p/{project}'")
    assert page.run("window.sent") == 2


def test_a_form_whose_server_is_killed_says_so_at_once_and_keeps_what_was_typed(
    page: Page, running_server: RunningServer, project: str
) -> None:
    page.open(f"{running_server.url}/p/default/projects?create=true")
    fill(page, "Name", project)
    page.run(CUT)
    send(page, "Make")
    page.wait_for(f"{REFUSED}?.innerText.includes('cannot be reached')")
    assert page.run(f"document.querySelector('[role=dialog] input').value === '{project}'")
    assert page.run("!document.querySelector('[role=dialog] [type=submit]').disabled")


def make_project(page: Page, url: str, project: str) -> None:
    """By the form, which first says what is wrong with a name."""
    page.open(f"{url}/p/default/projects?create=true")
    fill(page, "Name", "not/good")
    send(page, "Make")
    page.wait_for(f"{REFUSED}?.innerText.includes('nothing was changed')")
    check_access(page)
    fill(page, "Name", project)
    fill(page, "Owner", "kim")
    send(page, "Make")
    page.wait_for(f"location.pathname === '/p/{project}' && {TEXT}.includes('Waiting for the first run')")
    page.open(f"{url}/p/default/projects")
    page.wait_for(f"{TEXT}.includes('{project}')")
    check_access(page)


def keep_members(page: Page, url: str, project: str) -> None:
    """A role is given, and taken away."""
    page.open(f"{url}/p/{project}/settings")
    page.wait_for(f"{ROWS} === 1 && {TEXT}.includes('kim')")
    press(page, "Give a role")
    fill(page, "Who", "max")
    choose(page, "[role=dialog] select", "EDITOR")
    check_access(page)
    send(page, "Save")
    gone(page)
    page.wait_for(f"{ROWS} === 2 && {TEXT}.includes('editor')")
    check_access(page)
    page.run("document.querySelector('[aria-label=\"Take away max\"]').click()")
    page.wait_for("!!document.querySelector('[role=dialog] [type=submit]')")
    send(page, "Take away")
    gone(page)
    page.wait_for(f"{ROWS} === 1")


def keep_tokens(page: Page, project: str) -> None:
    """One is made, shown once, and revoked."""
    press(page, "Tokens")
    press(page, "Make a token")
    fill(page, "Name", f"ci of {project}")
    choose(page, "[role=dialog] select", "service")
    fill(page, "Name of the service", project)
    check_access(page)
    send(page, "Make")
    page.wait_for("document.querySelector('[role=dialog] pre')?.textContent.startsWith('lin_')")
    check_access(page)
    token = page.run("document.querySelector('[role=dialog] pre').textContent")
    page.run("document.querySelector('[role=dialog] header button').click()")
    gone(page)
    assert token not in page.run("document.documentElement.outerHTML"), "it is shown once"
    named = f'[aria-label="Revoke ci of {project}"]'
    page.wait_for(f"!!document.querySelector({named!r})")
    check_access(page)
    page.run(f"document.querySelector({named!r}).click()")
    page.wait_for("!!document.querySelector('[role=dialog] [type=submit]')")
    send(page, "Revoke")
    gone(page)
    page.wait_for(f"!document.querySelector({named!r})")


def look_at_the_audit(page: Page, project: str) -> None:
    """It names what was done before; of webhooks there are none."""
    press(page, "Audit")
    page.wait_for(f"{TEXT}.includes('setMember') && {TEXT}.includes('createProject')")
    check_access(page)
    page.type("main input", f"project:{project}/nothing")
    page.wait_for(f"{TEXT}.includes('Nothing was done to this')")
    press(page, "Webhooks")
    page.wait_for(f"{TEXT}.includes('No webhooks yet')")
    check_access(page)


def test_the_server_tells_its_health_and_what_it_refused_which_is_tried_again(
    page: Page, running_server: RunningServer, project: str
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{project}/admin")
    page.wait_for(f"{ROWS} >= 2 && {TEXT}.includes('works') && {TEXT}.includes('Events taken')")
    check_access(page)
    press(page, "Retention")
    page.wait_for(f"{TEXT}.includes('30 days') && {TEXT}.includes('LINEAGE_INGEST__REFUSED_DAYS')")
    check_access(page)
    press(page, "Watch gaps")
    page.wait_for(
        f"{TEXT}.includes('No watcher has told of a gap') || {TEXT}.includes('What was not watched')"
    )
    check_access(page)
    gap = {
        "type": "watch.gap", "id": f"{project}-gap", "project": project, "cluster": project, "kind": "Pod",
        "from_at": "2026-11-02T03:00:00Z", "to_at": "2026-11-02T04:05:00Z", "reason": SCRIPT,
    }  # fmt: skip
    record(url, [gap])
    page.open(f"{url}/p/{project}/admin?view=gaps")
    page.wait_for(f"{TEXT}.includes('{project}') && {TEXT}.includes('1 hr 5 min')")
    assert {"Pod", SCRIPT} <= set(page.run(CELLS))
    check_access(page)
    bad = json.dumps({**event(project, 0), "state": "nonsense"})
    page.run(f"fetch('/api/v1/events', {{method: 'POST', body: {bad!r}}}).then((answer) => answer.status)")
    press(page, "Refused events")
    page.wait_for(f"{TEXT}.includes('{project}')")
    check_access(page)
    page.run(COUNTING)
    for words, within in (("Replay all that are shown", "main"), ("Replay", "main td")):
        page.run("window.sent = 0")
        click_twice(page, button(words, within))
        page.wait_for("document.querySelector('main output').textContent.includes('refused again')")
        page.wait_for(f"!{button(words, within)}.disabled")
        assert page.run("window.sent") == 1, words
    check(page, url)


def test_how_the_parts_are_is_told_in_the_language_of_the_reader(
    page: Page, running_server: RunningServer, project: str
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{project}/admin")
    page.wait_for(f"/answers in [\\d.]+ ms/.test({TEXT}) && {TEXT}.includes('nothing waits')")
    page.run("localStorage.setItem('lineage.language', 'ko')")
    page.open(f"{url}/p/{project}/admin")
    page.wait_for(f"/응답 시간 [\\d.]+ms/.test({TEXT}) && {TEXT}.includes('대기 중인 이벤트 없음')")
    assert page.run("document.querySelectorAll('main [lang=en]').length") == 0
    check_access(page)
    page.run("localStorage.removeItem('lineage.language')")
    check(page, url)


def test_a_server_out_of_reach_is_told_and_tried_again(
    page: Page, running_server: RunningServer, project: str
) -> None:
    url = running_server.url
    web_world.make_project(url, project)
    page.open(f"{url}/p/{project}/models")
    page.wait_for(f"{TEXT}.includes('No models yet')")
    page.do("Network.setBlockedURLs", urls=["*/graphql", "*/readyz*"])
    page.run("[...document.querySelectorAll('nav a')].find((one) => one.innerText === 'Artifacts').click()")
    page.wait_for(f"{TEXT}.includes('The server cannot be reached')")
    check_access(page)
    page.do("Network.setBlockedURLs", urls=[])
    press(page, "Try again")
    page.wait_for(f"{TEXT}.includes('No artifacts yet')")
    page.complaints.clear()  # of what was blocked


def test_who_may_not_see_is_told_so_and_an_ended_session_leads_back_in_every_tab(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server(environment=client_environment(tmp_path / "user", LINEAGE_AUTH__MODE="token"))
    admin = (server.data_dir / "admin-token").read_text().strip()
    web_world.make_project(server.url, "default", token=admin)
    with browsing(tmp_path) as page:
        sign_in(page, server.url, admin)
        page.open(f"{server.url}/p/default/settings?view=tokens&create=true")
        fill(page, "Name", "short")
        choose(page, "[role=dialog] select", "service")
        fill(page, "Name of the service", "watcher")
        send(page, "Make")
        page.wait_for("document.querySelector('[role=dialog] pre')?.textContent.startsWith('lin_')")
        token = page.run("document.querySelector('[role=dialog] pre').textContent")
        page.do("Network.clearBrowserCookies")
        sign_in(page, server.url, token)
        page.open(f"{server.url}/p/default/settings?view=audit")
        page.wait_for(f"{TEXT}.includes('You may not do this')")
        check_access(page)
        page.open(f"{server.url}/p/somebody-elses/artifacts")
        page.wait_for(f"{TEXT}.includes('There is no project “somebody-elses” that you may see')")
        page.open(f"{server.url}/p/default/artifacts")
        page.wait_for(f"{TEXT}.includes('No artifacts yet')")
        # The same browser in another tab: what ends the session there ends it here with the next question.
        page.run("fetch('/api/v1/session', {method: 'DELETE'})")
        page.wait_for(
            "fetch('/graphql', {method: 'POST', headers: {'content-type': 'application/json'},"
            " body: JSON.stringify({query: '{ me { subject } }'})}).then((answer) => answer.status === 401)"
        )
        page.run("[...document.querySelectorAll('nav a')].find((one) => one.innerText === 'Models').click()")
        page.wait_for("location.pathname === '/sign-in' && location.search.includes('models')")
        check_access(page)


def sign_in(page: Page, url: str, token: str) -> None:
    page.open(f"{url}/sign-in?next=%2Fp%2Fdefault")
    page.wait_for("!!document.querySelector('input')")
    page.type("input", token)
    page.run("document.querySelector('form').requestSubmit()")
    page.wait_for("location.pathname === '/p/default' && !!document.querySelector('main h1')")
