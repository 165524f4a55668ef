"""Notifications as the contract shows them."""

from __future__ import annotations

import strawberry

from lineage_server.api.gql.scalars import Micros
from lineage_server.tracking import notifications as domain
from lineage_server.tracking.notifications import Kind

strawberry.enum(
    Kind,
    name="NotificationKind",
    description="APPROVAL_WAITING: for your verdict; APPROVED, REJECTED: what you asked for; RUN_FAILED: of "
    "yours; ALIAS_MOVED: by somebody else, of a protected alias or of a model that you registered or "
    "approved; EVENTS_REFUSED, DELIVERIES_FAILED (of a webhook): in projects that you administer",
)


@strawberry.type
class Notification:
    """Something that happened of late and concerns you."""

    id: strawberry.ID = strawberry.field(description="another one when it happens again")
    kind: Kind
    at: Micros
    project: str = strawberry.field(description="may be empty: of refused events nobody may know")
    uid: str = strawberry.field(
        description="approval, run (of several the last), alias or webhook; empty for refused events"
    )
    name: str = strawberry.field(description="of the run or the webhook")
    model: str = strawberry.field(description="uid")
    version: str = strawberry.field(
        description="uid of the model version: to be decided on, decided on, or pointed to now; may be empty"
    )
    before: str = strawberry.field(description="name of the version that the alias pointed to until then")
    alias: str
    job: str = strawberry.field(description="uid of the job of the run")
    by: str = strawberry.field(description="who asked, decided or moved it, as issuer/subject")
    told: str = strawberry.field(description="what was said of it: a reason, a question, a code of errors")
    times: int = strawberry.field(description="how many runs, events or deliveries it tells of together")


@strawberry.type
class Notifications:
    """The newest first."""

    items: list[Notification]
    has_more: bool = strawberry.field(description="older ones were left out")


def news_of(news: domain.News) -> Notifications:
    return Notifications(items=[_notification(one) for one in news.items], has_more=news.has_more)


def _notification(one: domain.Notification) -> Notification:
    return Notification(
        id=strawberry.ID(one.id), kind=one.kind, at=Micros(one.at), project=one.project, uid=one.uid,
        name=one.name, model=one.model, version=one.version, before=one.before, alias=one.alias, job=one.job,
        by=one.by, told=one.told, times=one.times,
    )  # fmt: skip
