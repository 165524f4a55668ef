"""How a mutation is done: a domain event through the intake, with its audit record.

The event goes the same way as everybody's, so it can be replayed and the rules of the intake hold; the
audit record is written in the same transaction. The event's id is new each time: two equal wishes at
different times are two events.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from lineage_server.api.gql.context import Context
from lineage_server.api.gql.inputs.changes import TagInput
from lineage_server.auth.audit import audit_record
from lineage_server.auth.rules import check_event
from lineage_server.domain import ids
from lineage_server.domain.errors import ConflictError, InvalidInputError
from lineage_server.domain.events import Event
from lineage_server.domain.ids import new_run_id, now_micros
from lineage_server.domain.nodes import Node
from lineage_server.ingest.decode import Received, encode
from lineage_server.ingest.verdicts import raise_refusal

E = TypeVar("E", bound=Event)


async def record(
    context: Context,
    event: E,
    action: str,
    target: str,
    *,
    at: int = 0,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> E:
    """Submit one event as the caller's; answers it as it was stored. Raises what refused it.

    ``at``: when it happens, unless now. An event that brings an id keeps it: there is one of that id only.
    """
    sent = replace(event, id=event.id or new_run_id(), at=at or now_micros(), source=context.source)
    check_event(context.principal, sent)
    audit = audit_record(
        context.principal,
        action,
        target,
        project=sent.project,
        before=before,
        after=after,
        origin=context.origin,
    )
    received = Received(0, sent, encode(sent), audit=(audit.row(),), answered=True)
    verdicts = await context.services.ingest.submit_received([received], actor=context.principal.actor)
    raise_refusal(verdicts[0])
    given = verdicts[0].version
    return replace(sent, **{"version": given}) if given else sent


async def seen_node(context: Context, uid: str) -> Node:
    """The node as it stands now; raises NotFoundError."""
    return await context.tracking.node(uid, scope=context.scope)


def named_version(version: Node) -> tuple[str, str]:
    """Model and version, as events name them."""
    model = str(version.properties.get("model") or "").partition("/")[2]
    return model, str(version.properties.get("version") or "")


def deleted(node: Node) -> ConflictError:
    """What is said to who does something with what has a tombstone."""
    return ConflictError(
        f"{ids.shorten(node.uid, 200)!r} is deleted; nothing was changed. Take it back first "
        "(lineage undelete), or take another",
        current="deleted",
    )


def check_override(override: bool, reason: str) -> None:
    """Raises InvalidInputError for who acts against a guard without saying why."""
    if override and not reason.strip():
        raise InvalidInputError("an override needs a reason", field="reason", allowed="some words")


def tags_of(tags: list[TagInput]) -> dict[str, str | None] | None:
    """Tags of an input as an event has them; raises InvalidInputError for one that is named twice."""
    out = {tag.key: tag.value for tag in tags}
    if len(out) < len(tags):
        raise InvalidInputError("a tag is named twice", field="tags", allowed="each key once")
    return out or None


def audit_row(
    context: Context,
    action: str,
    project: str,
    target: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What the audit log is to say of what is no event, to be written with what was done."""
    record = audit_record(
        context.principal, action, target, project=project, before=before, after=after, origin=context.origin
    )
    return record.row()
