"""Cypher of the care of refused events: bounds, and those that were taken after all."""

from __future__ import annotations

from typing import LiteralString

COUNT: LiteralString = "MATCH (n:Refused) RETURN count(n) AS total"

DROP_OLD: LiteralString = (
    "MATCH (n:Refused) WHERE n.at < $before WITH n LIMIT $limit DELETE n RETURN count(*) AS deleted"
)

DROP_OLDEST: LiteralString = "MATCH (n:Refused) WITH n ORDER BY n.at LIMIT $limit DELETE n"

WITH_EVENT: LiteralString = (
    "MATCH (n:Refused) WHERE n.uid > $after AND n.event IS NOT NULL "
    "RETURN n.uid AS uid, n.event AS event ORDER BY n.uid LIMIT $limit"
)

TAKEN: LiteralString = "UNWIND $rows AS r MATCH (e:Event {uid: r.event}) RETURN r.uid AS uid"

RAW: LiteralString = (
    "MATCH (n:Refused) WHERE n.uid > $after RETURN n.uid AS uid, n.raw AS raw ORDER BY n.uid LIMIT $limit"
)

DROP: LiteralString = "UNWIND $uids AS uid MATCH (n:Refused {uid: uid}) DELETE n"
