"""Charts by the mouse and in their several looks, and pictures that a client logged."""

from __future__ import annotations

from uuid import uuid4

import httpx2
import numpy as np
import pytest

from lineage_server.client.wire import lines_of_points
from tests.e2e.conftest import Recording, RunningServer
from tests.support.browser import Page
from tests.support.faults import event, run_id
from tests.support.faults import send as tell
from tests.support.web_pages import choose, press, slide
from tests.support.web_view import AT_REST, TEXT, check, check_access

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

RUNS, STEPS = 4, 3_000
MANY_RUNS, MANY_STEPS = 100, 10_000
SPIKE_RUN, SPIKE_STEP, SPIKE = 37, 7_777, 50.0
PAINTED = "document.querySelector('figure canvas').toDataURL()"
COLOURED = """
[...document.querySelectorAll('figure canvas')].every((one) => {
  const {data} = one.getContext('2d').getImageData(0, 0, one.width, one.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4) {
    const colour = data.slice(at, at + 3);
    if (data[at + 3] > 200 && Math.max(...colour) - Math.min(...colour) > 100) count += 1;
  }
  return count > 20;
})
"""
"""Each picture has points of a strong colour, which axes and their figures have not."""
WRITTEN = """
window.written = new Map();
((write) => { CanvasRenderingContext2D.prototype.fillText = function (text, ...where) {
  const {e, f} = this.getTransform();
  window.written.set(text, [where[0] + e, where[1] + f]); return write.call(this, text, ...where); };
})(CanvasRenderingContext2D.prototype.fillText); 0
"""
"""Keeps where each figure of an axis is written, for no program reads it on a canvas."""
ASKED = """
window.asked = 0;
((ask) => { window.fetch = (...told) => {
  window.asked += /query MetricHistories/.test(told[1]?.body) ? 1 : 0;
  return ask(...told);
}; })(window.fetch);
"""
"""Counts the questions for curves."""
NUMBERED = "[...document.querySelectorAll('main tbody tr')].flatMap((row) => row.cells[1]?.innerText ?? [])"


@pytest.fixture
def project() -> str:
    """One of the test's own: the server is shared."""
    return f"charts-{uuid4().hex[:8]}"


@pytest.fixture
def runs(recording: Recording, project: str) -> list[str]:
    """Ids of runs with one long metric each, whose values rise with their rate."""
    told: list[str] = []
    with recording(project) as client:
        for number in range(RUNS):
            with client.start_run(f"train {number}", job="train", params={"rate": number + 1}) as run:
                for step in range(STEPS):
                    run.log({"loss": (number + 1) * (1.5 + (-1) ** step)}, step=step)
                told.append(run.id)
        assert client.flush(30.0)
    return told


def test_curves_are_smoothed_put_on_other_axes_and_looked_into_by_dragging(
    page: Page, running_server: RunningServer, project: str, runs: list[str]
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{project}/runs/{runs[0]}?tab=metrics")
    page.wait_for(f"{TEXT}.includes('Drawn from 3,000 points')")
    page.wait_for("!!document.querySelector('figure canvas')")
    page.wait_for(COLOURED)
    plain = page.run(PAINTED)
    slide(page, "main input[type=range]", 0.9)
    page.wait_for(f"location.search.includes('smooth') && {PAINTED} !== {plain!r}")
    smooth = page.run(PAINTED)
    for axis in ("wall", "relative"):
        choose(page, "main select", axis)
        page.wait_for(f"location.search.includes('axis={axis}') && {PAINTED} !== {smooth!r}")
        smooth = page.run(PAINTED)
        check_access(page)
    choose(page, "main select", "step")
    page.wait_for("!location.search.includes('axis=')")
    page.open(page.run("location.href"))
    page.wait_for(f"{TEXT}.includes('Drawn from 3,000 points')")
    assert page.run("Number(document.querySelector('main input[type=range]').value)") == 0.9

    x, y, width, height = box(page, "figure canvas")
    page.drag((x + 0.4 * width, y + height / 2), (x + 0.5 * width, y + height / 2))
    page.wait_for(f"!{TEXT}.includes('Drawn from')")  # each point of so short a part
    press(page, "Table")
    page.wait_for("document.querySelectorAll('main tbody tr').length > 10")
    numbers = steps_of(page)
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "nothing is left out any more"
    assert 0.3 * STEPS < numbers[0] < 0.5 * STEPS, "where the mouse was"
    check(page, url)


def steps_of(page: Page) -> list[int]:
    """Of the rows of the table beside a picture."""
    return [int(one.replace(",", "")) for one in page.run(NUMBERED)]


def test_on_a_log_axis_each_ten_times_is_as_far_and_dragging_means_what_is_below_the_mouse(
    page: Page, running_server: RunningServer, project: str, runs: list[str]
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{project}/runs/{runs[0]}?tab=metrics")
    page.wait_for(f"{TEXT}.includes('Drawn from 3,000 points')")
    page.run(WRITTEN)
    press_box(page, "Log scale across")
    page.wait_for("location.search.includes('logx=true')")
    tens = ("10", "100", "1,000")  # 1 is also written beside the other axis
    page.wait_for(f"{list(tens)}.every((one) => window.written.has(one))")
    places = [page.run(f"window.written.get({one!r})[0]") for one in tens]
    apart = np.diff(places)
    assert apart == pytest.approx([apart.mean()] * 2, rel=0.02)
    assert apart.mean() > 50
    check_access(page)
    page.open(page.run("location.href"))  # it is in the address
    page.wait_for(f"{TEXT}.includes('Drawn from 3,000 points')")
    page.run(WRITTEN)
    x, y, width, height = box(page, "figure .u-over")
    page.drag((x + 0.1 * width, y + height / 2), (x + 0.5 * width, y + height / 2))
    page.wait_for(f"!{TEXT}.includes('Drawn from')")
    page.run("window.written.clear()")
    page.look(1300, 900)  # in another window it is drawn anew
    page.wait_for("window.written.has('10')")
    assert page.run("!window.written.has('100')"), f"not beyond {STEPS**0.5:.0f}"
    press(page, "Table")
    page.wait_for("document.querySelectorAll('main tbody tr').length > 10")
    assert steps_of(page)[0] == pytest.approx(STEPS**0.1, abs=2)
    check(page, url)


def press_box(page: Page, name: str) -> None:
    """The box to tick of this name."""
    page.click(
        f"[...document.querySelectorAll('main label')].find((one) => one.innerText.trim() === {name!r})"
    )


def tell_of_many(url: str, project: str) -> list[str]:
    """Runs of one long metric each, of which a single point stands far out; their ids."""
    runs = [run_id(project, number) for number in range(MANY_RUNS)]
    tell(url, [event(project, number, inputs=[], outputs=[], job="train") for number in range(MANY_RUNS)])
    with httpx2.Client(base_url=url, timeout=60) as http:
        for number, run in enumerate(runs):
            points = [
                ("loss", step, 1_760_000_000_000_000 + step, 1 + number / MANY_RUNS)
                for step in range(MANY_STEPS)
            ]
            if number == SPIKE_RUN:
                points[SPIKE_STEP] = (*points[SPIKE_STEP][:3], SPIKE)
            for line in lines_of_points(run, project, points):
                assert http.post("/api/v1/events", content=line).json()["refused"] == 0
    return runs


def test_a_hundred_long_curves_keep_their_extremes_and_are_shown_in_detail_by_one_more_question(
    page: Page, running_server: RunningServer, project: str
) -> None:
    url = running_server.url
    runs = tell_of_many(url, project)
    watching = page.do("Page.addScriptToEvaluateOnNewDocument", source=f"{WRITTEN};{ASKED}")["identifier"]
    try:
        page.open(f"{url}/p/{project}/compare?tab=curves&runs={'.'.join(runs)}")
        page.wait_for("document.querySelector('figure')?.ariaLabel.includes('100 runs')")
        page.wait_for(f"{TEXT}.includes('Drawn from 1,000,000 points')")
        page.wait_for(f"window.written.has('{SPIKE:.0f}')")  # the axis reaches it
        check_access(page)
        x, y, width, height = box(page, "figure .u-over")
        middle, asked = SPIKE_STEP / MANY_STEPS, page.run("window.asked")
        begin, end = (x + (middle + by) * width for by in (-0.01, 0.01))
        page.drag((begin, y + height / 2), (end, y + height / 2))
        page.wait_for(f"!{TEXT}.includes('Drawn from')")  # each point of so short a part
        assert page.run("window.asked") == asked + 1, "of all runs at once"
        press(page, "Table")
        page.wait_for("document.querySelectorAll('main tbody tr').length > 10")
        numbers = steps_of(page)
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "nothing is left out"
        assert SPIKE_STEP - 200 < numbers[0] < SPIKE_STEP
        check(page, url)
    finally:
        page.do("Page.removeScriptToEvaluateOnNewDocument", identifier=watching)


def test_lines_across_columns_are_brushed_by_dragging_and_columns_change_places(
    page: Page, running_server: RunningServer, project: str, runs: list[str]
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{project}/compare?tab=parallel&runs={'.'.join(runs)}")
    page.wait_for(f"{TEXT}.includes('4 of 4 runs are within')")
    x, y, width, height = box(page, "main section canvas")
    columns = page.run("document.querySelectorAll('main ol:first-of-type li').length")
    middle = x + width / columns / 2
    page.drag((middle, y + 10), (middle, y + height / 2))  # the upper half of the first column
    page.wait_for(f"{TEXT}.includes('2 of 4 runs are within')")
    page.drag((middle, y + 40), (middle, y + 40))
    page.drag((middle, y + 40), (middle, y + 41))  # a click, which lets go
    page.wait_for(f"{TEXT}.includes('4 of 4 runs are within')")
    heads = "[...document.querySelectorAll('main ol:first-of-type li strong')].map((one) => one.innerText)"
    before = page.run(heads)
    to_the_right = f"Move {before[0]} to the right"
    page.run(f"document.querySelector('main button[aria-label=\"{to_the_right}\"]').click()")
    page.wait_for(f"({heads})[1] === {before[0]!r} && location.search.includes('axes')")
    check_access(page)
    check(page, url)


def test_a_metric_that_was_told_once_is_a_dot(
    page: Page, running_server: RunningServer, recording: Recording, project: str
) -> None:
    with recording(project) as client, client.start_run("evaluate") as run:
        run.log({"auc": 0.9})
        run.log({"loss": 0.1}, step=7)
    page.open(f"{running_server.url}/p/{project}/runs/{run.id}?tab=metrics")
    page.wait_for("document.querySelectorAll('figure canvas').length === 2")
    page.wait_for(COLOURED)
    check(page, running_server.url)


def test_images_that_a_client_logged_are_shown_with_the_run(
    page: Page, running_server: RunningServer, recording: Recording, project: str
) -> None:
    url = running_server.url
    with recording(project) as client:
        with client.start_run("draw", job="draw") as run:
            shades = np.linspace(0, 255, 64 * 48).reshape(48, 64).astype(np.uint8)
            run.log_image("shades", shades)
            run.log_text("notes.md", "what was seen")
        assert client.flush(20.0)
    page.open(f"{url}/p/{project}/runs/{run.id}?tab=files")
    page.wait_for("document.querySelector('main img[alt^=shades]')?.naturalWidth === 64")
    page.wait_for(f"{TEXT}.includes('what was seen')")
    check_access(page)
    check(page, url)


def box(page: Page, selector: str) -> tuple[float, float, float, float]:
    """Where it is in the window: left, top, width, height."""
    page.wait_for(f"!!document.querySelector({selector!r})")
    page.wait_for(AT_REST)
    found = page.run(
        f"(() => {{ const it = document.querySelector({selector!r}); it.scrollIntoView({{block: 'center'}});"
        "const at = it.getBoundingClientRect(); return [at.left, at.top, at.width, at.height]; })()"
    )
    return found[0], found[1], found[2], found[3]
