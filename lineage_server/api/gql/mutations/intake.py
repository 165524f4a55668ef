"""Refused events, sent again as they were received."""

from __future__ import annotations

from dataclasses import replace

import strawberry
from strawberry.types import Info

from lineage_server.api.auditing import audited
from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.inputs.changes import ReplayRefusedInput
from lineage_server.api.gql.permissions import SignedIn
from lineage_server.api.gql.types.payloads import Replay, ReplayRefusedPayload, problem_of
from lineage_server.auth.audit import AuditRecord, audit_record
from lineage_server.auth.rules import check_event
from lineage_server.domain.errors import InvalidInputError, LimitError, LineageError, NotFoundError
from lineage_server.domain.ids import now_micros, shorten
from lineage_server.graph.read_tracking import RefusedEvent
from lineage_server.ingest.decode import Received, decode_lines
from lineage_server.ingest.verdicts import Outcome, inflate, refused_uid

Ctx = Info[Context, None]
MAX_REPLAYED = 500


@strawberry.type
class IntakeMutations:
    @strawberry.mutation(
        permission_classes=[SignedIn],
        description="Send refused events again; each needs the right that it needed the first time",
    )
    async def replay_refused(self, info: Ctx, input: ReplayRefusedInput) -> ReplayRefusedPayload:
        context = context_of(info)
        if not 0 < len(input.uids) <= MAX_REPLAYED:
            error = InvalidInputError(
                "the number of events is out of range", field="uids", allowed=f"1 to {MAX_REPLAYED}"
            )
            return ReplayRefusedPayload(problems=[problem_of(error)])
        found = {one.uid: one for one in await context.tracking.refused(input.uids, scope=context.scope)}
        missing = [uid for uid in input.uids if uid not in found]
        if missing:
            raise NotFoundError(f"refused event {shorten(missing[0])!r} is not there, or not yours to see")
        replays = [await _replay(context, one) for one in found.values()]
        return ReplayRefusedPayload(problems=[], replays=replays)


async def _replay(context: Context, refused: RefusedEvent) -> Replay:
    """Once more through decoding, permissions and the writer, which writes the audit record, too.

    What is wrong with one is told of that one: the others may be fine.
    """
    try:
        received = _read(context, refused)
        check_event(context.principal, received.event)
        project = received.event.project
        replayed = _audit(context, refused, project, Outcome.ACCEPTED).row()
        received = audited(replace(received, audit=(replayed,)), context.principal, context.origin)
        (verdict,) = await context.services.ingest.submit_received([received], actor=refused.actor)
    except LineageError as error:
        await context.services.audit.write(_audit(context, refused, refused.project, Outcome.REFUSED))
        return Replay(uid=refused.uid, outcome=Outcome.REFUSED, code=error.code, message=error.message)
    if verdict.outcome is not Outcome.ACCEPTED:
        await context.services.audit.write(_audit(context, refused, project, verdict.outcome))
    if verdict.outcome is not Outcome.REFUSED or refused.uid != refused_uid(project, received.raw):
        await context.tracking.forget_refused([refused.uid], scope=context.scope)
    return Replay(uid=refused.uid, outcome=verdict.outcome, code=verdict.code, message=verdict.message)


def _audit(context: Context, refused: RefusedEvent, project: str, outcome: Outcome) -> AuditRecord:
    return audit_record(
        context.principal,
        "replayRefused",
        refused.uid,
        project=project,
        before={"outcome": Outcome.REFUSED, "code": refused.code},
        after={"outcome": outcome},
        origin=context.origin,
    )


def _read(context: Context, refused: RefusedEvent) -> Received:
    limits = context.services.settings.ingest
    raw = inflate(refused.raw)
    if refused.cut:
        raise LimitError(
            f"of this event's {refused.size} bytes only the first were kept, so it cannot be replayed; "
            "send it again from its source",
            limit=len(raw),
            actual=refused.size,
        )
    lines = decode_lines(
        raw,
        max_event_bytes=limits.max_event_bytes,
        now=now_micros(),
        skew_seconds=limits.future_skew_seconds,
        max_events=1,
    )
    if len(lines) != 1:
        raise InvalidInputError("the kept bytes are no single event", field="line")
    line = lines[0]
    if isinstance(line, Received):
        return line
    raise line.error
