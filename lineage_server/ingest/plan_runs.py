"""What run and metric events tell: the run, its job, its inputs and outputs, its context."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pyarrow

from lineage_server.domain import ids
from lineage_server.domain.edges import Basis, EdgeType
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.event_parts import EnvironmentFact, GpuFact, ReproductionFact
from lineage_server.domain.events import ActorFact, InputFact, MetricsLogged, OutputFact, RunReported
from lineage_server.domain.nodes import STATE_RANK, TERMINAL_RANK, JobKind, Label, RunState
from lineage_server.ingest.facts import Clock, EdgeFacts, EdgeKey, NodeFacts
from lineage_server.ingest.identity import identity_of
from lineage_server.ingest.values import (
    MAX_KEYS,
    MAX_TIME,
    clean_key,
    clean_metric,
    clean_params,
    clean_scalar,
    clean_tags,
    dumps,
    epoch,
    whole,
)

pa: Any = pyarrow
"""The stubs leave the array types unknown."""

MAX_LINKS = 10_000
"""Inputs and outputs in one event; more come in several events."""
FINAL_STEP = 1 << 53
"""Step of a run's final values: they stand over any point of a series."""


def job_facts(project: str, kind: str, name: str, clock: Clock) -> NodeFacts:
    identity = {"project": project, "kind": str(kind), "name": name}
    return NodeFacts(ids.job_uid(project, kind, name), Label.JOB, clock, identity)


def artifact_facts(project: str, kind: str, name: str, clock: Clock) -> NodeFacts:
    """The artifact that an event refers to; ``described`` is up to the caller."""
    uid, identity = _artifact(project, kind, name)
    return NodeFacts(uid, Label.ARTIFACT, clock, identity, False)


@lru_cache(maxsize=20_000)
def _artifact(project: str, kind: str, name: str) -> tuple[str, dict[str, Any]]:
    """Checked uid and identity; the same few artifacts come again and again."""
    kind = ids.clean_artifact_type(kind)
    name = ids.clean_name(name, "artifact")
    return ids.artifact_uid(project, kind, name), {"project": project, "kind": kind, "name": name}


def version_facts(artifact: NodeFacts, key: str, clock: Clock, *, described: bool) -> NodeFacts:
    """A version of ``artifact`` under its key (digest, or ``run:<id>``)."""
    about = artifact.identity
    uid = f"version:{artifact.uid[len('artifact:') :]}@{key}"
    identity: dict[str, Any] = {
        "project": about["project"],
        "kind": about["kind"],
        "name": about["name"],
        "artifact": artifact.uid,
        "key": key,
    }
    if key.startswith("run:"):
        identity["run"] = key[4:]
    else:
        identity["digest"] = key
    return NodeFacts(uid, Label.ARTIFACT_VERSION, clock, identity, described)


def run_facts(event: RunReported, project: str, clock: Clock) -> list[NodeFacts]:
    """All that one run event tells."""
    run_id = ids.clean_run_id(event.run)
    run = NodeFacts(ids.run_uid(run_id), Label.RUN, clock, {"project": project})
    out = [run]
    _own_values(event, run, clock)
    if event.job is not None:
        job = job_facts(project, event.kind or JobKind.SCRIPT, ids.clean_name(event.job, "job"), clock)
        run.values["job"] = job.uid
        run.values["job_name"] = job.identity["name"]
        out.append(job)
    if len(event.inputs) + len(event.outputs) > MAX_LINKS:
        raise InvalidInputError(
            f"the event has {len(event.inputs) + len(event.outputs)} inputs and outputs; "
            f"at most {MAX_LINKS} an event, send several",
            field="inputs",
        )
    for fact in event.inputs:
        _input(event, fact, project, run, out)
    for fact in event.outputs:
        _output(event, fact, project, run, run_id, out)
    _relations(event, project, run, out)
    _context(event, project, run, out)
    return out


def _own_values(event: RunReported, run: NodeFacts, clock: Clock) -> None:
    run.values.update(_stated_values(event))
    for key in ("facts", "resources", "usage"):
        run.note_map(key, getattr(event, key))
    if event.metrics:
        if len(event.metrics) > MAX_KEYS:
            raise InvalidInputError(f"more than {MAX_KEYS} metrics in one event", field="metrics")
        run.metrics = {
            clean_key(k, "metrics"): (FINAL_STEP, clock.at, clean_metric(v, "metrics"))
            for k, v in event.metrics.items()
        }
    _times(event, run, clock)


def _stated_values(event: RunReported) -> dict[str, Any]:
    """Values of which the last writer wins."""
    values: dict[str, Any] = {}
    if event.name is not None:
        values["name"] = ids.clean_name(event.name, "name")
    if event.kind is not None:
        values["kind"] = str(event.kind)
    values.update(_place(event))
    for key in ("description", "workload", "spec_digest"):
        value = getattr(event, key)
        if value is not None:
            values[key] = clean_scalar(value)
    if event.params:
        values.update((k, v) for k, v in clean_params(event.params).items() if v is not None)
    if event.tags:
        values.update(clean_tags(event.tags))
    if event.gpu is not None:
        gpu = event.gpu
        told = {"gpu_product": gpu.product or None, "gpu_count": gpu.count, "gpu_seconds": gpu.seconds}
        values.update((k, v) for k, v in told.items() if v is not None)
    if event.reproduction is not None and event.reproduction.verdict is not None:
        values["reproduction"] = _verdict(event.reproduction)
    return values


def _verdict(told: ReproductionFact) -> str:
    """What came of doing a run again, as one value: its parts belong together."""
    if len(told.differences) > MAX_KEYS:
        raise InvalidInputError(
            f"more than {MAX_KEYS} differences in one event", field="reproduction.differences"
        )
    differences = [clean_scalar(one) for one in told.differences]
    return dumps({"verdict": told.verdict, "differences": differences, "reason": clean_scalar(told.reason)})


def _place(event: RunReported) -> dict[str, Any]:
    """Which try it was, and where."""
    values: dict[str, Any] = {}
    if event.attempt is not None:
        values["attempt"] = whole(event.attempt, "attempt", bits=32)
    if event.cluster:
        values["cluster"] = ids.clean_name(event.cluster, "cluster")
    if event.node is not None:
        values["node"] = event.node
    return values


def _times(event: RunReported, run: NodeFacts, clock: Clock) -> None:
    for key in ("requested_at", "queued_at", "started_at"):
        value = getattr(event, key)
        if value is not None:
            run.note_earliest(key, epoch(value, key))
    state = event.state
    ended = epoch(event.ended_at, "ended_at") if event.ended_at is not None else None
    if state is RunState.RUNNING and event.started_at is None:
        run.note_earliest("started_at", clock.at)
    if state is None and ended is None and event.reason is None and event.exit_code is None:
        return
    rank = STATE_RANK[state] if state is not None else 0
    run.rank = rank
    code = whole(event.exit_code, "exit_code", bits=32) if event.exit_code is not None else None
    run.ranked = {"ended_at": ended, "exit_code": code, "reason": event.reason}
    if state is not None:
        run.ranked["state"] = str(state)
        if event.reason is None:
            # An earlier state's reason does not speak for this one.
            run.ranked["reason"] = ""
        if rank == TERMINAL_RANK and ended is None:
            run.ranked["ended_at"] = clock.at


def _input(event: RunReported, fact: InputFact, project: str, run: NodeFacts, out: list[NodeFacts]) -> None:
    owner = ids.clean_project(fact.project) if fact.project else project
    clock = run.clock
    artifact = artifact_facts(owner, fact.type, fact.name, clock)
    role = clean_role(fact.role or fact.name)
    out.append(artifact)
    if fact.digest or fact.run:
        key = ids.clean_digest(fact.digest) if fact.digest else f"run:{ids.clean_run_id(fact.run)}"
        version = version_facts(artifact, key, clock, described=False)
        if fact.uri and owner == project:  # who reads of another project may not write there
            version.values["uri"] = fact.uri
        out.append(version)
        run.add_edge(EdgeFacts(EdgeKey(EdgeType.INPUT_TO, role, version.uid), event.basis, event.source))
        return
    artifact.values["unversioned"] = True
    extra: dict[str, Any] = {}
    if fact.version is not None:
        extra["wanted"] = whole(fact.version, "version")
    if fact.registered:
        if artifact.identity["kind"] != "model":
            raise InvalidInputError(
                f"a {artifact.identity['kind']} is no version of a registered model",
                field="registered",
                allowed="inputs of type model",
            )
        extra["registered"] = ids.clean_part(fact.registered, "registered", "@")
    run.add_edge(
        EdgeFacts(EdgeKey(EdgeType.READS, role, artifact.uid), event.basis, event.source, extra or None)
    )


def clean_role(role: str) -> str:
    return ids.clean_name(role, "role")


def _output(
    event: RunReported, fact: OutputFact, project: str, run: NodeFacts, run_id: str, out: list[NodeFacts]
) -> None:
    clock = run.clock
    artifact = artifact_facts(project, fact.type, fact.name, clock)
    artifact.described = True
    key = ids.clean_digest(fact.digest) if fact.digest else f"run:{run_id}"
    version = version_facts(artifact, key, clock, described=True)
    told: dict[str, Any] = {
        "uri": fact.uri or None,
        "size": whole(fact.size, "size") if fact.size is not None else None,
        "schema": dumps(fact.columns) if fact.columns is not None else None,
        "stats": dumps(fact.stats, ordered=True) if fact.stats is not None else None,
        "description": fact.description,
        "ttl_at": epoch(fact.ttl_at, "ttl_at") if fact.ttl_at is not None else None,
        "partial": True if fact.partial else None,
    }
    version.values = {k: v for k, v in told.items() if v is not None}
    version.note_map("metadata", fact.metadata)
    if not fact.partial and not fact.reused and (fact.digest or fact.sealed_at is not None):
        at = fact.sealed_at if fact.sealed_at is not None else clock.at
        version.seal = epoch(at, "sealed_at")
    out += [artifact, version]
    role = clean_role(fact.role or fact.name)
    extra = {"reused": True} if fact.reused else None
    run.add_edge(EdgeFacts(EdgeKey(EdgeType.OUTPUT, role, version.uid), event.basis, event.source, extra))
    if fact.fields:
        version.values["fields"] = dumps(fact.fields)
        run.values["columned"] = True


def _relations(event: RunReported, project: str, run: NodeFacts, out: list[NodeFacts]) -> None:
    named = (
        (EdgeType.CHILD_OF, event.parent),
        (EdgeType.RETRY_OF, event.retry_of),
        (EdgeType.RESUMED_FROM, event.resumed_from),
        (EdgeType.REPRODUCES, event.reproduction.of if event.reproduction else None),
        *((EdgeType.BOARD_FOR, board) for board in event.boards),
    )
    for kind, other in named:
        if not other:
            continue
        uid = ids.run_uid(ids.clean_run_id(other))
        if uid == run.uid:
            raise InvalidInputError(f"a run can't be {kind} itself", field=kind.lower())
        out.append(NodeFacts(uid, Label.RUN, run.clock, {"project": project}, described=False))
        run.add_edge(EdgeFacts(EdgeKey(kind, "", uid), event.basis, event.source))


def _context(event: RunReported, project: str, run: NodeFacts, out: list[NodeFacts]) -> None:
    def link(kind: EdgeType, label: Label, uid: str, **values: Any) -> None:
        identity = identity_of(uid, label, project)
        node = NodeFacts(uid, label, run.clock, identity, described=bool(values))
        node.values = {k: v for k, v in values.items() if v}
        out.append(node)
        run.add_edge(EdgeFacts(EdgeKey(kind, "", uid), Basis.OBSERVED, event.source))

    code, cluster = event.code, event.cluster or "local"
    if code is not None and (code.commit or code.dirty_digest or code.entry):
        link(
            EdgeType.USED_CODE, Label.CODE_REF,
            ids.code_uid(project, code.repo, code.commit or "none", code.dirty_digest or code.entry),
            title=code.entry or code.repo or "code", repo=code.repo, commit=code.commit, branch=code.branch,
            dirty_digest=code.dirty_digest, entry=code.entry, diff=code.diff,
        )  # fmt: skip
        run.values.update({k: v for k, v in (("branch", code.branch), ("entry", code.entry)) if v})
    for key, told in _environments(event.environment) if event.environment else ():
        link(EdgeType.USED_ENV, Label.ENVIRONMENT, ids.environment_uid(project, key), **told)
    for claim in event.volumes:
        uid = ids.volume_uid(project, cluster, ids.clean_name(claim, "volumes"))
        link(EdgeType.MOUNTS, Label.VOLUME, uid)
    if event.node:
        link(EdgeType.ON_NODE, Label.NODE, ids.node_uid(cluster, ids.clean_name(event.node, "node")))
    gpu = event.gpu or GpuFact()
    memory = whole(gpu.memory_bytes, "memory_bytes") if gpu.memory_bytes is not None else None
    for device in gpu.devices:
        link(
            EdgeType.ON_GPU, Label.GPU, ids.gpu_uid(ids.clean_name(device, "devices")),
            product=gpu.product, memory_bytes=memory,
        )  # fmt: skip
    if event.actor is not None:
        uid = name_actor(event.actor, "by", project, run, out)
        run.add_edge(EdgeFacts(EdgeKey(EdgeType.BY, "", uid), event.basis, event.source))


def _environments(told: EnvironmentFact) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the image is and what is installed, each under its key."""
    image = {"image": told.image, "image_digest": told.image_digest}
    installed = {
        "lock_digest": told.lock_digest,
        "python": told.python,
        "packages": dumps(told.packages) if told.packages else None,
    }
    key = told.image_digest or told.lock_digest or told.image
    title = told.image or f"python {told.python}"
    if told.digest:
        yield told.digest, {"title": f"python {told.python}", "digest": told.digest, **installed}
        key, title, installed = told.image_digest or told.image, told.image, {}
    if key:
        yield key, {"title": title, **image, **installed}


def name_actor(actor: ActorFact, key: str, project: str, node: NodeFacts, out: list[NodeFacts]) -> str:
    """Refer to somebody from ``node``, under ``key``; answers their uid.

    Actors belong to all projects: the name that one of them gives somebody stays on its own node.
    """
    issuer, subject = ids.clean_name(actor.issuer, "issuer"), ids.clean_name(actor.subject, "subject")
    uid = node.values[key] = ids.actor_uid(issuer, subject)
    node.values[f"{key}_name"] = clean_scalar(actor.name or subject)
    identity = identity_of(uid, Label.ACTOR, project)
    out.append(NodeFacts(uid, Label.ACTOR, node.clock, identity, described=False))
    return uid


def metric_facts(event: MetricsLogged, project: str, clock: Clock) -> list[NodeFacts]:
    """One chunk of points, and the run's latest values."""
    run_id = ids.clean_run_id(event.run)
    n = len(event.values)
    if not n or not len(event.series) == len(event.steps) == len(event.times) == n:
        raise InvalidInputError(
            "series, steps, times and values must have the same length, at least 1", field="values"
        )
    if min(event.series) < 0 or max(event.series) >= len(event.keys):
        raise InvalidInputError("series holds an index that keys does not have", field="series")
    if len(event.keys) > MAX_KEYS:
        raise InvalidInputError(f"more than {MAX_KEYS} keys in one event", field="keys")
    if min(event.times) < 0 or max(event.times) >= MAX_TIME or max(abs(s) for s in event.steps) > FINAL_STEP:
        raise InvalidInputError("a step or time is out of range", field="steps")
    keys = [clean_key(k, "keys") for k in event.keys]
    values = [clean_metric(v) for v in event.values]
    latest: dict[str, tuple[int, int, float]] = {}
    for series, step, time, value in zip(event.series, event.steps, event.times, values, strict=True):
        key = keys[series]
        known = latest.get(key)
        if known is None or (step, time) >= known[:2]:
            latest[key] = (step, time, value)
    run = NodeFacts(ids.run_uid(run_id), Label.RUN, clock, {"project": project})
    run.metrics = latest
    identity = {
        "project": project,
        "name": run_id,
        "run": run.uid,
        "keys": sorted(set(keys)),
        "points": n,
        "first_step": min(event.steps),
        "last_step": max(event.steps),
    }
    chunk = NodeFacts(f"chunk:{run_id}/{clock.event}", Label.METRIC_CHUNK, clock, identity)
    chunk.points = {"data": _arrow(keys, event, values)}
    return [run, chunk]


def _arrow(keys: list[str], event: MetricsLogged, values: list[float]) -> bytes:
    """Arrow IPC stream: key (dictionary), step, time (µs), value."""
    column = pa.DictionaryArray.from_arrays(pa.array(event.series, pa.int32()), pa.array(keys, pa.string()))
    batch = pa.record_batch(
        [
            column,
            pa.array(event.steps, pa.int64()),
            pa.array(event.times, pa.int64()),
            pa.array(values, pa.float64()),
        ],
        names=["key", "step", "time", "value"],
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    return sink.getvalue().to_pybytes()
