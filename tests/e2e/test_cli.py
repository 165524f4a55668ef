"""Every command of ``lineage``, as people and programs use it: words, JSON, exit codes, pipes, terminals.

Starting, stopping and the sample are in ``test_up``; what the client does behind ``run`` and ``sync`` is
in ``test_client``.
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
from typing import TYPE_CHECKING, Any

import pytest

from lineage_server import Client, __version__
from lineage_server.client.config import load_config
from lineage_server.domain.events import AliasSet, DeploymentReported, ModelReported, ModelVersionReported
from tests.e2e.conftest import LINEAGE, client_environment

if TYPE_CHECKING:
    from tests.e2e.conftest import RunLineage, RunningServer

pytestmark = pytest.mark.e2e

PROJECT = "명령"
NOWHERE = "http://127.0.0.1:9"
COMMANDS = (
    "up serve demo run show ls lineage diff sync rebuild archive settings completion doctor"
).split()  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def recorded(running_server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Two rounds of preparing and training, with names in Korean."""
    environment = client_environment(
        tmp_path_factory.mktemp("recorded"), running_server.url, LINEAGE_CAPTURE="none"
    )
    with Client(config=load_config(environ=environment, project=PROJECT)) as client:
        for rate in (0.1, 0.2):
            with client.start_run("준비", job="준비") as run:
                flowers = run.produce("꽃", {"길이": [1, 2, 3]}, type="dataset")
            with client.start_run("학습", job="학습", params={"rate": rate}) as run:
                run.use(flowers, role="자료")
                run.log({"loss": rate}, step=1)
                model = run.produce("모형", {"weights": rate}, type="model")
        client.report(
            ModelReported(project=PROJECT, model="판별", description="누가 떠나나"),
            ModelVersionReported(project=PROJECT, model="판별", version="1", origin=model.uid),
            AliasSet(project=PROJECT, model="판별", alias="prod", version="1"),
            DeploymentReported(project=PROJECT, name="창구", model="판별", version="1", state="ready"),
        )
        assert client.flush(20.0)


# --- the command itself ------------------------------------------------------------------------


def test_without_a_command_it_says_what_there_is(lineage: RunLineage) -> None:
    for arguments in ((), ("--help",)):
        answer = lineage(*arguments)
        assert (answer.code, answer.err) == (0, "")
        assert [line.split()[0] for line in answer.out.partition("Commands:\n")[2].splitlines()] == COMMANDS


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
        ("ls nothing", "'nothing' is not one of 'runs', 'jobs', 'artifacts', 'versions', 'models',"),
        ("ls runs dataset:꽃", "only versions are listed of something, not runs"),
        ("ls runs --first 0", "greater than or equal to 1"),
        ("ls versions", "say of which artifact: lineage ls versions dataset:iris"),
        ("lineage dataset:꽃 --format png", "'png' is not one of 'tree', 'mermaid', 'dot', 'json', 'svg'."),
        ("lineage dataset:꽃 --as-of yesterday", "'yesterday' is not a time; allowed: 2026-05-01"),
        ("lineage dataset:꽃 --known-at now", "'now' is not a time; allowed: 2026-05-01"),
        ("lineage dataset:꽃 --view all", "'all' is not one of 'version', 'logical', 'field'."),
        ("lineage dataset:꽃 --view version --column 길이", "a column has a lineage in one view only"),
        ("diff dataset:꽃", "Missing argument 'b'"),
        ("run", "say what to run: lineage run -- python train.py"),
        ("completion tcsh", "'tcsh' is not one of 'bash', 'zsh', 'fish', 'powershell'."),
        ("up --port 70000", "LINEAGE_HTTP__PORT: Input should be less than or equal to 65535"),
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
        ("ls versions dataset:없음", "없음"),
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
    assert f"{NOWHERE} does not answer" in answer.err
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


def test_an_address_that_is_none_is_named(lineage: RunLineage) -> None:
    answer = lineage("ls", url="somewhere")
    assert (answer.code, answer.out) == (2, "")
    assert "LINEAGE_URL 'somewhere' is not an address; allowed: http://host:port" in answer.err


# --- asking ------------------------------------------------------------------------------------


def told(lineage: RunLineage, line: str) -> Any:
    """The JSON that a command answers."""
    answer = lineage(*shlex.split(line), "--json", LINEAGE_PROJECT=PROJECT)
    assert (answer.code, answer.err) == (0, "")
    return json.loads(answer.out)


def said(lineage: RunLineage, line: str) -> list[str]:
    """The lines that a command answers to people in a pipe: whole, and without colours."""
    answer = lineage(*shlex.split(line), LINEAGE_PROJECT=PROJECT, NO_COLOR="")
    assert (answer.code, answer.err) == (0, "")
    assert "\033" not in answer.out
    return answer.out.splitlines()


def test_show_tells_of_one_thing_and_its_neighbours(lineage: RunLineage) -> None:
    shown = told(lineage, "show model:모형@1")
    assert (shown["node"]["name"], shown["node"]["kind"], shown["node"]["ordinal"]) == ("모형", "model", 1)
    assert {"학습", "꽃"} == {node["name"] for node in shown["neighbours"]}
    assert shown["recordedBy"]
    lines = said(lineage, "show model:모형@1")
    assert lines[0] == "model version 모형@1"
    assert lines[lines.index("made from") + 2].split()[:3] == ["run", "학습", "complete"]
    uid = shown["node"]["uid"]
    assert told(lineage, f"show {shlex.quote(uid)}")["node"]["uid"] == uid


def test_show_of_a_run_tells_what_it_was_told_read_and_wrote(lineage: RunLineage) -> None:
    uid = told(lineage, "ls runs --first 1")["runs"][0]["uid"]
    node = told(lineage, f"show {uid}")["node"]
    assert (node["state"], node["paramMap"], node["metricMap"]) == ("complete", {"rate": 0.2}, {"loss": 0.2})
    (link,) = (edge["node"] for edge in node["inputs"]["edges"])
    assert (link["role"], link["version"]["name"]) == ("자료", "꽃")
    lines = [line.split() for line in said(lineage, f"show {uid}")]
    assert lines[0] == ["script", "run", "학습"]
    for words in (["state", "complete"], ["rate", "0.2"], ["loss", "0.2"], ["dataset:꽃@1", "자료"]):
        assert any(line[: len(words)] == words for line in lines), words


def test_show_of_a_dataset_tells_its_columns(lineage: RunLineage) -> None:
    lines = [line.split() for line in said(lineage, "show dataset:꽃")]
    assert ["1", "columns,", "3", "rows"] in lines
    assert ["길이", "int64", "0", "3", "1", "3", "2"] in lines


@pytest.mark.parametrize(
    ("uid", "first", "said_too"),
    [
        (f"job:{PROJECT}/script/학습", "script job 학습", "newest runs"),
        (f"artifact:{PROJECT}/model/모형", "model artifact 모형", "versions"),
        (f"project:{PROJECT}", f"project {PROJECT}", f"uid      project:{PROJECT}"),
        (f"model:{PROJECT}/판별", "registered model 판별", "description  누가 떠나나"),
        (f"alias:{PROJECT}/판별@prod", "alias prod", f"points to  modelversion:{PROJECT}/판별@1"),
        ("model:판별@prod", "registered model version 판별@1", "aliases  prod"),
        (f"deployment:{PROJECT}/local/창구@1", "deployment 창구@1", "made from"),
    ],
)
def test_show_of_every_uid_that_ls_prints(lineage: RunLineage, uid: str, first: str, said_too: str) -> None:
    lines = said(lineage, f"show {uid}")
    assert lines[0] == first
    assert said_too in lines


def test_show_of_a_project_that_the_reference_names(lineage: RunLineage) -> None:
    answer = lineage("show", f"{PROJECT}/dataset:꽃", "--json")
    assert json.loads(answer.out)["node"]["project"] == PROJECT


def test_ls_lists_each_kind_of_thing(lineage: RunLineage) -> None:
    def names(line: str) -> list[str]:
        listed = told(lineage, line)
        assert listed["hasMore"] is False
        return [row["name"] for row in listed[line.split()[1]]]

    assert names("ls runs") == ["학습", "준비", "학습", "준비"]
    assert sorted(names("ls jobs")) == ["준비", "학습"]
    assert sorted(names("ls artifacts")) == ["꽃", "모형"]
    assert names("ls versions model:모형") == ["모형", "모형"]
    assert (names("ls models"), names("ls deployments")) == (["판별"], ["창구"])
    assert PROJECT in names("ls projects")


def test_ls_is_a_table_that_says_whether_there_is_more(lineage: RunLineage) -> None:
    lines = said(lineage, "ls runs --first 1")
    assert lines[0].split() == ["uid", "name", "job", "kind", "project", "state", "started", "took"]
    assert lines[1].split()[1:6] == ["학습", "학습", "script", PROJECT, "complete"]
    assert lines[2] == "there are more than these 1; ask for more with --first"


def test_ls_keeps_to_a_project_or_shows_all(lineage: RunLineage) -> None:
    assert lineage("ls", "-p", "nobody").out == "no runs yet in project nobody\n"
    everything = json.loads(lineage("ls", "artifacts", "-n", "500", "--json").out)["artifacts"]
    assert {"꽃", "모형"} <= {row["name"] for row in everything}


def test_lineage_is_a_tree(lineage: RunLineage) -> None:
    lines = said(lineage, "lineage model:모형@2 --up")
    assert lines[0] == "model:모형@2"
    assert [line.split()[1:3] for line in lines[1:3]] == [["run", "학습"], ["dataset:꽃@1", "as"]]
    both = said(lineage, "lineage dataset:꽃 --up --down")
    assert both == said(lineage, "lineage dataset:꽃")
    assert {"made from", "made into"} & set(both)
    assert not any("준비" in line for line in said(lineage, "lineage dataset:꽃 --down"))


def test_lineage_has_a_form_for_every_reader(lineage: RunLineage) -> None:
    def drawn(form: str) -> str:
        return "\n".join(said(lineage, f"lineage model:모형@1 --format {form}"))

    for form, start in (("mermaid", "flowchart LR\n"), ("dot", "digraph lineage {\n"), ("svg", "<svg ")):
        text = drawn(form)
        assert text.startswith(start)
        assert "모형@1" in text
    by_form, by_flag = json.loads(drawn("json")), told(lineage, "lineage model:모형@1")
    assert (by_form["nodes"], by_form["edges"]) == (by_flag["nodes"], by_flag["edges"])
    assert "모형" in {node["name"] for node in by_form["nodes"]}


def test_lineage_as_it_was(lineage: RunLineage) -> None:
    assert said(lineage, "lineage model:모형@1 --as-of 2020-01-01") == ["model:모형@1"]
    assert len(said(lineage, "lineage model:모형@1 --as-of 2999-12-31T00:00:00+09:00")) > 2


def test_lineage_as_it_was_known(lineage: RunLineage) -> None:
    assert said(lineage, "lineage model:모형@1 --known-at 2020-01-01") == ["model:모형@1"]
    assert len(said(lineage, "lineage model:모형@1 --known-at 2999-12-31")) > 2


def test_lineage_of_jobs_and_artifacts_is_the_logical_one(lineage: RunLineage) -> None:
    by_job = said(lineage, "lineage job:학습")
    assert by_job == ["job 학습", "made from", "└─ dataset:꽃", "   └─ job 준비", "used for", "└─ model:모형"]
    assert said(lineage, f"lineage artifact:{PROJECT}/dataset/꽃 --up") == ["dataset:꽃", "└─ job 준비"]
    assert said(lineage, "lineage dataset:꽃 --up --view logical") == ["dataset:꽃", "└─ job 준비"]


def test_diff_says_the_first_cause(lineage: RunLineage) -> None:
    difference = told(lineage, "diff model:모형@1 model:모형@2")
    changes = {c["field"]: c for d in difference["differences"] for c in d["changes"]}
    assert (changes["params.rate"]["before"], changes["params.rate"]["after"]) == ("0.1", "0.2")
    lines = said(lineage, "diff model:모형@1 model:모형@2")
    assert any("params.rate" in line and line.split()[-2:] == ["0.1", "0.2"] for line in lines)
    assert lines[-1].endswith("things are the same in both")


# --- running, caring ---------------------------------------------------------------------------


def test_run_records_a_command_and_answers_its_code(lineage: RunLineage) -> None:
    answer = lineage("run", "-p", "달리기", "--name", "실험", "--", "sh", "-c", "echo 밖; exit 3")
    assert (answer.code, answer.out) == (3, "밖\n")
    run = answer.err.strip().removeprefix("recorded as ")
    shown = json.loads(lineage("show", run, "-p", "달리기", "--json").out)["node"]
    assert (shown["name"], shown["state"], shown["project"]) == ("실험", "failed", "달리기")
    missing = lineage("run", "--", "no-such-command")
    assert missing.code == 4
    assert missing.err == "error: there is no command 'no-such-command'; nothing was run\n"


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
    assert {"LINEAGE_DATA_DIR", "LINEAGE_HTTP__PORT", "LINEAGE_URL", "LINEAGE_PROJECT"} <= names
    assert names == {line.split()[0] for line in said(lineage, "settings") if line.startswith("LINEAGE_")}


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
    assert done.stdout.split() == ["serve", "show", "sync", "settings"]


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


@pytest.mark.parametrize("line", ["ls artifacts", "lineage model:모형", "settings"])
def test_a_narrow_terminal_is_kept_to(terminal: Callable[..., str], line: str) -> None:
    from lineage_server.cli.output import width_of

    lines = terminal(line, columns=40).splitlines()
    assert len(lines) > 2
    assert max(map(width_of, lines)) <= 40
