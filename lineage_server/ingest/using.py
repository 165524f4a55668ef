"""What uses a node now: from what the graph says, and from what the batch at hand has changed of it."""

from __future__ import annotations

from collections.abc import Mapping

from lineage_server.domain import ids
from lineage_server.domain.edges import EdgeType
from lineage_server.domain.errors import ConflictError, InvalidInputError
from lineage_server.domain.nodes import Label
from lineage_server.ingest.state import NodeState

MOST_NAMED = 10


def objection_of_users(
    uid: str, project: str, users: set[str], states: Mapping[str, NodeState], *, deleted: bool
) -> ConflictError | InvalidInputError | None:
    """Why ``uid`` can't go; those of other projects are counted, not named.

    ``users`` come from the graph, and all of them are among ``states``.
    """
    own = states.get(uid)
    if own is None or not own.props:
        return InvalidInputError(f"{ids.shorten(uid)!r} is not there; nothing was changed", field="uid")
    found = {by for by in users if by in states and _lives(uid, states[by])}
    found |= {by for by, state in states.items() if _made_here(uid, state) and _lives(uid, state)}
    if not deleted:
        found = {by for by in found if ids.label_of(by) in (Label.ALIAS, Label.DEPLOYMENT)}
    reasons = [_reason(by) for by in sorted(found) if states[by].project == project]
    if deleted and own.props.get("hold"):
        reasons.insert(0, "it is held")
    hidden = len(found) - len([by for by in found if states[by].project == project])
    if hidden:
        reasons.append(f"{hidden} more in other projects")
    if not reasons:
        return None
    more = f" and {len(reasons) - MOST_NAMED} more" if len(reasons) > MOST_NAMED else ""
    return ConflictError(
        f"{ids.shorten(uid)!r} is in use: {', '.join(reasons[:MOST_NAMED])}{more}; nothing was changed. "
        "Take these away first, or override it with a reason",
        current=", ".join(sorted(by for by in found if states[by].project == project)[:MOST_NAMED]),
    )


def _lives(uid: str, user: NodeState) -> bool:
    """Whether this still uses it, after what the batch has done before."""
    props = user.props
    if user.deleted:
        return False
    if user.label is Label.ALIAS:
        target = str(props.get("target") or "")
        return target == uid or (bool(target) and props.get("model") == uid)
    if user.label is Label.DEPLOYMENT:
        return props.get("to_at") is None
    if user.label is Label.MODEL_VERSION and props.get("model") == uid:
        return bool(props.get("hold"))
    return user.label is Label.MODEL_VERSION or bool(props.get("hold"))


def _made_here(uid: str, state: NodeState) -> bool:
    """Whether this may use it as the batch knows, although the graph did not know yet."""
    if state.label is Label.ALIAS:
        return True
    kinds = {Label.DEPLOYMENT: EdgeType.DEPLOYED_AS, Label.MODEL_VERSION: EdgeType.REGISTERED_AS}
    kind = kinds.get(state.label)
    versions = uid.replace("model:", "modelversion:", 1) + "@" if uid.startswith("model:") else ""
    return kind is not None and any(
        key.type is kind and (key.other == uid or (versions != "" and key.other.startswith(versions)))
        for key in state.edges
    )


def _reason(by: str) -> str:
    label = ids.label_of(by)
    if label is Label.ALIAS:
        return f"alias {by.rpartition('@')[2]!r} points to it ({ids.shorten(by)})"
    if label is Label.DEPLOYMENT:
        return f"{ids.shorten(by)} runs it"
    if label is Label.MODEL_VERSION:
        return f"{ids.shorten(by)} depends on it"
    return f"{ids.shorten(by)} is held"
