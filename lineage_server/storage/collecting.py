"""Collecting bytes that nobody needs any more, with the reason for each; first as a plan.

Whatever is not understood stops it before anything is deleted. Then, so that it may be cut off anywhere and
meet uploads anywhere: the graph is told that a version's bytes are gone before its manifest goes; claims
go only if nobody renewed them; an object or a manifest is doomed, looked at again, and only then deleted,
while who commits claims first and then asks whether it is doomed, and begins anew where a collection began
meanwhile. What was uploaded within the grace is left alone.
"""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lineage_server.domain.edges import Basis, Source
from lineage_server.domain.errors import ConflictError, UnavailableError
from lineage_server.domain.events import Event, VersionReported
from lineage_server.domain.ids import new_run_id, now_micros
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.errors import TransientGraphError
from lineage_server.graph.lease import Lease
from lineage_server.graph.queries import artifacts as q
from lineage_server.graph.queries import ingest as writer_queries
from lineage_server.graph.retries import retry
from lineage_server.storage.claims import COLLECTION, DOOMED_SECONDS, Claims, doomed_uid, pages
from lineage_server.storage.collected import MOST_TOLD, Collection, GoingVersion, tell_lost
from lineage_server.storage.judging import Rules, rules_at, why_it_goes, why_they_stay
from lineage_server.storage.store import Store, Stored, Stores
from lineage_server.storage.uploads import Record, each
from lineage_server.storage.verified import SpoiltError, Verified

_PAGE = 500
_DOOMED_AT_ONCE = 50
"""Manifests: of each of their versions the graph is told while they are doomed."""
_DELETE_WITHIN_SECONDS = 10.0
_DOOM_SECONDS = 10.0
_UNDOOM_SECONDS = 30.0
WAIT_SECONDS = 20.0
"""For others who work on the graph as a whole: the erasing of what a caller has just erased takes less."""


@dataclass(slots=True)
class _Manifests:
    """What was found: by project and store, which objects are needed; which manifests go; and
    ``forgotten``, the versions that lose their bytes."""

    needed: defaultdict[str, defaultdict[Store, set[bytes]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(set[bytes]))
    )
    forgotten: set[str] = field(default_factory=set[str])
    going: list[tuple[Store, str, list[Stored]]] = field(
        default_factory=list[tuple[Store, str, list[Stored]]]
    )

    def need(self, store: Store, project: str, objects: Iterable[str]) -> None:
        self.needed[project][store].update(bytes.fromhex(name) for name in objects)

    def stores_of(self, project: str, name: str) -> set[Store]:
        """Where a project needs an object: it may have manifests in more stores than its present one."""
        wanted = bytes.fromhex(name)
        return {store for store, known in self.needed[project].items() if wanted in known}


@dataclass(frozen=True, slots=True)
class Collector:
    """One per server."""

    bolt: Bolt
    stores: Stores
    claims: Claims
    record: Record
    lease: Lease
    grace_hours: float
    deleted_days: float
    verified: Verified = field(default_factory=Verified)

    async def collect(self, *, dry_run: bool, actor: str) -> Collection:
        """Raises ConflictError while the graph is worked on for long, or where it is another store's."""
        done = Collection(dry_run)
        # The lease of rebuilds, too: in a graph that is not whole, everything looks like nobody's.
        async with self.lease.held("collecting bytes", wait_seconds=WAIT_SECONDS) as owner:
            await self._check_graph()
            # Who commits and sees that it began has claimed later than this; who does not, begins anew.
            now = (await self.bolt.read(q.NOW))[0]["now"]
            rules = rules_at(now, grace_hours=self.grace_hours, deleted_days=self.deleted_days)
            if not dry_run:
                await self.bolt.write(q.BEGIN_COLLECTION, {"uid": COLLECTION, "owner": owner})
            found = await self._judge(rules, done)
            await tell_lost(self.bolt, done, found.forgotten)
            if not dry_run:
                for store, project, manifests in found.going:
                    for some in pages(manifests, _DOOMED_AT_ONCE):
                        await self._forget(store, project, some, found, rules, owner=owner, actor=actor)
            for store in self.stores.all:
                await self._objects(store, found, rules, done, owner)
                await self._left_over(store, rules, done)
            if not dry_run:
                await self._drop_pending(rules)
        return done

    async def _check_graph(self) -> None:
        if (await self.bolt.read(writer_queries.WRITER_STATE))[0]["rebuilder"]:
            raise ConflictError("the graph is not whole: a rebuild has not ended; nothing was collected")
        if await self.bolt.read(q.ANY_CLAIM):
            return
        for store in self.stores.all:
            async for _ in store.list_below("objects"):
                raise ConflictError(
                    "there are bytes in the store, but none that this graph knows: it is another graph's "
                    "store; nothing was collected"
                )

    # --- judging -----------------------------------------------------------------------------

    async def _judge(self, rules: Rules, done: Collection) -> _Manifests:
        found = _Manifests()
        for store in self.stores.all:
            by_project: defaultdict[str, list[Stored]] = defaultdict(list)
            async for manifest in store.list_below("manifests"):
                by_project[manifest.key.split("/")[1]].append(manifest)
            for project, manifests in by_project.items():
                for some in pages(manifests, _PAGE):
                    await self._judge_some(store, project, some, rules, found, done)
        return found

    async def _judge_some(
        self,
        store: Store,
        project: str,
        manifests: Sequence[Stored],
        rules: Rules,
        found: _Manifests,
        done: Collection,
    ) -> None:
        versions = await self._versions(project, manifests)
        going: dict[str, str] = {}
        gone: list[Stored] = []
        for one in manifests:
            mine = versions[one.key]
            reason = why_it_goes(mine, one.at, rules)
            if reason:
                gone.append(one)
                done.note(one, reason)
                going |= {version["uid"]: reason for version in mine}
                found.forgotten.update(version["uid"] for version in mine)
            else:
                done.keep(why_they_stay(mine, one.at, rules))
                await self._need(store, project, one, found)
        found.going.append((store, project, gone))
        left = MOST_TOLD - len(done.versions)
        done.versions.extend([GoingVersion(uid, reason, []) for uid, reason in going.items()][:left])

    # --- collecting --------------------------------------------------------------------------

    async def _forget(
        self,
        store: Store,
        project: str,
        manifests: Sequence[Stored],
        found: _Manifests,
        rules: Rules,
        *,
        owner: str,
        actor: str,
    ) -> None:
        """The graph first, then the manifests; only those that still may go now that they are doomed."""
        names = [one.key for one in manifests]
        async with self._doomed(names, [], rules, owner) as check_time:
            claims = await self.bolt.read(q.CLAIMS_OF, {"names": names})
            claimed = {row["sha256"] for row in claims if row["at"] >= rules.cutoff}
            versions = await self._versions(project, manifests)
            needed = [one for one in manifests if not why_it_goes(versions[one.key], one.at, rules)]
            stays = claimed | {one.key for one in needed}
            going = [name for name in names if name not in stays]

            async def tell(event: Event) -> None:
                await self.record(event, actor)

            gone = [_gone(project, version) for name in going for version in versions[name]]
            await each(tell, gone, at_once=_DOOMED_AT_ONCE)
            check_time()
            await store.delete(going)
        for one in needed:
            await self._need(store, project, one, found)

    async def _need(self, store: Store, project: str, manifest: Stored, found: _Manifests) -> None:
        """Raises ConflictError where the manifest is not to be trusted: what it ought to name would go."""
        digest = "sha256:" + manifest.key.rpartition("/")[2]
        try:
            objects = (await self.verified.manifest(store, project, digest)).objects()
        except SpoiltError as error:
            raise ConflictError(
                f"nothing more was collected: {error.message}; or delete its version"
            ) from None
        if len(await self.claims.kept(project, list(objects))) < len(objects):
            raise ConflictError(
                f"nothing more was collected: the manifest of {digest} in project {project!r} names objects "
                "that this graph does not know of; upload that version again, or delete it"
            )
        found.need(store, project, objects)

    async def _versions(
        self, project: str, manifests: Sequence[Stored]
    ) -> defaultdict[str, list[dict[str, Any]]]:
        """By the manifest's key."""
        keys = {"sha256:" + one.key.rpartition("/")[2]: one.key for one in manifests}
        versions: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in await self.bolt.read(q.OF_DIGESTS, {"digests": list(keys), "project": project}):
            versions[keys[row["digest"]]].append(row)
        return versions

    async def _objects(
        self, store: Store, found: _Manifests, rules: Rules, done: Collection, owner: str
    ) -> None:
        async for some in _listed(store, "objects"):
            names = {one.key.rpartition("/")[2]: one for one in some}
            stays, drop = await self._claimed(store, names, found, rules)
            going = {n: one for n, one in names.items() if n not in stays and one.at < rules.cutoff}
            done.kept_bytes += sum(one.size for name, one in names.items() if name not in going)
            if going and not done.dry_run:
                deleted = await self._delete(store, going, drop, found, rules, owner)
                going = {name: one for name, one in going.items() if name in deleted}
            elif drop and not done.dry_run:
                await self.bolt.write(q.DROP_CLAIMS, {"uids": drop, "cutoff": rules.cutoff})
            for one in going.values():
                done.note(one, "no version of any project has it any more")

    async def _claimed(
        self, store: Store, names: Iterable[str], found: _Manifests, rules: Rules
    ) -> tuple[set[str], list[str]]:
        """Which objects somebody needs in this store, and which claims nobody needs anywhere."""
        stays: set[str] = set()
        drop: list[str] = []
        for row in await self.bolt.read(q.CLAIMS_OF, {"names": list(names)}):
            needed = found.stores_of(row["project"], row["sha256"])
            if store in needed or row["at"] >= rules.cutoff:
                stays.add(row["sha256"])
            elif not needed:
                drop.append(row["uid"])
        return stays, drop

    async def _delete(
        self,
        store: Store,
        going: dict[str, Stored],
        drop: list[str],
        found: _Manifests,
        rules: Rules,
        owner: str,
    ) -> set[str]:
        """Doomed, looked at again, deleted; answers which were."""
        async with self._doomed(list(going), drop, rules, owner) as check_time:
            stays, _ = await self._claimed(store, going, found, rules)
            gone = going.keys() - stays
            check_time()
            await store.delete([going[name].key for name in gone])
        return set(gone)

    async def _drop_pending(self, rules: Rules) -> None:
        uids = [row["uid"] for row in await self.bolt.read(q.OLD_PENDING, {"cutoff": rules.cutoff})]
        for some in pages(uids, _PAGE):
            await self.bolt.write(q.DROP_CLAIMS, {"uids": some, "cutoff": rules.cutoff})

    @contextlib.asynccontextmanager
    async def _doomed(
        self, names: Sequence[str], drop: list[str], rules: Rules, owner: str
    ) -> AsyncGenerator[Callable[[], None]]:
        """Who commits any of them waits until the end; gives what refuses to delete when they might not.

        After a failure it is left to its time: something may still be on its way to the store.
        """
        uids = [doomed_uid(name) for name in names]
        began = 0.0

        async def doom(_: float) -> None:
            nonlocal began
            began = time.monotonic()
            async with self.lease.transaction(owner) as transaction:
                told = {"uids": uids, "owner": owner, "milliseconds": int(DOOMED_SECONDS * 1000)}
                rows = await transaction.run(q.DOOM, told)
                if rows[0]["doomed"] != len(uids):
                    raise TransientGraphError("what was doomed before was let go meanwhile", part="graph")
                await transaction.run(q.DROP_CLAIMS, {"uids": drop, "cutoff": rules.cutoff})

        # Commits of others may be in its way: then it was rolled back as a whole.
        await retry(doom, seconds=_DOOM_SECONDS, on=(TransientGraphError,))

        def check_time() -> None:
            if time.monotonic() - began > _DELETE_WITHIN_SECONDS:
                raise UnavailableError("collecting took too long; nothing is lost, repeat it", part="graph")

        yield check_time
        await self.bolt.write(q.UNDOOM, {"uids": uids, "owner": owner}, patience_seconds=_UNDOOM_SECONDS)

    async def _left_over(self, store: Store, rules: Rules, done: Collection) -> None:
        """Of uploads that were never finished, and of writing that was cut off."""
        for prefix in ("incoming", "proven", "checking"):
            async for some in _listed(store, prefix):
                old = [one for one in some if one.at < rules.cutoff]
                for one in old:
                    done.note(one, "its upload was never finished")
                if old and not done.dry_run:
                    await store.delete([one.key for one in old])
        cut_off = [one for one in await store.list_unfinished() if one.at < rules.cutoff]
        for one in cut_off:
            done.note(one, "writing it was cut off")
        if not done.dry_run:
            await store.delete_unfinished([one.key for one in cut_off])


def _gone(project: str, version: Mapping[str, Any]) -> Event:
    key = version["uid"].rpartition("@")[2]
    by_run = key.startswith("run:")
    return VersionReported(
        project=project,
        id=new_run_id(),
        at=now_micros(),
        source=Source.SYSTEM,
        basis=Basis.OBSERVED,
        artifact=version["name"],
        kind=version["kind"],
        digest="" if by_run else key,
        run=key.removeprefix("run:") if by_run else "",
        stored_at=0,
    )


async def _listed(store: Store, prefix: str) -> AsyncGenerator[list[Stored]]:
    page: list[Stored] = []
    async for one in store.list_below(prefix):
        page.append(one)
        if len(page) == _PAGE:
            yield page
            page = []
    if page:
        yield page
