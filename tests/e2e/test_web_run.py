"""One run in the web view: what it was told, what it wrote, how it goes on; in a real browser."""

from __future__ import annotations

import urllib.request
from uuid import uuid4

import pytest

from tests.e2e.conftest import Recording, RunningServer
from tests.support.browser import Page
from tests.support.web_pages import button
from tests.support.web_view import HEADING, SCRIPT, TEXT, check, check_access

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

NAMES = "[...document.querySelectorAll('tbody th bdi')].map((one) => one.textContent)"
CELLS = "[...document.querySelectorAll('tbody tr')].map((one) => one.innerText)"
LOG_SHOWN = 200_000
"""As many letters of a log as a page shows: its end."""
LOG = "".join(f"epoch {number:>6}: as before\n" for number in range(10_000)) + f"the end 꽃 {SCRIPT}"
LOGGED = "document.querySelector('main section:has(> pre)')"
BELOW = "((one) => one.scrollHeight - one.clientHeight - one.scrollTop)"


def test_a_run_shows_what_it_was_and_changes_as_it_goes_on(
    page: Page, running_server: RunningServer, recording: Recording
) -> None:
    url, project = running_server.url, f"runs-{uuid4().hex[:8]}"
    with recording(project) as client:
        with client.start_run("train", job="train", params={f"p{i}": i for i in range(300)}) as run:
            run.use({"petal": [1, 2]}, name=SCRIPT, type="dataset")
            run.log({"loss": 0.5}, step=1)
            run.log_text("notes.md", f"# {SCRIPT}")
            run.log_text("train.log", LOG, type="log")
            run.log_table("rows", {"flower": ["rose", SCRIPT], "n": [1, 2]})
            assert client.flush(20.0)
            page.open(f"{url}/p/{project}/runs")
            page.wait_for(f"{NAMES}[0] === 'train' && {CELLS}[0].includes('running')")
            page.run("document.querySelector('tbody th a').click()")
            page.wait_for(f"{HEADING} === 'train' && {TEXT}.includes('lineage reproduce run:')")
            page.wait_for(f"{TEXT}.includes('No other run') && {TEXT}.includes('p101')")
            assert page.run("document.querySelectorAll('tbody tr').length") < 100, "only those in sight"
            check_access(page)
            page.type("input[aria-label^=Search]", "p299")
            page.wait_for(f"{NAMES}.includes('p299') && !{NAMES}.includes('p1')")
            page.click(button("Logs"))
            page.wait_for(f"{LOGGED}?.scrollTop > 0")
            page.run(f"{LOGGED}.scrollTop = 0")
        assert client.flush(20.0)
    page.wait_for("document.querySelector('main output').innerText.includes('complete')")
    assert page.run(f"{LOGGED}.scrollTop") == 0, "who reads its beginning stays there"
    for part, wanted in (
        ("Metrics", "loss"),
        ("Inputs and outputs", "notes.md@1"),
        ("Environment", "Nothing is known of where it ran"),
        ("Code", "The code is not known"),
        ("Files", "rose"),
    ):
        page.run(f"{button(part)}.click()")
        page.wait_for(f"{TEXT}.includes({wanted!r})")
        check_access(page)
    assert page.run(TEXT).count(SCRIPT) == 2
    page.run(f"{button('Logs')}.click()")
    page.wait_for(f"{TEXT}.includes('These are the last 200 kB.')")
    check_access(page)
    assert page.run(f"{LOGGED}.textContent") == LOG[-LOG_SHOWN:]
    assert page.run(f"{BELOW}({LOGGED})") < 2, "its end is what one sees first"
    save = (
        "[...document.querySelectorAll('main a')].find((one) => one.textContent.startsWith('Save all of it'))"
    )
    assert page.run(f"[{save}.download, {save}.textContent]") == ["train.log", "Save all of it (240.1 kB)"]
    with urllib.request.urlopen(page.run(f"{save}.href"), timeout=20) as answer:
        assert answer.read().decode() == LOG
    page.run(f"{button('Lineage of this run')}.click()")
    page.wait_for("location.pathname.endsWith('/lineage') && !!document.querySelector('[data-focus]')")
    check(page, url)


def test_a_run_that_is_not_there_is_told_of(
    page: Page, running_server: RunningServer, recording: Recording
) -> None:
    project = f"runs-{uuid4().hex[:8]}"
    with recording(project) as client:
        client.start_run("train", job="train").finish()
        assert client.flush(20.0)
    page.open(f"{running_server.url}/p/{project}/runs/0198c0de-0000-7000-8000-00000000dead")
    page.wait_for(f"{TEXT}.includes('There is nothing here')")
    check_access(page)
