"""Who ran a run, in the web view: in the list, as a condition of it, and on the page of the run."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.e2e.conftest import RunningServer
from tests.support.browser import Page
from tests.support.faults import event, send
from tests.support.web_pages import button
from tests.support.web_view import SCRIPT, TEXT, check, check_access

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

NAMES = "[...document.querySelectorAll('tbody th bdi')].map((one) => one.textContent)"
CELLS = "[...document.querySelectorAll('tbody tr')].map((one) => one.innerText)"
WORDS = "input[aria-label^=Words]"
KIM = "document.querySelector('[role=dialog] input[value=\"by=kim\"]')"


def test_runs_are_found_by_who_ran_them(page: Page, running_server: RunningServer) -> None:
    url, project = running_server.url, f"people-{uuid4().hex[:8]}"
    people = ["kim", "Lee Ha", SCRIPT, "kim", None]
    events = [event(project, number, outputs=[], job="train") for number in range(len(people))]
    for number, (told, who) in enumerate(zip(events, people, strict=True)):
        told["name"] = f"train {number}"
        if who:
            told["actor"] = {"subject": f"s{number}", "name": who}
    send(url, events)
    page.open(f"{url}/p/{project}/runs?cols=%5B%22by%22%5D")
    page.wait_for(f"{CELLS}.length === 5 && {CELLS}.filter((one) => one.includes('kim')).length === 2")
    assert any(SCRIPT in cells for cells in page.run(CELLS))
    page.type(WORDS, "by=kim")
    page.wait_for(f"{CELLS}.length === 2 && !!{button('Run by: 1')}")
    page.click(button("Run by: 1"))
    page.wait_for(f"!!{KIM}")
    check_access(page)
    page.run(f"{KIM}.click()")
    page.wait_for(f"{CELLS}.length === 5 && location.search.indexOf('by%3D') < 0")
    page.open(f"{url}/p/{project}/runs?q=by%3D%22Lee+Ha%22&cols=%5B%22by%22%5D")
    page.wait_for(f"{NAMES}.join() === 'train 1' && {CELLS}[0].includes('Lee Ha')")
    page.run("document.querySelector('tbody th a').click()")
    page.wait_for(f"{TEXT}.includes('Lee Ha') && document.querySelector('main h1').innerText === 'train 1'")
    check(page, url)
