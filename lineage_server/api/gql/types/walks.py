"""GraphQL types of lineage walks and scenes, made from the answers of the ``lineage`` service."""

from __future__ import annotations

import strawberry

from lineage_server.api.gql.scalars import Json, Long, Micros
from lineage_server.domain.nodes import Edge
from lineage_server.graph.heads import Head
from lineage_server.provenance import answers, boxes

for _enum in (answers.Direction, answers.View, boxes.GroupBy):
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
    state: str = strawberry.field(description="at the asked time; empty where that is not known")
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
    aliases: list[str] = strawberry.field(description="aliases that point here at the asked time")


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
    more: int | None = strawberry.field(description="edges that go on from here, beyond the depth")


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
    boundary: list[Boundary] = strawberry.field(
        description="where the depth ended the walk; with `more`, only where something does go on"
    )
    is_partial: bool = strawberry.field(description="something within the depth is missing")
    reason: str = strawberry.field(
        description="why that is missing; no_columns: of the start none are known (field view)"
    )
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


def lineage_scene(value: boxes.Scene, aliases: dict[str, list[str]]) -> LineageScene:
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
