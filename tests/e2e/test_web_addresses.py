"""Addresses of another project, of none, of what is not there: the page says so, or mends them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pytest

from tests.e2e.conftest import Recording, RunningServer, StartServer, client_environment
from tests.support.browser import Page, browsing
from tests.support.faults import ask
from tests.support.streaming import CREATE
from tests.support.web_pages import fill, press, send
from tests.support.web_view import HEADING, TEXT, build, check, check_access
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
