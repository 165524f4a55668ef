"""The catalog's pages while others write: what they do shows by itself."""

from __future__ import annotations

from uuid import uuid4

import pytest

from lineage_server.domain.events import AliasSet, ModelVersionReported
from tests.e2e.conftest import Recording, RunningServer
from tests.support.browser import Page
from tests.support.web_pages import press
from tests.support.web_view import HEADING, TEXT, check, check_access
from tests.support.web_world import make_project

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
ROWS = "document.querySelectorAll('main tbody tr').length"
SAID = f"{TEXT}.replace(/[\\u2066-\\u2069]/g, '')"
"""Names within sentences have a direction of their own."""
ITEMS = "document.querySelectorAll('main nav ol > li').length"


@pytest.fixture
def project() -> str:
    """One of the test's own: the server is shared."""
    return f"live-{uuid4().hex[:8]}"


def test_what_others_do_with_a_model_is_shown_under_an_open_page(
    page: Page, running_server: RunningServer, recording: Recording, project: str
) -> None:
    url = running_server.url
    with recording(project) as client:
        for version in ("1", "2"):
            client.report(ModelVersionReported(project=project, model="churn", version=version))
        client.report(AliasSet(project=project, model="churn", alias="prod", version="1"))
        assert client.flush(20.0)
        page.open(f"{url}/p/{project}/models")
        page.wait_for(f"{TEXT}.includes('prod → 1')")
        client.promote("model:churn@2", "prod")
        page.wait_for(f"{TEXT}.includes('prod → 2')")
        press(page, "churn")
        row = "[...document.querySelectorAll('main tbody tr')].find((one) => one.cells[0].innerText === '{}')"
        page.wait_for(f"{row.format(2)}?.innerText.includes('prod')")
        client.promote("model:churn@1", "prod")
        page.wait_for(f"{row.format(1)}?.innerText.includes('prod')")
        assert "prod" not in page.run(f"{row.format(2)}.innerText")
        client.report(ModelVersionReported(project=project, model="churn", version="3"))
        assert client.flush(20.0)
        page.wait_for(f"!!{row.format(3)}")
        press(page, "Version tree")
        page.wait_for("!!document.querySelector('[data-id] bdi[title=\"churn@3\"]')")
        client.report(ModelVersionReported(project=project, model="churn", version="4"))
        assert client.flush(20.0)
        page.wait_for(f"{TEXT}.includes('1 change, show')")
        press(page, "Approvals")
        page.wait_for(f"{TEXT}.includes('Nobody asked for an approval yet')")
        client.request_approval("model:churn@3", "prod", "please look")
        page.wait_for(f"{TEXT}.includes('please look')")
    check(page, url)


def test_what_others_write_and_read_is_shown_under_an_open_page(
    page: Page, running_server: RunningServer, recording: Recording, project: str
) -> None:
    url = running_server.url
    make_project(url, project)
    page.open(f"{url}/p/{project}/artifacts")
    page.wait_for(f"{TEXT}.includes('No artifacts yet')")
    with recording(project) as client:
        with client.start_run("collect", job="collect") as run:
            flowers = run.produce("flowers", {"petal": [1.0]}, type="dataset")
        assert client.flush(20.0)
        page.wait_for(f"{ROWS} === 1")
        press(page, "flowers")
        page.wait_for(f"{ITEMS} === 1")
        press(page, "Used by")
        page.wait_for(f"{TEXT}.includes('Nothing uses this version yet')")
        with client.start_run("train", job="train") as run:
            run.use(flowers, role="data")
            run.produce("network", {"weights": [1]}, type="model")
            run.produce("flowers", {"petal": [1.0, 2.0]}, type="dataset")
        assert client.flush(20.0)
        page.wait_for(f"{ITEMS} === 2 && {TEXT}.includes('network@1')")
        # The one that is looked at stays.
        assert "flowers@1" in page.run("document.querySelector('main h2').innerText")
        page.open(f"{url}/p/{project}/artifact?of=dataset:flowers")
        page.wait_for("document.querySelector('main h2')?.innerText === 'flowers@2'")
    check(page, url)


def test_home_tells_of_models_that_changed_today_by_their_versions_and_aliases(
    page: Page, running_server: RunningServer, recording: Recording, project: str
) -> None:
    """Nobody described any of them; the one that changed last comes first, also under an open page."""
    url = running_server.url
    named = "[...document.querySelectorAll('main li a')].map((one) => one.innerText.trim())"
    with recording(project) as client:
        with client.start_run("train", job="train"):
            pass
        for model in ("churn", "fraud"):
            client.report(ModelVersionReported(project=project, model=model, version="1"))
        assert client.flush(20.0)
        page.open(f"{url}/p/{project}")
        page.wait_for(f"{named}.filter((one) => /churn|fraud/.test(one)).join() === 'fraud,churn'")
        client.report(AliasSet(project=project, model="churn", alias="prod", version="1"))
        page.wait_for(f"{named}.filter((one) => /churn|fraud/.test(one)).join() === 'churn,fraud'")
    check(page, url)


def test_an_artifact_tells_as_what_it_is_registered_and_leads_there(
    page: Page, running_server: RunningServer, recording: Recording, project: str
) -> None:
    """Also while it is open; what it is called moves with the alias."""
    url = running_server.url
    with recording(project) as client:
        for weight in (1, 2):
            with client.start_run("train", job="train") as run:
                run.produce("network", {"weights": [weight]}, type="model")
        assert client.flush(20.0)
        page.open(f"{url}/p/{project}/artifact?of=model:network&v=1")
        page.wait_for("document.querySelector('main h2')?.innerText === 'network@1'")
        assert "Registered as" not in page.run(SAID)
        client.register("churn", "model:network@1", aliases=("prod", "test"))
        page.wait_for(f"{SAID}.includes('Registered as\\nchurn version 1, aliases prod, test')")
        client.register("churn", "model:network@2", aliases="prod")
        page.wait_for(f"{SAID}.includes('churn version 1, alias test')")
    check_access(page)
    page.run("localStorage.setItem('lineage.language', 'ko')")
    page.open(page.run("location.href"))
    page.wait_for(f"{SAID}.includes('등록된 모델\\nchurn 버전 1, 별칭 test')")
    page.run("localStorage.removeItem('lineage.language')")
    page.click("[...document.querySelectorAll('main a')].find((one) => one.innerText.includes('churn'))")
    page.wait_for(f"{HEADING} === 'churn' && {TEXT}.includes('churn@1')")
    check(page, url)


def test_a_long_history_says_where_the_rest_of_it_is(
    page: Page, running_server: RunningServer, recording: Recording, project: str
) -> None:
    url = running_server.url
    with recording(project) as client:
        for version in ("1", "2"):
            client.report(ModelVersionReported(project=project, model="churn", version=version))
        for move in range(410):
            told = AliasSet(project=project, model="churn", alias=f"a{move % 50}", version=str(1 + move % 2))
            client.report(told)
        assert client.flush(20.0)
    page.open(f"{url}/p/{project}/model?of=model%3A{project}%2Fchurn&view=history")
    page.wait_for(f"{ROWS} === 50")
    assert "local" not in page.run(f"{TEXT}.replaceAll('localhost', '')")
    press(page, "Show more")
    page.wait_for(f"{ROWS} === 400 && {TEXT}.includes('These are the newest 400')")
    check_access(page)
    check(page, url)
