"""GraphQL types of lineage's further answers: impact, path, diff, cost, completeness, counts."""

from __future__ import annotations

import strawberry

from lineage_server.api.gql.scalars import Json, Micros
from lineage_server.api.gql.types.walks import LineageEdge, NodeHead, Plan, edge, head, micros, plan
from lineage_server.provenance import compare, completeness, cost, impact, paths, totals


@strawberry.type
class Affected:
    node: NodeHead
    distance: int
    path: list[str]
    live: bool


@strawberry.type
class AffectedAlias:
    alias: str
    model: str
    project: str
    target: str
    protected: bool
    distance: int
    path: list[str]


@strawberry.type
class OwnerShare:
    project: str
    owner: str
    nodes: int


@strawberry.type(description="What breaks if this is bad")
class Impact:
    start: str
    deployments: list[Affected]
    aliases: list[AffectedAlias]
    holds: list[Affected]
    owners: list[OwnerShare]
    counts: Json
    hidden: int
    is_partial: bool
    reason: str
    plan: Plan


def impact_answer(value: impact.ImpactAnswer) -> Impact:
    def affected(item: impact.Affected) -> Affected:
        return Affected(node=head(item.head), distance=item.distance, path=list(item.path), live=item.live)

    return Impact(
        start=value.start,
        deployments=[affected(d) for d in value.deployments],
        aliases=[
            AffectedAlias(
                alias=a.alias.alias, model=a.alias.model, project=a.alias.project, target=a.alias.target,
                protected=a.alias.protected, distance=a.distance, path=list(a.path),
            )
            for a in value.aliases
        ],
        holds=[affected(h) for h in value.holds],
        owners=[OwnerShare(project=o.project, owner=o.owner, nodes=o.nodes) for o in value.owners],
        counts=Json(dict(value.counts)),
        hidden=value.hidden,
        is_partial=value.is_partial,
        reason=value.reason,
        plan=plan(value.plan),
    )  # fmt: skip


@strawberry.type
class Connection:
    uids: list[str]
    edges: list[LineageEdge]


@strawberry.type(description="How two things are connected")
class LineagePath:
    from_: str = strawberry.field(name="from")
    to: str
    relation: str
    paths: list[Connection]
    nodes: list[NodeHead]
    is_partial: bool
    reason: str
    plan: Plan


def path_answer(value: paths.PathAnswer) -> LineagePath:
    return LineagePath(
        from_=value.start,
        to=value.end,
        relation=value.relation,
        paths=[Connection(uids=list(c.uids), edges=[edge(e) for e in c.edges]) for c in value.paths],
        nodes=[head(h) for h in value.nodes.values()],
        is_partial=value.is_partial,
        reason=value.reason,
        plan=plan(value.plan),
    )


@strawberry.type
class FactChange:
    field: str
    before: str
    after: str


@strawberry.type
class Difference:
    kind: str
    before: NodeHead | None
    after: NodeHead | None
    depth: int
    at: Micros | None
    changes: list[FactChange]


@strawberry.type(description="Why two things differ")
class LineageDiff:
    a: str
    b: str
    differences: list[Difference]
    same: int
    first_by_time: Difference | None
    first_by_dependency: Difference | None
    is_partial: bool
    reason: str
    plans: list[Plan] = strawberry.field(description="of the walk from a, and of that from b")


def diff_answer(value: compare.DiffAnswer) -> LineageDiff:
    def difference(item: compare.Difference | None) -> Difference | None:
        if item is None:
            return None
        return Difference(
            kind=item.kind,
            before=head(item.before) if item.before else None,
            after=head(item.after) if item.after else None,
            depth=item.depth,
            at=micros(item.at),
            changes=[FactChange(field=c.field, before=c.before, after=c.after) for c in item.changes],
        )

    return LineageDiff(
        a=value.a,
        b=value.b,
        differences=[d for item in value.differences if (d := difference(item)) is not None],
        same=value.same,
        first_by_time=difference(value.first_by_time),
        first_by_dependency=difference(value.first_by_dependency),
        is_partial=value.is_partial,
        reason=value.reason,
        plans=[plan(one) for one in value.plans],
    )


@strawberry.type
class CostShare:
    runs: int
    gpu_seconds: float
    wall_seconds: float
    gpu_seconds_by_product: Json
    usage: Json
    estimated: int
    unknown: int


@strawberry.type(description="What this cost: distinct runs, each once")
class Cost:
    start: str
    own: CostShare
    ancestry: CostShare
    failed: CostShare
    hidden_runs: int
    is_partial: bool
    reason: str
    plan: Plan


def cost_answer(value: cost.CostAnswer) -> Cost:
    def share(item: cost.CostShare) -> CostShare:
        return CostShare(
            runs=item.runs, gpu_seconds=item.gpu_seconds, wall_seconds=item.wall_seconds,
            gpu_seconds_by_product=Json(dict(item.gpu_seconds_by_product)), usage=Json(dict(item.usage)),
            estimated=item.estimated, unknown=item.unknown,
        )  # fmt: skip

    return Cost(
        start=value.start,
        own=share(value.own),
        ancestry=share(value.ancestry),
        failed=share(value.failed),
        hidden_runs=value.hidden_runs,
        is_partial=value.is_partial,
        reason=value.reason,
        plan=plan(value.plan),
    )


@strawberry.type
class Finding:
    kind: str
    uid: str
    text: str


@strawberry.type(description="How complete what we know about this is")
class Completeness:
    start: str
    score: float = strawberry.field(description="share of facts without a doubt, 0 to 1")
    facts: int
    counts: Json
    findings: list[Finding]
    is_partial: bool
    reason: str
    plan: Plan


def completeness_answer(value: completeness.CompletenessAnswer) -> Completeness:
    return Completeness(
        start=value.start,
        score=value.score,
        facts=value.facts,
        counts=Json(dict(value.counts)),
        findings=[Finding(kind=f.kind, uid=f.uid, text=f.text) for f in value.findings],
        is_partial=value.is_partial,
        reason=value.reason,
        plan=plan(value.plan),
    )


@strawberry.type
class SideCounts:
    nodes: int
    hidden: int
    depth: int
    by_label: Json
    is_partial: bool
    reason: str
    plan: Plan


@strawberry.type(description="How much lies on each side of this")
class LineageCounts:
    start: str
    upstream: SideCounts
    downstream: SideCounts


def counts_answer(value: totals.LineageCounts) -> LineageCounts:
    def side(item: totals.SideCounts) -> SideCounts:
        return SideCounts(
            nodes=item.nodes, hidden=item.hidden, depth=item.depth, by_label=Json(dict(item.by_label)),
            is_partial=item.is_partial, reason=item.reason, plan=plan(item.plan),
        )  # fmt: skip

    return LineageCounts(start=value.start, upstream=side(value.upstream), downstream=side(value.downstream))
