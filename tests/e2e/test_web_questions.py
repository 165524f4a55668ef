"""What a page asks the server for: as much for two hundred boxes as for seven, nothing for each."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from urllib.parse import quote
from uuid import uuid4

import pytest

from tests.e2e.conftest import RunningServer
from tests.support.browser import Page
from tests.support.faults import event, send
from tests.support.lineage_view import ROWS, SAVED, cards, click, look_at, saved
from tests.support.web_pages import QUESTIONS, asked_for, with_first
from tests.support.web_view import TEXT, check

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

SOCKETS = """
window.sockets = 0;
window.WebSocket = class extends WebSocket {
  constructor(...told) { super(...told); window.sockets += 1; }
};
"""
"""Counts the sockets of a page."""
CLOCKED = ("/readyz?verbose", "Notifications")
"""Asked for by the clock, too, whatever is on the page."""
AGAIN = {"Notifications": 2, "LineageScene": 2}
"""What goes on is asked for again when the socket is there."""
FRAME = {"Shell": 1}
"""What every page is framed by."""
QUIET_SECONDS = 2.0
"""In which one more question would be asked, if there was one."""
BRANCHES = {"few": 1, "many": 33}
BOXES = {size: 1 + 6 * branches for size, branches in BRANCHES.items()}


@pytest.fixture(scope="module")
def project(running_server: RunningServer) -> str:
    """Data that jobs read, each another one, so that none folds: what each wrote is read by two more."""
    name, told = f"questions-{uuid4().hex[:8]}", []
    for size, branches in BRANCHES.items():
        root = made(size, 0)
        for branch in range(branches):
            half, number = made(f"{size} half {branch}", 0), len(told)
            told.append(event(name, number, inputs=[root], outputs=[half], job=f"{size} {branch}"))
            for side in range(2):
                whole = made(f"{size} whole {branch}", side)
                job = f"{size} {branch} {side}"
                told.append(event(name, number + 1 + side, inputs=[half], outputs=[whole], job=job))
    send(running_server.url, told)
    return name


def made(name: str, version: int) -> dict[str, str]:
    return {"name": name, "type": "dataset", "digest": f"sha256:{version:064x}"}


@pytest.fixture
def counted(page: Page) -> Iterator[Page]:
    """The page, which counts what it asks for from the first script on."""
    with with_first(page, f"{QUESTIONS};{SOCKETS}"):
        yield page


def asked(page: Page) -> Counter[str]:
    """Since it was last looked at, once nothing more comes."""
    time.sleep(QUIET_SECONDS)
    told = Counter(page.run("window.questions.splice(0).map(({name}) => name)"))
    return Counter({name: times for name, times in told.items() if name not in CLOCKED})


def open_all(page: Page, url: str, project: str, size: str) -> Counter[str]:
    """The lineage of what that many boxes came of, all of it."""
    page.open(f"{url}/p/{project}/lineage?focus={quote(f'dataset:{size}@1')}&up=0&down=2&group=NONE")
    page.wait_for("!!document.querySelector('[data-focus]')")
    for name, times in AGAIN.items():
        asked_for(page, name, times)
    told = asked(page)
    page.run(SAVED)
    click(page, "Export")
    assert len(json.loads(saved(page, "JSON"))["nodes"]) == BOXES[size]
    assert "Not everything is shown" not in page.run(TEXT)
    return told


def test_a_picture_is_one_question_however_many_boxes_it_has(
    counted: Page, running_server: RunningServer, project: str
) -> None:
    page, url = counted, running_server.url
    few, many = (open_all(page, url, project, size) for size in BRANCHES)
    assert many == few == {**FRAME, "LineageScene": AGAIN["LineageScene"]}
    assert page.run("window.sockets") == 1, "what follows changes shares one"
    look_about(page)
    assert asked(page) == {}, "what is there already is not asked for"
    look_at(page, cards(page)[0])
    page.wait_for("!!document.querySelector('aside h2')")
    assert sum(asked(page).values()) <= 1, "of the one box that is looked at"
    check(page, url)


def look_about(page: Page) -> None:
    """At all of it, from near and far, in another form, with a part left out."""
    for tool in ("Show all", "Nearer", "Further away", "Further away"):
        click(page, tool)
    every = "[...document.querySelectorAll('main button')]"
    mark = f"{every}.find((one) => one.innerText.trim().startsWith('dataset'))"
    page.click(mark)
    page.wait_for("location.search.includes('kinds=')")
    page.click(mark)
    page.wait_for("!location.search.includes('kinds=')")
    page.run("document.querySelector('input[value=outline]').click()")
    page.wait_for(f"{ROWS}.length > 30")
    page.run("document.querySelector('input[value=graph]').click()")
    page.wait_for("!!document.querySelector('[data-focus]')")


def test_what_changes_in_a_large_picture_is_read_at_once(
    counted: Page, running_server: RunningServer, project: str
) -> None:
    page, url = counted, running_server.url
    open_all(page, url, project, "many")
    told = [
        event(project, 1_000 + at, inputs=[made(f"many half {at}", 0)], outputs=[], job=f"late {at}")
        for at in range(BRANCHES["many"])
    ]
    send(url, told)
    page.wait_for(f"{TEXT}.includes('{len(told)} changes, show')")
    assert asked(page)["LineageScene"] <= 2, "at most one while the changes came, and one after them"
    click(page, f"{len(told)} changes, show")
    page.wait_for(f"{TEXT}.includes('late 1')")
    assert asked(page) == {}, "it was read already"
    check(page, url)
