"""Aliases, protection and approvals, as the writer judges them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from lineage_server.domain.event_registry import (
    AliasSet,
    ApprovalGiven,
    ApprovalRequested,
    ProtectionSet,
)
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.write import GraphWriter
from lineage_server.ingest.rebuild import Rebuilder
from lineage_server.ingest.store import EventStore
from lineage_server.ingest.verdicts import Outcome
from lineage_server.ingest.writer import IngestWriter
from tests.support.churn import KIM, LEE, MAX, fresh, move, refused, say, target, told
from tests.support.dump import dump


async def test_a_move_says_from_where(churn: IngestWriter, graph: Bolt) -> None:
    verdict = await refused(churn, move("2", expected="3"))
    assert "points to version '1', not to version '3'" in verdict.message
    assert verdict.current == "1"
    assert (await refused(churn, move("2", expected=""))).current == "1"
    await refused(churn, move("9", expected="1"), code="BAD_INPUT")
    again = move("2", expected="1")
    await told(churn, again)
    assert (await say(churn, again)).outcome is Outcome.DUPLICATE
    assert await target(graph) == "2"
    # Nothing of the past is a move from what is there now.
    assert (await refused(churn, move("3", at=1_600, expected="2"))).current == "2"
    await told(churn, move(None, 3_000, expected="2"))
    await told(churn, move("3", 4_000, expected=""))
    assert await target(graph) == "3"


async def test_of_many_who_move_one_alias_at_once_one_does(churn: IngestWriter, graph: Bolt) -> None:
    """Two servers, many callers: each expects what it has seen."""
    other = IngestWriter(GraphWriter(graph), publish=lambda _: None)
    await other.start()
    for turn in range(5):
        now = await target(graph)
        moves = [move(str(1 + (int(now) + n) % 3), 10_000 + 100 * turn + n, expected=now) for n in range(12)]
        verdicts = await asyncio.gather(
            *(say((churn, other)[n % 2], one, f"lineage/p{n}") for n, one in enumerate(moves))
        )
        won = [one for one, v in zip(moves, verdicts, strict=True) if v.outcome is Outcome.ACCEPTED]
        assert len(won) == 1, verdicts
        assert {v.code for v in verdicts if v.outcome is Outcome.REFUSED} == {"CONFLICT"}
        assert await target(graph) == won[0].version
    await other.stop()


async def ask(writer: IngestWriter, version: str, asker: str = KIM) -> str:
    key = f"ask{next(fresh)}"
    await told(
        writer, ApprovalRequested(id=key, at=1_700, model="churn", version=version, alias="prod"), asker
    )
    return f"approval:default/churn@{key}"


async def approval(writer: IngestWriter, version: str, by: str) -> str:
    uid = await ask(writer, version)
    await told(writer, give(uid, version), by)
    return uid


def give(request: str, version: str, verdict: str = "approved") -> ApprovalGiven:
    return ApprovalGiven(
        id=f"g{next(fresh)}", at=1_800, model="churn", version=version, alias="prod", verdict=verdict,
        approver="whoever", request=request,
    )  # fmt: skip


async def test_a_protected_alias_moves_once_with_an_approval_by_somebody_else(
    churn: IngestWriter, graph: Bolt, tmp_path: Path
) -> None:
    await told(churn, ProtectionSet(id="p", at=1_600, model="churn", alias="prod"))
    assert "is protected" in (await refused(churn, move("2"))).message
    assert "it is not deleted" in (await refused(churn, move(None))).message
    asked = ApprovalRequested(id="own", at=1_650, model="churn", version="2", alias="prod")
    await told(churn, asked)
    own = "approval:default/churn@own"
    assert "pending" in (await refused(churn, move("2", approval=own))).message
    await refused(churn, give(own, "2"), code="FORBIDDEN")
    await refused(churn, give(own, "3"), LEE, code="BAD_INPUT")
    await told(churn, give(own, "2", "rejected"), LEE)
    verdict = await refused(churn, give(own, "2"), MAX)
    assert (verdict.current, "rejected by lineage/lee" in verdict.message) == ("rejected", True)
    assert "is rejected" in (await refused(churn, move("2", approval=own))).message
    good = await approval(churn, "2", LEE)
    assert "not for this" in (await refused(churn, move("3", approval=good))).message
    await told(churn, move("2", approval=good, expected="1"))
    assert "used for a move" in (await refused(churn, move("2", 2_500, approval=good))).message
    # A verdict nobody requested counts too, unless it is the mover's own.
    for key, giver, alright in (("mine", KIM, False), ("theirs", LEE, True)):
        event = ApprovalGiven(
            id=key, at=1_900, model="churn", version="3", alias="prod", verdict="approved", approver="lee"
        )
        await told(churn, event, giver)
        verdict = await say(churn, move("3", 3_000, approval=f"approval:default/churn@{key}"))
        assert (verdict.outcome is Outcome.ACCEPTED) == alright, verdict
    before = await dump(graph)
    await Rebuilder(graph, EventStore(graph, tmp_path), churn).rebuild()
    assert await dump(graph) == before
    await told(churn, ProtectionSet(id="p2", at=5_000, model="churn", alias="prod", protected=False))
    await told(churn, move("1", 6_000))


async def test_one_approval_moves_a_protected_alias_once_whoever_is_first(
    churn: IngestWriter, graph: Bolt
) -> None:
    other = IngestWriter(GraphWriter(graph), publish=lambda _: None)
    await other.start()
    await told(churn, ProtectionSet(id="p", at=1_600, model="churn"))
    for turn in range(3):
        good = await approval(churn, "2", LEE)
        moves = [move("2", 10_000 + 100 * turn + n, approval=good) for n in range(8)]
        verdicts = await asyncio.gather(*(say((churn, other)[n % 2], one) for n, one in enumerate(moves)))
        assert [v.outcome for v in verdicts].count(Outcome.ACCEPTED) == 1
    await other.stop()


async def test_only_its_movers_move_a_protected_alias(churn: IngestWriter) -> None:
    event = ProtectionSet(id="p", at=1_600, model="churn", approval=False, movers=["service/ci", LEE])
    await told(churn, event)
    assert "service/ci" not in (await refused(churn, move("2"), KIM, "FORBIDDEN")).code
    await told(churn, move("2"), "service/ci")
    await told(churn, move("3", 3_000), LEE)
    # The model's protection is that of aliases to come, too.
    new = AliasSet(id="new", at=4_000, model="churn", alias="beta", version="1")
    await refused(churn, new, KIM, "FORBIDDEN")


async def test_only_its_approvers_approve_and_who_asked_may_withdraw(
    churn: IngestWriter, graph: Bolt
) -> None:
    event = ProtectionSet(id="p", at=1_600, model="churn", alias="prod", approvers=[LEE, "service/ci"])
    await told(churn, event)
    asked = await ask(churn, "2")
    for verdict in ("approved", "rejected"):
        found = await refused(churn, give(asked, "2", verdict), MAX, code="FORBIDDEN")
        assert "only lineage/lee, service/ci may approve" in found.message
    await refused(churn, give(asked, "2"), KIM, code="FORBIDDEN")
    found = await refused(churn, give(asked, "2", "withdrawn"), LEE, code="FORBIDDEN")
    assert "lineage/kim asked" in found.message
    await told(churn, give(asked, "2", "withdrawn"))
    assert "is withdrawn" in (await refused(churn, move("2", approval=asked))).message
    assert "was withdrawn by" in (await refused(churn, give(asked, "2"), LEE)).message
    await told(churn, move("2", approval=await approval(churn, "2", LEE)))
    # Who stands there when it moves counts, also for a verdict that nobody asked for.
    free = ApprovalGiven(
        id="free", at=1_900, model="churn", version="3", alias="prod", verdict="approved", approver="max"
    )
    await told(churn, free, MAX)
    found = await refused(churn, move("3", 3_000, approval="approval:default/churn@free"))
    assert "was given by lineage/max: it takes one by lineage/lee" in found.message
    await told(churn, ProtectionSet(id="p2", at=1_700, model="churn", alias="prod", approvers=[MAX]))
    await told(churn, move("3", 3_000, approval="approval:default/churn@free"))
    # The model's protection is that of each of its aliases.
    await told(churn, ProtectionSet(id="p3", at=1_700, model="churn", approvers=[LEE]))
    asked = await ask(churn, "1")
    await refused(churn, give(asked, "1"), MAX, code="FORBIDDEN")
