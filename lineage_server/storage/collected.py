"""What a collection answers: what goes, why, and what could then not be made again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lineage_server.graph.bolt import Bolt
from lineage_server.graph.queries import artifacts as q
from lineage_server.storage.claims import pages
from lineage_server.storage.store import Stored

MOST_TOLD = 1_000
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Going:
    """Something in a store, and why it may go."""

    key: str
    size: int
    reason: str


@dataclass(frozen=True, slots=True)
class GoingVersion:
    """A version that loses its bytes; ``irreproducible``: what was made from it, also over others that go,
    and stays."""

    uid: str
    reason: str
    irreproducible: list[str]


@dataclass(frozen=True, slots=True)
class KeptVersion:
    """A version that somebody lets go (it has a time to live, or is deleted), and why its bytes stay."""

    uid: str
    reason: str


@dataclass(slots=True)
class Collection:
    """What may go, or went. The lists hold the first of each; ``forgotten``: how many versions lose bytes;
    ``waiting``: how many keep them, although somebody lets them go."""

    dry_run: bool
    objects: int = 0
    bytes: int = 0
    kept_bytes: int = 0
    forgotten: int = 0
    waiting: int = 0
    versions: list[GoingVersion] = field(default_factory=list[GoingVersion])
    kept: list[KeptVersion] = field(default_factory=list[KeptVersion])
    items: list[Going] = field(default_factory=list[Going])

    def note(self, one: Stored, reason: str) -> None:
        self.objects += 1
        self.bytes += one.size
        if len(self.items) < MOST_TOLD:
            self.items.append(Going(one.key, one.size, reason))

    def keep(self, reasons: Mapping[str, str]) -> None:
        """Versions by uid, with why they stay."""
        self.waiting += len(reasons)
        left = MOST_TOLD - len(self.kept)
        self.kept.extend([KeptVersion(uid, reason) for uid, reason in reasons.items()][:left])


async def tell_lost(bolt: Bolt, done: Collection, forgotten: set[str]) -> None:
    """Of each version that is told, what can then not be made again."""
    done.forgotten = len(forgotten)
    made: dict[str, list[str]] = {}
    frontier = [version.uid for version in done.versions]
    while frontier:
        made |= {uid: [] for uid in frontier}
        for some in pages(frontier, _PAGE):
            for row in await bolt.read(q.MADE_FROM, {"uids": some}):
                made[row["uid"]].append(row["made"])
        # What goes itself need not be made again; but what was made of it has lost its way, too.
        reached = {to for uid in frontier for to in made[uid]}
        frontier = sorted((reached & forgotten) - made.keys())
    for version in done.versions:
        lost = _lost(version.uid, made, forgotten)
        version.irreproducible.extend(sorted(lost)[:MOST_TOLD])


def _lost(uid: str, made: Mapping[str, list[str]], forgotten: set[str]) -> set[str]:
    """What stays of all that was made of a version, over what goes."""
    seen, todo, stays = {uid}, [uid], set[str]()
    while todo:
        for to in made.get(todo.pop(), ()):
            if to not in forgotten:
                stays.add(to)
            elif to not in seen:
                seen.add(to)
                todo.append(to)
    return stays
