"""What follows from merged facts: sealing, ordinals, inferred inputs, roll-ups, search text.

Each rule is a function of the merged state alone, so the order in which events arrived does
not matter (ordinals excepted: they follow arrival). Rules that need more nodes than the
batch touched say which; the caller loads them and calls again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from lineage_server.domain.edges import COLUMNS, Basis, EdgeType, Source
from lineage_server.domain.ids import artifact_of_version, registered_in
from lineage_server.domain.nodes import STATE_RANK, TERMINAL_RANK, Label, RunState
from lineage_server.ingest import registered
from lineage_server.ingest.facts import EdgeKey
from lineage_server.ingest.links import is_guess
from lineage_server.ingest.news import failed_at
from lineage_server.ingest.state import NodeState
from lineage_server.ingest.values import dumps, search_text

SEARCHABLE = frozenset(
    {
        *(Label.RUN, Label.JOB, Label.ARTIFACT, Label.ARTIFACT_VERSION),
        *(Label.REGISTERED_MODEL, Label.MODEL_VERSION, Label.DEPLOYMENT, Label.PROJECT),
    }
)
Feed = tuple[str, str, str]
"""(job uid, "in" or "out", artifact uid)."""
Span = tuple[int, int]
"""First and last time, microseconds."""
RULE_NEWEST = "newest version sealed at or before the run's start"
RULE_ORDINAL = "version number"


def finish(state: NodeState) -> None:
    """What follows from a node's own properties."""
    props = state.props
    if state.label is Label.APPROVAL:
        stands = "used" if props.get("used_at") else props.get("verdict") or "pending"
        state.set_derived("state", None if "erased" in props else stands)
    elif state.label is Label.RUN:
        state.set_derived("failed_at", failed_at(props))
    search_words(state)


def search_words(state: NodeState) -> None:
    """Keep ``search_text`` in step with name, kind, description and tags."""
    if state.label not in SEARCHABLE:
        return
    props, dirty = state.props, state.dirty
    if not _has_words(state):
        state.set_derived("search_text", None)
        return
    if state.exists and not any(k in _SEARCHED or k.startswith("t.") for k in dirty):
        return
    tags = [f"{k[2:]}={v}" for k, v in props.items() if k.startswith("t.")]
    text = search_text(
        props.get("name", ""), props.get("job_name", ""), props.get("kind", ""),
        props.get("description", ""), *tags,
    )  # fmt: skip
    state.set_derived("search_text", text[:4000])


def _has_words(state: NodeState) -> bool:
    """Of artifact versions most have none beyond their artifact's, which is found by those itself."""
    props = state.props
    if props.get("erased"):
        own = False
    elif state.label is Label.ARTIFACT_VERSION:
        own = bool(props.get("description")) or any(key.startswith("t.") for key in props)
    else:
        return True
    if state.label is Label.ARTIFACT_VERSION:
        state.set_derived("annotated", own or None)
    return own


_SEARCHED = frozenset({"name", "job_name", "kind", "description"})


# --- roll-ups ----------------------------------------------------------------------------


def feeds_of(run: NodeState) -> dict[Feed, Span]:
    """Which artifacts a run connects with its job, with the first and last time of each link."""
    job = run.props.get("job")
    if job is None:
        return {}
    out: dict[Feed, Span] = {}
    resolved = {key.role for key, edge in run.edges.items() if _is_registered(edge)}
    for key, edge in run.edges.items():
        if key.type is EdgeType.OUTPUT:
            feed = (job, "out", artifact_of_version(key.other))
        elif key.type is EdgeType.INPUT_TO and edge.get("superseded_at") is None:
            feed = (job, "in", artifact_of_version(key.other))
        elif key.type is EdgeType.READS:
            if edge.get("registered") and key.role in resolved:
                continue  # the version that was meant may be of another artifact
            feed = (job, "in", key.other)
        else:
            continue
        first, last = edge["at"], edge.get("last_at") or edge["at"]
        known = out.get(feed)
        out[feed] = (min(first, known[0]), max(last, known[1])) if known else (first, last)
    return out


def roll_up(job: NodeState, feed: Feed, span: Span, run: str, change: int) -> None:
    """Count a run in (+1) or out (-1) of a FEEDS edge of its job, or only widen its span (0)."""
    key = EdgeKey(EdgeType.FEEDS, feed[1], feed[2])
    first, last = span
    start: dict[str, Any] = {"first_at": first, "last_at": last, "run_count": 0, "last_run": run}
    edge = dict(job.edges.get(key) or start)
    edge["run_count"] += change
    if change >= 0:
        edge["first_at"] = min(edge["first_at"], first)
        if (last, run) >= (edge["last_at"], edge["last_run"]):
            edge["last_at"], edge["last_run"] = last, run
    job.set_edge(key, edge)


# --- versions ----------------------------------------------------------------------------


def number(version: NodeState, artifact: NodeState) -> None:
    """Give a new version the artifact's next ordinal; what only stands for a registered one has none."""
    if registered_in(version.uid):
        return
    count = int(artifact.props.get("version_count", 0)) + 1
    artifact.set_derived("version_count", count)
    version.set_derived("ordinal", count)


def note_latest(version: NodeState, artifact: NodeState) -> None:
    """The artifact knows when it was last written."""
    latest = max(seal_times(version.props), default=-1)
    if latest > (artifact.props.get("latest_at") or -1):
        artifact.set_derived("latest_at", latest)


def unkeyed_outputs(run: NodeState) -> list[str]:
    """Outputs of a finished run that are keyed by the run: its end seals them."""
    if STATE_RANK.get(run.props.get("state", ""), -1) < TERMINAL_RANK:
        return []
    own = "@" + run.uid
    return [k.other for k in run.edges if k.type is EdgeType.OUTPUT and k.other.endswith(own)]


def seal_by_run(version: NodeState, run: NodeState) -> None:
    """A run that ended well seals its outputs; one that failed leaves them partial."""
    if version.props.get("seals"):
        return
    well = run.props["state"] in (RunState.COMPLETE, RunState.CACHED)
    version.set_derived("sealed_at", run.props.get("ended_at") if well else None)
    version.set_derived("partial", None if well else True)


def same_as(run: NodeState) -> list[tuple[str, str]]:
    """(version keyed by run, version keyed by digest) where both witness one output."""
    outputs: dict[tuple[str, str], list[str]] = {}
    for key in run.edges:
        if key.type is EdgeType.OUTPUT:
            outputs.setdefault((artifact_of_version(key.other), key.role), []).append(key.other)
    pairs: list[tuple[str, str]] = []
    for versions in outputs.values():
        if len(versions) > 1:
            keyed = [v for v in versions if v.endswith("@" + run.uid)]
            pairs += [(k, v) for k in keyed for v in versions if v not in keyed]
    return pairs


Ends = dict[str, list[tuple[EdgeKey, dict[str, Any]]]]
"""other end → a run's edges to it."""


def edges_by_end(run: NodeState) -> Ends:
    """For looking up many ends of one run: a run may have tens of thousands of edges."""
    ends: Ends = {}
    for key, edge in run.edges.items():
        ends.setdefault(key.other, []).append((key, edge))
    return ends


def mark_same(version: NodeState, other: str, ends: Ends) -> None:
    """Join the digest-keyed version with its twin keyed by the run, whose edges ``ends`` are."""
    key = EdgeKey(EdgeType.SAME_AS, "", other)
    known = [edge for uid in (version.uid, other) for _, edge in ends.get(uid, ())]
    known.sort(key=lambda e: (e["at"], e.get("event", "")))
    version.set_edge(
        key,
        {
            "at": known[0]["at"],
            "recorded_at": version.edges.get(key, {}).get("recorded_at")
            or max(e["recorded_at"] for e in known),
            "source": Source.SYSTEM,
            "basis": Basis.INFERRED,
            "event": known[0].get("event", ""),
        },
    )


def derive_columns(run: NodeState, versions: Mapping[str, NodeState], recorded_at: int) -> None:
    """Column lineage of what a run wrote, as far as the ``versions`` say of which columns theirs are made:
    DERIVED edges between versions. Edges whose input turned out to be another version are kept, superseded.
    """
    stating = {
        key.other: fields
        for key in run.edges
        if key.type is EdgeType.OUTPUT
        and (version := versions.get(key.other)) is not None
        and (fields := version.props.get("fields"))
    }
    if not stating:
        return
    ends, inputs = edges_by_end(run), _inputs_by_name(run)
    for uid, stated in stating.items():
        version, produced = versions[uid], _first_output(ends[uid])
        role = COLUMNS + run.uid
        told = {k: produced.get(k) for k in ("at", "source", "basis", "event")}
        wanted = {
            EdgeKey(EdgeType.DERIVED, role, origin): {**told, "fields": dumps(fields)}
            for origin, fields in _column_sources(inputs, stated).items()
            if origin != uid
        }
        for key, edge in list(version.edges.items()):
            if key.type is EdgeType.DERIVED and key.role == role and key not in wanted:
                supersede(version, key, edge, recorded_at)
        for key, edge in wanted.items():
            held = {**edge, "superseded_at": None}
            version.hold_edge(key, held, [(produced["at"], None)], recorded_at)


def supersede(node: NodeState, key: EdgeKey, edge: dict[str, Any], recorded_at: int) -> None:
    """Later truth: the edge never held; what we believed until now stays known as such."""
    if edge.get("superseded_at") is None:
        node.hold_edge(key, {**edge, "superseded_at": recorded_at}, [], recorded_at)


def _first_output(edges: list[tuple[EdgeKey, dict[str, Any]]]) -> dict[str, Any]:
    """A run's OUTPUT edge to a version: the first by event time, whatever its role."""
    outputs = [edge for key, edge in edges if key.type is EdgeType.OUTPUT]
    return min(outputs, key=lambda e: (e["at"], e.get("event", "")))


def _inputs_by_name(run: NodeState) -> dict[str, set[str]]:
    """role or artifact's name → versions that the run read as that."""
    inputs: dict[str, set[str]] = {}
    for key, edge in run.edges.items():
        if key.type is EdgeType.INPUT_TO and edge.get("superseded_at") is None:
            name = artifact_of_version(key.other).split("/", 2)[-1]
            inputs.setdefault(key.role, set()).add(key.other)
            inputs.setdefault(name, set()).add(key.other)
    return inputs


def _column_sources(inputs: Mapping[str, set[str]], stated: str) -> dict[str, dict[str, list[list[str]]]]:
    """input version → output column → input columns, from ``[role or name, column]`` pairs."""
    columns: dict[str, dict[str, list[list[str]]]] = {}
    for column, sources in cast("dict[str, list[list[str]]]", json.loads(stated)).items():
        for source in sources:
            for origin in inputs.get(source[0], ()):
                known = columns.setdefault(origin, {}).setdefault(column, [])
                if source[1:] not in known:
                    known.append(source[1:])
    return columns


# --- inferred inputs ---------------------------------------------------------------------

Seals = dict[str, dict[str, list[int]]]
"""artifact uid → version uid → times at which it was complete."""


def seal_times(props: dict[str, Any]) -> list[int]:
    """All times at which a version was complete."""
    seals = props.get("seals")
    if seals:
        return list(seals)
    sealed = props.get("sealed_at")
    return [sealed] if sealed is not None else []


def newest_before(versions: dict[str, list[int]], at: int) -> str | None:
    """The version last written at or before ``at``."""
    best: tuple[int, str] | None = None
    for uid, seals in versions.items():
        fitting = [t for t in seals if t <= at]
        if fitting and (best is None or (max(fitting), uid) > best):
            best = (max(fitting), uid)
    return best[1] if best else None


def unversioned_inputs(run: NodeState) -> list[tuple[EdgeKey, dict[str, Any]]]:
    return [(k, e) for k, e in run.edges.items() if k.type is EdgeType.READS]


def _is_registered(edge: Mapping[str, Any]) -> bool:
    """Whether it is a live edge to a registered version that the run has named."""
    return edge.get("rule") == registered.RULE and edge.get("superseded_at") is None


@dataclass(slots=True)
class Known:
    """What decides which version a read without a digest is of. ``named``: the artifact version behind what
    the registered model called so at a time; ``numbered``: by artifact and ordinal."""

    seals: Seals
    numbered: dict[tuple[str, int], str]
    named: dict[tuple[str, str, int], str]


def time_of_read(run: NodeState, read: Mapping[str, Any]) -> int:
    """As of when its inputs are looked for."""
    return run.props.get("started_at") or read["at"]


def infer_inputs(run: NodeState, known: Known, recorded_at: int) -> list[str]:
    """(Re-)resolve a run's inputs without a stated version; returns the versions linked.

    Late truth corrects inference, not observation: a stated input of the same artifact
    stands over any inferred one; an inferred edge that no longer holds is kept, superseded.
    """
    reads = unversioned_inputs(run)
    versions = _versions_read(run) if reads else {}
    found = {key: _version_of(run, key, read, versions.get(key.other, ()), known) for key, read in reads}
    linked = {(key.role, version) for key, (version, _) in found.items() if version is not None}
    by_role: dict[str, set[str]] = {}
    for key, _ in reads:
        by_role.setdefault(key.role, set()).add(key.other)
    for edge in [key for key, edge in run.edges.items() if key.type is EdgeType.INPUT_TO and is_guess(edge)]:
        if (edge.role, edge.other) not in linked and _guessed(edge, run.edges[edge], by_role):
            supersede(run, edge, run.edges[edge], recorded_at)
    for key, read in reads:
        version, rule = found[key]
        if version is not None:
            _point(run, key, read, version, rule, recorded_at)
    return [version for _, version in linked]


def _version_of(
    run: NodeState, key: EdgeKey, read: Mapping[str, Any], edges: Iterable[EdgeKey], known: Known
) -> tuple[str | None, str]:
    """Which version was read, if one can be told, and by which rule."""
    at, name = time_of_read(run, read), read.get("registered")
    if name and (found := known.named.get((key.other, name, at))):
        return found, registered.RULE
    if any(not is_guess(run.edges[edge]) for edge in edges):
        return None, RULE_NEWEST
    if read.get("wanted") is not None:
        return known.numbered.get((key.other, read["wanted"])), RULE_ORDINAL
    # Who named a version or an alias meant no other one.
    return None if name else newest_before(known.seals.get(key.other, {}), at), RULE_NEWEST


def _guessed(edge: EdgeKey, props: Mapping[str, Any], read: Mapping[str, set[str]]) -> bool:
    """Whether it came from what was read in that role: of the artifact, or as what was registered."""
    artifacts = read.get(edge.role, ())
    named = props.get("rule") == registered.RULE
    return bool(artifacts) and (named or artifact_of_version(edge.other) in artifacts)


def _versions_read(run: NodeState) -> dict[str, list[EdgeKey]]:
    """artifact → edges from its versions that the run is known to have read, stated or guessed."""
    versions: dict[str, list[EdgeKey]] = {}
    for key in run.edges:
        if key.type is EdgeType.INPUT_TO:
            versions.setdefault(artifact_of_version(key.other), []).append(key)
    return versions


def _point(
    run: NodeState, read_key: EdgeKey, read: dict[str, Any], wanted: str, rule: str, recorded_at: int
) -> None:
    """The inferred edge of one read points to ``wanted``; who named what is registered has declared it."""
    key = EdgeKey(EdgeType.INPUT_TO, read_key.role, wanted)
    if key in run.edges and not is_guess(run.edges[key]):
        return
    told = {k: read.get(k) for k in ("at", "source", "event")}
    basis = read.get("basis") if rule == registered.RULE else Basis.INFERRED
    fact = {**told, "basis": basis, "rule": rule, "superseded_at": None}
    run.hold_edge(key, fact, [(read["at"], None)], recorded_at)
