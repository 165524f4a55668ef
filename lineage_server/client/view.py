"""``LineageView``: the answer to a lineage question, in a terminal, a notebook or a program.

Plain data; how it is drawn is in ``render``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from lineage_server.client.checking import checked
from lineage_server.domain.ids import registered_in

_VERSIONED = frozenset({"ArtifactVersion", "Deployment"})
"""What a name alone does not tell apart; an artifact's ordinal is the count of its versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewNode:
    """A node of the answer. ``depth`` in artifact steps from the start, on ``side`` of it; ``at``: when
    it started, was sealed or began to serve (RFC 3339); ``version``: of a registered model."""

    uid: str
    label: str
    name: str
    kind: str = ""
    project: str = ""
    state: str = ""
    ordinal: int | None = None
    version: str = ""
    digest: str = ""
    at: str = ""
    ended_at: str = ""
    deleted_at: str = ""
    aliases: tuple[str, ...] = ()
    depth: int = 0
    side: str = ""

    @property
    def is_run(self) -> bool:
        """Whether it is something that happened, not something that is."""
        return self.label in ("Run", "Job", "Deployment")

    @property
    def title(self) -> str:
        """Its short name with the version: ``dataset:iris@3``, ``run train``."""
        if not self.name and self.called == self.uid:
            return self.uid
        return f"{self.what}{' ' if self.label in ('Run', 'Job') else ':'}{self.called}"

    @property
    def what(self) -> str:
        """``dataset``, ``run``: its title without what it is called."""
        if self.label in ("Run", "Job"):
            return self.label.lower()
        return "registered model" if self.label == "ModelVersion" else self.kind or self.label.lower()

    @property
    def called(self) -> str:
        """``iris@3``, ``train``: its title without what it is; the uid of what has no name."""
        if self.label == "Run":
            return self.name or self.uid.removeprefix("run:")
        if self.label == "Job":
            return self.name
        if self.label == "ModelVersion":
            return f"{self.name}@{self.version or self.ordinal}"
        if not self.name:
            return self.uid
        version = self.ordinal if self.ordinal is not None else self.version or registered_in(self.uid)
        return self.name + (f"@{version}" if version and self.label in _VERSIONED else "")

    @property
    def notes(self) -> str:
        """What stands beside the name: state and aliases; of what was taken out only that."""
        words = ("deleted",) if self.deleted_at else (self.state, *self.aliases)
        return ", ".join(word for word in words if word)


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewEdge:
    """An edge, drawn along the flow of data; ``event``: id of the event that told of it. ``again``: the
    run only made what was there already."""

    start: str
    end: str
    type: str
    role: str = ""
    at: str = ""
    basis: str = ""
    again: bool = False
    event: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewField:
    """A column was made from another one; both ends are versions."""

    start: str
    start_column: str
    end: str
    end_column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageView:
    """What came of something, or what it was made from; ``fields`` only in the view of columns.

    ``is_partial`` with a ``reason`` when something within the asked depth is missing; ``hidden``:
    how many neighbours of a node are not in the answer, because of their number or of the depth.
    """

    start: tuple[str, ...]
    nodes: tuple[ViewNode, ...]
    edges: tuple[ViewEdge, ...]
    fields: tuple[ViewField, ...] = ()
    direction: str = "both"
    is_partial: bool = False
    reason: str = ""
    hidden: Mapping[str, int] = field(default_factory=dict[str, int])
    plan: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def node(self, uid: str) -> ViewNode | None:
        """The node with this uid, if it is in the answer."""
        return next((node for node in self.nodes if node.uid == uid), None)

    def more(self, uid: str) -> str:
        """A word on the neighbours of a node that are not in the answer; empty where all are."""
        hidden = self.hidden.get(uid)
        return "" if hidden is None else f"+{hidden} more" if hidden else "+ more"

    def behind(self, uid: str) -> list[str]:
        """What a registered version is of: what it is used for is what that is used for."""
        return [edge.start for edge in self.edges if edge.type == "REGISTERED_AS" and edge.end == uid]

    def upstream(self) -> list[ViewNode]:
        """What the start was made from, nearest first."""
        return self._reached(forward=False)

    def downstream(self) -> list[ViewNode]:
        """What was made with the start, nearest first."""
        return self._reached(forward=True)

    def _reached(self, *, forward: bool) -> list[ViewNode]:
        nodes = {node.uid: node for node in self.nodes}
        onward: dict[str, list[str]] = {}
        for edge in self.edges:
            a, b = (edge.start, edge.end) if forward else (edge.end, edge.start)
            onward.setdefault(a, []).append(b)
        level = first = [*self.start, *(one for uid in self.start if forward for one in self.behind(uid))]
        seen = dict.fromkeys(level)
        while level:
            level = list(dict.fromkeys(b for a in level for b in onward.get(a, ()) if b not in seen))
            seen.update(dict.fromkeys(level))
        return [nodes[uid] for uid in list(seen)[len(dict.fromkeys(first)) :] if uid in nodes]

    @checked
    def to_text(self, *, width: int = 100) -> str:
        """A tree for a terminal."""
        from lineage_server.client.render.tree import tree_of

        return tree_of(self, width=width)

    def to_mermaid(self) -> str:
        """A Mermaid flow chart."""
        from lineage_server.client.render.mermaid import mermaid_of

        return mermaid_of(self)

    def to_dot(self) -> str:
        """A Graphviz digraph."""
        from lineage_server.client.render.dot import dot_of

        return dot_of(self)

    def to_svg(self) -> str:
        """A static picture: no scripts, nothing loaded from elsewhere."""
        from lineage_server.client.render.svg import svg_of

        return svg_of(self)

    def to_dict(self) -> dict[str, Any]:
        """For JSON; the same shape as the GraphQL answer, flattened."""
        from lineage_server.client.render.json import dict_of

        return dict_of(self)

    @checked
    def to_json(self, *, indent: int | None = 2) -> str:
        """JSON text."""
        from lineage_server.client.render.json import json_of

        return json_of(self, indent=indent)

    def __str__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        """For what knows no bundles: Marimo, documentation builders."""
        from lineage_server.client.render.svg import html_of

        return html_of(self)

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        """All forms that notebooks know; what a front end shows is its choice."""
        makers = {
            "text/plain": self.to_text,
            "image/svg+xml": self.to_svg,
            "text/vnd.mermaid": self.to_mermaid,
            "text/html": self._repr_html_,
        }
        return {
            kind: make()
            for kind, make in makers.items()
            if (not include or kind in include) and not (exclude and kind in exclude)
        }
