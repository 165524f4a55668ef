"""Names made safe to show, and how wide they are on a terminal.

Control characters and marks that turn the direction of text could lie about what stands there, or
move a terminal's cursor: they are shown as what they are.
"""

from __future__ import annotations

import re
import unicodedata

_ZERO_WIDTH_JOINER = "\u200d"
_EMOJI_STYLE = "\ufe0f"
_DIGEST = re.compile(r"\b([a-z0-9]+:[0-9a-f]{12})[0-9a-f]{20,}\b")


def safe(text: str) -> str:
    """One line of printable text."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if _harmless(c) else _shown(c) for c in text)


def _harmless(char: str) -> bool:
    if char in (_ZERO_WIDTH_JOINER, _EMOJI_STYLE, " "):
        return True
    kind = unicodedata.category(char)
    # Control, format (direction marks), surrogate, private, unassigned; blanks that look like one.
    return kind not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs")


def _shown(char: str) -> str:
    return " " if char in "\n\r\t" or unicodedata.category(char) == "Zs" else f"\\u{ord(char):04x}"


def width_of(text: str) -> int:
    """Columns that a terminal needs for it."""
    if text.isascii():
        return len(text)
    width = 0
    joined = False
    for char in text:
        if char == _ZERO_WIDTH_JOINER:
            joined = True  # the next sign is drawn into the one before
            continue
        if char == _EMOJI_STYLE or unicodedata.category(char) in ("Mn", "Me") or "\u1160" <= char <= "\u11ff":
            continue  # drawn into the sign before; the last are parts of Korean syllables
        if not joined:
            width += 2 if unicodedata.east_asian_width(char) in "WF" else 1
        joined = False
    return width


def cut(text: str, width: int) -> str:
    """As much as fits into so many columns, with an ellipsis where something is missing."""
    if width_of(text) <= width:
        return text
    out = ""
    for char in text:
        if width_of(out + char) > width - 1:
            break
        out += char
    # Not in the middle of a sign that is made of several.
    return out.rstrip(_ZERO_WIDTH_JOINER) + "…"


def padded(text: str, width: int) -> str:
    """Exactly so many columns."""
    told = cut(text, width)
    return told + " " * (width - width_of(told))


def short(text: str) -> str:
    """Digests in it by their first digits, which are enough to tell them apart, and to ask by."""
    return _DIGEST.sub(r"\1…", text)


def bytes_told(count: int) -> str:
    """Bytes in units that people read."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"
