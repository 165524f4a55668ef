"""What of a stored event webhooks are told, in which words: pure.

An event is looked at as the JSON it came as, beside what the graph says of the nodes it tells of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lineage_server.domain import ids
from lineage_server.registry.aliases import moves_of


class Kind(StrEnum):
    """What happened."""

    ALIAS = "alias"
    VERSION = "version"
    STATE = "state"
    APPROVAL = "approval"
    DELETION = "deletion"
    PING = "ping"


EVENT_TYPES = (
    *("model", "model.version", "model.alias", "model.approval.request", "model.approval"),
    *("node.deleted", "node.restored"),
)
"""Types of events that may be told."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell; ``model`` is its name."""

    kind: Kind
    project: str
    model: str
    about: Mapping[str, Any]


def nodes_of(event: Mapping[str, Any], project: str) -> str:
    """The uid of the node whose past tells more, empty for none."""
    model = str(event.get("model") or "")
    if event.get("type") == "model.alias":
        return ids.alias_uid(project, ids.clean_name(model, "model"), str(event.get("alias") or ""))
    if event.get("type") == "model.version":
        return ids.model_version_uid(project, ids.clean_name(model, "model"), str(event.get("version") or ""))
    return ""


def notices_of(
    event: Mapping[str, Any], *, project: str, event_id: str, actor: str, at: int, known: object,
    was: str | None,
) -> list[Notice]:  # fmt: skip
    """``known``: of an alias its history, of a version the clock of the event that made it. ``was``: the
    state until then; None where that was not kept."""
    kind = str(event.get("type") or "")
    if kind in ("node.deleted", "node.restored"):
        return _deletions(event, project=project, event_id=event_id, actor=actor, at=at, was=was)
    model = ids.clean_name(str(event.get("model") or ""), "model")
    about: dict[str, Any] = {"project": project, "model": model, "by": actor, "at": at, "event": event_id}
    if kind == "model.alias":
        move = next((one for one in moves_of(known) if one.event == event_id), None)
        about |= {
            "alias": _name(event, "alias"),
            "version": _name(event, "version"),
            "before": (move.before if move is not None else "") or None,
            "reason": event.get("reason") or "",
        }
        return [Notice(Kind.ALIAS, project, model, about)]
    if kind in ("model.approval.request", "model.approval"):
        return [
            Notice(Kind.APPROVAL, project, model, {**about, **_approval(event, project, model, event_id)})
        ]
    if kind == "model.version":
        about["version"] = _name(event, "version")
        if str(known or "").partition("|")[2] == event_id:
            about |= {"state": event.get("state"), "uri": event.get("uri"), "origin": event.get("origin")}
            return [Notice(Kind.VERSION, project, model, about)]
    state = event.get("state")
    if state and state != was:
        about |= {"state": state, "before": was or None, "reason": event.get("reason") or ""}
        return [Notice(Kind.STATE, project, model, about)]
    return []


def _name(event: Mapping[str, Any], field: str) -> str | None:
    """A name in the event, spelled as its node has it."""
    told = event.get(field)
    return ids.normal(str(told)) if told is not None else None


def _approval(event: Mapping[str, Any], project: str, model: str, event_id: str) -> dict[str, Any]:
    """What became of which request; ``what``: asked, or the verdict."""
    asked = event.get("type") == "model.approval.request"
    uid = event.get("request") or ids.approval_uid(project, model, event_id)
    return {
        "what": "asked" if asked else event.get("verdict"),
        "approval": uid,
        "version": _name(event, "version"),
        "alias": _name(event, "alias") or "",
        "comment": event.get("comment") or "",
    }


def _deletions(
    event: Mapping[str, Any], *, project: str, event_id: str, actor: str, at: int, was: str | None
) -> list[Notice]:
    """Of models and their versions; not that what was gone is gone."""
    uid, deleted = str(event.get("uid") or ""), event.get("type") == "node.deleted"
    prefix, _, rest = uid.partition(":")
    if prefix not in ("model", "modelversion") or was == ("deleted" if deleted else ""):
        return []
    named = rest.partition("/")[2]
    model, _, version = named.rpartition("@") if prefix == "modelversion" else (named, "", "")
    about = {
        "project": project,
        "model": model,
        "by": actor,
        "at": at,
        "event": event_id,
        "version": version or None,
        "what": "deleted" if deleted else "restored",
        "reason": event.get("reason") or "",
    }
    return [Notice(Kind.DELETION, project, model, about)]
