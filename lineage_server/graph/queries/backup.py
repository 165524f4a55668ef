"""Cypher of backups: what no stored event tells, out of a graph and into one.

These nodes have no edges, and no rebuild makes them. A page goes by uid, the others are read while the writer
rests.
"""

from __future__ import annotations

from typing import LiteralString

TOKENS: LiteralString = "MATCH (n:Token) RETURN properties(n) AS props ORDER BY n.uid"
WEBHOOKS: LiteralString = (
    "MATCH (n:Webhook) WHERE n.project IS NOT NULL RETURN properties(n) AS props ORDER BY n.uid"
)
DUE: LiteralString = "MATCH (n:Delivery) WHERE n.next_at >= 0 RETURN properties(n) AS props ORDER BY n.uid"
VIEWS: LiteralString = "MATCH (n:SavedView) RETURN properties(n) AS props ORDER BY n.uid"
RECENT: LiteralString = "MATCH (n:Audit) WHERE n.at >= $since RETURN properties(n) AS props ORDER BY n.uid"

PAGES: dict[str, LiteralString] = {
    "Audit": (
        "MATCH (n:Audit) WHERE n.uid > $after AND n.at < $since "
        "RETURN properties(n) AS props ORDER BY n.uid LIMIT $limit"
    ),
    "Delivery": (
        "MATCH (n:Delivery) WHERE n.uid > $after AND n.at < $since "
        "RETURN properties(n) AS props ORDER BY n.uid LIMIT $limit"
    ),
    "Refused": (
        "MATCH (n:Refused) WHERE n.uid > $after AND n.at < $since "
        "RETURN properties(n) AS props ORDER BY n.uid LIMIT $limit"
    ),
}
"""Of those that there may be many of."""

RESTORE: dict[str, LiteralString] = {
    "Token": "UNWIND $rows AS r MERGE (n:Token {uid: r.uid}) ON CREATE SET n += r",
    "Audit": "UNWIND $rows AS r MERGE (n:Audit {uid: r.uid}) ON CREATE SET n += r",
    "Delivery": "UNWIND $rows AS r MERGE (n:Delivery {uid: r.uid}) ON CREATE SET n += r",
    "Refused": "UNWIND $rows AS r MERGE (n:Refused {uid: r.uid}) ON CREATE SET n += r",
    "SavedView": "UNWIND $rows AS r MERGE (n:SavedView {uid: r.uid}) ON CREATE SET n += r",
    # Of the events that are here already it was told where it comes from.
    "Webhook": (
        "MATCH (b:Writer {uid: 'writer'}) UNWIND $rows AS r MERGE (n:Webhook {uid: r.uid}) "
        "ON CREATE SET n += r, n.since = b.seq"
    ),
}

ANY_EVENT: LiteralString = "MATCH (n:Event) RETURN n.uid AS uid LIMIT 1"
ANY_WEBHOOK: LiteralString = "MATCH (n:Webhook) WHERE n.project IS NOT NULL RETURN n.uid AS uid LIMIT 1"

RESTORING: LiteralString = "MATCH (m:Meta {uid: 'restore'}) RETURN m.backup AS backup"
BEGIN_RESTORE: LiteralString = "MERGE (m:Meta {uid: 'restore'}) SET m.backup = $backup"
END_RESTORE: LiteralString = "MATCH (m:Meta {uid: 'restore'}) WHERE m.backup = $backup DELETE m"
