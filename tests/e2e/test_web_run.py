"""One run in the web view: what it was told, what it wrote, how it goes on; in a real browser."""

from __future__ import annotations

import urllib.request
from uuid import uuid4

import pytest

from lineage_server.domain.event_parts import CodeFact, EnvironmentFact, GpuFact
from lineage_server.domain.events import RunReported
from lineage_server.domain.ids import new_run_id
from tests.e2e.conftest import Recording, RunningServer
from tests.support.browser import Page
from tests.support.web_pages import button
from tests.support.web_view import HEADING, SCRIPT, TEXT, check, check_access

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

NAMES = "[...document.querySelectorAll('tbody th bdi')].map((one) => one.textContent)"
CELLS = "[...document.querySelectorAll('tbody tr')].map((one) => one.innerText)"
LOG_SHOWN = 200_000
"""As many letters of a log as a page shows: its end."""
LOG = "".join(f"epoch {number:>6}: as before\n" for number in range(10_000)) + f"the end 꽃 {SCRIPT}"
LOGGED = "document.querySelector('main section:has(> pre)')"
PACKAGES = {"numpy": "2.1.0", **{f"package-{number:03}": f"1.{number}" for number in range(600)}}
SURROUNDED = {
    "code": CodeFact(
        repo="https://example.org/team/train", commit="c0ffee", branch="topic", dirty_digest="sha256:d",
        entry="train.py", diff=f"-rate = 0.1\n+rate = 0.2  # {SCRIPT}",
    ),
    "environment": EnvironmentFact(
        lock_digest="sha256:" + "b" * 64, python="3.11.4", packages=PACKAGES, digest="sha256:" + "1" * 64,
        image="registry/train:1", image_digest="sha256:" + "a" * 64,
    ),
    "gpu": GpuFact(product="H200", count=2, devices=["GPU-b", "GPU-a"], memory_bytes=141 << 30),
    "node": "worker-7", "cluster": "seoul", "volumes": ["data", "cache"],
    "resources": {"cpu": 4}, "usage": {"cpu_seconds": 9.5},
    "facts": {
        "argv": ["python", "train.py", "--note", "two words"], "cwd": "/srv/train",
        "host": {"name": SCRIPT, "os": "Linux 6.1", "machine": "x86_64", "cpus": 8, "memory_bytes": 1 << 40},
    },
}  # fmt: skip
"""What surrounded a run, as a client and a watcher tell it."""
BELOW = "((one) => one.scrollHeight - one.clientHeight - one.scrollTop)"


def test_a_run_shows_what_it_was_and_changes_as_it_goes_on(
    page: Page, running_server: RunningServer, recording: Recording
) -> None:
    url, project = running_server.url, f"runs-{uuid4().hex[:8]}"
    with recording(project) as client:
        with client.start_run("train", job="train", params={f"p{i}": i for i in range(300)}) as run:
            run.use({"petal": [1, 2]}, name=SCRIPT, type="dataset")
            run.log({"loss": 0.5}, step=1)
            run.log_text("notes.md", f"# {SCRIPT}")
            run.log_text("train.log", LOG, type="log")
            run.log_table("rows", {"flower": ["rose", SCRIPT], "n": [1, 2]})
            assert client.flush(20.0)
            page.open(f"{url}/p/{project}/runs")
            page.wait_for(f"{NAMES}[0] === 'train' && {CELLS}[0].includes('running')")
            page.run("document.querySelector('tbody th a').click()")
            page.wait_for(f"{HEADING} === 'train' && {TEXT}.includes('lineage reproduce run:')")
            page.wait_for(f"{TEXT}.includes('No other run') && {TEXT}.includes('p101')")
            assert page.run("document.querySelectorAll('tbody tr').length") < 100, "only those in sight"
            check_access(page)
            page.type("input[aria-label^=Search]", "p299")
            page.wait_for(f"{NAMES}.includes('p299') && !{NAMES}.includes('p1')")
            page.click(button("Logs"))
            page.wait_for(f"{LOGGED}?.scrollTop > 0")
            page.run(f"{LOGGED}.scrollTop = 0")
        assert client.flush(20.0)
    page.wait_for("document.querySelector('main output').innerText.includes('complete')")
    assert page.run(f"{LOGGED}.scrollTop") == 0, "who reads its beginning stays there"
    for part, wanted in (
        ("Metrics", "loss"),
        ("Inputs and outputs", "notes.md@1"),
        ("Environment", "Nothing is known of where it ran"),
        ("Code", "The code is not known"),
        ("Files", "rose"),
    ):
        page.run(f"{button(part)}.click()")
        page.wait_for(f"{TEXT}.includes({wanted!r})")
        check_access(page)
    page.wait_for(f"{TEXT}.split({SCRIPT!r}).length === 3")  # twice: each file is read for itself
    page.run(f"{button('Logs')}.click()")
    page.wait_for(f"{TEXT}.includes('These are the last 200 kB.')")
    check_access(page)
    assert page.run(f"{LOGGED}.textContent") == LOG[-LOG_SHOWN:]
    assert page.run(f"{BELOW}({LOGGED})") < 2, "its end is what one sees first"
    save = (
        "[...document.querySelectorAll('main a')].find((one) => one.textContent.startsWith('Save all of it'))"
    )
    assert page.run(f"[{save}.download, {save}.textContent]") == ["train.log", "Save all of it (240.1 kB)"]
    with urllib.request.urlopen(page.run(f"{save}.href"), timeout=20) as answer:
        assert answer.read().decode() == LOG
    page.run(f"{button('Lineage of this run')}.click()")
    page.wait_for("location.pathname.endsWith('/lineage') && !!document.querySelector('[data-focus]')")
    check(page, url)


def test_a_run_that_is_not_there_is_told_of(
    page: Page, running_server: RunningServer, recording: Recording
) -> None:
    project = f"runs-{uuid4().hex[:8]}"
    with recording(project) as client:
        client.start_run("train", job="train").finish()
        assert client.flush(20.0)
    page.open(f"{running_server.url}/p/{project}/runs/0198c0de-0000-7000-8000-00000000dead")
    page.wait_for(f"{TEXT}.includes('There is nothing here')")
    check_access(page)


def test_a_run_shows_where_it_ran_and_which_code_it_was(
    page: Page, running_server: RunningServer, recording: Recording
) -> None:
    url, project, run = running_server.url, f"runs-{uuid4().hex[:8]}", new_run_id()
    with recording(project) as client:
        client.report(RunReported(project=project, run=run, name="train", job="train", **SURROUNDED))
        assert client.flush(20.0)
    page.open(f"{url}/p/{project}/runs/{run}?tab=environment")
    for told in (
        SCRIPT, "Linux 6.1", "x86_64", "8", "1.1 TB", "/srv/train",  # the machine
        "3.11.4", "sha256:bbb", "registry/train:1", "sha256:aaa",  # packages and image
        "seoul", "worker-7", "2 × H200", "cache, data", "cpu_seconds", "9.5",
        "Packages (601)", "numpy", "2.1.0", "The first 500 are shown",
    ):  # fmt: skip
        page.wait_for(f"{TEXT}.includes({told!r})")
    check_access(page)
    page.click(button("Code"))
    for told in (
        "python train.py --note 'two words'", "https://example.org/team/train", "c0ffee", "topic", "train.py",
        "yes, as below", "-rate = 0.1", f"+rate = 0.2  # {SCRIPT}",
    ):  # fmt: skip
        page.wait_for(f"{TEXT}.includes({told!r})")
    check_access(page)
    check(page, url)
