"""How long a caller waits for its verdicts when the graph neither answers nor fails.

A graph that is away raises an error, and the writer tells whoever waited long enough. One that hangs
(stopped, swapped out, behind a network that swallows packets) raises nothing for a minute: then this
ends the wait. Events given up here may still be committed; sent again they are known.
"""

from __future__ import annotations

import asyncio
import time

from lineage_server.domain.ids import now_micros
from lineage_server.graph.errors import GraphAwayError, OverdueQueryError
from lineage_server.ingest.verdicts import IngestCounters, Request

_GRACE_SECONDS = 0.5
"""The writer knows better what is wrong: where it tries again, its own words come first."""


async def verdicts_given(request: Request, counters: IngestCounters, patience_seconds: float) -> None:
    """Wait for the request; raises GraphAwayError once nothing was committed for ``patience_seconds``."""
    loop = asyncio.get_running_loop()

    def ring() -> None:
        nonlocal bell
        if request.done.done():
            return
        # A long queue is no reason to give up as long as it moves.
        idle = (now_micros() - counters.last_commit_at) / 1e6
        rest = max(request.deadline - time.monotonic(), patience_seconds - idle)
        if rest > 0:
            bell = loop.call_later(rest + _GRACE_SECONDS, ring)
        else:
            request.done.set_exception(_hangs(patience_seconds))

    bell = loop.call_later(patience_seconds + _GRACE_SECONDS, ring)
    try:
        await request.done
    finally:
        bell.cancel()


def for_senders(error: Exception) -> Exception:
    """What a failed write means to its senders: a limit of the graph's time is none of their size."""
    if not isinstance(error, OverdueQueryError):
        return error
    return GraphAwayError(
        "the graph did not finish the write in time; nothing of it is acknowledged, send the same again",
        part="graph",
    )


def _hangs(seconds: float) -> GraphAwayError:
    return GraphAwayError(
        f"the graph has not answered for {seconds:.0f} s; nothing of it is acknowledged, send the same again",
        part="graph",
    )
