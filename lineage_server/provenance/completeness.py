"""The question ``completeness``: how far a lineage can be trusted, and where it has holes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from lineage_server.domain.edges import Basis
from lineage_server.domain.ids import now_micros
from lineage_server.domain.nodes import STATE_RANK, TERMINAL_RANK, Label
from lineage_server.graph.read_lineage import LineageReader, Sight
from lineage_server.graph.read_lineage_facts import Gap, LineageFacts, Place, UnknownInput
from lineage_server.provenance.ancestry import WIDE, Ancestry, ancestry
from lineage_server.provenance.answers import Budget, Direction, Plan

MAX_FINDINGS = 500


class Doubt(StrEnum):
    """Kinds of holes."""

    WATCH_GAP = "WATCH_GAP"
    INFERRED_INPUT = "INFERRED_INPUT"
    UNKNOWN_INPUT = "UNKNOWN_INPUT"
    MISSING_DIGEST = "MISSING_DIGEST"
    STUB = "STUB"
    HIDDEN = "HIDDEN"
    NO_PRODUCER = "NO_PRODUCER"
    UNFINISHED = "UNFINISHED"


_WEIGHT = {
    Doubt.WATCH_GAP: 1.0,
    Doubt.INFERRED_INPUT: 1.0,
    Doubt.UNKNOWN_INPUT: 1.0,
    Doubt.MISSING_DIGEST: 0.5,
    Doubt.STUB: 1.0,
    Doubt.HIDDEN: 1.0,
    # A source has no producer, and a run may well be running: worth knowing, no fault.
    Doubt.NO_PRODUCER: 0.0,
    Doubt.UNFINISHED: 0.5,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One hole: what kind, where, and a sentence."""

    kind: Doubt
    uid: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletenessAnswer:
    """``score``: share of nodes and inputs without a doubt, weighted, 0 to 1. ``counts`` by kind are
    complete, ``findings`` are the first ones."""

    start: str
    score: float
    facts: int
    counts: dict[str, int]
    findings: tuple[Finding, ...]
    is_partial: bool
    reason: str
    plan: Plan


async def completeness(
    reader: LineageReader, facts: LineageFacts, uid: str, sight: Sight, *, budget: Budget = WIDE
) -> CompletenessAnswer:
    """Walk upstream to the end and look at each node, each input, and the time of each run."""
    now = now_micros() if sight.as_of is None else sight.as_of
    side = await ancestry(reader, uid, Direction.UPSTREAM, sight, budget=budget)
    runs = [node.head.uid for node in side.of_label(Label.RUN)]
    places = await side.in_time(lambda: facts.places(runs, sight), list[Place]())
    gaps = await side.in_time(lambda: _gaps(facts, places, now), list[Gap]())
    unknown = await side.in_time(lambda: facts.unknown_inputs(runs, sight), list[UnknownInput]())
    findings = [*_of_nodes(side, now), *_of_edges(side), *_of_reads(unknown), *_of_times(places, gaps, now)]
    counts: dict[str, int] = {}
    for finding in findings:
        counts[finding.kind] = counts.get(finding.kind, 0) + 1
    total = len(side.nodes) + sum(edge.type == "INPUT_TO" for edge in side.edges) + len(unknown)
    doubt = sum(_WEIGHT[finding.kind] for finding in findings)
    return CompletenessAnswer(
        start=side.start,
        score=round(max(0.0, 1 - doubt / total), 4) if total else 0.0,
        facts=total,
        counts=counts,
        findings=tuple(findings[:MAX_FINDINGS]),
        is_partial=side.is_partial,
        reason=side.reason,
        plan=side.plan,
    )


async def _gaps(facts: LineageFacts, places: list[Place], now: int) -> list[Gap]:
    times = [place.started_at for place in places if place.started_at is not None]
    if not times:
        return []
    return await facts.gaps(min(times), max(_ended(place, now) for place in places))


def _ended(place: Place, now: int) -> int:
    return now if place.ended_at is None else min(place.ended_at, now)


def _of_nodes(side: Ancestry, now: int) -> Iterator[Finding]:
    produced = {edge.end for edge in side.edges if edge.type in ("OUTPUT", "DERIVED")}
    for node in side.nodes:
        head = node.head
        if head.hidden:
            yield Finding(kind=Doubt.HIDDEN, uid=head.uid, text="lies in a project that you may not see")
        elif head.stub:
            yield Finding(kind=Doubt.STUB, uid=head.uid, text="others refer to it, nobody has described it")
        elif head.label is Label.ARTIFACT_VERSION:
            if not head.digest:
                yield Finding(
                    kind=Doubt.MISSING_DIGEST, uid=head.uid, text="its content's digest is not known"
                )
            if head.uid not in produced:
                yield Finding(kind=Doubt.NO_PRODUCER, uid=head.uid, text="nobody said what made it")
        elif head.label is Label.RUN and STATE_RANK.get(head.state, 0) < TERMINAL_RANK:
            yield Finding(
                kind=Doubt.UNFINISHED, uid=head.uid, text=f"its state is {head.state or 'not known'}"
            )
        elif head.label is Label.RUN and (head.ended_at or 0) > now:
            yield Finding(kind=Doubt.UNFINISHED, uid=head.uid, text="it ended later")


def _of_edges(side: Ancestry) -> Iterator[Finding]:
    for edge in side.edges:
        if edge.basis == Basis.INFERRED and edge.type == "INPUT_TO":
            rule = edge.properties.get("rule") or "newest version sealed before the run started"
            text = f"read by {edge.end} as {edge.role!r}: the version is inferred ({rule})"
            yield Finding(kind=Doubt.INFERRED_INPUT, uid=edge.start, text=text)


def _of_reads(unknown: list[UnknownInput]) -> Iterator[Finding]:
    for one in unknown:
        text = f"read by {one.run} as {one.role!r}: no version of it is known, so no walk comes to it"
        yield Finding(kind=Doubt.UNKNOWN_INPUT, uid=one.artifact, text=text)


def _of_times(places: list[Place], gaps: list[Gap], now: int) -> Iterator[Finding]:
    for place in places:
        for gap in gaps:
            if gap.cluster != place.cluster or place.started_at is None:
                continue
            if gap.from_at <= _ended(place, now) and place.started_at <= gap.to_at:
                why = gap.reason or "no reason given"
                text = f"{gap.kind} on {gap.cluster} was not watched for a part of it ({why})"
                yield Finding(kind=Doubt.WATCH_GAP, uid=place.uid, text=text)
