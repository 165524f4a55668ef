"""Cypher of the stored events: reading them in order, archiving, redacting, wiping for a replay."""

from __future__ import annotations

from typing import LiteralString

from lineage_server.domain.nodes import Label

_ROW: LiteralString = (
    "n.uid AS uid, n.project AS project, n.seq AS seq, n.pos AS pos, n.type AS type, n.at AS at, "
    "n.recorded_at AS recorded_at, n.actor AS actor, n.size AS size, n.raw AS raw, n.redacted AS redacted"
)

SEQ_RANGE: LiteralString = (
    "MATCH (n:Event) RETURN min(n.seq) AS first, max(n.seq) AS last, count(n) AS events"
)

PAGE: LiteralString = (
    f"MATCH (n:Event) WHERE n.seq >= $first AND n.seq < $until RETURN {_ROW} ORDER BY n.seq, n.pos"
)

ONE: LiteralString = (
    f"MATCH (n:Event {{uid: $uid}}) WHERE $projects IS NULL OR n.project IN $projects RETURN {_ROW}"
)

SEQ_BEFORE: LiteralString = (
    "MATCH (n:Event) WHERE n.seq >= $first AND n.seq < $until AND n.recorded_at >= $before "
    "RETURN min(n.seq) AS first_kept"
)

DELETE_RANGE: LiteralString = (
    "MATCH (n:Event) WHERE n.seq >= $first AND n.seq < $until DELETE n RETURN count(*) AS deleted"
)

REDACT: LiteralString = (
    "UNWIND $rows AS r MATCH (n:Event {uid: r.uid}) SET n.raw = r.raw, n.type = r.type, n.redacted = true"
)

CHUNKS_OF_RUN: LiteralString = "MATCH (n:MetricChunk {run: $run}) DELETE n RETURN count(*) AS deleted"

SET_REBUILDING: LiteralString = (
    "MATCH (w:Writer {uid: 'writer'}) SET w.rebuilding = $value RETURN w.rebuilding AS rebuilding"
)
IS_REBUILDING: LiteralString = (
    "MATCH (w:Writer {uid: 'writer'}) RETURN coalesce(w.rebuilding, false) AS rebuilding"
)

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
    return f"MATCH (n:{label.value}) WITH n LIMIT $limit DETACH DELETE n RETURN count(*) AS deleted"
