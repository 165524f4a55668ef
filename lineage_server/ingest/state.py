"""Merging facts into a node: commutative, associative and idempotent.

A ``NodeState`` is a node with the edges anchored at it and what merging needs to remember:
the clock of the event that made it (``clock``) and the clocks of whatever later events set
(``clocks``). It tracks what changed, so that the writer sends only that. Graph rule 2.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Sequence
from typing import Any, cast

from lineage_server.domain.edges import EdgeType
from lineage_server.domain.nodes import STATE_RANK, Label
from lineage_server.ingest.erasing import KEPT_BY_ERASURE, KEPT_BY_TOMBSTONE, erase
from lineage_server.ingest.facts import Clock, EdgeFacts, EdgeKey, NodeFacts
from lineage_server.ingest.links import pointed, stated, witnessed
from lineage_server.ingest.spans import MOVES, Span, learned
from lineage_server.ingest.values import canonical


class NodeState:
    """A node as merged so far. ``props`` is the whole payload, also of a tombstone."""

    __slots__ = (
        "changed_edges", "clock", "clocks", "dirty", "edges", "exists", "label", "metric_steps",
        "new_edges", "props", "uid",
    )  # fmt: skip

    def __init__(self, uid: str, label: Label) -> None:
        self.uid = uid
        self.label = label
        self.exists = False
        self.props: dict[str, Any] = {}
        self.clock: Clock | None = None
        self.clocks: dict[str, list[Any]] = {}
        self.metric_steps: dict[str, list[int]] = {}
        self.edges: dict[EdgeKey, dict[str, Any]] = {}
        self.dirty: set[str] = set()
        self.new_edges: set[EdgeKey] = set()
        self.changed_edges: set[EdgeKey] = set()

    @property
    def project(self) -> str:
        return self.props.get("project", "")

    @property
    def changed(self) -> bool:
        return bool(self.dirty or self.new_edges or self.changed_edges) or not self.exists

    @property
    def deleted(self) -> bool:
        return self.props.get("deleted_at") is not None

    @property
    def kind_of_change(self) -> str:
        # Also of what was never seen before: whoever works on after an erasure must hear of it.
        if "erased" in self.dirty or (self.deleted and "deleted_at" in self.dirty):
            return "deleted"
        if not self.exists:
            return "created"
        return "updated" if self.dirty else "linked"

    # --- loading and storing ---------------------------------------------------------

    @classmethod
    def loaded(cls, uid: str, label: Label, props: dict[str, Any], edges: list[list[Any]]) -> NodeState:
        """From what the graph returned: all properties and the anchored edges."""
        state = cls(uid, label)
        state.exists = True
        clock = props.pop("clock", None)
        clocks = props.pop("clocks", None)
        tomb = props.pop("tomb", None)
        if tomb is not None:
            props = {**json.loads(zlib.decompress(bytes(tomb))), **props}
        state.props = props
        if clock is not None:
            at, _, event = cast(str, clock).partition("|")
            state.clock = Clock(int(at), event)
        if clocks is not None:
            state.clocks = json.loads(cast(str, clocks))
        steps = props.get("metric_steps")
        if steps is not None:
            state.metric_steps = json.loads(steps)
        for kind, other, facts, role in edges:
            facts.pop("role", None)
            state.edges[EdgeKey(EdgeType(kind), role or "", other)] = facts
        return state

    def created_row(self) -> dict[str, Any]:
        """Every stored property, for a node that is not in the graph yet."""
        row = self._stored(self.props)
        row["uid"] = self.uid
        if self.clock is not None:
            row["clock"] = f"{self.clock.at}|{self.clock.event}"
        if self.clocks:
            row["clocks"] = canonical(self.clocks)
        return row

    def changed_row(self) -> dict[str, Any]:
        """The properties to set on a node that is in the graph; None removes one."""
        if self.deleted or "deleted_at" in self.dirty:
            row = dict.fromkeys((*self.props, "tomb", *self.dirty)) | self._stored(self.props)
        else:
            props = self.props
            row = {key: props.get(key) for key in self.dirty}
        if "clocks" in self.dirty:
            row["clocks"] = canonical(self.clocks) if self.clocks else None
        if "clock" in self.dirty and self.clock is not None:
            row["clock"] = f"{self.clock.at}|{self.clock.event}"
        return row

    def _stored(self, props: dict[str, Any]) -> dict[str, Any]:
        if not self.deleted:
            return dict(props)
        hidden = {k: v for k, v in props.items() if k not in KEPT_BY_TOMBSTONE}
        row = {k: v for k, v in props.items() if k in KEPT_BY_TOMBSTONE}
        if hidden:
            row["tomb"] = zlib.compress(canonical(hidden).encode())
        return row

    def settle(self) -> None:
        """What changed is stored now."""
        self.exists = True
        self.dirty.clear()
        self.new_edges.clear()
        self.changed_edges.clear()

    # --- merging ---------------------------------------------------------------------

    def apply(self, facts: NodeFacts, recorded_at: int) -> None:
        """Merge one event's facts on this node."""
        if not self.props or (facts.described and "stub" in self.props):
            self._identify(facts.identity)
        self._describe(facts)
        self._payload(facts)
        if facts.earliest:
            for key, value in facts.earliest.items():
                self._earliest(key, value)
        if facts.ranked:
            self._apply_ranked(facts, facts.ranked)
        if facts.edges:
            for edge in facts.edges:
                self.merge_edge(edge, facts.clock, recorded_at)
        if facts.seal is not None:
            self.add_seal(facts.seal)
        if facts.pointer is not None:
            self._add_pointer(facts.pointer, recorded_at)
        if facts.visible is not None:
            self.put("deleted_at", None if facts.visible else facts.clock.at, facts.clock)
        if facts.erased or "erased" in self.props:
            erase(self)
        if self.label is Label.DEPLOYMENT:
            self._serve(recorded_at)

    def _identify(self, told: dict[str, Any]) -> None:
        if "erased" in self.props:
            told = {key: value for key, value in told.items() if key in KEPT_BY_ERASURE}
        self.props.update(told)
        self.dirty.update(told)

    def _describe(self, facts: NodeFacts) -> None:
        """A node that is only referred to stays a stub until somebody describes it."""
        if not facts.described:
            if not self.exists and self.clock is None:
                self.props["stub"] = True
            return
        if self.clock is None:
            self.clock = facts.clock
            self.dirty.add("clock")
        if self.props.pop("stub", None) is not None:
            self.dirty.add("stub")
        self._earliest("created_at", facts.clock.at)
        if facts.says_something:
            self._latest("updated_at", facts.clock.at)

    def _payload(self, facts: NodeFacts) -> None:
        clock = facts.clock
        for key, value in facts.values.items():
            if not self._withheld(key):
                self.put(key, value, clock)
        if "erased" in self.props:
            return
        if facts.maps:
            for key, told in facts.maps.items():
                self._put_map(key, told, clock)
        if facts.metrics:
            self._apply_metrics(facts.metrics)
        if facts.points and not self.props.get("data"):
            self.props.update(facts.points)
            self.dirty.update(facts.points)

    def put(self, key: str, value: Any, clock: Clock) -> None:
        """Last writer wins; None removes and is remembered."""
        props = self.props
        if clock is self.clock and value is not None and key not in props and key not in self.clocks:
            # Most is told once, by the event that makes the node: no need to look further.
            props[key] = value
            self.dirty.add(key)
            return
        if not self._wins(key, value, clock, there=key in props):
            return
        if value is None:
            if props.pop(key, None) is not None:
                self.dirty.add(key)
        elif props.get(key) != value or type(props.get(key)) is not type(value):
            props[key] = value
            self.dirty.add(key)

    def _put_map(self, name: str, told: dict[str, Any], clock: Clock) -> None:
        """A JSON property: the last writer of each of its keys wins."""
        text = self.props.get(name)
        merged: dict[str, Any] = json.loads(text) if text else {}
        for key, value in told.items():
            if not self._wins(f"{name}.{key}", value, clock, there=key in merged):
                continue
            if value is None:
                merged.pop(key, None)
            else:
                merged[key] = value
        self.set_derived(name, canonical(merged) if merged else None)

    def _wins(self, key: str, value: Any, clock: Clock, *, there: bool) -> bool:
        """Whether nobody later spoke of ``key``; who did is kept where the node's own clock does not tell."""
        known = self.clocks.get(key)
        if known is None:
            if not there:
                if value is None or clock != self.clock:
                    self._remember(key, [clock.at, clock.event])
                return value is not None
            current = self.clock or clock
        else:
            current = (known[0], known[1])
        if clock <= current:
            return False
        self._remember(key, [clock.at, clock.event])
        return True

    def _remember(self, key: str, clock: list[Any]) -> None:
        self.clocks[key] = clock
        self.dirty.add("clocks")

    def _withheld(self, key: str) -> bool:
        """Whether this is payload of a node whose payload was erased."""
        return "erased" in self.props and key not in KEPT_BY_ERASURE

    def _earliest(self, key: str, value: int) -> None:
        if self._withheld(key):
            return
        current = self.props.get(key)
        if current is None or value < current:
            self.props[key] = value
            self.dirty.add(key)

    def _latest(self, key: str, value: int) -> None:
        if self._withheld(key):
            return
        current = self.props.get(key)
        if current is None or value > current:
            self.props[key] = value
            self.dirty.add(key)

    def _apply_ranked(self, facts: NodeFacts, ranked: dict[str, Any]) -> None:
        """State, reason, exit code and end move forward only: by rank, then clock."""
        if self.clock is not None and self.clock != facts.clock and "~rank" not in self.clocks:
            # From now on the creating event's rank can't be read off the current state.
            self._remember("~rank", [STATE_RANK.get(self.props.get("state", ""), 0)])
        born = self.clocks.get("~rank")
        for key, value in ranked.items():
            if value is None or self._withheld(key):
                continue
            known = self.clocks.get(key)
            if known is not None:
                current = (known[0], known[1], known[2])
            elif key in self.props and self.clock is not None:
                rank = born[0] if born else STATE_RANK.get(self.props.get("state", ""), 0)
                current = (rank, self.clock.at, self.clock.event)
            else:
                current = (-2, 0, "")
            if (facts.rank, facts.clock.at, facts.clock.event) <= current:
                continue
            if facts.clock != self.clock:
                self._remember(key, [facts.rank, facts.clock.at, facts.clock.event])
            if self.props.get(key) != value:
                self.props[key] = value
                self.dirty.add(key)

    def _apply_metrics(self, metrics: dict[str, tuple[int, int, float]]) -> None:
        for key, (step, time, value) in metrics.items():
            known = self.metric_steps.get(key)
            if known is not None:
                old = self.props.get("m." + key)
                if (step, time) < (known[0], known[1]):
                    continue
                if (step, time) == (known[0], known[1]) and not _larger(value, old):
                    continue
            self.metric_steps[key] = [step, time]
            self.props["m." + key] = value
            self.dirty.add("m." + key)
        if any("m." + key in self.dirty for key in metrics):
            self.props["metric_steps"] = canonical(self.metric_steps)
            self.dirty.add("metric_steps")

    def add_seal(self, at: int) -> None:
        """Remember one more time at which this content was written."""
        seals = cast("list[int]", self.props.get("seals") or [])
        if at not in seals:
            self.props["seals"] = sorted([*seals, at])
            self.dirty.add("seals")
            self._earliest("sealed_at", at)

    def _add_pointer(self, pointer: tuple[Any, ...], recorded_at: int) -> None:
        """An alias's history is a set of moves; its edges are derived from the whole set."""
        history = cast("list[list[Any]]", json.loads(self.props.get("history", "[]")))
        if any(tuple(move[:2]) == pointer[:2] for move in history):
            return
        history.append(list(pointer))
        history.sort(key=lambda m: (m[0], m[1]))
        self.set_derived("history", canonical(history))
        self.set_derived("target", history[-1][2] or "")
        for target, (props, spans) in pointed(history).items():
            self.hold_edge(EdgeKey(EdgeType.POINTS_TO, "", target), props, spans, recorded_at)

    def merge_edge(self, facts: EdgeFacts, clock: Clock, recorded_at: int) -> None:
        """Add an edge, or what a further witness says of it."""
        told: dict[str, Any] = {
            "at": clock.at,
            "source": facts.source,
            "basis": facts.basis,
            "event": clock.event,
            **(facts.extra or {}),
        }
        current = self.edges.get(facts.key)
        if facts.retracted or facts.asserted:
            props, spans = stated(current, told, retracted=facts.retracted)
            self.hold_edge(facts.key, props, spans, recorded_at)
        elif current is None:
            told["recorded_at"] = recorded_at
            self._store_edge(facts.key, told)
        else:
            props = witnessed(current, told)
            self.hold_edge(facts.key, props, self._holding(props["at"]), recorded_at)

    def hold_edge(self, key: EdgeKey, props: dict[str, Any], spans: Sequence[Span], recorded_at: int) -> None:
        """Put an edge that holds in ``spans``, as we know since ``recorded_at``."""
        current = self.edges.get(key)
        times = learned(current, props["at"], spans, recorded_at)
        self._store_edge(key, {**dict.fromkeys(current or ()), **props, **dict.fromkeys(MOVES), **times})

    def _serve(self, recorded_at: int) -> None:
        """What a deployment serves and routes to, it does from its start to its end."""
        for key, edge in list(self.edges.items()):
            self.hold_edge(key, edge, self._holding(edge["at"]), recorded_at)

    def _holding(self, at: int) -> list[Span]:
        """When an edge holds that was first seen at ``at``."""
        if self.label is not Label.DEPLOYMENT:
            return [(at, None)]
        start, end = self.props.get("from_at", at), self.props.get("to_at")
        return [(start, end)] if end is None or start < end else []

    def _store_edge(self, key: EdgeKey, props: dict[str, Any]) -> None:
        current = self.edges.get(key)
        if current is None:
            self.new_edges.add(key)
        elif current == props:
            return
        elif key not in self.new_edges and _said(current) != _said(props):
            self.changed_edges.add(key)
        self.edges[key] = props

    def set_edge(self, key: EdgeKey, props: dict[str, Any]) -> None:
        """Put a derived edge as a whole."""
        self._store_edge(key, props)

    def set_derived(self, key: str, value: Any) -> None:
        """Put a property that follows from others; None removes it."""
        if self.props.get(key) != value:
            if value is None:
                self.props.pop(key, None)
            else:
                self.props[key] = value
            self.dirty.add(key)


def _said(edge: dict[str, Any]) -> dict[str, Any]:
    """Properties that are there: a removed one is written once."""
    return {key: value for key, value in edge.items() if value is not None}


def _larger(value: float, old: Any) -> bool:
    """Total order for ties of step and time: NaN below everything."""
    if math.isnan(value):
        return False
    return not isinstance(old, (int, float)) or math.isnan(old) or value > old
