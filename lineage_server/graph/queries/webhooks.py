"""Cypher of webhooks: who is told of what, what is to be sent, how far the stored events have been looked at.

Webhooks and deliveries are nodes without edges, written at once: they are no facts about lineage, and no
rebuild touches them. A webhook's secret is nowhere.
"""

from __future__ import annotations

from typing import LiteralString

# The audit record of a statement stands in its transaction.
_AND_AUDIT: LiteralString = """
WITH w
CALL (w) { UNWIND $audit AS r CREATE (a:Audit) SET a = r RETURN count(*) AS audited }
"""

_WEBHOOK: LiteralString = (
    "RETURN w.uid AS uid, w.project AS project, w.name AS name, w.url AS url, w.kinds AS kinds, "
    "w.model AS model, w.created_at AS created_at, w.created_by AS created_by, w.nonce AS nonce, "
    "w.key_id AS key_id, w.since AS since, w.disabled AS disabled"
)

# Whoever makes or changes a webhook of a project waits here for those who came first, then goes on only
# where none of theirs has this name and URL. The node is no webhook: it is in no project.
_ALONE: LiteralString = """
MERGE (g:Webhook {uid: $turn}) SET g.seq = coalesce(g.seq, 0) + 1
WITH g
OPTIONAL MATCH (o:Webhook) WHERE o.project = $project AND o.name = $name AND o.url = $url AND o.uid <> $uid
WITH count(o) AS others WHERE others = 0
"""

# From the events of the next batch on.
CREATE_WEBHOOK: LiteralString = f"""
{_ALONE}
MATCH (b:Writer {{uid: 'writer'}})
MERGE (w:Webhook {{uid: $uid}})
ON CREATE SET w += $properties, w.since = b.seq
{_AND_AUDIT}
{_WEBHOOK}
"""

GET_WEBHOOK: LiteralString = f"MATCH (w:Webhook {{uid: $uid}}) WHERE w.project = $project {_WEBHOOK}"

LIST_WEBHOOKS: LiteralString = (
    f"MATCH (w:Webhook) WHERE w.project = $project {_WEBHOOK} ORDER BY uid LIMIT $limit"
)

ALL_WEBHOOKS: LiteralString = f"MATCH (w:Webhook) WHERE w.project IS NOT NULL {_WEBHOOK}"

# Told again of what happens from then on: of what happened while it was disabled, it is not.
UPDATE_WEBHOOK: LiteralString = f"""
{_ALONE}
MATCH (b:Writer {{uid: 'writer'}})
MATCH (w:Webhook {{uid: $uid}})
WHERE w.project = $project
SET w.since = CASE WHEN w.disabled AND $properties.disabled IS NULL THEN b.seq ELSE w.since END
SET w += $properties
{_AND_AUDIT}
{_WEBHOOK}
"""

DELETE_WEBHOOK: LiteralString = f"""
MATCH (w:Webhook {{uid: $uid}})
WHERE w.project = $project
{_AND_AUDIT}
OPTIONAL MATCH (d:Delivery {{webhook: w.uid}})
DETACH DELETE d, w
RETURN count(*) AS gone
"""

# --- from events to deliveries ------------------------------------------------------------

CURSOR: LiteralString = "MATCH (w:Webhook {uid: 'webhooks'}) RETURN w.seq AS seq"
MOVE_CURSOR: LiteralString = "MERGE (w:Webhook {uid: 'webhooks'}) SET w.seq = $seq"

NEW_DELIVERIES: LiteralString = (
    "UNWIND $rows AS r MERGE (d:Delivery {uid: r.uid}) ON CREATE SET d += r.properties"
)

# Of a version: the event that made it. Of an alias: its moves.
MADE_BY: LiteralString = "UNWIND $uids AS uid MATCH (n:ModelVersion {uid: uid}) RETURN uid, n.clock AS clock"
HISTORIES: LiteralString = "UNWIND $uids AS uid MATCH (n:Alias {uid: uid}) RETURN uid, n.history AS history"

# --- sending --------------------------------------------------------------------------------

_DELIVERY: LiteralString = (
    "RETURN d.uid AS uid, d.webhook AS webhook, d.project AS project, d.kind AS kind, d.state AS state, "
    "d.attempts AS attempts, d.next_at AS next_at, d.at AS at, d.last_at AS last_at, d.status AS status, "
    "d.error AS error, d.body AS body"
)

RESEND: LiteralString = (
    "MATCH (d:Delivery {uid: $uid}) WHERE d.project = $project "
    "SET d.attempts = CASE WHEN d.state = 'pending' THEN d.attempts ELSE 0 END "
    "SET d.state = 'pending', d.next_at = $now "
    "WITH d CALL (d) { UNWIND $audit AS r CREATE (a:Audit) SET a = r RETURN count(*) AS audited } "
    f"{_DELIVERY}"
)
"""Sent again under its id, as often as a new one is tried; one that is still pending, now."""

DUE: LiteralString = (
    f"MATCH (d:Delivery) WHERE d.next_at <= $now AND NOT d.webhook IN $busy {_DELIVERY} "
    "ORDER BY next_at, uid LIMIT $limit"
)
NEXT_DUE: LiteralString = "MATCH (d:Delivery) WHERE d.next_at >= 0 RETURN min(d.next_at) AS next_at"

# Claimed before it is sent: should the sender die, it is sent again at ``next_at``. It goes to where the
# webhook leads by now, and nowhere if it was put to sleep.
CLAIM: LiteralString = (
    "MATCH (d:Delivery {uid: $uid}) WHERE d.next_at <= $now "
    "MATCH (w:Webhook {uid: d.webhook}) WHERE w.disabled IS NULL "
    "SET d.attempts = d.attempts + 1, d.last_at = $now, d.next_at = $next_at "
    f"{_WEBHOOK}, d.attempts AS attempts"
)
FINISH: LiteralString = (
    "MATCH (d:Delivery {uid: $uid}) SET d.state = $state, d.status = $status, d.error = $error, "
    "d.next_at = $next_at"
)

LIST_DELIVERIES: LiteralString = (
    "MATCH (d:Delivery {webhook: $webhook}) WHERE d.project = $project "
    f"AND (d.at < $at OR (d.at = $at AND d.uid > $after)) {_DELIVERY} ORDER BY at DESC, uid LIMIT $limit"
)

DROP_OLD: LiteralString = (
    "MATCH (d:Delivery) WHERE d.next_at IS NULL AND d.at < $before "
    "WITH d LIMIT $limit DELETE d RETURN count(*) AS deleted"
)

NEW_DELIVERIES_AUDITED: LiteralString = (
    NEW_DELIVERIES + " WITH count(*) AS made UNWIND $audit AS r CREATE (a:Audit) SET a = r"
)
