"""The web view on a phone: what a list of runs and a picture of lineage show without scrolling."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pytest

from tests.e2e.conftest import Recording, RunningServer
from tests.support.browser import Page
from tests.support.web_view import HEADING, TEXT, check, check_access

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

ROWS = "[...document.querySelectorAll('main tbody tr[aria-rowindex]')]"
SEEN = f"""
(() => {{
  const {{left, right}} = document.querySelector('main section:has(> table)').getBoundingClientRect();
  const parts = ['th a', '[data-tone]', 'time'];
  const within = (one) => {{
    const box = one.getBoundingClientRect();
    return box.width > 20 && box.left >= left && box.right <= right;
  }};
  return {ROWS}.every((row) => parts.every((one) => within(row.querySelector(one))));
}})()
"""
RUNS = 40


def test_a_phone_shows_state_and_start_of_runs_beside_their_names(
    page: Page, running_server: RunningServer, recording: Recording, tmp_path: Path
) -> None:
    url, project = running_server.url, f"phone-{uuid4().hex[:8]}"
    with recording(project) as client:
        for number in range(RUNS):
            name = f"train a network of quite some size {number}" if number % 2 else f"학습 {number}"
            with client.start_run(name, job="train") as run:
                run.log({"loss": 1 / (1 + number)}, step=1)
                if number % 5 == 0:
                    run.fail("out of memory")
        assert client.flush(30.0)
    for language, heading in (("en", "Runs"), ("ko", "실행")):
        for dark in (False, True):
            page.look(360, 740, dark=dark)
            page.open(f"{url}/p/{project}/runs?sort=name")
            page.run(f"localStorage.setItem('lineage.language', {language!r})")
            page.open(f"{url}/p/{project}/runs?sort=name")
            page.wait_for(f"{HEADING} === {heading!r} && {ROWS}.length > 10")
            assert page.run(SEEN), (language, dark)
            (tmp_path / f"{language}-{dark}.png").write_bytes(page.look(360, 740, dark=dark))
    page.run("localStorage.removeItem('lineage.language')")
    page.open(f"{url}/p/{project}/runs?sort=name")
    frame = "document.querySelector('main section:has(> table)')"
    page.wait_for(f"{ROWS}.length > 10")
    heights = f"new Set({ROWS}.map((row) => Math.round(row.getBoundingClientRect().height)))"
    assert page.run(f"[...{heights}]") == [58], "what the rows out of sight are taken for"
    page.run(f"{frame}.scrollTop = 1e6")
    page.wait_for(f"{ROWS}.at(-1)?.getAttribute('aria-rowindex') === '{RUNS + 1}'")
    last = f"{ROWS}.at(-1).getBoundingClientRect().bottom - {frame}.getBoundingClientRect().bottom"
    page.wait_for(f"Math.abs({last}) < 20")
    page.look(1440, 900)
    page.wait_for(f"{TEXT}.includes('Started') && {ROWS}[0].querySelectorAll('td').length > 4")
    check_access(page)
    check(page, url)


TOOLS = "document.querySelector('main button[aria-expanded][aria-controls]')"
FIELD = "document.querySelector('main form input')"
VIEW = "document.querySelector('main [aria-busy]').getBoundingClientRect()"


def test_a_phone_shows_lineage_below_one_row_which_opens_the_tools(
    page: Page, running_server: RunningServer, recording: Recording
) -> None:
    url, project = running_server.url, f"phone-{uuid4().hex[:8]}"
    with recording(project) as client:
        with client.start_run("prepare", job="prepare") as run:
            clean = run.produce("clean rows of customers who left", {"n": [1]}, type="dataset")
        with client.start_run("train", job="train") as run:
            run.use(clean)
        assert client.flush(20.0)
    of = f"{url}/p/{project}/lineage?focus={quote('dataset:clean rows of customers who left@1')}"
    page.open(of)
    page.wait_for(f"!!document.querySelector('[data-id]') && {FIELD}?.checkVisibility()")
    assert not page.run(f"{TOOLS}.checkVisibility()"), "there is room at a desk"
    page.look(360, 780)
    page.wait_for(f"{TOOLS}.checkVisibility() && !{FIELD}.checkVisibility()")
    assert page.run(f"{VIEW}.top < 150 && {VIEW}.height > 540"), page.run(f"JSON.stringify({VIEW})")
    page.run(f"{TOOLS}.focus()")
    page.press("Enter")
    page.wait_for(f"{TOOLS}.getAttribute('aria-expanded') === 'true' && {FIELD}.checkVisibility()")
    assert page.run(f"document.getElementById({TOOLS}.getAttribute('aria-controls')).contains({FIELD})")
    page.press("Tab")
    page.wait_for(f"document.activeElement === {FIELD}")
    page.open(of)
    page.wait_for(f"{FIELD}?.checkVisibility()")  # as it was left
    check_access(page)
    page.look(360, 780)
    page.run(f"{TOOLS}.click()")
    page.wait_for(f"!{FIELD}.checkVisibility()")
    page.run("document.activeElement.blur()")
    page.press("/")
    page.wait_for("document.activeElement?.matches('main search input')")
    page.run("localStorage.removeItem('lineage.tools')")
    page.look(1440, 900)
    check(page, url)
