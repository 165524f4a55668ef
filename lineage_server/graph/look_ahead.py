"""Generations of artifact versions, fetched before a walk asks for them.

A walk leaves one frontier after the other, and each costs a round trip. Here the next few come along
with the first (``queries/look_ahead.py``), while they are small. The walk decides as ever what it
follows: what it does not ask for is dropped, what was not foreseen is fetched when it is asked for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Any, LiteralString, NamedTuple

from lineage_server.domain.errors import LineageError
from lineage_server.domain.nodes import Label
from lineage_server.graph.bolt import Bolt, Row
from lineage_server.graph.heads import Generation
from lineage_server.graph.queries import lineage
from lineage_server.graph.queries import look_ahead as cypher
from lineage_server.graph.queries.lineage_parts import DOWNSTREAM, UPSTREAM
from lineage_server.graph.read_lineage import LineageReader, Sight

logger = logging.getLogger(__name__)

_MOST = 32
"""A generation that reaches more nodes is the last that is fetched ahead."""
_PLAN_SECONDS = 60.0
_AGAIN_SECONDS = 60.0
_DRAWN = frozenset({Label.ARTIFACT_VERSION, Label.RUN})


class _Foreseen(NamedTuple):
    """What leaves some versions, as rows of ``queries/lineage.py``."""

    uids: frozenset[str]
    rows: list[Row]

    def of(self, uids: frozenset[str]) -> list[Row]:
        if uids >= self.uids:
            return self.rows
        near = ((row, [one for one in row["near"] if one[0] in uids]) for row in self.rows)
        return [{**row, "near": some} for row, some in near if some]


class LookAhead:
    """What one walk in one direction is about to see; ``fan``: most edges of a node."""

    def __init__(self, reader: LineageReader, direction: str, sight: Sight, *, fan: int) -> None:
        self._reader = reader
        self._direction = direction
        self._parameters = {**sight.parameters(), "fan": fan, "most": _MOST}
        self._foreseen: list[_Foreseen] = []

    async def leave(
        self, uids: Sequence[str], *, levels: int, first: bool, timeout_seconds: float
    ) -> Generation:
        """One generation from these versions, at most one round trip.

        ``levels``: how many generations the walk may still want, this one included; ``first``: the
        heads of the versions themselves are wanted, too.
        """
        missing = frozenset(uids)
        rows: list[Row] = []
        for foreseen in self._foreseen:
            here = missing & foreseen.uids
            if here:
                rows += foreseen.of(here)
                missing -= here
        if missing:
            asked = [uid for uid in uids if uid in missing]
            rows += await self._fetch(asked, levels, first=first, timeout_seconds=timeout_seconds)
        return self._reader.decoder.generation(rows, upstream=self._direction == UPSTREAM)

    async def _fetch(self, uids: list[str], levels: int, *, first: bool, timeout_seconds: float) -> list[Row]:
        """The rows of these versions; keeps those of the generations behind."""
        (answer,) = await self._reader.bolt.read(
            cypher.LOOK_AHEAD[self._direction],
            {**self._parameters, "uids": uids, "levels": min(levels, cypher.LEVELS)},
            timeout_seconds=timeout_seconds,
        )
        nodes = {head[0]: (head, twins) for head, twins in answer["versions"]}
        nodes |= {head[0]: (head, []) for head in answer["others"]}
        generations = [
            _Foreseen(frozenset(left), [*_rows(nodes, over, direct), *_twins(nodes, left)])
            for left, over, direct in answer["generations"]
        ]
        self._foreseen = generations[1:]
        selves = [_row("SELF", *nodes[uid], []) for uid in generations[0].uids] if first else []
        return [*selves, *generations[0].rows]


_Nodes = dict[str, tuple[list[Any], list[list[Any]]]]
"""By uid: its head, and its twins' heads."""


def _rows(nodes: _Nodes, over: Iterable[Any], direct: Iterable[Any]) -> Iterable[Row]:
    """Edges over runs and direct ones, with what stands at their ends."""
    for type_, run, near, far in over:
        yield _row(type_, nodes[run][0], near, [(edge, *nodes[uid]) for edge, uid in far])
    for type_, origin, far in direct:
        yield _row(type_, None, [[origin]], [(edge, *nodes[uid]) for edge, uid in far])


def _twins(nodes: _Nodes, uids: Iterable[str]) -> Iterable[Row]:
    return (_row("SAME_AS", None, [[uid]], nodes[uid][1]) for uid in uids if nodes[uid][1])


def _row(type_: str, via: list[Any] | None, near: Sequence[Any], far: Sequence[Any]) -> Row:
    return {"type": type_, "via": via, "near": near, "far": far}


async def keep_planned(bolt: Bolt, *, embedded: bool) -> None:
    """Plan ahead again and again: Neo4j gives a plan up once the graph is not what it was made for. The
    embedded engine keeps them."""
    await plan_ahead(bolt)
    while not embedded:
        await asyncio.sleep(_AGAIN_SECONDS)
        await plan_ahead(bolt)


async def plan_ahead(bolt: Bolt) -> None:
    """Have the statements planned before somebody waits for them: Neo4j takes seconds the first time.

    They are those of a picture of what led to a version or a run, and of what came of it.
    """
    about = {"uids": list[str](), "rows": list[dict[str, Any]]()}
    asked = {**Sight().parameters(), **about, "fan": 1, "skip": 0, "most": 0, "levels": 1, "cap": 1}
    statements: list[LiteralString] = [
        *cypher.LOOK_AHEAD.values(),
        *(statement for (_, label), statement in lineage.COUNTS.items() if label in _DRAWN),
        lineage.FIRST_OUTPUTS,
        *(lineage.START[way, Label.RUN] for way in (UPSTREAM, DOWNSTREAM)),
    ]
    try:
        for statement in statements:
            await bolt.read(statement, asked, timeout_seconds=_PLAN_SECONDS)
    except LineageError as error:
        logger.info("lineage is not planned ahead: %s", error.message)
