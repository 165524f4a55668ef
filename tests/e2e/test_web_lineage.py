"""The lineage pages of the web view in a real browser, against a real server."""

from __future__ import annotations

import json
from urllib.parse import quote
from uuid import uuid4

import pytest

from tests.e2e.conftest import Recording, RunningServer
from tests.support.browser import Page
from tests.support.lineage_view import ROWS, SAVED, cards, click, look_at, saved, wait_for_cards
from tests.support.web_view import TEXT, check, check_access

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


@pytest.fixture
def project() -> str:
    """One of the test's own: the server is shared."""
    return f"view-{uuid4().hex[:8]}"


def search_of(page: Page) -> str:
    return page.run("decodeURIComponent(location.search)")


@pytest.fixture(scope="module")
def trained(running_server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A project where data was corrected between two rounds of training, and six trials were made of it."""
    from lineage_server import Client
    from lineage_server.client.config import load_config
    from tests.e2e.conftest import client_environment

    project = f"trained-{uuid4().hex[:8]}"
    folder = tmp_path_factory.mktemp("trained")
    told = client_environment(folder, running_server.url, LINEAGE_CAPTURE="none")
    with Client(config=load_config(environ=told, project=project)) as client:
        for round_, rate in enumerate((0.1, 0.2), 1):
            with client.start_run("measure", job="measure") as run:
                raw = run.produce("raw", {"n": [round_]}, type="dataset")
            with client.start_run("prepare", job="prepare") as run:
                run.use(raw)
                clean = run.produce("clean", {"n": [round_, round_]}, type="dataset")
            with client.start_run("train", job="train", params={"rate": rate}) as run:
                run.use(clean, role="data")
                model = run.produce("network", {"weights": [rate]}, type="model")
            with client.start_run("judge", job="judge") as run:
                run.use(model)
                run.produce("verdict", {"good": rate}, type="metrics")
        for trial in range(30):
            with client.start_run(f"trial {trial}", job="trial") as run:
                run.use("dataset:clean@2")
        assert client.flush(20.0)
    return project


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
    page.run("[...document.querySelectorAll('tbody a')].find((one) => one.textContent === 'train').click()")
    page.wait_for("document.querySelector('main h1')?.textContent === 'train'")
    page.run("document.querySelector('main header a[href*=lineage]').click()")
    page.wait_for("!!document.querySelector('[data-focus] [title=train]')")
    check_access(page)
    page.run("document.querySelector('input[value=outline]').click()")
    page.wait_for(f"String({ROWS}) === 'train,clean@1,network@1'")
    assert "tab=outline" in page.run("location.search")
    check_access(page)
    page.run("document.querySelector('[role=treegrid] tbody tr').focus()")
    for key in ("ArrowDown", "Enter"):
        page.press(key)
    page.wait_for("document.querySelector('aside h2')?.textContent === 'clean@1'")
    assert "at=" in page.run("location.search"), "what is looked at is in the address"
    check_access(page)
    click(page, "Look from here")
    page.wait_for(f"String({ROWS}).startsWith('clean@1')")
    page.run("history.back()")
    page.wait_for(f"String({ROWS}).startsWith('train')")
    check(page, url)


def test_a_selector_says_what_is_shown_and_chips_what_of_it(
    page: Page, running_server: RunningServer, trained: str
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{trained}/lineage?focus={quote('1+model:network@2+1')}")
    wait_for_cards(page, "network@2", "train", "clean@2", "judge", "verdict@2")
    check_access(page)
    page.type("[aria-label=Selector]", "1+model:network@2")
    page.run("document.querySelector('[aria-label=Selector]').closest('form').requestSubmit()")
    wait_for_cards(page, "network@2", "train", "clean@2")
    assert "focus=1+model:network@2" in search_of(page)
    click(page, "dataset")
    wait_for_cards(page, "network@2", "clean@2")
    assert 'kinds=["dataset"]' in search_of(page)
    click(page, "dataset")
    wait_for_cards(page, "network@2", "train", "clean@2")
    look_at(page, "train")
    click(page, "Hide")
    wait_for_cards(page, "network@2", "clean@2")
    click(page, "1 hidden")
    wait_for_cards(page, "network@2", "train", "clean@2")
    check(page, url)


def test_what_is_not_in_the_picture_is_found_brought_in_and_the_way_to_it_shown(
    page: Page, running_server: RunningServer, trained: str
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{trained}/lineage?focus={quote('1+model:network@2')}")
    wait_for_cards(page, "network@2", "train", "clean@2")
    page.press("/")
    page.wait_for("document.activeElement.getAttribute('aria-label') === 'Find in the picture'")
    page.type("[aria-label='Find in the picture']", "raw")
    page.wait_for(f"{TEXT}.includes('Bring into view')")
    check_access(page)
    click(page, "raw", "search button")
    page.wait_for("document.querySelector('aside h2')?.textContent === 'raw@2'")
    page.wait_for("!!document.querySelector('[data-id] bdi[title=\"raw@2\"]')")
    click(page, "Show all")
    wait_for_cards(page, "network@2", "train", "clean@2", "prepare", "raw@2")
    click(page, "Way to the middle")
    page.wait_for(f"{TEXT}.includes('The way between this and network@2')")
    assert page.run("document.querySelectorAll('[data-dim]').length") == 0, "all of these lie on the way"
    look_at(page, "prepare")
    look_at(page, "network@2", other=True)
    page.wait_for("document.querySelectorAll('[data-dim]').length === 1")
    assert page.run("document.querySelector('[data-dim] bdi[title]').title") == "raw@2"
    check(page, url)


def test_a_stack_is_a_grid_of_pages_and_all_is_opened_and_folded_at_once(
    page: Page, running_server: RunningServer, trained: str
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{trained}/lineage?focus={quote('dataset:clean@2')}&up=0")
    page.wait_for("!!document.querySelector('[data-stack]')")
    assert cards(page)[0] == "30 × trial"
    look_at(page, "30 × trial")
    page.wait_for(f"{TEXT}.includes('1 to 24 of 30')")
    assert page.run("document.querySelectorAll('aside li').length") == 24
    check_access(page)
    click(page, "Those after")
    page.wait_for("document.querySelectorAll('aside li').length === 6")
    click(page, "Close")
    click(page, "Open all")
    page.wait_for(f"{TEXT}.includes('Open all') || !!document.querySelector('[aria-label=\"Fold all\"]')")
    page.wait_for("!!document.querySelector('[data-id] bdi[title=\"judge\"]')")
    click(page, "Fold all")
    page.wait_for("!document.querySelector('[data-id] bdi[title=\"judge\"]')")
    check(page, url)


def test_four_clicks_lead_from_home_to_why_two_versions_differ(
    page: Page, running_server: RunningServer, trained: str
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{trained}")
    page.run("window.clicks = 0; addEventListener('click', () => (window.clicks += 1), true)")
    click(page, "Lineage", "nav li a")
    page.wait_for(f"{TEXT}.includes('Whose lineage?')")
    click(page, "network", "main a")
    click(page, "Why different?")
    click(page, "network@1", "[role=menuitem]")
    page.wait_for(f"{TEXT}.includes('explains the others')")
    assert page.run("window.clicks") == 4
    root = "document.querySelector('[data-root]').innerText"
    assert "raw" in page.run(root) or "measure" in page.run(root)
    assert "rate" in page.run(TEXT), "the parameter that differs is told"
    check_access(page)
    page.run(SAVED)
    click(page, "CSV")
    page.wait_for("window.saved.length > 0")
    lines = page.run("window.saved.at(-1).text()").splitlines()
    assert lines[0].startswith("change,label,before,after")
    assert any("params.rate,0.1,0.2" in line for line in lines)
    page.run("document.querySelector('input[value=graph]').click()")
    page.wait_for("document.querySelectorAll('[data-id][data-change=changed]').length > 0")
    assert "was network@1" in page.run("document.querySelector('[data-focus]').innerText")
    check_access(page)
    check(page, url)


def test_a_slider_shows_what_was_and_what_came_since(
    page: Page, running_server: RunningServer, trained: str
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{trained}/lineage?focus={quote('model:network@1')}&up=0&down=1")
    wait_for_cards(page, "network@1", "judge", "verdict@1")
    click(page, "Then")
    slider = "document.querySelector('[type=range]')"
    page.wait_for(f"!!{slider}")
    page.run(f"{slider}.focus()")
    page.press("Home")
    wait_for_cards(page, "network@1")
    assert "asOf=" in search_of(page)
    check_access(page)
    click(page, "Compare with another time")
    page.wait_for("document.querySelectorAll('[data-id][data-change=added]').length === 2")
    assert "2 added" in page.run(TEXT)
    check_access(page)
    click(page, "Back to now")
    page.wait_for("document.querySelectorAll('[data-change]').length === 0")
    assert "asOf" not in search_of(page)
    check(page, url)


def test_exports_say_what_is_shown(page: Page, running_server: RunningServer, trained: str) -> None:
    url = running_server.url
    page.open(f"{url}/p/{trained}/lineage?focus={quote('model:network@2')}")
    page.wait_for("!!document.querySelector('[data-focus]')")
    page.run(SAVED)
    click(page, "Export")
    told = json.loads(saved(page, "JSON"))
    assert {node["title"] for node in told["nodes"]} == set(cards(page))
    assert saved(page, "Mermaid").startswith("flowchart LR")
    assert len(saved(page, "CSV").splitlines()) == 1 + len(told["nodes"])
    picture = saved(page, "SVG")
    assert picture.startswith("<svg")
    assert picture.count("<g ") == 1 + len(told["nodes"])
    page.run("window.saved.length = 0")
    click(page, "PNG", "[role=menuitem]")
    page.wait_for("window.saved.at(-1)?.type === 'image/png'")
    check(page, url)


SET_OWNER = """
mutation ($project: String!) {
  updateProject(input: {project: $project, owner: "ann"}) { problems { message } }
}
"""


def test_impact_lists_what_is_affected_and_whom_to_tell(
    page: Page, running_server: RunningServer, recording: Recording, project: str
) -> None:
    url = running_server.url
    with recording(project) as client:
        with client.start_run("train", job="train") as run:
            run.use({"n": [1]}, name="clean", type="dataset")
            network = run.produce("network", {"weights": [1]}, type="model")
        assert client.flush(20.0)
        version = client.register("churn", network, aliases=["prod", "next"])
        client.protect("model:churn@prod")
        client.deploy(version, "api")
        client.deploy(version, "trial")
        client.deploy(version, "trial", ended=True)
        client.hold(network, reason="an audit")
        client.graphql.run(SET_OWNER, {"project": project})
    page.open(f"{url}/p/{project}/lineage?focus={quote('dataset:clean@1')}&tab=impact")
    page.wait_for("!!document.querySelector('main table')")
    rows = page.run(
        "[...document.querySelectorAll('main tbody tr')]"
        ".map((row) => [...row.cells].map((cell) => cell.innerText))"
    )
    assert sorted(rows) == [
        ["Alias", "churn@next", project, "2", ""],
        ["Alias", "churn@prod", project, "2", "protected"],
        ["Deployment", "api@1", project, "3", "serving now"],
        ["Deployment", "trial@1", project, "3", "ended"],
        ["Kept for evidence", "network@1", project, "1", ""],
    ]
    lists = page.run(
        "[...document.querySelectorAll('main section ul')].map((list) => list.innerText.split('\\n'))"
    )
    assert [sorted(lists[0]), lists[1]] == [
        ["1 run", "1 version of artifacts", "1 version of models", "2 deployments"],
        [f"{project}: ann (6 things)"],
    ]
    check_access(page)
    page.run(SAVED)
    heads, *lines = saved(page, "CSV", "main section button").splitlines()
    assert heads == "what,name,project,steps,state,uid"
    assert {line.rpartition(",")[0] for line in lines} == {
        f"alias,churn@next,{project},2,",
        f"alias,churn@prod,{project},2,protected",
        f"deployment,api@1,{project},3,live",
        f"deployment,trial@1,{project},3,ended",
        f"hold,network@1,{project},1,",
        f"owner,ann,{project},,6 nodes",
    }
    click(page, "api@1", "main td button")
    page.wait_for("document.querySelector('main h1')?.textContent === 'api'")
    check(page, url)


def test_one_turns_to_artifacts_and_jobs_and_back_to_the_newest_version(
    page: Page, running_server: RunningServer, trained: str
) -> None:
    url = running_server.url
    page.open(f"{url}/p/{trained}/lineage?focus={quote('dataset:clean@1')}")
    page.wait_for("!!document.querySelector('[data-focus]')")
    click(page, "Artifacts and jobs", "main label")
    wait_for_cards(page, "clean", "network", "prepare", "raw", "train", "trial")  # without numbers
    assert "view=LOGICAL" in search_of(page)
    check_access(page)
    page.open(page.run("location.href"))  # it is in the address
    wait_for_cards(page, "clean", "network", "prepare", "raw", "train", "trial")
    click(page, "Versions", "main label")
    page.wait_for("document.querySelector('main h1').textContent === 'clean@2'")
    assert "LOGICAL" not in search_of(page)
    # A job leads to its newest run.
    click(page, "Artifacts and jobs", "main label")
    wait_for_cards(page, "clean", "network", "prepare", "raw", "train", "trial")
    look_at(page, "train")
    click(page, "Look from here", "aside button")
    page.wait_for("document.querySelector('main h1').textContent === 'train'")
    click(page, "Versions", "main label")
    page.wait_for("location.search.includes('run%3A') && !!document.querySelector('[data-focus]')")
    check(page, url)


def test_a_pinned_box_keeps_its_place_also_beside_another_version(
    page: Page, running_server: RunningServer, trained: str
) -> None:
    url = running_server.url

    def place(title: str) -> tuple[float, float]:
        """Of a card, from the focus, in cards as large as they are drawn."""
        card = f"document.querySelector('[data-id] bdi[title={json.dumps(title)}]').closest('[data-id]')"
        told = page.run(
            f"[{card}, document.querySelector('[data-focus]')].map((one) => one.getBoundingClientRect())"
            ".map((one) => [one.x, one.y, one.width, one.height])"
        )
        (x, y, *_), (focus_x, focus_y, width, height) = told
        return round((x - focus_x) / width, 1), round((y - focus_y) / height, 1)

    page.open(f"{url}/p/{trained}/lineage?focus={quote('model:network@2')}&up=2&down=1")
    page.wait_for("!!document.querySelector('[data-id] bdi[title=\"judge\"]')")
    look_at(page, "judge")
    click(page, "Pin", "aside button")
    page.wait_for("location.search.includes('spot=')")
    before = place("judge")
    # What comes to lie around it does not move it.
    page.run(
        "(() => { const one = document.querySelector('main select'); one.value = '5';"
        "one.dispatchEvent(new Event('change', {bubbles: true})); })()"
    )
    page.wait_for("location.search.includes('up=5')")
    fit = "document.querySelector('[aria-label=\"Show all\"]').click()"
    page.wait_for(f"({fit}, !!document.querySelector('[data-id] bdi[title=measure]'))")
    assert place("judge") == before
    # Nor does another version beside this one, which leads nowhere near it.
    click(page, "Why different?")
    click(page, "network@1", "[role=menuitem]")
    page.wait_for("location.search.includes('vs=')")
    page.run("document.querySelector('input[value=graph]').click()")
    page.wait_for("!!document.querySelector('[data-change]')")
    page.wait_for("!!document.querySelector('[data-id] bdi[title=\"judge\"]')")
    assert place("judge") == before
    check(page, url)
