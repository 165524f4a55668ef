"""For those who run the server: is it alive, is it ready, which version, which numbers.

``/livez`` says that the process answers. ``/readyz`` asks the parts, and with ``?verbose`` names
them; while the graph is away it says 503, and the process must not be killed for it: it comes back by
itself. Nobody needs to log in for these, so they tell nothing of the content.
"""

from __future__ import annotations

import asyncio
import platform
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from lineage_server import __version__
from lineage_server.domain.errors import LineageError
from lineage_server.telemetry import Telemetry

_BELIEVED_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Part:
    """The state of one part; ``detail`` is a sentence for people. ``told`` names the sentence, or is the code
    of the error that it is, and ``values`` are what it says: for those who say it in another language."""

    ok: bool
    detail: str
    told: str = ""
    values: Mapping[str, float] = field(default_factory=dict[str, float])


NOT_CONNECTED = Part(False, "the graph is not connected yet", "not_connected")
NOT_STARTED = Part(False, "not started yet", "not_started")
STOPPING = Part(False, "stopping", "stopping")


def answering(seconds: float) -> Part:
    """It answered within so long."""
    took = round(seconds * 1000, 1)
    return Part(True, f"answers in {took} ms", "answers", {"milliseconds": took})


def waiting(events: int, size: int, *, full: bool) -> Part:
    """So much is to be written still."""
    values = {"events": events, "bytes": size}
    return Part(not full, f"{events} events, {size} bytes waiting", "waiting", values)


Probe = Callable[[], Awaitable[Part]]


class Readiness:
    """Asks the probes, at most once a second however many ask."""

    def __init__(self, probes: Mapping[str, Probe]) -> None:
        self._probes = dict(probes)
        self._asking = asyncio.Lock()
        self._at = float("-inf")
        self._parts: dict[str, Part] = {}

    async def parts(self) -> dict[str, Part]:
        """Every part by name."""
        async with self._asking:
            if time.monotonic() - self._at >= _BELIEVED_SECONDS:
                names = list(self._probes)
                answers = await asyncio.gather(*(_ask(self._probes[name]) for name in names))
                self._parts = dict(zip(names, answers, strict=True))
                self._at = time.monotonic()
            return self._parts


async def _ask(probe: Probe) -> Part:
    try:
        return await probe()
    except LineageError as error:
        return Part(False, error.message, error.code)


def health_routes(readiness: Readiness, telemetry: Telemetry) -> list[Route]:
    """The four routes."""

    async def livez(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(request: Request) -> Response:
        parts = await readiness.parts()
        ready = all(part.ok for part in parts.values())
        status = 200 if ready else 503
        headers = {} if ready else {"retry-after": "1"}
        if "verbose" in request.query_params:
            body = {
                "ready": ready,
                "parts": {name: asdict(part) for name, part in parts.items()},
            }
            return JSONResponse(body, status_code=status, headers=headers)
        away = ", ".join(name for name, part in parts.items() if not part.ok)
        words = "ready\n" if ready else f"not ready: {away}\n"
        return PlainTextResponse(words, status_code=status, headers=headers)

    async def version(_request: Request) -> Response:
        return JSONResponse(
            {"name": "lineage-server", "version": __version__, "python": platform.python_version()}
        )

    async def metrics(_request: Request) -> Response:
        text, content_type = telemetry.exposition()
        return Response(text, headers={"content-type": content_type})

    return [
        Route("/livez", livez),
        Route("/readyz", readyz),
        Route("/version", version),
        Route("/metrics", metrics),
    ]
