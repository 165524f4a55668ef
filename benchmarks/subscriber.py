"""From "your event is committed" to a GraphQL subscriber seeing it, over graphql-transport-ws.

One client writes, another listens on a WebSocket to the run that is written to. Where the news is
there before the writer has its answer, the delay counts as zero.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from benchmarks.context import Context
from benchmarks.load import Load, Request, load
from benchmarks.rows import Row, Target, percentile, row
from benchmarks.servers import lineage_server
from lineage_server.domain.ids import new_run_id, now_micros, run_uid

EVENTS = 200
WARM_EVENTS = 50
TIMEOUT_SECONDS = 10.0
RUN_CHANGED = "subscription Changed($uid: String!) { runChanged(uid: $uid) { __typename } }"


def run(context: Context) -> Iterator[Row]:
    for engine in context.engines:
        with lineage_server(engine) as server, load(server.port, clients=1) as channel:
            delays = asyncio.run(_listen(server.port, channel))[WARM_EVENTS:]
        yield row(
            "event acknowledged to seen by a subscriber, p95",
            engine,
            percentile(delays, 0.95) * 1000,
            "ms",
            target=Target(sign="<", bound=200),
            note=f"p50 {percentile(delays, 0.5) * 1000:.1f} ms over {len(delays)} events",
        )


async def _listen(port: int, channel: Load) -> list[float]:
    run_id = new_run_id()
    await asyncio.to_thread(_write, channel, run_id, 0)
    protocol = Subprotocol("graphql-transport-ws")
    async with connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=[protocol]) as socket:
        await socket.send(json.dumps({"type": "connection_init"}))
        await _next(socket, "connection_ack")
        payload = {"query": RUN_CHANGED, "variables": {"uid": run_uid(run_id)}}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        await asyncio.sleep(0.5)
        delays: list[float] = []
        for number in range(1, EVENTS + WARM_EVENTS + 1):
            seen = asyncio.ensure_future(_next(socket, "next"))
            acknowledged = await asyncio.to_thread(_write, channel, run_id, number)
            delays.append(max(0.0, await seen - acknowledged))
        return delays


def _write(channel: Load, run_id: str, number: int) -> float:
    """Record one fact on the run; answers when it was acknowledged."""
    now = now_micros()
    told = {"type": "run", "project": "watched", "run": run_id, "at": now, "metrics": {"loss": float(number)}}

    def make() -> Request:
        return msgspec.json.encode(told), 1, None

    channel.drive(make, requests=1)
    return time.perf_counter()


async def _next(socket: ClientConnection, kind: str) -> float:
    """Wait for a message of the kind; answers when it came."""
    while True:
        message = json.loads(await asyncio.wait_for(socket.recv(), TIMEOUT_SECONDS))
        if message["type"] == kind and "errors" not in (message.get("payload") or {}):
            return time.perf_counter()
        if message["type"] in ("error", "complete"):
            raise RuntimeError(f"the subscription ended: {message}")
        if message["type"] == "ping":
            await socket.send('{"type":"pong"}')
