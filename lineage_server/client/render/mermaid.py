"""A lineage as a Mermaid flow chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_server.client.render.words import cut, safe

if TYPE_CHECKING:
    from lineage_server.client.view import LineageView


_LONGEST = 80


def mermaid_of(view: LineageView) -> str:
    """Boxes are versions, rounded ones are runs; edges bear their role where it says something."""
    ids = {node.uid: f"n{i}" for i, node in enumerate(view.nodes)}
    names = {node.uid: node.name for node in view.nodes}
    lines = ["flowchart LR"]
    for node in view.nodes:
        label = "<br/>".join(quoted(t) for t in (node.title, node.notes, view.more(node.uid)) if t)
        left, right = ('(["', '"])') if node.is_run else ('["', '"]')
        lines.append(f"  {ids[node.uid]}{left}{label}{right}")
    for edge in view.edges:
        if edge.start not in ids or edge.end not in ids:
            continue
        role = edge.role if edge.role not in ("", names[edge.start], names[edge.end]) else ""
        arrow = f'-- "{quoted(role)}" -->' if role else "-->"
        lines.append(f"  {ids[edge.start]} {arrow} {ids[edge.end]}")
    marked = [ids[uid] for uid in view.start if uid in ids]
    if marked:
        lines.append("  classDef asked stroke-width:3px")
        lines.append(f"  class {','.join(marked)} asked")
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """Text for inside quotes: whatever could mean something to Mermaid or HTML by its number."""
    return "".join(
        c if c.isalnum() or c in " .-_:@/,+=" or (not c.isascii() and c.isprintable()) else f"#{ord(c)};"
        for c in cut(safe(text), _LONGEST)
    )
