"""Conditions on what somebody saw: a model's card or a member's role is changed only where it is still that.

Here is what speaks against such an event. When that is asked, and what else is: ``judging``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from lineage_server.domain import ids
from lineage_server.domain.errors import ConflictError
from lineage_server.domain.event_registry import ModelReported
from lineage_server.domain.events import MemberSet
from lineage_server.ingest.facts import Clock
from lineage_server.ingest.state import NodeState

_AGAIN = "nothing was changed. Look at what is there, then say so as expected"


def digest(text: str) -> str:
    """How an event names the text that somebody saw; empty for none."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest() if text else ""


def other_card(event: ModelReported, clock: Clock, states: Mapping[str, NodeState]) -> ConflictError | None:
    """That the card is another one than was expected."""
    if event.expected_card is None:
        return None
    name = ids.clean_name(event.model, "model")
    model = states.get(ids.model_uid(event.project, name))
    now = str(model.props.get("card") or "") if model is not None else ""
    shown = f"the card of model {ids.shorten(name)!r}"
    if event.expected_card != digest(now):
        return ConflictError(
            f"{shown} was changed meanwhile; {_AGAIN}", current=ids.shorten(now, 200) if now else "no card"
        )
    return _later(model, "card", clock, shown)


def other_role(event: MemberSet, clock: Clock, states: Mapping[str, NodeState]) -> ConflictError | None:
    """That the member has another role than was expected."""
    if event.expected is None:
        return None
    subject = ids.clean_name(event.subject, "subject")
    project = states.get(ids.project_uid(event.project))
    now = str(project.props.get(f"role.{subject}") or "") if project is not None else ""
    if event.expected != now:
        return ConflictError(
            f"{ids.shorten(subject)!r} is {_member(now)} of project {ids.shorten(event.project)!r}, not "
            f"{_member(event.expected)}; {_AGAIN}",
            current=_member(now),
        )
    return _later(project, f"role.{subject}", clock, f"the role of {ids.shorten(subject)!r}")


def _member(role: str) -> str:
    return ids.shorten(role) if role else "no member"


def _later(state: NodeState | None, key: str, clock: Clock, shown: str) -> ConflictError | None:
    """A change before one that is known would be a fact, but change nothing now: not what was meant here."""
    if state is None or (key not in state.props and key not in state.clocks):
        return None
    told = state.clocks.get(key)
    known = (told[0], told[1]) if told is not None else state.clock
    if known is None or known < (clock.at, clock.event):
        return None
    return ConflictError(
        f"{shown} was changed later than this by the clock of another server; nothing was changed. Send it "
        "again in a moment"
    )
