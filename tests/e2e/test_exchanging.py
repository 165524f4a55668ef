"""``lineage export`` and ``import`` between real servers: whole, cut off, spoilt, and by who may not."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.conftest import LINEAGE, PROJECT, client_environment
from tests.support.faults import ask, event, send, stored, until

if TYPE_CHECKING:
    from tests.e2e.conftest import RunLineage, RunningServer, StartServer

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("recorded")]

QUESTIONS = (
    "show model:모형@2",
    "show model:모형@1",
    "lineage model:모형@2 --json",
    "diff model:모형@1 model:모형@2 --json",
    "ls versions model:모형 --json",
)


def answers(lineage: RunLineage, url: str) -> list[Any]:
    """What the questions answer; without how long that took."""
    told = [lineage(*line.split(), url=url, LINEAGE_PROJECT=PROJECT) for line in QUESTIONS]
    return [(answer.code, re.sub(r'"milliseconds": [0-9.]+', "", answer.out)) for answer in told]


def test_a_project_goes_from_one_server_to_another(
    lineage: RunLineage, running_server: RunningServer, start_server: StartServer, tmp_path: Path
) -> None:
    folder = tmp_path / "내보내기"
    done = lineage("export", str(folder), "--project", PROJECT)
    assert (done.code, done.err) == (0, "")
    assert f"events of project {PROJECT}, " in done.out
    other = start_server()
    before = answers(lineage, running_server.url)
    assert all(code == 0 for code, _ in before), before
    assert all(code == 4 for code, _ in answers(lineage, other.url))
    done = lineage("import", str(folder), url=other.url)
    assert (done.code, done.err) == (0, "")
    assert "events imported, 0 were there already" in done.out
    assert answers(lineage, other.url) == before
    told = json.loads(lineage("import", str(folder), "--json", url=other.url).out)
    events = json.loads((folder / "export.json").read_text())["events"]
    assert told == {"accepted": 0, "duplicate": events, "refused": 0, "reasons": [], "left_out": {}}


def test_an_import_that_was_cut_off_is_simply_done_again(
    start_server: StartServer, lineage: RunLineage, tmp_path: Path
) -> None:
    """Also where the server dies under it: 0 lost, 0 doubled."""
    first, other = start_server(name="one"), start_server(name="two")
    for start in range(0, 3_000, 500):
        send(first.url, [event("p", number) for number in range(start, start + 500)])
    folder = tmp_path / "all"
    assert lineage("export", str(folder), url=first.url).code == 0
    environment = client_environment(tmp_path / "user", other.url)
    process = importing(folder, environment)
    until(lambda: count(other.url) > 0, 60, "the first page")
    process.kill()
    process.wait(20)
    process = importing(folder, environment)
    other.process.send_signal(signal.SIGKILL)
    other.process.wait(20)
    process.kill()
    process.wait(20)
    other = start_server(name="two")
    told = json.loads(lineage("import", str(folder), "--json", url=other.url, seconds=120).out)
    assert told["accepted"] + told["duplicate"] == 3_000
    for server in (first, other):
        stored(server.graph, "p").check("p", range(3_000))


def importing(folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([LINEAGE, "import", str(folder)], env=environment, stderr=subprocess.DEVNULL)


RUNS = 'query Counted { runs(project: "p", first: 1) { totalCount } }'


def count(url: str) -> int:
    return int(ask(url, RUNS, {})["runs"]["totalCount"])


@pytest.mark.parametrize("fault", ["cut off", "spoilt", "lacks a page", "of the future", "outside"])
def test_a_folder_that_is_no_whole_export_is_refused_before_anything_is_sent(
    lineage: RunLineage, tmp_path: Path, fault: str
) -> None:
    folder = tmp_path / "export"
    assert lineage("export", str(folder), "--project", PROJECT).code == 0
    page = next((folder / "events").iterdir())
    listed = folder / "export.json"
    if fault == "cut off":
        listed.unlink()
    elif fault == "spoilt":
        page.write_bytes(page.read_bytes()[:-1] + b"?")
    elif fault == "lacks a page":
        page.unlink()
    else:
        told = json.loads(listed.read_text())
        told["version"] = 2 if fault == "of the future" else 1
        if fault == "outside":
            told["files"][0]["path"] = "../../etc/passwd"
        listed.write_text(json.dumps(told))
    done = lineage("import", str(folder))
    assert (done.code, done.out) == (2, "")
    assert str(folder) in done.err or "export.json" in done.err
    assert "Traceback" not in done.err


def test_an_export_of_a_project_of_which_nothing_is_stored_says_so(
    lineage: RunLineage, tmp_path: Path
) -> None:
    done = lineage("export", str(tmp_path / "new"), "--project", "mistyped")
    assert (done.code, done.out[:30]) == (0, "0 events of project mistyped, ")
    assert done.err == (
        "nothing is stored in project mistyped; 'lineage ls projects' lists those there are\n"
    )


def test_an_export_never_writes_over_what_is_there(lineage: RunLineage, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "mine").write_text("mine")
    done = lineage("export", str(taken))
    assert (done.code, done.out) == (5, "")
    assert "name a new folder" in done.err
    assert [path.name for path in taken.iterdir()] == ["mine"]
    done = lineage("export", str(tmp_path / "new"), url="http://127.0.0.1:9")
    assert done.code == 7
    assert not list(tmp_path.glob("new*"))
