"""The history of an alias as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_server.client.render.words import safe, width_of

if TYPE_CHECKING:
    from lineage_server.client.registered import Alias


def history_of(alias: Alias) -> str:
    """What it points to, then a line for each move, the newest first, in the clock of this machine."""
    now = f"version {alias.version}" if alias.version else "nothing"
    rules = {"protected": alias.protected, "moves with an approval": alias.needs_approval}
    marks = ", ".join(word for word, holds in rules.items() if holds)
    lines = [f"model:{alias.model}@{alias.name} points to {now}{f' ({marks})' if marks else ''}"]
    rows = [
        (
            move.at.astimezone().strftime("%Y-%m-%d %H:%M:%S"),
            f"{move.before or '–'} → {move.version or '–'}",
            move.by,
            move.reason,
        )
        for move in alias.moves
    ]
    widths = [max((width_of(row[column]) for row in rows), default=0) for column in range(4)]
    for row in rows:
        cells = [cell + " " * (width - width_of(cell)) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(safe(line) for line in lines)
