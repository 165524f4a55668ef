"""What erasing for privacy leaves of a node's state, of its edges and of the nodes around it.

Identity, structure, states and times stay; the payload goes, and so do the words that others
have for it: the names of its keys, columns in edges, the code and environment of a run that no
other run used. What was told before an erasure and what is told after it end in the same state.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from lineage_server.domain.edges import COLUMNS, EdgeType
from lineage_server.domain.nodes import Label
from lineage_server.ingest.facts import EdgeKey
from lineage_server.ingest.links import silenced
from lineage_server.ingest.values import canonical

if TYPE_CHECKING:
    from lineage_server.graph.write import WriteSession
    from lineage_server.ingest.state import NodeState

KEPT_BY_TOMBSTONE = frozenset(
    (
        *(
            "uid",
            "project",
            "name",
            "kind",
            "rid",
            "created_at",
            "updated_at",
            "deleted_at",
            "stub",
            "erased",
        ),
        *("artifact", "key", "digest", "ordinal", "version_count", "latest_at", "unversioned"),
        *("job", "job_name", "run", "state", "started_at", "ended_at", "sealed_at", "seals"),
        *("model", "version", "number", "highest", "cluster", "revision", "target", "history", "action"),
    )
)
# When payload was last told is told by payload alone. Column lineage stays as edges, without names.
KEPT_BY_ERASURE = (KEPT_BY_TOMBSTONE - {"updated_at"}) | {
    *("fields", "columned", "from_at", "to_at"),
    *("protected", "needs_approval", "movers", "approvers"),
}
CONTENT: Mapping[Label, tuple[str, ...]] = {
    Label.CODE_REF: ("branch", "diff"),
    Label.ENVIRONMENT: ("packages",),
}
"""What runs tell of these nodes beyond the keys that stand in their uids."""
_USES = (EdgeType.USED_CODE, EdgeType.USED_ENV)


def nameless(fields: Mapping[str, list[list[str]]]) -> dict[str, list[list[str]]]:
    """Column lineage without its columns: only which inputs there were."""
    sources = sorted({source[0] for pairs in fields.values() for source in pairs if source})
    return {"": [[source, ""] for source in sources]}


def erase(state: NodeState) -> None:
    """Take the payload away for good; doing it twice does no harm."""
    props = state.props
    for key in [k for k in props if k not in KEPT_BY_ERASURE]:
        del props[key]
        state.dirty.add(key)
    state.metric_steps.clear()
    for key in [k for k in state.clocks if k not in KEPT_BY_ERASURE and k[0] != "~"]:
        del state.clocks[key]
        state.dirty.add("clocks")
    fields = props.get("fields")
    if fields:
        state.set_derived("fields", canonical(nameless(json.loads(fields))))
    if "history" in props:
        # Moves of an alias: they stay, the reasons given for them go.
        state.set_derived(
            "history", canonical([[*move[:5], "", *move[6:]] for move in json.loads(props["history"])])
        )
    for key in list(state.edges):
        _silence(state, key)
    state.set_derived("erased", True)


def _silence(state: NodeState, key: EdgeKey) -> None:
    """A derivation or an alias's move stays; its reason and its columns go."""
    edge = state.edges[key]
    if key.type is EdgeType.POINTS_TO:
        state.set_edge(key, {**edge, "reason": None})
    elif key.type is EdgeType.DERIVED and key.role.startswith(COLUMNS):
        state.set_edge(key, {**edge, "fields": canonical({"": [[""]]})})
    elif key.type is EdgeType.DERIVED:
        state.set_edge(key, silenced(edge))


def _take(state: NodeState, keys: Iterable[str]) -> None:
    for key in keys:
        if state.props.pop(key, None) is not None:
            state.dirty.add(key)
        if state.clocks.pop(key, None) is not None:
            state.dirty.add("clocks")


async def clear_around(
    uids: list[str],
    states: dict[str, NodeState],
    session: WriteSession,
    load: Callable[[Iterable[str]], Awaitable[None]],
) -> None:
    """After a batch's events are merged: what else they and earlier ones told of its erased nodes."""
    for uid in uids:
        erase(states[uid])
    used = {k.other for uid in uids for k in states[uid].edges if k.type in _USES}
    if used:
        # A node's content is what all its runs tell: it stays for those that are left.
        living = (s for s in states.values() if s.label is Label.RUN and "erased" not in s.props)
        used -= {k.other for run in living for k in run.edges}
        used -= await session.used_by_living(sorted(used), uids)
        await load(used)
        for uid in used:
            if (state := states.get(uid)) is not None:
                _take(state, CONTENT[state.label])
    versions = {uid for uid in uids if states[uid].label is Label.ARTIFACT_VERSION}
    if versions:
        await load(await session.derived_from(sorted(versions)))
        for state in states.values():
            for key in [k for k in state.edges if k.other in versions]:
                if not key.role.startswith(COLUMNS):
                    _silence(state, key)
