"""One batch of event lines to the server, and what its answer means for them.

Nothing is guessed: only an answer that accounts for every event acknowledges it. Everything else
leaves the batch where it is, with the time to wait.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from lineage_server.client.connection import EVENTS_PATH, reason_of, sync_client
from lineage_server.client.process import importing
from lineage_server.client.wire import Refusal, Verdicts, verdicts_from
from lineage_server.domain.ids import shorten

if TYPE_CHECKING:
    import httpx2

    from lineage_server.client.config import Config

EVENTS_A_BATCH = 500
BYTES_A_BATCH = 1_000_000
_READ_SECONDS = 35.0


class Fate(StrEnum):
    """What became of a batch."""

    DONE = "done"
    BUSY = "busy"
    """The server is there and asks to wait (429, 503)."""
    AWAY = "away"
    """Nobody answers, or somebody who is no lineage server."""
    DENIED = "denied"
    """The token is missing, wrong or lacks a permission: waiting alone does not help."""


@dataclass(frozen=True, slots=True)
class Result:
    """``refusals`` by index in the batch. ``wait_seconds`` as the server asked, 0 = as we like."""

    fate: Fate
    accepted: int = 0
    duplicate: int = 0
    refusals: list[Refusal] = field(default_factory=list[Refusal])
    message: str = ""
    wait_seconds: float = 0.0


class Deliverer(Protocol):
    """Whatever takes lines to a server."""

    def deliver(self, lines: Sequence[bytes]) -> Result: ...

    def close(self) -> None: ...


class HttpDeliverer:
    """``POST /api/v1/events`` over one kept connection."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._client: httpx2.Client | None = None

    def deliver(self, lines: Sequence[bytes]) -> Result:
        """Send lines; raises nothing that a network or server can cause."""
        with importing():
            import gzip

            import httpx2

        try:
            if self._client is None:
                with importing():
                    self._client = sync_client(self._config, _READ_SECONDS)
            answer = self._client.post(
                EVENTS_PATH,
                content=gzip.compress(b"".join(lines), compresslevel=4),
                headers={"content-type": "application/x-ndjson", "content-encoding": "gzip"},
            )
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError, ValueError) as error:
            return Result(Fate.AWAY, message=f"{self._config.url} does not answer: {reason_of(error)}")
        return self._judge(answer, lines)

    def _judge(self, answer: httpx2.Response, lines: Sequence[bytes]) -> Result:
        status = answer.status_code
        if status == 200:
            try:
                return _done(verdicts_from(answer.content, len(lines)))
            except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
                return Result(Fate.AWAY, message=f"{self._config.url} is no lineage server: {error}")
        message = f"{self._config.url} answers {status}: {_message(answer)}"
        if status in (429, 503):
            return Result(
                Fate.BUSY, message=message, wait_seconds=_retry_after(answer.headers.get("retry-after"))
            )
        if status in (401, 403):
            return Result(Fate.DENIED, message=message)
        if status in (400, 413, 415, 422):
            return self._halve(lines, status, message)
        return Result(Fate.AWAY, message=message)

    def _halve(self, lines: Sequence[bytes], status: int, message: str) -> Result:
        """The body as a whole was refused: find out whose fault it is."""
        if len(lines) == 1:
            code = "LIMIT" if status == 413 else "BAD_INPUT"
            return Result(Fate.DONE, refusals=[Refusal(0, code, message, retriable=False)])
        middle = len(lines) // 2
        first = self.deliver(lines[:middle])
        if first.fate is not Fate.DONE:
            return first
        second = self.deliver(lines[middle:])
        if second.fate is not Fate.DONE:
            return second  # the first half goes again with the rest, and is known then
        moved = [Refusal(r.index + middle, r.code, r.message, r.retriable) for r in second.refusals]
        return Result(
            Fate.DONE,
            first.accepted + second.accepted,
            first.duplicate + second.duplicate,
            first.refusals + moved,
        )

    def close(self) -> None:
        """Let go of the connection."""
        client, self._client = self._client, None
        if client is not None:
            client.close()


def _done(verdicts: Verdicts) -> Result:
    return Result(Fate.DONE, verdicts.accepted, verdicts.duplicate, list(verdicts.refusals))


def _message(answer: httpx2.Response) -> str:
    try:
        told: Any = json.loads(answer.content)
        return shorten(str(told["message"]), 300)
    except (ValueError, KeyError, TypeError, RecursionError):
        return shorten(" ".join(answer.text[:300].split()), 120) or answer.reason_phrase


def _retry_after(text: str | None) -> float:
    try:
        return min(60.0, max(0.0, float(text))) if text else 0.0
    except ValueError:
        return 0.0  # a date: rare, and our own back-off does
