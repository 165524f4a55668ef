"""What is taken for a secret: by its name, by its shape, in an address. Neither the graph nor a log gets it.

Pure functions, in time that grows with the text, whatever it is. A shape that is not known here goes through:
what is told at all is decided elsewhere; this is the second line.
"""

from __future__ import annotations

import re

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
    r"|(?<![\w-])ey[JK][\w-]{10,}\.[\w-]{10,}\.[\w-]+"
    r"|(?<=\bBearer )[\w.~+/-]{8,}=*|(?<=\bBasic )[A-Za-z0-9+/]{8,}=*",
    re.DOTALL,
)
_USER_IN_URI = re.compile(r"(?P<scheme>\b[a-z][a-z0-9+.-]{0,40}://)(?P<user>[^/\s@'\"]+)@", re.IGNORECASE)
# Elsewhere a name alone is no secret: git's user, Azure's container (abfss://container@account…).
_TOKEN_AS_USER = ("http://", "https://")
_QUERY = re.compile(r"(?P<lead>[?&;])(?P<key>[^=&#\s?;]+)=(?P<value>[^&#\s'\";]*)")


def is_secret_name(name: str) -> bool:
    """Whether a value under this name is taken for a secret."""
    return bool(_NAME.search(name)) and not _HARMLESS.search(name)


def scrub_known(text: str) -> str:
    """Text without secrets of a known shape, and without credentials in addresses."""
    text = _SHAPES.sub(GONE, text)
    return scrub_uri(text) if "://" in text else text


def scrub_uri(text: str) -> str:
    """Addresses without user, password and signing parameters; the rest of the text stays."""
    return _QUERY.sub(_parameter, _USER_IN_URI.sub(_user, text))


def _user(found: re.Match[str]) -> str:
    hides = ":" in found["user"] or found["scheme"].lower() in _TOKEN_AS_USER
    return found["scheme"] if hides else found[0]


def _parameter(found: re.Match[str]) -> str:
    key = found["key"]
    hidden = is_secret_name(key) or key.lower() in ("sig", "x-amz-signature", "x-goog-signature")
    return f"{found['lead']}{key}={GONE}" if hidden else found[0]
