"""The lineage pages of the web view in a real browser, against a real server."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.e2e.conftest import Recording, RunningServer
from tests.support.browser import Page
from tests.support.web_view import check, check_access

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


@pytest.fixture
def project() -> str:
    """One of the test's own: the server is shared."""
    return f"view-{uuid4().hex[:8]}"


def test_runs_lead_to_their_lineage_which_is_walked_by_keys(
    page: Page, running_server: RunningServer, recording: Recording, project: str
) -> None:
    url = running_server.url
    with recording(project) as client:
        with client.start_run("prepare", job="prepare") as run:
            clean = run.produce("clean", {"n": [1, 2]}, type="dataset")
        with client.start_run("train", job="train") as run:
            run.use(clean, role="data")
            run.produce("network", {"weights": [1]}, type="model")
        assert client.flush(20.0)
    page.open(f"{url}/p/{project}/runs")
    page.wait_for("document.querySelectorAll('tbody tr').length === 2")
    check_access(page)
    page.run("[...document.querySelectorAll('tbody a')].find((one) => one.textContent === 'train').click()")
    page.wait_for("document.querySelector('main h1')?.textContent === 'train'")
    page.run("document.querySelector('main header a[href*=lineage]').click()")
    page.wait_for("!!document.querySelector('[data-focus] [title=train]')")
    check_access(page)
    page.run("document.querySelector('input[value=outline]').click()")
    names = "[...document.querySelectorAll('[role=treegrid] tbody th bdi')].map((one) => one.textContent)"
    page.wait_for(f"String({names}) === 'train,clean@1,network@1'")
    assert "tab=outline" in page.run("location.search")
    check_access(page)
    page.run("document.querySelector('[role=treegrid] tbody tr').focus()")
    for key in ("ArrowDown", "Enter"):
        page.press(key)
    page.wait_for("document.querySelector('aside h2')?.textContent === 'clean@1'")
    assert "at=" in page.run("location.search"), "what is looked at is in the address"
    check_access(page)
    page.run("[...document.querySelectorAll('aside button')].at(-1).click()")
    page.wait_for(f"String({names}).startsWith('clean@1')")
    page.run("history.back()")
    page.wait_for(f"String({names}).startsWith('train')")
    check(page, url)
