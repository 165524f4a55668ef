"""Runs and versions side by side in a real browser: which can be chosen, how they are called and printed."""

from __future__ import annotations

from urllib.parse import quote
from uuid import uuid4

import pytest

from tests.e2e.conftest import RunningServer
from tests.support.browser import Page
from tests.support.faults import event, run_id, send
from tests.support.lineage_view import click
from tests.support.printed import printed
from tests.support.web_view import TEXT, check, check_access

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

RUNS = 60


@pytest.fixture(scope="module")
def made(running_server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[str]]:
    """A project of many runs, each with a version of one model, and their uids."""
    from lineage_server import Client
    from lineage_server.client.config import load_config
    from tests.e2e.conftest import client_environment

    project = f"many-{uuid4().hex[:8]}"
    told = client_environment(tmp_path_factory.mktemp("many"), running_server.url, LINEAGE_CAPTURE="none")
    uids: list[str] = []
    with Client(config=load_config(environ=told, project=project)) as client:
        for number in range(RUNS):
            params = {f"p{key:02}": number + key for key in range(40)}
            with client.start_run(f"train {number:02}", job="train", params=params) as run:
                run.log({"acc": number / RUNS})
                run.produce("network", {"weights": [number]}, type="model")
                uids.append(run.uid)
        assert client.flush(30.0)
    return project, uids


def test_versions_older_than_those_that_are_listed_can_be_chosen_too(
    page: Page, running_server: RunningServer, made: tuple[str, list[str]]
) -> None:
    url, (project, _) = running_server.url, made
    page.open(f"{url}/p/{project}/lineage?focus={quote('model:network@60')}")
    click(page, "Why different?")
    items = "[...document.querySelectorAll('[role=menuitem] bdi')].map((one) => one.textContent)"
    page.wait_for(f"{items}.length === 49")
    assert page.run(f"{items}.at(-1)") == "network@11"
    assert "The newest 50 are shown" in page.run("document.querySelector('[role=menu]').innerText")
    check_access(page)
    click(page, "Show older ones", "[role=menuitem]")
    page.wait_for(f"{items}.length === 59")
    assert "are shown" not in page.run("document.querySelector('[role=menu]').innerText")
    click(page, "network@1", "[role=menuitem]:has(bdi):last-of-type")
    page.wait_for("location.search.includes('vs=')")
    page.wait_for(f"{TEXT}.includes('p00')")
    check(page, url)


def test_compared_versions_are_called_by_their_numbers(
    page: Page, running_server: RunningServer, made: tuple[str, list[str]]
) -> None:
    url, (project, uids) = running_server.url, made
    page.open(f"{url}/p/{project}/compare?runs={'.'.join(uids[:3])}")
    outputs = "[...document.querySelectorAll('tbody tr')].find((one) => one.innerText.includes('network'))"
    frame = "document.querySelector('main section[tabindex]')"
    named = f"[...({outputs}?.querySelectorAll('td bdi') ?? [])].map((one) => one.textContent)"
    # Rows come some at a time, as one goes down.
    page.wait_for(f"({frame}.scrollTop = 1e6) && String({named}) === 'network@1,network@2,network@3'")
    check_access(page)
    page.wait_for(f"({frame}.scrollTop = 1e6) && !!{outputs}")
    page.click(f"{outputs}?.querySelector('th a')")
    chosen = "[...document.querySelectorAll('main select')].map((one) => one.selectedOptions[0].text)"
    page.wait_for(f"{chosen}.length === 3")
    page.wait_for(f"{chosen}[1].startsWith('network@1 · ') && {chosen}[2].startsWith('network@2 · ')")
    check(page, url)


def test_runs_are_printed_as_far_as_they_were_read(
    page: Page, running_server: RunningServer, made: tuple[str, list[str]]
) -> None:
    url, (project, _) = running_server.url, made
    page.open(f"{url}/p/{project}/runs?sort=name&q=train")
    page.wait_for(f"{TEXT}.includes('{RUNS} runs')")
    drawn = "document.querySelectorAll('tbody th bdi').length"
    page.wait_for(f"{drawn} > 0")
    in_sight = page.run(drawn)
    assert in_sight < RUNS
    sheets = printed(page)
    words = " ".join(" ".join(sheets).split())
    assert [name for name in (f"train {number:02}" for number in range(RUNS)) if name not in words] == []
    assert len(sheets) > 1
    assert not [one for one in ("Columns", "Views", "Ctrl K") if one in words], "what is to be pressed stays"
    assert "Printed: the first" not in words, "all are there"
    page.wait_for(f"{drawn} === {in_sight}")  # on the screen all is as it was
    check(page, url)


def test_a_list_of_runs_too_long_to_be_read_at_once_says_on_paper_that_it_is_not_all(
    page: Page, running_server: RunningServer
) -> None:
    url, project = running_server.url, f"long-{uuid4().hex[:8]}"
    events = [event(project, number, inputs=[], outputs=[], job="many") for number in range(1_000)]
    send(url, events)
    page.open(f"{url}/p/{project}/runs")
    page.wait_for(f"{TEXT}.includes('1,000 runs')")
    read = page.run(
        "/([\\d,]+) of them read so far/.exec(document.querySelector('main output').innerText)[1]"
    )
    words = " ".join(" ".join(printed(page)).split())
    assert f"Printed: the first {read} of 1,000." in words, words[-300:]
    check(page, url)


def test_a_comparison_is_printed_whole_some_runs_below_the_others(
    page: Page, running_server: RunningServer, made: tuple[str, list[str]]
) -> None:
    url, (project, uids) = running_server.url, made
    page.open(f"{url}/p/{project}/compare?runs={'.'.join(uids[:12])}")
    page.wait_for("document.querySelectorAll('thead bdi').length > 5")
    drawn = "document.querySelectorAll('tbody th bdi').length"
    page.wait_for(f"{drawn} > 0")
    frame = "document.querySelector('main section[tabindex]')"
    page.wait_for(
        f"({frame}.scrollTop = 1e6) && {TEXT}.includes('network@1')"
    )  # asked for and there, of those out of sight, too
    page.run(f"{frame}.scrollTop = 0")
    page.wait_for(f"!{TEXT}.includes('network@1')")
    in_sight = page.run(drawn)
    words = " ".join(" ".join(printed(page)).split())
    assert [name for name in (f"train {number:02}" for number in range(12)) if name not in words] == []
    assert [name for name in (f"p{key:02}" for key in range(40)) if words.count(name) < 3] == [], (
        "each of the three blocks has all rows"
    )
    assert all(f"network@{number}" in words for number in range(1, 13)), "in sight or not"
    assert "Curves" not in words
    page.wait_for(f"{drawn} === {in_sight}")
    check(page, url)


def test_all_parameters_of_a_run_are_printed(
    page: Page, running_server: RunningServer, made: tuple[str, list[str]]
) -> None:
    url, (project, uids) = running_server.url, made
    page.open(f"{url}/p/{project}/runs/{uids[0].removeprefix('run:')}")
    frames = "[...document.querySelectorAll('main section[tabindex]')]"
    frame = f"{frames}.find((one) => one.innerText.includes('p00'))"
    page.wait_for(f"!!{frame}")
    drawn = f"{frame}.querySelectorAll('tbody th').length"
    in_sight = page.run(drawn)
    assert page.run(f"{frame}.scrollHeight > {frame}.clientHeight")
    words = " ".join(" ".join(printed(page)).split())
    assert [name for name in (f"p{key:02}" for key in range(40)) if name not in words] == []
    page.wait_for(f"{drawn} === {in_sight}")
    check(page, url)


MOST, PARAMS, SAME = 200, 300, 10


@pytest.fixture(scope="module")
def most(running_server: RunningServer) -> tuple[str, list[str]]:
    """A project of one run more than can be compared, each of many parameters, and their ids."""
    project = f"most-{uuid4().hex[:8]}"
    told = [
        event(
            project, number, outputs=[], job="train", metrics={"acc": number / MOST},
            params={f"p{key:03}": key if key < SAME else number + key for key in range(PARAMS)},
        ) | {"name": f"train {number:03}"}
        for number in range(MOST + 1)
    ]  # fmt: skip
    for at in range(0, len(told), 20):
        send(running_server.url, told[at : at + 20])
    return project, [run_id(project, number) for number in range(MOST + 1)]


def test_two_hundred_runs_of_three_hundred_parameters_are_one_table_and_one_picture(
    page: Page, running_server: RunningServer, most: tuple[str, list[str]]
) -> None:
    url, (project, runs) = running_server.url, most
    page.open(f"{url}/p/{project}/compare?runs={'.'.join(runs[:MOST])}")
    page.wait_for(f"{TEXT}.includes('{PARAMS - SAME + 1} rows differ')")
    assert page.run("document.querySelector('main h1').textContent") == "Compare 200 runs"
    heads = "[...document.querySelectorAll('thead bdi')].map((one) => one.textContent)"
    names = "[...document.querySelectorAll('tbody th bdi')].map((one) => one.textContent)"
    page.wait_for(f"{heads}.includes('train 000') && {names}.includes('p010')")
    assert page.run(f"{heads}.length * {names}.length") < 3_000, "only what is in sight is drawn"
    frame = "document.querySelector('main section[tabindex]')"
    page.run(f"{frame}.scrollTo(1e6, 0)")
    page.wait_for(f"{heads}.includes('train 199')")
    # Rows come some at a time, as one goes down.
    page.wait_for(f"({frame}.scrollTop = 1e6) && {names}.includes('p299')")
    last = "[...document.querySelectorAll('tbody tr')].find((one) => one.innerText.startsWith('parameter'))"
    assert page.run(f"!!{last}")
    corner = (
        f"[...document.querySelectorAll('tbody tr')].find((one) => one.innerText.includes('p{PARAMS - 1}'))"
    )
    assert str(MOST - 1 + PARAMS - 1) in page.run(f"{corner}.innerText"), "the last parameter of the last run"
    check_access(page)
    click(page, "Scatter plot", "main label")
    page.wait_for("document.querySelector('figure')?.ariaLabel.endsWith(': 200 runs')")
    click(page, "Parallel coordinates", "main label")
    page.wait_for(f"{TEXT}.includes('200 of 200 runs are within')")
    check_access(page)
    check(page, url)


def test_more_runs_than_can_be_compared_are_refused_with_how_many_can(
    page: Page, running_server: RunningServer, most: tuple[str, list[str]]
) -> None:
    url, (project, runs) = running_server.url, most
    page.open(f"{url}/p/{project}/compare?runs={'.'.join(runs)}")
    page.wait_for(f"{TEXT}.includes('201 runs are too many') && {TEXT}.includes('2 to 200 runs can be')")
    check_access(page)
    click(page, "Compare the first 200", "main button")
    page.wait_for(f"{TEXT}.includes('{PARAMS - SAME + 1} rows differ')")
    assert runs[MOST] not in page.run("location.search")
    check(page, url)
