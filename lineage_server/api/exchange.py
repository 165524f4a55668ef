"""Stored events out of a server and into one, page by page: what exports, backups and imports move.

Out: a Parquet file (lines of JSON where ``accept`` says so) of whole batches from ``first`` to before
``until``; the answer's headers tell the number to go on with (none: that was all) and, for the next call, the
``until`` that stands for now. In: a page as it came out. What is imported keeps who sent it and when it came,
so only a platform admin may.
"""

from __future__ import annotations

import asyncio

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lineage_server.api.deps import allowed, origin_of, services_of
from lineage_server.api.intake import summary
from lineage_server.auth.audit import audit_record
from lineage_server.auth.principal import Permission
from lineage_server.domain.errors import InvalidInputError, LineageError
from lineage_server.domain.ids import clean_project, event_uid, now_micros, shorten
from lineage_server.domain.stored import StoredEvent
from lineage_server.ingest.decode import Received, Unreadable, decode
from lineage_server.ingest.tables import NotEventsError, from_lines, from_parquet, to_lines, to_parquet

_LINES, _PARQUET = "application/x-ndjson", "application/vnd.apache.parquet"
NEXT, UNTIL, COUNT = "lineage-next", "lineage-until", "lineage-events"
_encode = msgspec.json.Encoder().encode


def exchange_routes() -> list[Route]:
    """Both directions."""
    return [
        Route("/api/v1/export/events", _export, methods=["GET"]),
        Route("/api/v1/import/events", _import, methods=["POST"]),
    ]


async def _export(request: Request) -> Response:
    """One page; of one project for its admins, of all for the platform's."""
    services = services_of(request)
    text = request.query_params.get("project", "")
    project = clean_project(text) if text else ""
    await allowed(request, Permission.ADMIN if project else Permission.PLATFORM_ADMIN, project)
    first = _number(request, "first")
    now = await services.store.next_batch()
    until = min(_number(request, "until") or now, now)
    page, following = await services.store.page_from(first, until)
    events = [e for e in page if not project or e.project == project]
    as_lines = request.headers.get("accept", "") == _LINES
    body = await asyncio.to_thread(to_lines if as_lines else to_parquet, events)
    headers = {UNTIL: str(until), COUNT: str(len(events))}
    if following < until:
        headers[NEXT] = str(following)
    return Response(body, media_type=_LINES if as_lines else _PARQUET, headers=headers)


async def _import(request: Request) -> Response:
    """Store a page's events as they were stored before; those that are here already stay as they are."""
    services = services_of(request)
    principal = await allowed(request, Permission.PLATFORM_ADMIN)
    try:
        events = await _events(request, services.settings.ingest.max_inflated_bytes)
    except NotEventsError as error:
        raise InvalidInputError(
            f"the body is no page of stored events: {error}",
            field="body",
            allowed="what GET /api/v1/export/events answers",
        ) from None
    now = now_micros()
    received = [_received(place, event, now) for place, event in enumerate(events)]
    verdicts = await services.ingest.submit_received(received, actor=principal.actor)
    told = summary(verdicts)
    if told.accepted:
        after = {"events": told.accepted}
        record = audit_record(principal, "import", "", after=after, origin=origin_of(request))
        await services.audit.write(record)
    return Response(_encode(told), media_type="application/json")


async def _events(request: Request, most: int) -> list[StoredEvent]:
    if request.headers.get("content-type", "") == _LINES:
        return await asyncio.to_thread(from_lines, await request.body())
    return await asyncio.to_thread(from_parquet, await request.body(), max_bytes=most)


def _received(place: int, stored: StoredEvent, now: int) -> Received | Unreadable:
    """An event to be stored as it was; refused if the row does not fit the event in it."""
    event = None
    try:
        event = decode(stored.raw, max_event_bytes=len(stored.raw))
        if not stored.uid.startswith(event_uid(event.project, "")) or event.project != stored.project:
            raise InvalidInputError(
                f"{shorten(stored.uid)!r} of project {shorten(stored.project)!r} holds an event of project "
                f"{shorten(event.project)!r}",
                field="uid",
            )
        if event.id and stored.id != event.id:
            raise InvalidInputError(f"{shorten(stored.uid)!r} holds an event of another id", field="uid")
        if not 0 < stored.recorded_at <= now:
            raise InvalidInputError(
                f"{shorten(stored.uid)!r} was recorded at {stored.recorded_at}, which is not past",
                field="recorded_at",
                allowed="microseconds since 1970",
            )
        return Received(place, event, stored.raw, stored=stored)
    except LineageError as error:
        return Unreadable(place, error, stored.raw, event)


def _number(request: Request, name: str) -> int:
    text = request.query_params.get(name, "0")
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise InvalidInputError(
            f"{name} {shorten(text)!r} is not the number of a batch", field=name, allowed="0 or more"
        )
    return int(text)
