"""The picture of a lineage in a real browser: its levels, what the mouse does in it, how it is printed."""

from __future__ import annotations

import json
from urllib.parse import quote
from uuid import uuid4

import pytest

from tests.e2e.conftest import RunningServer
from tests.support.browser import Page
from tests.support.lineage_view import ROWS, STILL, cards, click, look_at
from tests.support.printed import printed
from tests.support.web_pages import PLAIN
from tests.support.web_view import TEXT, check, check_access

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

READERS = 45


@pytest.fixture(scope="module")
def read(running_server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A project whose data is made in three steps and read by many jobs."""
    from lineage_server import Client
    from lineage_server.client.config import load_config
    from tests.e2e.conftest import client_environment

    project = f"read-{uuid4().hex[:8]}"
    told = client_environment(tmp_path_factory.mktemp("read"), running_server.url, LINEAGE_CAPTURE="none")
    with Client(config=load_config(environ=told, project=project)) as client:
        with client.start_run("measure", job="measure") as run:
            raw = run.produce("raw", {"n": [1]}, type="dataset")
        with client.start_run("prepare", job="prepare") as run:
            run.use(raw)
            clean = run.produce("clean", {"n": [1, 1]}, type="dataset")
            left = run.produce("left", {"n": [2]}, type="dataset")
        for _ in range(5):
            with client.start_run("tune", job="tune") as run:
                run.use(raw)
        for number in range(4):
            with client.start_run(f"use {number}", job=f"use {number}") as run:
                run.use(left)
        for round_ in range(2):
            with client.start_run("train", job="train") as run:
                run.use(left)
                if round_ == 0:
                    run.use({"n": [9]}, name="extra", type="dataset")
                run.produce("network", {"weights": [round_]}, type="model")
        for number in range(READERS):
            with client.start_run(f"reader {number:02}", job=f"reader {number:02}") as run:
                run.use(clean)
        assert client.flush(20.0)
    return project


CAMERA = "new DOMMatrix(getComputedStyle(document.querySelector('.react-flow__viewport')).transform)"
DIMMED = "[...document.querySelectorAll('[data-id][data-dim] bdi[title]')].map((one) => one.title).toSorted()"
LOOKED_AT = "document.querySelector('aside h2')?.textContent"


def middle(page: Page, found: str) -> tuple[float, float]:
    """Of what an expression of JavaScript finds, on the screen, once nothing is on its way there any more."""
    page.wait_for(STILL)
    x, y, width, height = page.run(
        f"(({{x, y, width, height}}) => [x, y, width, height])({found}.getBoundingClientRect())"
    )
    return x + width / 2, y + height / 2


def card(title: str) -> str:
    return f"document.querySelector('[data-id] bdi[title={json.dumps(title)}]')?.closest('[data-id]')"


def mouse(page: Page, x: float, y: float, *, press: bool = False) -> None:
    """Goes there; presses and lets go."""
    page.do("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    for kind in ("mousePressed", "mouseReleased") if press else ():
        page.do("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)


def lit(page: Page, *titles: str) -> None:
    """Until of the cards that are drawn exactly these are not dimmed."""
    shown = (
        "[...document.querySelectorAll('[data-level]:not([data-dim]) bdi[title]')].map((one) => one.title)"
    )
    page.wait_for(
        f"{DIMMED}.length > 0 && String({shown}.toSorted()) === {json.dumps(','.join(sorted(titles)))}"
    )


def camera(page: Page) -> tuple[float, float, float]:
    x, y, zoom = page.run(f"(({{e, f, a}}) => [e, f, a])({CAMERA})")
    return x, y, zoom


def open_left(page: Page, url: str, project: str, up: int = 2) -> None:
    page.open(f"{url}/p/{project}/lineage?focus={quote('dataset:left@1')}&up={up}&down=1")
    page.wait_for(f"!!{card('left@1')} && !!{card('use 3')} && !!{card('prepare')}")


def test_under_the_mouse_neighbours_stand_out_and_a_click_lights_the_whole_way(
    page: Page, running_server: RunningServer, read: str
) -> None:
    url = running_server.url
    open_left(page, url, read)
    every = set(page.run("[...document.querySelectorAll('[data-id] bdi[title]')].map((one) => one.title)"))
    assert {"measure", "raw@1", "prepare", "left@1", "use 0"} <= every
    assert page.run(DIMMED) == []
    mouse(page, *middle(page, card("raw@1")))
    lit(page, "measure", "raw@1", "prepare")
    mouse(page, *middle(page, "document.querySelector('main h1')"))
    page.wait_for(f"{DIMMED}.length === 0")
    mouse(page, *middle(page, card("use 2")), press=True)
    page.wait_for(f"{LOOKED_AT} === 'use 2'")
    mouse(page, *middle(page, "document.querySelector('main h1')"))
    lit(page, "measure", "raw@1", "prepare", "left@1", "use 2")
    check(page, url)


def step_until(page: Page, tool: str, reached: str) -> None:
    """Nearer or further, a step at a time."""
    while not page.run(reached):
        before = camera(page)[2]
        click(page, tool)
        page.wait_for(f"{CAMERA}.a !== {before}")
        page.wait_for(STILL)


WRITTEN = """
(() => { const write = CanvasRenderingContext2D.prototype.fillText; window.written = [];
  CanvasRenderingContext2D.prototype.fillText = function (text, ...where) {
    window.written.push(text); return write.call(this, text, ...where); }; return true; })()
"""
"""Keeps what is written on canvases, for no program reads it there."""


def test_farther_away_cards_say_less_and_then_are_boxes_that_can_still_be_named_and_clicked(
    page: Page, running_server: RunningServer, read: str
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{read}/lineage?focus={quote('dataset:raw@1')}")
    page.wait_for(f"!!{card('left@1')} && !!{card('5 × tune')}")
    page.run(WRITTEN)
    levels = (
        "String([...new Set([...document.querySelectorAll('[data-level]')].map((one) => one.dataset.level))])"
    )
    step_until(page, "Nearer", f"{levels} === 'full'")
    kind, (left, top, near) = f"{card('left@1')}.innerText.includes('dataset')", camera(page)
    assert page.run(kind)
    x, y = middle(page, card("left@1"))
    step_until(page, "Further away", f"{levels} === 'compact'")
    assert 0.25 <= camera(page)[2] < 0.6
    assert not page.run(kind), "a compact card has its name alone"
    assert page.run("window.written") == [], "cards bear their names themselves"
    step_until(page, "Further away", f"{levels} === ''")
    page.wait_for("document.querySelectorAll('[data-level]').length === 0")
    step_until(page, "Further away", f"{CAMERA}.a < 0.2")  # where a box has no room for its name
    page.run("window.written.length = 0")
    click(page, "Further away")
    page.wait_for("window.written.includes('5 × tune') && window.written.includes('raw@1')")
    assert page.run("window.written.includes('left@1')") is False
    to_left, to_top, far = camera(page)
    frame = page.run("(({x, y}) => [x, y])(document.querySelector('.react-flow').getBoundingClientRect())")
    where = (
        (x - frame[0] - left) / near * far + to_left + frame[0],
        (y - frame[1] - top) / near * far + to_top + frame[1],
    )
    mouse(page, *where)
    page.wait_for("window.written.includes('left@1')")
    mouse(page, *where, press=True)
    page.wait_for(f"{LOOKED_AT} === 'left@1'")
    check(page, url)


def test_a_press_on_the_small_map_goes_there(page: Page, running_server: RunningServer, read: str) -> None:
    url = running_server.url
    open_left(page, url, read)
    small = (
        "[...document.querySelectorAll('.react-flow [aria-hidden=true]')]"
        ".find((one) => one.querySelector('svg rect'))"
    )
    page.wait_for(f"!!{small}")
    x, y = middle(page, small)
    before = camera(page)
    mouse(page, x - 50, y + 20, press=True)
    page.wait_for(f"{CAMERA}.e !== {before[0]}")
    assert camera(page)[2] == before[2], "it comes no nearer"
    seen = middle(page, f"{small}.querySelector('svg rect')")
    assert seen == pytest.approx((x - 50, y + 20), abs=3)
    check(page, url)


def test_a_card_that_is_opened_stays_where_it_is(
    page: Page, running_server: RunningServer, read: str
) -> None:
    url = running_server.url
    open_left(page, url, read, up=1)
    further = f"{card('raw@1')}?.querySelector('[data-side=\"<\"]')"
    page.wait_for(f"!!{further}")
    assert page.run(f"{further}.innerText") == "+1"
    before, shown = middle(page, card("raw@1")), camera(page)
    mouse(page, *middle(page, further), press=True)
    # The others move: what is before it comes in.
    page.wait_for(f"{further}?.innerText === '−' && {CAMERA}.e !== {shown[0]}")
    assert middle(page, card("raw@1")) == pytest.approx(before, abs=1)
    click(page, "Show all")
    page.wait_for(f"!!{card('measure')}")
    check(page, url)


def side(title: str, mark: str) -> str:
    """The button at a side of a card."""
    return f"{card(title)}?.querySelector('[data-side={json.dumps(mark)}]')"


def test_one_box_is_opened_three_steps_at_once_and_folded_without_the_others(
    page: Page, running_server: RunningServer, read: str
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{read}/lineage?focus={quote('dataset:left@1')}&up=0&down=0")
    page.click(side("left@1", ">"))
    page.wait_for(f"!!{card('use 3')} && !!{card('network@1')}")
    after = set(cards(page))
    page.run(
        f"{side('left@1', '<')}.dispatchEvent(new MouseEvent('click', {{bubbles: true, shiftKey: true}}))"
    )
    page.wait_for(f"!!{card('prepare')}")
    click(page, "Show all")
    page.wait_for(f"!!{card('measure')} && !!{card('network@1')}")
    assert set(cards(page)) - after == {"prepare", "raw@1", "measure"}
    check_access(page)
    click(page, "Show all")
    before = middle(page, card("left@1"))
    page.run(f"{side('left@1', '<')}.focus()")
    page.press("Enter")
    page.wait_for(f"!{card('prepare')}")
    assert set(cards(page)) == after, "what was opened on the other side stays"
    assert middle(page, card("left@1")) == pytest.approx(before, abs=1), "it stays where it is"
    page.click(side("left@1", "<"))
    page.click(side("raw@1", "<"))
    page.wait_for(f"!!{card('raw@1')} && {side('raw@1', '<')}.innerText === '−'")
    page.click(side("left@1", "<"))
    page.wait_for(f"!{card('prepare')}")
    assert "raw" not in page.run("location.search"), "with it goes what was opened beyond it"
    check(page, url)


def test_a_branch_is_hidden_and_shown_again(page: Page, running_server: RunningServer, read: str) -> None:
    url = running_server.url
    open_left(page, url, read)
    every = set(cards(page))
    look_at(page, "left@1")
    click(page, "Hide all", "aside button")  # all that it came of
    page.wait_for(f"!{card('prepare')}")
    click(page, "Show all")
    page.wait_for(f"!!{card('network@1')}")
    assert every - set(cards(page)) == {"prepare", "raw@1", "measure"}
    assert page.run(f"{side('left@1', '<')}.innerText") == "+3"
    check_access(page)
    page.open(page.run("location.href"))  # it is in the address
    page.wait_for(f"!!{card('use 3')} && {TEXT}.includes('3 hidden')")
    assert not page.run(f"!!{card('prepare')}")
    page.run(f"{side('left@1', '<')}.click()")
    page.wait_for(f"!location.search.includes('hide=') && {side('left@1', '<')}?.innerText !== '+3'")
    page.wait_for(STILL)
    click(page, "Show all")
    page.wait_for(f"!!{card('measure')} && !!{card('network@1')}")
    assert set(cards(page)) == every
    check(page, url)


def test_an_outline_is_opened_and_folded_by_keys_and_by_its_buttons(
    page: Page, running_server: RunningServer, read: str
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{read}/lineage?focus={quote('model:network@2')}&up=0&down=0&tab=outline")
    page.wait_for(f"{ROWS}.length === 1")
    page.run("document.querySelector('[role=treegrid] tbody tr').focus()")
    page.press("+")
    page.wait_for(f"{ROWS}.includes('left@1')")
    check_access(page)
    button = "document.querySelector('[role=treegrid] button[title={}]')"
    page.click(button.format('"Show 1 more before left@1"'))
    page.wait_for(f"{ROWS}.includes('prepare')")
    page.click(button.format('"Fold what was opened before left@1"'))
    page.wait_for(f"!{ROWS}.includes('prepare')")
    page.run("document.querySelector('[role=treegrid] tbody tr').focus()")
    page.press("-")
    page.wait_for(f"{ROWS}.length === 1")
    page.press("+")
    page.wait_for(f"{ROWS}.includes('left@1')")
    page.run("[...document.querySelectorAll('[role=treegrid] tbody tr')][0].click()")
    click(page, "Fold what was opened before network@2", "aside button")
    page.wait_for(f"{ROWS}.length === 1")
    check(page, url)


def test_in_another_window_one_looks_at_the_same(
    page: Page, running_server: RunningServer, read: str
) -> None:
    url, frame = running_server.url, "document.querySelector('.react-flow')"
    open_left(page, url, read)
    first = camera(page)
    page.look(1000, 700)
    page.wait_for(f"{frame}.clientWidth < 1000 && {CAMERA}.e !== {first[0]}")
    moved = camera(page)
    page.open(page.run("location.href"))
    page.wait_for(f"!!{card('left@1')}")
    assert moved == pytest.approx(camera(page), abs=1), "as whoever opens it in that window looks at it"
    click(page, "Further away")
    page.wait_for(f"!!{card('left@1')} && {CAMERA}.a < {moved[2]}")
    zoom, (x, y), (left, top) = camera(page)[2], middle(page, card("left@1")), middle(page, frame)
    page.look(1440, 900)
    page.wait_for(f"{frame}.clientWidth > 1000")
    to_left, to_top = middle(page, frame)
    expected = pytest.approx((x - left + to_left, y - top + to_top), abs=2)
    page.wait_for(f"Math.abs({card('left@1')}.getBoundingClientRect().x - {x}) > 100")
    assert middle(page, card("left@1")) == expected, "what was in the middle stays there"
    assert camera(page)[2] == pytest.approx(zoom, abs=0.001)
    check(page, url)


def test_what_one_of_two_versions_alone_came_of_is_marked_as_removed(
    page: Page, running_server: RunningServer, read: str
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{read}/lineage?focus={quote('model:network@2')}&vs={quote('model:network@1')}")
    page.wait_for("!!document.querySelector('[data-id][data-change=removed]')")
    gone = "[...document.querySelectorAll('[data-id][data-change=removed]')]"
    assert page.run(f"{gone}.map((one) => one.querySelector('bdi').title)") == ["extra@1"]
    assert "removed" in page.run(f"{gone}[0].innerText").lower()
    check(page, url)


def test_the_address_of_what_is_shown_is_copied(page: Page, running_server: RunningServer, read: str) -> None:
    url = running_server.url
    open_left(page, url, read)
    page.do("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    page.do("Page.bringToFront")
    look_at(page, "use 2")
    page.wait_for(f"{LOOKED_AT} === 'use 2'")
    click(page, "Export")
    click(page, "Copy the link", "[role=menuitem]")
    page.wait_for(
        "[...document.querySelectorAll('[role=menuitem]')].some((one) => one.innerText.includes('Copied'))"
    )
    copied = page.run("navigator.clipboard.readText()")
    assert copied == page.run("location.href")
    assert "at=" in copied
    items = "[...document.querySelectorAll('[role=menuitem]')].map((one) => one.innerText.trim())"
    page.run(PLAIN)
    click(page, "Export")  # the menu goes, and comes without it
    page.wait_for(f"{items}.length === 0")
    click(page, "Export")
    page.wait_for(f"String({items}) === 'PNG,SVG,JSON,Mermaid,CSV'")
    check(page, url)


def test_a_long_outline_is_printed_on_as_many_sheets_as_it_takes(
    page: Page, running_server: RunningServer, read: str
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{read}/lineage?focus={quote('dataset:clean@1')}&up=2&tab=outline")
    page.wait_for(f"{ROWS}.length >= {READERS}")
    rows = page.run(ROWS)
    sheets = printed(page)
    assert len(sheets) > 1
    words = " ".join("".join(sheets).split())
    assert [row for row in rows if row not in words] == []
    assert "clean@1" in sheets[0]
    assert not [one for one in ("Ctrl K", "Export", "Steps back") if one in words], (
        "what is to be pressed stays"
    )
    assert page.run(f"{TEXT}.includes('Export')"), "on the screen all is as it was"
    check(page, url)
