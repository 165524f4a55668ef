"""What a run read that names a version of a registered model, or an alias of one.

A registered version is of an artifact version: that is what was read. Of what lies elsewhere, and whose
place tells no version, none is known: then one that has no digest stands for it, so that what was read is
what was registered and no other artifact of that name. Like the rest of ``derive``, all of this follows from
the merged state alone: a version that is registered late is read late.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lineage_server.domain import ids
from lineage_server.domain.edges import Basis, EdgeType, Source
from lineage_server.domain.event_registry import ModelVersionReported
from lineage_server.domain.events import Event
from lineage_server.domain.nodes import Label
from lineage_server.ingest.facts import EdgeKey, NodeFacts
from lineage_server.ingest.state import NodeState

States = Mapping[str, NodeState]
RULE = "version of the registered model"


def looked_at(artifact: str, name: str) -> Iterator[str]:
    """Uids of what may be meant by a version or an alias of the model that is called as ``artifact`` is."""
    project, model = _named(artifact)
    yield ids.alias_uid(project, model, name)
    yield from _of_version(ids.model_version_uid(project, model, name))


def pointed_at(artifact: str, name: str, states: States) -> Iterator[str]:
    """The same of all that an alias has ever pointed to, once the alias is known."""
    for move in _moves(artifact, name, states):
        if move[2]:
            yield from _of_version(move[2])


def meant(artifact: str, name: str, at: int, states: States) -> NodeState | None:
    """The registered version that was read at a time; None where there is none of that name."""
    project, model = _named(artifact)
    found = states.get(ids.model_version_uid(project, model, name))
    if not _is_there(found):
        before = [move[2] for move in _moves(artifact, name, states) if move[0] <= at]
        found = states.get(before[-1] or "") if before else None
    return found if _is_there(found) else None


def origin_of(version: NodeState) -> str:
    """The artifact version that it was registered of; the newest statement of it counts."""
    own = stand_in_of(version.uid)
    edges = [(edge, key) for key, edge in version.edges.items() if _tells(key) and key.other != own]
    told = [(-edge["at"], key.other) for edge, key in edges]
    return min(told)[1] if told else ""


def stand_in_of(version: str) -> str:
    """Uid of what stands for a registered version, by that one's uid."""
    project, _, rest = version.removeprefix("modelversion:").partition("/")
    model, _, name = rest.rpartition("@")
    return ids.registered_uid(project, model, name)


def stand_in(version: NodeState, known: NodeState | None, recorded_at: int) -> NodeState:
    """What stands for a registered version without an origin, as ``known`` or new, and its edge."""
    uid, props = stand_in_of(version.uid), version.props
    state = known or NodeState(uid, Label.ARTIFACT_VERSION)
    if not state.props:
        kind, name = "model", ids.artifact_of_version(uid).split("/", 2)[2]
        told = {
            "project": props["project"], "kind": kind, "name": name,
            "artifact": ids.artifact_of_version(uid), "key": uid.rpartition("@")[2],
        }  # fmt: skip
        state.props = dict(told)
        state.dirty.update(told)
    state.set_derived("stub", None)
    state.set_derived("created_at", props.get("created_at"))
    state.set_derived("uri", props.get("uri"))
    at = props.get("created_at") or recorded_at
    fact = {"at": at, "source": Source.SYSTEM, "basis": Basis.DECLARED, "event": ""}
    version.hold_edge(EdgeKey(EdgeType.REGISTERED_AS, "model", uid), fact, [(at, None)], recorded_at)
    return state


def without_foreign_maker(event: Event, facts: list[NodeFacts], states: States) -> list[NodeFacts]:
    """Who registers may name a run of another project, of which nothing is told here."""
    if not isinstance(event, ModelVersionReported) or not event.run:
        return facts
    return [
        one for one in facts if one.label is not Label.RUN or _is_ours(states.get(one.uid), event.project)
    ]


def _is_ours(run: NodeState | None, project: str) -> bool:
    return run is None or not run.props or "stub" in run.props or run.project == project


def stood_in_for(version: NodeState) -> bool:
    """Whether something stands, or stood, for it."""
    return EdgeKey(EdgeType.REGISTERED_AS, "model", stand_in_of(version.uid)) in version.edges


def correct(version: NodeState, known: NodeState | None, recorded_at: int) -> NodeState | None:
    """What stands for it keeps up with it, and never was it where it turns out to have an origin."""
    if not origin_of(version):
        return stand_in(version, known, recorded_at)
    key = EdgeKey(EdgeType.REGISTERED_AS, "model", stand_in_of(version.uid))
    version.hold_edge(key, version.edges[key], [], recorded_at)
    return None


def readable(states: Iterable[NodeState]) -> set[str]:
    """Uids of the artifacts that readers name of whose registered versions or aliases something has changed
    that decides what they read."""
    out: set[str] = set()
    for state in states:
        if state.label is Label.MODEL_VERSION:
            new = not state.exists or "stub" in state.dirty or any(_tells(key) for key in state.new_edges)
        else:
            new = state.label is Label.ALIAS and "history" in state.dirty
        if new and "model" in state.props:
            project, _, name = str(state.props["model"]).removeprefix("model:").partition("/")
            out.add(ids.artifact_uid(project, "model", name))
    return out


def _tells(key: EdgeKey) -> bool:
    return key.type is EdgeType.REGISTERED_AS


def _is_there(version: NodeState | None) -> bool:
    return version is not None and bool(version.props) and "stub" not in version.props


def _named(artifact: str) -> tuple[str, str]:
    project, _, name = artifact.removeprefix("artifact:").split("/", 2)
    return project, name


def _of_version(uid: str) -> Iterator[str]:
    yield uid
    yield stand_in_of(uid)


def _moves(artifact: str, name: str, states: States) -> list[list[Any]]:
    project, model = _named(artifact)
    alias = states.get(ids.alias_uid(project, model, name))
    return json.loads(alias.props.get("history") or "[]") if alias is not None else []
