"""The catalog's pages in a real browser: artifacts, models, search."""

from __future__ import annotations

import io
import urllib.request
import zipfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.conftest import Recording, RunningServer
from tests.support.browser import Page
from tests.support.web_pages import choose, fill, gone, press, send
from tests.support.web_view import SCRIPT, TEXT, check, check_access
from tests.support.web_world import make_project

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
MORE_THAN_HOME_SHOWS = 7
ROWS = "document.querySelectorAll('main tbody tr').length"
REFUSED = "document.querySelector('[role=dialog] [role=alert]')"


@pytest.fixture
def project() -> str:
    """One of the test's own: the server is shared."""
    return f"catalog-{uuid4().hex[:8]}"


def saved(page: Page, url: str, text: str) -> Any:
    """What a link of the page leads to: its bytes, and as what a browser saves them."""
    href = page.run(
        f"[...document.querySelectorAll('main a')].find((one) => one.textContent === {text!r})"
        ".getAttribute('href')"
    )
    with urllib.request.urlopen(url + href, timeout=20) as answer:
        return answer.read(), answer.headers["content-disposition"]


def test_artifacts_are_found_looked_into_compared_and_saved(
    page: Page, running_server: RunningServer, recording: Recording, project: str, tmp_path: Path
) -> None:
    url = running_server.url
    make_project(url, project)
    page.open(f"{url}/p/{project}/artifacts")
    page.wait_for(f"{TEXT}.includes('No artifacts yet')")
    check_access(page)
    record_flowers_and_pages(recording, project, tmp_path)
    find_artifacts(page, url, project)
    look_into_flowers(page, url)
    look_into_files(page, url, project)
    check(page, url)


def record_flowers_and_pages(recording: Recording, project: str, tmp_path: Path) -> None:
    """Two versions of a table, a model of the second, and a folder with a page and a picture."""
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "a.html").write_text(f"{SCRIPT} as it is")
    (folder / "b.png").write_bytes(PNG)
    (folder / "c.bin").write_bytes(bytes(9))
    with recording(project) as client:
        for petals in ([1.0, 2.0], [1.0, 2.0, 90.0]):
            with client.start_run("collect", job="collect", params={"limit": max(petals)}) as run:
                flowers = run.produce(
                    "flowers", {"petal": petals, "<b>": ["x"] * len(petals)}, type="dataset"
                )
        with client.start_run("train", job="train") as run:
            run.use(flowers, role="data")
            run.produce("network", {"weights": [1]}, type="model")
            run.produce("pages", folder, type="dir")
        assert client.flush(20.0)


def find_artifacts(page: Page, url: str, project: str) -> None:
    """Filtered by type and by words, until none is left."""
    page.open(f"{url}/p/{project}/artifacts")
    page.wait_for(f"{ROWS} === 3")
    check_access(page)
    choose(page, "main select", "dataset")
    page.wait_for(f"{ROWS} === 1 && location.search.includes('type=dataset')")
    page.type("main input", "nothing of this name")
    page.wait_for(f"{TEXT}.includes('No artifact fits these filters')")
    check_access(page)
    press(page, "Clear the filters")
    page.wait_for(f"{ROWS} === 3 && !location.search.includes('type')")


def look_into_flowers(page: Page, url: str) -> None:
    """Each part of a table, and its bytes, alone and as an archive."""
    press(page, "flowers")
    page.wait_for(f"{ROWS} === 3 && {TEXT}.includes('90')")
    check_access(page)
    press(page, "Schema")
    page.wait_for(
        f"{TEXT}.includes('petal') && {TEXT}.includes('Greatest') && location.search.includes('schema')"
    )
    check_access(page)
    press(page, "Used by")
    page.wait_for(f"{ROWS} === 1 && {TEXT}.includes('network@1') && {TEXT}.includes('data')")
    check_access(page)
    press(page, "Compare")
    page.wait_for(f"{TEXT}.includes('What led to it') && {TEXT}.includes('params.limit')")
    assert "petal · max" in page.run(TEXT)
    page.wait_for(f"{TEXT}.includes('1 row added, 0 removed, 0 changed, 2 the same')")
    check_access(page)
    press(page, "Files")
    page.wait_for(f"{ROWS} === 1")
    (content, told), (archive, named) = saved(page, url, "Save"), saved(page, url, "Download")
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert [opened.read(name) for name in opened.namelist()] == [content]
    assert (told.startswith("attachment"), "flowers%402.zip" in named) == (True, True)


def look_into_files(page: Page, url: str, project: str) -> None:
    """A page is shown as text, a picture as a picture."""
    page.open(f"{url}/p/{project}/artifact?of=dir:pages")
    page.wait_for(f"{TEXT}.includes('as it is') && {TEXT}.includes('<script>')")
    press(page, "Files")
    page.wait_for(f"{ROWS} === 3")
    check_access(page)
    page.run("document.querySelector('[aria-label=\"Look at b.png\"]').click()")
    page.wait_for("document.querySelector('[role=dialog] img')?.naturalWidth === 1")
    check_access(page)
    page.press("Escape")
    page.run("document.querySelector('[aria-label=\"Look at c.bin\"]').click()")
    page.wait_for("document.querySelector('[role=dialog]')?.innerText.includes('neither a table')")


def test_a_version_is_registered_described_approved_and_promoted(
    page: Page, running_server: RunningServer, recording: Recording, project: str
) -> None:
    url = running_server.url
    make_project(url, project)
    page.open(f"{url}/p/{project}/models")
    page.wait_for(f"{TEXT}.includes('No models yet')")
    check_access(page)
    with recording(project) as client:
        for weight in (1, 2):
            with client.start_run("train", job="train") as run:
                run.produce("network", {"weights": [weight]}, type="model")
        assert client.flush(20.0)
    register(page, url, project)
    write_the_card(page)
    move_an_alias_that_is_protected(page, recording, project)
    approve(page)
    withdraw(page)
    read_the_history(page)
    lay_figures_side_by_side(page, recording, project)
    page.open(f"{url}/p/{project}/models")
    page.wait_for(f"{ROWS} === 1 && {TEXT}.includes('prod → 2')")
    check_access(page)
    check(page, url)


def read_the_history(page: Page) -> None:
    """Each deed in the reader's language, with what was before and after."""
    press(page, "History")
    page.wait_for(f"{TEXT}.includes('Protected alias')")
    # Names within sentences have a direction of their own.
    said = "one.cells[2].innerText.replace(/[\u2068\u2069]/g, '')"
    row = f"[...document.querySelectorAll('main tbody tr')].find((one) => {said}.includes({{}}))"
    cells = f"[3, 4].map((at) => {row}.cells[at].innerText.trim())"
    assert page.run(cells.format("'Set alias prod'")) == ["Version none", "Version 1"]
    assert page.run(cells.format("'Changed what is told of the model'")) == ["", "Card new text"]
    made = page.run(cells.format("'Registered version 2'"))[1]
    assert "network@sha256:" in made
    check_access(page)
    page.run("localStorage.setItem('lineage.language', 'ko')")
    page.open(page.run("location.href"))
    page.wait_for(f"{TEXT}.includes('별칭 보호')")
    assert page.run(cells.format("'별칭 지정: prod'")) == ["버전 없음", "버전 1"]
    wire = page.run("document.querySelector('main tbody').innerText.match(/[a-z]+[A-Z]\\w+|[{}\"]/g)")
    assert wire is None
    page.run("localStorage.removeItem('lineage.language')")
    page.open(page.run("location.href"))
    page.wait_for(f"{TEXT}.includes('Protected alias')")


def register(page: Page, url: str, project: str) -> None:
    """From a version, and by its reference; one that is not there is told."""
    page.open(f"{url}/p/{project}/artifact?of=model:network")
    press(page, "Register as a model")
    fill(page, "Model", "churn")
    check_access(page)
    send(page, "Register")
    page.wait_for(f"{TEXT}.includes('churn@1') && {TEXT}.includes('network@2')")
    page.run("history.back()")
    press(page, "Register a model")
    fill(page, "Model", "churn")
    fill(page, "Version to register", "model:none@7")
    send(page, "Register")
    page.wait_for(
        "document.querySelector('[role=dialog] [role=alert]')?.innerText.includes('no longer there')"
    )
    check_access(page)
    fill(page, "Version to register", "model:network@1")
    send(page, "Register")
    page.wait_for(f"{TEXT}.includes('churn@2') && {ROWS} === 2")


def write_the_card(page: Page) -> None:
    """Markdown is shown, what would run or be fetched is not."""
    press(page, "Card")
    press(page, "Write the card")
    fill(
        page,
        "Text in Markdown",
        f"# Purpose\n\n{SCRIPT} [no](javascript:alert(1)) ![seen](http://example.org/x.png)",
    )
    check_access(page)
    send(page, "Save")
    gone(page)
    page.wait_for("document.querySelector('main h3')?.textContent === 'Purpose'")
    assert "<script>" in page.run(TEXT), "shown as it was written"
    assert page.run("document.querySelectorAll('main [href^=javascript], main img').length") == 0


def move_an_alias_that_is_protected(page: Page, recording: Recording, project: str) -> None:
    """Neither past somebody who was faster nor past its protection."""
    press(page, "Aliases")
    press(page, "Move an alias")
    fill(page, "Alias", "prod")
    check_access(page)
    with recording(project) as client:
        client.promote("model:churn@1", "prod")
    send(page, "Move")  # somebody was faster
    page.wait_for(f"{REFUSED}?.innerText.includes('There now: 1')")
    press(page, "Cancel", "[role=dialog]")
    gone(page)
    page.wait_for(f"{ROWS} === 1")
    press(page, "Protect")
    check_access(page)
    send(page, "Save")
    gone(page)
    page.wait_for(f"{TEXT}.includes('takes an approval')")
    check_access(page)
    press(page, "Move")
    page.wait_for("document.querySelector('[role=dialog]').innerText.includes('ask for one first')")
    send(page, "Move")
    page.wait_for(f"!!{REFUSED}")
    press(page, "Cancel", "[role=dialog]")
    gone(page)


def approve(page: Page) -> None:
    """Asked for, given, and used by the move."""
    press(page, "Approvals")
    press(page, "Ask for approval")
    fill(page, "Alias", "prod")
    fill(page, "Comment", SCRIPT)
    send(page, "Ask")
    gone(page)
    page.wait_for(f"{TEXT}.includes('waiting')")
    check_access(page)
    press(page, "Approve")
    send(page, "Approve")
    gone(page)
    page.wait_for(f"{TEXT}.includes('approved')")
    press(page, "Aliases")
    press(page, "Move")
    page.wait_for("document.querySelector('[role=dialog]').innerText.includes('An approval is there')")
    send(page, "Move")
    gone(page)
    page.wait_for("document.querySelector('main tbody td').textContent === '2'")
    press(page, "Approvals")
    page.wait_for(f"{TEXT}.includes('used')")


def withdraw(page: Page) -> None:
    """Asked for, and taken back."""
    press(page, "Ask for approval")
    fill(page, "Alias", "prod")
    send(page, "Ask")
    gone(page)
    press(page, "Withdraw")
    send(page, "Withdraw")
    gone(page)
    page.wait_for(f"{TEXT}.includes('withdrawn')")


def lay_figures_side_by_side(page: Page, recording: Recording, project: str) -> None:
    """Of versions; the least and the greatest are marked where they differ, and only there."""
    with recording(project) as client:
        signature = {
            "inputs": [{"name": "petal", "type": "double"}],
            "outputs": [{"name": "kind", "type": "int64", "nullable": False}],
            "example": [{"petal": 1.4}],
        }
        client.register("churn", "model:network@2", metrics={"auc": 0.5, "loss": 0.25, "seed": 7})
        told = {"auc": 0.75, "loss": -2, "odd": float("nan"), "seed": 7}
        client.register("churn", "model:network@1", metrics=told, signature=signature)
    press(page, "Compare")
    page.open(page.run("location.href"))  # somebody else told them
    cells = (
        "[...document.querySelectorAll('main tr')].map((row) => [...row.cells].map((one) => one.textContent))"
    )
    page.wait_for(f"{cells}.length === 5")
    assert page.run(cells)[0][1:] == ["2", "1"]
    assert page.run(cells)[1:] == [
        ["auc", "0.75 ▲ Greatest", "0.5 ▽ Least"],
        ["loss", "-2 ▽ Least", "0.25 ▲ Greatest"],
        ["odd", "NaN", ""],
        ["seed", "7", "7"],
    ]
    assert "▲ Greatest · ▽ Least" in page.run("document.querySelector('main').innerText")
    weights = "[...document.querySelectorAll('main td')].map((one) => getComputedStyle(one).fontWeight)"
    assert len(set(page.run(weights))) == 1, "none looks as if it was the best: of losses it is the least"
    check_access(page)
    press(page, "Versions")
    page.wait_for(f"{TEXT}.includes('Goes in')")
    rows = page.run(f"{cells}.slice(-4)")
    assert rows == [
        ["Goes in", "Type", "Example"],
        ["petal", "double ", "1.4"],
        ["Comes out", "Type"],
        ["kind", "int64 required"],
    ]
    check_access(page)


def test_home_leads_to_why_two_versions_differ_in_two_clicks(
    page: Page, running_server: RunningServer, recording: Recording, project: str
) -> None:
    url = running_server.url
    with recording(project) as client:
        with client.start_run("collect", job="collect") as run:
            for number in range(MORE_THAN_HOME_SHOWS):
                run.produce(f"data-{number}", {"n": [number]}, type="dataset")
        for rate in (0.1, 0.2):
            with client.start_run("train", job="train", params={"rate": rate}) as run:
                run.produce("network", {"weights": [rate]}, type="model")
        assert client.flush(20.0)
    page.open(f"{url}/p/{project}/lineage")
    page.wait_for(f"{TEXT}.includes('Made lately')")
    page.wait_for("document.querySelector('main ul a')?.innerText.trim().startsWith('network')")
    page.open(f"{url}/p/{project}")
    page.wait_for(f"{TEXT}.includes('Changed today') && {TEXT}.includes('works')")
    page.wait_for(
        "[...document.querySelectorAll('main a')].some((one) => one.innerText.trim() === 'network')"
    )
    check_access(page)
    press(page, "network")
    press(page, "Compare")
    page.wait_for(f"{TEXT}.includes('params.rate')")
    page.open(f"{url}/p/{project}/search?q=network")
    page.wait_for(f"{ROWS} >= 1 && {TEXT}.includes('network')")
    check_access(page)
    choose(page, "main select", "RegisteredModel")
    page.wait_for(f"{TEXT}.includes('Nothing is called') && location.search.includes('RegisteredModel')")
    check_access(page)
    check(page, url)
