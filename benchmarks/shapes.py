"""Two shapes that break naive walks: a chain of 20 diamonds, and a hub with 10,000 dependents.

The chain has 1,048,576 paths; all ancestors must come back exactly (checked here against the count
that is known). The hub's first page must say how many it left out.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

import msgspec

from benchmarks.context import Context
from benchmarks.load import AnswerError, Asker, Load, Request, asker, load
from benchmarks.rows import Engine, Row, Target, row
from benchmarks.servers import lineage_server
from lineage_server.domain.ids import new_run_id, now_micros, version_uid

DIAMONDS = 20
DEPENDENTS = 10_000
CALLS = 30
PROJECT = "shapes"
ANCESTORS = """
query Ancestors($start: [String!]!) {
  lineage(start: $start, direction: UPSTREAM, view: VERSION, maxDepth: 100) {
    nodes { depth node { __typename uid name } }
    edges { from to }
    isPartial
  }
}
"""
DEPENDENTS_OF = """
query Dependents($start: [String!]!) {
  lineage(start: $start, direction: DOWNSTREAM, view: VERSION, maxDepth: 1) {
    nodes { depth node { __typename uid name } }
    edges { from to }
    isPartial
    truncated { uid shown total capped cursor }
  }
}
"""


def digest(name: str) -> str:
    return f"sha256:{name.encode().hex():0>64}"


def uid(name: str) -> str:
    return version_uid(PROJECT, "dataset", name, digest(name))


def event(job: str, inputs: list[str], outputs: list[str]) -> bytes:
    """A run that read and wrote versions, each the only one of its artifact."""
    now = now_micros()
    told: dict[str, Any] = {
        "type": "run",
        "project": PROJECT,
        "at": now,
        "run": new_run_id(),
        "job": job,
        "state": "complete",
        "ended_at": now,
        "inputs": [{"name": name, "digest": digest(name)} for name in inputs],
        "outputs": [{"name": name, "digest": digest(name)} for name in outputs],
    }
    return msgspec.json.encode(told)


def diamonds() -> list[bytes]:
    """Each top is read by two runs whose outputs a third one joins into the next top."""
    lines = [event("begin", [], ["top-0"])]
    for i in range(DIAMONDS):
        lines += [event("left", [f"top-{i}"], [f"left-{i}"]), event("right", [f"top-{i}"], [f"right-{i}"])]
        lines.append(event("join", [f"left-{i}", f"right-{i}"], [f"top-{i + 1}"]))
    return lines


def send(channel: Load, lines: list[bytes]) -> None:
    parts = iter([lines[i : i + 500] for i in range(0, len(lines), 500)])

    def make() -> Request:
        part = next(parts)
        return b"\n".join(part), len(part), None

    channel.drive(make, requests=-(-len(lines) // 500))


def run(context: Context) -> Iterator[Row]:
    for engine in context.engines:
        with lineage_server(engine) as server, load(server.port, clients=1) as channel:
            send(channel, diamonds())
            send(channel, [event("hub", [], ["hub"])])
            send(channel, [event("reader", ["hub"], [f"leaf-{i}"]) for i in range(DEPENDENTS)])
            with asker(server.port) as asking:
                yield _diamonds(engine, asking)
                yield _hub(engine, asking)


def _diamonds(engine: Engine, asking: Asker) -> Row:
    times: list[float] = []
    for _ in range(CALLS * 2):
        answer, seconds = asking.ask(ANCESTORS, {"start": [uid(f"top-{DIAMONDS}")]})
        found = {one["node"]["uid"] for one in answer["lineage"]["nodes"]}
        # 3 versions and 3 runs a diamond, the first version and its run.
        if len(found) != 6 * DIAMONDS + 2 or len(answer["lineage"]["nodes"]) != len(found):
            raise AnswerError(f"{len(found)} nodes instead of {6 * DIAMONDS + 2}")
        if len(answer["lineage"]["edges"]) != 7 * DIAMONDS + 1 or answer["lineage"]["isPartial"]:
            raise AnswerError(f"{len(answer['lineage']['edges'])} edges instead of {7 * DIAMONDS + 1}")
        times.append(seconds * 1000)
    return row(
        f"all ancestors over {DIAMONDS} diamonds, exact",
        engine,
        statistics.median(times[CALLS:]),
        "ms",
        target=Target(sign="<", bound=50),
        note=f"{6 * DIAMONDS + 2} nodes, {2 * DIAMONDS + 1} levels",
    )


def _hub(engine: Engine, asking: Asker) -> Row:
    times: list[float] = []
    shown = total = 0
    for _ in range(CALLS):
        answer, seconds = asking.ask(DEPENDENTS_OF, {"start": [uid("hub")]})
        (cut,) = answer["lineage"]["truncated"]
        shown, total = cut["shown"], cut["total"]
        if total != DEPENDENTS or not cut["cursor"]:
            raise AnswerError(f"the hub's dependents were counted as {total}")
        times.append(seconds * 1000)
    return row(
        f"hub of {DEPENDENTS:,} dependents, first page with counts",
        engine,
        statistics.median(times[CALLS // 3 :]),
        "ms",
        target=Target(sign="<", bound=300),
        note=f"{shown} shown of {total:,}",
    )
