"""A lineage as a Graphviz digraph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_server.client.render.words import safe

if TYPE_CHECKING:
    from lineage_server.client.view import LineageView


def dot_of(view: LineageView) -> str:
    """Boxes are versions, rounded ones are runs."""
    known = {node.uid: node.name for node in view.nodes}
    lines = ["digraph lineage {", "  rankdir=LR;", '  node [fontname="sans-serif"];']
    for node in view.nodes:
        label = "\n".join(text for text in (safe(node.title), safe(node.notes), view.more(node.uid)) if text)
        shape = 'shape=box, style="rounded"' if node.is_run else "shape=box"
        weight = ", penwidth=3" if node.uid in view.start else ""
        lines.append(f"  {quoted(node.uid)} [label={quoted(label)}, {shape}{weight}];")
    for edge in view.edges:
        if edge.start in known and edge.end in known:
            role = edge.role if edge.role not in ("", known[edge.start], known[edge.end]) else ""
            label = f" [label={quoted(safe(role))}]" if role else ""
            lines.append(f"  {quoted(edge.start)} -> {quoted(edge.end)}{label};")
    return "\n".join([*lines, "}"]) + "\n"


def quoted(text: str) -> str:
    """A DOT string. A backslash would begin an escape of Graphviz's own, so it is doubled."""
    body = (
        text.replace("\\", "\\\\")
        .replace('"', '\\"')
        .replace("\n", "\\n")
        .replace("\r", " ")
        .replace("\0", " ")
    )
    return f'"{body}"'
