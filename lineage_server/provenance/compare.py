"""The question ``lineageDiff``: why are these two different.

Both ancestries are aligned by what their nodes belong to (job, artifact), nearest first; what lies
in both is no difference. The earliest difference is the one that no other difference explains.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from lineage_server.domain.nodes import Label
from lineage_server.graph.heads import Head
from lineage_server.graph.read_lineage import LineageReader, Sight
from lineage_server.graph.read_lineage_facts import LineageFacts, RunFacts, VersionFacts
from lineage_server.provenance.ancestry import WIDE, Ancestry, ancestry
from lineage_server.provenance.answers import Budget, Direction, LineageNode, Plan


class DifferenceKind(StrEnum):
    """``RERUN``: another run or version of the same thing with nothing else different about it."""

    ADDED = "ADDED"
    REMOVED = "REMOVED"
    CHANGED = "CHANGED"
    RERUN = "RERUN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One fact that differs: ``params.lr``, ``code.commit``, ``inputs.train``, ``digest`` …"""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """``before`` in the ancestry of ``a``, ``after`` in that of ``b``; ``depth`` in artifact steps."""

    kind: DifferenceKind
    before: Head | None
    after: Head | None
    depth: int
    changes: tuple[Change, ...] = ()

    @property
    def at(self) -> int:
        ats = [h.at if h.at is not None else h.created_at for h in (self.before, self.after) if h]
        return min(ats)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffAnswer:
    """``same`` nodes lie in both. ``first_by_time`` happened first; ``first_by_dependency`` has no
    other difference upstream of it (the farthest of those)."""

    a: str
    b: str
    differences: tuple[Difference, ...]
    same: int
    first_by_time: Difference | None
    first_by_dependency: Difference | None
    is_partial: bool
    reason: str
    plans: tuple[Plan, Plan]


async def lineage_diff(
    reader: LineageReader, facts: LineageFacts, a: str, b: str, sight: Sight, *, budget: Budget = WIDE
) -> DiffAnswer:
    """Walk both upstream to the end and compare; raises NotFoundError for an end not visible."""
    left, right = await asyncio.gather(
        *(ancestry(reader, uid, Direction.UPSTREAM, sight, budget=budget) for uid in (a, b))
    )
    shared = {node.head.uid for node in left.nodes} & {node.head.uid for node in right.nodes}
    pairs = list(_aligned(left, right, shared))
    heads = [head for pair in pairs for node in pair if node for head in (node.head,)]
    run_facts, version_facts = await left.in_time(
        lambda: asyncio.gather(
            facts.run_facts((h.uid for h in heads if h.label is Label.RUN), sight),
            facts.version_facts((h.uid for h in heads if h.label is Label.ARTIFACT_VERSION), sight),
        ),
        ({}, {}),
    )
    inputs = (_inputs(left), _inputs(right))
    differences = [_difference(pair, run_facts, version_facts, inputs) for pair in pairs]
    real = [one for one in differences if one.kind is not DifferenceKind.RERUN]
    return DiffAnswer(
        a=left.start,
        b=right.start,
        differences=tuple(sorted(differences, key=lambda d: (d.depth, d.kind, _uid(d)))),
        same=len(shared),
        first_by_time=min(real, key=lambda d: (d.at, -d.depth), default=None),
        first_by_dependency=_first_cause(real, left, right),
        is_partial=left.is_partial or right.is_partial,
        reason=left.reason or right.reason,
        plans=(left.plan, right.plan),
    )


_Pair = tuple[LineageNode | None, LineageNode | None]


def _aligned(left: Ancestry, right: Ancestry, shared: set[str]) -> Iterator[_Pair]:
    """The two starts, then nodes of the same job or artifact, nearest and newest first."""
    sides: list[dict[tuple[str, str], list[LineageNode]]] = []
    for side in (left, right):
        groups: dict[tuple[str, str], list[LineageNode]] = defaultdict(list)
        for node in side.nodes:
            if node.head.uid not in shared and node.head.uid != side.start:
                groups[_key(node.head)].append(node)
        for nodes in groups.values():
            nodes.sort(key=lambda n: (n.depth, -(n.head.at or 0), n.head.uid))
        sides.append(groups)
    if left.start != right.start:
        starts = [next((n for n in s.nodes if n.head.uid == s.start), None) for s in (left, right)]
        one, other = (node if node and node.head.uid not in shared else None for node in starts)
        if one or other:
            yield (one, other)
    one_side, other_side = sides
    for key in dict.fromkeys([*one_side, *other_side]):
        before, after = one_side.get(key, []), other_side.get(key, [])
        for index in range(max(len(before), len(after))):
            yield (
                before[index] if index < len(before) else None,
                after[index] if index < len(after) else None,
            )


def _key(head: Head) -> tuple[str, str]:
    return (str(head.label), head.group or f"{head.kind}/{head.name}" if not head.hidden else head.uid)


_Inputs = Mapping[str, Mapping[str, str]]


def _inputs(side: Ancestry) -> _Inputs:
    """Of each run: role → version, or all of them where several were read as the same."""
    read: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for edge in side.edges:
        if edge.type == "INPUT_TO":
            read[edge.end][edge.role].add(edge.start)
    return {
        run: {role: ", ".join(sorted(uids)) for role, uids in roles.items()} for run, roles in read.items()
    }


def _difference(
    pair: _Pair,
    run_facts: Mapping[str, RunFacts],
    version_facts: Mapping[str, VersionFacts],
    inputs: tuple[_Inputs, _Inputs],
) -> Difference:
    before, after = pair
    heads = (before.head if before else None, after.head if after else None)
    depth = max(node.depth for node in pair if node)
    if before is None or after is None:
        kind = DifferenceKind.ADDED if before is None else DifferenceKind.REMOVED
        return Difference(kind=kind, before=heads[0], after=heads[1], depth=depth)
    one, other = before.head, after.head
    changes: list[Change] = []
    if one.uid in run_facts and other.uid in run_facts:
        told = (
            _run_words(run_facts[uid], inputs[i].get(uid, {})) for i, uid in enumerate((one.uid, other.uid))
        )
        changes = _changes(*told)
    elif one.label is Label.ARTIFACT_VERSION and other.label is Label.ARTIFACT_VERSION:
        changes = _changes(_version_words(one, version_facts), _version_words(other, version_facts))
    elif one.label is not other.label or _key(one) != _key(other):
        changes = [Change(field="uid", before=one.uid, after=other.uid)]
    else:
        changes = _changes({"version": one.version}, {"version": other.version})
    kind = DifferenceKind.CHANGED if changes else DifferenceKind.RERUN
    return Difference(kind=kind, before=one, after=other, depth=depth, changes=tuple(changes))


def _run_words(facts: RunFacts, inputs: Mapping[str, str]) -> dict[str, str]:
    """All that makes two runs of one job different, as flat words. Metrics follow from it; branches and
    single devices or machines of a kind make no difference."""
    run = facts.run
    out = {
        "state": str(run.state or ""),
        "gpu.product": facts.gpu_product,
        "gpu.count": "" if run.gpu_count is None else f"{run.gpu_count:g}",
        "spec": str(run.properties.get("spec_digest") or ""),
    }
    out |= {f"params.{key}": str(value) for key, value in run.params.items()}
    out |= {f"code.{key}": value for key, value in facts.code.items()}
    out |= {f"env.{key}": value for key, value in facts.environment.items()}
    out |= {f"env.packages.{key}": str(value) for key, value in facts.packages.items()}
    return out | {f"inputs.{role}": uid for role, uid in inputs.items()}


def _version_words(head: Head, facts: Mapping[str, VersionFacts]) -> dict[str, str]:
    more = facts.get(head.uid)
    columns = ", ".join(f"{c.name}: {c.type}" for c in more.columns) if more else ""
    return {
        "artifact": head.group,
        "digest": head.digest,
        "size": "" if head.size is None else str(head.size),
        "columns": columns,
    }


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    fields = sorted({*before, *after})
    pairs = ((field, before.get(field, ""), after.get(field, "")) for field in fields)
    return [Change(field=field, before=one, after=other) for field, one, other in pairs if one != other]


def _first_cause(real: list[Difference], left: Ancestry, right: Ancestry) -> Difference | None:
    """The farthest difference that lies downstream of no other one."""
    explained = _below(left, (d.before for d in real)) | _below(right, (d.after for d in real))

    def causes(one: Difference) -> bool:
        return all(head is None or head.uid not in explained for head in (one.before, one.after))

    candidates = [one for one in real if causes(one)] or real
    return max(candidates, key=lambda d: (d.depth, -d.at), default=None)


def _below(side: Ancestry, heads: Iterable[Head | None]) -> set[str]:
    """All nodes downstream of these, within the ancestry."""
    after: dict[str, list[str]] = defaultdict(list)
    for edge in side.edges:
        after[edge.start].append(edge.end)
    queue = [uid for head in heads if head for uid in after[head.uid]]
    seen: set[str] = set()
    while queue:
        uid = queue.pop()
        if uid not in seen:
            seen.add(uid)
            queue += after[uid]
    return seen


def _uid(one: Difference) -> str:
    head = one.after or one.before
    return head.uid if head else ""
