"""What is said of one edge, merged: by witnesses, by people who state and retract, by an alias's moves.

Each function takes what is known and what is told and answers the edge's properties, whatever the
order in which it was told. When the edge holds is kept apart, see ``spans``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lineage_server.domain.edges import BASIS_RANK
from lineage_server.ingest.spans import Span, spans_of
from lineage_server.ingest.values import canonical

Props = dict[str, Any]


def is_guess(edge: Mapping[str, Any]) -> bool:
    """Whether the server inferred this edge: it names the rule."""
    return edge.get("rule") is not None


def witnessed(current: Props | None, told: Props) -> Props:
    """The stronger basis, then the earlier event, tells its source, at ``told_at`` if not ``at``;
    ``at`` is the earliest time anybody saw it."""
    if current is None:
        return told
    if is_guess(current):
        # What was seen replaces what was guessed; the guess's time is nobody's testimony.
        return {**dict.fromkeys(current), **told}
    at = told["at"]
    merged = dict(current)
    told_at = current.get("told_at") or current["at"]
    if _strength(told, at) < _strength(current, told_at):
        told_at = at
        # What the weaker witness said beyond that does not speak for this one.
        merged = {**dict.fromkeys(current), "last_at": current.get("last_at"), **told}
    merged["at"] = min(at, current["at"])
    apart = told_at if told_at != merged["at"] else None
    if apart != merged.get("told_at"):
        merged["told_at"] = apart
    last = max(at, current.get("last_at") or current["at"])
    if last != merged["at"]:
        merged["last_at"] = last
    return merged


def _strength(edge: Props, told_at: int) -> tuple[str, int, str]:
    return BASIS_RANK.get(edge.get("basis", ""), "9"), told_at, edge.get("event", "")


def stated(current: Props | None, told: Props, *, retracted: bool) -> tuple[Props, list[Span]]:
    """A person's edge holds from each statement to the next retraction; both keep their reasons.

    The last statement tells what the edge says. ``history``: each statement and retraction as
    ``[at, event, stated, reason, source, basis, fields]``.
    """
    history: list[list[Any]] = json.loads((current or {}).get("history") or "[]")
    who = str(told["source"]), str(told["basis"])
    entry = [told["at"], told["event"], not retracted, told.get("reason"), *who, told.get("fields")]
    if not any(known[:2] == entry[:2] for known in history):
        history.append(entry)
        history.sort(key=lambda one: one[:2])
    spans = spans_of([(one[0], one[2]) for one in history])
    statements = [one for one in history if one[2]]
    at, event, _, reason, source, basis, fields = statements[-1] if statements else history[-1]
    ended = history[-1] if not history[-1][2] else None
    props = {
        "at": spans[0][0] if spans else history[0][0],
        "source": source,
        "basis": basis,
        "event": event,
        "told_at": at if spans and at != spans[0][0] else None,
        "reason": reason if statements else None,
        "fields": fields,
        "retracted_at": ended[0] if ended else None,
        "retracted_reason": ended[3] if ended else None,
        "retracted_event": ended[1] if ended else None,
        "history": canonical(history),
    }
    return props, spans


def silenced(edge: Props) -> Props:
    """A stated edge without the words of those who stated and retracted it."""
    history = [[*one[:3], "", *one[4:6], None] for one in json.loads(edge["history"])]
    words = {key: "" for key in ("reason", "retracted_reason") if edge.get(key) is not None}
    return {**edge, **words, "fields": None, "history": canonical(history)}


def pointed(history: Sequence[Sequence[Any]]) -> dict[str, tuple[Props, list[Span]]]:
    """By target: when an alias pointed there, and what its last move there says.

    ``history``: the moves in order, each as ``[at, event, target, source, basis, reason, …]``.
    """
    out: dict[str, tuple[Props, list[Span]]] = {}
    for target in dict.fromkeys(move[2] for move in history if move[2] is not None):
        spans = spans_of([(move[0], move[2] == target) for move in history])
        at, event, _, source, basis, reason, *_ = [move for move in history if move[2] == target][-1]
        first, last = (spans[0], spans[-1]) if spans else ((at, at), (at, at))
        props = {
            "at": first[0],
            "source": source,
            "basis": basis,
            "event": event,
            "reason": reason or None,
            "valid_from": last[0],
            "valid_to": last[1],
        }
        out[target] = props, spans
    return out
