"""Circles that were really recorded, and a hub seen from a neighbour: each form of the view ends, shows them,
and says what it does not show."""

from __future__ import annotations

import time
from urllib.parse import quote
from uuid import uuid4

import pytest

from tests.e2e.conftest import RunningServer
from tests.support.browser import Page
from tests.support.faults import event, run_id, send
from tests.support.lineage_view import ROWS, cards, click, look_at
from tests.support.web_view import TEXT, check, check_access

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

HUB = 10_000
SOON_SECONDS = 10.0
"""On a machine that does much else; alone it takes one or two."""


def data(name: str, number: int) -> dict[str, str]:
    return {"name": name, "type": "dataset", "digest": f"sha256:{number:064x}"}


# --- circles ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def circles(running_server: RunningServer) -> str:
    """Two jobs of which each reads what the other one wrote, one that reads what it wrote itself, and a model
    of all that in two versions."""
    project, (one, other, own) = (
        f"circles-{uuid4().hex[:8]}",
        (data(name, at) for at, name in enumerate(("one", "other", "own"))),
    )
    told = [
        event(project, 0, job="there", inputs=[one], outputs=[other]),
        event(project, 1, job="back", inputs=[other], outputs=[one]),
        event(project, 2, job="round", inputs=[own, other], outputs=[own]),
        *(
            event(
                project,
                3 + at,
                job="train",
                inputs=[own, *more],
                outputs=[{**data("net", 9 + at), "type": "model"}],
            )
            for at, more in enumerate(([], [one]))
        ),
    ]
    assert send(running_server.url, told)
    return project


EVERYTHING = {"one@1", "other@1", "own@1", "there", "back", "round", "train"}


@pytest.mark.parametrize("steps", [2, 10])
def test_a_circle_is_drawn_and_ends(
    page: Page, running_server: RunningServer, circles: str, steps: int
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{circles}/lineage?focus={quote('dataset:one@1')}&up={steps}&down={steps}")
    page.wait_for("!!document.querySelector('[data-focus]')")
    click(page, "Show all")
    page.wait_for("document.querySelectorAll('[data-level]').length >= 4")
    shown = set(cards(page))
    assert {"one@1", "other@1", "there", "back"} <= shown
    assert "Not everything is shown" not in page.run(TEXT)
    look_at(page, "there")
    page.wait_for("document.querySelector('aside h2')?.textContent === 'there'")
    dimmed = "[...document.querySelectorAll('[data-dim] bdi[title]')].map((one) => one.title)"
    assert not {"one@1", "other@1", "back"} & set(page.run(dimmed)), "the way through it goes round"
    check_access(page)
    check(page, url)


def test_what_reads_its_own_output_is_drawn_with_it(
    page: Page, running_server: RunningServer, circles: str
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{circles}/lineage?focus={quote('dataset:own@1')}")
    page.wait_for("!!document.querySelector('[data-focus]')")
    assert {"own@1", "round"} <= set(cards(page))
    look_at(page, "round")
    click(page, "Hide", "aside button")
    page.wait_for("!document.querySelector('bdi[title=round]')")
    check(page, url)


def test_an_outline_of_a_circle_has_each_box_and_says_where_it_comes_again(
    page: Page, running_server: RunningServer, circles: str
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{circles}/lineage?focus={quote('dataset:one@1')}&up=10&down=10&tab=outline")
    page.wait_for(f"{ROWS}.length > 3 && {TEXT}.includes('shown above')")
    rows = page.run(
        "[...document.querySelectorAll('[role=treegrid] tbody tr')]"
        ".map((row) => row.getAttribute('aria-expanded') && row.dataset.key.replace(/.*[/](?=[<>])/, ''))"
    )
    opened = [key for key in rows if key]
    assert len(opened) == len(set(opened)), "what comes again on its side is not opened again"
    assert set(page.run(ROWS)) == EVERYTHING | {"net@1", "net@2"}
    page.run("document.querySelector('[role=treegrid] tbody tr').focus()")
    for key in ("End", "ArrowUp", "Home", "ArrowLeft"):
        page.press(key)
    page.wait_for(f"{ROWS}.length === 1")
    check_access(page)
    check(page, url)


def test_the_impact_of_a_circle_counts_each_once(
    page: Page, running_server: RunningServer, circles: str
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{circles}/lineage?focus={quote('dataset:one@1')}&tab=impact")
    page.wait_for(f"{TEXT}.includes('Whom to tell')")
    assert "5 runs" in page.run(TEXT)  # there, back, round and two that train
    assert "4 versions of artifacts" in page.run(TEXT)  # other, own, and net twice
    check_access(page)
    check(page, url)


def test_causes_are_found_behind_a_circle(page: Page, running_server: RunningServer, circles: str) -> None:
    url = running_server.url
    page.open(f"{url}/p/{circles}/lineage?focus={quote('model:net@2')}&vs={quote('model:net@1')}&tab=causes")
    page.wait_for("document.querySelectorAll('main li').length > 0")
    assert "input one" in page.run(TEXT)
    check_access(page)
    check(page, url)


# --- a hub --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hub(running_server: RunningServer) -> str:
    """Data made from what was delivered, read by 10,000 runs of one job and by three of another one."""
    project = f"hub-{uuid4().hex[:8]}"
    raw, much = data("raw", 1), data("much", 2)
    told = [
        event(project, HUB + 3, job="deliver", inputs=[], outputs=[raw]),
        event(project, HUB + 4, job="gather", inputs=[raw], outputs=[much]),
        *(event(project, at, job="read", inputs=[much], outputs=[]) for at in range(HUB)),
        *(event(project, HUB + at, job="copy", inputs=[much], outputs=[]) for at in range(3)),
    ]
    for at in range(0, len(told), 1_000):
        send(running_server.url, told[at : at + 1_000])
    return project


def test_a_hub_is_opened_away_from_the_way_that_led_to_it(
    page: Page, running_server: RunningServer, hub: str
) -> None:
    url, reader = running_server.url, f"run:{run_id(hub, 7)}"
    began = time.monotonic()
    page.open(f"{url}/p/{hub}/lineage?focus={quote(reader)}&up=1&down=1")
    card = "document.querySelector('bdi[title=\"much@1\"]')?.closest('[data-level]')"
    on = f"{card}?.querySelector('[data-side=\">\"]')"
    page.wait_for(f"!!{on}")
    assert time.monotonic() - began < SOON_SECONDS
    assert cards(page) == ["much@1", "read"]
    assert page.run(f"{on}.innerText") == f"+{HUB + 2:,}"
    assert f"Show {HUB + 2:,} more after much@1" in page.run(f"{on}.title")
    began = time.monotonic()
    page.click(on)
    page.wait_for("!!document.querySelector('[data-stack]')")
    assert time.monotonic() - began < SOON_SECONDS
    click(page, "Show all")
    shown = cards(page)
    assert {"much@1", "read"} < set(shown)
    assert not {"raw@1", "gather"} & set(shown), "one side alone"
    assert len(shown) < 30, "like ones are one box"
    assert "Not everything is shown" in page.run(TEXT)
    check_access(page)
    page.click(on)  # it says − now
    page.wait_for("!document.querySelector('[data-stack]')")
    assert cards(page) == ["much@1", "read"]
    check(page, url)


def test_a_hub_is_opened_in_an_outline(page: Page, running_server: RunningServer, hub: str) -> None:
    url, reader = running_server.url, f"run:{run_id(hub, 7)}"
    page.open(f"{url}/p/{hub}/lineage?focus={quote(reader)}&up=1&down=1&tab=outline")
    page.wait_for(f"String({ROWS}) === 'read,much@1'")
    before = f"document.querySelector('[role=treegrid] button[title=\"Show {HUB + 2:,} more after much@1\"]')"
    began = time.monotonic()
    page.click(before)
    page.wait_for(f"{ROWS}.length > 2")
    assert time.monotonic() - began < SOON_SECONDS
    rows = page.run(ROWS)
    assert [row for row in rows if "× read" in row], rows
    assert not {"raw@1", "gather"} & set(rows)
    assert len(rows) < 30
    page.click("document.querySelector('[role=treegrid] button[title=\"Show 1 more before much@1\"]')")
    page.wait_for(f"{ROWS}.includes('gather')")
    check_access(page)
    check(page, url)
