"""Nodes as Arrow: the columns of each table that bulk reads hand out, and pages of nodes as batches of them.

Names and meanings are those of the GraphQL contract, in snake_case. Times are in microseconds, UTC. What has
keys of the users' own choice is a map; values of parameters are JSON text in it, since a number and the text
of a number are two things. Pure functions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow

from lineage_server.domain.nodes import ArtifactVersion, Node, Run
from lineage_server.graph.read_tracking_parts import Link

# Its stubs do not know maps.
pa: Any = pyarrow

Beside: TypeAlias = Mapping[str, Any]
"""What belongs to the nodes of a page and is not on them, by uid."""
_Read: TypeAlias = Callable[[Any], Any]

_TEXT, _WHOLE, _REAL, _FLAG = pa.string(), pa.int64(), pa.float64(), pa.bool_()
_TIME = pa.timestamp("us", tz="UTC")
_TEXTS, _NUMBERS = pa.map_(_TEXT, _TEXT), pa.map_(_TEXT, _REAL)
_SCHEMA = pa.list_(pa.struct([("name", _TEXT), ("type", _TEXT), ("nullable", _FLAG)]))


@dataclass(frozen=True, slots=True)
class Table:
    """Columns in order: the type of each, and how it is read from a node."""

    columns: Mapping[str, tuple[Any, _Read]]

    @property
    def schema(self) -> Any:
        return pa.schema([(name, kind) for name, (kind, _) in self.columns.items()])

    def batch(self, nodes: Sequence[Node], beside: Mapping[str, Beside]) -> Any:
        """A record batch of the nodes; ``beside``: columns that nodes do not tell themselves, by uid."""
        arrays = [
            pa.array(
                [found.get(node.uid) for node in nodes]
                if (found := beside.get(name)) is not None
                else [read(node) for node in nodes],
                kind,
            )
            for name, (kind, read) in self.columns.items()
        ]
        return pa.record_batch(arrays, schema=self.schema)


def _own(*names: str, kind: Any) -> dict[str, tuple[Any, _Read]]:
    """Attributes of the node's own class."""
    return {name: (kind, lambda node, name=name: getattr(node, name)) for name in names}


def _word(key: str) -> tuple[Any, _Read]:
    """A property that is text, the empty one where nothing is told."""
    return _TEXT, lambda node: str(node.properties.get(key) or "")


def _words(*names: str) -> dict[str, tuple[Any, _Read]]:
    return {name: _word(name) for name in names}


def _wholes(*names: str) -> dict[str, tuple[Any, _Read]]:
    def read(node: Node, name: str) -> int | None:
        value = node.properties.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    return {name: (_WHOLE, lambda node, name=name: read(node, name)) for name in names}


def _seconds(run: Run) -> float | None:
    return None if run.started_at is None or run.ended_at is None else (run.ended_at - run.started_at) / 1e6


def _params(run: Run) -> list[tuple[str, str]]:
    return [(key, json.dumps(value, ensure_ascii=False)) for key, value in sorted(run.params.items())]


def _metrics_of(node: Node) -> list[tuple[str, float]]:
    """Of a version in the registry, which has them among its properties."""
    return [
        (key[2:], float(value))
        for key, value in sorted(node.properties.items())
        if key.startswith("m.") and isinstance(value, int | float)
    ]


def _shape(version: ArtifactVersion) -> list[dict[str, Any]]:
    return [{"name": c.name, "type": c.type, "nullable": c.nullable} for c in version.columns]


def _told(kind: Any) -> tuple[Any, _Read]:
    """Comes from beside the node."""
    return kind, lambda _node: None


_NAMED = _own("uid", "name", "project", kind=_TEXT)
_COMMON: dict[str, tuple[Any, _Read]] = {
    **_own("description", kind=_TEXT),
    "tags": (_TEXTS, lambda node: sorted(node.tags.items())),
    "created_at": (_TIME, lambda node: node.created_at or None),
    "updated_at": (_TIME, lambda node: node.updated_at or None),
    **_own("deleted_at", kind=_TIME),
}

RUNS = Table(
    {
        **_NAMED,
        **_own("kind", "job", kind=_TEXT),
        **_words("job_name"),
        "state": (_TEXT, lambda run: None if run.state is None else str(run.state)),
        **_own("requested_at", "queued_at", "started_at", "ended_at", kind=_TIME),
        "duration_seconds": (_REAL, _seconds),
        **_own("reason", "by", kind=_TEXT),
        **_own("exit_code", "attempt", kind=_WHOLE),
        **_own("gpu_product", kind=_TEXT),
        **_own("gpu_count", "gpu_seconds", kind=_REAL),
        "params": (_TEXTS, _params),
        "metrics": (_NUMBERS, lambda run: sorted(run.metrics.items())),
        **_COMMON,
    }
)
ARTIFACTS = Table(
    {
        **_NAMED,
        **_own("kind", kind=_TEXT),
        **_own("version_count", kind=_WHOLE),
        **_own("latest_at", kind=_TIME),
        **_COMMON,
    }
)
VERSIONS = Table(
    {
        **_NAMED,
        **_own("kind", "artifact", kind=_TEXT),
        **_own("ordinal", kind=_WHOLE),
        **_own("digest", "uri", kind=_TEXT),
        **_own("size", kind=_WHOLE),
        **_own("sealed_at", "stored_at", "ttl_at", kind=_TIME),
        **_own("partial", "hold", kind=_FLAG),
        "run": _told(_TEXT),
        "columns": (_SCHEMA, _shape),
        **_COMMON,
    }
)
MODELS = Table(
    {
        **_NAMED,
        **_words("title", "owner", "state"),
        **_wholes("highest"),
        "aliases": _told(_TEXTS),
        **_COMMON,
    }
)
MODEL_VERSIONS = Table(
    {
        **_NAMED,
        **_words("model", "version"),
        **_wholes("number"),
        **_words("state", "uri"),
        "hold": (_FLAG, lambda node: bool(node.properties.get("hold"))),
        "aliases": _told(pa.list_(_TEXT)),
        "run": _told(_TEXT),
        "metrics": (_NUMBERS, _metrics_of),
        **_COMMON,
    }
)


def aliases_by_name(aliases: Iterable[Node]) -> list[tuple[str, str]]:
    """Aliases of a model and the versions that they point to now."""
    pairs = ((alias.name, str(alias.properties.get("target") or "")) for alias in aliases)
    return [(name, target.rpartition("@")[2]) for name, target in pairs if target]


POINTS: Any = pa.schema(
    [
        ("run", pa.dictionary(pa.int32(), _TEXT)),
        ("key", pa.dictionary(pa.int32(), _TEXT)),
        ("step", _WHOLE),
        ("time", _TIME),
        ("value", _REAL),
    ]
)
"""One row a point, by run (in the order of the list), key, step and time."""


def points_shown(points: Any, runs: Sequence[str]) -> Any:
    """Points whose ``run`` is a place in ``runs``, as they are handed out."""
    places = points["run"].cast(pa.int32()).combine_chunks()
    return pa.table(
        [
            pa.DictionaryArray.from_arrays(places, pa.array(list(runs), _TEXT)),
            points["key"].combine_chunks().dictionary_encode(),
            points["step"],
            points["time"].cast(_TIME),
            points["value"],
        ],
        schema=POINTS,
    )


EDGES: Any = pa.schema(
    [
        ("run", _TEXT),
        ("direction", pa.dictionary(pa.int32(), _TEXT)),
        ("version", _TEXT),
        ("project", _TEXT),
        ("kind", _TEXT),
        ("name", _TEXT),
        ("ordinal", _WHOLE),
        ("digest", _TEXT),
        ("role", _TEXT),
        ("basis", _TEXT),
        ("at", _TIME),
        ("hidden", _WHOLE),
    ]
)
"""One row a version that a run read (``input``) or wrote (``output``). A row without a ``version`` says how
many further ones lie where one may not look (``hidden``)."""


def edges_shown(direction: str, links: Iterable[tuple[str, Link | int]]) -> Any:
    """A batch of runs and what they read or wrote, or how much of it is hidden."""
    rows = [_edge(run, link) for run, link in links]
    told = {name: [row.get(name) for row in rows] for name in EDGES.names}
    told["direction"] = [direction] * len(rows)
    return pa.record_batch([pa.array(told[field.name], field.type) for field in EDGES], schema=EDGES)


def _edge(run: str, link: Link | int) -> dict[str, Any]:
    if isinstance(link, int):
        return {"run": run, "hidden": link}
    version = link.version
    return {
        "run": run, "version": version.uid, "project": version.project, "kind": version.kind,
        "name": version.name, "ordinal": version.ordinal, "digest": version.digest, "role": link.role,
        "basis": link.basis, "at": link.at, "hidden": 0,
    }  # fmt: skip
