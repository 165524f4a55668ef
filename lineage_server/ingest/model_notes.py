"""What a registered model knows of its versions and aliases: the highest number, and when one changed last.

Belongs here: properties of models that follow from what is told of others. Does not: what events say of a
model itself (``plan_models``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence

from lineage_server.domain.nodes import Label
from lineage_server.ingest.facts import NodeFacts
from lineage_server.ingest.identity import is_number
from lineage_server.ingest.state import NodeState

_CHANGES_A_MODEL = (Label.REGISTERED_MODEL, Label.MODEL_VERSION, Label.ALIAS)


async def note_models(
    told: Iterable[Sequence[NodeFacts]],
    states: dict[str, NodeState],
    load: Callable[[Iterable[str]], Awaitable[None]],
) -> None:
    """``told``: the facts of each event that was taken in."""
    new = [
        (s.props["model"], int(s.props["version"]))
        for s in states.values()
        if s.label is Label.MODEL_VERSION and not s.exists and is_number(s.props["version"])
    ]
    latest: dict[str, int] = {}
    for facts in told:
        for uid, at in _changed(facts):
            latest[uid] = max(at, latest.get(uid, at))
    await load({*latest, *(model for model, _ in new)})
    for uid, number in new:
        _raise(states.get(uid), "highest", number)
    for uid, at in latest.items():
        _raise(states.get(uid), "latest_at", at)


def _changed(facts: Sequence[NodeFacts]) -> list[tuple[str, int]]:
    """The models that an event names, with its time, if it tells of them, a version or an alias. By the
    events, not by the nodes: those that are erased forget when they were told of last."""
    if not any(one.described and one.label in _CHANGES_A_MODEL for one in facts):
        return []
    return [(one.uid, one.clock.at) for one in facts if one.label is Label.REGISTERED_MODEL]


def _raise(model: NodeState | None, key: str, value: int) -> None:
    if model is not None and value > int(model.props.get(key) or 0):
        model.set_derived(key, value)
