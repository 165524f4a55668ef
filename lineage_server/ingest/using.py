"""What uses a node now: from what the graph says, and from what the batch at hand has changed of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lineage_server.domain import ids
from lineage_server.domain.edges import EdgeType
from lineage_server.domain.errors import ConflictError, InvalidInputError
from lineage_server.domain.nodes import Label
from lineage_server.graph.uses import Uses
from lineage_server.ingest.state import NodeState

MOST_NAMED = 10
_MODELS = (Label.REGISTERED_MODEL, Label.MODEL_VERSION)


def not_there(uid: str) -> InvalidInputError:
    """What is said of a node that nobody has told of."""
    return InvalidInputError(f"{ids.shorten(uid)!r} is not there; nothing was changed", field="uid")


def objection_of_users(
    own: NodeState, project: str, uses: Uses, states: Mapping[str, NodeState], *, deleted: bool
) -> ConflictError | None:
    """Why ``own`` can't go; users of other projects are counted, not named.

    ``uses`` comes from the graph, and all that it names are among ``states``.
    """
    uid = own.uid
    found = {by: of for by, of in uses.by.items() if by in states and _lives(of, states[by], uid)}
    made = {*uses.made, *(key.other for key in own.edges if key.type is EdgeType.OUTPUT)}
    whole = uses.whole and not _goes_on(made, states)
    for by, state in states.items():
        of = _used_here(uid, made, state)
        if of and by != uid and by not in found and _lives(of, state, uid):
            found[by] = of
    if not deleted:
        found = {by: of for by, of in found.items() if ids.label_of(by) in (Label.ALIAS, Label.DEPLOYMENT)}
    named = sorted(by for by in found if states[by].project == project)
    reasons = [_reason(by, found[by], uid) for by in named]
    if deleted and own.props.get("hold"):
        reasons.insert(0, "it is held")
    if len(named) < len(found):
        reasons.append(f"{len(found) - len(named)} more in other projects")
    if not reasons and whole:
        return None
    more = f" and {len(reasons) - MOST_NAMED} more" if len(reasons) > MOST_NAMED else ""
    if not whole:
        more += f"{' and ' if reasons else ''}so much was made of it that not all of that was looked at"
    return ConflictError(
        f"{ids.shorten(uid)!r} is in use: {', '.join(reasons[:MOST_NAMED])}{more}; nothing was changed. "
        "Take these away first, or override it with a reason",
        current=", ".join(named[:MOST_NAMED]),
    )


def _lives(of: str, user: NodeState, uid: str) -> bool:
    """Whether this still uses ``of``, after what the batch has done before."""
    props = user.props
    if user.deleted:
        return False
    if user.label is Label.ALIAS:
        target = str(props.get("target") or "")
        return target == of or (bool(target) and props.get("model") == uid)
    if user.label is Label.DEPLOYMENT:
        return props.get("to_at") is None
    if user.label is Label.MODEL_VERSION and props.get("model") == uid:
        return bool(props.get("hold"))
    return user.label is Label.MODEL_VERSION or bool(props.get("hold"))


def _goes_on(made: set[str], states: Mapping[str, NodeState]) -> bool:
    """Into ``made``, what the batch has made of it; whether that may lead on to what the graph knows."""
    leads = False
    new = True
    while new:
        new = {to for state in states.values() for to in _made_here(made, state)} - made
        leads = leads or any(to in states and states[to].exists for to in new)
        made |= new
    return leads


def _made_here(made: set[str], state: NodeState) -> Iterator[str]:
    keys = state.edges
    if state.label is Label.RUN and any(k.type is EdgeType.INPUT_TO and k.other in made for k in keys):
        yield from (key.other for key in keys if key.type is EdgeType.OUTPUT)
    elif state.label is Label.ARTIFACT_VERSION and any(
        key.type is EdgeType.DERIVED and key.other in made and edge.get("retracted_at") is None
        for key, edge in keys.items()
    ):
        yield state.uid


def _used_here(uid: str, made: set[str], state: NodeState) -> str:
    """What of it this uses as the batch knows, although the graph did not know yet; else empty."""
    if state.label is Label.ALIAS:
        return uid
    if state.label is Label.ARTIFACT_VERSION:
        return state.uid if state.uid in made else ""
    kinds = {Label.DEPLOYMENT: EdgeType.DEPLOYED_AS, Label.MODEL_VERSION: EdgeType.REGISTERED_AS}
    kind = kinds.get(state.label)
    versions = uid.replace("model:", "modelversion:", 1) + "@" if uid.startswith("model:") else ""
    for key in state.edges:
        one = key.other
        if key.type is kind and (one == uid or one in made or (versions and one.startswith(versions))):
            return one
    return ""


def _reason(by: str, of: str, uid: str) -> str:
    label = ids.label_of(by)
    far = label in (Label.ALIAS, Label.DEPLOYMENT) and ids.label_of(uid) not in _MODELS
    what = f"{ids.shorten(of)}, which depends on it" if far else "it"
    if label is Label.ALIAS:
        return f"alias {by.rpartition('@')[2]!r} points to {what} ({ids.shorten(by)})"
    if label is Label.DEPLOYMENT:
        return f"{ids.shorten(by)} runs {what}"
    if label is Label.MODEL_VERSION:
        return f"{ids.shorten(by)} depends on it"
    return f"{ids.shorten(by)} is held"
