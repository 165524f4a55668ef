"""The writer's door to the graph: read what a batch touches, commit the batch.

One batch is one statement (``queries/ingest``), guarded by the ``Writer`` node: its lock
serialises replicas on one Neo4j, its ``seq`` tells whether somebody committed since we read.
Two ways to write: ``commit`` alone (optimistic, one round trip), or ``exclusive()``, which
takes the lock first so that reading and writing see the same graph.
"""

from __future__ import annotations

import contextlib
import uuid
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, LiteralString, TypeAlias

import msgspec

from lineage_server.domain.edges import EdgeType
from lineage_server.domain.ids import label_of
from lineage_server.domain.nodes import Label
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.errors import GraphAwayError, RebuildingError, TooLargeError
from lineage_server.graph.queries import ingest as q
from lineage_server.graph.uses import Uses, uses_of

Rows: TypeAlias = list[dict[str, Any]]
_Run: TypeAlias = Callable[[LiteralString, Mapping[str, Any]], Awaitable[list[dict[str, Any]]]]

MOST_BYTES = 15 << 20
"""Of one batch as rows: to a message of more than 16 MiB the embedded engine never answers."""
_MANY_ROWS, _MUCH_TEXT = 4_000, 512 << 10
"""Most batches are far smaller: only one with more rows, or more text in them, is measured."""
_OWN_BLOCK = (Label.RUN, Label.ARTIFACT_VERSION, Label.EVENT)
_PLAIN = tuple(label for label in Label if label not in _OWN_BLOCK)
_EDGES = tuple(kind for kind in EdgeType if kind is not EdgeType.FEEDS)
_FEEDS: tuple[tuple[LiteralString, LiteralString], ...] = (
    ("new_feeds_in", q.NEW_FEED_IN),
    ("new_feeds_out", q.NEW_FEED_OUT),
    ("set_feeds_in", q.SET_FEED_IN),
    ("set_feeds_out", q.SET_FEED_OUT),
)


@dataclass(slots=True)
class WriteBatch:
    """Rows by block, see ``queries/ingest``; ``seq`` and ``rid`` as read before."""

    seq: int = 0
    rid: int = 0
    text: int = 0
    rows: dict[str, Rows] = field(default_factory=lambda: defaultdict(list))
    _runs: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    _changed: dict[tuple[str, str], dict[str, Any]] = field(
        default_factory=dict[tuple[str, str], dict[str, Any]]
    )

    def new_node(self, label: Label, row: dict[str, Any]) -> None:
        """A node of a label without a block of its own."""
        common = {k: v for k, v in row.items() if k in q.COMMON_KEYS}
        common["more"] = {k: v for k, v in row.items() if k not in q.COMMON_KEYS}
        self.rows["new_" + label].append(common)

    def new_run(self, row: dict[str, Any], inputs: Rows) -> None:
        row["inputs"] = inputs
        if not row.keys() <= _RUN_ROW:
            row["more"] = {k: row.pop(k) for k in tuple(row) if k not in _RUN_ROW}
            self.rows["new_runs_more"].append(row)
        else:
            self._runs[row["uid"]] = row

    def new_version(self, row: dict[str, Any], output: dict[str, Any] | None) -> None:
        more = {k: row.pop(k) for k in tuple(row) if k not in q.VERSION_KEYS}
        if more:
            self.rows["set_ArtifactVersion"].append({"uid": row["uid"], "p": more})
        if output is None:
            self.rows["new_versions"].append(row)
            return
        run = self._runs.get(output["other"])
        if run is not None and "made" not in run:
            run["made"], run["output"] = row, output
        else:
            row["output"] = output
            self.rows["new_outputs"].append(row)

    def finish(self) -> None:
        """All rows are in: new runs go with the version they made, changed edges with their anchor."""
        for row in self._runs.values():
            self.rows["new_runs_made" if "made" in row else "new_runs"].append(row)
        self._runs.clear()
        for (block, anchor), by in self._changed.items():
            self.rows[block].append({"anchor": anchor, "by": by})
        self._changed.clear()

    @property
    def may_be_large(self) -> bool:
        raw = sum(row["size"] for name in ("events", "refused") for row in self.rows.get(name, ()))
        return raw + self.text > _MUCH_TEXT or sum(map(len, self.rows.values())) > _MANY_ROWS

    def check_size(self) -> None:
        """Raises TooLargeError for what does not fit one message."""
        size = len(msgspec.msgpack.encode(self.rows))  # much like the wire's own encoding
        if size > MOST_BYTES:
            raise TooLargeError(
                f"what the event changes has {size} bytes, at most {MOST_BYTES} are written at once; nothing "
                "of it was done. Send fewer inputs and outputs an event, or put the payload in an artifact",
                limit=MOST_BYTES,
                actual=size,
            )

    def set_node(self, label: Label, uid: str, props: dict[str, Any]) -> None:
        # A small event may change a large node: of what is new, the events' own size tells enough.
        self.text += _text_of(props)
        self.rows["set_" + label].append({"uid": uid, "p": props})

    def new_edge(self, kind: EdgeType, role: str, row: dict[str, Any]) -> None:
        name = f"new_feeds_{role}" if kind is EdgeType.FEEDS else "new_" + kind
        self.rows[name].append(row)

    def set_edge(self, kind: EdgeType, role: str, ends: tuple[str, str], props: dict[str, Any]) -> None:
        """Change an edge; ``ends`` are the uids of its anchor and of its other end."""
        anchor, other = ends
        if kind is EdgeType.FEEDS:
            block, key = f"set_feeds_{role}", other
        else:
            block, key = "set_" + kind, f"{role}\n{other}"
        by = self._changed.setdefault((block, anchor), {})
        by[key] = by.get(key, {}) | props
        self.text += len(key) + _text_of(props)


def _text_of(props: dict[str, Any]) -> int:
    return sum(len(value) for value in props.values() if isinstance(value, (str, bytes)))


_RUN_ROW = q.RUN_KEYS | {"inputs"}


@dataclass(slots=True)
class Loaded:
    """Nodes with properties and anchored edges, and uids that merely exist."""

    nodes: dict[str, tuple[dict[str, Any], list[list[Any]]]]
    known: set[str]


class WriteSession:
    """Reads and the one commit that belong together; ``rebuilder`` replays what is stored."""

    def __init__(self, run: _Run, write: _Run, rebuilder: str = "") -> None:
        self._run = run
        self._write = write
        self._rebuilder = rebuilder

    async def position(self) -> tuple[int, int, int]:
        """(number of the last batch, last small id, number of erasures)."""
        rows = await self._run(q.WRITER_STATE, {})
        return rows[0]["seq"], rows[0]["rid"], rows[0]["erasures"]

    async def erased(self) -> set[str]:
        """Uids of all nodes whose payload was erased."""
        return {r["uid"] for r in await self._run(q.ERASED_UIDS, {})}

    async def used_by_living(self, uids: list[str], erased: list[str]) -> set[str]:
        """Code and environments among ``uids`` that a run uses which is not erased, nor in ``erased``."""
        rows = await self._run(q.USED_BY_LIVING, {"uids": uids, "erased": erased})
        return {r["uid"] for r in rows}

    async def derived_from(self, versions: list[str]) -> set[str]:
        """Versions that somebody derived from these."""
        return {r["uid"] for r in await self._run(q.DERIVED_FROM, {"uids": versions})}

    async def load(self, full: Iterable[str], known: Iterable[str]) -> Loaded:
        """What is there of these uids: one round trip."""
        slots: dict[str, list[str]] = defaultdict(list)
        for is_full, uids in ((True, full), (False, known)):
            for uid in uids:
                slots[_slot(is_full, label_of(uid))].append(uid)
        if not slots:
            return Loaded({}, set())
        family = _family(slots.keys(), _LOAD_FAMILIES, _LOADS)
        rows = await self._run(_load_query(family), {"b": {name: slots.get(name, []) for name in family}})
        nodes = {r["uid"]: (r["props"], r["edges"]) for r in rows if r["props"] is not None}
        return Loaded(nodes, {r["uid"] for r in rows})

    async def seals(self, artifacts: list[str]) -> Rows:
        """Versions of the artifacts with the times at which they were complete."""
        return await self._run(q.SEALS, {"artifacts": artifacts})

    async def readers_after(self, rows: Rows) -> list[str]:
        """Runs that read ``artifact`` without stating a version and started at ``at`` or later."""
        return [r["uid"] for r in await self._run(q.READERS_AFTER, {"rows": rows})]

    async def versions_by_ordinal(self, rows: Rows) -> Rows:
        return await self._run(q.VERSION_BY_ORDINAL, {"rows": rows})

    async def numbered_models(self, rows: Rows) -> Rows:
        """Of each ``model``: its highest version number, and the version made from ``origin``."""
        return await self._run(q.NUMBERED_MODELS, {"rows": rows})

    async def users(self, uids: Iterable[str]) -> dict[str, Uses]:
        """What uses each of these now, near or far."""
        return await uses_of(self._run, uids)

    async def raw_events(self, uids: list[str]) -> dict[str, bytes | None]:
        """Stored events among ``uids`` as stored; None where the payload was erased or archived."""
        rows = await self._run(q.RAW_EVENTS, {"uids": uids})
        return {r["uid"]: bytes(r["raw"]) if r["raw"] is not None else None for r in rows}

    async def commit(self, batch: WriteBatch) -> bool:
        """Write the batch; False where somebody else committed since ``position``, or rebuilds.

        Raises DuplicateKeyError where a node was there against our belief, TooLargeError, and what
        ``Bolt.write`` raises; nothing is changed then, unless the connection broke.
        """
        batch.finish()
        names = {name for name, rows in batch.rows.items() if rows}
        return await self.commit_family(batch, _family(names, _COMMIT_FAMILIES, _BLOCKS))

    async def commit_family(self, batch: WriteBatch, family: frozenset[str]) -> bool:
        """``commit`` with the statement of ``family``, which has all blocks that have rows."""
        parameters = {
            "b": {name: batch.rows.get(name, []) for name in family},
            "seq": batch.seq,
            "rid": batch.rid,
            "lock": uuid.uuid4().hex,
            "rebuilder": self._rebuilder,
        }
        if batch.may_be_large:
            batch.check_size()
        try:
            rows = await self._write(_commit_query(family), parameters)
        except GraphAwayError:
            batch.check_size()  # edges may have long histories
            raise
        return bool(rows[0]["ok"])


class GraphWriter:
    """Hands out write sessions."""

    def __init__(self, bolt: Bolt, *, timeout_seconds: float = 60.0) -> None:
        self._bolt = bolt
        self._timeout_seconds = timeout_seconds

    def optimistic(
        self, after: Callable[[], Awaitable[None]] | None = None, *, rebuilder: str = ""
    ) -> WriteSession:
        """Reads as they come; ``commit`` notices if another replica was faster.

        ``after`` is awaited before anything is read: what is still being written must be seen.
        ``rebuilder`` is who rebuilds the graph, and nobody else may write meanwhile.
        """

        async def read(query: LiteralString, parameters: Mapping[str, Any]) -> Rows:
            if after is not None:
                await after()
            return await self._bolt.read(query, parameters, timeout_seconds=self._timeout_seconds)

        async def write(query: LiteralString, parameters: Mapping[str, Any]) -> Rows:
            return await self._bolt.write(query, parameters, timeout_seconds=self._timeout_seconds)

        return WriteSession(read, write, rebuilder)

    async def warm(self) -> None:
        """Have the statements of the hot path planned before the first batch needs them."""
        session = self.optimistic()
        for family in _COMMIT_FAMILIES:
            batch = WriteBatch(seq=-1, rows={name: [] for name in family})
            await session.commit_family(batch, family)
        for family in _LOAD_FAMILIES:
            await self._bolt.read(_load_query(family), {"b": {name: list[str]() for name in family}})

    @contextlib.asynccontextmanager
    async def exclusive(self) -> AsyncGenerator[WriteSession]:
        """A session that holds the writers' lock from its first read to its commit.

        Raises RebuildingError while the graph is being rebuilt.
        """
        async with self._bolt.transaction(timeout_seconds=self._timeout_seconds) as transaction:
            state = await transaction.run(q.WRITER_LOCK, {"lock": uuid.uuid4().hex})
            if state[0]["rebuilder"]:
                raise RebuildingError
            yield WriteSession(transaction.run, transaction.run)


def _blocks() -> list[tuple[LiteralString, LiteralString]]:
    """Every block in the order of a batch: nodes that others need first, late edges last."""
    blocks: list[tuple[LiteralString, LiteralString]] = [("events", q.NEW_EVENT)]
    blocks.extend((f"new_{label.value}", q.new_node(label)) for label in _PLAIN)
    blocks.append(("new_versions", q.NEW_VERSION))
    blocks.append(("new_runs", q.NEW_RUN))
    blocks.append(("new_runs_made", q.NEW_RUN_AND_VERSION))
    blocks.append(("new_runs_more", q.NEW_RUN_WITH_MORE))
    blocks.append(("new_outputs", q.NEW_VERSION_OF_RUN))
    blocks.extend((f"set_{label.value}", q.set_node(label)) for label in Label)
    blocks.extend((f"new_{kind.value}", q.new_edge(kind)) for kind in _EDGES)
    blocks.extend((f"set_{kind.value}", q.set_edge(kind)) for kind in _EDGES)
    blocks.extend([*_FEEDS, ("audit", q.NEW_AUDIT), ("refused", q.NEW_REFUSED)])
    return [*blocks, ("erasures", q.NEW_ERASURE)]


_BLOCKS = dict(_blocks())

# Neo4j plans a statement anew for every text (some 20 ms a block): a few texts that fit most
# batches, smallest first, are planned once; what fits none gets a text of its own.
_EXECUTIONS = frozenset(
    ("events", "new_runs_made", "new_outputs", "set_Artifact", "set_feeds_in", "set_feeds_out")
)
_UPDATES = frozenset(("events", "set_Run", "new_MetricChunk"))
_RUN_TRAFFIC = frozenset(
    (
        *_EXECUTIONS,
        *_UPDATES,
        *(
            "new_runs",
            "new_runs_more",
            "new_versions",
            "new_Job",
            "new_Artifact",
            "new_CodeRef",
            "new_Environment",
        ),
        *("set_Job", "set_ArtifactVersion", "new_feeds_in", "new_feeds_out", "new_INPUT_TO", "new_OUTPUT"),
        *("new_READS", "new_CHILD_OF", "new_USED_CODE", "new_USED_ENV", "set_INPUT_TO", "refused"),
    )
)
_COMMIT_FAMILIES = (_EXECUTIONS, _UPDATES, _RUN_TRAFFIC)
_MOST_OF_ITS_OWN = 12
"""Beyond so many blocks the combinations are too many: then all blocks there are."""


def _slot(is_full: bool, label: Label) -> str:
    return f"full_{label}" if is_full else f"known_{label}"


_LOADS: dict[str, LiteralString] = {
    **{_slot(True, label): q.load_full(label, f"full_{label.value}") for label in Label},
    **{_slot(False, label): q.load_known(label, f"known_{label.value}") for label in Label},
}
_LOAD_FAMILIES = (
    frozenset({_slot(True, Label.RUN)}),
    frozenset(
        _slot(is_full, label)
        for is_full in (True, False)
        for label in (Label.RUN, Label.JOB, Label.ARTIFACT, Label.ARTIFACT_VERSION, Label.PROJECT)
    ),
)


def _family(
    names: AbstractSet[str], families: tuple[frozenset[str], ...], everything: Iterable[str]
) -> frozenset[str]:
    for family in families:
        if names <= family:
            return family
    return frozenset(names if len(names) <= _MOST_OF_ITS_OWN else everything)


@lru_cache(maxsize=512)
def _load_query(family: frozenset[str]) -> LiteralString:
    query: LiteralString = ""
    for name, part in _LOADS.items():
        if name in family:
            query = f"{query}{q.UNION}{part}" if query else part
    return query


@lru_cache(maxsize=512)
def _commit_query(family: frozenset[str]) -> LiteralString:
    query: LiteralString = q.GUARD
    for name, body in _blocks():
        if name in family:
            query += q.block(body, name)
    return query + "RETURN ok"
