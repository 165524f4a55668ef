"""Which events are deeds that the audit log tells of, and in which words: pure.

A deed is the same whether a person did it through a mutation or a program sent the event. What a platform
is seen to do (``source`` watcher) is nobody's deed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lineage_server.domain import ids
from lineage_server.domain.edges import Source
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.events import (
    AliasSet,
    ApprovalGiven,
    ApprovalRequested,
    DeploymentReported,
    EdgeAsserted,
    EdgeRetracted,
    Event,
    MemberSet,
    ModelReported,
    ModelVersionReported,
    NodeDeleted,
    NodeErased,
    NodeRestored,
    ProjectReported,
    ProtectionSet,
    VersionReported,
)
from lineage_server.domain.nodes import ModelState

Picture = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done to what. A ``target`` that ends with ``@`` is a version that has no number yet, which the
    writer fills in. ``once``: only if the event changes a state; else it says what was known."""

    action: str
    target: str
    before: Picture | None = None
    after: Picture | None = None
    once: bool = False


def deeds_of(event: Event) -> list[Deed]:
    """Empty for what is no deed: what runs report of themselves."""
    tell = _DEEDS.get(type(event))
    told = tell(event) if tell is not None else None
    deeds = told if isinstance(told, list) else [told] if told is not None else []
    return [replace(deed, target=ids.normal(deed.target)) for deed in deeds]


def _ends(event: EdgeAsserted | EdgeRetracted) -> Picture:
    return {"start": event.start, "end": event.end, "role": event.role}


def _project(event: ProjectReported) -> Deed | None:
    said = _described(event, "description", "owner", "tags")
    return Deed("updateProject", ids.project_uid(event.project), after=said) if said else None


def _member(event: MemberSet) -> Deed:
    return Deed("setMember", ids.project_uid(event.project), after={event.subject: event.role})


def _alias(event: AliasSet) -> Deed:
    action = "setAlias" if event.version is not None or event.origin else "deleteAlias"
    before = {"version": event.expected} if event.expected is not None else None
    after = {"version": event.version or event.origin, "reason": event.reason, "approval": event.approval}
    return Deed(action, ids.alias_uid(event.project, event.model, event.alias), before, _said(after))


def _model(event: ModelReported) -> list[Deed]:
    target = ids.model_uid(event.project, event.model)
    told = _described(event, "title", "owner", "description", "card", "tags")
    return [*_state(event, target), *([Deed("updateModel", target, after=told)] if told else [])]


def _model_version(event: ModelVersionReported) -> list[Deed]:
    target = ids.model_version_uid(event.project, event.model, event.version)
    made = _described(event, "origin", "uri", "run")
    told = _described(event, "description", "card", "metrics", "signature", "tags")
    deeds = _state(event, target)
    if made:
        deeds.append(Deed("createModelVersion", target, after={**made, **told}, once=True))
    elif told:
        deeds.append(Deed("updateModelVersion", target, after=told))
    return [*deeds, *_hold(target, event.hold, event.reason)]


def _state(event: ModelReported | ModelVersionReported, target: str) -> list[Deed]:
    """That a state is set; ready, without a word, is what all are that are told of."""
    if event.state is None or (event.state is ModelState.READY and not event.reason):
        return []
    return [Deed("setModelState", target, after={"state": event.state, "reason": event.reason})]


def _version(event: VersionReported) -> list[Deed]:
    try:
        key = event.digest.lower() or f"run:{ids.clean_run_id(event.run)}"
    except InvalidInputError:
        return []  # of no version: the writer refuses it
    target = ids.version_uid(event.project, event.kind, event.artifact, key)
    deeds = _hold(target, event.hold)
    if event.ttl_at is not None:
        deeds.append(Deed("setTimeToLive", target, after={"ttlAt": event.ttl_at or None}))
    return deeds


def _hold(target: str, hold: bool | None, reason: str = "") -> list[Deed]:
    return [Deed("setHold", target, after={"hold": hold, "reason": reason})] if hold is not None else []


def _deployment(event: DeploymentReported) -> Deed | None:
    if event.source is Source.WATCHER:
        return None
    target = ids.deployment_uid(event.project, event.cluster, event.name, event.revision)
    told = _described(event, "model", "version", "state", "endpoint", "traffic", "from_at", "to_at")
    return Deed("reportDeployment", target, after=told)


def _described(event: Event, *names: str) -> dict[str, Any]:
    """What the event says under these names."""
    return {name: value for name in names if (value := getattr(event, name)) is not None}


def _protection(event: ProtectionSet) -> Deed:
    after = {"protected": event.protected, "approval": event.approval, "movers": event.movers}
    after |= {"approvers": event.approvers} if event.approvers else {}
    target = (
        ids.alias_uid(event.project, event.model, event.alias)
        if event.alias
        else ids.model_uid(event.project, event.model)
    )
    return Deed("setProtection", target, after={**after, "reason": event.reason})


def _approval(action: str) -> Callable[[ApprovalRequested | ApprovalGiven], Deed]:
    def tell(event: ApprovalRequested | ApprovalGiven) -> Deed:
        target = ids.model_version_uid(event.project, event.model, event.version)
        after: dict[str, Any] = {"alias": event.alias, "comment": event.comment}
        if isinstance(event, ApprovalGiven):
            after |= {"verdict": event.verdict, "request": event.request}
        return Deed(action, target, after=_said(after))

    return tell


def _said(picture: Picture) -> Picture:
    """Without what was left out."""
    return {key: value for key, value in picture.items() if value}


def _on_node(action: str, **now: bool) -> Callable[[Any], Deed]:
    return lambda event: Deed(action, event.uid, after={**now, "reason": event.reason})


_DEEDS: dict[type[Event], Callable[[Any], Deed | list[Deed] | None]] = {
    ProjectReported: _project,
    MemberSet: _member,
    VersionReported: _version,
    AliasSet: _alias,
    ModelReported: _model,
    ModelVersionReported: _model_version,
    DeploymentReported: _deployment,
    ProtectionSet: _protection,
    ApprovalRequested: _approval("requestApproval"),
    ApprovalGiven: _approval("decideApproval"),
    NodeDeleted: _on_node("deleteNode", deleted=True),
    NodeRestored: _on_node("restoreNode", deleted=False),
    NodeErased: _on_node("eraseNode", erased=True),
    EdgeAsserted: lambda event: Deed("addEdge", event.end, after={**_ends(event), "reason": event.reason}),
    EdgeRetracted: lambda event: Deed("retractEdge", event.end, _ends(event), {"reason": event.reason}),
}
