"""``lineage register``, ``promote``, ``approve``, ``reject`` and ``history``; models in ``put``, ``ls`` and
``show``: what they say, and how they end."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import RunLineage

pytestmark = pytest.mark.e2e


@pytest.fixture
def say(lineage: RunLineage) -> Any:
    """Runs a line in a project of its own; answers what was said, which must be without trouble."""
    project = f"cli-{uuid4().hex[:12]}"

    def run(line: str, code: int = 0) -> str:
        answer = lineage(*shlex.split(line), LINEAGE_PROJECT=project)
        assert answer.code == code, answer
        return answer.err if code else answer.out

    return run


def test_a_model_is_put_registered_promoted_and_its_history_told(say: Any, tmp_path: Path) -> None:
    for number in ("1", "2"):
        (tmp_path / "model.bin").write_text(f"weights {number}")
        put = say(f"put churn model.bin --alias candidate --description 'the {number}'").splitlines()
        assert put == [
            f"model:churn@{number}  9 B, kept by the server",
            f"registered as model:churn@{number}  ready, candidate",
        ]
    again = json.loads(say("put churn model.bin --register --json"))
    assert (again["ordinal"], again["registered"]["version"]) == (2, "2")
    assert say("promote model:churn@1 prod --reason first") == "model:churn@prod points to version 1\n"
    moved = say("promote model:churn@candidate prod --expect 1")
    assert moved == "model:churn@prod points to version 2, before to 1\n"
    lost = say("promote model:churn@1 prod --expect 1", 5)
    assert "points to version '2', not to version '1'; nothing was changed" in lost
    lines = say("history model:churn@prod").splitlines()
    assert lines[0] == "model:churn@prod points to version 2"
    assert [line.split()[2:6] for line in lines[1:]] == [
        ["1", "→", "2", "local/local"], ["–", "→", "1", "local/local"],
    ]  # fmt: skip
    told = json.loads(say("history model:churn@prod --json"))
    assert [(m["version"], m["before"], m["reason"]) for m in told["moves"]] == [
        ("2", "1", ""), ("1", "", "first"),
    ]  # fmt: skip
    then = say(f"history model:churn@prod --as-of {told['moves'][1]['at']}")
    assert "pointed to version 1 at" in then
    assert then.rstrip().endswith("moved by local/local: first")
    assert say("history model:churn@prod --as-of 2020-01-01").endswith("pointed nowhere at 2020-01-01\n")
    assert json.loads(say("history model:churn@prod --as-of 2020-01-01 --json")) is None
    got = say("get model:churn@prod -o out").strip()
    assert Path(got).read_text() == "weights 2"


def test_versions_of_a_model_are_compared_by_their_metrics(say: Any) -> None:
    say("register churn s3://bucket/a --metric auc=0.91 --metric loss=0.25")
    say("register churn s3://bucket/b --metric auc=0.5")
    head, *rows = say("ls versions model:churn --sort -auc").splitlines()
    assert head.split()[:6] == ["version", "state", "aliases", "made", "auc", "loss"]
    cells = [[row[head.index(name) :].split("  ")[0].strip() for name in ("auc", "loss")] for row in rows]
    assert cells == [["0.91", "0.25"], ["0.5", ""]]
    say("register churn s3://bucket/c " + " ".join(f"--metric m{n}={n}" for n in range(5)))
    head, row, *_ = say("ls versions model:churn").splitlines()
    assert (head.split()[4:9], "m4=4" in row) == (["m0", "m1", "m2", "m3", "metrics"], True)


def test_an_alias_goes_back_to_where_it_was(say: Any) -> None:
    for place in ("1", "2"):
        say(f"register churn s3://bucket/{place}")
        say(f"promote model:churn@{place} prod")
    back = say("rollback model:churn@prod -m 'too slow'")
    assert back == "model:churn@prod went back from version 2 to version 1\n"
    assert "too slow" in say("history model:churn@prod")
    assert json.loads(say("rollback model:churn@prod --json"))["version"] == "2"
    say("promote model:churn@1 other")
    assert "no former version to go back to" in say("rollback model:churn@other", 5)


def test_the_bytes_of_a_version_may_go_after_a_while(say: Any, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a\n1\n")
    say("put rows rows.csv")
    assert say("ttl dataset:rows@1 7.5").endswith("dataset:rows@1 may lose its bytes in 7.5 days\n")
    assert json.loads(say("show dataset:rows@1 --json"))["node"]["ttlAt"]
    assert say("ttl dataset:rows@1 --never").endswith("dataset:rows@1 keeps its bytes\n")
    assert json.loads(say("show dataset:rows@1 --json"))["node"]["ttlAt"] is None


def test_models_and_versions_are_listed_and_shown(say: Any, tmp_path: Path) -> None:
    (tmp_path / "card.md").write_text("# Churn\n\nWho leaves.\n")
    (tmp_path / "signature.json").write_text('{"inputs": [{"name": "petal", "type": "double"}]}')
    made = json.loads(
        say(
            "register churn s3://bucket/model --alias prod --card card.md --metric auc=0.91 --tag team=x "
            "--signature signature.json --json"
        )
    )
    assert (made["version"], made["uri"], made["aliases"]) == ("1", "s3://bucket/model", ["prod"])
    assert (made["metrics"], made["tags"], made["origin"]) == ({"auc": 0.91}, {"team": "x"}, None)
    head, row = say("ls models").splitlines()
    assert head.split() == ["uid", "name", "project", "newest", "aliases", "description"]
    assert row.split()[1:] == ["churn", row.split()[2], "1", "prod=1"]
    for name in ("spring", "autumn"):
        say(f"register seasons s3://bucket/{name} --version {name}")
    named = {row.split()[1]: row.split()[3] for row in say("ls models").splitlines()[1:]}
    assert named == {"churn": "1", "seasons": "autumn"}
    head, row = say("ls versions model:churn").splitlines()
    assert (head.split()[:3], row.split()[:3]) == (["version", "state", "aliases"], ["1", "ready", "prod"])
    shown = say("show model:churn@prod").splitlines()
    assert shown[0] == "registered model version churn@1"
    for line in ("aliases  prod", "auc  0.91", "petal   double", "# Churn", "Who leaves."):
        assert line in shown, line
    whole = [line.split() for line in say(f"show model:{made['project']}/churn").splitlines()]
    assert ["aliases", "prod", "→", "1"] in whole
    assert ["versions"] in whole


def test_approvals_are_asked_for_given_and_refused(say: Any) -> None:
    for place in ("a", "b"):
        say(f"register churn s3://bucket/{place}")
    asked = json.loads(say("promote model:churn@1 prod --ask --reason 'please look' --json"))
    assert (asked["state"], asked["alias"], asked["question"]) == ("pending", "prod", "please look")
    assert "pending" in say("ls approvals")
    assert json.loads(say("promote model:churn@latest newest --json"))["version"] == "2"
    assert say("approve model:churn@1 -m fine") == "model:churn@1 as prod: approved by local/local\n"
    assert "nobody waits for a verdict on model:churn@1" in say("approve model:churn@1", 4)
    uid = json.loads(say("promote model:churn@2 prod --ask --json"))["uid"]
    assert say(f"reject '{uid}' -m no") == "model:churn@2 as prod: rejected by local/local\n"
    assert "was rejected by local/local before" in say(f"approve '{uid}'", 5)
    listed = json.loads(say("ls approvals --json"))["approvals"]
    assert [one["state"] for one in listed] == ["rejected", "approved"]


def test_what_is_registered_is_kept_in_order(say: Any, tmp_path: Path) -> None:
    (tmp_path / "card.md").write_text("# Churn\n")
    say("register churn s3://bucket/a --alias prod --tag stage=trial")
    told = json.loads(say("update model:churn --owner mina --card card.md --tag team=x --json"))
    assert (told["owner"], told["card"], told["tags"], told["aliases"]) == (
        "mina", "# Churn\n", {"team": "x"}, {"prod": "1"},
    )  # fmt: skip
    uid = told["uid"]
    assert say("update model:churn@prod --metric auc=0.9 --untag stage").endswith(": tags, metrics set\n")
    assert "prod" in say("delete model:churn@1", 5)
    assert "says no version" in say("delete model:churn", 2)
    version = uid.replace("model:", "modelversion:") + "@1"
    assert say("hold model:churn@1 -m audit") == f"{uid.partition('/')[0][6:]}/model:churn@1 is held\n"
    assert json.loads(say("release model:churn@1 --json"))["hold"] is False
    assert json.loads(say("protect model:churn@prod --json"))["needsApproval"] is True
    assert "protected" in say("unalias model:churn@prod", 5)
    assert say("protect model:churn@prod --off") == "model:churn@prod is not protected\n"
    assert say("unalias model:churn@prod") == "model:churn@prod points nowhere, before to version 1\n"
    assert say("model archive model:churn@1") == "model:churn@1  archived\n"
    assert json.loads(say("model restore model:churn@1 --json"))["state"] == "ready"
    assert json.loads(say("delete model:churn@1 --json")) == {"uid": version, "deleted": True}
    assert say(f"undelete '{version}'") == f"{version} is there again\n"
    shown = json.loads(say(f"show {version} --json"))["node"]
    assert (shown["metrics"], shown["tags"]) == ([{"key": "auc", "value": 0.9}], [])


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("register churn ./model.bin", 2, "put NAME PATH --register"),
        ("register churn dataset:nothing", 4, "nothing"),
        ("register model:churn@3 s3://b/k", 2, "numbered by the server"),
        ("register churn s3://b/k --metric auc=high", 2, "KEY=NUMBER"),
        ("register churn s3://b/k --tag x", 2, "KEY=VALUE"),
        ("register churn s3://b/k --card nowhere.md", 4, "nowhere.md"),
        ("register churn s3://b/k --signature here.json", 2, "no object; allowed"),
        ("promote model:nothing@1 prod", 4, "nothing"),
        (
            "promote model:x prod",
            2,
            "says no version; nothing was moved; allowed: a version by name (model:x@3",
        ),
        ("promote model:x prod --ask", 2, "or model:x@latest for the newest"),
        ("promote model:x@1 prod --ask --expect 1", 2, "--ask moves nothing"),
        ("history model:nothing", 4, "no registered model 'nothing'"),
        ("history model:churn --as-of 2026-03-03", 2, "model:churn@prod"),
        ("history model:nothing@prod", 4, ""),
        ("history model:churn@prod --as-of yesterday", 4, ""),
        ("approve approval:default/x@1", 4, ""),
        ("update model:nothing --owner me", 4, "lineage ls models"),
        ("update model:nothing", 2, "nothing is said that is to change"),
        ("update dataset:nothing --card here.json", 4, "dataset 'nothing'"),
        ("protect model:x --off --mover me", 2, "--off takes the rules away"),
        ("hold dataset:iris", 2, "says no version"),
        ("ttl dataset:iris@1", 2, "when may they go?"),
        ("ttl dataset:iris@1 3 --never", 2, "when may they go?"),
        ("ttl dataset:iris 3", 2, "says no version"),
        ("model archive model:nothing@1", 4, "nothing"),
        ("put churn here.json --alias prod --type dataset", 2, "a dataset is not registered"),
    ],
)
def test_what_goes_wrong_is_said_with_what_to_do(
    say: Any, tmp_path: Path, line: str, code: int, words: str
) -> None:
    (tmp_path / "here.json").write_text("[1]")
    told = say(line, code)
    assert told.startswith("error: ")
    assert words in told


def test_webhooks_are_kept_from_the_command_line(say: Any) -> None:
    made = json.loads(say("webhook add ci https://ci.example/hook --kind alias --kind approval --json"))
    assert made["secret"].startswith("whsec_")
    assert (made["kinds"], made["enabled"]) == (["alias", "approval"], True)
    assert "allowed: alias, version, state, approval, deletion" in say("webhook add x http://a/ -k metric", 2)
    assert say("webhook set ci --disable --kind deletion").endswith("example/hook (disabled)\n")
    assert "is disabled" in say("webhook test ci", 5)
    assert json.loads(say(f"webhook set {made['uid']} --enable --json"))["enabled"] is True
    sent = json.loads(say("webhook test ci --json"))
    told = json.loads(say("webhook deliveries ci --json"))
    assert [(one["uid"], one["kind"]) for one in told["deliveries"]] == [(sent["uid"], "ping")]
    assert say(f"webhook resend {sent['uid']}").startswith(f"{sent['uid']}: ping, ")
    assert say("webhook ls").splitlines()[1].split()[:3] == ["ci", "deletion", "yes"]
    assert "no webhook 'other'" in say("webhook rm other", 4)
    assert "LINEAGE_WEBHOOKS__ALLOWED_NETWORKS" in say("webhook add own http://127.0.0.1:9/hook", 2)
    assert made["uid"] in say("webhook add ci https://ci.example/hook", 5)
    say("webhook rm ci")
    assert json.loads(say("webhook ls --json")) == []


def test_what_serves_a_version_is_said_and_shown(say: Any) -> None:
    say("register churn s3://bucket/1")
    assert say("deploy model:churn@1 api --endpoint http://api.example --traffic 50") == "api@1 on local\n"
    assert json.loads(say("deploy model:churn@1 api --traffic 100 --json"))["traffic"] == 100
    say("deploy model:churn@1 batch")
    assert "batch@1 on local, ended" in say("deploy model:churn@1 batch --ended")
    shown = say("show model:churn@1")
    lines = [line.split() for line in shown[shown.index("served by") :].splitlines()]
    assert [(line[0], "now" in line) for line in lines[2:4]] == [("batch", False), ("api", True)]
    say("promote model:churn@1 prod --reason first")
    line, made = say("history model:churn@1").splitlines()
    assert made.split(maxsplit=2)[2].startswith("local/local createModelVersion")
    assert line.split(maxsplit=2)[2] == "local/local setAlias prod (version 1): first"
    assert json.loads(say("history model:churn@1 --json"))[0]["alias"] == "prod"
    deeds = [line.split(maxsplit=4)[3] for line in say("history model:churn").splitlines()]
    assert deeds == ["setAlias", "createModelVersion", "registerModel"]
    assert json.loads(say("history model:churn --json"))[0]["alias"] == "prod"
    assert "nothing called 'none' serves version '1'" in say("deploy model:churn@1 none --ended", 5)


def test_a_name_with_a_slash_is_a_name(say: Any) -> None:
    say("register hub/churn s3://bucket/churn --metric auc=0.5")
    say("promote model:hub/churn@1 prod")
    for line in ("ls versions model:hub/churn --json", "show model:hub/churn@1 --json"):
        assert '"version": "1"' in say(line)
    uid = json.loads(say("show model:hub/churn@prod --json"))["node"]["model"]
    assert json.loads(say(f"ls versions {uid} --json")) == json.loads(
        say("ls versions model:hub/churn --json")
    )
    assert say("ls versions hub/churn --json") == say("ls versions model:hub/churn --json")
    assert "model:hub/churn@prod points to version 1" in say("history model:hub/churn@prod")
    assert "artifact:" in say("ls versions model:hub/nothing", 4)
