"""Loading what decides which registered versions were read (``registered``), and what follows from it."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping
from typing import Any, Protocol

from lineage_server.domain.nodes import Label
from lineage_server.ingest import derive, registered
from lineage_server.ingest.state import NodeState

States = dict[str, NodeState]


class Load(Protocol):
    """Have the states of nodes, as far as they are there."""

    def __call__(self, full: Iterable[str], /) -> Awaitable[None]: ...


async def resolved(
    runs: Iterable[NodeState], states: States, load: Load, recorded_at: int
) -> dict[tuple[str, str, int], str]:
    """The artifact versions behind what runs have read by the name that a registered model has for it."""
    asked = {
        (key.other, str(read["registered"]), derive.time_of_read(run, read))
        for run in runs
        for key, read in derive.unversioned_inputs(run)
        if read.get("registered")
    }
    pairs = {(artifact, name) for artifact, name, _ in asked}
    await load({uid for pair in pairs for uid in registered.looked_at(*pair)})
    await load({uid for pair in pairs for uid in registered.pointed_at(*pair, states)})
    found: dict[tuple[str, str, int], str] = {}
    for one in sorted(asked):
        version = registered.meant(*one, states)
        if version is not None:
            found[one] = registered.origin_of(version) or _stand_in(version, states, recorded_at)
    return found


def _stand_in(version: NodeState, states: States, recorded_at: int) -> str:
    uid = registered.stand_in_of(version.uid)
    states[uid] = registered.stand_in(version, states.get(uid), recorded_at)
    return uid


async def changed(sealed: Mapping[str, int], states: States, load: Load) -> list[dict[str, Any]]:
    """Artifacts whose readers may have read another version than was thought, and from which time on:
    ``sealed`` says since when they have new versions."""
    renamed = registered.readable(states.values())
    await load(renamed)
    since = {**sealed, **dict.fromkeys(sorted(renamed), 0)}
    return [
        {"artifact": uid, "at": at}
        for uid, at in since.items()
        if (artifact := states.get(uid)) is not None and artifact.props.get("unversioned")
    ]


async def keep_up(states: States, load: Load, recorded_at: int) -> None:
    """What stands for registered versions follows them."""
    versions = [one for one in states.values() if one.label is Label.MODEL_VERSION and one.changed]
    stood = [version for version in versions if registered.stood_in_for(version)]
    await load({registered.stand_in_of(version.uid) for version in stood})
    for version in stood:
        uid = registered.stand_in_of(version.uid)
        state = registered.correct(version, states.get(uid), recorded_at)
        if state is not None:
            states[uid] = state
