"""All main ways through the web view by keys alone: not one event of a mouse, and it is seen where one is."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.e2e.conftest import Recording, RunningServer
from tests.support.browser import Page
from tests.support.keyboard import Keyboard
from tests.support.lineage_view import ROWS
from tests.support.web_view import HEADING, TEXT, check

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

NAMES = "[...document.querySelectorAll('tbody th bdi')].map((one) => one.textContent)"
WATCH = """
window.mouse = 0;
for (const kind of ['pointerdown', 'mousedown', 'mousemove', 'touchstart'])
  addEventListener(kind, () => (window.mouse += 1), true);
true
"""
SORTED = "document.querySelector('[aria-sort=descending]')"
DIALOG = "document.querySelector('[role=dialog]')"


@pytest.fixture
def project(recording: Recording) -> str:
    """Data that was corrected between two rounds of training, and a registered model of both."""
    name = f"keys-{uuid4().hex[:8]}"
    with recording(name) as client:
        for round_, rate in enumerate((0.1, 0.2), 1):
            with client.start_run(f"prepare {round_}", job="prepare") as run:
                clean = run.produce("clean", {"n": [round_]}, type="dataset")
            with client.start_run(f"train {round_}", job="train", params={"rate": rate}) as run:
                run.use(clean, role="data")
                run.log({"acc": rate}, step=1)
                network = run.produce("network", {"weights": [rate]}, type="model")
            assert client.flush(20.0)
            network.register("churn")
        assert client.flush(20.0)
    return name


def test_every_main_way_is_walked_by_keys_alone(
    page: Page, running_server: RunningServer, project: str
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{project}")
    page.wait_for(f"{TEXT}.includes('Changed today')")
    page.run(WATCH)
    keys = Keyboard(page)
    sort_and_open_a_run(page, keys)
    compare_two(page, keys)
    ask_why_two_versions_differ(page, keys)
    walk_the_lineage(page, keys)
    promote(page, keys)
    search(page, keys)
    speak_and_darken(page, keys)
    assert not keys.unseen, "\n".join(["it is not seen where keys go:", *keys.unseen])
    assert page.run("window.mouse") == 0
    check(page, url)


def sort_and_open_a_run(page: Page, keys: Keyboard) -> None:
    keys.take("Runs", within="nav")
    page.wait_for(f"{HEADING} === 'Runs' && {NAMES}.length === 4")
    keys.take("Columns")
    page.wait_for(
        f"!!{DIALOG}?.querySelector('input[value=\"m.acc\"]') && {DIALOG}.contains(document.activeElement)"
    )
    keys.take("acc", within="[role=dialog]", by=" ")
    keys.press("Escape")
    keys.take("acc", within="thead")
    page.wait_for(f"{SORTED}?.innerText.startsWith('acc') && {NAMES}[0] === 'train 2'")
    keys.take("train 2", within="tbody")
    page.wait_for(f"{HEADING} === 'train 2'")


def compare_two(page: Page, keys: Keyboard) -> None:
    keys.take("Runs", within="nav")
    page.wait_for(f"{HEADING} === 'Runs' && {NAMES}.length === 4")
    keys.take("Pick train 2", by=" ")
    keys.take("Pick train 1", by=" ")
    keys.take("Compare", within="main")
    page.wait_for(f"{HEADING}?.includes('2 runs') && {NAMES}.includes('rate')")


def ask_why_two_versions_differ(page: Page, keys: Keyboard) -> None:
    keys.take("Lineage", within="nav li")
    page.wait_for(f"{TEXT}.includes('Whose lineage?') && {TEXT}.includes('network')")
    keys.take("network", within="main")
    page.wait_for("!!document.querySelector('[data-focus]')")
    keys.take("Why different?")
    keys.choose("network@1")
    keys.press("Enter")
    page.wait_for(f"{TEXT}.includes('explains the others')")


def walk_the_lineage(page: Page, keys: Keyboard) -> None:
    """Its forms, and the boxes themselves as rows."""
    keys.take("Lineage", within="nav li")
    page.wait_for(f"{TEXT}.includes('Whose lineage?') && {TEXT}.includes('network')")
    keys.take("network", within="main")
    page.wait_for("!!document.querySelector('[data-focus]')")
    keys.to("Graph")
    keys.choose("Impact", step="ArrowRight")
    page.wait_for("location.search.includes('tab=impact')")
    keys.choose("Outline", step="ArrowLeft")
    page.wait_for(f"{ROWS}.length > 1")
    keys.to("●", within="[role=treegrid]")
    keys.press("ArrowDown", "Enter")
    page.wait_for("!!document.querySelector('aside h2')")
    keys.take("Look from here", within="aside")
    page.wait_for(f"!{ROWS}[0]?.startsWith('network')")


def promote(page: Page, keys: Keyboard) -> None:
    keys.take("Models", within="nav")
    page.wait_for(f"{HEADING} === 'Models' && {TEXT}.includes('churn')")
    keys.take("churn", within="main")
    page.wait_for(f"{HEADING} === 'churn'")
    keys.to("Versions", within="[role=tablist]")
    keys.choose("Aliases", step="ArrowRight")
    keys.press("Enter")
    keys.take("Move an alias", within="main")
    page.wait_for(f"{DIALOG}?.contains(document.activeElement) && document.activeElement.matches('input')")
    keys.write("prod")
    keys.to("Version", within="[role=dialog]")
    keys.press("End")
    keys.take("Move", within="[role=dialog]")
    page.wait_for(f"!{DIALOG} && {TEXT}.includes('prod')")


def search(page: Page, keys: Keyboard) -> None:
    page.press("k", control=True)
    page.wait_for(f"{DIALOG}?.contains(document.activeElement)")
    keys.write("clean")
    page.wait_for(f"{DIALOG}.innerText.includes('Dataset') || {DIALOG}.innerText.includes('dataset')")
    keys.press("ArrowDown", "Enter")
    page.wait_for(f"!{DIALOG} && {HEADING}?.includes('clean')")


def speak_and_darken(page: Page, keys: Keyboard) -> None:
    keys.take("Theme", within="header")
    keys.choose("Dark")
    keys.press("Enter")
    page.wait_for("document.documentElement.dataset.mantineColorScheme === 'dark'")
    keys.take("Language", within="header")
    keys.choose("한국어")
    keys.press("Enter")
    page.wait_for("document.documentElement.lang === 'ko'")
    keys.take("홈", within="nav")
    page.wait_for("location.pathname.split('/').length === 3")
