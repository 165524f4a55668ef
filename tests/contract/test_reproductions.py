"""Verdicts on runs that were done again, through GraphQL: from the original, and from what did it again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lineage_server.domain.event_parts import ReproductionFact
from lineage_server.domain.events import ProjectReported, RunReported
from lineage_server.domain.ids import new_run_id, now_micros
from lineage_server.domain.nodes import Reproduced, RunState
from tests.support.hostile import sent
from tests.support.served import Served
from tests.support.stories import at

AGAIN = """
query Again($uid: String!) {
  run(uid: $uid) {
    reproduces { uid } reproduction { verdict differences reason }
    reproductions(first: 10) { edges { node { uid reproduction { verdict } } } totalCount }
  }
}
"""


def run(run_id: str, *, when: int = 0, started: float = 0, **told: Any) -> RunReported:
    known = {"project": "lab", "state": RunState.COMPLETE, "started_at": at(started), **told}
    return RunReported(id=new_run_id(), at=when or now_micros(), run=run_id, **known)


async def asked(served: Served, run_id: str, token: str = "") -> dict[str, Any]:
    return (await served.ask(AGAIN, {"uid": run_id}, token))["run"]


async def test_a_verdict_is_seen_from_both_runs(served: Served) -> None:
    first, again, other = new_run_id(), new_run_id(), new_run_id()
    differs = ReproductionFact(
        of=first, verdict=Reproduced.DIFFERS, differences=["output net"], reason="around it"
    )
    await served.record(
        run(first),
        run(again, started=1, reproduction=ReproductionFact(of=first)),
        run(other, started=2, reproduction=ReproductionFact(of=first, verdict=Reproduced.SAME)),
    )
    assert (await asked(served, again))["reproduction"] is None
    await served.record(run(again, started=1, reproduction=differs))
    told = await asked(served, again)
    assert told["reproduces"] == {"uid": f"run:{first}"}
    assert told["reproduction"] == {
        "verdict": "DIFFERS", "differences": ["output net"], "reason": "around it",
    }  # fmt: skip
    original = await asked(served, first)
    assert (original["reproduces"], original["reproduction"]) == (None, None)
    assert [edge["node"] for edge in original["reproductions"]["edges"]] == [
        {"uid": f"run:{other}", "reproduction": {"verdict": "SAME"}},
        {"uid": f"run:{again}", "reproduction": {"verdict": "DIFFERS"}},
    ]


async def test_the_latest_verdict_counts_whatever_comes_first(served: Served) -> None:
    first, again, now = new_run_id(), new_run_id(), now_micros()
    for when, verdict in ((now, Reproduced.SAME), (now - 5, Reproduced.FAILED)):
        fact = ReproductionFact(of=first, verdict=verdict)
        await served.record(run(again, when=when, reproduction=fact))
    assert (await asked(served, again))["reproduction"]["verdict"] == "SAME"


@pytest.mark.parametrize(
    "fact",
    [
        {"of": "nonsense"},
        {"verdict": "same"},
        {"of": "{first}", "verdict": "perhaps"},
        {"of": "{first}", "verdict": "differs", "differences": "one"},
        {"of": "{first}", "verdict": "differs", "differences": ["x"] * 5_001},
        {"of": "{own}"},
    ],
)
async def test_what_is_no_reproduction_is_refused(served: Served, fact: dict[str, Any]) -> None:
    first, own = new_run_id(), new_run_id()
    text = json.dumps({"type": "run", "project": "lab", "id": own, "run": own, "reproduction": fact})
    line = text.replace("{first}", first).replace("{own}", own)
    verdicts = await sent(served, [line.encode()])
    assert verdicts.by_index[0]["code"] == "BAD_INPUT", verdicts


async def test_a_verdict_on_a_foreign_run_is_not_seen_there(guarded: Served) -> None:
    """Anybody may say that they did it again; whoever may not see who says so is not told."""
    theirs, mine = new_run_id(), new_run_id()
    fact = ReproductionFact(of=theirs, verdict=Reproduced.DIFFERS)
    await guarded.record(
        *(ProjectReported(id=name, at=now_micros(), project=name) for name in ("lab", "mine")),
        run(theirs),
        run(mine, project="mine", reproduction=fact),
    )
    owner = await guarded.service_token(lab="viewer")
    assert (await asked(guarded, theirs, owner))["reproductions"]["edges"] == []
    other = await guarded.service_token(mine="viewer")
    assert (await asked(guarded, mine, other))["reproduces"] is None
