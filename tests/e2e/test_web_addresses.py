"""Addresses of another project, of none, of what is not there: the page says so, or mends them."""

from __future__ import annotations

from urllib.parse import quote
from uuid import uuid4

import pytest

from tests.e2e.conftest import Recording, RunningServer
from tests.support.browser import Page
from tests.support.web_view import HEADING, check

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
