"""Secrets taken out of text before it leaves the process: by name, by known shape, in addresses.

Pure functions. A shape that is not known here goes through: what is captured at all is decided
elsewhere (allow-lists, switches); this is the second line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

GONE = "***"

_NAME = re.compile(
    r"pass(?:word|wd|phrase)?$|passw|secret|token$|(?:^|[_\-.])token(?:[_\-.]|$)|api[_-]?key|access[_-]?key"
    r"|private[_-]?key|credential|authorization|cookie$|session[_-]?key|signature$|(?:^|[_.-])(?:auth|pwd)$",
    re.IGNORECASE,
)
# Plurals count things and hide nothing: max_tokens, n_secrets.
_HARMLESS = re.compile(r"tokens?_?(?:count|limit|ize|id|type|len)|tokenizer", re.IGNORECASE)
_SHAPES = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[\w-]{20,}"
    r"|\bhf_[A-Za-z0-9]{20,}|\bsk-[A-Za-z0-9_-]{20,}|\bxox[abpors]-[\w-]{10,}"
    r"|\bAIza[\w-]{35}|\bya29\.[\w-]{20,}|\bpypi-[\w-]{50,}|\bnpm_[A-Za-z0-9]{30,}"
    r"|\bey[JK][\w-]{10,}\.[\w-]{10,}\.[\w-]+"
    r"|(?<=\bBearer )[\w.~+/-]{8,}=*|(?<=\bBasic )[A-Za-z0-9+/]{8,}=*",
    re.DOTALL,
)
_USER_IN_URI = re.compile(r"(?P<scheme>\b[a-z][a-z0-9+.-]*://)[^/\s@'\"]+@", re.IGNORECASE)
_QUERY = re.compile(r"(?P<lead>[?&;])(?P<key>[^=&#\s?;]+)=(?P<value>[^&#\s'\";]*)")
_ASSIGNED = re.compile(r"(?P<key>[\w.-]{2,64})(?P<sign>\s*[=:]\s*)(?P<quote>['\"]?)(?P<value>[^\s'\",;&]+)")


def is_secret_name(name: str) -> bool:
    """Whether a value under this name is taken for a secret."""
    return bool(_NAME.search(name)) and not _HARMLESS.search(name)


def scrub_text(text: str) -> str:
    """Known shapes, credentials in addresses, and ``key=value`` under a secret's name."""
    if len(text) < 6:
        return text
    text = _SHAPES.sub(GONE, text)
    if "://" in text:
        text = scrub_uri(text)
    return _ASSIGNED.sub(_assigned, text) if "=" in text or ":" in text else text


def _assigned(found: re.Match[str]) -> str:
    if not is_secret_name(found["key"]):
        return found[0]
    return f"{found['key']}{found['sign']}{found['quote']}{GONE}"


def scrub_uri(text: str) -> str:
    """Addresses without user, password and signing parameters; the rest of the text stays."""
    text = _USER_IN_URI.sub(lambda m: m["scheme"], text)
    return _QUERY.sub(_parameter, text)


def _parameter(found: re.Match[str]) -> str:
    key = found["key"]
    hidden = is_secret_name(key) or key.lower() in ("sig", "x-amz-signature", "x-goog-signature")
    return f"{found['lead']}{key}={GONE}" if hidden else found[0]


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
