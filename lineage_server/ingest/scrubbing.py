"""Events of whoever sends them, without the secrets that they tell: what is stored is what is left.

Only known shapes and credentials in addresses: what a name says about a value, who captures it knows better
(``client/scrub``).
"""

from __future__ import annotations

from typing import Any, cast

import msgspec

from lineage_server.domain.secrets import scrub_known

_SIGNS = tuple(
    sign.encode()
    for sign in (
        *("-----BEGIN", "AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-"),
        *("hf_", "sk-", "xox", "AIza", "ya29.", "pypi-", "npm_", "eyJ", "eyK", "Bearer ", "Basic "),
        *("\\u", "\\/"),  # letters that are written another way
    )
)
"""Of a line with none of them, and of no address with a user or parameters, nothing needs to be read."""
_GENERIC = msgspec.json.Decoder(dict[str, Any])


def may_tell(data: bytes) -> bool:
    """Whether a secret may be in there: a quick look that errs to one side."""
    return (b"://" in data and (b"@" in data or b"?" in data)) or any(sign in data for sign in _SIGNS)


def without_secrets(line: bytes) -> bytes:
    """The line itself where it tells none; also of a line that is no event, since refused ones are kept."""
    if not may_tell(line):
        return line
    try:
        told = _GENERIC.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = line.decode("utf-8", "surrogateescape")
        return scrub_known(text).encode("utf-8", "surrogateescape")
    return msgspec.json.encode(told) if _scrub(told) else line


def _scrub(told: dict[str, Any]) -> bool:
    """In place; True if there was something."""
    found = False
    waiting: list[Any] = [told]  # no recursion: nesting is the sender's
    while waiting:
        inside = waiting.pop()
        pairs: list[tuple[Any, Any]] = (
            list(cast("dict[str, Any]", inside).items())
            if isinstance(inside, dict)
            else list(enumerate(cast("list[Any]", inside)))
        )
        for key, value in pairs:
            if isinstance(value, str):
                clean = scrub_known(value)
                if clean != value:
                    inside[key], found = clean, True
            elif isinstance(value, dict | list):
                waiting.append(value)
    return found
