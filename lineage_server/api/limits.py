"""Bounds on every request: how much it may send, how long it may take.

Bodies are inflated here, piece by piece, so that a bomb is refused after the allowed bytes and the
rest of it never exists; what is inside sees plain bytes and no ``content-encoding``. The time limit
ends when the answer begins: streams have limits of their own.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lineage_server.api.errors import send_error
from lineage_server.domain.errors import (
    InvalidInputError,
    LimitError,
    LineageError,
    NotSupportedError,
    UnavailableError,
)
from lineage_server.settings import HttpSettings, IngestSettings
from lineage_server.storage.manifest import PART

_PIECE = 256 * 1024
_INTAKE = "/api/v1/"
_ARTIFACTS = "/api/v1/artifacts/"
_OBJECTS = "/api/v1/artifacts/objects/"
_UNTIMED = ("/api/v1/admin/", "/api/v1/artifacts/gc")
_TRANSFER_SECONDS = 600.0
"""Least time for bytes of artifacts: slow lines, and content that is verified."""
_DRAIN_SECONDS = 2.0
_NO_BODY = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """Bytes a body may have as sent, and inflated."""

    sent: int
    inflated: int


def body_limits(http: HttpSettings, ingest: IngestSettings) -> Callable[[str], BodyLimits]:
    """The limits by path: wide for the intake, an object's size for objects, narrow for everything else."""
    wide = BodyLimits(ingest.max_body_bytes, ingest.max_inflated_bytes)
    narrow = BodyLimits(http.max_body_bytes, http.max_body_bytes)
    one = BodyLimits(PART, PART)

    def limits_for(path: str) -> BodyLimits:
        if path.startswith(_OBJECTS):
            return one
        return wide if path.startswith(_INTAKE) else narrow

    return limits_for


class BodyBudget:
    """Bytes of bodies that are being received or answered, all requests of a ``part`` together."""

    def __init__(self, limit: int, part: str = "ingest") -> None:
        self._limit = limit
        self._part = part
        self._held = 0

    def take(self, size: int, own: int) -> None:
        """For a request that holds ``own`` already; raises UnavailableError where others hold the rest."""
        if self._held + size > self._limit and self._held > own:
            raise UnavailableError(
                f"{self._held} bytes are under way already; nothing was done, send again in a moment",
                part=self._part,
                retry_after_seconds=1.0,
            )
        self._held += size

    def give_back(self, size: int) -> None:
        self._held -= size


class Inflater:
    """Gzip by pieces (several members in a row are one body, as gzip files may be)."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._inside = zlib.decompressobj(wbits=31)
        self._total = 0
        self._began = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The next pieces, each at most 256 KiB; raises LimitError or InvalidInputError."""
        while data:
            if self._inside.eof:
                self._inside = zlib.decompressobj(wbits=31)
            self._began = True
            try:
                piece = self._inside.decompress(data, _PIECE)
            except zlib.error as error:
                raise InvalidInputError(
                    "the body says it is gzip, but it is not, or it is broken; "
                    "nothing was done, send it again",
                    field="content-encoding",
                    allowed="a whole gzip stream",
                ) from error
            data = self._inside.unused_data if self._inside.eof else self._inside.unconsumed_tail
            self._total += len(piece)
            if self._total > self._limit:
                raise _too_large("inflated", self._limit, self._total)
            if piece:
                yield piece

    def check_end(self) -> None:
        """Raises InvalidInputError when the stream stops in the middle."""
        if self._began and not self._inside.eof:
            raise InvalidInputError(
                "the gzip body ends in the middle; nothing was done, send it again", field="content-encoding"
            )


def _too_large(how: str, limit: int, actual: int) -> LimitError:
    return LimitError(
        f"the body has more than {limit} bytes {how}, the most allowed here; nothing was done. "
        "Send it in several requests",
        limit=limit,
        actual=actual,
    )


class _Body:
    """``receive`` with the limits in force; remembers why it refused."""

    def __init__(self, receive: Receive, limits: BodyLimits, budget: BodyBudget | None) -> None:
        self.refusal: LineageError | None = None
        self.finished = False
        self._receive = receive
        self._limits = limits
        self._inflater: Inflater | None = None
        self._pieces: Iterator[bytes] = iter(())
        self._sent = 0
        self._budget = budget
        self._held = 0

    def judge(self, scope: Scope) -> None:
        """Refuse by the headers alone, or hide the encoding from what is inside."""
        kept: list[tuple[bytes, bytes]] = []
        encoding, length = "identity", ""
        for name, value in scope["headers"]:
            if name == b"content-encoding":
                encoding = value.decode("latin-1").strip().lower()
            elif name == b"content-length":
                length = value.decode("latin-1")
            else:
                kept.append((name, value))
        if encoding not in ("identity", "", "gzip", "x-gzip"):
            raise NotSupportedError(f"bodies may be plain or gzip, not {encoding[:40]!r}")
        if length.isdigit() and int(length) > self._limits.sent:
            raise _too_large("as sent", self._limits.sent, int(length))
        if encoding.endswith("gzip"):
            self._inflater = Inflater(self._limits.inflated)
            scope["headers"] = kept

    async def __call__(self) -> Message:
        try:
            return await self._next()
        except LineageError as error:
            self.refusal = error
            raise

    async def _next(self) -> Message:
        while True:
            for piece in self._pieces:
                await asyncio.sleep(0)  # inflating is work: others get their turn in between
                self._hold(len(piece))
                return {"type": "http.request", "body": piece, "more_body": True}
            if self._inflater is not None and self.finished:
                self._inflater.check_end()
                self._inflater = None
                return {"type": "http.request", "body": b"", "more_body": False}
            message = await self._receive()
            if message["type"] != "http.request":
                return message
            body: bytes = message.get("body", b"")
            self.finished = not message.get("more_body", False)
            self._sent += len(body)
            if self._sent > self._limits.sent:
                raise _too_large("as sent", self._limits.sent, self._sent)
            if self._inflater is None:
                self._hold(len(body))
                return message
            self._pieces = self._inflater.feed(body)

    def _hold(self, size: int) -> None:
        if self._budget is not None:
            self._budget.take(size, self._held)
            self._held += size

    def let_go(self) -> None:
        """The request is over."""
        if self._budget is not None:
            self._budget.give_back(self._held)
            self._held = 0

    async def drain(self) -> None:
        """Take in some of what is still coming: a client that is cut off while sending may never
        read the answer."""
        allowance = self._limits.sent
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while not self.finished and allowance > 0:
                    message = await self._receive()
                    if message["type"] != "http.request":
                        return
                    allowance -= len(message.get("body", b""))
                    self.finished = not message.get("more_body", False)
        except TimeoutError:
            return


class LimitsMiddleware:
    """Body and time limits round everything inside."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        limits_for: Callable[[str], BodyLimits],
        budget: BodyBudget,
        timeout_seconds: float,
        artifact_budget: BodyBudget | None = None,
    ) -> None:
        self._app = app
        self._limits_for = limits_for
        self._budget = budget
        self._artifact_budget = artifact_budget
        self._timeout_seconds = timeout_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        path = scope["path"]
        answer = _Answer(send)
        seconds, budget = self._bounds(path)
        body = _Body(receive, self._limits_for(path), budget)
        answer.clock = asyncio.timeout(seconds)
        answer.body = body
        refusal: LineageError | None = None
        try:
            async with answer.clock:
                if scope["method"] in _NO_BODY:
                    await self._app(scope, receive, answer)
                else:
                    body.judge(scope)
                    await self._app(scope, body, answer)
        except TimeoutError:
            if answer.started or not answer.clock.expired():
                raise
            refusal = _too_slow(seconds)
        except LineageError as error:
            if answer.started:
                raise
            refusal = error
        finally:
            body.let_go()
        if not answer.started and (refusal or body.refusal):
            if scope["method"] not in _NO_BODY:
                await body.drain()
            await send_error(body.refusal or refusal or _too_slow(seconds), send)

    def _bounds(self, path: str) -> tuple[float | None, BodyBudget | None]:
        """Seconds and bytes; rebuilding and archiving take as long as they take."""
        if path.startswith(_UNTIMED):
            return None, self._budget
        if path.startswith(_ARTIFACTS):
            return max(self._timeout_seconds, _TRANSFER_SECONDS), self._artifact_budget
        budget = self._budget if path.startswith(_INTAKE) else None
        return self._timeout_seconds, budget


def _too_slow(seconds: float | None) -> LineageError:
    return UnavailableError(
        f"the request was not done after {seconds or 0:.0f} s and was stopped; "
        "it is safe to repeat, ask for less at once",
        part="request",
    )


class _Answer:
    """``send`` that ends the time limit when the answer begins."""

    clock: asyncio.Timeout
    body: _Body

    def __init__(self, send: Send) -> None:
        self.started = False
        self._send = send

    async def __call__(self, message: Message) -> None:
        if self.body.refusal is not None and not self.started:
            return  # whatever the inside makes of the broken body, our own answer says it better
        if message["type"] == "http.response.start":
            self.started = True
            self.clock.reschedule(None)
        await self._send(message)
