"""What uses a node, near or far: the walk down from it, by generation, within bounds.

A walk that comes to a bound says so: what nobody has looked at is not called unused.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, LiteralString, TypeAlias

from lineage_server.domain.ids import label_of
from lineage_server.domain.nodes import Label
from lineage_server.graph.queries import uses as q

MOST_USERS = 200
"""Users of one kind of one node."""
MOST_MADE = 10_000
"""Versions that are looked at for all questions of one batch."""
MOST_GENERATIONS = 50
_FAN = 1_000
_CHUNK = 200

_Run: TypeAlias = Callable[[LiteralString, Mapping[str, Any]], Awaitable[list[dict[str, Any]]]]


@dataclass(frozen=True, slots=True)
class Uses:
    """``by``: uids of what uses it, and for each the uid of what it uses (the node itself, a version of it,
    or what was made of it); ``made``: the versions that were looked at; ``whole``: whether that was all."""

    by: dict[str, str] = field(default_factory=dict[str, str])
    made: frozenset[str] = frozenset()
    whole: bool = True


async def uses_of(run: _Run, uids: Iterable[str]) -> dict[str, Uses]:
    """What uses each of these now; of what has no users as we mean it, there is no answer."""
    groups: dict[Label, list[str]] = defaultdict(list)
    for uid in uids:
        groups[label_of(uid)].append(uid)
    out: dict[str, Uses] = {}
    starts: dict[str, list[str]] = {uid: [uid] for uid in groups[Label.ARTIFACT_VERSION]}
    for label, group in groups.items():
        if label in q.USERS_OF:
            out |= {uid: Uses() for uid in group}
            for row in await run(q.USERS_OF[label], {"uids": group, "most": MOST_USERS}):
                out[row["uid"]].by[row["by"]] = row["of"]
        elif label in q.VERSIONS_OF:
            starts |= {uid: [] for uid in group}
            for row in await run(q.VERSIONS_OF[label], {"uids": group, "fan": _FAN}):
                starts[row["uid"]].append(row["to"])
    if starts:
        walk = _Walk(run)
        await walk.go({version for versions in starts.values() for version in versions})
        out |= {uid: walk.told(uid, versions) for uid, versions in starts.items()}
    return out


class _Walk:
    """One walk for all starts of a batch: what they share is asked once."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._made: dict[str, list[str]] = {}
        self._by: dict[str, dict[str, str]] = defaultdict(dict)

    async def go(self, starts: set[str]) -> None:
        frontier = sorted(starts)
        for _ in range(MOST_GENERATIONS):
            if not frontier or len(self._made) + len(frontier) > MOST_MADE:
                return
            for place in range(0, len(frontier), _CHUNK):
                await self._leave(frontier[place : place + _CHUNK])
            reached = {to for uid in frontier for to in self._made[uid]}
            frontier = sorted(reached - self._made.keys())

    async def _leave(self, uids: list[str]) -> None:
        self._made |= {uid: [] for uid in uids}
        for row in await self._run(q.USERS_OF_VERSIONS, {"uids": uids, "most": MOST_USERS}):
            self._by[row["uid"]][row["by"]] = row["of"]
        for row in await self._run(q.MADE_OF, {"uids": uids, "fan": _FAN}):
            self._made[row["uid"]].append(row["to"])

    def told(self, uid: str, starts: list[str]) -> Uses:
        """What of all that this start has to do with."""
        seen: set[str] = set()
        by: dict[str, str] = {}
        whole = len(starts) < _FAN
        todo = list(starts)
        while todo:
            version = todo.pop()
            if version in seen:
                continue
            seen.add(version)
            by |= self._by.get(version, {})
            made = self._made.get(version)
            # Each way from a version is cut by itself.
            whole = whole and made is not None and len(made) < _FAN
            todo += made or ()
        by.pop(uid, None)  # that it is held itself is told by itself
        kept = dict(sorted(by.items())[:MOST_USERS])
        return Uses(kept, frozenset(seen), whole and len(kept) == len(by))
