"""Cypher of leases: the right to do what one server at a graph does at a time."""

from __future__ import annotations

from typing import LiteralString

# Setting a property first takes the write lock, so that the condition sees the last owner. The
# graph's clock decides: servers' clocks may differ. Milliseconds.
TAKE_LEASE: LiteralString = """
MERGE (l:Lease {uid: $lease})
SET l.asked_by = $owner
WITH l, timestamp() AS now
WITH l, now, l.owner IS NULL OR l.owner = $owner OR l.until < now AS free
SET l.owner = CASE WHEN free THEN $owner ELSE l.owner END,
    l.work = CASE WHEN free THEN $work ELSE l.work END,
    l.until = CASE WHEN free THEN now + $milliseconds ELSE l.until END
RETURN l.owner = $owner AS held, l.work AS work
"""

# Not where it is nobody's: then others may have worked meanwhile.
RENEW_LEASE: LiteralString = (
    "MATCH (l:Lease {uid: $lease}) SET l.asked_by = $owner WITH l WHERE l.owner = $owner "
    "SET l.until = timestamp() + $milliseconds RETURN l.uid AS uid"
)

RELEASE_LEASE: LiteralString = (
    "MATCH (l:Lease {uid: $lease}) WHERE l.owner = $owner "
    "SET l.owner = NULL, l.work = NULL, l.until = NULL RETURN l.uid AS uid"
)

CLEAR_LEASE: LiteralString = "MATCH (l:Lease {uid: $lease}) DELETE l"

FENCE: LiteralString = (
    "MATCH (l:Lease {uid: $lease}) SET l.asked_by = $owner "
    "WITH l WHERE l.owner = $owner RETURN l.owner AS owner"
)
