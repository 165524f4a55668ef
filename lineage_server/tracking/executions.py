"""Runs with all that determined them and all that came of them, for many at once.

Comparing runs, and telling whether two of them should have had one result, both begin with this.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from lineage_server.domain.untyped import as_mapping
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.read_lineage import Sight
from lineage_server.graph.read_lineage_facts import LineageFacts, RunFacts
from lineage_server.graph.read_tracking_parts import Link, Links, PartsReader
from lineage_server.tracking.filters import Scope

MOST_LINKS = 100
"""Of what a run read, or wrote: more are counted, not looked at."""
_TOGETHER = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """A run with its code, packages and GPUs, what it read and what it wrote.

    ``unseen_inputs`` and ``unseen_outputs`` are not looked at: of projects that one may not see, or beyond
    the first hundred. ``unversioned``: roles of what it read without anybody knowing which version.
    """

    facts: RunFacts
    inputs: tuple[Link, ...] = ()
    outputs: tuple[Link, ...] = ()
    unseen_inputs: int = 0
    unseen_outputs: int = 0
    unversioned: tuple[str, ...] = ()

    @property
    def uid(self) -> str:
        return self.facts.run.uid

    @property
    def command(self) -> list[str]:
        """The words of its command; none where nobody captured them."""
        argv = self._captured.get("argv")
        return [str(word) for word in cast("list[Any]", argv)] if isinstance(argv, list) else []

    @property
    def folder(self) -> str:
        """Where it was started; empty where nobody captured it."""
        return str(self._captured.get("cwd") or "")

    @property
    def root(self) -> str:
        """Top of the repository it was started in; empty where nobody captured it."""
        return str(self._captured.get("root") or "")

    @property
    def machine(self) -> str:
        """Kind of processor, such as ``x86_64``; empty where nobody captured it."""
        return str(as_mapping(self._captured.get("host")).get("machine") or "")

    @property
    def entry_digest(self) -> str:
        """Digest of the script that was started; empty where nobody captured it."""
        return str(self._captured.get("entry_digest") or "")

    @property
    def _captured(self) -> dict[str, Any]:
        """What a client told of itself; anybody may have told anything else."""
        return as_mapping(self.facts.run.properties.get("facts"))


class Executions:
    """Reads them; those that are not there, or not to be seen, have no answer."""

    def __init__(self, bolt: Bolt) -> None:
        self._facts = LineageFacts(bolt)
        self._parts = PartsReader(bolt)

    async def of(self, runs: Iterable[str], *, scope: Scope) -> dict[str, Execution]:
        """By uid, four questions to the graph for each two hundred."""
        wanted = list(dict.fromkeys(runs))
        out: dict[str, Execution] = {}
        for start in range(0, len(wanted), _TOGETHER):
            out |= await self._some(wanted[start : start + _TOGETHER], scope)
        return out

    async def _some(self, uids: list[str], scope: Scope) -> dict[str, Execution]:
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
            )
        return out


def _links(found: Mapping[int, Links], index: int) -> tuple[tuple[Link, ...], int]:
    """What there is to see, and how many more there are."""
    links = found.get(index)
    if links is None:
        return (), 0
    return tuple(links.page), links.total + links.hidden - len(links.page)
