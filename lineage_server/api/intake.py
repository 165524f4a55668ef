"""The intake over HTTP: ``POST /api/v1/events``.

Body: JSON lines (or one JSON array), gzip welcome. Answer: how many were accepted, were known
already or were refused, and a verdict for each that was not accepted. 200 says that the rest
is committed; 503 that nothing of it is acknowledged and the same may be sent again. Plain
Starlette routes: this is the hot path.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lineage_server.api.deps import principal_of, services_of
from lineage_server.auth.principal import Principal
from lineage_server.auth.rules import check_event
from lineage_server.domain.errors import LineageError
from lineage_server.domain.ids import now_micros
from lineage_server.ingest.decode import Received, Unreadable, decode_lines
from lineage_server.ingest.verdicts import Outcome, Verdict


class _Answer(msgspec.Struct, omit_defaults=True):
    index: int
    verdict: str
    code: str = ""
    message: str = ""
    retriable: bool = False


class _Verdicts(msgspec.Struct):
    accepted: int
    duplicate: int
    refused: int
    events: list[_Answer]


_encode = msgspec.json.Encoder().encode
_JSON = "application/json"


def intake_routes() -> list[Route]:
    """The one route of the intake."""
    return [Route("/api/v1/events", _events, methods=["POST"])]


async def _events(request: Request) -> Response:
    services = services_of(request)
    principal = await principal_of(request)
    limits = services.settings.ingest
    received = decode_lines(
        await request.body(),
        max_event_bytes=limits.max_event_bytes,
        now=now_micros(),
        skew_seconds=limits.future_skew_seconds,
    )
    checked = [_permit(item, principal) for item in received]
    verdicts = await services.ingest.submit_received(checked, actor=principal.actor)
    return Response(_encode(_summary(verdicts)), media_type=_JSON)


def _permit(item: Received | Unreadable, principal: Principal) -> Received | Unreadable:
    """Events of projects that are not the sender's to write are refused one by one."""
    if isinstance(item, Unreadable) or principal.platform_admin:
        return item
    try:
        check_event(principal, item.event)
    except LineageError as error:
        return Unreadable(item.index, error, item.raw)
    return item


def _summary(verdicts: Sequence[Verdict]) -> _Verdicts:
    told = [
        _Answer(v.index, v.outcome, v.code, v.message, v.retriable)
        for v in verdicts
        if v.outcome is not Outcome.ACCEPTED
    ]
    refused = sum(v.outcome is Outcome.REFUSED for v in verdicts)
    return _Verdicts(len(verdicts) - len(told), len(told) - refused, refused, told)
