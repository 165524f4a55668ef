"""Cypher of the writer: one guarded statement a batch, and what it must read beforehand.

A batch is one statement, in a transaction of its own, put together from the blocks below: the guard takes the
write lock of the single ``Writer`` node and checks that nobody committed since we read; every block
runs only if that holds. While a rebuild is under way the guard lets only its batches pass, which keep
the number, since the events that they replay keep theirs. All rows come in one map, ``$b``: Neo4j
plans a statement anew for other sizes of its list parameters, but does not look into a map. New runs
carry their inputs, new versions their producer, so that most edges need one look-up instead of two.
New nodes are CREATEd, not MERGEd: the writer knows what is there, and MERGE on a hub reads all of the
hub's edges on the embedded engine.
"""

from __future__ import annotations

from typing import LiteralString

from lineage_server.domain.edges import RULES, EdgeType
from lineage_server.domain.nodes import Label

GUARD: LiteralString = """
MATCH (w:Writer {uid: 'writer'})
SET w.lock = $lock
WITH w, w.seq = $seq AND coalesce(w.rebuilder, '') = $rebuilder AS ok
SET w.seq = CASE WHEN ok AND $rebuilder = '' THEN w.seq + 1 ELSE w.seq END,
    w.rid = CASE WHEN ok THEN $rid ELSE w.rid END
WITH ok
"""

_STATE: LiteralString = (
    "w.seq AS seq, w.rid AS rid, coalesce(w.rebuilder, '') AS rebuilder, coalesce(w.erasures, 0) AS erasures"
)
WRITER_STATE: LiteralString = f"MATCH (w:Writer {{uid: 'writer'}}) RETURN {_STATE}"
WRITER_LOCK: LiteralString = f"MATCH (w:Writer {{uid: 'writer'}}) SET w.lock = $lock RETURN {_STATE}"

_COMMON: LiteralString = (
    "uid: r.uid, project: r.project, name: r.name, kind: r.kind, rid: r.rid, stub: r.stub, "
    "created_at: r.created_at, updated_at: r.updated_at, search_text: r.search_text, "
    "clock: r.clock, clocks: r.clocks"
)
_RUN: LiteralString = (
    "job: r.job, job_name: r.job_name, state: r.state, reason: r.reason, exit_code: r.exit_code, "
    "requested_at: r.requested_at, queued_at: r.queued_at, started_at: r.started_at, ended_at: r.ended_at"
)
_VERSION: LiteralString = (
    "artifact: r.artifact, key: r.key, digest: r.digest, run: r.run, ordinal: r.ordinal, uri: r.uri, "
    "size: r.size, sealed_at: r.sealed_at, seals: r.seals, partial: r.partial, "
    "schema: r.schema, stats: r.stats"
)
_FACT: LiteralString = (
    "role: e.role, at: e.at, last_at: e.last_at, told_at: e.told_at, recorded_at: e.recorded_at, "
    "source: e.source, basis: e.basis, event: e.event"
)

COMMON_KEYS = frozenset(
    (
        "uid",
        "project",
        "name",
        "kind",
        "rid",
        "stub",
        "created_at",
        "updated_at",
        "search_text",
        "clock",
        "clocks",
    )
)
RUN_KEYS = COMMON_KEYS | frozenset(
    ("job", "job_name", "state", "reason", "exit_code", "requested_at", "queued_at", "started_at", "ended_at")
)
VERSION_KEYS = COMMON_KEYS | frozenset(
    (
        "artifact",
        "key",
        "digest",
        "run",
        "ordinal",
        "uri",
        "size",
        "sealed_at",
        "seals",
        "partial",
        "schema",
        "stats",
    )
)
"""Properties that the blocks below write one by one; all others go in one map, ``more``."""

_EXTRA: dict[EdgeType, LiteralString] = {
    EdgeType.INPUT_TO: ", rule: e.rule, superseded_at: e.superseded_at",
    EdgeType.OUTPUT: ", reused: e.reused",
    EdgeType.DERIVED: ", fields: e.fields, reason: e.reason, retracted_at: e.retracted_at, "
    "retracted_reason: e.retracted_reason, retracted_event: e.retracted_event, history: e.history, "
    "superseded_at: e.superseded_at",
    EdgeType.READS: ", wanted: e.wanted, registered: e.registered",
    EdgeType.POINTS_TO: ", reason: e.reason, valid_from: e.valid_from, valid_to: e.valid_to",
}

NEW_RUN: LiteralString = (
    f"CREATE (n:Run {{{_COMMON}, {_RUN}}}) "
    "WITH n, r UNWIND r.inputs AS e MATCH (o:ArtifactVersion {uid: e.other}) "
    f"CREATE (o)-[:INPUT_TO {{{_FACT}{_EXTRA[EdgeType.INPUT_TO]}}}]->(n)"
)
# A run and the one version it made, at once: no look-up for the edge between them.
NEW_RUN_AND_VERSION: LiteralString = (
    "WITH r, r.output AS e, r.made AS v "
    f"CREATE (n:Run {{{_COMMON}, {_RUN}}})-[:OUTPUT {{{_FACT}{_EXTRA[EdgeType.OUTPUT]}}}]->"
    f"(:ArtifactVersion {{{_COMMON.replace(': r.', ': v.')}, {_VERSION.replace(': r.', ': v.')}}}) "
    "WITH n, r UNWIND r.inputs AS e MATCH (o:ArtifactVersion {uid: e.other}) "
    f"CREATE (o)-[:INPUT_TO {{{_FACT}{_EXTRA[EdgeType.INPUT_TO]}}}]->(n)"
)
NEW_RUN_WITH_MORE: LiteralString = (
    f"CREATE (n:Run {{{_COMMON}, {_RUN}}}) SET n += r.more "
    "WITH n, r UNWIND r.inputs AS e MATCH (o:ArtifactVersion {uid: e.other}) "
    f"CREATE (o)-[:INPUT_TO {{{_FACT}{_EXTRA[EdgeType.INPUT_TO]}}}]->(n)"
)
NEW_VERSION_OF_RUN: LiteralString = (
    "WITH r, r.output AS e MATCH (p:Run {uid: e.other}) "
    f"CREATE (p)-[:OUTPUT {{{_FACT}{_EXTRA[EdgeType.OUTPUT]}}}]->"
    f"(n:ArtifactVersion {{{_COMMON}, {_VERSION}}})"
)
NEW_VERSION: LiteralString = f"CREATE (n:ArtifactVersion {{{_COMMON}, {_VERSION}}})"
NEW_EVENT: LiteralString = (
    "CREATE (n:Event {uid: r.uid, project: r.project, seq: r.seq, pos: r.pos, type: r.type, at: r.at, "
    "recorded_at: r.recorded_at, actor: r.actor, size: r.size, raw: r.raw, redacted: r.redacted, "
    "was: r.was, imported: r.imported})"
)
# The same content again is the same row: counted, with the reason of the last time.
NEW_REFUSED: LiteralString = (
    "MERGE (n:Refused {uid: r.uid}) ON CREATE SET n.first_at = r.at "
    "SET n.seen = coalesce(n.seen, 0) + r.times, n.project = r.project, n.at = r.at, n.actor = r.actor, "
    "n.code = r.code, n.message = r.message, n.retriable = r.retriable, n.event = r.event, n.size = r.size, "
    "n.cut = r.cut, n.raw = r.raw"
)
# The mark from which stored events are redacted, whatever happens after this commit.
NEW_ERASURE: LiteralString = (
    "MERGE (n:Erasure {uid: r.uid}) SET n.at = r.at, n.pending = true "
    "WITH r MATCH (w:Writer {uid: 'writer'}) SET w.erasures = coalesce(w.erasures, 0) + 1"
)
NEW_AUDIT: LiteralString = "CREATE (n:Audit) SET n = r"


def new_node(label: Label) -> LiteralString:
    """Create nodes of a label that has no block of its own."""
    return f"CREATE (n:{label.value} {{{_COMMON}}}) SET n += r.more"


def set_node(label: Label) -> LiteralString:
    return f"MATCH (n:{label.value} {{uid: r.uid}}) SET n += r.p"


def _ends(kind: EdgeType) -> tuple[Label, Label]:
    if kind is EdgeType.FEEDS:
        return Label.JOB, Label.ARTIFACT
    rule = RULES[kind]
    return next(iter(rule.starts)), next(iter(rule.ends))


def new_edge(kind: EdgeType) -> LiteralString:
    """Create edges between nodes that are there; ``anchor`` and ``other`` are uids."""
    start, end = _ends(kind)
    rule = RULES[kind]
    a: LiteralString = "anchor" if rule.anchored_at_start else "other"
    b: LiteralString = "other" if rule.anchored_at_start else "anchor"
    return (
        f"WITH r AS e MATCH (a:{start.value} {{uid: e.{a}}}) MATCH (b:{end.value} {{uid: e.{b}}}) "
        f"CREATE (a)-[:{kind.value} {{{_FACT}{_EXTRA.get(kind, '')}}}]->(b)"
    )


# One walk over an anchor's edges for all that changed: ``by`` maps a role, a line's end and the uid of the
# other end to new values.
_SET_EDGE: LiteralString = "WITH e, r.by[e.role + '\\n' + o.uid] AS p WHERE p IS NOT NULL SET e += p"


def set_edge(kind: EdgeType) -> LiteralString:
    """Change edges, found from their anchor: the other end may be a hub."""
    start, end = _ends(kind)
    if RULES[kind].anchored_at_start:
        walk: LiteralString = (
            f"(n:{start.value} {{uid: r.anchor}}) MATCH (n)-[e:{kind.value}]->(o:{end.value})"
        )
    else:
        walk = f"(n:{end.value} {{uid: r.anchor}}) MATCH (n)<-[e:{kind.value}]-(o:{start.value})"
    return f"MATCH {walk} {_SET_EDGE}"


_ROLL_UP: LiteralString = (
    "{first_at: r.first_at, last_at: r.last_at, run_count: r.run_count, last_run: r.last_run}"
)
NEW_FEED_IN: LiteralString = (
    f"MATCH (a:Artifact {{uid: r.other}}) MATCH (j:Job {{uid: r.anchor}}) CREATE (a)-[:FEEDS {_ROLL_UP}]->(j)"
)
NEW_FEED_OUT: LiteralString = (
    f"MATCH (j:Job {{uid: r.anchor}}) MATCH (a:Artifact {{uid: r.other}}) CREATE (j)-[:FEEDS {_ROLL_UP}]->(a)"
)
# The same for a job's edges: ``by`` maps artifact uids to new values.
_SET_ROLL_UP: LiteralString = (
    "WITH e, r.by[o.uid] AS f WHERE f IS NOT NULL "
    "SET e.first_at = f.first_at, e.last_at = f.last_at, e.run_count = f.run_count, e.last_run = f.last_run"
)
SET_FEED_IN: LiteralString = (
    f"MATCH (j:Job {{uid: r.anchor}}) MATCH (j)<-[e:FEEDS]-(o:Artifact) {_SET_ROLL_UP}"
)
SET_FEED_OUT: LiteralString = (
    f"MATCH (j:Job {{uid: r.anchor}}) MATCH (j)-[e:FEEDS]->(o:Artifact) {_SET_ROLL_UP}"
)


def block(body: LiteralString, name: LiteralString) -> LiteralString:
    """One step of a batch, run for each row of ``$b.name`` if the guard held."""
    return (
        f"CALL (ok) {{ UNWIND CASE WHEN ok THEN $b.{name} ELSE [] END AS r {body} "
        f"RETURN count(*) AS n_{name} }} "
    )


# --- what a batch must know beforehand ---------------------------------------------------

_ROW: LiteralString = "u AS uid, properties(n) AS props"
# Lists, not maps: a map projection inside a map comes out wrong on the embedded engine.
_OUT: LiteralString = "[type(e), o.uid, properties(e), e.role]"

_OF_RUN: LiteralString = (
    "OUTPUT|READS|CHILD_OF|RETRY_OF|RESUMED_FROM|BY|USED_CODE|USED_ENV|MOUNTS|ON_NODE|ON_GPU|BOARD_FOR|"
    "REPRODUCES"
)
_ANCHORED: dict[Label, LiteralString] = {
    Label.RUN: (f"[(n)-[e:{_OF_RUN}]->(o) | {_OUT}] + [(n)<-[e:INPUT_TO]-(o) | {_OUT}]"),
    Label.ARTIFACT_VERSION: f"[(n)<-[e:DERIVED|SAME_AS]-(o) | {_OUT}]",
    Label.MODEL_VERSION: f"[(n)<-[e:REGISTERED_AS]-(o) | {_OUT}]",
    Label.DEPLOYMENT: f"[(n)<-[e:DEPLOYED_AS]-(o) | {_OUT}] + [(n)-[e:ROUTES_TO]->(o) | {_OUT}]",
    Label.ALIAS: f"[(n)-[e:POINTS_TO]->(o) | {_OUT}]",
    Label.JOB: (
        "[(n)<-[e:FEEDS]-(o) | [type(e), o.uid, properties(e), 'in']]"
        " + [(n)-[e:FEEDS]->(o) | [type(e), o.uid, properties(e), 'out']]"
    ),
}


def load_full(label: Label, name: LiteralString) -> LiteralString:
    """Nodes by uid (``$b.name``) with all properties and the edges anchored at them."""
    edges = _ANCHORED.get(label, "[]")
    return f"UNWIND $b.{name} AS u MATCH (n:{label.value} {{uid: u}}) RETURN {_ROW}, {edges} AS edges"


def load_known(label: Label, name: LiteralString) -> LiteralString:
    """Which of these uids (``$b.name``) exist."""
    found: LiteralString = "u AS uid, null AS props, null AS edges"
    return f"UNWIND $b.{name} AS u MATCH (n:{label.value} {{uid: u}}) RETURN {found}"


UNION: LiteralString = " UNION ALL "

SEALS: LiteralString = """
UNWIND $artifacts AS a
MATCH (v:ArtifactVersion {artifact: a})
WHERE v.sealed_at IS NOT NULL
RETURN a AS artifact, v.uid AS uid, v.sealed_at AS sealed_at, v.seals AS seals
"""

READERS_AFTER: LiteralString = """
UNWIND $rows AS r
MATCH (a:Artifact {uid: r.artifact})
MATCH (a)<-[e:READS]-(n:Run)
WHERE coalesce(n.started_at, e.at) >= r.at
RETURN DISTINCT n.uid AS uid
"""

VERSION_BY_ORDINAL: LiteralString = """
UNWIND $rows AS r
MATCH (v:ArtifactVersion {artifact: r.artifact})
WHERE v.ordinal = r.ordinal
RETURN r.artifact AS artifact, r.ordinal AS ordinal, v.uid AS uid
"""

NUMBERED_MODELS: LiteralString = """
UNWIND $rows AS r
MATCH (m:RegisteredModel {uid: r.model})
OPTIONAL MATCH (:ArtifactVersion {uid: r.origin})-[:REGISTERED_AS]->(v:ModelVersion)
WHERE v.model = r.model
RETURN r.model AS model, r.origin AS origin, m.highest AS highest, min(v.version) AS version
"""

RAW_EVENTS: LiteralString = (
    "UNWIND $uids AS u MATCH (n:Event {uid: u}) "
    "RETURN u AS uid, CASE WHEN n.redacted THEN null ELSE n.raw END AS raw"
)

ERASED_UIDS: LiteralString = "MATCH (n:Erasure) RETURN n.uid AS uid"

_LIVING: LiteralString = "WHERE n.erased IS NULL AND NOT n.uid IN $erased"
USED_BY_LIVING: LiteralString = f"""
UNWIND $uids AS u MATCH (c:CodeRef {{uid: u}})
WHERE EXISTS {{ MATCH (c)<-[:USED_CODE]-(n:Run) {_LIVING} }}
RETURN u AS uid
UNION ALL
UNWIND $uids AS u MATCH (c:Environment {{uid: u}})
WHERE EXISTS {{ MATCH (c)<-[:USED_ENV]-(n:Run) {_LIVING} }}
RETURN u AS uid
"""

DERIVED_FROM: LiteralString = """
UNWIND $uids AS u
MATCH (v:ArtifactVersion {uid: u})
MATCH (v)-[:DERIVED]->(n:ArtifactVersion)
RETURN DISTINCT n.uid AS uid
"""
