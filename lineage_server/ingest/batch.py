"""One batch: from received events to the rows of one statement.

Load what the events touch, merge, derive what follows, and emit only what changed. Nothing
is written here; a batch that fails is thrown away together with the states it touched.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lineage_server.changes import Change
from lineage_server.domain import ids
from lineage_server.domain.edges import EdgeType
from lineage_server.domain.errors import LineageError
from lineage_server.domain.events import (
    ApprovalGiven,
    ApprovalRequested,
    Event,
    NodeAnnotated,
    NodeDeleted,
    NodeErased,
    NodeRestored,
    RunReported,
)
from lineage_server.domain.nodes import Label
from lineage_server.graph.uses import Uses
from lineage_server.graph.write import WriteBatch, WriteSession
from lineage_server.ingest import derive, judging, news, reading, registered
from lineage_server.ingest.cache import WriterCache
from lineage_server.ingest.erasing import clear_around
from lineage_server.ingest.facts import NodeFacts
from lineage_server.ingest.model_notes import note_models
from lineage_server.ingest.room import lacking_room
from lineage_server.ingest.rows import emit
from lineage_server.ingest.state import NodeState
from lineage_server.ingest.values import MAX_TIME
from lineage_server.ingest.verdicts import NotYoursError

FRESH_MICROS = 10 * 60 * 1_000_000
"""A client-made run id younger than this is taken for new without asking the graph."""
_ON_A_NODE = (NodeAnnotated, NodeDeleted, NodeRestored, NodeErased)


@dataclass(slots=True)
class Planned:
    """A received event with what it tells; ``refusal`` is set if the graph speaks against it."""

    uid: str
    event: Event
    recorded_at: int
    facts: list[NodeFacts]
    actor: str = ""
    accepted: bool = False
    """It was stored before: nothing is judged again."""
    refusal: LineageError | None = None
    redacted: bool = False
    was: str | None = None
    """The state that it changed, see ``judging.state_until``."""


@dataclass
class Batch:
    """The working set of one transaction."""

    session: WriteSession
    cache: WriterCache
    items: list[Planned]
    careful: bool
    recorded_at: int = field(default=0, init=False)
    """When the last of its stored events came: the time at which what follows from them was learned."""
    states: dict[str, NodeState] = field(default_factory=dict[str, NodeState])
    known: set[str] = field(default_factory=set[str])
    before: dict[str, dict[derive.Feed, derive.Span]] = field(
        default_factory=dict[str, dict[derive.Feed, derive.Span]]
    )
    sealed: dict[str, int] = field(default_factory=dict[str, int])
    erased: list[str] = field(default_factory=list[str])
    users: dict[str, Uses] = field(default_factory=dict[str, Uses])

    async def prepare(self) -> None:
        """Load, merge and derive."""
        await self._load_touched()
        for item in self.items:
            self._merge(item)
        if self.erased:
            await clear_around(self.erased, self.states, self.session, self._load)
        self.recorded_at = max((i.recorded_at for i in self.items if not i.refusal), default=0)
        await self._derive()

    # --- loading ---------------------------------------------------------------------

    async def _load_touched(self) -> None:
        full: set[str] = set()
        known: set[str] = set()
        for item in self.items:
            for facts in item.facts:
                (full if _needs_state(facts) else known).add(facts.uid)
            if not item.accepted and item.facts:
                full.update(judging.looked_at(item.event))
        full |= await self._find_users()
        known -= full
        if not self.careful:
            new = {f.uid for i in self.items for f in i.facts if _surely_new(f, i)}
            full -= new
            known -= new
        await self._load(full, known)

    async def _find_users(self) -> set[str]:
        """What uses that which is to go only if nothing uses it."""
        asked = {uid for i in self.items if i.facts and not i.accepted and (uid := judging.guarded(i.event))}
        if asked:
            self.users = await self.session.users(asked)
        return asked.union(*(uses.by for uses in self.users.values()))

    async def _load(self, full: Iterable[str], known: Iterable[str] = ()) -> None:
        """Fetch what neither this batch nor the cache holds."""
        cache = self.cache
        want: list[str] = []
        for uid in full:
            if uid in self.states:
                continue
            state = cache.take(uid)
            if state is not None:
                self.states[uid] = state
            else:
                want.append(uid)
        ask = [u for u in known if u not in self.states and u not in self.known and not cache.knows(u)]
        if not want and not ask:
            return
        loaded = await self.session.load(want, ask)
        for uid, (props, edges) in loaded.nodes.items():
            self.states[uid] = NodeState.loaded(uid, ids.label_of(uid), props, edges)
        self.known |= loaded.known
        cache.note_known(loaded.known)

    def _exists(self, uid: str) -> bool:
        return uid in self.states or uid in self.known or self.cache.knows(uid)

    # --- merging ---------------------------------------------------------------------

    def _refusal(self, item: Planned) -> LineageError | None:
        """What the nodes that are there already have against the event."""
        project = item.event.project
        for facts in item.facts:
            state = self.states.get(facts.uid)
            if state is None or not state.props or not _needs_state(facts):
                continue
            # Runs, GPUs and the like have no project in their uid. Any run may use a GPU; only events of
            # its project may change what is said of it.
            own = facts.label is Label.RUN and not state.props.get("stub")
            if state.project != project and (own or isinstance(item.event, _ON_A_NODE)):
                return NotYoursError(f"{facts.uid} is not in project {project!r}")
            full = lacking_room(state, facts)
            if full is not None:
                return full
        if item.accepted:
            return None
        return judging.objection(item.event, item.actor, item.facts[0].clock, self.states, self.users)

    def _merge(self, item: Planned) -> None:
        item.facts = registered.without_foreign_maker(item.event, item.facts, self.states)
        item.refusal = self._refusal(item)
        if item.refusal is not None:
            return
        before = judging.state_before(item.event, self.states)
        for facts in item.facts:
            if not _needs_state(facts) and self._exists(facts.uid):
                continue
            state = self.states.get(facts.uid)
            if state is None:
                state = self.states[facts.uid] = NodeState(facts.uid, facts.label)
            if state.label is Label.RUN and state.uid not in self.before:
                self.before[state.uid] = derive.feeds_of(state) if state.exists else {}
            if facts.described and state.props.get("stub") and facts.identity:
                state.props["project"] = facts.identity["project"]
                state.dirty.add("project")
            if facts.seal is not None:
                self._note_seal(state.uid, facts.seal)
            state.apply(facts, item.recorded_at)
            if facts.erased:
                self.erased.append(state.uid)
        item.was = judging.state_until(item.event, before, self.states)

    def _note_seal(self, version: str, at: int) -> None:
        artifact = ids.artifact_of_version(version)
        self.sealed[artifact] = min(at, self.sealed.get(artifact, MAX_TIME))

    # --- deriving --------------------------------------------------------------------

    async def _derive(self) -> None:
        runs = [s for s in self.states.values() if s.label is Label.RUN and s.changed]
        await self._load_for(runs)
        self._seal_outputs(runs)
        await self._number_versions()
        told = (i.facts for i in self.items if i.refusal is None)
        await note_models(told, self.states, self._load)
        readers = await self._late_readers()
        await reading.keep_up(self.states, self._load, self.recorded_at)
        await self._infer(runs, readers)
        for run in [*runs, *readers]:
            self._columns_and_twins(run)
        await self._roll_up([*runs, *readers])
        for state in self.states.values():
            if state.changed:
                derive.finish(state)

    async def _load_for(self, runs: list[NodeState]) -> None:
        """Nodes that the rules need beside those the events named."""
        want: set[str] = set()
        for run in runs:
            want.update(derive.unkeyed_outputs(run))
            want.update(v for pair in derive.same_as(run) for v in pair)
            want.update(_columned_outputs(run))
        await self._load(want)

    def _seal_outputs(self, runs: list[NodeState]) -> None:
        for run in runs:
            for uid in derive.unkeyed_outputs(run):
                version = self.states.get(uid)
                if version is None:
                    continue
                before = version.props.get("sealed_at")
                derive.seal_by_run(version, run)
                after = version.props.get("sealed_at")
                for at in (before, after) if before != after else ():
                    if at is not None:  # a seal that went counts, too: its readers read something else
                        self._note_seal(uid, at)

    async def _number_versions(self) -> None:
        versions = [s for s in self.states.values() if s.label is Label.ARTIFACT_VERSION and s.changed]
        await self._load({v.props["artifact"] for v in versions})
        for version in versions:
            artifact = self.states.get(version.props["artifact"])
            if artifact is None:
                # Only the version's uid names it so far.
                artifact = self._stub_artifact(version)
            if not version.exists and "ordinal" not in version.props:
                derive.number(version, artifact)
            derive.note_latest(version, artifact)

    def _stub_artifact(self, version: NodeState) -> NodeState:
        uid = version.props["artifact"]
        state = NodeState(uid, Label.ARTIFACT)
        props = version.props
        state.props = {
            "project": props["project"],
            "kind": props["kind"],
            "name": props["name"],
            "stub": True,
        }
        state.dirty.update(state.props)
        self.states[uid] = state
        return state

    async def _late_readers(self) -> list[NodeState]:
        """Runs outside the batch whose inferred inputs a newly sealed or registered version may change."""
        rows = await reading.changed(self.sealed, self.states, self._load)
        if not rows:
            return []
        uids = [u for u in await self.session.readers_after(rows) if u not in self.before]
        await self._load(uids)
        readers = [self.states[u] for u in uids if u in self.states]
        await self._load({v for run in readers for v in _columned_outputs(run)})
        for run in readers:
            self.before[run.uid] = derive.feeds_of(run)
        return readers

    async def _infer(self, runs: list[NodeState], readers: list[NodeState]) -> None:
        guessing = [r for r in [*runs, *readers] if derive.unversioned_inputs(r)]
        if not guessing:
            return
        reads = [(k, e) for run in guessing for k, e in derive.unversioned_inputs(run)]
        seals = await self._seals({k.other for k, _ in reads})
        numbered = await self._numbered({(k.other, e["wanted"]) for k, e in reads if e.get("wanted")})
        named = await reading.resolved(guessing, self.states, self._load, self.recorded_at)
        known = derive.Known(seals, numbered, named)
        for run in guessing:
            linked = derive.infer_inputs(run, known, self.recorded_at)
            self.known.update(uid for uid in linked if uid not in self.states)

    async def _seals(self, artifacts: set[str]) -> derive.Seals:
        """Seal times in the graph, overlaid with this batch's versions."""
        missing = [a for a in artifacts if a not in self.cache.seals]
        if missing:
            fetched: derive.Seals = {a: {} for a in missing}
            for row in await self.session.seals(missing):
                fetched[row["artifact"]][row["uid"]] = derive.seal_times(row)
            self.cache.seals.update(fetched)
        seals = {a: dict(self.cache.seals[a]) for a in artifacts}
        for state in self.states.values():
            if state.label is Label.ARTIFACT_VERSION and state.props["artifact"] in seals:
                seals[state.props["artifact"]][state.uid] = derive.seal_times(state.props)
        return seals

    async def _numbered(self, wanted: set[tuple[str, int]]) -> dict[tuple[str, int], str]:
        if not wanted:
            return {}
        rows = await self.session.versions_by_ordinal(
            [{"artifact": artifact, "ordinal": ordinal} for artifact, ordinal in sorted(wanted)]
        )
        found = {(r["artifact"], r["ordinal"]): r["uid"] for r in rows}
        for state in self.states.values():
            if state.label is Label.ARTIFACT_VERSION:
                found[state.props["artifact"], state.props.get("ordinal", 0)] = state.uid
        return found

    def _columns_and_twins(self, run: NodeState) -> None:
        twins = derive.same_as(run)
        ends = derive.edges_by_end(run) if twins else {}
        for keyed, digested in twins:
            version = self.states.get(digested)
            if version is not None:
                derive.mark_same(version, keyed, ends)
        derive.derive_columns(run, self.states, self.recorded_at)

    async def _roll_up(self, runs: list[NodeState]) -> None:
        changes: list[tuple[derive.Feed, derive.Span, str, int]] = []
        for run in runs:
            before, after = self.before.get(run.uid, {}), derive.feeds_of(run)
            for feed, span in after.items():
                if before.get(feed) != span:
                    changes.append((feed, span, run.uid, 0 if feed in before else 1))
            changes += [(f, span, run.uid, -1) for f, span in before.items() if f not in after]
        await self._load({change[0][0] for change in changes})
        for feed, span, run_uid, change in changes:
            job = self.states.get(feed[0])
            if job is not None:
                derive.roll_up(job, feed, span, run_uid, change)

    # --- committing ------------------------------------------------------------------

    def rows(self, batch: WriteBatch) -> None:
        """Emit what changed into ``batch``; takes small ids from ``batch.rid``."""
        emit((s for s in self.states.values() if s.changed), batch)
        marked = dict.fromkeys(uid for uid in self.erased if uid not in self.cache.erased)
        batch.rows["erasures"] += [{"uid": uid, "at": self.recorded_at} for uid in marked]

    def settle(self, seq: int) -> list[Change]:
        """The batch is committed: keep its states for the next one; returns what changed."""
        changed = [s for s in self.states.values() if s.changed]
        changes = [news.change_of(s, seq) for s in changed]
        told = {s.uid for s in changed}
        # An edge is kept by one of its ends; whoever looks at the other end sees it, too.
        ends = {key.other: None for s in changed for key in s.new_edges if key.other not in told}
        changes += [Change(uid, ids.label_of(uid), self._project_of(uid), "linked", seq) for uid in ends]
        for state in self.states.values():
            if state.label is Label.ARTIFACT_VERSION:
                seals = self.cache.seals.get(state.props["artifact"])
                if seals is not None:
                    seals[state.uid] = derive.seal_times(state.props)
            state.settle()
            self.cache.put(state)
        return changes

    def _project_of(self, uid: str) -> str:
        state = self.states.get(uid)
        return state.project if state is not None else ids.project_of(uid)


def _columned_outputs(run: NodeState) -> list[str]:
    """Outputs that may state which columns they come from."""
    if not run.props.get("columned"):
        return []
    return [k.other for k in run.edges if k.type is EdgeType.OUTPUT]


def _needs_state(facts: NodeFacts) -> bool:
    return facts.described or facts.says_something


def _surely_new(facts: NodeFacts, item: Planned) -> bool:
    """Not in the graph, as far as reason goes; a wrong guess fails on the unique key."""
    label = facts.label
    if label is Label.METRIC_CHUNK:
        return True
    if label is Label.APPROVAL:
        return isinstance(item.event, ApprovalRequested) or (
            isinstance(item.event, ApprovalGiven) and not item.event.request
        )
    if label is Label.RUN:
        if not facts.described or not isinstance(item.event, RunReported) or facts.rank < 0:
            return False
        # UUIDv7 (RFC 9562): the first 48 bits are milliseconds.
        hexes = facts.uid[4:12] + facts.uid[13:17]
        return facts.uid[18] == "7" and abs(int(hexes, 16) * 1000 - item.recorded_at) < FRESH_MICROS
    # Outputs mostly are new content; where they are not, the unique key says so.
    return label is Label.ARTIFACT_VERSION and facts.described and isinstance(item.event, RunReported)
