"""Two people with one form open at once: neither overrules the other unseen, nor loses what they typed."""

from __future__ import annotations

from uuid import uuid4

import pytest

from lineage_server.domain.events import AliasSet, ModelVersionReported
from tests.e2e.conftest import Recording, RunningServer
from tests.support.browser import Page, another_tab
from tests.support.faults import ask
from tests.support.web_pages import choose, fill, gone, press, send
from tests.support.web_view import SCRIPT, check, check_access
from tests.support.web_world import make_project

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

DIALOG = "document.querySelector('[role=dialog]')?.innerText"
TOLD = "document.querySelector('[role=dialog] output')?.innerText"
TYPED = "document.querySelector('[role=dialog] textarea:not([readonly])').value"
THEIRS = "document.querySelector('[role=dialog] textarea[readonly]')?.value"
ROWS = "[...document.querySelectorAll('main tbody tr')].map((one) => one.innerText)"
GIVE = "mutation($i: SetMemberInput!) { setMember(input: $i) { problems { message } } }"


@pytest.fixture
def project() -> str:
    """One of the test's own: the server is shared."""
    return f"editing-{uuid4().hex[:8]}"


def test_a_card_that_somebody_else_saved_meanwhile_is_shown_and_what_was_typed_stays(
    page: Page, running_server: RunningServer, recording: Recording, project: str
) -> None:
    url = running_server.url
    with recording(project) as client:
        with client.start_run("train", job="train") as run:
            network = run.produce("network", {"w": [1]}, type="model")
        client.register("churn", network, reason="first")
        page.open(f"{url}/p/{project}/model?of=model:{project}/churn&view=card")
        press(page, "Write the card")
        fill(page, "Text in Markdown", "# Mine")
        client.update_model("churn", card=f"# Theirs {SCRIPT}")
        send(page, "Save")
        page.wait_for(f"{TOLD}?.includes('Nothing was changed, and what you wrote is still here')")
        page.wait_for(f"{DIALOG}.includes('the card of model')")
        assert page.run(THEIRS) == f"# Theirs {SCRIPT}"
        assert page.run(TYPED) == "# Mine"
        check_access(page)
        client.update_model("churn", card="# Theirs again")
        send(page, "Save")
        page.wait_for(f"{THEIRS} === '# Theirs again'")
    fill(page, "Text in Markdown", "# Both")
    send(page, "Save")
    gone(page)
    page.wait_for("document.querySelector('main h3')?.textContent === 'Both'")
    check(page, url)


def test_a_role_that_somebody_else_gave_meanwhile_is_told_before_it_is_overruled(
    page: Page, running_server: RunningServer, project: str
) -> None:
    url = running_server.url
    make_project(url, project)

    def give(subject: str, role: str | None) -> None:
        told = {"project": project, "subject": subject, "role": role}
        assert ask(url, GIVE, {"i": told})["setMember"]["problems"] == []

    give("max", "VIEWER")
    page.open(f"{url}/p/{project}/settings")
    page.wait_for(f"{ROWS}.length === 1")
    press(page, "Give a role", "main tbody")
    choose(page, "[role=dialog] select", "EDITOR")
    give("max", "ADMIN")
    send(page, "Save")
    page.wait_for(f"{TOLD}?.includes('was “viewer: sees” when this form was opened and is “admin:')")
    check_access(page)
    send(page, "Save")
    gone(page)
    page.wait_for(f"{ROWS}.length === 1 && {ROWS}[0].includes('editor: sees and records')")
    # Who is a member already is no new one.
    give("kim", "ADMIN")
    press(page, "Give a role")
    fill(page, "Who", "kim")
    send(page, "Save")
    page.wait_for(f"{TOLD}?.includes('was “no member”') && {TOLD}.includes('is “admin: everything')")
    press(page, "Cancel", "[role=dialog]")
    gone(page)
    page.wait_for(f"{ROWS}.length === 2 && {ROWS}[0].includes('admin: everything')")
    page.run("document.querySelector('[aria-label=\"Take away kim\"]').click()")
    page.wait_for(f"!!{DIALOG}")
    give("kim", None)
    send(page, "Take away")
    page.wait_for(f"{TOLD}?.includes('is “no member” by now')")
    check(page, url)


def test_who_moves_an_alias_in_one_tab_is_told_what_became_of_it_in_the_other(
    page: Page, running_server: RunningServer, recording: Recording, project: str
) -> None:
    at = f"{running_server.url}/p/{project}/model?of=model:{project}/churn&view=aliases"
    cell = "document.querySelector('main tbody td')?.textContent"
    said = "document.querySelector('[role=dialog]')?.innerText"
    with recording(project) as client:
        for version in ("1", "2", "3"):
            client.report(ModelVersionReported(project=project, model="churn", version=version))
        client.report(AliasSet(project=project, model="churn", alias="prod", version="1"))
        assert client.flush(20.0)
    with another_tab(page) as other:
        for tab, wanted in ((page, "3"), (other, "2")):
            tab.do("Page.bringToFront")
            tab.open(at)
            press(tab, "Move")
            tab.wait_for(f"{said}?.includes('It points to version 1 now')")
            choose(tab, "[role=dialog] select", wanted)
        send(other, "Move")
        gone(other)
        other.wait_for(f"{cell} === '2'")
        page.do("Page.bringToFront")
        send(page, "Move")
        page.wait_for(f"{said}?.includes('while this form was open: from version 1 to version 2')")
        page.wait_for(f"{cell} === '2'")
        check_access(page)
        send(page, "Move")  # who has seen it may
        gone(page)
        page.wait_for(f"{cell} === '3'")
        press(page, "Take away")
        page.wait_for(f"!!{said}")
        with recording(project) as client:
            client.promote("model:churn@1", "prod")
        send(page, "Take away")
        page.wait_for(f"{said}?.includes('from version 3 to version 1')")
        send(page, "Take away")
        gone(page)
        page.wait_for(f"{cell} === 'It points nowhere now'")
        check(page, running_server.url)
