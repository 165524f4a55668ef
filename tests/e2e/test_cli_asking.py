"""``lineage show``, ``ls``, ``lineage`` and ``diff``: what was recorded, in words and as JSON."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import PROJECT, said, told

if TYPE_CHECKING:
    from tests.e2e.conftest import Recording, RunLineage

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("recorded")]


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


def test_a_run_may_be_named_by_its_first_digits(lineage: RunLineage) -> None:
    listed = json.loads(lineage("ls", "runs", "--json", LINEAGE_PROJECT=PROJECT).out)["runs"]
    one, other = (run["uid"] for run in listed[:2])
    short, dotless = one.removeprefix("run:")[:-5], other[:-5].replace("-", "")
    for command in (
        ["show", short], ["lineage", short], ["diff", short, dotless], ["compare", dotless, short],
        ["reproduce", short],
    ):  # fmt: skip
        answer = lineage(*command, "--json", LINEAGE_PROJECT=PROJECT)
        assert (answer.code, one in answer.out) == (0, True), (command, answer)
    several = lineage("show", one[:10], LINEAGE_PROJECT=PROJECT)
    assert (several.code, "several runs begin with" in several.err, one in several.err) == (2, True, True)


def test_ls_finds_what_is_looked_for_in_the_order_asked_for(lineage: RunLineage) -> None:
    found = told(lineage, "ls runs --metric 'loss<=0.2' --param 'rate>0' --text 학습 --sort loss")["runs"]
    assert [run["name"] for run in found] == ["학습", "학습"]
    least = told(lineage, "ls runs --metric loss --state complete --sort -loss --first 1")
    assert (least["hasMore"], least["runs"][0]["uid"]) == (True, found[1]["uid"])
    assert told(lineage, "ls runs --metric 'loss>0.2'")["runs"] == []
    assert said(lineage, "ls artifacts --kind report") == [f"no artifacts like this in project {PROJECT}"]
    assert told(lineage, "ls artifacts --kind model --sort -name")["artifacts"][0]["name"] == "모형"
    assert len(told(lineage, "ls versions dataset:꽃 --sort size")["versions"]) == 1
    assert told(lineage, "ls versions model:판별 --sort number")["versions"][0]["version"] == "1"
    # Nobody has said which state it is in.
    assert told(lineage, "ls versions model:판별 --state ready")["versions"] == []
    assert told(lineage, "ls approvals --state pending")["approvals"] == []
    for line, words in (
        ("ls runs --metric 'loss>much'", "allowed: such as 'auc>0.9'"),
        ("ls runs --state done", "allowed: declared, queued, running, complete"),
        ("ls runs --since gestern", "allowed: 2026-05-01"),
        ("ls artifacts --metric 'loss>1'", "allowed: text, kind, tag"),
        ("ls models --sort loss", "allowed: name, created, updated"),
        ("ls projects --text x", "allowed: no conditions"),
    ):
        answer = lineage(*shlex.split(line), LINEAGE_PROJECT=PROJECT)
        assert (answer.code, answer.out) == (2, ""), line
        assert words in answer.err, (line, answer.err)


def test_ls_takes_a_models_name_alone_or_with_its_project(lineage: RunLineage) -> None:
    """Versions and deployments, from within its project and from another."""
    of_model = told(lineage, "ls versions model:판별")["versions"]
    assert [one["version"] for one in of_model] == ["1"]
    for line in ("ls versions 판별", f"ls versions {PROJECT}/판별", f"ls versions {PROJECT}/model:판별"):
        assert told(lineage, line)["versions"] == of_model, line
    for of in (f"{PROJECT}/판별", f"{PROJECT}/model:판별@prod", f"modelversion:{PROJECT}/판별@1"):
        answer = lineage("ls", "deployments", of, "--json", LINEAGE_PROJECT="another")
        assert (answer.code, json.loads(answer.out)["deployments"]) == (0, []), of  # lists keep to a project
        answer = lineage("ls", "deployments", of, "--json")
        assert [one["name"] for one in json.loads(answer.out)["deployments"]] == ["창구"], of


def test_ls_narrows_deployments_to_a_model_or_a_version(lineage: RunLineage, recording: Recording) -> None:
    owner = "창구들"
    with recording(owner) as client:
        for number in (1, 2, 3):
            client.register("떠남", f"s3://bucket/{number}", version=f"v{number}", aliases="newest")
            client.deploy(f"model:떠남@v{number}", "창구", revision=str(number))
        client.deploy(client.register("남음", "s3://bucket/other"), "다른창구", revision="4")

    def listed(line: str) -> tuple[list[str], bool]:
        answer = lineage(*shlex.split(line), "--json", LINEAGE_PROJECT=owner)
        assert (answer.code, answer.err) == (0, "")
        page = json.loads(answer.out)
        return [one["revision"] for one in page["deployments"]], page["hasMore"]

    assert listed("ls deployments --sort created") == (["1", "2", "3", "4"], False)
    assert listed("ls deployments 떠남 --sort -created") == (["3", "2", "1"], False)
    assert listed("ls deployments model:떠남@v2") == (["2"], False)
    assert listed("ls deployments model:떠남@newest") == (["3"], False)
    assert listed("ls deployments 떠남 --first 2 --sort created") == (["1", "2"], True)
    none = lineage("ls", "deployments", "떠남", "--state", "failed", LINEAGE_PROJECT=owner)
    assert none.out == f"no deployments of 떠남 like this in project {owner}\n"


def test_search_finds_anything_by_its_words(lineage: RunLineage) -> None:
    found = told(lineage, "search 꽃")["found"]
    assert {(one["what"], one["name"]) for one in found} >= {("artifact", "꽃")}
    assert {one["what"] for one in told(lineage, "search 학습 --what run --what job")["found"]} == {
        "run",
        "job",
    }
    head, *lines = said(lineage, "search 누가 떠나나")
    assert head.split()[:3] == ["uid", "what", "name"]
    assert [line.split()[:3] for line in lines] == [[f"model:{PROJECT}/판별", "model", "판별"]]
    assert said(lineage, "search 없다") == ["nothing of this is found"]
    wrong = lineage("search", "x", "--what", "thing")
    assert (wrong.code, "allowed: project, model" in wrong.err) == (2, True)


def test_show_of_a_dataset_tells_its_columns(lineage: RunLineage) -> None:
    lines = [line.split() for line in said(lineage, "show dataset:꽃")]
    assert ["1", "column,", "3", "rows"] in lines
    assert ["길이", "int64", "0", "3", "1", "3", "2"] in lines


@pytest.mark.parametrize(
    ("uid", "first", "said_too"),
    [
        (f"job:{PROJECT}/script/학습", "script job 학습", "newest runs"),
        (f"artifact:{PROJECT}/model/모형", "model artifact 모형", "versions"),
        (f"project:{PROJECT}", f"project {PROJECT}", f"uid      project:{PROJECT}"),
        (f"model:{PROJECT}/판별", "registered model 판별", "description  누가 떠나나"),
        (f"alias:{PROJECT}/판별@prod", "alias prod", f"points to  modelversion:{PROJECT}/판별@1"),
        ("model:판별@prod", "registered model version 판별@1", "aliases      prod"),
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
    assert PROJECT in names("ls projects -n 500")


def test_ls_is_a_table_that_says_whether_there_is_more(lineage: RunLineage) -> None:
    lines = said(lineage, "ls runs --first 1")
    assert lines[0].split() == ["uid", "name", "job", "kind", "project", "state", "started", "took"]
    assert lines[1].split()[1:6] == ["학습", "학습", "script", PROJECT, "complete"]
    assert lines[2] == "there are more than these 1; ask for more with --first"


def test_what_is_missed_in_a_project_that_nobody_named_may_be_in_another(lineage: RunLineage) -> None:
    for line in ("ls versions model:판별", "show model:판별@1", "lineage model:모형@1"):
        missed = lineage(*shlex.split(line))
        assert missed.code == 4, line
        assert missed.err.endswith("; -p PROJECT asks in another project\n"), missed.err
        assert "connect(" not in missed.err  # which programs are told
        assert lineage(*shlex.split(line), "-p", PROJECT).code == 0
    named = lineage("ls", "versions", "model:아무것도", "-p", PROJECT)
    assert "-p PROJECT" not in named.err


def test_ls_keeps_to_a_project_or_shows_all(lineage: RunLineage) -> None:
    assert lineage("ls", "-p", "nobody").out == (
        "no runs yet in project nobody, which is not there, or not yours to see; "
        "'lineage ls projects' lists them\n"
    )
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


def nothing_by_then(lineage: RunLineage, option: str) -> None:
    answer = lineage("lineage", f"{PROJECT}/model:모형@1", option, "2020-01-01")
    assert (answer.code, answer.out) == (0, "model:모형@1\n")
    assert answer.err == "nothing is recorded that made it or came of it, by 2020-01-01\n"


def test_a_column_that_is_not_there_is_said_with_those_that_are(lineage: RunLineage) -> None:
    answer = lineage("lineage", f"{PROJECT}/dataset:꽃", "--column", "넓이")
    assert (answer.code, answer.out) == (4, "")
    assert answer.err == "error: there is no column '넓이'; there are: 길이\n"


def test_lineage_as_it_was(lineage: RunLineage) -> None:
    nothing_by_then(lineage, "--as-of")
    assert len(said(lineage, "lineage model:모형@1 --as-of 2999-12-31T00:00:00+09:00")) > 2


def test_lineage_as_it_was_known(lineage: RunLineage) -> None:
    nothing_by_then(lineage, "--known-at")
    assert len(said(lineage, "lineage model:모형@1 --known-at 2999-12-31")) > 2


def test_lineage_of_jobs_and_artifacts_is_the_logical_one(lineage: RunLineage) -> None:
    by_job = said(lineage, "lineage job:학습")
    assert by_job == ["job 학습", "made from", "└─ dataset:꽃", "   └─ job 준비", "used for", "└─ model:모형"]
    assert said(lineage, f"lineage artifact:{PROJECT}/dataset/꽃 --up") == ["dataset:꽃", "└─ job 준비"]
    assert said(lineage, "lineage dataset:꽃 --up --view logical") == ["dataset:꽃", "└─ job 준비"]


def test_show_of_what_a_reference_meant_then(lineage: RunLineage) -> None:
    for option in ("--as-of", "--known-at"):
        assert told(lineage, f"show model:판별@prod {option} 2999-01-01") == told(
            lineage, "show model:판별@prod"
        )
        before = lineage("show", "model:판별@prod", option, "2020-01-01", LINEAGE_PROJECT=PROJECT)
        assert (before.code, before.out) == (4, "")
        assert "model '판별' has no version or alias 'prod'" in before.err
        wrong = lineage("show", "model:판별@prod", option, "gestern", LINEAGE_PROJECT=PROJECT)
        assert (wrong.code, "'gestern' is not a time; allowed: 2026-05-01" in wrong.err) == (2, True)
    shown = told(lineage, "show model:모형@1 --as-of 2020-01-01")
    assert (shown["node"]["name"], shown["neighbours"]) == ("모형", [])


@pytest.mark.parametrize(
    ("line", "first", "others"),
    [
        (
            "impact dataset:꽃",
            "if dataset:꽃@1 is bad, it touches 1 live endpoint and 1 alias",
            ["창구@1", "판별@prod"],
        ),
        (
            "path dataset:꽃 model:모형@1",
            "dataset:꽃@1 went into model:모형@1",
            ["→ run 학습", "→ model:모형@1"],
        ),
        (
            "cost model:모형@1",
            "what model:모형@1 cost; each run counts once",
            ["made by", "all before it, too"],
        ),
        ("completeness model:모형@1", "model:모형@1: ", []),
    ],
)
def test_further_questions_are_answered_in_words_and_as_json(
    lineage: RunLineage, line: str, first: str, others: list[str]
) -> None:
    lines = said(lineage, line)
    assert lines[0].startswith(first)
    for words in others:
        assert any(each.startswith(words) for each in lines), (words, lines)
    assert told(lineage, line)["isPartial"] is False
    for option in ("--as-of", "--known-at"):
        answer = lineage(*shlex.split(line), option, "2001-01-01", LINEAGE_PROJECT=PROJECT)
        assert answer.code in (0, 4), answer.err
        wrong = lineage(*shlex.split(line), option, "yesterday", LINEAGE_PROJECT=PROJECT)
        assert wrong.code == 2
        assert "'yesterday' is not a time; allowed: 2026-05-01" in wrong.err


def test_diff_as_it_was(lineage: RunLineage) -> None:
    then = lineage(*shlex.split("diff model:모형@1 model:모형@2 --as-of 2001-01-01"), LINEAGE_PROJECT=PROJECT)
    assert "학습" not in then.out
    assert said(lineage, "diff model:모형@1 model:모형@2 --as-of 2999-01-01") == said(
        lineage, "diff model:모형@1 model:모형@2"
    )


def test_diff_says_the_first_cause(lineage: RunLineage) -> None:
    difference = told(lineage, "diff model:모형@1 model:모형@2")
    changes = {c["field"]: c for d in difference["differences"] for c in d["changes"]}
    assert (changes["params.rate"]["before"], changes["params.rate"]["after"]) == ("0.1", "0.2")
    lines = said(lineage, "diff model:모형@1 model:모형@2")
    assert ["params.rate", "0.1", "→", "0.2"] in [line.split() for line in lines]
    assert lines[-1].endswith("things are the same in both")
    assert said(lineage, "diff dataset:꽃 dataset:꽃")[0] == "nothing differs"


def test_compare_shows_what_distinguishes_runs(lineage: RunLineage) -> None:
    """By uid, or by what they made; the versions that they read by their short names."""
    runs = [row["uid"] for row in told(lineage, "ls runs")["runs"] if row["name"] == "학습"]
    lines = said(lineage, f"compare {runs[1]} model:모형@2")
    assert [line.split()[:3] for line in lines[:2]] == [
        ["[1]", "학습", "complete"],
        ["[2]", "학습", "complete"],
    ]
    told_of = [line.split() for line in lines[2:]]
    for words in (
        ["parameters", "[1]", "[2]"],
        ["rate", "0.1", "0.2"],
        ["metrics,", "latest", "[1]", "[2]"],
        ["loss", "0.1", "0.2"],
        ["written", "[1]", "[2]"],
        ["모형", "model:모형@1", "model:모형@2"],
    ):
        assert words in told_of, words
    assert ["자료", "dataset:꽃@1", "dataset:꽃@1"] not in told_of
    assert lines[-1] == "3 things differ, 1 thing is the same in all 2 runs"
    everything = said(lineage, f"compare {' '.join(runs)} --all")
    assert ["자료", "dataset:꽃@1", "dataset:꽃@1"] in [line.split() for line in everything]
    data = told(lineage, "compare model:모형@1 model:모형@2")
    assert [run["uid"] for run in data["runs"]] == runs[::-1]
    assert {(row["part"], row["name"]) for row in data["rows"]} == {
        ("PARAMETER", "rate"), ("METRIC", "loss"), ("OUTPUT", "모형"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "code", "why"),
    [
        ("compare", 2, "Missing argument"),
        ("compare model:모형@1", 2, "1 runs can't be compared; allowed: 2 to 200 runs"),
        ("compare model:모형@2 model:모형", 2, "are one run"),
        ("compare model:모형@1 run:nonsense", 2, "is not a UUID"),
        ("compare model:모형@1 model:모형@9", 4, "모형"),
        ("compare model:모형@1 job:학습", 2, "neither a run nor a version"),
        (f"compare {' '.join(f'model:모형@{n}' for n in range(201))}", 2, "allowed: 2 to 200 runs"),
    ],
)
def test_compare_says_what_cannot_be_compared(lineage: RunLineage, line: str, code: int, why: str) -> None:
    answer = lineage(*shlex.split(line), LINEAGE_PROJECT=PROJECT)
    assert (answer.code, answer.out) == (code, "")
    assert why in answer.err
