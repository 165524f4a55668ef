"""The history of an alias, and what was done to models, as text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lineage_server.client.render.words import cut, safe, width_of

if TYPE_CHECKING:
    from lineage_server.client.registered import Activity, Alias

_MOST_SHOWN = 80


def deed_of(one: Activity) -> str:
    """When, who, what and why, in one line."""
    at = one.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    changed = ", ".join(
        f"{key} {_shown(one.before[key])} → {_shown(value)}"
        if one.before.get(key)
        else f"{key} {_shown(value)}"
        for key, value in one.after.items()
        if value not in (None, "", [], {})
    )
    named = f"{one.action} {one.alias}".rstrip()
    told = f"{named} ({changed})" if changed else named
    return safe(f"{at}  {one.by}  {told}{f': {one.reason}' if one.reason else ''}".replace("\n", " "))


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return cut(text, _MOST_SHOWN)


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
