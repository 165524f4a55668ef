"""The intake over HTTP: ``POST /api/v1/events``.

Body: JSON lines (or one JSON array), gzip welcome. Answer: how many were accepted, were known
already or were refused, and a verdict for each that was not accepted. 200 says that the rest
is committed; 503 that nothing of it is acknowledged and the same may be sent again. Plain
Starlette routes: this is the hot path.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lineage_server.api.auditing import audited
from lineage_server.api.deps import origin_of, principal_of, services_of
from lineage_server.auth.principal import Permission, Principal
from lineage_server.auth.rules import check_event
from lineage_server.domain.errors import LineageError
from lineage_server.domain.ids import now_micros
from lineage_server.ingest.decode import Received, Unreadable, decode_lines, project_named
from lineage_server.ingest.described import event_schema
from lineage_server.ingest.verdicts import Outcome, Verdict
from lineage_server.settings import IngestSettings


class _Answer(msgspec.Struct, omit_defaults=True):
    index: int
    verdict: str
    code: str = ""
    message: str = ""
    retriable: bool = False


class Verdicts(msgspec.Struct):
    """The answer for all events of a request."""

    accepted: int
    duplicate: int
    refused: int
    events: list[_Answer]


_encode = msgspec.json.Encoder().encode
_JSON = "application/json"


def intake_routes() -> list[Route]:
    """The intake, and what it takes as JSON Schema: open, for every copy of this program takes the same."""
    return [
        Route("/api/v1/events", _events, methods=["POST"]),
        Route("/api/v1/events/schema", _schema),
    ]


async def _schema(_request: Request) -> Response:
    return Response(_encode(event_schema()), media_type="application/schema+json")


async def _events(request: Request) -> Response:
    services = services_of(request)
    principal = await principal_of(request)
    received = await _received(request, services.settings.ingest)
    origin = origin_of(request)
    checked = [_permit(item, principal, origin) for item in received]
    verdicts = await services.ingest.submit_received(checked, actor=principal.actor)
    return Response(_encode(summary(verdicts)), media_type=_JSON)


async def _received(request: Request, limits: IngestSettings) -> list[Received | Unreadable]:
    """The events; the body is let go here, not kept with the request until it is answered."""
    body = b"".join([piece async for piece in request.stream()])
    return decode_lines(
        body,
        max_event_bytes=limits.max_event_bytes,
        now=now_micros(),
        skew_seconds=limits.future_skew_seconds,
        max_events=limits.queue_events,
    )


def _permit(item: Received | Unreadable, principal: Principal, origin: str) -> Received | Unreadable:
    """Events of projects that are not the sender's to write are refused one by one."""
    if isinstance(item, Unreadable):
        return replace(item, project=_kept_for(item, principal))
    if not principal.platform_admin:
        try:
            check_event(principal, item.event)
        except LineageError as error:
            refused = Unreadable(item.index, error, item.raw, item.event)
            return replace(refused, project=_kept_for(refused, principal))
    return audited(item, principal, origin)


def _kept_for(item: Unreadable, principal: Principal) -> str:
    """Whose people may see what was refused: those of the project it names, if the sender is one of them."""
    named = item.event.project if item.event is not None else project_named(item.raw)
    if named and principal.can(Permission.READ, named):
        return named
    return next(iter(principal.roles)) if len(principal.roles) == 1 else ""


def summary(verdicts: Sequence[Verdict]) -> Verdicts:
    """How many were taken, and what is to be said of those that were not."""
    told = [
        _Answer(v.index, v.outcome, v.code, v.message, v.retriable)
        for v in verdicts
        if v.outcome is not Outcome.ACCEPTED
    ]
    refused = sum(v.outcome is Outcome.REFUSED for v in verdicts)
    return Verdicts(len(verdicts) - len(told), len(told) - refused, refused, told)
