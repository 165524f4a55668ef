"""The short form of a node that lineage walks with, and how walked rows become dataclasses.

A head says enough to draw a node: what it is, how it is called, its state and times. Details come
by uid, in one statement, when somebody asks. What one may not see becomes an opaque stub here, so
that no hidden uid ever leaves ``graph/``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from lineage_server.domain.ids import label_of
from lineage_server.domain.nodes import Edge, Label

FIELDS = (
    *("uid", "project", "name", "kind", "created_at", "deleted_at", "stub"),
    *("state", "at", "ended_at", "ordinal", "version", "digest", "size", "group", "extra"),
)
"""Order of a head's positional list; ``queries/lineage.py`` writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A node in a lineage answer.

    ``at``: when it started (run), was sealed (version), is served from (deployment); ``group``: the
    job, artifact, registered model or endpoint it belongs to; ``ordinal``: a version's number, a
    run's attempt, an artifact's count of versions. ``hidden``: it lies in a project that one may
    not see; ``uid`` is then an opaque word, the same for the same node, and all else is empty.
    """

    uid: str
    label: Label
    project: str = ""
    name: str = ""
    kind: str = ""
    created_at: int = 0
    deleted_at: int | None = None
    stub: bool = False
    state: str = ""
    at: int | None = None
    ended_at: int | None = None
    ordinal: int | None = None
    version: str = ""
    digest: str = ""
    size: int | None = None
    group: str = ""
    job_name: str = ""
    hold: bool = False
    cluster: str = ""
    hidden: bool = False


Rank: TypeAlias = tuple[int, str]
"""Newest first, the producers of a version oldest first: negative or positive time, then uid."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A neighbour, the edge to it, and heads that are the same thing (SAME_AS).

    ``at`` is when, also where ``edge`` must not tell; ``rank`` orders neighbours. Neither leaves the
    service.
    """

    edge: Edge
    node: Head
    same: tuple[Head, ...]
    at: int
    rank: Rank


class Near(NamedTuple):
    """An edge that leaves the frontier node ``uid``, and its place among that node's edges."""

    uid: str
    edge: Edge
    rank: Rank


@dataclass(frozen=True, slots=True)
class Step:
    """From frontier nodes to the next ones: over ``via`` (a run or a job), or directly."""

    type: str
    via: Head | None
    near: tuple[Near, ...]
    far: tuple[Reached, ...]


@dataclass(slots=True)
class Generation:
    """What one statement of the walk brought back."""

    selves: list[tuple[Head, tuple[Head, ...]]] = field(default_factory=list[tuple[Head, tuple[Head, ...]]])
    twins: list[tuple[str, tuple[Head, ...]]] = field(default_factory=list[tuple[str, tuple[Head, ...]]])
    steps: list[Step] = field(default_factory=list[Step])


class Decoder:
    """Reads positional rows; holds the key that makes hidden uids opaque."""

    def __init__(self, opaque_key: bytes) -> None:
        self._key = opaque_key

    def head(self, values: Sequence[Any]) -> Head:
        uid = str(values[0])
        if len(values) == 1:
            return Head(uid=self._opaque(uid), label=label_of(uid), hidden=True)
        label = label_of(uid)
        (_, project, name, kind, created_at, deleted_at, stub, *own) = values
        state, at, ended_at, ordinal, version, digest, size, group, extra = own
        return Head(
            uid=uid,
            label=label,
            project=project or "",
            name=name or "",
            kind=kind or "",
            created_at=created_at or 0,
            deleted_at=deleted_at,
            stub=bool(stub),
            state=state or "",
            at=at,
            ended_at=ended_at,
            ordinal=ordinal,
            version=str(version or ""),
            digest=digest or "",
            size=size,
            group=group or "",
            job_name=extra or "" if label is Label.RUN else "",
            hold=bool(extra) if label is Label.ARTIFACT_VERSION else False,
            cluster=extra or "" if label is Label.DEPLOYMENT else "",
        )

    def generation(self, rows: Sequence[dict[str, Any]], *, upstream: bool) -> Generation:
        """All rows of one statement."""
        out = Generation()
        for row in rows:
            kind = row["type"]
            if kind == "SELF":
                out.selves.append((self.head(row["via"]), self._heads(row["near"])))
            elif kind == "SAME_AS":
                out.twins.append((str(row["near"][0][0]), self._heads(row["far"])))
            elif row["via"] is None:
                out.steps.append(self._direct(row, kind, upstream=upstream))
            else:
                out.steps.append(self._over(row, kind, upstream=upstream))
        return out

    def _over(self, row: dict[str, Any], kind: str, *, upstream: bool) -> Step:
        via = self.head(row["via"])
        link = _upward if upstream else _downward
        order = str(row["via"][0])
        sign = 1 if kind == "OUTPUT" else -1
        near = tuple(
            Near(str(uid), link(kind, str(uid), via.uid, fact, via.hidden), (sign * _at(kind, fact), order))
            for uid, fact in row["near"]
        )
        # What feeds a job, and what a job feeds, is one type; a run's two sides are two.
        other = {"OUTPUT": "INPUT_TO", "INPUT_TO": "OUTPUT"}.get(kind, kind)
        return Step(kind, via, near, self._reached(row["far"], other, via.uid, link))

    def _direct(self, row: dict[str, Any], kind: str, *, upstream: bool) -> Step:
        origin = str(row["near"][0][0])
        far = self._reached(row["far"], kind, origin, _upward if upstream else _downward)
        return Step(kind, None, tuple(Near(origin, reached.edge, reached.rank) for reached in far), far)

    def _reached(
        self,
        far: Sequence[Any],
        kind: str,
        origin: str,
        link: Callable[[str, str, str, Sequence[Any], bool], Edge],
    ) -> tuple[Reached, ...]:
        out: list[Reached] = []
        for fact, values, same in far:
            node = self.head(values)
            edge = link(kind, origin, node.uid, fact, node.hidden)
            at = _at(kind, fact)
            out.append(Reached(edge, node, self._heads(same), at, (-at, str(values[0]))))
        return tuple(out)

    def _heads(self, many: Sequence[Sequence[Any]]) -> tuple[Head, ...]:
        return tuple(self.head(values) for values in many)

    def _opaque(self, uid: str) -> str:
        return "hidden:" + hashlib.blake2b(uid.encode(), key=self._key, digest_size=12).hexdigest()


def _at(kind: str, fact: Sequence[Any]) -> int:
    return (fact[8][0] if kind == "FEEDS" else fact[1]) or 0


def _upward(kind: str, origin: str, other: str, fact: Sequence[Any], hidden: bool) -> Edge:
    return _edge(kind, other, origin, fact, hidden)


def _downward(kind: str, origin: str, other: str, fact: Sequence[Any], hidden: bool) -> Edge:
    return _edge(kind, origin, other, fact, hidden)


def _edge(kind: str, start: str, end: str, fact: Sequence[Any], hidden: bool) -> Edge:
    if hidden:
        # Role, times and event were said by the other project: its business.
        return Edge(type=kind, start=start, end=end)
    role, at, recorded_at, source, basis, event, superseded_at, retracted_at, extra = fact
    return Edge(
        type=kind,
        start=start,
        end=end,
        role=role or "",
        at=at or 0,
        recorded_at=recorded_at or 0,
        source=source or "",
        basis=basis or "",
        event=event or "",
        superseded_at=superseded_at,
        retracted_at=retracted_at,
        properties=_extra(kind, extra),
    )


def _extra(kind: str, extra: Any) -> dict[str, object]:
    if kind == "FEEDS":
        # Counted up to today: as of a time before its last run, there is no number to tell.
        return {"last_at": extra[0], "run_count": extra[1], "last_run": extra[2]} if extra[1] else {}
    if extra is None:
        return {}
    return {{"OUTPUT": "reused", "DERIVED": "reason"}.get(kind, "rule"): extra}
