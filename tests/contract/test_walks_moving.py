"""Lineage questions while the graph below them moves: told, deleted, restored, retracted, erased.

A walk is several round trips, and no snapshot. What stands still all the while is in every answer that
is not marked as partial, nothing is there twice, no edge ends in the void, and what was deleted before
somebody asked says nothing any more.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import random
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lineage_server.api.gql.documents import read_operations
from lineage_server.domain import ids
from lineage_server.domain.event_parts import GpuFact
from lineage_server.domain.events import (
    EdgeAsserted,
    EdgeRetracted,
    Event,
    InputFact,
    NodeDeleted,
    NodeErased,
    NodeRestored,
    OutputFact,
    RunReported,
    VersionReported,
)
from lineage_server.domain.nodes import RunState
from tests.support.served import Served

TEXTS = read_operations()
DEEP, WIDE = 5, 2
READERS, QUESTIONS = 3, 30


def digest_of(what: object) -> str:
    return "sha256:" + hashlib.sha256(repr(what).encode()).hexdigest()


def run_of(what: object) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"moving {what}"))


@dataclass(frozen=True)
class Version:
    """What there is of an artifact's content."""

    name: str
    digest: str

    @property
    def uid(self) -> str:
        return ids.version_uid("default", "dataset", self.name, self.digest)


def still(depth: int, number: int) -> Version:
    return Version(f"still-{depth}", digest_of((depth, number)))


def rung(depth: int) -> list[tuple[str, Version]]:
    """All versions of a depth, and as what they are read and written."""
    return [(f"r{number}", still(depth, number)) for number in range(WIDE)]


STILL = [still(depth, number) for depth in range(DEEP) for number in range(WIDE)]
MAKERS = [ids.run_uid(run_of(("still", depth))) for depth in range(1, DEEP)]
FIRST, LAST = STILL[0].uid, STILL[-1].uid
UP = {LAST, *MAKERS, *(still(depth, n).uid for depth in range(DEEP - 1) for n in range(WIDE))}
DOWN = {FIRST, *MAKERS, *(still(depth, n).uid for depth in range(1, DEEP) for n in range(WIDE))}


@dataclass
class Motion:
    """Runs and versions that come, go and return around what stands still."""

    served: Served
    chance: random.Random
    clock: Any = field(default_factory=lambda: itertools.count(ids.now_micros()))
    numbers: Any = field(default_factory=itertools.count)
    made: list[tuple[int, Version]] = field(default_factory=list[tuple[int, Version]])
    gone: dict[int, float] = field(default_factory=dict[int, float])
    """Numbers of runs that are deleted, since when that is acknowledged; erased ones stay here."""
    erased: set[int] = field(default_factory=set[int])
    stated: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    pins: list[str] = field(default_factory=list[str])
    """Times at which no event was under way: of what was known then, nothing changes any more."""

    async def tell(self, events: Sequence[Event]) -> None:
        await self.served.record(*events)

    async def begin(self) -> None:
        """A ladder: each run reads all of one rung and makes the next."""

        told = [
            RunReported(
                **self._told(),
                run=run_of(("still", depth)),
                name="still",
                state=RunState.COMPLETE,
                gpu=GpuFact(seconds=1.0, count=1),
                inputs=[InputFact(name=v.name, role=r, digest=v.digest) for r, v in rung(depth - 1)],
                outputs=[OutputFact(name=v.name, role=r, digest=v.digest) for r, v in rung(depth)],
            )
            for depth in range(1, DEEP)
        ]
        await self.tell(told)
        self._pin()

    def _pin(self) -> None:
        self.pins.append(datetime.fromtimestamp(ids.now_micros() / 1e6, UTC).isoformat())

    async def go_on(self) -> None:
        """A batch of whatever comes to mind."""
        moves = [self._run, self._run, self._delete, self._restore, self._state, self._retract, self._learn]
        if self.chance.random() < 0.1:
            moves = [self._erase]
        gone: list[int] = []
        events: list[Event] = []
        for move in self.chance.choices(moves, k=self.chance.randint(1, 4)):
            events += move(gone)
        if events:
            await self.tell(events)
        for number in gone:
            self.gone[number] = time.monotonic()
        if self.chance.random() < 0.1:
            self._pin()

    def _told(self) -> dict[str, Any]:
        return {"id": ids.new_run_id(), "at": next(self.clock)}

    def _run(self, _: list[int]) -> list[Event]:
        number = next(self.numbers)
        by_run = self.chance.random() < 0.3
        made = Version(f"moving-{number % 3}", digest_of(number))
        others = [version for n, version in self.made[-20:] if n not in self.gone]
        read = self.chance.sample([*STILL, *others], 2)
        self.made.append((number, made))
        guessed = [InputFact(name="moving-0", role="guessed")] if self.chance.random() < 0.3 else []
        output = OutputFact(name=made.name, digest="" if by_run else made.digest)
        return [
            RunReported(
                **self._told(), run=run_of(number), name="moving", state=RunState.COMPLETE,
                params={"word": f"secret{number}!"}, gpu=GpuFact(product=f"secret{number}!", seconds=1.0),
                inputs=[*(InputFact(name=v.name, role=f"i{i}", digest=v.digest) for i, v in enumerate(read)),
                        *guessed],
                outputs=[output],
            )
        ]  # fmt: skip

    def _learn(self, _: list[int]) -> list[Event]:
        """Of what is known by its run: by another witness of the run, or by the version alone."""
        if not self.made:
            return []
        number, made = self.chance.choice(self.made[-20:])
        told = self._told()
        if self.chance.random() < 0.6:
            return [
                RunReported(
                    **told, run=run_of(number), outputs=[OutputFact(name=made.name, digest=made.digest)]
                )
            ]
        return [VersionReported(**told, artifact=made.name, run=run_of(number), learned_digest=made.digest)]

    def _delete(self, gone: list[int]) -> list[Event]:
        here = [n for n, _ in self.made if n not in self.gone and n not in gone]
        if not here:
            return []
        number = self.chance.choice(here)
        gone.append(number)
        return [NodeDeleted(**self._told(), uid=ids.run_uid(run_of(number)))]

    def _restore(self, gone: list[int]) -> list[Event]:
        there = [n for n in self.gone if n not in self.erased]
        if not there:
            return []
        number = self.chance.choice(there)
        del self.gone[number]  # from now on it may be seen
        return [NodeRestored(**self._told(), uid=ids.run_uid(run_of(number)))]

    def _erase(self, gone: list[int]) -> list[Event]:
        here = [n for n, _ in self.made if n not in self.gone and n not in gone]
        if not here:
            return []
        number = self.chance.choice(here)
        gone.append(number)
        self.erased.add(number)
        return [NodeErased(**self._told(), uid=ids.run_uid(run_of(number)))]

    def _state(self, _: list[int]) -> list[Event]:
        if not self.made:
            return []
        start, end = self.chance.choice(self.made)[1].uid, self.chance.choice(STILL).uid
        if self.chance.random() < 0.5:
            start, end = end, start
        self.stated.append((start, end))
        return [EdgeAsserted(**self._told(), start=start, end=end, reason="seen")]

    def _retract(self, _: list[int]) -> list[Event]:
        if not self.stated:
            return []
        start, end = self.stated.pop(self.chance.randrange(len(self.stated)))
        return [EdgeRetracted(**self._told(), start=start, end=end, reason="not so")]


def uids_of(nodes: Sequence[dict[str, Any]]) -> list[str]:
    return [uid for one in nodes for uid in (one["node"]["uid"], *one.get("also", ()))]


def check_drawing(told: dict[str, Any], wanted: set[str], *, groups: Sequence[Any] = ()) -> None:
    """Nodes once, edges once and between them; all that stands still, unless it says that some is missing."""
    shown = [one["node"]["uid"] for one in told["nodes"]] + [group["id"] for group in groups]
    assert len(set(shown)) == len(shown), "a node is there twice"
    every = uids_of(told["nodes"])
    assert len(set(every)) == len(every), "a node is there under two names"
    edges = [(e["from"], e["to"], e["type"], e.get("role")) for e in told["edges"]]
    assert len(set(edges)) == len(edges), "an edge is there twice"
    assert {end for edge in edges for end in edge[:2]} <= set(shown), "an edge ends in the void"
    members = {uid for group in groups for uid in group["members"]}
    whole = all(group["count"] == len(group["members"]) for group in groups)
    if whole and not told["isPartial"]:
        assert wanted <= {*every, *members}, wanted - {*every, *members}


class Reader:
    """Asks one question after the other, and checks each answer."""

    def __init__(self, served: Served, motion: Motion, chance: random.Random) -> None:
        self._served = served
        self._motion = motion
        self._chance = chance
        self._then: dict[tuple[str, str, str], Any] = {}
        self.questions = (
            *(self._lineage, self._scene, self._impact, self._path, self._diff, self._sums),
            self._known_then,
        )

    async def ask(self) -> None:
        hidden = dict(self._motion.gone)
        answer = json.dumps(await self._chance.choice(self.questions)())
        for number in hidden.keys() & self._motion.gone.keys():
            if hidden[number] == self._motion.gone[number]:  # gone before, and all the while
                assert f"secret{number}!" not in answer, f"{number} is deleted\n{answer}"

    def _end(self) -> tuple[str, str, set[str]]:
        return self._chance.choice([(LAST, "UPSTREAM", UP), (FIRST, "DOWNSTREAM", DOWN)])

    async def _put(self, name: str, field: str, variables: dict[str, Any]) -> Any:
        return (await self._served.ask(TEXTS[name], variables))[field]

    async def _lineage(self) -> Any:
        start, direction, wanted = self._end()
        if self._chance.random() < 0.3:
            direction = "BOTH"
        narrow = {"perNode": self._chance.choice((1, 2, 100)), "nodes": self._chance.choice((5, 1000))}
        asked = {"start": [start], "direction": direction, "view": "VERSION", "maxDepth": None}
        asked["budget"] = narrow if self._chance.random() < 0.4 else {"perNode": 1000, "nodes": 20_000}
        told = await self._put("Lineage", "lineage", asked)
        check_drawing(told, wanted)
        while told["cursor"] and self._chance.random() < 0.7:
            told = await self._put("Lineage", "lineage", {**asked, "after": told["cursor"]})
        for cut in told["truncated"][:2]:
            await self._put("Lineage", "lineage", {**asked, "after": cut["cursor"]})
        return told

    async def _scene(self) -> Any:
        start, _, wanted = self._end()
        asked = {"focus": start, "up": 9, "down": 9, "groupBy": self._chance.choice(("JOB", "KIND", "NONE"))}
        asked["budget"] = {"perNode": 1000, "nodes": 20_000}
        told = await self._put("LineageScene", "lineageScene", asked)
        check_drawing(told, wanted, groups=told["groups"])
        return told

    async def _known_then(self) -> Any:
        """What was known at a time that has passed is always the same."""
        start, direction, wanted = self._end()
        pin = self._chance.choice(self._motion.pins)
        asked = {
            "start": [start],
            "direction": direction,
            "view": "VERSION",
            "maxDepth": None,
            "knownAt": pin,
        }
        asked["budget"] = {"perNode": 1000, "nodes": 20_000}
        told = await self._put("Lineage", "lineage", asked)
        check_drawing(told, wanted)
        nodes = {one["node"]["uid"]: one["also"] for one in told["nodes"]}
        edges = sorted(str((e["from"], e["to"], e["type"], e["role"])) for e in told["edges"])
        before = self._then.setdefault((start, direction, pin), (nodes, edges))
        assert before == (nodes, edges), (pin, before[0].keys() ^ nodes.keys(), set(before[1]) ^ set(edges))
        return told

    async def _impact(self) -> Any:
        told = await self._put("Impact", "impact", {"of": FIRST})
        versions = sum(uid.startswith("version:") for uid in DOWN) - 1
        if not told["isPartial"]:
            assert told["counts"]["ArtifactVersion"] >= versions
            assert told["counts"]["Run"] >= DEEP - 1
        return told

    async def _path(self) -> Any:
        ways = (FIRST, LAST, "DOWNSTREAM"), (LAST, FIRST, "UPSTREAM")
        start, end, relation = self._chance.choice(ways)
        told = await self._put("Path", "path", {"start": start, "end": end, "k": 5})
        if not told["isPartial"]:
            assert told["relation"] in (relation, "DOWNSTREAM"), told["relation"]
            assert told["paths"]
        known = {node["uid"] for node in told["nodes"]}
        for one in told["paths"]:
            assert set(one["uids"]) <= known
            assert len(set(one["uids"])) == len(one["uids"])
            assert {end for edge in one["edges"] for end in (edge["from"], edge["to"])} <= set(one["uids"])
        return told

    async def _diff(self) -> Any:
        made = [version.uid for _, version in self._motion.made[-8:]]
        asked = {"a": self._chance.choice([LAST, *made]), "b": self._chance.choice([STILL[-2].uid, *made])}
        told = await self._served.answer(TEXTS["LineageDiff"], asked)
        for error in told.get("errors", ()):  # known by its run only, or not told yet
            assert error["extensions"]["code"] == "NOT_FOUND", error
        return told

    async def _sums(self) -> Any:
        cost = await self._put("Cost", "cost", {"of": LAST})
        assert cost["ancestry"]["gpuSeconds"] >= DEEP - 1
        if not cost["isPartial"]:
            assert cost["ancestry"]["runs"] >= DEEP - 1
        whole = await self._put("Completeness", "completeness", {"of": LAST})
        counts = await self._put("LineageCounts", "lineageCounts", {"of": LAST})
        if not counts["upstream"]["isPartial"]:
            assert counts["upstream"]["nodes"] >= len(UP) - 1
        return [cost, whole, counts]


async def test_answers_hold_while_the_graph_moves(served: Served) -> None:
    motion = Motion(served, random.Random(7))
    await motion.begin()
    readers = [Reader(served, motion, random.Random(number)) for number in range(READERS)]
    for question in readers[0].questions:
        await question()  # Neo4j plans each for as long as many answers take

    async def read(reader: Reader) -> None:
        for _ in range(QUESTIONS):
            await reader.ask()

    async def move() -> None:
        while not all(one.done() for one in reading):
            await motion.go_on()

    async with asyncio.TaskGroup() as group:
        reading = [group.create_task(read(reader)) for reader in readers]
        group.create_task(move())
    assert motion.gone
