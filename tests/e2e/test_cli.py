"""Every command of ``lineage``, as people and programs use it: words, JSON, exit codes, pipes, terminals.

Asking is in ``test_cli_asking``, starting, stopping and the sample are in ``test_up``; what the client does
behind ``run`` and ``sync`` is in ``test_client``.
"""

from __future__ import annotations

import json
import os
import pty
import shlex
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lineage_server import __version__
from tests.e2e.conftest import LINEAGE, PROJECT, client_environment, said, told

if TYPE_CHECKING:
    from tests.e2e.conftest import RunLineage, RunningServer

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("recorded")]

NOWHERE = "http://127.0.0.1:9"
COMMANDS = (
    "up serve demo run show ls lineage search put get verify register promote rollback approve reject "
    "withdraw history deploy unalias protect update hold release ttl delete undelete diff compare impact "
    "path cost completeness reproduce export import backup restore sync rebuild archive gc settings "
    "completion doctor cache model webhook"
).split()  # fmt: skip


# --- the command itself ------------------------------------------------------------------------


def test_without_a_command_it_says_what_there_is(lineage: RunLineage) -> None:
    for arguments in ((), ("--help",)):
        answer = lineage(*arguments)
        assert (answer.code, answer.err) == (0, "")
        assert [line.split()[0] for line in answer.out.partition("Commands:\n")[2].splitlines()] == COMMANDS
        assert "..." not in answer.out.partition("Commands:\n")[2], "cut off"


def test_every_command_explains_itself(lineage: RunLineage) -> None:
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda command: lineage(command, "--help"), COMMANDS))
    for command, answer in zip(COMMANDS, answers, strict=True):
        assert (answer.code, answer.err) == (0, ""), command
        assert answer.out.startswith(f"Usage: lineage {command}")
        assert max(map(len, answer.out.splitlines())) <= 80


def test_version_is_the_packages(lineage: RunLineage) -> None:
    answer = lineage("--version")
    assert (answer.code, answer.out, answer.err) == (0, f"{__version__}\n", "")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("shwo", "No such command 'shwo'. Did you mean 'show'? Try 'lineage --help'."),
        ("lineage --dept 2 x", "No such option: --dept"),
        ("show", "Missing argument 'ref'. Try 'lineage show --help'."),
        ("show a:b", "'a' is no kind of thing; allowed: run, job, checkpoint, dataset"),
        (
            "show 꽃",
            "'꽃' is not a reference; allowed: [project/]kind:name[@version], such as dataset:iris@3",
        ),
        (
            "ls nothing",
            "'nothing' is not one of 'runs', 'jobs', 'artifacts', 'versions', 'models', 'approvals'",
        ),
        ("ls runs dataset:꽃", "only versions and deployments are listed of something, not runs"),
        (
            "ls deployments dataset:꽃",
            "'dataset:꽃' is no registered model, and deployments serve nothing else",
        ),
        ("ls runs --first 0", "greater than or equal to 1"),
        ("ls versions", "say of which model or artifact: lineage ls versions churn, lineage ls"),
        ("lineage dataset:꽃 --format png", "'png' is not one of 'tree', 'mermaid', 'dot', 'json', 'svg'."),
        ("lineage dataset:꽃 --as-of yesterday", "'yesterday' is not a time; allowed: 2026-05-01"),
        ("lineage dataset:꽃 --known-at now", "'now' is not a time; allowed: 2026-05-01"),
        ("lineage dataset:꽃 --view all", "'all' is not one of 'version', 'logical', 'field'."),
        ("lineage dataset:꽃 --view version --column 길이", "a column has a lineage in one view only"),
        ("diff dataset:꽃", "Missing argument 'b'"),
        ("run", "say what to run: lineage run -- python train.py"),
        ("completion tcsh", "'tcsh' is not one of 'bash', 'zsh', 'fish', 'powershell'."),
        ("up --port 70000", "LINEAGE_HTTP__PORT=70000: allowed is a whole number, 0 to 65535"),
    ],
)
def test_wrong_usage_is_answered_with_what_is_right(lineage: RunLineage, line: str, said: str) -> None:
    answer = lineage(*shlex.split(line), LINEAGE_PROJECT=PROJECT)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("error: ")
    assert said in answer.err
    assert answer.err.count("\n") == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("show dataset:없음", "project '명령' has no dataset '없음'; there are: 꽃"),
        ("show run:00000000-0000-7000-8000-000000000000", "00000000-0000-7000-8000-000000000000"),
        ("lineage model:모형@9", "model:모형 has no version '9'; the newest are: 2, 1"),
        ("diff model:모형@1 model:없음", "project '명령' has no model '없음'; there are: 모형"),
        (
            "lineage model:모형 -p 명렁",
            "project '명렁' has no model '모형'; there is no such project that you may see; there are: 명령",
        ),
        ("ls versions dataset:없음", "없음"),
        (
            "ls versions 없음",
            "project '명령' has no registered model '없음'; 'lineage ls models' lists them. Of an",
        ),
        ("ls deployments model:없음", "project '명령' has no registered model '없음'"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(lineage: RunLineage, line: str, said: str) -> None:
    answer = lineage(*shlex.split(line), LINEAGE_PROJECT=PROJECT)
    assert (answer.code, answer.out) == (4, "")
    assert said in answer.err


@pytest.mark.parametrize(
    "line",
    ["show dataset:꽃", "ls", "lineage dataset:꽃", "diff a:1 a:2", "rebuild", "demo", "demo --remove"],
)
def test_no_server_is_an_answer_that_says_what_to_do(lineage: RunLineage, line: str) -> None:
    answer = lineage(*shlex.split(line), url=NOWHERE)
    assert (answer.code, answer.out) == (7, "")
    assert f"{NOWHERE} does not answer: Connection refused; start" in answer.err
    assert "start a server with 'lineage up'" in answer.err
    assert "Traceback" not in answer.err


def test_no_server_is_no_reason_not_to_work(lineage: RunLineage) -> None:
    answer = lineage("run", "--", "echo", "일", url=NOWHERE)
    assert (answer.code, answer.out) == (0, "일\n")
    assert "lineage sync" in answer.err
    answer = lineage("sync", url=NOWHERE)
    assert answer.code == 7
    assert "nothing is lost, 1 journal waits" in answer.err
    assert lineage("sync", "--dry-run").out == "1 journal to send\n"
    assert "1 journal: " in lineage("sync").out
    assert lineage("sync", "--dry-run", "--json").out == "[]\n"


def test_what_the_server_refuses_of_a_journal_is_said_and_no_success(
    lineage: RunLineage, tmp_path: Path
) -> None:
    event = {"type": "run", "id": "e1", "run": "x", "project": PROJECT, "at": -1, "state": "running"}
    (tmp_path / "20260101T000000-1-aaaaaaaa.jsonl").write_text(json.dumps(event) + "\n")
    answer = lineage("sync", LINEAGE_JOURNAL_DIR=str(tmp_path))
    assert (answer.code, answer.out) == (2, "1 journal: 0 events sent, 0 known already\n")
    assert f"1 event refused, kept with the reasons in {tmp_path}/*.refused" in answer.err
    assert answer.err.startswith("refused: ")
    answer = lineage("sync", LINEAGE_JOURNAL_DIR=str(tmp_path))
    assert (answer.code, answer.out, answer.err) == (0, "nothing waits\n", "")  # it will never be taken


def test_a_path_that_the_system_refuses_is_an_error_that_names_it(lineage: RunLineage) -> None:
    path = "n" * 300  # as a folder that is not yours: asked whether it is there, the system answers no word
    for line in (f"put x {path}", f"import {path}", f"backup {path}"):
        answer = lineage(*line.split())
        assert (answer.code, answer.out) == (2, "")
        assert answer.err == f"error: {path} cannot be read or written: File name too long\n"
    assert lineage("sync", LINEAGE_JOURNAL_DIR=f"/tmp/{path}").code == 2
    told = lineage("doctor", LINEAGE_JOURNAL_DIR=f"/tmp/{path}")
    assert (told.code, told.err) == (1, "")
    assert "set LINEAGE_JOURNAL_DIR to another folder" in told.out


def test_what_would_move_the_cursor_is_told_by_its_number(lineage: RunLineage) -> None:
    erase, turn = "\x1b[2Jx", "\u202ex"
    for line, shown in (
        (("restore", erase), r"\u001b[2Jx has no backup.json"),
        (("approve", erase), r"allowed: model:\u001b[2Jx"),
        (("restore", turn), r"\u202ex has no backup.json"),
    ):
        answer = lineage(*line)
        assert (answer.code, answer.out) == (2, "")
        assert shown in answer.err
        assert not {"\x1b", "\u202e"} & {*answer.err}


def test_an_address_that_is_none_is_named(lineage: RunLineage) -> None:
    answer = lineage("ls", url="somewhere")
    assert (answer.code, answer.out) == (2, "")
    assert "LINEAGE_URL 'somewhere' is not an address; allowed: http://host:port" in answer.err


# --- running, caring ---------------------------------------------------------------------------


def test_run_records_a_command_and_answers_its_code(lineage: RunLineage) -> None:
    answer = lineage("run", "-p", "달리기", "--name", "실험", "--", "sh", "-c", "echo 밖; exit 3")
    assert (answer.code, answer.out) == (3, "밖\n")
    run = answer.err.strip().removeprefix("recorded as ")
    shown = json.loads(lineage("show", run, "-p", "달리기", "--json").out)["node"]
    assert (shown["name"], shown["state"], shown["project"]) == ("실험", "failed", "달리기")
    missing = lineage("run", "--", "no-such-command")
    assert missing.code == 127
    assert missing.err == "error: there is no command 'no-such-command'; nothing was run or recorded\n"


def test_rebuild_leaves_the_same_graph(lineage: RunLineage) -> None:
    before = told(lineage, "lineage model:모형@2")
    assert told(lineage, "rebuild")["events"] > 0
    after = told(lineage, "lineage model:모형@2")
    assert (after["nodes"], after["edges"]) == (before["nodes"], before["edges"])
    assert said(lineage, "rebuild")[0].startswith("the graph stands again, from ")


def test_archive_says_what_it_moved(lineage: RunLineage) -> None:
    assert told(lineage, "archive --days 30") == {"events": 0}
    assert said(lineage, "archive") == ["0 events moved to Parquet files"]
    assert lineage("archive", "--days", "-1").code == 2


def test_doctor_finds_what_is_wrong(lineage: RunLineage) -> None:
    assert all(finding["ok"] for finding in told(lineage, "doctor"))
    assert all(line.startswith("ok  ") for line in said(lineage, "doctor"))
    answer = lineage("doctor", url=NOWHERE)
    assert answer.code == 1
    assert f"FAIL server    {NOWHERE} does not answer (Connection refused)\n" in answer.out
    assert "→ start one with 'lineage up'" in answer.out
    answer = lineage("doctor", "--json", url="somewhere")
    assert answer.code == 1
    assert [f["name"] for f in json.loads(answer.out) if not f["ok"]] == ["client"]


def test_settings_tells_every_variable(lineage: RunLineage) -> None:
    shown = told(lineage, "settings")
    names = {row["env"] for part in ("server", "client") for row in shown[part]}
    assert all({"value", "default", "help"} <= row.keys() for part in shown.values() for row in part)
    assert {"LINEAGE_DATA_DIR", "LINEAGE_HTTP__PORT", "LINEAGE_URL", "LINEAGE_PROJECT"} <= names
    assert names == {line.split()[0] for line in said(lineage, "settings") if line.startswith("LINEAGE_")}


def test_settings_tells_what_is_set(lineage: RunLineage) -> None:
    answer = lineage("settings", LINEAGE_PROJECT="팀", LINEAGE_HTTP__PORT="8123")
    assert {"LINEAGE_PROJECT = 팀", "LINEAGE_HTTP__PORT = 8123"} <= set(answer.out.splitlines())


def test_settings_hides_secrets(lineage: RunLineage) -> None:
    for arguments in (("settings",), ("settings", "--json")):
        answer = lineage(*arguments, LINEAGE_GRAPH__PASSWORD="very-secret", LINEAGE_TOKEN="very-secret")
        assert answer.code == 0
        assert "very-secret" not in answer.out + answer.err


def test_completion_completes(lineage: RunLineage, tmp_path: Path) -> None:
    for shell in ("zsh", "fish", "powershell"):
        assert "_LINEAGE_COMPLETE" in lineage("completion", shell).out
    (tmp_path / "script.bash").write_text(lineage("completion", "bash").out)
    ask = "source script.bash; COMP_WORDS=(lineage s); COMP_CWORD=1; _lineage_completion lineage; "
    done = subprocess.run(
        ["bash", "-c", ask + 'echo "${COMPREPLY[@]}"'],
        env=client_environment(tmp_path, PATH=f"{Path(LINEAGE).parent}{os.pathsep}{os.environ['PATH']}"),
        cwd=tmp_path, capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["serve", "show", "search", "sync", "settings"]


# --- pipes and terminals -----------------------------------------------------------------------


def test_a_reader_that_has_seen_enough_is_no_failure(running_server: RunningServer, tmp_path: Path) -> None:
    line = f"set -o pipefail; {shlex.quote(LINEAGE)} lineage {PROJECT}/model:모형@1 -f svg | head -c 1"
    done = subprocess.run(
        ["bash", "-c", line], env=client_environment(tmp_path, running_server.url), timeout=30,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "<", "")


@pytest.fixture
def terminal(running_server: RunningServer, tmp_path: Path) -> Callable[..., str]:
    """Runs a command on a terminal of so many columns; answers what stands there."""

    def run(line: str, *, columns: int, **more: str) -> str:
        ours, theirs = pty.openpty()
        screen = {"COLUMNS": str(columns), "TERM": "xterm", "LINEAGE_PROJECT": PROJECT, **more}
        environment = client_environment(tmp_path, running_server.url, **screen)
        with subprocess.Popen([LINEAGE, *shlex.split(line)], env=environment, stdout=theirs) as process:
            os.close(theirs)
            written = b""
            try:
                while part := os.read(ours, 65536):
                    written += part
            except OSError:  # Linux' way to say that nobody writes any more
                pass
            os.close(ours)
        assert process.returncode == 0
        return written.decode().replace("\r\n", "\n")

    return run


def test_on_a_terminal_headings_are_bold_unless_nobody_wants_colour(terminal: Callable[..., str]) -> None:
    assert terminal("ls", columns=200, NO_COLOR="").startswith("\033[1muid ")
    assert "\033" not in terminal("ls", columns=200, NO_COLOR="1")
    assert "\033" not in terminal("ls", columns=200, NO_COLOR="", TERM="dumb")


@pytest.mark.parametrize(
    "line", ["ls artifacts", "lineage model:모형", "settings", "diff model:모형@1 model:모형@2"]
)
def test_a_narrow_terminal_is_kept_to(terminal: Callable[..., str], line: str) -> None:
    from lineage_server.cli.output import width_of

    lines = terminal(line, columns=40).splitlines()
    assert len(lines) > 2
    assert max(map(width_of, lines)) <= 40


def test_a_uid_is_whole_on_a_common_terminal(terminal: Callable[..., str]) -> None:
    """It is there to be copied; what else does not fit stands in it, or is left out."""
    for columns in (60, 80, 100):
        head, *rows = terminal("ls runs", columns=columns, NO_COLOR="1").splitlines()
        assert ("state" in head.split(), len(rows)) == (True, 4)
        assert all(len(row.split()[0]) == len("run:") + 36 for row in rows)
    assert {"uid", "name", "project", "state", "started"} < set(head.split())
    assert "kind" not in terminal("ls runs", columns=80, NO_COLOR="1")
