"""Pictures on the pages of what they are about: steps of a run, versions of a model; in a real browser."""

from __future__ import annotations

from uuid import uuid4

import pytest

from lineage_server.domain.event_registry import ModelReported, ModelVersionReported
from tests.e2e.conftest import Recording, RunningServer
from tests.support.browser import Page
from tests.support.lineage_view import click, look_at, wait_for_cards
from tests.support.web_view import SCRIPT, TEXT, check, check_access

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

ROWS = "[...document.querySelectorAll('[role=treegrid] tbody tr')].map((one) => one.innerText)"
TIMES = "[...document.querySelectorAll('section[aria-label=\"Steps and trials\"] tbody tr')]"
BARS = f"{TIMES}.map((one) => one.querySelector('[data-tone][style]')?.dataset.tone)"
TITLED = "[...document.querySelectorAll('[data-id][data-hue]')].find((one) => one.innerText.startsWith('{}'))"


def test_the_steps_of_a_run_are_drawn_in_their_order_and_live(
    page: Page, running_server: RunningServer, recording: Recording
) -> None:
    project, url = f"drawn-{uuid4().hex[:8]}", running_server.url
    with recording(project) as client:
        with client.start_run("all of it", job="pipeline") as whole:
            with whole.child("load", job="load") as load:
                raw = load.produce("raw", {"x": [1]}, type="dataset")
            with whole.child("train", job="train") as train:
                train.use(raw)
                model = train.produce("fit", {"w": 1}, type="model")
            judge = whole.child(SCRIPT, job="judge")
            judge.use(model)
            assert client.flush(20.0)
            page.open(f"{url}/p/{project}/runs/{whole.uid}")
            page.click(
                "[...document.querySelectorAll('main nav a')].find((one) => one.textContent === 'Steps')"
            )
            wait_for_cards(page, "all of it", "load", "train", SCRIPT)
            judged = TITLED.format("<img")
            assert "running" in page.run(f"{judged}.innerText")
            one_by_one = map(TITLED.format, ("all of it", "load", "train", "<img"))
            order = [page.run(f"{one}.getBoundingClientRect().left") for one in one_by_one]
            assert order == sorted(order)
            # The same in time, which goes on for what runs.
            assert page.run(f"{TIMES}.map((one) => one.innerText.split('\\n')[0].trim().slice(0, 5))") == [
                "load", "train", SCRIPT[:5]
            ]  # fmt: skip
            assert page.run(BARS) == ["ok", "ok", "busy"]
            took = f"{TIMES}[2].children[3].innerText"
            begun = page.run(took)
            page.wait_for(f"{took} !== {begun!r}")
            check_access(page)
            # The colour of a state is that of now.
            judge.fail("no use")
            assert client.flush(20.0)
            page.wait_for(f"{judged}?.dataset.tone === 'bad' && {BARS}[2] === 'bad'")
        assert client.flush(20.0)
    look_at(page, "train")
    page.wait_for("!!document.querySelector('aside h2') && location.search.includes('at=')")
    click(page, "Outline", "main label")
    page.wait_for(f"{ROWS}.length === 4 && {ROWS}[3].includes('failed')")
    check_access(page)
    page.open(page.run("location.href"))  # all of it is in the address
    page.wait_for(f"{ROWS}.length === 4 && !!document.querySelector('aside h2')")
    page.click(
        "[...document.querySelectorAll('aside button')].find((one) => one.textContent === 'Open its page')"
    )
    page.wait_for(f"{TEXT}.includes('train') && document.querySelector('main h1').textContent === 'train'")
    check(page, url)


def test_a_picture_of_versions_says_what_each_came_from(
    page: Page, running_server: RunningServer, recording: Recording
) -> None:
    project, url = f"drawn-{uuid4().hex[:8]}", running_server.url
    with recording(project) as client:
        with client.start_run("collect", job="collect") as run:
            raw = run.produce("raw", {"x": [1]}, type="dataset")
        fits = []
        for number in range(2):
            with client.start_run("train", job="train") as run:
                run.use(fits[-1] if fits else raw)
                fits.append(run.produce("fit", {"w": number}, type="model"))
        client.report(
            ModelReported(project=project, model="churn"),
            *(
                ModelVersionReported(project=project, model="churn", version=str(n), origin=fit.uid)
                for n, fit in enumerate(fits, 1)
            ),
        )
        assert client.flush(20.0)
    page.open(f"{url}/p/{project}/model?of=model%3A{project}%2Fchurn&view=tree")
    wait_for_cards(page, "churn", "churn@1", "churn@2", "raw@1")
    check_access(page)
    click(page, "Outline", "main label")
    page.wait_for(f"{ROWS}.length === 4")
    check_access(page)
    page.open(f"{url}/p/{project}/artifact?of=artifact%3A{project}%2Fmodel%2Ffit")
    click(page, "Version tree", "main a")
    wait_for_cards(page, "fit", "fit@1", "fit@2", "raw@1")  # what they are versions of has no number
    check_access(page)
    click(page, "All versions", "main a")
    page.wait_for("!location.search.includes('tree') && !document.querySelector('[data-id][data-hue]')")
    check(page, url)
