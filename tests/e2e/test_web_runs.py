"""Runs in the web view: their list, their metrics, several side by side; in a real browser."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from tests.e2e.conftest import Recording, RunningServer
from tests.support.browser import Page
from tests.support.web_pages import COUNTING, click_twice, with_first
from tests.support.web_view import SCRIPT, TEXT, check, check_access

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

NAMES = "[...document.querySelectorAll('tbody th bdi')].map((one) => one.textContent)"
CELLS = "[...document.querySelectorAll('tbody tr')].map((one) => one.innerText)"
HEADS = "[...document.querySelectorAll('thead button bdi')].map((one) => one.textContent)"
WORDS = "input[aria-label^=Words]"


def button(text: str) -> str:
    """The first button or link with this text."""
    every = "[...document.querySelectorAll('main :is(button, a)')]"
    return f"{every}.find((one) => one.innerText.trim() === '{text}')"


def tick(name: str) -> str:
    return f"document.querySelector('[role=dialog] input[value=\"{name}\"]')"


@pytest.fixture
def project(recording: Recording) -> str:
    """Six runs of two jobs, the later the better; one failed, one is called as no run should be."""
    name = f"runs-{uuid4().hex[:8]}"
    with recording(name) as client:
        with client.start_run("prepare", job="prepare") as run:
            clean = run.produce("clean", {"n": [1, 2]}, type="dataset")
        for index in range(5):
            called = SCRIPT if index == 3 else f"train {index}"
            told = {"rate": index / 10, "optimizer": ("adam", "sgd")[index % 2], "seed": 42}
            with client.start_run(called, job="train", params=told) as run:
                run.use(clean, role="data")
                run.log({"loss": 1 / (1 + index), "acc": index / 4}, step=1)
                run.produce("network", {"weights": [index]}, type="model")
                if index == 1:
                    run.fail("out of memory")
        assert client.flush(20.0)
    return name


def test_runs_are_filtered_sorted_and_shown_with_the_columns_that_one_picks(
    page: Page, running_server: RunningServer, project: str
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{project}/runs")
    page.wait_for(f"{NAMES}.length === 6 && {TEXT}.includes('6 runs')")
    assert SCRIPT in page.run(NAMES)
    check_access(page)

    page.run(f"{button('Columns')}.click()")
    page.wait_for(f"!!{tick('m.acc')} && !!{tick('p.optimizer')}")
    check_access(page)
    page.run(f"{tick('m.acc')}.click()")
    page.wait_for(f"{HEADS}.includes('acc')")
    page.run(f"{tick('p.optimizer')}.click()")
    page.wait_for(f"{HEADS}.includes('optimizer') && {TEXT}.includes('adam')")
    page.run(f"{tick('p.rate')}.click()")
    page.wait_for(f"{HEADS}.includes('rate')")
    page.press("Escape")

    for way, names in (("descending", ["train 1", "train 0"]), ("ascending", ["train 0", "train 1"])):
        page.run("document.querySelector('thead button[title=rate]').click()")
        page.wait_for(f"document.querySelector('[aria-sort={way}]')?.innerText.startsWith('rate')")
        page.wait_for(f"String({NAMES}.filter((one) => /train [01]/.test(one))) === {','.join(names)!r}")
    page.run("document.querySelector('thead button[title=acc]').click()")
    page.wait_for(f"{NAMES}[0] === 'train 4' && {NAMES}[1].startsWith('<img')")
    assert page.run("document.querySelector('[aria-sort=descending]').innerText").startswith("acc")
    page.type(WORDS, "p.optimizer=sgd m.loss<0.6")
    page.wait_for(f"{NAMES}.length === 2")
    page.open(page.run("location.href"))  # all of it is in the address
    page.wait_for(f"{NAMES}.length === 2 && {NAMES}[1] === 'train 1' && {HEADS}.includes('acc')")

    page.type(WORDS, "no such run")
    page.wait_for(f"{TEXT}.includes('No run fits this filter')")
    check_access(page)
    page.run(f"{button('Clear the filter')}.click()")
    page.wait_for(f"{NAMES}.length === 6")
    check(page, url)


def test_a_view_is_kept_by_name_and_new_runs_come_by_themselves(
    page: Page, running_server: RunningServer, recording: Recording, project: str
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{project}/runs?states=%5B%22FAILED%22%5D&cols=%5B%22state%22%2C%22m.loss%22%5D")
    page.wait_for(f"{NAMES}.length === 1 && {CELLS}[0].includes('failed')")
    page.run(f"{button('Views')}.click()")
    page.wait_for("!!document.querySelector('[role=dialog] form input')")
    page.type("[role=dialog] form input", "<b>lost</b>")
    page.run("document.querySelector('[role=dialog] form').requestSubmit()")
    page.wait_for(f"!!{button('View: <b>lost</b>')}")
    check_access(page)
    page.open(f"{url}/p/{project}/runs")
    page.wait_for(f"{NAMES}.length === 6")
    page.run(f"{button('Views')}.click()")
    page.click("document.querySelector('[role=dialog] li a')")
    page.wait_for(f"{NAMES}.length === 1 && location.search.includes('FAILED')")
    with recording(project) as client:
        with client.start_run("lost again", job="train") as run:
            run.fail("no room")
        assert client.flush(20.0)
    page.wait_for(f"{NAMES}[0] === 'lost again'")
    check(page, url)


HELD = """
window.held = [];
window.WebSocket = class extends WebSocket {
  send(told) {
    if (window.held && /"subscribe"/.test(told)) window.held.push(() => super.send(told));
    else super.send(told);
  }
};
"""
"""Keeps back what a page follows, as a network or a server that is slow does."""


def test_what_happens_before_a_page_is_told_of_it_is_shown_all_the_same(
    page: Page, running_server: RunningServer, recording: Recording, project: str
) -> None:
    url = running_server.url
    with with_first(page, HELD):
        page.open(f"{url}/p/{project}/runs")
    page.wait_for(f"{NAMES}.length === 6 && window.held.length > 0")
    with recording(project) as client:
        client.start_run("meanwhile", job="train").finish()
        assert client.flush(20.0)
    assert "meanwhile" not in page.run(NAMES)
    page.run("window.held.splice(0).forEach((one) => one()); window.held = undefined")
    page.wait_for(f"{NAMES}[0] === 'meanwhile'")
    check(page, url)


def test_picked_runs_are_compared_by_what_differs(
    page: Page, running_server: RunningServer, project: str
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{project}/runs?q=train&sort=name")
    page.wait_for(f"{NAMES}.length === 5")
    page.run("[...document.querySelectorAll('tbody input')].slice(0, 3).forEach((one) => one.click())")
    page.wait_for(f"!!{button('Compare')}")
    check_access(page)
    page.run(f"{button('Compare')}.click()")
    page.wait_for(f"{NAMES}.includes('rate') && {NAMES}.includes('optimizer')")
    assert not {"seed", "data"} & set(page.run(NAMES))
    assert page.run(f"{CELLS}.find((one) => one.includes('network'))").count("network@") == 3
    check_access(page)
    page.run("document.querySelector('input[value=all]').click()")
    page.wait_for(f"{NAMES}.includes('seed') && {NAMES}.includes('data')")
    check_access(page)
    check(page, url)


def test_runs_of_one_name_are_told_apart_wherever_they_are_compared(
    page: Page, running_server: RunningServer, recording: Recording
) -> None:
    url, project = running_server.url, f"runs-{uuid4().hex[:8]}"
    uids: list[str] = []
    with recording(project) as client:
        for index, called in enumerate(("train-forest", "train-forest", "judge")):
            with client.start_run(called, job=called, params={"rate": index}) as run:
                run.log({"loss": 1 / (1 + index)}, step=1)
                uids.append(run.uid)
        assert client.flush(20.0)

    def told_apart(names: list[str]) -> None:
        assert len(set(names)) == 3, names
        assert sorted(name.split(" · ")[0] for name in names) == ["judge", "train-forest", "train-forest"]
        assert "judge" in names, "what is called so alone keeps its name"

    page.open(f"{url}/p/{project}/compare?runs={'.'.join(uids)}")
    page.wait_for("document.querySelectorAll('thead bdi').length === 3")
    heads = page.run("[...document.querySelectorAll('thead bdi')].map((one) => one.textContent)")
    told_apart(heads)
    check_access(page)
    page.run("document.querySelector('input[value=curves]').click()")
    legend = "[...document.querySelectorAll('[role=toolbar] button')].map((one) => one.innerText.trim())"
    page.wait_for(f"{legend}.length === 3")
    assert page.run(legend) == heads
    page.run("document.querySelector('input[value=scatter]').click()")
    page.wait_for("document.querySelector('figure')?.ariaLabel === 'loss by rate: 3 runs'")
    assert page.run(legend) == heads
    page.run(f"{button('Table')}.click()")
    page.wait_for("document.querySelectorAll('tbody tr').length === 3")
    rows = "[...document.querySelectorAll('tbody tr')].map((one) => one.cells[0].innerText.trim())"
    assert page.run(rows) == heads
    page.run("document.querySelector('input[value=parallel]').click()")
    listed = "[...document.querySelectorAll('main li a bdi')].map((one) => one.textContent)"
    page.wait_for(f"{listed}.length === 3")
    assert page.run(listed) == heads
    check_access(page)
    check(page, url)


def test_metrics_are_drawn_and_shown_in_detail_where_one_looks_closer(
    page: Page, running_server: RunningServer, recording: Recording
) -> None:
    url, project = running_server.url, f"runs-{uuid4().hex[:8]}"
    with recording(project) as client:
        for index in range(3):
            told = {"rate": 10.0**-index, "optimizer": ("adam", "sgd")[index % 2]}
            with client.start_run(f"train {index}", job="train", params=told) as run:
                for step in range(3_000):
                    run.log({"loss": 1 / (1 + step + index)}, step=step)
                pairs = [(a, b) for a in ("cat", "dog") for b in ("cat", "dog")]
                run.log_table(
                    "confusion",
                    [{"actual": a, "predicted": b, "count": 9 if a == b else 1} for a, b in pairs],
                )
                run.log_table("roc", {"fpr": [0.0, 0.0, 1.0], "tpr": [0.0, 1.0, 1.0]})
        assert client.flush(30.0)
        runs = client.gql(
            "query($p: String!) { runs(project: $p) { edges { node { uid } } } }", {"p": project}
        )["runs"]["edges"]
    uids = [one["node"]["uid"] for one in runs]
    page.open(f"{url}/p/{project}/runs/{uids[0]}?tab=metrics&logy=true")
    page.wait_for("document.querySelectorAll('figure canvas').length === 1")
    page.wait_for(f"{TEXT}.includes('Drawn from 3,000 points')")
    check_access(page)
    for _ in range(3):
        page.run("document.querySelector('button[aria-label^=\"Look closer\"]').click()")
    page.wait_for(f"!{TEXT}.includes('Drawn from')")
    page.run(f"{button('Table')}.click()")
    page.wait_for(f"{CELLS}.length > 10")
    check_access(page)
    page.run(f"{button('Files')}.click()")
    page.wait_for(f"{TEXT}.includes('18 of 20 right') && {TEXT}.includes('Area below the curve: 1')")
    check_access(page)

    page.open(f"{url}/p/{project}/compare?tab=curves&runs={'.'.join(uids)}")
    page.wait_for("document.querySelector('figure')?.ariaLabel.includes('3 runs')")
    check_access(page)
    choose_lines(page)
    page.run("document.querySelector('input[value=scatter]').click()")
    page.wait_for("document.querySelector('figure')?.ariaLabel === 'loss by rate: 3 runs'")
    check_access(page)
    page.run("document.querySelector('input[value=parallel]').click()")
    page.wait_for("document.querySelectorAll('canvas').length === 1")
    page.run("document.querySelector('button[aria-label=\"Log scale of rate\"]').click()")
    page.wait_for("!!document.querySelector('button[aria-pressed=true]')")
    check_access(page)
    field = "document.querySelector('input[aria-label=\"From, of rate\"]')"
    page.run(f"{field}.focus()")
    page.press("End")
    page.wait_for(f"{TEXT}.includes('1 of 3 runs are within')")
    page.run("document.querySelector('button[aria-label=\"Hide optimizer\"]').click()")
    page.wait_for(f"location.search.includes('axes') && !{TEXT}.includes('optimizer')")
    check(page, url)


def choose_lines(page: Page) -> None:
    """By the legend: a press hides a line, keys go from one to the next, what one is at stands out."""
    legend = "[...document.querySelectorAll('[role=toolbar] button')]"
    page.wait_for(f"{legend}.length === 3 && {legend}.filter((one) => one.tabIndex === 0).length === 1")
    page.run(f"{legend}[0].focus()")
    page.press("ArrowRight")
    page.wait_for(f"document.activeElement === {legend}[1]")
    page.run(f"{legend}[1].click()")
    page.wait_for("document.querySelector('figure').ariaLabel.includes('2 runs')")
    assert page.run(f"{legend}[1].ariaPressed") == "false"
    assert "off=" in page.run("location.search")
    check_access(page)
    page.run(f"{legend}[2].dispatchEvent(new MouseEvent('click', {{bubbles: true, shiftKey: true}}))")
    page.wait_for("document.querySelector('figure').ariaLabel.includes('1 run')")
    page.run(f"{button('Show 2 that are hidden')}.click()")
    page.wait_for("document.querySelector('figure').ariaLabel.includes('3 runs')")


def test_contents_of_inputs_and_outputs_are_laid_over_each_other(
    page: Page, running_server: RunningServer, recording: Recording
) -> None:
    url, project = running_server.url, f"runs-{uuid4().hex[:8]}"
    with recording(project) as client:
        for index in range(2):
            with client.start_run(f"round {index}", job="round") as run:
                rows = [("rose", 1 + index), ("iris", 2), *([(SCRIPT, 3)] if index else [])]
                run.log_table("flowers", [{"name": name, "n": n} for name, n in rows])
                run.log_text("notes.md", f"# Notes\n\nround {index}\nas before")
        assert client.flush(20.0)
        found = client.gql(
            "query($p: String!) { runs(project: $p) { edges { node { uid } } } }", {"p": project}
        )
    uids = sorted(one["node"]["uid"] for one in found["runs"]["edges"])
    page.open(f"{url}/p/{project}/compare?runs={'.'.join(uids)}")
    named = "document.querySelector('a[aria-label=\"See what differs in the contents of flowers\"]')"
    page.wait_for(f"!!{named}")
    page.run(f"{named}.click()")
    page.wait_for(f"{TEXT}.includes('1 row added, 0 removed, 1 changed, 1 the same')")
    marked = "[...document.querySelectorAll('tbody del, tbody ins')].map((one) => one.textContent)"
    assert page.run(marked) == ["1", "2"]
    check_access(page)
    what = "[...document.querySelectorAll('main select')][0]"
    notes = f"[...{what}.options].find((one) => one.text.includes('notes')).value"
    page.run(
        f"Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, 'value').set.call({what}, {notes}); "
        f"{what}.dispatchEvent(new Event('change', {{bubbles: true}}))"
    )
    page.wait_for(f"{TEXT}.includes('1 line added, 1 removed')")
    changed = "[...document.querySelectorAll('tr:is([data-sign=added], [data-sign=removed]) code')]"
    assert page.run(f"{changed}.map((one) => one.textContent)") == ["round 0", "round 1"]
    check_access(page)
    check(page, url)


def in_sight(found: str) -> str:
    """Whether it is there, and within the width of the window."""
    sides = f"({{left, right}}) => left >= 0 && right <= innerWidth)({found}.getBoundingClientRect()"
    return f"!!{found} && ({sides})"


def test_on_a_narrow_page_the_tab_that_is_shown_is_in_sight(
    page: Page, running_server: RunningServer, project: str
) -> None:
    url = running_server.url
    page.look(360, 780)
    page.open(f"{url}/p/{project}/runs")
    page.wait_for(f"{NAMES}.length === 6")
    links = "[...document.querySelectorAll('tbody th a')].map((one) => one.pathname.split('/').at(-1))"
    two = ".".join(page.run(links)[:2])
    page.run("document.querySelector('tbody th a').click()")
    last = "document.querySelector('main nav li:last-child a')"
    page.click(last)
    page.wait_for(f"{last}.getAttribute('aria-current') === 'page' && {in_sight(last)}")
    page.open(page.run("location.href"))
    page.wait_for(f"{last}?.getAttribute('aria-current') === 'page' && {in_sight(last)}")
    check_access(page)
    page.look(360, 780)
    page.open(f"{url}/p/{project}/compare?runs={two}&tab=contents")
    page.wait_for(in_sight("document.querySelector('main input[value=contents] + label')"))
    check_access(page)
    check(page, url)


def test_views_of_a_browser_go_to_the_server_and_a_shared_one_is_opened_by_its_link(
    page: Page, running_server: RunningServer, project: str
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{project}/runs")
    page.wait_for(f"{NAMES}.length === 6")
    kept = {"by loss": {"sort": "m.loss", "cols": ["m.loss"]}, "failed": {"states": ["FAILED"]}}
    place = f"lineage.views.{project}"
    page.run(f"localStorage.setItem({place!r}, {json.dumps(json.dumps(kept))})")
    page.open(f"{url}/p/{project}/runs")
    page.click(button("Views"))
    views = "[...document.querySelectorAll('[role=dialog] li a:first-child')].map((one) => one.textContent)"
    page.wait_for(f"{views}.includes('by loss') && {views}.includes('failed')")
    assert page.run(f"localStorage.getItem({place!r})") is None
    # Shared: its link is short, and shows what the view is by then.
    page.run(COUNTING)
    click_twice(page, "document.querySelector('[aria-label=\"Share view failed with the project\"]')")
    shared = "document.querySelector('[aria-label$=\"view failed\"][aria-pressed=true]')"
    page.wait_for(f"{shared}?.textContent === 'Shared'")
    assert page.run("window.sent") == 1
    check_access(page)
    link = "document.querySelector('[aria-label=\"Copy the link to view failed\"]').href"
    page.wait_for(f"{link}.includes('view=')")
    address = page.run(link)
    page.open(address)
    page.wait_for(f"{NAMES}.length === 1 && location.search.includes('FAILED')")
    page.wait_for(f"!!{button('View: failed')}")
    # Let go, it is not there: the page says so, and leads to all runs.
    page.click(button("View: failed"))
    page.run(COUNTING)
    click_twice(page, "document.querySelector('[aria-label=\"Delete view failed\"]')")
    page.wait_for(f"!{views}.includes('failed')")
    assert page.run("window.sent") == 1
    page.open(address)
    page.wait_for(f"{TEXT}.includes('This view is not there')")
    check_access(page)
    page.click("[...document.querySelectorAll('main a')].find((one) => one.textContent === 'All runs')")
    page.wait_for(f"{NAMES}.length === 6")
    check(page, url)
