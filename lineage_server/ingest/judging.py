"""What the graph has against an event when it comes: conditions, protected aliases, names, what is in use.

Judged once, by the writer, on the graph as its transaction finds it: of two who move one alias at once,
the second is told what the first has done. What was accepted is a fact: a rebuild judges nothing again.
Who sent an event is what the server knows of its sender, never what the event says.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeGuard

from lineage_server.domain import ids
from lineage_server.domain.edges import EdgeType
from lineage_server.domain.errors import ConflictError, ForbiddenError, InvalidInputError, LineageError
from lineage_server.domain.event_registry import (
    AliasSet,
    ApprovalGiven,
    ModelReported,
    ModelVersionReported,
)
from lineage_server.domain.events import Event, MemberSet, NodeDeleted, NodeRestored
from lineage_server.domain.nodes import Label, ModelState
from lineage_server.graph.uses import Uses
from lineage_server.ingest import registered
from lineage_server.ingest.expecting import other_card, other_role
from lineage_server.ingest.facts import Clock
from lineage_server.ingest.state import NodeState
from lineage_server.ingest.using import not_there, objection_of_users

ANYBODY = "local/local"
"""The sender in mode ``open``, which tells nobody apart: an approval is needed there too, but may be one's
own (docs/decisions/0013)."""

States = Mapping[str, NodeState]
_Stateful = (ModelReported, ModelVersionReported)
_OF_MODELS = (Label.REGISTERED_MODEL, Label.MODEL_VERSION)


def looked_at(event: Event) -> Iterator[str]:
    """Uids of nodes that ``objection`` looks at, beyond those that the event tells of."""
    if isinstance(event, AliasSet):
        model = ids.clean_name(event.model, "model")
        yield ids.model_uid(event.project, model)
        called = (event.version, event.alias if event.unless_taken else None)
        yield from (_version_uid(event, name) for name in called if name)
    elif isinstance(event, ApprovalGiven) and event.request:
        yield event.request
        yield _version_uid(event, event.version)
        yield from _protecting(event)
    elif isinstance(event, ModelVersionReported) and event.unless_taken:
        yield _alias_uid(event, event.version)


def _version_uid(event: AliasSet | ApprovalGiven | ModelVersionReported, name: str) -> str:
    """Of a version as an event names it: one name has several spellings, and a node has one uid."""
    model = ids.clean_name(event.model, "model")
    return ids.model_version_uid(event.project, model, ids.clean_part(name, "version", "@"))


def _alias_uid(event: AliasSet | ApprovalGiven | ModelVersionReported, name: str) -> str:
    model = ids.clean_name(event.model, "model")
    return ids.alias_uid(event.project, model, ids.clean_part(name, "alias", "@"))


def _protecting(event: AliasSet | ApprovalGiven) -> Iterator[str]:
    """Uids of the nodes that may say who moves the alias and who approves."""
    model = ids.clean_name(event.model, "model")
    if event.alias:
        yield _alias_uid(event, event.alias)
    yield ids.model_uid(event.project, model)


def guarded(event: Event) -> str:
    """The uid that must not be in use: of what goes on that condition, or without a word of why."""
    if isinstance(event, NodeDeleted) and not _insists(event):
        return event.uid
    if isinstance(event, _Stateful) and event.state is ModelState.ARCHIVED and not _insists(event):
        return _of_state(event)
    return ""


def _insists(event: NodeDeleted | ModelReported | ModelVersionReported) -> bool:
    """Whether it says why it is done, whatever uses it."""
    return bool(event.reason.strip()) and not event.unless_used


def state_before(event: Event, states: States) -> str | None:
    """The state of the model or version that the event sets one of, or whether it is deleted, where that
    is what is set; None where it sets none."""
    if _hides(event):
        own = states.get(event.uid)
        return "deleted" if own is not None and own.deleted else ""
    if not isinstance(event, _Stateful) or event.state is None:
        return None
    state = states.get(_of_state(event))
    return str(state.props.get("state") or "") if state is not None else ""


def state_until(event: Event, before: str | None, states: States) -> str | None:
    """What to keep beside the event, once its facts are merged: the state until then, or the event's own
    where it changed nothing (a later one is known, or it was so already)."""
    if before is None:
        return None
    now = state_before(event, states)
    return before if now != before else _set_by(event)


def _set_by(event: Event) -> str:
    if isinstance(event, _Stateful):
        return str(event.state)
    return "deleted" if isinstance(event, NodeDeleted) else ""


def _hides(event: Event) -> TypeGuard[NodeDeleted | NodeRestored]:
    """Whether it takes a model or a version out of sight, or back."""
    return isinstance(event, NodeDeleted | NodeRestored) and ids.label_of(event.uid) in _OF_MODELS


def _of_state(event: ModelReported | ModelVersionReported) -> str:
    model = ids.clean_name(event.model, "model")
    if isinstance(event, ModelReported):
        return ids.model_uid(event.project, model)
    return _version_uid(event, event.version)


def objection(
    event: Event, actor: str, clock: Clock, states: States, users: Mapping[str, Uses]
) -> LineageError | None:
    """Why the event is not taken, if so. ``users``: what the graph says uses a guarded uid."""
    judge = _JUDGES.get(type(event))
    if judge is not None and (found := judge(event, actor, clock, states)) is not None:
        return found
    uid = guarded(event)
    if not uid:
        return None
    own = states.get(uid)
    if own is None or not own.props:
        # Only who makes a condition means something that is there: a tombstone may come before its node.
        return not_there(uid) if getattr(event, "unless_used", False) else None
    uses = users.get(uid, Uses())
    return objection_of_users(own, event.project, uses, states, deleted=isinstance(event, NodeDeleted))


# --- aliases -----------------------------------------------------------------------------


def _alias(event: AliasSet, actor: str, clock: Clock, states: States) -> LineageError | None:
    model = ids.clean_name(event.model, "model")
    alias = states.get(_alias_uid(event, event.alias))
    shown = f"alias {ids.shorten(event.alias)!r} of model {ids.shorten(model)!r}"
    now = version_in(alias.props.get("target") if alias is not None else "")
    if event.expected is not None and ids.normal(event.expected) != now:
        return ConflictError(
            f"{shown} points to {_version(now)}, not to {_version(event.expected)}; nothing was changed. "
            "Look at what is there, then say so as expected",
            current=now,
        )
    if event.unless_taken and not (alias is not None and alias.props.get("history")):
        found = _alias_name(event, model, states)
        if found is not None:
            return found
    protections = _protections(event, states)
    for state in protections:
        found = _protected(event, actor, state, states, shown)
        if found is not None:
            return found
    moves_now = bool(protections) or event.expected is not None
    found = _target(event, model, states) if moves_now or event.unless_taken else None
    return found or (_order(alias, clock, shown) if moves_now else None)


def _alias_name(event: AliasSet, model: str, states: States) -> LineageError | None:
    """An alias goes before a version of that name: nobody would find the version any more."""
    try:
        ids.clean_new_alias(event.alias, "alias")
    except InvalidInputError as error:
        return error
    version = states.get(_version_uid(event, event.alias))
    if version is None or not version.props or "stub" in version.props:
        return None
    return ConflictError(
        f"{ids.shorten(event.alias)!r} is a version of model {ids.shorten(model)!r}, so no alias is called "
        "that; nothing was changed. Take another name",
        current=event.alias,
    )


def _protections(event: AliasSet | ApprovalGiven, states: States) -> list[NodeState]:
    """Of the alias itself, and of all of the model's."""
    found = (states.get(uid) for uid in _protecting(event))
    return [state for state in found if state is not None and state.props.get("protected")]


def _among(by: NodeState, field: str, actor: str) -> list[str]:
    """Those who may, where ``actor`` is none of them; empty where they may."""
    named: list[str] = json.loads(by.props.get(field) or "[]")
    return named if actor not in named else []


def _version(name: str) -> str:
    return f"version {ids.shorten(name)!r}" if name else "no version"


def version_in(uid: Any) -> str:
    """The version that a model version's uid ends with."""
    return str(uid or "").rpartition("@")[2]


def _protected(event: AliasSet, actor: str, by: NodeState, states: States, shown: str) -> LineageError | None:
    movers = _among(by, "movers", actor)
    if movers:
        return ForbiddenError(
            f"{shown} is protected: only {ids.listed(movers, 5)} may move it; nothing was changed",
            permission="move",
        )
    if event.version is None:
        return ConflictError(
            f"{shown} is protected, so it is not deleted; nothing was changed. "
            "An admin may lift the protection",
            current="protected",
        )
    if not by.props.get("needs_approval"):
        return None
    if not event.approval:
        of = ids.Reference("model", ids.shorten(event.model), event.version, event.project)
        return ConflictError(
            f"{shown} is protected: it moves with an approval of version {ids.shorten(event.version)!r}, and "
            f"was not moved. Request one ('lineage promote {of} {event.alias} --ask'), and move it once "
            "somebody else has given it",
            current="protected",
        )
    return _approval(event, actor, states.get(event.approval), by)


def _approval(event: AliasSet, actor: str, approval: NodeState | None, by: NodeState) -> LineageError | None:
    """Whether this approval is good for this move."""
    told = approval.props if approval is not None and not approval.deleted else {}
    meant = (_version_uid(event, event.version or ""), ids.normal(event.alias))
    asker, giver = told.get("asker") or actor, told.get("by")
    if not told or (told.get("version"), told.get("alias")) != meant:
        reason = "is not for this alias and version"
    elif told.get("verdict") != "approved":
        reason = f"is {told.get('verdict') or 'pending'}"
    elif told.get("used_at") is not None:
        reason = "was used for a move before: each move needs its own"
    elif giver == asker and actor != ANYBODY:
        reason = f"was given by {giver}, who asked for it: it takes somebody else"
    elif approvers := _among(by, "approvers", str(giver)):
        reason = f"was given by {giver}: it takes one by {ids.listed(approvers, 5)}"
    else:
        return None
    return ConflictError(
        f"approval {ids.shorten(event.approval or '')!r} {reason}; nothing was changed",
        current=str(told.get("verdict") or ""),
    )


def archived(version: str) -> ConflictError:
    """What is said to who lets an alias point to what is out of use."""
    return ConflictError(
        f"version {ids.shorten(version)!r} is archived; nothing was changed. Take it back first, or take "
        "another",
        current=str(ModelState.ARCHIVED),
    )


def _target(event: AliasSet, model: str, states: States) -> LineageError | None:
    if event.version is None:
        return None
    target = states.get(_version_uid(event, event.version))
    if target is not None and not target.deleted and target.props.get("state") == ModelState.ARCHIVED:
        return archived(event.version)
    if target is None or target.deleted or "stub" in target.props:
        return InvalidInputError(
            f"model {ids.shorten(model)!r} has no version {ids.shorten(event.version)!r}; "
            "nothing was changed",
            field="version",
        )
    return None


def _order(alias: NodeState | None, clock: Clock, shown: str) -> LineageError | None:
    """A move of the past would be a fact, but change nothing now: not what was meant here."""
    moves: list[list[Any]] = json.loads(alias.props.get("history", "[]")) if alias is not None else []
    if moves and (clock.at, clock.event) < (moves[-1][0], moves[-1][1]):
        return ConflictError(
            f"a later move of {shown} is known; nothing was changed", current=version_in(moves[-1][2])
        )
    return None


# --- approvals -----------------------------------------------------------------------------


def _verdict(event: ApprovalGiven, actor: str, clock: Clock, states: States) -> LineageError | None:
    if not event.request:
        return None
    asked = states.get(event.request)
    told = asked.props if asked is not None and not asked.deleted else {}
    meant = (_version_uid(event, event.version), ids.normal(event.alias))
    if told.get("asker") is None or (told.get("version"), told.get("alias")) != meant:
        return InvalidInputError(
            f"{ids.shorten(event.request)!r} is no request for this version and alias; nothing was changed",
            field="request",
        )
    if told.get("verdict"):
        return ConflictError(
            f"{ids.shorten(event.request)!r} was {told['verdict']} by {told.get('by')} before; "
            "nothing was changed. Request another approval",
            current=str(told["verdict"]),
        )
    version = states.get(meant[0])
    gone = version is not None and version.deleted
    if event.verdict == "withdrawn":
        if actor == told["asker"] or gone:
            return None
        return ForbiddenError(
            f"{told['asker']} asked for this approval, so nobody else withdraws it; nothing was changed. "
            "Reject it instead",
            permission="withdraw",
        )
    if gone:
        return ConflictError(
            f"{_version(event.version)} is deleted, so nothing is decided on it; nothing was changed. Take "
            "it back first (lineage undelete), or withdraw the request",
            current="deleted",
        )
    for by in _protections(event, states):
        if approvers := _among(by, "approvers", actor):
            return ForbiddenError(
                f"only {ids.listed(approvers, 5)} may approve or reject this; nothing was changed",
                permission="approve",
            )
    if event.verdict == "approved" and actor == told["asker"] and actor != ANYBODY:
        return ForbiddenError(
            f"{actor} asked for this approval, so somebody else must give it; nothing was changed",
            permission="approve",
        )
    return None


# --- versions ------------------------------------------------------------------------------


def _version_name(
    event: ModelVersionReported, actor: str, clock: Clock, states: States
) -> LineageError | None:
    """Of two who call different things by one name at once, the second is told. A repeat is none."""
    if not event.unless_taken:
        return None
    model = ids.clean_name(event.model, "model")
    uid = _version_uid(event, event.version)
    own = states.get(uid)
    if own is not None and own.props and "stub" not in own.props and not _is_of(own, event):
        return ConflictError(
            f"model {ids.shorten(model)!r} has a version {ids.shorten(event.version)!r} of something else; "
            "nothing was changed. Take another name, or none",
            current=uid,
        )
    alias = states.get(_alias_uid(event, event.version))
    if alias is not None and alias.props.get("target"):
        return ConflictError(
            f"{ids.shorten(event.version)!r} is an alias of model {ids.shorten(model)!r}, so no version is "
            "called that; nothing was changed. Take another name, or none",
            current=event.version,
        )
    return None


def _is_of(version: NodeState, event: ModelVersionReported) -> bool:
    """Whether it was made of what the event names: an artifact's version, or what lies at an address."""
    stands = registered.stand_in_of(version.uid)
    origins = {key.other for key in version.edges if key.type is EdgeType.REGISTERED_AS} - {stands}
    uri = str(version.props.get("uri") or "")
    if bool(origins) != bool(event.origin):  # one of them knows only where it lies
        return uri != "" and event.uri == uri
    return (event.origin or "") in (origins or {""}) and (event.uri or "") == uri


_JUDGES: dict[type[Event], Callable[[Any, str, Clock, States], LineageError | None]] = {
    AliasSet: _alias,
    ApprovalGiven: _verdict,
    MemberSet: lambda event, _actor, clock, states: other_role(event, clock, states),
    ModelReported: lambda event, _actor, clock, states: other_card(event, clock, states),
    ModelVersionReported: _version_name,
}
