"""Secrets taken out of what the client captures, before it leaves the process: also by names that stand
beside them in texts, command lines and settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from lineage_server.domain.secrets import GONE, is_secret_name, scrub_known

_ASSIGNED = re.compile(r"(?P<key>[\w.-]{2,64})(?P<sign>\s*[=:]\s*)(?P<quote>['\"]?)(?P<value>[^\s'\",;&]+)")


def scrub_text(text: str) -> str:
    """Known shapes, credentials in addresses, and ``key=value`` under a secret's name."""
    if len(text) < 6:
        return text
    text = scrub_known(text)
    return _ASSIGNED.sub(_assigned, text) if "=" in text or ":" in text else text


def _assigned(found: re.Match[str]) -> str:
    if not is_secret_name(found["key"]):
        return found[0]
    return f"{found['key']}{found['sign']}{found['quote']}{GONE}"


def scrub_argv(argv: Iterable[str]) -> list[str]:
    """A command line: also the word that follows ``--password``."""
    out: list[str] = []
    hide_next = False
    for word in argv:
        if hide_next and not word.startswith("-"):
            out.append(GONE)
            hide_next = False
            continue
        hide_next = False
        name, equals, _ = word.partition("=")
        if word.startswith("-") and is_secret_name(name.lstrip("-")):
            hide_next = not equals
            out.append(f"{name}={GONE}" if equals else word)
        else:
            out.append(scrub_text(word))
    return out


def scrub_named(name: str, value: str) -> str:
    """A value under a name: an environment variable, a parameter."""
    return GONE if is_secret_name(name) else scrub_text(value)


def scrub_tree(value: Any, name: str = "") -> Any:
    """All text of a JSON-like value."""
    if isinstance(value, str):
        return scrub_named(name, value)
    if isinstance(value, Mapping):
        return {str(k): scrub_tree(v, str(k)) for k, v in value.items()}  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    if isinstance(value, list | tuple):
        return [scrub_tree(v, name) for v in value]  # pyright: ignore[reportUnknownVariableType]
    return value
