"""Addresses that lead to nothing, and questions that fail: the page says so, stays one, and leads on."""

from __future__ import annotations

from urllib.parse import quote
from uuid import uuid4

import pytest

from tests.e2e.conftest import Recording, RunningServer
from tests.support.browser import Page
from tests.support.lineage_view import ROWS, click, look_at
from tests.support.web_pages import press
from tests.support.web_view import HEADING, TEXT, check, check_access

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

SAID = ("up", "down", "more", "pin", "spot", "times", "tab", "view", "group", "asOf")
"""What an address of a lineage may say of it, but for what is a name and may be any text."""


@pytest.fixture
def project(recording: Recording) -> str:
    """Of the test's own, with a model that comes of a dataset, which was delivered."""
    name = f"errors-{uuid4().hex[:8]}"
    with recording(name) as client:
        with client.start_run("deliver", job="deliver") as run:
            raw = run.produce("raw", {"n": [1]}, type="dataset")
        with client.start_run("train", job="train") as run:
            run.use(raw)
            run.produce("network", {"weights": [1]}, type="model")
        assert client.flush(20.0)
    return name


def test_an_address_that_leads_nowhere_says_so_in_its_place(
    page: Page, running_server: RunningServer, project: str
) -> None:
    url = running_server.url
    for path, framed in ((f"/p/{project}/nothing", True), ("/nowhere", False)):
        page.open(f"{url}{path}")
        page.wait_for(f"!!{HEADING}")
        assert page.run("!!document.querySelector('nav')") is framed, path
        assert page.run("document.querySelectorAll('main').length") == 1
        check_access(page)
    for path in ("model?of=model:{}/nothing", "artifact?of=artifact:{}/model/nothing"):
        page.open(f"{url}/p/{project}/{path.format(project)}")
        page.wait_for(f"!!{HEADING}")
        check_access(page)


def test_a_lineage_of_nothing_can_be_corrected_where_it_was_asked_for(
    page: Page, running_server: RunningServer, project: str
) -> None:
    page.open(f"{running_server.url}/p/{project}/lineage?focus=model:netwrok@1")
    page.wait_for(f"{TEXT}.includes('is not there') || {TEXT}.includes('netwrok')")
    page.wait_for(f"!!{HEADING}")
    check_access(page)
    selector = "document.querySelector('main input[type=text], main input:not([type])')"
    page.run(f"{selector}.focus(); {selector}.select()")
    page.do("Input.insertText", text="model:network@1")
    page.press("Enter")
    page.wait_for("!!document.querySelector('[data-focus] [title=\"network@1\"]')")


@pytest.mark.parametrize("made_up", ["x", "-5", "[1,null,{}]", '{"a":{"b":1}}', '["x"]'])
def test_what_an_address_says_that_makes_no_sense_is_as_if_it_was_not_said(
    page: Page, running_server: RunningServer, project: str, made_up: str
) -> None:
    url = f"{running_server.url}/p/{project}"
    page.open(f"{url}/lineage?focus=model:network@1&{'&'.join(f'{key}={quote(made_up)}' for key in SAID)}")
    page.wait_for("!!document.querySelector('[data-focus] [title=\"network@1\"]')")
    page.open(f"{url}/runs?{'&'.join(f'{key}={quote(made_up)}' for key in ('states', 'cols'))}")
    page.wait_for("document.querySelectorAll('main tbody tr').length === 2")
    for place, shown in (("models?form=", "h1"), ("settings?view=", "[aria-selected=true]")):
        page.open(f"{url}/{place}{quote(made_up)}")
        page.wait_for(f"!!document.querySelector('main {shown}')")
    assert page.complaints == []


def test_a_number_is_a_word_to_be_found(page: Page, running_server: RunningServer, project: str) -> None:
    page.open(f"{running_server.url}/p/{project}/runs?q=2024")
    page.wait_for(f"{TEXT}.includes('No run fits this filter')")
    page.open(f"{running_server.url}/p/{project}/artifacts?text=2024")
    page.wait_for("document.querySelector('main input')?.value === '2024'")
    page.wait_for("document.querySelectorAll('main tbody tr').length === 0")


def test_no_picture_stays_under_a_question_that_it_does_not_answer(
    page: Page, running_server: RunningServer, project: str
) -> None:
    page.open(f"{running_server.url}/p/{project}/lineage?focus=model:network@1&tab=outline")
    page.wait_for(f"String({ROWS}) === 'network@1,train,raw@1'")
    page.do("Network.setBlockedURLs", urls=["*/graphql"])
    try:
        more = "document.querySelector('main select')"
        page.run(
            "Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, 'value')"
            f".set.call({more}, '3'); {more}.dispatchEvent(new Event('change', {{bubbles: true}}))"
        )
        page.wait_for("location.search.includes('up=3')")
        page.wait_for(f"String({ROWS}) === '' && !!document.querySelector('main [role=alert] button')")
    finally:
        page.do("Network.setBlockedURLs", urls=[])
    page.run("document.querySelector('main [role=alert] button')?.click()")
    page.wait_for(f"String({ROWS}).includes('deliver')")


def test_a_box_leads_to_the_page_of_its_thing(
    page: Page, running_server: RunningServer, project: str
) -> None:
    for title, place in (("network@1", "/artifact"), ("train", "/runs/"), ("raw@1", "/artifact")):
        page.open(f"{running_server.url}/p/{project}/lineage?focus=model:network@1")
        page.wait_for(f"!!document.querySelector('[data-id] bdi[title=\"{title}\"]')")
        look_at(page, title)
        page.wait_for(f"document.querySelector('aside h2')?.textContent === '{title}'")
        click(page, "Open its page")
        page.wait_for(f"location.pathname.includes('{place}')")
        page.wait_for(f"{HEADING}?.includes('{title.split('@')[0]}')")
    check(page, running_server.url)


def test_a_question_that_cannot_be_answered_is_not_offered_again(
    page: Page, running_server: RunningServer, project: str
) -> None:
    page.open(f"{running_server.url}/p/{project}/artifact?of=nothing")
    page.wait_for(f"!!{HEADING}")
    assert page.run("document.querySelector('main button')?.innerText !== 'Try again'")
    press(page, "Go to the start")
    page.wait_for(f"location.pathname.startsWith('/p/') && !!{HEADING}")


def test_going_back_leads_to_the_part_that_one_came_from(
    page: Page, running_server: RunningServer, project: str
) -> None:
    url = f"{running_server.url}/p/{project}"
    for place, first, parts in (
        ("artifact?of=model:network", "Schema", ("Files", "Used by")),
        ("settings", "Members", ("Tokens", "Audit")),
    ):
        page.open(f"{url}/{place}")
        for part in (first, *parts):
            press(page, part)
            page.wait_for(f"document.querySelector('main [aria-selected=true]')?.innerText === {part!r}")
        for part in reversed((first, *parts[:-1])):
            page.run("history.back()")
            page.wait_for(f"document.querySelector('main [aria-selected=true]')?.innerText === {part!r}")
    check(page, running_server.url)
