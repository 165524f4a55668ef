"""What lists and pictures are narrowed to in a real browser: by tags, and by when things were."""

from __future__ import annotations

import json
import time
from urllib.parse import quote
from uuid import uuid4

import pytest

from tests.e2e.conftest import Recording, RunningServer
from tests.support.browser import Page
from tests.support.faults import event, send
from tests.support.lineage_view import cards, click, wait_for_cards
from tests.support.web_pages import choose
from tests.support.web_view import TEXT, check, check_access

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

NAMES = "[...document.querySelectorAll('tbody th bdi')].map((one) => one.textContent)"
DAY = 24 * 3600 * 1_000_000
WHOLE = """
((all) => all.length > 2 && all.every((one, at) => one.scrollWidth <= one.clientWidth + 1
  && (at === 0 || one.getBoundingClientRect().left >= all[at - 1].getBoundingClientRect().right)))
(((button) => [...button.parentElement.querySelectorAll('button')])
  ([...document.querySelectorAll('main button')].find((one) => one.textContent.trim() === 'Tags')))
"""
"""What narrows a lineage stands side by side, nothing of it cut or over the next."""

FITS_ITS_CARD = """
((one) => one.getBoundingClientRect().right <= one.closest('[data-stack]').getBoundingClientRect().right)
(document.querySelector('[data-best]'))
"""


def choice(value: str) -> str:
    """A box to tick in the list that is open."""
    every = "[...document.querySelectorAll('[role=dialog] input[type=checkbox]')]"
    return f"{every}.find((one) => one.value === {json.dumps(value)})"


@pytest.fixture
def project() -> str:
    """One of the test's own: the server is shared."""
    return f"filters-{uuid4().hex[:8]}"


def old(project: str, number: int, days: int, **more: object) -> list[dict[str, object]]:
    """A run of so many days ago, and its end."""
    at = time.time_ns() // 1_000 - days * DAY
    begun = event(project, number, id=f"{project}-{number}-begun", at=at, state="running", **more)
    return [{**begun, "outputs": []}, event(project, number, at=at + 1_000_000, **more)]


def test_runs_are_found_by_their_tags_and_by_when_they_began(
    page: Page, running_server: RunningServer, recording: Recording, project: str
) -> None:
    url = running_server.url
    with recording(project) as client:
        for name, tags in (
            ("one", {"team": "a"}),
            ("two", {"team": "b", "note": "two words"}),
            ("three", {}),
        ):
            client.start_run(name, job="train", tags=tags).finish()
        assert client.flush(20.0)
    send(url, old(project, 0, 20, job="lately") + old(project, 1, 400, job="long ago"))
    page.open(f"{url}/p/{project}/runs?sort=name")
    page.wait_for(f"{NAMES}.length === 5")

    click(page, "Tags", "main search button")
    page.click(choice("tag.team=b"))
    page.wait_for(f"String({NAMES}) === 'two'")
    page.click(choice('tag.note="two words"'))
    page.wait_for(f"location.search.includes('tag.note') && String({NAMES}) === 'two'")
    check_access(page)
    page.click(choice("tag.team=b"))
    page.press("Escape")
    field = "document.querySelector('main search input[type=search]')"
    page.wait_for(f"{field}.value === 'tag.note=\"two words\"'")
    page.open(page.run("location.href"))  # it is in the address
    page.wait_for(f"String({NAMES}) === 'two'")
    click(page, "Clear the filter", "main search button")
    page.wait_for(f"{NAMES}.length === 5")

    click(page, "Started", "main search button")
    page.click(choice("started>30d"))
    page.wait_for(f"{NAMES}.length === 4 && !{NAMES}.includes('long ago')")
    check_access(page)
    page.click(choice("started>7d"))
    page.wait_for(f"String({NAMES}) === 'one,three,two'")
    page.press("Escape")
    page.type("main search input[type=search]", "started<60d")
    page.wait_for(f"String({NAMES}) === 'long ago'")
    page.type("main search input[type=search]", "tag.team")
    page.wait_for(f"String({NAMES}) === 'one,two'")
    check(page, url)


def test_a_lineage_is_narrowed_to_what_was_lately(
    page: Page, running_server: RunningServer, recording: Recording, project: str
) -> None:
    url = running_server.url
    raw = {"name": "raw", "digest": "sha256:" + "1" * 64, "type": "dataset"}
    clean = {"name": "clean", "digest": "sha256:" + "2" * 64, "type": "dataset"}
    told = {"inputs": [raw], "outputs": [clean], "job": "prepare"}
    begun, ended = old(project, 0, 100)
    send(url, [{**begun, "job": "prepare"}, {**ended, **told}])
    with recording(project) as client:
        with client.start_run("train", job="train") as run:
            run.use("dataset:clean@1")
            run.produce("network", {"weights": [1]}, type="model")
        assert client.flush(20.0)
    page.open(f"{url}/p/{project}/lineage?focus={quote('model:network@1')}&up=2")
    page.wait_for(f"{TEXT}.includes('last 24 hours') && {TEXT}.includes('older')")
    wait_for_cards(page, "network@1", "train", "clean@1", "prepare", "raw@1")
    every = set(cards(page))
    click(page, "last 24 hours")
    page.wait_for("location.search.includes('times=')")
    page.wait_for("!document.querySelector('[data-id] bdi[title=\"prepare\"]')")
    assert "clean@1" not in cards(page)
    assert {"network@1", "train"} <= set(cards(page))
    check_access(page)
    click(page, "last 24 hours")
    wait_for_cards(page, *every)
    check(page, url)


def test_a_lineage_is_narrowed_to_what_bears_a_tag(
    page: Page, running_server: RunningServer, recording: Recording, project: str
) -> None:
    url = running_server.url
    with recording(project) as client:
        with client.start_run("prepare", job="prepare", tags={"team": "a"}) as run:
            clean = run.produce("clean", {"n": [1]}, type="dataset")
        with client.start_run("train", job="train", tags={"team": "b"}) as run:
            run.use(clean)
            run.produce("network", {"weights": [1]}, type="model")
        assert client.flush(20.0)
    page.open(f"{url}/p/{project}/lineage?focus={quote('model:network@1')}&up=2")
    wait_for_cards(page, "network@1", "train", "clean@1", "prepare")
    page.look(360, 900)
    page.wait_for(WHOLE)
    page.look(1440, 900)
    click(page, "Tags", "main button")
    page.click(choice("team=a"))
    wait_for_cards(page, "network@1", "prepare")
    check_access(page)
    page.click(choice("team=b"))
    wait_for_cards(page, "network@1", "prepare", "train")
    page.press("Escape")
    page.open(page.run("location.href"))  # it is in the address
    wait_for_cards(page, "network@1", "prepare", "train")
    assert "Tags: 2" in page.run(TEXT)
    check(page, url)


def test_a_stack_of_runs_tells_the_best_of_a_metric(
    page: Page, running_server: RunningServer, recording: Recording, project: str
) -> None:
    url = running_server.url
    with recording(project) as client:
        with client.start_run("prepare", job="prepare") as run:
            clean = run.produce("clean", {"n": [1]}, type="dataset")
        for number in range(6):
            with client.start_run(f"trial {number}", job="tune") as run:
                run.use(clean)
                run.log({"acc": 0.9 + number / 100, "loss": 0.6 - number / 10})
        assert client.flush(20.0)
    page.open(f"{url}/p/{project}/lineage?focus={quote('dataset:clean@1')}")
    page.wait_for("!!document.querySelector('[data-stack]')")
    stack = "(document.querySelector('[data-stack]')?.innerText ?? '')"
    assert "best" not in page.run(stack)
    click(page, "Best by", "main button")
    page.click(choice("acc"))
    page.wait_for(f"{stack}.includes('best acc 0.95')")
    page.wait_for(FITS_ITS_CARD)
    page.click(choice("-loss"))
    page.wait_for(f"{stack}.includes('best loss 0.1')")
    check_access(page)
    page.press("Escape")
    page.open(page.run("location.href"))  # it is in the address
    page.wait_for(f"{stack}.includes('best loss 0.1')")
    assert "Best by: 1" in page.run(TEXT)
    fold = "main label select:has(option[value=KIND])"
    choose(page, fold, "NONE")
    wait_for_cards(page, "clean@1", "prepare", *(f"trial {number}" for number in range(6)))
    choose(page, fold, "KIND")
    page.wait_for(f"{stack}.includes('6')")
    check_access(page)
    check(page, url)
