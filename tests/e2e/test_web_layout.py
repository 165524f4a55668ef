"""A picture is drawn whatever becomes of the engines that lay it out, in the time that people are patient."""

from __future__ import annotations

import itertools
from uuid import uuid4

import pytest

from tests.e2e.conftest import RunningServer
from tests.support.browser import Page
from tests.support.faults import event, send
from tests.support.lineage_view import SAVED, cards, click, saved
from tests.support.web_pages import with_first
from tests.support.web_view import TEXT, check

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

ENGINES = """
window.engines = [];
window.Worker = class extends Worker {
  constructor(...told) { super(...told);
    this.addEventListener('message', ({data}) => window.engines.push(data.engine)); }
};
"""
"""Keeps which engine of the worker made each picture."""
WAITED = """
window.waited = 0;
((later) => { window.setTimeout = (act, after, ...more) =>
  later((...told) => { window.waited += Number(after === 8_000); act(...told); }, after, ...more);
})(window.setTimeout);
"""
"""Counts how often a page has waited for a worker for as long as it does."""
NO_CLOCK = "self.setTimeout = () => 0"
"""A worker waits for Graphviz however long that takes."""
GRAPHVIZ = "*/assets/dist-*"
NO_DAGRE = "Array.prototype.sort = () => { throw new Error('no order here') }"
BREAKS = "self.addEventListener = () => { throw new Error('it breaks down') }"
HANGS = "self.addEventListener('message', (event) => event.stopImmediatePropagation())"
NO_SCRIPT = """
window.Worker = class extends Worker {
  constructor(_, told) { super('/assets/layout.worker-gone.js', told); }
};
"""
NO_WORKERS = "window.Worker = class { constructor() { throw new Error('no workers here') } }"
ASKS_ELSEWHERE = """
self.addEventListener('message', () => void fetch('http://localhost:9/elsewhere').catch(() => 0));
"""
CHAIN = ["data@1", "first", "half@1", "second", "whole@1"]
PLACES = """
[...document.querySelectorAll('[data-level]')].map((one) => one.getBoundingClientRect())
  .map(({x, y, right, bottom}) => [x, y, right, bottom])
"""


@pytest.fixture(scope="module")
def project(running_server: RunningServer) -> str:
    """Data, of which something is made in two steps."""
    name = f"layout-{uuid4().hex[:8]}"
    made = [
        {"name": what, "type": "dataset", "digest": f"sha256:{number}" + "0" * 63}
        for number, what in enumerate(("data", "half", "whole"))
    ]
    told = [
        event(name, number, job=job, inputs=[made[number]], outputs=[made[number + 1]])
        for number, job in enumerate(("first", "second"))
    ]
    send(running_server.url, told)
    return name


def drawn(page: Page, url: str, project: str, *, first: str = "") -> int:
    """Opens the picture, with a script of its own before that of the page, waits until all of it is there;
    how often it was waited for a worker in vain."""
    with with_first(page, f"{ENGINES};{WAITED};{first}"):
        page.open(f"{url}/p/{project}/lineage?focus=dataset:whole&up=4")
        return page.wait_for("document.querySelectorAll('[data-level]').length === 5 && [window.waited]")[0]


def check_picture(page: Page) -> None:
    """Each box is there once, from the left to the right, nowhere over another; nothing waits or complains,
    and what was drawn can be taken along."""
    assert cards(page) == CHAIN
    boxes = sorted(page.run(PLACES))
    assert all(one[2] < other[0] for one, other in itertools.pairwise(boxes)), boxes
    assert page.run("document.querySelector('main [role=alert], main [class*=Skeleton]')") is None
    assert "Not everything" not in page.run(TEXT)
    page.run(SAVED)
    click(page, "Export")
    picture = saved(page, "SVG")
    assert all(title in picture for title in CHAIN)


@pytest.mark.parametrize(
    ("blocked", "first", "engine"),
    [
        ((), NO_CLOCK, "dot"),
        ((GRAPHVIZ,), "", "dagre"),
        ((), "delete self.WebAssembly", "dagre"),
        ((GRAPHVIZ,), NO_DAGRE, "lite"),
    ],
    ids=["all is well", "Graphviz cannot be had", "no WebAssembly", "nor dagre"],
)
def test_an_engine_that_fails_gives_way_to_the_next_one(
    page: Page, running_server: RunningServer, project: str, blocked: tuple[str, ...], first: str, engine: str
) -> None:
    url = running_server.url
    page.do("Network.clearBrowserCache")
    page.hear_workers(first=first, blocked=blocked)
    assert drawn(page, url, project) == 0
    assert page.run("window.engines") == [engine]
    check_picture(page)
    asked = [address for address in page.asked if "/assets/dist-" in address]
    assert asked, "Graphviz has another name by now: block that"
    if "WebAssembly" not in first:  # of that its own code tells developers
        check(page, url)


@pytest.mark.parametrize(
    ("in_page", "in_worker"),
    [(NO_SCRIPT, ""), (NO_WORKERS, ""), ("", BREAKS), ("", HANGS)],
    ids=["cannot be had", "are not allowed", "breaks down", "is silent"],
)
def test_where_no_worker_answers_the_page_lays_out_by_itself(
    page: Page, running_server: RunningServer, project: str, in_page: str, in_worker: str
) -> None:
    page.hear_workers(first=in_worker)
    waited = drawn(page, running_server.url, project, first=in_page)
    assert page.run("window.engines") == []
    assert waited == int(in_worker == HANGS), "only of one that says nothing it is not known sooner"
    check_picture(page)


def test_a_worker_is_held_to_the_policy_of_pages(
    page: Page, running_server: RunningServer, project: str
) -> None:
    page.hear_workers(first=ASKS_ELSEWHERE)
    drawn(page, running_server.url, project)
    assert [told for told in page.complaints if "connect-src 'self'" in told], page.complaints
    assert not [address for address in page.asked if "localhost" in address]
