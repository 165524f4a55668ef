"""What it takes to do a run again, as the server knows it: asked for here, looked for in ``needs``.

What ``lineage run`` began is one thing with the runs that its command began: their inputs, outputs and
metrics count together. Dataclasses; the only I/O is to ask, by the documents of ``recipes``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from lineage_server.client.builders import LAUNCHER
from lineage_server.client.recipes import FAMILY, KNOWN, MEANT
from lineage_server.client.withholding import withheld_of
from lineage_server.domain.errors import NotFoundError
from lineage_server.domain.ids import shorten
from lineage_server.domain.secrets import GONE
from lineage_server.domain.seeds import seeds_of
from lineage_server.domain.untyped import as_mapping

if TYPE_CHECKING:
    from lineage_server.client.client import Client
    from lineage_server.client.origins import Origin

_TOGETHER = 20
_MOST_RUNS = 200
_MOST_LEVELS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A version that was read or written; ``stored``: the server has its bytes."""

    role: str
    uid: str
    name: str
    kind: str
    project: str
    ordinal: int | None
    digest: str
    uri: str
    size: int | None
    stored: bool
    inferred: bool

    @property
    def title(self) -> str:
        """What people type for it."""
        return f"{self.kind}:{self.name}" + (f"@{self.ordinal}" if self.ordinal is not None else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A run of the family, with what it was told, read, wrote and measured; ``unseen``: links that are not
    among these; ``withheld``: what it was not let change, being a reproduction."""

    uid: str
    name: str
    state: str
    params: Mapping[str, Any]
    metrics: Mapping[str, Any]
    inputs: tuple[Link, ...]
    outputs: tuple[Link, ...]
    unseen: int
    withheld: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """``run`` is the run to do again: the one that ``lineage run`` began, where there is one around what
    was ``asked`` for. ``folder`` and ``root``: where it was started, and the top of its repository."""

    asked: str
    run: str
    name: str
    project: str
    job: str
    launched: bool
    command: tuple[str, ...]
    folder: str
    root: str
    entry_digest: str
    origin: Origin
    fingerprint: Mapping[str, Any]
    repeats: Mapping[str, Any]
    family: tuple[Member, ...]
    whole: bool

    @property
    def inputs(self) -> tuple[Link, ...]:
        """What came from outside: not made by the family itself."""
        made = {link.uid for member in self.family for link in member.outputs}
        read = {(link.role, link.uid): link for member in self.family for link in member.inputs}
        return tuple(link for link in read.values() if link.uid not in made)

    @property
    def seeds(self) -> dict[str, Any]:
        """What set random numbers: what began the command was told, or one of the runs that it began."""
        found = {one["key"]: one["value"] for one in self.fingerprint["seeds"]}
        for member in self.family:
            found |= seeds_of(member.params, ())
        return found

    @property
    def unseen(self) -> int:
        """Inputs and outputs that could not be looked at."""
        return sum(member.unseen for member in self.family)

    @property
    def has_secrets(self) -> bool:
        """Whether words of the command were taken out when it was recorded."""
        return any(GONE in word for word in self.command)


def recipe_of(client: Client, ref: str) -> Recipe:
    """Raises a domain error; NotFoundError where no run is known that made it."""
    found = as_mapping(client.gql(MEANT, {"of": ref, "project": client.config.project})["node"])
    own = found if found.get("__typename") == "Run" else as_mapping(found.get("run"))
    if not own:
        raise NotFoundError(f"no run is known that made {shorten(ref)!r}, or it is not yours to see")
    root = _launched_around(client, str(own["uid"]))
    raw, whole = _family(client, root)
    facts = _facts(root)
    known = client.gql(KNOWN, {"of": root["uid"]})["repeats"]
    return Recipe(
        asked=ref,
        run=str(root["uid"]),
        name=str(root["name"]),
        project=str(root["project"]),
        job=str(root["jobName"]),
        launched=facts.get("launcher") == LAUNCHER,
        command=tuple(root["argv"]),
        folder=str(root["workingDirectory"]),
        root=str(facts.get("root") or ""),
        entry_digest=str(facts.get("entry_digest") or ""),
        origin=client.origin(str(root["uid"])),
        fingerprint=known["fingerprint"],
        repeats=known,
        family=tuple(map(_member, raw)),
        whole=whole,
    )


def family_of(client: Client, uid: str) -> tuple[Member, ...]:
    """A run and those that it began, as they are now."""
    raw, _ = _family(client, _runs(client, [uid])[0])
    return tuple(map(_member, raw))


def _launched_around(client: Client, uid: str) -> dict[str, Any]:
    """The run that ``lineage run`` began and this is a part of; itself where there is none."""
    own = run = _runs(client, [uid])[0]
    for _ in range(_MOST_LEVELS):
        if _facts(run).get("launcher") == LAUNCHER:
            return run
        above = as_mapping(run["parent"]).get("uid")
        found = _runs(client, [str(above)]) if above else []
        if not found:
            return own
        run = found[0]
    return own


def _family(client: Client, root: dict[str, Any]) -> tuple[list[dict[str, Any]], bool]:
    """The run and all below it, and whether these are all."""
    out, level, whole = [root], [root], True
    seen = {root["uid"]}
    for _ in range(_MOST_LEVELS):
        below = [edge["node"]["uid"] for run in level for edge in run["children"]["edges"]]
        whole = whole and not any(run["children"]["hasMore"] for run in level)
        fresh = [uid for uid in dict.fromkeys(below) if uid not in seen]
        if not fresh:
            return out, whole
        if len(out) + len(fresh) > _MOST_RUNS:
            return out, False
        seen.update(fresh)
        level = _runs(client, fresh)
        out += level
    return out, False


def _runs(client: Client, uids: Sequence[str]) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    for start in range(0, len(uids), _TOGETHER):
        nodes = client.gql(FAMILY, {"uids": list(uids[start : start + _TOGETHER])})["nodes"]
        out += [node for node in cast("Iterable[dict[str, Any] | None]", nodes) if node]
    return out


def _facts(run: Mapping[str, Any]) -> Mapping[str, Any]:
    return as_mapping(as_mapping(run["properties"]).get("facts"))


def _member(run: Mapping[str, Any]) -> Member:
    unseen = sum(run[side]["hidden"] + bool(run[side]["hasMore"]) for side in ("inputs", "outputs"))
    return Member(
        uid=run["uid"],
        name=str(run["name"]),
        state=str(run["runState"] or "").lower(),
        params=run["paramMap"],
        metrics=run["metricMap"],
        inputs=_links(run["inputs"]),
        outputs=_links(run["outputs"]),
        unseen=unseen,
        withheld=withheld_of(_facts(run)),
    )


def _links(page: Mapping[str, Any]) -> tuple[Link, ...]:
    return tuple(_link(edge["node"]) for edge in page["edges"])


def _link(node: Mapping[str, Any]) -> Link:
    version = node["version"]
    return Link(
        role=node["role"],
        **{key: str(version[key] or "") for key in ("uid", "name", "kind", "project", "digest", "uri")},
        ordinal=version["ordinal"],
        size=None if version["size"] is None else int(version["size"]),
        stored=bool(version["storedAt"]),
        inferred=node["basis"] == "inferred",
    )
