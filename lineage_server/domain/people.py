"""How stored events name whoever sent them, and how people read and write it.

A sender is ``issuer/subject``. A user is called by the subject alone; a service, and whoever has a slash in
their name, in full.
"""

from __future__ import annotations

USERS, SERVICES, LOCAL = "lineage", "service", "local"
"""Issuers of this server: of its own users, of services, whose names anybody may choose, and of everybody
where nobody signs in."""


def called(sender: str) -> str:
    """Nobody where nobody signs in."""
    issuer, _, subject = sender.partition("/")
    if issuer == LOCAL:
        return ""
    return subject if issuer == USERS and "/" not in subject else sender


def sender_of(name: str) -> str:
    """Whom a name means; the other way round."""
    return name if "/" in name else f"{USERS}/{name}"
