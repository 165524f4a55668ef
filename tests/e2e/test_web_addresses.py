"""Addresses of another project, of none, of what is not there: the page says so, or mends them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pytest

from lineage_server.domain.events import ModelVersionReported
from tests.e2e.conftest import Recording, RunningServer, StartServer, client_environment
from tests.support.browser import Page, browsing
from tests.support.faults import ask
from tests.support.streaming import CREATE
from tests.support.web_pages import fill, press, send
from tests.support.web_view import FITS, HEADING, TEXT, build, check, check_access
from tests.support.web_world import make_project

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

SWITCH = "document.querySelector('header nav button')?.ariaLabel"
"""What the switcher of projects says."""
LINKS = "[...document.querySelectorAll('nav li a')].map((one) => one.pathname + '/')"
"""Where rail and breadcrumb lead."""


@pytest.fixture
def name() -> str:
    """A beginning of names for projects of the test's own: the server is shared."""
    return f"places-{uuid4().hex[:8]}"


def test_a_thing_of_another_project_is_shown_under_its_own(
    page: Page, running_server: RunningServer, recording: Recording, name: str
) -> None:
    url, here, own = running_server.url, f"{name}-a", f"{name}-나"
    under = f"/p/{quote(own)}/"
    with recording(here) as client:
        client.start_run("other", job="other").finish()
        assert client.flush(20.0)
    with recording(own) as client:
        with client.start_run("train", job="train") as run:
            network = run.produce("network", {"weights": [1]}, type="model")
        client.register("churn", network, reason="first")
        assert client.flush(20.0)
    artifact = network.uid.rpartition("@")[0].replace("version:", "artifact:")
    for path, heading in (
        (f"runs/{run.id}?tab=data", "train"),
        (f"artifact?of={quote(artifact)}&view=files", "network"),
        (f"model?of={quote(f'model:{own}/churn')}&view=history", "churn"),
        (f"model?of={quote(f'{own}/model:churn@latest')}&view=history", "churn"),
        (f"lineage?focus={quote(network.uid)}&tab=outline", "network@1"),
    ):
        page.open(f"{url}/p/{here}/runs")
        page.wait_for(f"{HEADING} === 'Runs'")
        page.run(f"history.pushState(null, '', {f'/p/{here}/{path}'!r})")
        page.wait_for(f"location.pathname.startsWith({under!r}) && {HEADING} === {heading!r}")
        page.wait_for(f"{SWITCH} === {f'Project: {own}'!r}")
        assert path.rpartition("&")[2].rpartition("?")[2] in page.run("location.search"), (
            "as it was asked for"
        )
        page.wait_for(f"{LINKS}.length > 5 && {LINKS}.every((one) => one.startsWith({under!r}))")
        page.run("history.back()")
        page.wait_for(f"location.pathname === '/p/{here}/runs' && {HEADING} === 'Runs'")
    check(page, url)


def test_a_project_that_is_not_there_says_so_on_every_page_of_it(
    page: Page, running_server: RunningServer, recording: Recording, name: str
) -> None:
    url, said = running_server.url, f"Nothing has been recorded in a project called “{name}”"
    for path in (
        "", "artifacts", "models", "lineage", "search?q=iris", "compare?runs=1.2", f"runs/{'0' * 32}",
        "artifact?of=dataset:iris", "model?of=model:default/none", "lineage?focus=model:none@1", "runs",
    ):  # fmt: skip
        page.open(f"{url}/p/{name}/{path}")
        page.wait_for(f"{HEADING} === {said!r} && {TEXT}.includes('lineage.start_run')")
        page.wait_for(
            f"[...document.querySelectorAll('main a')].some((one) => one.pathname === '/p/{name}/projects')"
        )
    check_access(page)
    with recording(name) as client:
        client.start_run("first", job="first").finish()
        assert client.flush(20.0)
    page.wait_for(f"{HEADING} === 'Runs' && {TEXT}.includes('first')")  # by itself
    check(page, url)
    page.open(f"{url}/p/{name}-b/settings?view=webhooks")
    page.wait_for(f"{TEXT}.includes('Nothing has been recorded') && {TEXT}.includes('No webhooks yet')")
    assert page.run("document.querySelector('main output').getClientRects().length") == 1, "one block"
    check_access(page)
    page.open(f"{url}/p/{name}-b/settings")
    page.wait_for(f"{TEXT}.includes('No members yet')")
    check_access(page)
    page.open(f"{url}/p/{name}-b/admin")
    page.wait_for(f"{HEADING} === 'Server'")
    page.open(f"{url}/p/{name}-b/projects")
    press(page, "Make a project")
    fill(page, "Name", f"{name}-b")
    send(page, "Make")
    page.wait_for(f"{HEADING} === '{name}-b' && {TEXT}.includes('Waiting for the first run')")
    page.open(f"{url}/p/{name}-b/runs")
    page.wait_for(f"{HEADING} === 'Runs'")


def test_a_project_of_others_looks_like_one_that_is_not_there(
    start_server: StartServer, tmp_path: Path
) -> None:
    build()
    server = start_server(environment=client_environment(tmp_path / "user", LINEAGE_AUTH__MODE="token"))
    root = (server.data_dir / "admin-token").read_text().strip()
    for project in ("secret", "open"):
        make_project(server.url, project, token=root)
    wanted = {
        "name": "reads", "service": True, "subject": "somebody",
        "scopes": [{"project": "open", "role": "VIEWER"}, {"project": "unbegun", "role": "EDITOR"}],
    }  # fmt: skip
    token = ask(server.url, CREATE, {"input": wanted}, token=root)["createToken"]["text"]
    with browsing(tmp_path) as page:
        page.open(f"{server.url}/p/open/models")
        sign_in(page, token)
        page.wait_for(f"{TEXT}.includes('No models yet')")
        for project in ("secret", "nonsense"):
            for path in ("", "runs", "settings", "model?of=model:secret/churn"):
                page.open(f"{server.url}/p/{project}/{path}")
                page.wait_for(f"{HEADING} === 'There is no project “{project}” that you may see'")
                assert "start_run" not in page.run(TEXT)
        check_access(page)
        page.open(f"{server.url}/p/unbegun/runs")
        page.wait_for(f"{HEADING}?.startsWith('Nothing has been recorded') && {TEXT}.includes('start_run')")


def sign_in(page: Page, token: str) -> None:
    page.wait_for("location.pathname === '/sign-in' && !!document.querySelector('input')")
    page.type("input", token)
    page.run("document.querySelector('form').requestSubmit()")


def test_a_version_that_is_not_there_is_told_with_those_that_are(
    page: Page, running_server: RunningServer, recording: Recording, name: str
) -> None:
    url = f"{running_server.url}/p/{name}"
    with recording(name) as client:
        for number in (1, 2, 3):
            with client.start_run("train", job="train") as run:
                network = run.produce("network", {"weights": [number]}, type="model")
            assert client.flush(20.0)
            client.register("churn", network, reason="made")
        with client.start_run("other", job="other") as run:
            other = run.produce("other", {"weights": [7]}, type="model")
        client.report(
            *(ModelVersionReported(project=name, model="churn", version=f"b{n}") for n in range(60))
        )
        assert client.flush(20.0)
    model, full = f"model?of=model:{name}/churn", "document.querySelector('main section h2')?.textContent"
    for path, wanted, first in (
        (f"{model}&v=99", "99", "churn@3"),
        ("artifact?of=model:network&v=99", "99", "network@3"),
        ("artifact?of=model:network@99", "99", "network@3"),
        ("artifact?of=model:network&v=nonsense", "nonsense", "network@3"),
        (f"artifact?of=model:network&v={quote(other.uid)}", other.uid.rpartition("@")[2], "network@3"),
    ):
        page.open(f"{url}/{path}")
        page.wait_for(
            f"{TEXT}.includes('There is no version {wanted} here') && {TEXT}.includes('the newest are 3, 2')"
        )
        assert page.run(f"!{TEXT}.includes('{first}')"), "another is not shown in its place"
        check_access(page)
        press(page, "Look at the newest, 3")
        page.wait_for(f"{full} === {first!r} && !location.search.includes('v=')")
    for path, shown in (
        (f"{model}&v=2", "churn@2"),
        (f"{model}&v=b9", "churn@b9"),
        ("artifact?of=model:network&v=2", "network@2"),
        ("artifact?of=model:network@2", "network@2"),
    ):
        page.open(f"{url}/{path}")
        page.wait_for(f"{full} === {shown!r}")
        page.wait_for("document.querySelectorAll('main :is(th, li) a[aria-current]').length === 1")
    page.complaints = [one for one in page.complaints if "/graphql" not in one]
    check(page, running_server.url)


WATCHING = """
window.away = 0;
new MutationObserver(() => { window.away += document.querySelector('main h1') ? 0 : 1; })
  .observe(document.querySelector('main'), {childList: true, subtree: true});
0
"""


def test_a_model_opens_by_any_reference_to_it(
    page: Page, running_server: RunningServer, recording: Recording, name: str
) -> None:
    url, full = f"{running_server.url}/p/{name}", "document.querySelector('main section h2')?.textContent"
    odd = "team/churn@home"
    with recording(name) as client:
        for number in (1, 2, 3):
            with client.start_run("train", job="train") as run:
                network = run.produce("network", {"weights": [number]}, type="model")
            assert client.flush(20.0)
            for model in ("churn", odd):
                client.register(model, network, aliases="prod" if number == 2 else (), reason="made")
        client.report(
            *(ModelVersionReported(project=name, model="churn", version=f"b{n}") for n in range(60))
        )
        assert client.flush(20.0)
    for of, model, shown, v in (
        ("model:churn@prod", "churn", "2", "prod"),
        ("churn@1", "churn", "1", "1"),
        (f"{name}/model:churn@latest", "churn", "3", "latest"),
        ("churn", "churn", "3", None),
        ("model:churn@b9", "churn", "b9", "b9"),
        (f"model:{name}/churn@prod", "churn", "2", "prod"),
        (f"model:{odd}", odd, "3", None),
        (f"model:{odd}@prod", odd, "2", "prod"),
    ):
        page.open(f"{url}/model?of={quote(of, safe='')}")
        page.wait_for(f"{HEADING} === {model!r} && {full} === '{model}@{shown}'")
        said = page.run("Object.fromEntries(new URLSearchParams(location.search))")
        assert said["of"] == f"model:{name}/{model}", "the address is the one that the page links to"
        assert said.get("v", "").strip('"') == (v or "")
        check_access(page)
    page.open(f"{url}/model?of=model:churn@prod&view=aliases")
    page.wait_for(f"{HEADING} === 'churn' && location.search.includes('view=aliases')")
    page.open(f"{url}/model?of=model:churn@99")
    page.wait_for(f"{TEXT}.includes('There is no version 99 here')")
    press(page, "Look at the newest, 3")
    page.wait_for(f"{full} === 'churn@3' && !location.search.includes('v=')")
    for nothing in ("model:chrun@prod", "chrun", f"model:{name}/chrun", "dataset:network@1"):
        page.open(f"{url}/model?of={quote(nothing, safe='')}")
        page.wait_for(f"{HEADING} === 'There is nothing here'")
        page.run(WATCHING)
        check_access(page)
        assert page.run("window.away") == 0, "what is told does not blink while it is read again"
    page.complaints = [one for one in page.complaints if "/graphql" not in one]
    check(page, running_server.url)


def test_what_of_an_address_is_ignored_is_told_and_can_be_dropped(
    page: Page, running_server: RunningServer, recording: Recording, name: str
) -> None:
    url, told = f"{running_server.url}/p/{name}", "document.querySelector('aside')?.innerText"
    with recording(name) as client:
        with client.start_run("train", job="train") as run:
            run.produce("network", {"weights": [1]}, type="model")
        assert client.flush(20.0)
    for path, ignored in (
        ("runs?sort=job&cols=%5B%22state%22,%22hue%22%5D&at=3&q=train", "sort=job cols=hue at=3"),
        ("artifacts?type=picture&text=network", "type=picture"),
        ("artifact?of=model:network&view=table", "view=table"),
        (f"runs/{run.id}?tab=charts", "tab=charts"),
        ("lineage?focus=model:network@1&down=99&shape=round", "down=99 shape=round"),
    ):  # fmt: skip
        page.open(f"{url}/{path}")
        page.wait_for(f"{told}?.startsWith('Parts of this address mean nothing here')")
        said = "[...document.querySelectorAll('aside code')].map((one) => one.textContent)"
        assert page.run(said) == ignored.split(" "), path
        page.wait_for(f"{HEADING} && {TEXT}.includes('{'train' if 'run' in path else 'network'}')")
        check_access(page)
        page.click("document.querySelector('aside a')")
        page.wait_for(f"{told} === undefined && !location.search.includes('ignored')")
        kept = path.partition("?")[2].split("&")[-1]
        assert kept in ignored or kept in page.run("decodeURIComponent(location.search)")
    page.open(f"{url}/runs?sort=-m.loss&states=%5B%22FAILED%22%5D")
    page.wait_for(f"{TEXT}.includes('No run fits this filter')")
    assert page.run(f"{told} === undefined")
    check(page, running_server.url)


def test_names_of_any_letters_and_lengths_are_addresses_and_fit(
    page: Page, running_server: RunningServer, recording: Recording, name: str
) -> None:
    """By number and by alias, which an address has to tell from its own signs."""
    url = f"{running_server.url}/p/{name}"
    with recording(name) as client:
        for odd in ("100% #1?a=b&c+d", "שלום / 이탈 🙂", "x" * 300):
            with client.start_run(odd, job=odd) as run:
                network = run.produce(odd, {"weights": [len(odd)]}, type="model")
            client.register(odd, network, aliases=f"{odd[:200]} now", reason="made")
            assert client.flush(20.0)
            model, ref = quote(f"model:{name}/{odd}", safe=""), quote(f"model:{odd}", safe="")
            alias = quote(f"@{odd[:200]} now", safe="")
            for path, shown in (
                (f"artifact?of={ref}", "section h2"), (f"artifact?of={ref}{alias}", "section h2"),
                (f"model?of={model}&v=1", "section h2"), (f"runs/{run.id}", "h1"),
                (f"lineage?focus={ref}{alias}&tab=outline", "tbody tr"),
                (f"lineage?focus={ref}%401", "[data-focus]"),
            ):  # fmt: skip
                page.open(f"{url}/{path}")
                page.wait_for(f"document.querySelector('main :is({shown})')?.innerText.includes({odd[:9]!r})")
                page.wait_for(f"!document.querySelector('main [role=alert]') && {FITS}")
    check(page, running_server.url)
