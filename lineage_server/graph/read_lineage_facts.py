"""Facts that lineage questions need beyond heads and edges; one round trip each.

Many uids are asked for in chunks, so that no statement grows without bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString

from lineage_server.domain.nodes import Column, Run
from lineage_server.graph.bolt import Bolt, Row
from lineage_server.graph.queries import lineage_facts as cypher
from lineage_server.graph.read_lineage import Sight
from lineage_server.graph.records import json_map, node_from_record, parse_json

_CHUNK = 2000
SIBLINGS_CAP = 10_000
MOST_NAMED = 10
"""Runs that are told where several are meant."""
_NEWEST_WINDOW = 20
"""Numbers from a model's highest downward that are looked at before all of its versions are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """A run in full, with the code and environment it used and the products of its GPUs. ``installed``:
    digest of Python, packages and lock file together."""

    run: Run
    code: dict[str, str] = field(default_factory=dict[str, str])
    environment: dict[str, str] = field(default_factory=dict[str, str])
    packages: dict[str, str] = field(default_factory=dict[str, str])
    installed: str = ""
    gpu_product: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionFacts:
    """What a version holds beyond its head; ``stated``: columns whose sources were told."""

    uid: str
    columns: tuple[Column, ...] = ()
    stated: tuple[str, ...] = ()
    partial: bool = False
    sealed_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCost:
    """What one run used; ``gpu_seconds`` None = nobody said, ``estimated`` = count times duration."""

    uid: str
    state: str = ""
    wall_seconds: float = 0.0
    gpu_product: str = ""
    gpu_seconds: float | None = None
    estimated: bool = False
    usage: dict[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasTarget:
    """An alias that points to a model version now (or at the asked time)."""

    uid: str
    alias: str
    model: str
    project: str
    target: str
    protected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownInput:
    """A run read an artifact of which no version is known."""

    run: str
    artifact: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time in which a kind of object was not watched on a cluster."""

    uid: str
    cluster: str
    kind: str
    from_at: int
    to_at: int
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where and when a run ran."""

    uid: str
    cluster: str
    started_at: int | None
    ended_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldEdge:
    """Columns of ``other`` and of ``origin``, which was asked about: output column → sources, None where
    ``other`` is hidden. ``produced``: told by the run that made the output, not by a person."""

    origin: str
    other: str
    at: int
    produced: bool
    sources: dict[str, list[list[str]]] | None


class LineageFacts:
    """Reads facts by uid within a scope."""

    def __init__(self, bolt: Bolt) -> None:
        self.bolt = bolt

    async def run_facts(self, uids: Iterable[str], sight: Sight) -> dict[str, RunFacts]:
        out: dict[str, RunFacts] = {}
        for row in await self._by_uid(cypher.RUN_FACTS, uids, sight):
            run = node_from_record(row["props"])
            if isinstance(run, Run):
                out[run.uid] = _run_facts(run, row)
        return out

    async def parent_facts(self, uids: Iterable[str], sight: Sight) -> dict[str, RunFacts]:
        """By child: of the run that it is part of, the one that was told last."""
        out: dict[str, RunFacts] = {}
        for row in await self._by_uid(cypher.PARENT_FACTS, uids, sight):
            run = node_from_record(row["props"])
            if isinstance(run, Run):
                out[row["child"]] = _run_facts(run, row)
        return out

    async def version_facts(self, uids: Iterable[str], sight: Sight) -> dict[str, VersionFacts]:
        rows = await self._by_uid(cypher.VERSION_FACTS, uids, sight)
        return {row["uid"]: _version_facts(row) for row in rows}

    async def costs(self, uids: Iterable[str], sight: Sight) -> dict[str, RunCost]:
        return {row["uid"]: _cost(row) for row in await self._by_uid(cypher.RUN_COSTS, uids, sight)}

    async def failed_siblings(self, uids: Iterable[str], sight: Sight) -> dict[str, RunCost]:
        rows = await self._by_uid(cypher.FAILED_SIBLINGS, uids, sight, cap=SIBLINGS_CAP)
        return {row["uid"]: _cost(row) for row in rows}

    async def metric(self, uids: Iterable[str], key: str, sight: Sight) -> dict[str, float]:
        rows = await self._by_uid(cypher.RUN_METRIC, uids, sight, key=f"m.{key}")
        return {row["uid"]: float(row["value"]) for row in rows if row["value"] is not None}

    async def aliases(self, uids: Iterable[str], sight: Sight) -> list[AliasTarget]:
        return [
            AliasTarget(
                uid=row["uid"],
                alias=row["alias"] or "",
                model=row["model"] or "",
                project=row["project"] or "",
                target=row["target"],
                protected=bool(row["protected"]),
            )
            for row in await self._by_uid(cypher.ALIASES_OF, uids, sight)
        ]

    async def owners(self, project_uids: Iterable[str], sight: Sight) -> dict[str, str]:
        rows = await self._by_uid(cypher.OWNERS, project_uids, sight)
        return {row["project"]: row["owner"] or "" for row in rows}

    async def places(self, uids: Iterable[str], sight: Sight) -> list[Place]:
        return [Place(**row) for row in await self._by_uid(cypher.RUN_PLACES, uids, sight)]

    async def unknown_inputs(self, uids: Iterable[str], sight: Sight) -> list[UnknownInput]:
        return [UnknownInput(**row) for row in await self._by_uid(cypher.UNKNOWN_INPUTS, uids, sight)]

    async def gaps(self, since: int, until: int) -> list[Gap]:
        rows = await self.bolt.read(cypher.GAPS_BETWEEN, {"since": since, "until": until})
        return [Gap(**row) for row in rows]

    async def fields(
        self, uids: Iterable[str], sight: Sight, *, upstream: bool, fan: int, timeout_seconds: float
    ) -> list[FieldEdge]:
        """Column edges that lead on from versions, at most ``fan`` of each."""
        statement = cypher.FIELD_EDGES_UPSTREAM if upstream else cypher.FIELD_EDGES_DOWNSTREAM
        rows = await self._by_uid(statement, uids, sight, timeout_seconds, fan=fan)
        return [
            FieldEdge(
                origin=row["origin"],
                other=row["other"],
                at=row["at"] or 0,
                produced=bool(row["produced"]),
                sources=parse_json(row["fields"]),
            )
            for row in rows
        ]

    # --- references -------------------------------------------------------------------------

    async def versions_of(
        self,
        artifact: str,
        sight: Sight,
        *,
        ordinal: int | None = None,
        digest: str | None = None,
        by_then: bool = False,
        most: int = 10,
    ) -> list[Row]:
        return await self._ask(
            cypher.VERSIONS_OF, sight, artifact=artifact, ordinal=ordinal, digest=digest, ever=not by_then,
            most=most,
        )  # fmt: skip

    async def model_version(self, uid: str, sight: Sight) -> str:
        """The uid itself where there is such a version, else nothing."""
        rows = await self._ask(cypher.MODEL_VERSION_NAMED, sight, uid=uid)
        return str(rows[0]["uid"]) if rows else ""

    async def latest_model_version(self, model: str, prefix: str, sight: Sight) -> str:
        """Its uid; ``prefix`` is that of all versions before the number. Nothing where there are none."""
        rows = await self._ask(
            cypher.LATEST_BY_NUMBER, sight, model=model, prefix=prefix, window=_NEWEST_WINDOW
        ) or await self._ask(cypher.LATEST_OF_ALL, sight, model=model)
        return str(rows[0]["uid"]) if rows else ""

    async def model_version_names(self, model: str, sight: Sight) -> list[str]:
        """The newest first, a thousand at most."""
        return [str(row["version"]) for row in await self._ask(cypher.MODEL_VERSIONS_OF, sight, model=model)]

    async def model_aliases(self, model: str, sight: Sight) -> dict[str, str]:
        now = sight.as_of is None and sight.known_at is None
        rows = await self._ask(cypher.ALIASES_OF_MODEL if now else cypher.ALIASES_THEN, sight, model=model)
        return {row["alias"]: row["target"] or "" for row in rows if row["alias"]}

    async def runs_beginning(self, beginning: str, sight: Sight, project: str) -> list[Row]:
        """Uid and name of runs whose uids begin so, the newest first: of ``project``, or of all where it has
        none. One more than ``MOST_NAMED`` at most."""
        high = beginning + "g"  # which comes after every hexadecimal digit and hyphen
        asked: dict[str, Any] = {"low": beginning, "high": high, "limit": MOST_NAMED + 1}
        own = await self._ask(cypher.RUNS_BETWEEN, sight, **asked, project=project)
        return own or await self._ask(cypher.RUNS_BETWEEN, sight, **asked, project=None)

    async def jobs_named(self, project: str, name: str, sight: Sight) -> list[str]:
        rows = await self._ask(cypher.JOBS_NAMED, sight, project=project, name=name)
        return [row["uid"] for row in rows]

    async def artifact_names(self, project: str, kind: str, sight: Sight) -> list[str]:
        rows = await self._ask(cypher.ARTIFACT_NAMES, sight, project=project, kind=kind)
        return [row["name"] for row in rows if row["name"]]

    async def project_names(self, sight: Sight) -> list[str]:
        return [row["name"] for row in await self._ask(cypher.PROJECT_NAMES, sight) if row["name"]]

    async def _ask(
        self, statement: LiteralString, sight: Sight, timeout_seconds: float | None = None, **parameters: Any
    ) -> list[Row]:
        told = {**sight.parameters(), **parameters}
        return await self.bolt.read(statement, told, timeout_seconds=timeout_seconds)

    async def _by_uid(
        self,
        statement: LiteralString,
        uids: Iterable[str],
        sight: Sight,
        timeout_seconds: float | None = None,
        **more: Any,
    ) -> list[Row]:
        wanted = list(dict.fromkeys(uids))
        out: list[Row] = []
        for start in range(0, len(wanted), _CHUNK):
            chunk = wanted[start : start + _CHUNK]
            out += await self._ask(statement, sight, timeout_seconds, uids=chunk, **more)
        return out


_CODE = ("repo", "commit", "dirty_digest", "entry")
_IMAGE = ("image", "image_digest")
_INSTALLED = ("lock_digest", "python", "packages", "digest")


def _run_facts(run: Run, row: Row) -> RunFacts:
    code = _newest(row["code"], _CODE, telling=("commit",))
    environments = row["env"]
    image = _newest(environments, (*_IMAGE, *_INSTALLED), telling=_IMAGE)
    installed = _newest(environments, (*_IMAGE, *_INSTALLED), telling=_INSTALLED)
    own = {"entry": run.properties.get("entry")}
    return RunFacts(
        run=run,
        code=_words(code | {key: value for key, value in own.items() if value}, _CODE),
        environment=_words(image, _IMAGE) | _words(installed, _INSTALLED[:2]),
        packages=json_map(installed.get("packages")),
        installed=str(installed.get("digest") or ""),
        gpu_product=run.gpu_product or ", ".join(sorted({product for product in row["gpus"] if product})),
    )


def _newest(told: Sequence[Sequence[Any]], keys: Sequence[str], *, telling: Iterable[str]) -> dict[str, Any]:
    """Of what several witnesses told of a run, the newest that says any of this, else the newest."""
    known = [dict(zip(keys, rest, strict=True)) for _, _, *rest in sorted(told, key=_newest_first)]
    wanted = set(telling)
    return next((one for one in known if any(one[key] for key in wanted)), known[0] if known else {})


def _newest_first(told: Sequence[Any]) -> tuple[int, str]:
    return -(told[0] or 0), told[1]


def _words(told: Mapping[str, Any], keys: Iterable[str]) -> dict[str, str]:
    return {key: str(told[key]) for key in keys if told.get(key)}


def _version_facts(row: Row) -> VersionFacts:
    stored = node_from_record({"uid": row["uid"], "schema": row["schema"]})
    return VersionFacts(
        uid=row["uid"],
        columns=getattr(stored, "columns", ()),
        stated=tuple(json_map(row["fields"])),
        partial=bool(row["partial"]),
        sealed_at=row["sealed_at"],
    )


def _cost(row: Row) -> RunCost:
    started, ended = row["started_at"], row["ended_at"]
    wall = max(0.0, (ended - started) / 1e6) if started is not None and ended is not None else 0.0
    seconds, count = row["gpu_seconds"], row["gpu_count"]
    estimated = seconds is None and bool(count) and wall > 0
    return RunCost(
        uid=row["uid"],
        state=row["state"] or "",
        wall_seconds=wall,
        gpu_product=row["gpu_product"] or "",
        gpu_seconds=count * wall if estimated else seconds,
        estimated=estimated,
        usage={
            key: float(value)
            for key, value in json_map(row["usage"]).items()
            if isinstance(value, int | float)
        },
    )
