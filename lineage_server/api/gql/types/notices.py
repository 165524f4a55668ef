"""What subscribers are told."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import strawberry

from lineage_server.api.gql.scalars import Long
from lineage_server.api.gql.types.records import MetricSeries
from lineage_server.api.gql.types.runs import Run
from lineage_server.changes import Change, Notice

Resync = Annotated[
    bool,
    strawberry.argument(
        description="whether RESYNC is told first, once the stream is there: who reads then misses nothing"
    ),
]


@strawberry.enum(description="CHANGED; RESYNC: something was left out, read again; RECONNECT: the end")
class NoticeKind(StrEnum):
    CHANGED = "changes"
    RESYNC = "resync"
    RECONNECT = "reconnect"


@strawberry.type
class NodeChange:
    uid: str
    label: str
    project: str
    kind: str = strawberry.field(description="created, updated, deleted or linked")


@strawberry.type
class ChangeNotice:
    """Nodes that one or several commits touched."""

    kind: NoticeKind
    seq: Long = strawberry.field(description="number of the last commit; it only grows")
    changes: list[NodeChange]


@strawberry.type
class RunNotice:
    """A run after it changed."""

    kind: NoticeKind
    seq: Long
    run: Run | None


@strawberry.type
class MetricNotice:
    """Points that were not told yet; the first notice brings all there are, thinned."""

    kind: NoticeKind
    seq: Long
    series: list[MetricSeries]


def change_of(value: Change) -> NodeChange:
    return NodeChange(uid=value.uid, label=str(value.label), project=value.project, kind=value.kind)


def notice_of(value: Notice) -> ChangeNotice:
    return ChangeNotice(
        kind=NoticeKind(value.kind), seq=Long(value.seq), changes=[change_of(c) for c in value.changes]
    )
