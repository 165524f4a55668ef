"""Runs with all that determined them and all that came of them, for many at once.

Comparing runs, and telling whether two of them should have had one result, both begin with this.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lineage_server.graph.bolt import Bolt
from lineage_server.graph.read_lineage import Sight
from lineage_server.graph.read_lineage_facts import LineageFacts, RunFacts
from lineage_server.graph.read_tracking_parts import Link, Links, PartsReader
from lineage_server.tracking.determinants import Captured, Determinants, determinants_of
from lineage_server.tracking.filters import Scope

MOST_LINKS = 100
"""Of what a run read, or wrote: more are counted, not looked at."""
_TOGETHER = 200
_MOST_LEVELS = 8
"""Of runs that are part of others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """A run with its code, packages and GPUs, what it read and what it wrote.

    ``unseen_inputs`` and ``unseen_outputs`` are not looked at: of projects that one may not see, or beyond
    the first hundred. ``unversioned``: roles of what it read without anybody knowing which version.
    ``ancestors``: the runs it is part of, the nearest first, as far as they are to tell what it does not.
    """

    facts: RunFacts
    inputs: tuple[Link, ...] = ()
    outputs: tuple[Link, ...] = ()
    unseen_inputs: int = 0
    unseen_outputs: int = 0
    unversioned: tuple[str, ...] = ()
    ancestors: tuple[RunFacts, ...] = ()

    @property
    def uid(self) -> str:
        return self.facts.run.uid

    @property
    def captured(self) -> Captured:
        """What it captured itself."""
        return Captured(self.facts)

    @property
    def generation(self) -> int:
        """How many levels of runs lie between this and the one whose code it is."""
        line = [self.uid, *(one.run.uid for one in self.ancestors)]
        return line.index(self.determinants.code.facts.run.uid)

    @property
    def determinants(self) -> Determinants:
        """What determined it, with what it has from the runs that it is part of."""
        return determinants_of(self.facts, self.ancestors)


class Executions:
    """Reads them; those that are not there, or not to be seen, have no answer."""

    def __init__(self, bolt: Bolt) -> None:
        self._facts = LineageFacts(bolt)
        self._parts = PartsReader(bolt)

    async def of(
        self, runs: Iterable[str], *, scope: Scope, with_ancestors: bool = False
    ) -> dict[str, Execution]:
        """By uid, four questions to the graph for each two hundred; with ancestors one more for each level
        of runs above those that have not captured all themselves."""
        wanted = list(dict.fromkeys(runs))
        out: dict[str, Execution] = {}
        for start in range(0, len(wanted), _TOGETHER):
            out |= await self._some(wanted[start : start + _TOGETHER], scope, with_ancestors)
        return out

    async def _some(self, uids: list[str], scope: Scope, with_ancestors: bool) -> dict[str, Execution]:
        sight = Sight(scope=scope)
        starts = [(uid, None) for uid in uids]
        facts, unknown, read, wrote = await asyncio.gather(
            self._facts.run_facts(uids, sight),
            self._facts.unknown_inputs(uids, sight),
            self._parts.links(starts, scope, inputs=True, limit=MOST_LINKS),
            self._parts.links(starts, scope, inputs=False, limit=MOST_LINKS),
        )
        roles: dict[str, list[str]] = {}
        for one in unknown:
            roles.setdefault(one.run, []).append(one.role)
        above = await self._ancestors(facts, sight) if with_ancestors else {}
        out: dict[str, Execution] = {}
        for index, uid in enumerate(uids):
            if uid not in facts:
                continue
            inputs, unseen_inputs = _links(read, index)
            outputs, unseen_outputs = _links(wrote, index)
            out[uid] = Execution(
                facts=facts[uid],
                inputs=inputs,
                outputs=outputs,
                unseen_inputs=unseen_inputs,
                unseen_outputs=unseen_outputs,
                unversioned=tuple(roles.get(uid, ())),
                ancestors=tuple(above.get(uid, ())),
            )
        return out

    async def _ancestors(self, facts: Mapping[str, RunFacts], sight: Sight) -> dict[str, list[RunFacts]]:
        """Of those runs that have not captured all themselves, level by level until all is known."""
        above: dict[str, list[RunFacts]] = {}
        ends = {uid: one for uid, one in facts.items() if not Captured(one).is_whole}
        for _ in range(_MOST_LEVELS):
            if not ends:
                break
            parents = await self._facts.parent_facts((one.run.uid for one in ends.values()), sight)
            ends = {uid: parents[one.run.uid] for uid, one in ends.items() if one.run.uid in parents}
            for uid, one in ends.items():
                above.setdefault(uid, []).append(one)
            ends = {uid: one for uid, one in ends.items() if not _is_known(facts[uid], above[uid])}
        return above


def _is_known(own: RunFacts, above: Sequence[RunFacts]) -> bool:
    found = determinants_of(own, above)
    return (
        found.code.has_code and found.environment.has_environment
        and found.command.has_command and found.machine.has_machine
    )  # fmt: skip


def _links(found: Mapping[int, Links], index: int) -> tuple[tuple[Link, ...], int]:
    """What there is to see, and how many more there are."""
    links = found.get(index)
    if links is None:
        return (), 0
    return tuple(links.page), links.total + links.hidden - len(links.page)
