"""Which events are deeds that the audit log tells of, and in which words: pure.

A deed is the same whether a person did it through a mutation or a program sent the event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lineage_server.domain import ids
from lineage_server.domain.events import (
    EdgeAsserted,
    EdgeRetracted,
    Event,
    MemberSet,
    NodeDeleted,
    NodeErased,
    NodeRestored,
    ProjectReported,
)

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


def _on_node(action: str, **now: bool) -> Callable[[Any], Deed]:
    return lambda event: Deed(action, event.uid, after={**now, "reason": event.reason})


_DEEDS: dict[type[Event], Callable[[Any], Deed | None]] = {
    ProjectReported: _project,
    MemberSet: _member,
    NodeDeleted: _on_node("deleteNode", deleted=True),
    NodeRestored: _on_node("restoreNode", deleted=False),
    NodeErased: _on_node("eraseNode", erased=True),
    EdgeAsserted: lambda event: Deed("addEdge", event.end, after={**_ends(event), "reason": event.reason}),
    EdgeRetracted: lambda event: Deed("retractEdge", event.end, _ends(event), {"reason": event.reason}),
}
