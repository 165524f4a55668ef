"""A lineage as a static inline SVG: no scripts, nothing loaded, light and dark by the reader's choice.

Colours are also plain attributes, so that it stays readable where a viewer drops style sheets.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NamedTuple

from lineage_server.client.render.layout import layers_of
from lineage_server.client.render.words import cut, safe, width_of

if TYPE_CHECKING:
    from lineage_server.client.view import LineageView, ViewNode


MOST_NODES = 400
_CHAR = 7.2
_HEIGHT = 40
_GAP_X = 56
_GAP_Y = 18
_MARGIN = 16
_LONGEST = 36
_STYLE = """
.lg{font:13px system-ui,-apple-system,"Segoe UI",sans-serif}
.lg text{fill:#1c2430}.lg .n{fill:#5b6675;font-size:11px}
.lg .v{fill:#eef4ff;stroke:#5b84c4}.lg .r{fill:#f2f4f6;stroke:#8893a1}.lg .bad{stroke:#c0392b}
.lg .asked{stroke-width:2.5}.lg path{stroke:#9aa5b1;fill:none}.lg .inferred{stroke-dasharray:4 3}
@media (prefers-color-scheme:dark){
.lg text{fill:#e6eaf0}.lg .n{fill:#9fb0c3}
.lg .v{fill:#1d2b44;stroke:#6f9be0}.lg .r{fill:#262c34;stroke:#7b8794}.lg .bad{stroke:#ff7b6b}
.lg path{stroke:#6b7683}}
"""


class _Box(NamedTuple):
    node: ViewNode
    x: float
    y: float
    width: float
    title: str
    notes: str


def svg_of(view: LineageView) -> str:
    """The picture; of a large answer the first nodes, and how many are left out."""
    shown = {node.uid: node for node in view.nodes[:MOST_NODES]}
    pairs = [(e.start, e.end) for e in view.edges if e.start in shown and e.end in shown]
    boxes = _placed(view, shown, layers_of(list(shown), pairs))
    width = max((b.x + b.width for b in boxes.values()), default=200.0) + _MARGIN
    height = max((b.y + _HEIGHT for b in boxes.values()), default=0.0) + _MARGIN
    remark = _remark(view, len(shown))
    if remark:
        height += 22
        width = max(width, len(remark) * _CHAR + 2 * _MARGIN)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lg" role="img" width="{width:.0f}" '
        f'height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" font-family="sans-serif" '
        'font-size="13">',
        f"<title>{_text(_caption(view))}</title><style>{_STYLE}</style>",
    ]
    parts += _arrows(view, boxes)
    parts += [_drawn(box, asked=uid in view.start) for uid, box in boxes.items()]
    if remark:
        parts.append(
            f'<text class="n" x="{_MARGIN}" y="{height - 12:.0f}" fill="#5b6675">{_text(remark)}</text>'
        )
    return "".join(parts) + "</svg>"


def html_of(view: LineageView) -> str:
    """The picture in a box that scrolls, the tree folded below it."""
    return (
        f'<div style="overflow-x:auto;max-width:100%">{svg_of(view)}</div>'
        f"<details><summary>as text</summary><pre>{_text(view.to_text(), lines=True)}</pre></details>"
    )


def _placed(view: LineageView, nodes: dict[str, ViewNode], layers: list[list[str]]) -> dict[str, _Box]:
    tallest = max((len(layer) for layer in layers), default=0)
    boxes: dict[str, _Box] = {}
    x = float(_MARGIN)
    for layer in layers:
        texts = {
            uid: (cut(safe(nodes[uid].title), _LONGEST), cut(_notes(view, nodes[uid]), _LONGEST))
            for uid in layer
        }
        widest = max(max(width_of(title), width_of(notes)) for title, notes in texts.values())
        width = widest * _CHAR + 24
        y = _MARGIN + (tallest - len(layer)) * (_HEIGHT + _GAP_Y) / 2
        for uid in layer:
            boxes[uid] = _Box(nodes[uid], x, y, width, *texts[uid])
            y += _HEIGHT + _GAP_Y
        x += width + _GAP_X
    return boxes


def _notes(view: LineageView, node: ViewNode) -> str:
    return safe(", ".join(word for word in (node.notes, view.more(node.uid)) if word))


def _arrows(view: LineageView, boxes: dict[str, _Box]) -> list[str]:
    out = [
        '<defs><marker id="lg-tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0L8 4L0 8" stroke="#9aa5b1" fill="none"/></marker></defs>'
    ]
    for edge in view.edges:
        a, b = boxes.get(edge.start), boxes.get(edge.end)
        if a is None or b is None:
            continue
        x1, y1 = a.x + a.width, a.y + _HEIGHT / 2
        x2, y2 = b.x, b.y + _HEIGHT / 2
        bend = max(24.0, (x2 - x1) / 2)
        style = ' class="inferred"' if edge.basis.lower() == "inferred" else ""
        about = " ".join(word for word in (edge.type, edge.role and f"({edge.role})") if word)
        out.append(
            f'<path{style} d="M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} '
            f'{x2:.1f} {y2:.1f}" stroke="#9aa5b1" fill="none" marker-end="url(#lg-tip)">'
            f"<title>{_text(about)}</title></path>"
        )
    return out


def _drawn(box: _Box, *, asked: bool) -> str:
    node = box.node
    kinds = ["r" if node.is_run else "v"]
    if node.state.lower() in ("failed", "aborted"):
        kinds.append("bad")
    if asked:
        kinds.append("asked")
    round_by = _HEIGHT / 2 if node.is_run else 4
    middle = box.y + _HEIGHT / 2
    line = middle - 3 if box.notes else middle + 4.5
    notes = (
        f'<text class="n" x="{box.x + 12:.1f}" y="{middle + 12:.1f}" font-size="11" fill="#5b6675">'
        f"{_text(box.notes)}</text>"
        if box.notes
        else ""
    )
    return (
        f"<g><title>{_text(f'{node.title} · {node.project} · {node.uid}')}</title>"
        f'<rect class="{" ".join(kinds)}" x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" '
        f'height="{_HEIGHT}" rx="{round_by:.0f}" fill="#eef4ff" stroke="#5b84c4"/>'
        f'<text x="{box.x + 12:.1f}" y="{line:.1f}" fill="#1c2430">{_text(box.title)}</text>{notes}</g>'
    )


def _caption(view: LineageView) -> str:
    names = [node.title if (node := view.node(uid)) else uid for uid in view.start[:3]]
    return f"Lineage of {', '.join(names)}"


def _remark(view: LineageView, shown: int) -> str:
    left = len(view.nodes) - shown
    words = [f"{left} more nodes are not drawn" if left else "", view.reason if view.is_partial else ""]
    return cut(safe("; ".join(word for word in words if word)), 120)


def _text(text: str, *, lines: bool = False) -> str:
    """Escaped; what XML cannot hold at all is gone by ``safe``."""
    if lines:
        return "\n".join(_text(line) for line in text.split("\n"))
    return escape("".join(c if c not in "\ufffe\uffff" else "\ufffd" for c in safe(text)), quote=True)
