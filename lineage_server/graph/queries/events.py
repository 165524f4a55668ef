"""Cypher of the stored events: reading them in order, archiving, redacting, wiping for a replay."""

from __future__ import annotations

from typing import LiteralString

from lineage_server.domain.nodes import Label

_ROW: LiteralString = (
    "n.uid AS uid, n.project AS project, n.seq AS seq, n.pos AS pos, n.type AS type, n.at AS at, "
    "n.recorded_at AS recorded_at, n.actor AS actor, n.raw AS raw, n.redacted AS redacted, "
    "n.archive AS archive"
)

PAGE: LiteralString = (
    f"MATCH (n:Event) WHERE n.seq >= $first AND n.seq < $until RETURN {_ROW} ORDER BY n.seq, n.pos"
)

SINCE: LiteralString = (
    "MATCH (n:Event) WHERE n.seq >= $first AND n.seq < $until WITH n WHERE n.type IN $types "
    f"RETURN {_ROW}, n.was AS was, n.imported AS imported ORDER BY n.seq, n.pos"
)

SIZES: LiteralString = (
    "MATCH (n:Event) WHERE n.seq >= $first AND n.seq < $until "
    "RETURN n.seq AS seq, count(n) AS events, sum(n.size) AS bytes, max(n.recorded_at) AS recorded_at "
    "ORDER BY seq"
)

ONE: LiteralString = (
    f"MATCH (n:Event {{uid: $uid}}) WHERE $projects IS NULL OR n.project IN $projects RETURN {_ROW}"
)

REDACT: LiteralString = (
    "UNWIND $rows AS r MATCH (n:Event {uid: r.uid}) SET n.raw = r.raw, n.type = r.type, n.redacted = true"
)

# --- erasing ------------------------------------------------------------------------------

PENDING_ERASURES: LiteralString = "MATCH (n:Erasure) WHERE n.pending RETURN n.uid AS uid, n.at AS at"

ERASURE: LiteralString = "MATCH (n:Erasure {uid: $uid}) RETURN n.pending AS pending, n.redacted AS redacted"

ERASURES_DONE: LiteralString = (
    "UNWIND $rows AS r MATCH (n:Erasure {uid: r.uid}) WHERE n.at = r.at "
    "SET n.pending = false, n.redacted = r.redacted"
)

# Who did what stays; only erasing itself keeps the reason that was given for it.
CLEAR_PICTURES: LiteralString = """
MATCH (a:Audit)
WHERE a.action <> 'eraseNode' AND (a.before <> '' OR a.after <> '')
  AND (a.target IN $uids OR a.action IN ['addEdge', 'retractEdge']
       AND any(uid IN $uids WHERE a.before CONTAINS uid OR a.after CONTAINS uid))
SET a.before = '', a.after = ''
"""

DROP_CHUNKS: LiteralString = (
    "MATCH (n:MetricChunk {run: $run}) WITH n LIMIT $limit DELETE n RETURN count(*) AS deleted"
)

# --- archives ----------------------------------------------------------------------------
# An Archive that is not current names a file that may lie there and is nobody's: begun, or replaced.

ARCHIVES: LiteralString = (
    "MATCH (a:Archive) WHERE a.current RETURN a.uid AS name, a.first AS first, a.until AS until, "
    "a.events AS events, a.sha256 AS sha256 ORDER BY first"
)
BEGIN_ARCHIVE: LiteralString = "MERGE (a:Archive {uid: $name}) ON CREATE SET a.current = false"
END_ARCHIVE: LiteralString = (
    "MATCH (a:Archive {uid: $name}) SET a.first = $first, a.until = $until, a.events = $events, "
    "a.sha256 = $sha256, a.current = true"
)
REPLACE_ARCHIVE: LiteralString = "MATCH (a:Archive {uid: $name}) SET a.current = false"
LEFT_OVER: LiteralString = "MATCH (a:Archive) WHERE NOT a.current RETURN a.uid AS name"
FORGET_ARCHIVE: LiteralString = "MATCH (a:Archive {uid: $name}) WHERE NOT a.current DELETE a"

# The id stays: an event that is sent again is known, however old it is.
MOVE_TO_ARCHIVE: LiteralString = (
    "UNWIND $uids AS u MATCH (n:Event {uid: u}) "
    "SET n = {uid: n.uid, project: n.project, archive: $first} RETURN count(n) AS moved"
)

# --- rebuilding --------------------------------------------------------------------------
# While the writer has a rebuilder, nobody else's batch is taken (see the guard in ``ingest``).

BEGIN_REBUILD: LiteralString = """
MATCH (w:Writer {uid: 'writer'})
SET w.rebuilder = $owner,
    w.rid_before = CASE WHEN coalesce(w.rid_before, 0) > w.rid THEN w.rid_before ELSE w.rid END,
    w.rid = 0
RETURN w.seq AS seq
"""

# The new number tells other servers that what they remember is no longer so; small ids go on
# where they were, for readers that ask for what came later.
END_REBUILD: LiteralString = """
MATCH (w:Writer {uid: 'writer'})
SET w.lock = $owner
WITH w, coalesce(w.rebuilder, '') AS rebuilder
SET w.seq = CASE WHEN rebuilder = $owner THEN w.seq + 1 ELSE w.seq END,
    w.rid = CASE WHEN rebuilder = $owner AND w.rid_before > w.rid THEN w.rid_before ELSE w.rid END,
    w.rid_before = CASE WHEN rebuilder = $owner THEN NULL ELSE w.rid_before END,
    w.rebuilder = CASE WHEN rebuilder = $owner THEN NULL ELSE w.rebuilder END
RETURN rebuilder = $owner OR rebuilder = '' AS ended, w.seq AS seq
"""

# Hubs first: their relationships then go with one walk of their own list.
WIPED: tuple[Label, ...] = (
    Label.ARTIFACT_VERSION,
    Label.JOB,
    Label.ARTIFACT,
    *(
        label
        for label in Label
        if label not in (Label.ARTIFACT_VERSION, Label.JOB, Label.ARTIFACT, Label.EVENT)
    ),
)


def wipe(label: Label) -> LiteralString:
    """Some nodes of a label, while ``$owner`` rebuilds."""
    return (
        "MATCH (w:Writer {uid: 'writer'}) WHERE w.rebuilder = $owner "
        f"MATCH (n:{label.value}) WITH n LIMIT $limit DETACH DELETE n RETURN count(*) AS deleted"
    )
