"""GraphQL types of lineage answers, made from the answers of the ``lineage`` service."""

from __future__ import annotations

import strawberry

from lineage_server.api.gql.scalars import Json, Long, Micros
from lineage_server.domain.nodes import Edge
from lineage_server.graph.heads import Head
from lineage_server.lineage import answers, compare, completeness, cost, impact, paths, scene, totals

for _enum in (answers.Direction, answers.View, scene.GroupBy):
    strawberry.enum(_enum)


def micros(value: int | None) -> Micros | None:
    return None if value is None else Micros(value)


@strawberry.type(description="A node as lineage answers show it")
class NodeHead:
    uid: str
    label: str
    name: str
    kind: str
    project: str
    state: str
    ordinal: int | None
    version: str
    digest: str
    size: Long | None
    group: str
    job_name: str
    created_at: Micros | None
    at: Micros | None = strawberry.field(description="started, sealed or served from")
    ended_at: Micros | None
    deleted_at: Micros | None
    stub: bool = strawberry.field(description="referred to, described by nobody yet")
    hold: bool
    hidden: bool = strawberry.field(description="in a project that you may not see; uid is opaque then")
    aliases: list[str] = strawberry.field(description="aliases that point here now")


def head(value: Head, aliases: dict[str, list[str]] | None = None) -> NodeHead:
    return NodeHead(
        uid=value.uid,
        label=value.label,
        name=value.name or value.job_name,
        kind=value.kind,
        project=value.project,
        state=value.state,
        ordinal=value.ordinal,
        version=value.version,
        digest=value.digest,
        size=None if value.size is None else Long(value.size),
        group=value.group,
        job_name=value.job_name,
        created_at=micros(value.created_at or None),
        at=micros(value.at),
        ended_at=micros(value.ended_at),
        deleted_at=micros(value.deleted_at),
        stub=value.stub,
        hold=value.hold,
        hidden=value.hidden,
        aliases=(aliases or {}).get(value.uid, []),
    )


@strawberry.type(description="How an answer was found")
class Plan:
    levels: int
    nodes_visited: int
    caps_hit: list[str]
    milliseconds: float
    round_trips: int


def plan(value: answers.Plan) -> Plan:
    return Plan(
        levels=value.levels,
        nodes_visited=value.nodes_visited,
        caps_hit=list(value.caps_hit),
        milliseconds=value.milliseconds,
        round_trips=value.round_trips,
    )


@strawberry.type
class LineageNode:
    node: NodeHead
    depth: int
    side: answers.Direction
    also: list[str] = strawberry.field(description="other uids of the same thing")


@strawberry.type
class LineageEdge:
    from_: str = strawberry.field(name="from")
    to: str
    type: str
    role: str
    at: Micros | None
    recorded_at: Micros | None
    source: str
    basis: str
    event: str
    superseded_at: Micros | None
    retracted_at: Micros | None
    properties: Json


def edge(value: Edge) -> LineageEdge:
    return LineageEdge(
        from_=value.start,
        to=value.end,
        type=value.type,
        role=value.role,
        at=micros(value.at or None),
        recorded_at=micros(value.recorded_at or None),
        source=value.source,
        basis=value.basis,
        event=value.event,
        superseded_at=micros(value.superseded_at),
        retracted_at=micros(value.retracted_at),
        properties=Json(dict(value.properties)),
    )


@strawberry.type
class Truncation:
    uid: str
    type: str
    direction: answers.Direction
    shown: int
    total: int | None
    hidden: int | None
    capped: bool = strawberry.field(description="total is a lower bound")
    cursor: str


def truncation(value: answers.Truncation) -> Truncation:
    return Truncation(
        uid=value.uid,
        type=value.type,
        direction=value.direction,
        shown=value.shown,
        total=value.total,
        hidden=None if value.total is None else value.total - value.shown,
        capped=value.capped,
        cursor=value.cursor,
    )


@strawberry.type
class Boundary:
    uid: str
    direction: answers.Direction
    more: int | None


@strawberry.type
class FieldLink:
    from_: str = strawberry.field(name="from")
    from_column: str
    to: str
    to_column: str
    how: str


@strawberry.type(description="What made this, what came of it")
class Lineage:
    start: list[str]
    nodes: list[LineageNode]
    edges: list[LineageEdge]
    fields: list[FieldLink]
    truncated: list[Truncation]
    boundary: list[Boundary]
    is_partial: bool
    reason: str
    omitted: int
    cursor: str
    plan: Plan


def lineage(value: answers.LineageAnswer, aliases: dict[str, list[str]]) -> Lineage:
    return Lineage(
        start=list(value.start),
        nodes=[
            LineageNode(node=head(n.head, aliases), depth=n.depth, side=n.side, also=list(n.also))
            for n in value.nodes
        ],
        edges=[edge(e) for e in value.edges],
        fields=[
            FieldLink(from_=f.start, from_column=f.start_column, to=f.end, to_column=f.end_column, how=f.how)
            for f in value.fields
        ],
        truncated=[truncation(t) for t in value.truncated],
        boundary=[Boundary(uid=b.uid, direction=b.direction, more=b.more) for b in value.boundary],
        is_partial=value.is_partial,
        reason=value.reason,
        omitted=value.omitted,
        cursor=value.cursor,
        plan=plan(value.plan),
    )


@strawberry.type
class SceneNode:
    node: NodeHead
    side: answers.Direction
    depth: int
    status: str
    hidden_up: int
    hidden_down: int


@strawberry.type
class SceneGroup:
    id: str
    label: str
    kind: str
    name: str
    side: answers.Direction
    depth: int
    count: int
    states: Json
    members: list[str]
    best: str
    best_value: float | None
    hidden_up: int
    hidden_down: int


@strawberry.type
class SceneEdge:
    from_: str = strawberry.field(name="from")
    to: str
    type: str
    weight: int
    roles: list[str]


@strawberry.type(description="A lineage made ready for drawing")
class LineageScene:
    focus: str
    nodes: list[SceneNode]
    groups: list[SceneGroup]
    edges: list[SceneEdge]
    truncated: list[Truncation]
    version: str
    is_partial: bool
    reason: str
    omitted: int
    plan: Plan


def lineage_scene(value: scene.Scene, aliases: dict[str, list[str]]) -> LineageScene:
    return LineageScene(
        focus=value.focus,
        nodes=[
            SceneNode(
                node=head(n.head, aliases), side=n.side, depth=n.depth, status=n.status,
                hidden_up=n.hidden_up, hidden_down=n.hidden_down,
            )
            for n in value.nodes
        ],
        groups=[
            SceneGroup(
                id=g.id, label=g.label, kind=g.kind, name=g.name, side=g.side, depth=g.depth, count=g.count,
                states=Json(dict(g.states)), members=list(g.members), best=g.best, best_value=g.best_value,
                hidden_up=g.hidden_up, hidden_down=g.hidden_down,
            )
            for g in value.groups
        ],
        edges=[
            SceneEdge(from_=e.start, to=e.end, type=e.type, weight=e.weight, roles=list(e.roles))
            for e in value.edges
        ],
        truncated=[truncation(t) for t in value.truncated],
        version=value.version,
        is_partial=value.is_partial,
        reason=value.reason,
        omitted=value.omitted,
        plan=plan(value.plan),
    )  # fmt: skip


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


@strawberry.type(description="How much lies on each side of this")
class LineageCounts:
    start: str
    upstream: SideCounts
    downstream: SideCounts


def counts_answer(value: totals.LineageCounts) -> LineageCounts:
    def side(item: totals.SideCounts) -> SideCounts:
        return SideCounts(
            nodes=item.nodes, hidden=item.hidden, depth=item.depth, by_label=Json(dict(item.by_label)),
            is_partial=item.is_partial, reason=item.reason,
        )  # fmt: skip

    return LineageCounts(start=value.start, upstream=side(value.upstream), downstream=side(value.downstream))
