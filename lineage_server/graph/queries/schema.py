"""Constraints, indexes and the bookkeeping of the schema's version.

Few indexes on purpose: each costs about 24 µs an entry on Neo4j. A uniqueness constraint brings
its own index. Every statement may be run again at any time.
"""

from __future__ import annotations

from typing import LiteralString


def _unique_uid(label: LiteralString) -> LiteralString:
    return f"CREATE CONSTRAINT {label}_uid IF NOT EXISTS FOR (n:{label}) REQUIRE n.uid IS UNIQUE"


def _index(label: LiteralString, name: LiteralString, keys: LiteralString) -> LiteralString:
    return f"CREATE INDEX {label}_{name} IF NOT EXISTS FOR (n:{label}) ON ({keys})"


META_CONSTRAINT: LiteralString = _unique_uid("Meta")

CONSTRAINTS: tuple[LiteralString, ...] = (
    _unique_uid("Project"),
    _unique_uid("Actor"),
    _unique_uid("Job"),
    _unique_uid("Run"),
    _unique_uid("Artifact"),
    _unique_uid("ArtifactVersion"),
    _unique_uid("RegisteredModel"),
    _unique_uid("ModelVersion"),
    _unique_uid("Alias"),
    _unique_uid("Approval"),
    _unique_uid("Deployment"),
    _unique_uid("Environment"),
    _unique_uid("CodeRef"),
    _unique_uid("Volume"),
    _unique_uid("Node"),
    _unique_uid("Gpu"),
    _unique_uid("WatchGap"),
    _unique_uid("Intent"),
    _unique_uid("MetricChunk"),
    _unique_uid("Event"),
    _unique_uid("Writer"),
    _unique_uid("Token"),
    _unique_uid("Audit"),
    _unique_uid("Refused"),
    _unique_uid("Erasure"),
    _unique_uid("Lease"),
    _unique_uid("Archive"),
    _unique_uid("Blob"),
    _unique_uid("Webhook"),
    _unique_uid("Delivery"),
    _unique_uid("SavedView"),
)

INDEXES: tuple[LiteralString, ...] = (
    _index("Run", "project", "n.project"),
    _index("Run", "started", "n.started_at"),
    _index("Run", "job", "n.job"),
    _index("Run", "failed", "n.failed_at"),
    _index("Job", "project", "n.project"),
    _index("Artifact", "project", "n.project"),
    _index("ArtifactVersion", "artifact", "n.artifact"),
    _index("ArtifactVersion", "digest", "n.digest"),
    _index("ModelVersion", "model", "n.model"),
    _index("Alias", "model", "n.model"),
    _index("Approval", "model", "n.model"),
    _index("Deployment", "project", "n.project"),
    _index("MetricChunk", "run", "n.run"),
    _index("Event", "seq", "n.seq"),
    _index("Audit", "at", "n.at"),
    _index("Audit", "target", "n.target"),
    _index("Refused", "at", "n.at"),
    _index("Blob", "sha256", "n.sha256"),
    _index("Blob", "project", "n.project"),
    _index("Delivery", "webhook", "n.webhook"),
    _index("Delivery", "next", "n.next_at"),
    _index("SavedView", "project", "n.project"),
)

# Only the versions that have words of their own: search need not go through all the others.
ANNOTATED_VERSIONS: LiteralString = _index("ArtifactVersion", "annotated", "n.annotated")

# Of two keys, of which no engine took a range of the second.
DROP_PROJECT_STARTED: LiteralString = "DROP INDEX Run_project_started IF EXISTS"


def _numbers(label: LiteralString, name: LiteralString, key: LiteralString) -> tuple[LiteralString, ...]:
    return (
        f"DROP INDEX {label}_{name} IF EXISTS",
        f"CREATE CONSTRAINT {label}_{name}_number IF NOT EXISTS FOR (n:{label}) REQUIRE {key} IS :: INTEGER",
    )


NUMBERS: tuple[LiteralString, ...] = (
    *_numbers("Run", "started", "n.started_at"),
    *_numbers("Run", "failed", "n.failed_at"),
    *_numbers("Event", "seq", "n.seq"),
    *_numbers("Audit", "at", "n.at"),
    *_numbers("Refused", "at", "n.at"),
)
"""For ArcadeDB, before its indexes are made: ranges come from an index whose keys it knows to be numbers
when it makes it; from any other it reads all entries. (In Neo4j a property's type is no matter, and such
a constraint one for its Enterprise edition.)"""

# Versions that were there before the models counted them.
COUNT_MODEL_VERSIONS: LiteralString = """
MATCH (v:ModelVersion)
WHERE v.version =~ '[0-9]{1,9}'
WITH v.model AS model, max(toInteger(v.version)) AS highest
MATCH (m:RegisteredModel {uid: model})
WHERE m.highest IS NULL OR m.highest < highest
SET m.highest = highest
"""

# By which they are sorted.
NUMBER_MODEL_VERSIONS: LiteralString = """
MATCH (v:ModelVersion)
WHERE v.number IS NULL AND v.version =~ '[0-9]{1,9}'
SET v.number = toInteger(v.version)
"""

# Runs that failed before that was noted on them: by portions, since an engine holds all that one transaction
# changes in its memory. None is left without a time, or there would always be another portion.
NOTE_FAILED_RUNS: LiteralString = """
MATCH (n:Run)
WHERE n.state = 'failed' AND n.failed_at IS NULL AND n.erased IS NULL
WITH n LIMIT $portion
SET n.failed_at = coalesce(n.ended_at, n.started_at, n.created_at, 0)
RETURN count(n) AS changed
"""

# Models that were there before what becomes of their versions and aliases counted as a change of theirs; by
# portions, as above.
NOTE_CHANGED_MODELS: LiteralString = """
MATCH (m:RegisteredModel)
WHERE m.latest_at IS NULL
WITH m LIMIT $portion
OPTIONAL MATCH (v:ModelVersion {model: m.uid})
WITH m, max(v.updated_at) AS told
OPTIONAL MATCH (a:Alias {model: m.uid})
WITH m, coalesce(m.updated_at, 0) AS own, coalesce(told, 0) AS told, coalesce(max(a.updated_at), 0) AS moved
WITH m, CASE WHEN own > told THEN own ELSE told END AS latest, moved
SET m.latest_at = CASE WHEN latest > moved THEN latest ELSE moved END
RETURN count(m) AS changed
"""

CREATE_WRITER: LiteralString = """
MERGE (w:Writer {uid: 'writer'})
ON CREATE SET w.seq = 0, w.rid = 0
"""

CREATE_META: LiteralString = """
MERGE (m:Meta {uid: 'schema'})
ON CREATE SET m.version = 0
RETURN m.version AS version
"""

# Setting a property first takes the write lock, so that the condition sees the last owner. The
# server's clock decides about the lease: replicas' clocks may differ. Milliseconds.
TAKE_LOCK: LiteralString = """
MATCH (m:Meta {uid: 'schema'})
SET m.asked_by = $owner
WITH m, timestamp() AS now
WHERE m.lock_owner IS NULL OR m.lock_owner = $owner OR m.lock_until < now
SET m.lock_owner = $owner, m.lock_until = now + $lease_milliseconds
RETURN m.version AS version
"""

RELEASE_LOCK: LiteralString = """
MATCH (m:Meta {uid: 'schema'})
WHERE m.lock_owner = $owner
SET m.version = $version, m.lock_owner = NULL, m.lock_until = NULL
RETURN m.version AS version
"""

VERSION: LiteralString = """
MATCH (m:Meta {uid: 'schema'})
RETURN m.version AS version
"""
