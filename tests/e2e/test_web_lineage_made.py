"""The lineage view on graphs that were made to be awkward, and under a server that comes and goes."""

from __future__ import annotations

from urllib.parse import quote
from uuid import uuid4

import pytest

from tests.e2e.conftest import Recording, RunningServer
from tests.support.browser import Page
from tests.support.faults import event, send
from tests.support.lineage_view import cards, click, look_at, wait_for_cards
from tests.support.web_pages import with_first
from tests.support.web_view import SCRIPT, TEXT, check, check_access

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

LONG = ("long " * 60).strip()
RIGHT_TO_LEFT = "مجموعة بيانات"
HUB = 10_000
SOCKETS = """
window.sockets = [];
window.WebSocket = class extends WebSocket {
  constructor(...told) { super(...told); window.sockets.push(this); }
};
"""
PULSES = """
window.pulsed = new Set();
new MutationObserver(() => document.querySelectorAll('[data-fresh] bdi[title]')
  .forEach(({title}) => window.pulsed.add(title)))
  .observe(document.body, {subtree: true, childList: true, attributeFilter: ['data-fresh']});
"""
"""Keeps which cards pulse, which is over soon."""


@pytest.fixture
def project() -> str:
    """One of the test's own: the server is shared."""
    return f"made-{uuid4().hex[:8]}"


def test_a_hub_of_ten_thousand_says_how_much_of_it_is_not_shown(
    page: Page, running_server: RunningServer, project: str
) -> None:
    url = running_server.url
    hub = {"name": "hub", "type": "dataset", "digest": "sha256:" + "1" * 64}
    reads = [event(project, number, inputs=[hub], outputs=[], job="read") for number in range(HUB)]
    for at in range(0, HUB, 1_000):
        send(url, reads[at : at + 1_000])
    page.open(f"{url}/p/{project}/lineage?focus={quote('dataset:hub')}")
    page.wait_for("!!document.querySelector('[data-stack]')")
    assert "Not everything is shown" in page.run(TEXT)
    page.wait_for("!!document.querySelector('[data-focus] [data-side]')")
    assert "+9,950" in page.run("document.querySelector('[data-focus]').innerText")
    page.run("document.querySelector('[data-focus] [data-side]').click()")
    page.wait_for("document.querySelector('[data-stack] bdi')?.title === '1,000 × read'")
    check_access(page)
    check(page, url)


def test_names_that_are_long_foreign_or_code_are_only_names(
    page: Page, running_server: RunningServer, recording: Recording, project: str
) -> None:
    url = running_server.url
    with recording(project) as client:
        with client.start_run(LONG, job="round") as run:
            run.use({"n": [1]}, name=RIGHT_TO_LEFT, type="dataset")
            run.use({"n": [2]}, name=SCRIPT, type="dataset")
            kept = run.produce("kept", {"n": [3]}, type="dataset")
        with client.start_run("again", job="round") as again:
            again.use(kept)
            again.produce(RIGHT_TO_LEFT, {"n": [1]}, type="dataset")  # what the first one began with
        with client.start_run("gone", job="gone") as gone:
            gone.use(kept)
        assert client.flush(20.0)
        client.delete(gone.uid, reason="a test")
        assert client.flush(20.0)
    page.open(f"{url}/p/{project}/lineage?focus={quote('dataset:kept')}&up=2&down=2")
    page.wait_for("!!document.querySelector('[data-focus]')")
    click(page, "Show all")
    page.wait_for("document.querySelectorAll('[data-id]').length >= 5")
    shown = cards(page)
    assert {LONG, "again", "gone", "kept@1", f"{RIGHT_TO_LEFT}@1", f"{SCRIPT}@1"} == {
        one.strip() for one in shown
    }
    words = "[...document.querySelectorAll('[data-level]')].map((one) => one.innerText)"
    assert ["gone" in one for one in page.run(words) if "deleted" in one] == [True], "a tombstone says so"
    check_access(page)
    look_at(page, "again")
    page.wait_for("document.querySelector('aside h2')?.textContent === 'again'")
    page.run("document.querySelector('input[value=outline]').click()")
    page.wait_for("document.querySelectorAll('[role=treegrid] tbody tr').length >= 5")
    check_access(page)
    check(page, url)


def test_a_long_heading_is_not_cut(
    page: Page, running_server: RunningServer, recording: Recording, project: str
) -> None:
    url, name = (
        running_server.url,
        "customers of the last ninety days, joined with their contracts and visits",
    )
    with recording(project) as client:
        with client.start_run("join", job="join") as run:
            run.produce(name, {"n": [1]}, type="dataset")
        assert client.flush(20.0)
    page.open(f"{url}/p/{project}/lineage?focus={quote(f'dataset:{name}@1')}")
    heading = "document.querySelector('main h1')"
    page.wait_for(f"{heading}?.textContent === {f'{name}@1'!r} && !!document.querySelector('[data-focus]')")
    for width in (1440, 1024, 768, 360):
        page.look(width, 900)
        cut = page.run(f"(({{scrollHeight, clientHeight}}) => scrollHeight - clientHeight)({heading})")
        assert cut == 0, width
        assert page.run(f"{heading}.scrollWidth <= {heading}.clientWidth"), width
    check_access(page)
    check(page, url)


def test_what_changes_is_shown_and_what_comes_waits_until_it_is_asked_for(
    page: Page, running_server: RunningServer, recording: Recording, project: str
) -> None:
    url = running_server.url
    with recording(project) as client:
        run = client.start_run("training", job="training")
        data = run.use({"n": [1]}, name="data", type="dataset")
        assert client.flush(20.0)
        with with_first(page, SOCKETS):
            page.open(f"{url}/p/{project}/lineage?focus={quote(data.uid)}")
        wait_for_cards(page, "data@1", "training")
        page.wait_for(f"{TEXT}.includes('running')")
        run.finish()
        assert client.flush(20.0)
        page.wait_for(f"{TEXT}.includes('complete')")
        page.run("window.sockets.at(-1).close()")
        with client.start_run("later", job="later") as later:
            later.use(data)
        assert client.flush(20.0)
        page.wait_for("window.sockets.length > 1 && window.sockets.at(-1).readyState === WebSocket.OPEN")
        with client.start_run("latest", job="latest") as latest:
            latest.use(data)
        assert client.flush(20.0)
        page.wait_for(f"{TEXT}.includes('changes, show')")
        assert cards(page) == ["data@1", "training"], "nothing moves under the eyes"
        page.run(PULSES)
        click(page, "2 changes, show")
        wait_for_cards(page, "data@1", "training", "later", "latest")
        page.wait_for("window.pulsed.size === 2")
        page.wait_for("!document.querySelector('[data-fresh]')")
        assert sorted(page.run("[...window.pulsed]")) == ["later", "latest"]
