"""The part of a backup that stored events do not tell: tokens, audit, webhooks, deliveries, saved views,
refused events.

A backup is the state at one moment, its cut: the writer rests for that moment, here and at all other servers,
and what changes without the writer is read twice until it did not. Everything else a backup consists of never
changes again (stored events below the cut, records older than it, bytes), and is read page by page
while the server goes on. For as long as that takes nobody archives, erases, rebuilds or collects: the backup
has their lease, in the name of whoever makes it, so that any server at the graph may answer any page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias, cast

import msgspec

from lineage_server.domain.errors import ConflictError, InvalidInputError
from lineage_server.domain.ids import now_micros, shorten
from lineage_server.graph.bolt import Bolt, Row, Transaction
from lineage_server.graph.lease import Lease
from lineage_server.graph.queries import backup as q
from lineage_server.graph.queries import ingest as writer_queries
from lineage_server.graph.queries import webhooks as webhook_queries
from lineage_server.ingest.writer import IngestWriter

LEASE_SECONDS = 120.0
"""Between two requests of whoever makes a backup."""
RECENT_MICROS = 300_000_000
"""Audit records younger than this are read at the cut: one that is on its way is."""
PAGE_ROWS = 1_000
_TRIES = 20
_TIMEOUT_SECONDS = 60.0
_WAIT_SECONDS = 10.0

_Number: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=1 << 62)]


class Kept(msgspec.Struct, tag_field="label", forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A node as it stands in a backup; its label is the name of its class."""

    uid: Annotated[str, msgspec.Meta(min_length=1, max_length=7_000)]


class Token(Kept, tag=True):
    name: str
    subject: str
    kind: str
    hash: str
    scopes: list[str]
    projects: list[str]
    platform_admin: bool
    created_at: _Number
    created_by: str | None = None
    expires_at: _Number | None = None
    last_used_at: _Number | None = None
    revoked_at: _Number | None = None


class Audit(Kept, tag=True):
    at: _Number
    subject: str
    issuer: str
    action: str
    target: str | None = None
    project: str | None = None
    before: str | None = None
    after: str | None = None
    origin: str | None = None


class Webhook(Kept, tag=True):
    project: str
    name: str
    url: str
    kinds: list[str]
    created_at: _Number
    created_by: str
    nonce: str
    key_id: str
    since: _Number
    model: str | None = None
    disabled: bool | None = None


class Delivery(Kept, tag=True):
    webhook: str
    project: str
    kind: str
    state: str
    attempts: _Number
    at: _Number
    body: str
    next_at: _Number | None = None
    last_at: _Number | None = None
    status: _Number | None = None
    error: str | None = None


class SavedView(Kept, tag=True):
    project: str
    owner: str
    name: str
    shared: bool
    created_at: _Number
    updated_at: _Number
    columns: list[str] | None = None
    text: str | None = None
    states: list[str] | None = None
    job: str | None = None
    sort: str | None = None


class Refused(Kept, tag=True):
    project: str
    at: _Number
    actor: str
    code: str
    message: str
    retriable: bool
    size: _Number
    cut: bool
    raw: bytes
    first_at: _Number | None = None
    seen: _Number | None = None
    event: str | None = None


KeptNode: TypeAlias = Token | Audit | Webhook | Delivery | SavedView | Refused
_KINDS: dict[str, type[KeptNode]] = {
    "Token": Token, "Audit": Audit, "Webhook": Webhook, "Delivery": Delivery,
    "SavedView": SavedView, "Refused": Refused,
}  # fmt: skip
_decode = msgspec.json.Decoder(KeptNode).decode
encode_kept = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Cut:
    """A moment: events before batch ``until``, and what else there was. ``told``: webhooks have been told of
    the batches before this one. Records older than ``since`` (microseconds) are read later."""

    until: int
    told: int
    since: int
    rows: list[KeptNode]


class Backups:
    """Makes cuts and reads what stood before them; puts it into another graph."""

    def __init__(self, bolt: Bolt, writer: IngestWriter) -> None:
        self._bolt = bolt
        self._writer = writer
        self._lease = Lease(bolt, seconds=LEASE_SECONDS)

    # --- out ---------------------------------------------------------------------------------

    async def begin(self, backup: str) -> Cut:
        """A cut, and the right to read what stood before it until ``end``; again it is another cut.

        Raises ConflictError while the stored events are worked on as a whole.
        """
        owner = f"backup-{backup}"
        await self._lease.acquire(owner, "backing up", wait_seconds=_WAIT_SECONDS)
        try:
            if (await self._bolt.read(writer_queries.WRITER_STATE))[0]["rebuilder"]:
                raise ConflictError(
                    "the graph is not whole: a rebuild has not ended; nothing was backed up. Run 'lineage "
                    "rebuild', then back up"
                )
            await self._writer.pause()
            try:
                return await self._cut(owner)
            finally:
                self._writer.resume()
        except BaseException:
            await self._lease.release(owner)
            raise

    async def renew(self, backup: str) -> None:
        """Still at it; raises LeaseLostError where others may have worked on the events meanwhile."""
        await self._lease.renew(f"backup-{backup}")

    async def end(self, backup: str) -> None:
        await self._lease.release(f"backup-{backup}")

    async def page(self, label: str, *, since: int, after: str) -> list[KeptNode]:
        """Nodes of one label from before ``since``, by uid; fewer than ``PAGE_ROWS`` were the last."""
        query = q.PAGES.get(label)
        if query is None:
            raise InvalidInputError(
                f"{shorten(label)!r} is not read by pages", field="label", allowed=", ".join(q.PAGES)
            )
        given = {"after": after, "since": since, "limit": PAGE_ROWS}
        rows = await self._bolt.read(query, given, timeout_seconds=_TIMEOUT_SECONDS)
        return _nodes(label, rows)

    async def _cut(self, owner: str) -> Cut:
        since = now_micros() - RECENT_MICROS
        async with self._bolt.transaction(timeout_seconds=_TIMEOUT_SECONDS) as transaction:
            # Whoever writes at another server waits for this, or notices it.
            state = (await transaction.run(writer_queries.WRITER_LOCK, {"lock": owner}))[0]
            rows = await self._changing(transaction, since)
            for _ in range(_TRIES):
                again = await self._changing(transaction, since)
                if _lasting(again) == _lasting(rows):
                    break
                rows = again
            else:
                raise ConflictError(
                    "tokens, webhooks, saved views or projects are being changed without a break; nothing "
                    "was backed up, try again"
                )
            told = await self._told(transaction, rows, state["seq"])
        return Cut(state["seq"], told, since, rows)

    async def _changing(self, transaction: Transaction, since: int) -> list[KeptNode]:
        """What changes otherwise than by the writer."""
        return [
            *_nodes("Audit", await transaction.run(q.RECENT, {"since": since})),
            *_nodes("Token", await transaction.run(q.TOKENS)),
            *_nodes("Webhook", await transaction.run(q.WEBHOOKS)),
            *_nodes("Delivery", await transaction.run(q.DUE)),
            *_nodes("SavedView", await transaction.run(q.VIEWS)),
        ]

    async def _told(self, transaction: Transaction, rows: Sequence[KeptNode], until: int) -> int:
        since = [row.since for row in rows if isinstance(row, Webhook)]
        if not since:
            return until
        cursor = await transaction.run(webhook_queries.CURSOR)
        return min(until, max(int(cursor[0]["seq"] or 0) if cursor else 0, min(since)))

    # --- in ----------------------------------------------------------------------------------

    async def begin_restore(self, backup: str, *, merge: bool) -> None:
        """The right to put a backup in, or to go on with it; raises ConflictError.

        ``merge``: into a graph that has something already.
        """
        known = await self._bolt.read(q.RESTORING)
        going_on = bool(known) and known[0]["backup"] == backup
        if known and not going_on:
            raise ConflictError(
                f"another backup ({known[0]['backup']}) has been restored here in part; nothing was changed. "
                "Restore that one again first"
            )
        full = await self._bolt.read(q.ANY_EVENT) or await self._bolt.read(q.ANY_WEBHOOK)
        if full and not (going_on or merge):
            raise ConflictError(
                "this server is not empty; nothing was changed. Restore into an empty one, or say --merge: "
                "what is here then stays as it is, and what is not is added"
            )
        # In the backup's name: who does it again after a crash need not wait for the lease to end.
        await self._lease.acquire(f"restore-{backup}", "restoring a backup", wait_seconds=_WAIT_SECONDS)
        await self._bolt.write(q.BEGIN_RESTORE, {"backup": backup}, patience_seconds=_WAIT_SECONDS)

    async def end_restore(self, backup: str) -> None:
        await self._bolt.write(q.END_RESTORE, {"backup": backup}, patience_seconds=_WAIT_SECONDS)
        await self._lease.release(f"restore-{backup}")

    async def put(self, lines: bytes) -> int:
        """Nodes from a backup, one a line; those that are here stay as they are. Answers how many came.

        Raises InvalidInputError, and then nothing was changed.
        """
        rows: dict[str, list[Row]] = {}
        count = 0
        for line in filter(None, lines.split(b"\n")):
            count += 1
            node = kept_node(line, count)
            told = {k: v for k, v in msgspec.structs.asdict(node).items() if v is not None}
            rows.setdefault(type(node).__name__, []).append(told)
        for label, some in rows.items():
            await self._bolt.write(
                q.RESTORE[label], {"rows": some}, timeout_seconds=_TIMEOUT_SECONDS, patience_seconds=20.0
            )
        return count


def kept_node(line: bytes, number: int) -> KeptNode:
    """Raises InvalidInputError."""
    try:
        return _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInputError(
            f"line {number} is no node of a backup: {shorten(str(error), 200)}; nothing was restored of it",
            field="body",
            allowed=f"one JSON object a line, with the label {', '.join(_KINDS)}",
        ) from None


def _nodes(label: str, rows: Sequence[Row]) -> list[KeptNode]:
    kind = _KINDS[label]
    known = set(kind.__struct_fields__)
    out: list[KeptNode] = []
    for row in rows:
        props = cast("dict[str, Any]", row["props"])
        told = {k: bytes(v) if isinstance(v, bytearray) else v for k, v in props.items() if k in known}
        out.append(msgspec.convert(told, kind))
    return out


def _lasting(rows: Sequence[KeptNode]) -> list[KeptNode]:
    """Without what is noted by the way: when a token was used, what became of a delivery."""
    return [
        msgspec.structs.replace(row, last_used_at=None) if isinstance(row, Token) else row
        for row in rows
        if not isinstance(row, Delivery)
    ]
