"""A look at a file as text and as HTML: what people recorded is shown, and does nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lineage_server.client.render.bundle import html_text
from lineage_server.client.render.words import bytes_told, cut, safe, width_of

if TYPE_CHECKING:
    from lineage_server.client.previews import Preview

_GAP = "  "
_WIDEST = 40
"""Columns of a cell on a terminal."""


def text_of(preview: Preview, width: int) -> str:
    """What it is, then what is in it, at most ``width`` columns wide."""
    head = cut(safe(preview.path), max(20, width - 12))
    lines = [f"{head}{_GAP}{bytes_told(preview.size)}"]
    if preview.kind == "table":
        lines += _table(preview, width)
    elif preview.kind == "text":
        lines += [cut(safe(line), width) for line in preview.text.splitlines()]
    elif preview.kind == "image":
        lines.append(f"an image ({safe(preview.media_type)})")
    else:
        lines.append(f"not shown: {safe(preview.reason)}")
    return "\n".join([*lines, *_remarks(preview)])


def _remarks(preview: Preview) -> Iterator[str]:
    if preview.kind == "table" and not preview.whole:
        yield f"the first {len(preview.rows)} rows"
    if preview.kind == "text" and not preview.whole:
        yield f"the first {bytes_told(len(preview.text.encode()))}"
    if preview.kind != "none" and not preview.verified:
        yield "not all of what this was read from could be checked against its digest"


def _table(preview: Preview, width: int) -> Iterator[str]:
    """As many columns as fit, and how many do not."""
    names = [safe(column["name"]) for column in preview.columns]
    rows = [[_cell(value) for value in row] for row in preview.rows]
    taken = 0
    widths: list[int] = []
    for at, name in enumerate(names):
        cells = (width_of(row[at]) for row in rows if at < len(row))
        wide = min(_WIDEST, max([width_of(name), *cells]))
        taken += wide + (len(_GAP) if at else 0)
        if at and taken > width:
            break
        widths.append(min(wide, width))
    yield _line(names, widths)
    for row in rows:
        yield _line(row, widths)
    left = len(names) - len(widths)
    if left:
        yield f"and {left} more column{'' if left == 1 else 's'}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    shown = (cut(cell, width) for cell, width in zip(cells, widths, strict=False))
    padded = (cell + " " * (width - width_of(cell)) for cell, width in zip(shown, widths, strict=False))
    return _GAP.join(padded).rstrip()


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return safe(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def html_of(preview: Preview) -> str:
    """A table in a box that scrolls."""
    head = "".join(
        f'<th title="{html_text(column["type"])}">{html_text(column["name"])}</th>'
        for column in preview.columns
    )
    body = "".join(
        "<tr>" + "".join(f"<td>{html_text(_cell(value))}</td>" for value in row) + "</tr>"
        for row in preview.rows
    )
    remarks = "".join(f"<p>{html_text(remark)}</p>" for remark in _remarks(preview))
    caption = f"{html_text(preview.path)} · {bytes_told(preview.size)}"
    return (
        f'<div style="overflow:auto;max-width:100%;max-height:24em"><table><caption>{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{remarks}"
    )
