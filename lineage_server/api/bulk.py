"""Whole lists as Arrow IPC streams: runs, their metric points and what they read and wrote (``lineage``),
artifacts, registered models, versions.

In the query: ``project`` (repeated, none = all that one may see), ``filter`` and ``orderBy`` as JSON of what
the GraphQL list of that name takes, ``limit`` (rows). Points: ``key`` (repeated, none = all) of runs that are
filtered, or named as ``run`` (repeated). Versions: of one ``artifact``, or of one ``model``.

What is wrong with the question is answered as everywhere. What goes wrong later breaks the connection off and
leaves the stream without an end mark; a last batch without rows tells why (``lineage-error``). So half a list
is never taken for the whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from typing import Any

import pyarrow
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from lineage_server.api.deps import principal_of, services_of
from lineage_server.api.errors import body_of
from lineage_server.api.gql.inputs.reading import list_asked
from lineage_server.api.gql.lists import artifact_uid_of
from lineage_server.api.gql.registry import model_uid_of
from lineage_server.domain.errors import InvalidInputError, LineageError
from lineage_server.domain.ids import DEFAULT_PROJECT, project_of, shorten
from lineage_server.domain.nodes import Label
from lineage_server.tracking.bulk import Asked, Bulk
from lineage_server.tracking.columns import EDGES, POINTS

BULK = "/api/v1/bulk"
ARROW = "application/vnd.apache.arrow.stream"
ERROR = "lineage-error"
_LISTED = ("project", "filter", "orderBy", "limit")
_MOST_ROWS = 1 << 40
# Its stubs know neither streams nor metadata.
pa: Any = pyarrow


def bulk_routes() -> list[Route]:
    """All of them; each asks for READ where it names a project."""
    return [
        Route(f"{BULK}/runs", _lister(Label.RUN), methods=["GET"]),
        Route(f"{BULK}/metrics", _metrics, methods=["GET"]),
        Route(f"{BULK}/lineage", _lineage, methods=["GET"]),
        Route(f"{BULK}/artifacts", _lister(Label.ARTIFACT), methods=["GET"]),
        Route(f"{BULK}/models", _lister(Label.REGISTERED_MODEL), methods=["GET"]),
        Route(f"{BULK}/versions", _versions, methods=["GET"]),
    ]


def _lister(label: Label) -> Callable[[Request], Any]:
    async def listed(request: Request) -> Response:
        _check_names(request, _LISTED)
        asked = await _asked(request, label)
        return await _answer(asked.table.schema, _bulk(request).nodes(asked))

    return listed


async def _lineage(request: Request) -> Response:
    _check_names(request, _LISTED)
    return await _answer(EDGES, _bulk(request).edges(await _asked(request, Label.RUN)))


async def _metrics(request: Request) -> Response:
    _check_names(request, (*_LISTED, "run", "key"))
    told = request.query_params
    keys, runs = told.getlist("key"), told.getlist("run")
    if not runs:
        asked = await _asked(request, Label.RUN)
        return await _answer(POINTS, _bulk(request).points_of_list(asked, keys))
    if beside := [name for name in _LISTED if name in told]:
        raise InvalidInputError(
            f"runs are named, and {beside[0]} is given", field=beside[0], allowed="run, or a list of runs"
        )
    scope = (await principal_of(request)).visible_projects()
    return await _answer(POINTS, _bulk(request).points_of_runs(runs, keys, scope=scope))


async def _versions(request: Request) -> Response:
    _check_names(request, (*_LISTED, "artifact", "model"))
    told = request.query_params
    artifact, model, projects = told.get("artifact", ""), told.get("model", ""), told.getlist("project")
    if bool(artifact) == bool(model) or len(projects) > 1:
        raise InvalidInputError(
            "versions are those of one artifact, or of one registered model",
            field="artifact",
            allowed="artifact=dataset:iris or model=churn, and one project",
        )
    project = projects[0] if projects else DEFAULT_PROJECT
    if artifact:
        asked = await _asked(request, Label.ARTIFACT_VERSION, artifact=artifact_uid_of(artifact, project))
    else:
        asked = await _asked(request, Label.MODEL_VERSION, model=model_uid_of(model, project))
    return await _answer(asked.table.schema, _bulk(request).nodes(asked))


async def _asked(request: Request, label: Label, *, artifact: str = "", model: str = "") -> Asked:
    """The list that the query describes; raises InvalidInputError."""
    principal = await principal_of(request)
    told = request.query_params
    wanted, order = list_asked(label, filter=told.get("filter", ""), order_by=told.get("orderBy", ""))
    projects = (project_of(model),) if model else tuple(told.getlist("project"))
    return Asked(
        label=label,
        scope=principal.visible_projects(),
        projects=projects,
        wanted=wanted if not model else replace(wanted, model=model),
        order=order,
        artifact=artifact,
        limit=_limit(told.get("limit")),
    )


def _limit(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:20]) < _MOST_ROWS:
        raise InvalidInputError(f"limit is {shorten(text, 40)!r}", field="limit", allowed="a number of rows")
    return int(text)


def _check_names(request: Request, names: tuple[str, ...]) -> None:
    for name in request.query_params:
        if name not in names:
            raise InvalidInputError(
                f"{shorten(name, 40)!r} is no parameter of this",
                field=shorten(name, 40),
                allowed=", ".join(names),
            )
    for name in ("filter", "orderBy", "limit", "artifact", "model"):
        if len(request.query_params.getlist(name)) > 1:
            raise InvalidInputError(f"{name} is given twice", field=name, allowed=f"one {name}")


def _bulk(request: Request) -> Bulk:
    return Bulk(services_of(request).bolt)


async def _answer(schema: Any, batches: AsyncGenerator[Any]) -> Response:
    """The stream; raises what the question is refused with."""
    first = await anext(batches, None)
    return StreamingResponse(_stream(schema, first, batches), media_type=ARROW)


async def _stream(schema: Any, first: Any, batches: AsyncGenerator[Any]) -> AsyncGenerator[bytes]:
    async with contextlib.aclosing(batches):
        sink = io.BytesIO()
        stream = pa.ipc.new_stream(sink, schema)
        try:
            if first is not None:
                stream.write_batch(first)
            yield _taken(sink)
            async for batch in batches:
                await asyncio.to_thread(stream.write_batch, batch)
                yield _taken(sink)
        except LineageError as error:
            empty = pa.RecordBatch.from_pylist([], schema=schema)
            stream.write_batch(empty, custom_metadata={ERROR: json.dumps(body_of(error))})
            yield _taken(sink)
            raise
        stream.close()
        yield _taken(sink)


def _taken(sink: io.BytesIO) -> bytes:
    """What was written since."""
    written = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return written
