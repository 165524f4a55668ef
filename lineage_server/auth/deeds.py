"""Which events are deeds that the audit log tells of, and in which words: pure.

A deed is the same whether a person did it through a mutation or a program sent the event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lineage_server.domain import ids
from lineage_server.domain.events import (
    AliasSet,
    ApprovalGiven,
    ApprovalRequested,
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
)
from lineage_server.domain.nodes import ModelState

Picture = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done to what."""

    action: str
    target: str
    before: Picture | None = None
    after: Picture | None = None


def deed_of(event: Event) -> Deed | None:
    """None for what is no deed: what runs report of themselves."""
    tell = _DEEDS.get(type(event))
    return tell(event) if tell is not None else None


def _ends(event: EdgeAsserted | EdgeRetracted) -> Picture:
    return {"start": event.start, "end": event.end, "role": event.role}


def _project(event: ProjectReported) -> Deed | None:
    after = {"description": event.description, "owner": event.owner, "tags": event.tags}
    said = {key: value for key, value in after.items() if value is not None}
    return Deed("updateProject", ids.project_uid(event.project), after=said) if said else None


def _member(event: MemberSet) -> Deed:
    return Deed("setMember", ids.project_uid(event.project), after={event.subject: event.role})


def _alias(event: AliasSet) -> Deed:
    action = "setAlias" if event.version is not None or event.origin else "deleteAlias"
    before = {"version": event.expected} if event.expected is not None else None
    after = {"version": event.version or event.origin, "reason": event.reason, "approval": event.approval}
    return Deed(action, ids.alias_uid(event.project, event.model, event.alias), before, _said(after))


def _state(event: ModelReported | ModelVersionReported) -> Deed | None:
    """That a state is set; ready, without a word, is what all are that are told of."""
    if event.state is None or (event.state is ModelState.READY and not event.reason):
        return None
    target = ids.model_uid(event.project, event.model)
    if isinstance(event, ModelVersionReported):
        target = ids.model_version_uid(event.project, event.model, event.version)
    return Deed("setModelState", target, after={"state": event.state, "reason": event.reason})


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


_DEEDS: dict[type[Event], Callable[[Any], Deed | None]] = {
    ProjectReported: _project,
    MemberSet: _member,
    AliasSet: _alias,
    ModelReported: _state,
    ModelVersionReported: _state,
    ProtectionSet: _protection,
    ApprovalRequested: _approval("requestApproval"),
    ApprovalGiven: _approval("decideApproval"),
    NodeDeleted: _on_node("deleteNode", deleted=True),
    NodeRestored: _on_node("restoreNode", deleted=False),
    NodeErased: _on_node("eraseNode", erased=True),
    EdgeAsserted: lambda event: Deed("addEdge", event.end, after={**_ends(event), "reason": event.reason}),
    EdgeRetracted: lambda event: Deed("retractEdge", event.end, _ends(event), {"reason": event.reason}),
}
