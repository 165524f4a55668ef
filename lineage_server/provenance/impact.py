"""The question ``impact``: what is touched if this turns out to be bad, and whom to tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from lineage_server.domain.ids import project_uid
from lineage_server.domain.nodes import Label
from lineage_server.graph.heads import Head
from lineage_server.graph.read_lineage import LineageReader, Sight
from lineage_server.graph.read_lineage_facts import AliasTarget, LineageFacts
from lineage_server.provenance.ancestry import WIDE, Ancestry, ancestry
from lineage_server.provenance.answers import Budget, Direction, LineageNode, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """A thing downstream: how far, over which path, and whether it is in use (as of the asked time)."""

    head: Head
    distance: int
    path: tuple[str, ...]
    live: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AffectedAlias:
    """An alias that points to an affected model version."""

    alias: AliasTarget
    distance: int
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerShare:
    """Whom to tell, and how many of their nodes are touched."""

    project: str
    owner: str
    nodes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactAnswer:
    """Nearest first in each group. ``counts`` by label, the start not included; ``hidden`` apart."""

    start: str
    deployments: tuple[Affected, ...]
    aliases: tuple[AffectedAlias, ...]
    holds: tuple[Affected, ...]
    owners: tuple[OwnerShare, ...]
    counts: Mapping[str, int]
    hidden: int
    is_partial: bool
    reason: str
    plan: Plan


async def impact(
    reader: LineageReader, facts: LineageFacts, uid: str, sight: Sight, *, budget: Budget = WIDE
) -> ImpactAnswer:
    """Walk downstream to the end and sort what is found."""
    side = await ancestry(reader, uid, Direction.DOWNSTREAM, sight, budget=budget)
    seen = [node for node in side.nodes if not node.head.hidden]
    models = {node.head.uid: node for node in side.of_label(Label.MODEL_VERSION)}
    aliases = await side.in_time(lambda: facts.aliases(models, sight), []) if models else []
    projects = Counter(node.head.project for node in seen)
    uids = [project_uid(project) for project in projects if project]
    owners = await side.in_time(lambda: facts.owners(uids, sight), {})
    deployments = [_affected(side, node, sight) for node in side.of_label(Label.DEPLOYMENT)]
    versions = side.of_label(Label.ARTIFACT_VERSION)
    holds = [_affected(side, node, sight) for node in versions if node.head.hold]
    hit = [
        AffectedAlias(alias=alias, distance=models[alias.target].depth, path=side.path_to(alias.target))
        for alias in aliases
    ]
    return ImpactAnswer(
        start=side.start,
        deployments=tuple(sorted(deployments, key=_near)),
        aliases=tuple(sorted(hit, key=lambda a: (not a.alias.protected, a.distance, a.alias.uid))),
        holds=tuple(sorted(holds, key=_near)),
        owners=tuple(
            OwnerShare(project=project, owner=owners.get(project, ""), nodes=count)
            for project, count in projects.most_common()
        ),
        counts=dict(Counter(str(node.head.label) for node in seen if node.head.uid != side.start)),
        hidden=len(side.nodes) - len(seen),
        is_partial=side.is_partial,
        reason=side.reason,
        plan=side.plan,
    )


def _affected(side: Ancestry, node: LineageNode, sight: Sight) -> Affected:
    head = node.head
    served = head.ended_at if head.label is Label.DEPLOYMENT else None
    gone = [at for at in (head.deleted_at, served) if at is not None]
    live = not gone or (sight.as_of is not None and min(gone) > sight.as_of)
    return Affected(head=head, distance=node.depth, path=side.path_to(head.uid), live=live)


def _near(one: Affected) -> tuple[bool, int, str]:
    return (not one.live, one.distance, one.head.uid)
