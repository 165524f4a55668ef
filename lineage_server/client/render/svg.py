"""A lineage as a static inline SVG: no scripts, nothing loaded, light and dark by the reader's choice.

Colours are also plain attributes, so that it stays readable where a viewer drops style sheets.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NamedTuple

from lineage_server.client.render.layout import places_of
from lineage_server.client.render.look import (
    DARK,
    HEIGHT,
    ICONS,
    LIGHT,
    WIDTH,
    kind_of,
)
from lineage_server.client.render.words import cut, safe, width_of

if TYPE_CHECKING:
    from lineage_server.client.view import LineageView, ViewNode


MOST_NODES = 400
_CHAR = 7.2
_MARGIN = 24
_HUES = [name for name in LIGHT if name.startswith("hue-")]


def _rules(colours: dict[str, str]) -> str:
    hues = "".join(f".lg .{h}{{stroke:{colours[h]}}}" for h in _HUES)
    return (
        f".lg text{{fill:{colours['ink']}}}.lg .n{{fill:{colours['faint']}}}"
        f".lg .card{{fill:{colours['paper']}}}.lg .plain{{stroke:{colours['edge']}}}"
        f".lg .bad{{stroke:{colours['bad']}}}.lg .line{{stroke:{colours['edge']}}}"
        f".lg .tip{{fill:{colours['edge']}}}{hues}"
    )


_STYLE = (
    '.lg{font:15px system-ui,"Segoe UI",Roboto,"Noto Sans","Noto Sans CJK KR",sans-serif}'
    ".lg .t{font-weight:600}"
    f".lg .inferred{{stroke-dasharray:6 4}}{_rules(LIGHT)}"
    f"@media (prefers-color-scheme:dark){{{_rules(DARK)}}}"
)


class _Line(NamedTuple):
    """A line of a card: its size, and how many columns of the widest of the fonts fit into it. More are
    drawn smaller, up to ``most``, and then cut: nobody knows here which font there is."""

    size: float
    fits: int
    most: int

    def text(self, words: str, style: str, y: int, colour: str) -> str:
        shown = cut(words, self.most)
        size = self.size * min(1.0, self.fits / max(1, width_of(shown)))
        looks = f'class="{style}" font-size="{size:.1f}" fill="{colour}"'
        return f'<text x="46" y="{y}" {looks}>{_text(shown)}</text>'


_TITLE, _NOTES = _Line(15, 18, 26), _Line(13, 23, 32)


class _Box(NamedTuple):
    node: ViewNode
    x: float
    y: float
    notes: str


def svg_of(view: LineageView) -> str:
    """The picture; of a large answer the first nodes, and how many are left out."""
    shown = {node.uid: node for node in view.nodes[:MOST_NODES]}
    pairs = [(e.start, e.end) for e in view.edges if e.start in shown and e.end in shown]
    boxes = _placed(view, shown, places_of(list(shown), pairs))
    width = max((b.x + WIDTH for b in boxes.values()), default=200.0) + _MARGIN
    height = max((b.y + HEIGHT for b in boxes.values()), default=0.0) + _MARGIN
    remark = _remark(view, len(shown))
    if remark:
        height += 22
        width = max(width, len(remark) * _CHAR + 2 * _MARGIN)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lg" role="img" width="{width:.0f}" '
        f'height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" font-family="sans-serif" '
        'font-size="15">',
        f"<title>{_text(_caption(view))}</title><style>{_STYLE}</style>",
    ]
    parts += _arrows(view, boxes)
    parts += [_drawn(box, asked=uid in view.start) for uid, box in boxes.items()]
    if remark:
        parts.append(
            f'<text class="n" x="{_MARGIN}" y="{height - 12:.0f}" font-size="13" '
            f'fill="{LIGHT["faint"]}">{_text(remark)}</text>'
        )
    return "".join(parts) + "</svg>"


def html_of(view: LineageView) -> str:
    """The picture in a box that scrolls, the tree folded below it."""
    return (
        f'<div style="overflow-x:auto;max-width:100%">{svg_of(view)}</div>'
        f"<details><summary>as text</summary><pre>{_text(view.to_text(), lines=True)}</pre></details>"
    )


def _placed(
    view: LineageView, nodes: dict[str, ViewNode], places: dict[str, tuple[int, int]]
) -> dict[str, _Box]:
    boxes: dict[str, _Box] = {}
    for uid, (x, y) in places.items():
        notes = _notes(view, nodes[uid])
        boxes[uid] = _Box(nodes[uid], x + _MARGIN, y + _MARGIN, notes)
    return boxes


def _notes(view: LineageView, node: ViewNode) -> str:
    return safe(", ".join(word for word in (node.what, node.notes, view.more(node.uid)) if word))


def _arrows(view: LineageView, boxes: dict[str, _Box]) -> list[str]:
    out: list[str] = []
    edge_colour = LIGHT["edge"]
    for edge in view.edges:
        a, b = boxes.get(edge.start), boxes.get(edge.end)
        if a is None or b is None:
            continue
        x1, y1 = a.x + WIDTH, a.y + HEIGHT / 2
        x2, y2 = b.x, b.y + HEIGHT / 2
        bend = max(40.0, abs(x2 - x1) / 2)
        style = "line inferred" if edge.basis.lower() == "inferred" else "line"
        about = " ".join(word for word in (edge.type, edge.role and f"({edge.role})") if word)
        out.append(
            f'<path class="{style}" d="M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} '
            f'{x2 - 3:.1f} {y2:.1f}" stroke="{edge_colour}" stroke-width="1.4" fill="none">'
            f"<title>{_text(about)}</title></path>"
            f'<path class="tip" d="M{x2:.1f} {y2:.1f}l-9 -4.5v9z" fill="{edge_colour}"/>'
        )
    return out


def _drawn(box: _Box, *, asked: bool) -> str:
    """A card as the web view has it: its hue at the left, its drawing, its name, what else is known."""
    node, kind = box.node, kind_of(box.node)
    hue = LIGHT[f"hue-{kind}"]
    if node.state.lower() in ("failed", "aborted"):
        frame, stroke = "bad", LIGHT["bad"]
    else:
        frame, stroke = (f"hue-{kind}", hue) if asked else ("plain", LIGHT["edge"])
    return (
        f'<g transform="translate({box.x:.1f} {box.y:.1f})">'
        f"<title>{_text(f'{node.title} · {node.project} · {node.uid}')}</title>"
        f'<rect class="card {frame}" width="{WIDTH}" height="{HEIGHT}" rx="10" fill="{LIGHT["paper"]}" '
        f'stroke="{stroke}" stroke-width="{2 if asked else 1}"/>'
        f'<path class="hue-{kind}" d="M3 10v{HEIGHT - 20}" stroke="{hue}" stroke-width="4" '
        'stroke-linecap="round" fill="none"/>'
        f'<path class="hue-{kind}" transform="translate(16 24) scale(.83)" d="{ICONS[kind]}" fill="none" '
        f'stroke="{hue}" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"/>'
        f"{_TITLE.text(safe(node.called), 't', 31, LIGHT['ink'])}"
        f"{_NOTES.text(box.notes, 'n', 50, LIGHT['faint'])}</g>"
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
