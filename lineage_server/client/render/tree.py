"""A lineage as a tree for a terminal.

A graph is no tree: a node that was drawn already is named again with a mark and not opened again,
so diamonds stay small and circles end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from lineage_server.client.render.words import cut, safe, width_of

if TYPE_CHECKING:
    from lineage_server.client.view import LineageView, ViewEdge, ViewNode


_WIDEST_NAME = 64
_ABOVE = "(above)"


class _Line(NamedTuple):
    lead: str
    text: str
    notes: str


def tree_of(view: LineageView, *, width: int = 100) -> str:
    """The tree, at most ``width`` columns wide where names allow it."""
    nodes = {node.uid: node for node in view.nodes}
    lines: list[_Line] = []
    for uid in view.start:
        node = nodes.get(uid)
        lines.append(_Line("", safe(node.title if node else uid), safe(node.notes if node else "")))
        sides = _sides(view)
        for forward, title in sides:
            branches = _Branches(view, nodes, forward=forward)
            if len(sides) > 1 and branches.onward(uid):
                lines.append(_Line("", title, ""))
            lines.extend(branches.below(uid))
        if view.more(uid):
            lines.append(_Line("", view.more(uid), ""))
    text = "\n".join(_laid_out(lines, width))
    return text + _remarks(view)


def _sides(view: LineageView) -> list[tuple[bool, str]]:
    both = [(False, "made from"), (True, "used for")]
    return {"upstream": both[:1], "downstream": both[1:]}.get(view.direction, both)


class _Branches:
    """One side of the start, walked depth first without recursion: chains may be long."""

    def __init__(self, view: LineageView, nodes: dict[str, ViewNode], *, forward: bool) -> None:
        self._nodes = nodes
        self._more = view.more
        self._edges: dict[str, list[tuple[str, ViewEdge]]] = {}
        for edge in view.edges:
            a, b = (edge.start, edge.end) if forward else (edge.end, edge.start)
            self._edges.setdefault(a, []).append((b, edge))
        if forward:
            self._take_from_behind(view)

    def _take_from_behind(self, view: LineageView) -> None:
        """Of a registered version, what that is used for which it is of."""
        for uid in view.start:
            more = [way for one in view.behind(uid) for way in self.onward(one) if way[0] != uid]
            if more:
                self._edges[uid] = [*self.onward(uid), *more]

    def onward(self, uid: str) -> list[tuple[str, ViewEdge]]:
        return self._edges.get(uid, [])

    def below(self, root: str) -> Iterator[_Line]:
        seen = {root}
        # Each level: the edges still to draw, last first, and the lead of their lines.
        stack: list[tuple[list[tuple[str, ViewEdge]], str]] = [(self.onward(root)[::-1], "")]
        while stack:
            rest, lead = stack[-1]
            if not rest:
                stack.pop()
                continue
            uid, edge = rest.pop()
            node = self._nodes.get(uid)
            title = safe(node.title if node else uid)
            above = uid in seen and bool(self.onward(uid) or uid == root)
            seen.add(uid)
            branch, gap = ("├─ ", "│  ") if rest else ("└─ ", "   ")
            yield _Line(lead + branch, title, self._notes(uid, edge, above=above))
            if not above:
                more = self._more(uid)
                if more:
                    yield _Line(lead + gap, more, "")
                stack.append((self.onward(uid)[::-1], lead + gap))

    def _notes(self, uid: str, edge: ViewEdge, *, above: bool) -> str:
        node = self._nodes.get(uid)
        # A role that repeats the name at one of its ends says nothing.
        ends = {self._nodes[end].name for end in (edge.start, edge.end) if end in self._nodes}
        role = "" if edge.role in ends else edge.role
        inferred = "inferred" if edge.basis.lower() == "inferred" else ""
        words = (
            node.notes if node else "",
            f"as {role}" if role else "",
            inferred,
            "again" if edge.again else "",
            _ABOVE if above else "",
        )
        return safe(", ".join(word for word in words if word))


def _laid_out(lines: list[_Line], width: int) -> Iterator[str]:
    """Notes in one column, unless a name is very long."""
    heads = [_head(line, width) for line in lines]
    widths = [len(lead) + width_of(text) for lead, text in heads]
    column = min(max(widths, default=0), max(24, width * 2 // 3))
    for (lead, text), taken, line in zip(heads, widths, lines, strict=True):
        if not line.notes:
            yield (lead + text).rstrip()
        else:
            gap = " " * (max(0, column - taken) + 2)
            yield lead + text + gap + cut(line.notes, max(12, width - column - 2))


def _head(line: _Line, width: int) -> tuple[str, str]:
    """Lead (whose signs are one column wide each) and name; very deep, only the depth is said."""
    lead = line.lead if len(line.lead) <= width * 2 // 3 else f"[{len(line.lead) // 3} deep] "
    return lead, cut(line.text, max(20, min(_WIDEST_NAME, width - len(lead))))


def _remarks(view: LineageView) -> str:
    if not view.is_partial:
        return ""
    return f"\nnot all is shown: {safe(view.reason) or 'a limit was met'}"
