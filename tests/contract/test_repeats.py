"""Fingerprints and runs that share one, through GraphQL: same, something else, not known."""

from __future__ import annotations

from typing import Any

import pytest

from lineage_server.domain.event_parts import CodeFact, EnvironmentFact, InputFact, OutputFact
from lineage_server.domain.events import NodeDeleted, ProjectReported, RunReported
from lineage_server.domain.ids import new_run_id, now_micros
from lineage_server.domain.nodes import RunState
from lineage_server.graph.round_trips import counting
from tests.contract.test_operations import TEXTS
from tests.support.served import Served
from tests.support.stories import at

REPEATS = TEXTS["Repeats"]
ONE, TWO, THREE = (f"sha256:{digit * 64}" for digit in "123")
FINGERPRINT = """
query F($uid: String!) { run(uid: $uid) { fingerprint { digest complete missing { part lack names text } } } }
"""


def run(run_id: str, started: float = 0, **told: Any) -> RunReported:
    """One of which all is known that determines it, in project ``lab`` unless told otherwise."""
    known: dict[str, Any] = {
        "project": "lab", "state": RunState.COMPLETE, "name": "train", "params": {"seed": 1},
        "code": CodeFact(repo="r", commit="c1", entry="train.py"),
        "environment": EnvironmentFact(python="3.11", packages={"numpy": "2"}, digest=THREE),
        "facts": {"argv": ["python", "train.py"], "cwd": "/w", "host": {"machine": "x86_64"}},
        "inputs": [InputFact(name="iris", digest=ONE)],
        "outputs": [OutputFact(name="net", type="model", digest=ONE)],
        **told,
    }  # fmt: skip
    return RunReported(id=new_run_id(), at=now_micros(), run=run_id, started_at=at(started), **known)


def net(digest: str) -> list[OutputFact]:
    return [OutputFact(name="net", type="model", digest=digest)]


async def repeated(served: Served, of: str, token: str = "", **more: Any) -> dict[str, Any]:
    return (await served.ask(REPEATS, {"of": of, **more}, token))["repeats"]


def verdicts(answer: dict[str, Any]) -> dict[str, str]:
    return {one["run"]["uid"].removeprefix("run:"): one["verdict"] for one in answer["repeats"]}


async def test_the_same_run_that_made_something_else_is_reported(served: Served) -> None:
    first, same, other, failed, silent, changed = (new_run_id() for _ in range(6))
    await served.record(
        run(first),
        run(same, 1),
        run(other, 2, outputs=net(TWO)),
        run(failed, 3, state=RunState.FAILED, outputs=[]),
        run(silent, 4, outputs=[OutputFact(name="net", type="model")]),
        run(changed, 5, params={"seed": 2}, outputs=net(TWO)),
    )
    answer = await repeated(served, f"run:{first}")
    assert verdicts(answer) == {
        other: "DIFFERS", silent: "UNKNOWN", failed: "UNKNOWN", same: "SAME",
    }  # fmt: skip
    assert answer["repeats"][0]["run"]["uid"] == f"run:{other}"
    assert (answer["differing"], answer["isPartial"], answer["reason"]) == (1, False, "")
    model = "version:lab/model/net@{}".format
    assert answer["repeats"][0]["differences"] == [
        {"role": "net", "own": [model(ONE)], "other": [model(TWO)]}
    ]
    assert answer["fingerprint"]["complete"]
    assert answer["fingerprint"]["seeds"] == [{"key": "seed", "value": 1}]
    # A version means the run that made it; the other side tells the same.
    turned = await repeated(served, model(TWO))
    assert verdicts(turned)[first] == "DIFFERS"
    assert turned["fingerprint"]["digest"] == answer["fingerprint"]["digest"]


async def test_logs_of_runs_may_differ(served: Served) -> None:
    first, second = new_run_id(), new_run_id()
    for number, (of, digest) in enumerate(((first, ONE), (second, TWO))):
        log = OutputFact(name="train.log", type="log", role="log", digest=digest)
        await served.record(run(of, number, outputs=[*net(ONE), log]))
    assert verdicts(await repeated(served, f"run:{first}")) == {second: "SAME"}


async def test_an_incomplete_fingerprint_is_marked_and_repeats_nothing(served: Served) -> None:
    ids = [new_run_id(), new_run_id()]
    for one, made in zip(ids, (ONE, TWO), strict=True):
        await served.record(run(one, facts={}, inputs=[InputFact(name="unknown")], outputs=net(made)))
    answer = await repeated(served, f"run:{ids[0]}")
    assert (answer["repeats"], answer["isPartial"]) == ([], True)
    assert "incomplete (resources, inputs)" in answer["reason"]
    told = (await served.ask(FINGERPRINT, {"uid": ids[0]}))["run"]["fingerprint"]
    assert [(one["part"], one["lack"], one["names"], one["text"]) for one in told["missing"]] == [
        ("RESOURCES", "RESOURCES", [], "neither its machine nor its GPUs are known"),
        ("INPUTS", "VERSION", ["unknown"], "of unknown no version is known"),
    ]


async def test_fingerprints_of_many_runs_are_asked_for_at_once(served: Served) -> None:
    ids = [new_run_id() for _ in range(6)]
    await served.record(*(run(one, index, outputs=net(TWO)) for index, one in enumerate(ids)))
    page = """query P($n: Int!) { runs(project: "lab", first: $n, orderBy: {by: NAME}) {
        edges { node { fingerprint { digest } } }
    } }"""
    counts: list[int] = []
    for first in (1, 6):
        with counting() as trips:
            answer = await served.ask(page, {"n": first})
        counts.append(trips.count)
    assert counts[0] == counts[1]
    assert len({edge["node"]["fingerprint"]["digest"] for edge in answer["runs"]["edges"]}) == 1
    with counting() as trips:
        found = await repeated(served, f"run:{ids[0]}")
    # The run in full, what surrounds it, runs of its code, all of these in full.
    assert (trips.count, len(found["repeats"])) == (10, 5)
    few = await repeated(served, f"run:{ids[0]}", first=2)
    assert (len(few["repeats"]), few["isPartial"], few["reason"]) == (2, True, "there are more than these 2")


async def test_steps_are_compared_with_the_same_steps_of_runs_of_their_code(served: Served) -> None:
    """They capture nothing themselves: code, packages, command and machine are those of their parents."""
    bare: dict[str, Any] = {"code": None, "environment": None, "facts": None, "params": {"fold": 1}}
    first, again, changed, mine, same, sibling, other, elsewhere, deep = (new_run_id() for _ in range(9))
    await served.record(
        run(first),
        run(again, 1, outputs=[]),
        run(changed, 1, code=CodeFact(repo="r", commit="c2", entry="train.py"), outputs=[]),
        run(mine, 2, **bare, name="fold", parent=first),
        run(same, 3, **bare, name="fold", parent=first),
        run(sibling, 3, **bare, name="report", parent=first, outputs=net(TWO)),
        run(other, 4, **bare, name="fold", parent=again, outputs=net(TWO)),
        run(elsewhere, 5, **bare, name="fold", parent=changed, outputs=net(TWO)),
        run(deep, 6, **bare, name="fold", parent=mine, outputs=net(TWO)),
    )
    answer = await repeated(served, f"run:{mine}")
    assert answer["fingerprint"]["missing"] == []
    assert verdicts(answer) == {other: "DIFFERS", same: "SAME"}
    assert answer["fingerprint"]["seeds"] == [{"key": "seed", "value": 1}]
    assert verdicts(await repeated(served, f"run:{deep}")) == {}


async def test_a_parent_that_one_may_not_see_tells_nothing(guarded: Served) -> None:
    theirs, mine = new_run_id(), new_run_id()
    await guarded.record(
        *(ProjectReported(id=name, at=now_micros(), project=name) for name in ("lab", "mine")),
        run(theirs, inputs=[], outputs=[]),
        run(mine, project="mine", parent=theirs, code=None, environment=None, facts=None, inputs=[]),
    )
    token = await guarded.service_token(mine="viewer")
    told = (await guarded.ask(FINGERPRINT, {"uid": mine}, token))["run"]["fingerprint"]
    assert [one["part"] for one in told["missing"]] == ["CODE", "ENVIRONMENT", "COMMAND", "RESOURCES"]


async def test_runs_that_were_deleted_repeat_nothing(served: Served) -> None:
    first, gone = new_run_id(), new_run_id()
    await served.record(
        run(first),
        run(gone, outputs=net(TWO)),
        NodeDeleted(id=new_run_id(), at=now_micros(), project="lab", uid=f"run:{gone}"),
    )
    assert verdicts(await repeated(served, f"run:{first}")) == {}


async def test_what_others_made_of_hidden_inputs_is_not_told(guarded: Served) -> None:
    """Whoever may not see an input cannot know whether two runs read the same."""
    mine, theirs = new_run_id(), new_run_id()
    hidden = [InputFact(name="secret", project="lab", digest=ONE)]
    await guarded.record(
        *(ProjectReported(id=name, at=now_micros(), project=name) for name in ("lab", "mine")),
        run(theirs, outputs=[OutputFact(name="secret", digest=ONE)]),
        run(mine, project="mine", inputs=hidden),
    )
    token = await guarded.service_token(mine="viewer")
    answer = await repeated(guarded, f"run:{mine}", token)
    (missing,) = answer["fingerprint"]["missing"]
    assert (missing["lack"], missing["names"], missing["count"]) == ("UNSEEN", [], 1)
    assert "secret" not in str(answer)
    refused = await guarded.refused(REPEATS, {"of": f"run:{theirs}"}, token)
    assert refused["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"of": "run:nonsense"}, "BAD_INPUT"),
        ({"of": "job:lab/script/train"}, "BAD_INPUT"),
        ({"of": ""}, "BAD_INPUT"),
        ({"of": f"run:{new_run_id()}"}, "NOT_FOUND"),
        ({"of": f"run:{new_run_id()}", "first": 0}, "BAD_INPUT"),
        ({"of": f"run:{new_run_id()}", "first": 501}, "BAD_INPUT"),
    ],
)
async def test_questions_that_make_no_sense(served: Served, told: dict[str, Any], code: str) -> None:
    refused = await served.refused(REPEATS, told)
    assert refused["extensions"]["code"] == code
