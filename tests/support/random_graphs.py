"""Random lineage graphs: few nodes, many edges, all shapes that trouble a traversal.

Cycles, diamonds, hubs, twins, closed edges, content that is produced again, three projects. Whoever
draws one writes it to a graph that holds others, too: each has names of its own.
"""

from __future__ import annotations

import itertools
import json

from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st

from tests.support.graphs import GraphSpec

# Not shrunk: each attempt writes to a real graph, and the examples are small as they are.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
KEPT = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large)
TIMES = st.integers(1, 6)
_MOVES = st.lists(st.tuples(TIMES, TIMES, st.booleans()), max_size=4, unique_by=lambda move: move[:2])
_counter = itertools.count()


@st.composite
def random_graphs(draw: st.DrawFn, *, least: int = 1) -> GraphSpec:
    """Versions, runs, models and deployments of three projects, with any edges (``least`` at least)."""
    spec = GraphSpec()
    tag = next(_counter)
    projects = [f"{name}{tag}" for name in "abc"]
    versions = [_version(draw, spec, projects, f"{tag}-{index}") for index in range(draw(st.integers(2, 7)))]
    runs = [_run(draw, spec, projects, tag * 100 + index) for index in range(draw(st.integers(1, 5)))]
    models = [
        spec.node(f"modelversion:{projects[0]}/m@{i}", projects[0], name="m", version=str(i)) for i in (0, 1)
    ]
    served = [
        spec.node(f"deployment:{projects[1]}/c/e@{i}", projects[1], name="e", to_at=draw(st.none() | TIMES))
        for i in (0, 1)
    ]
    kinds = [
        ("INPUT_TO", versions, runs),
        ("OUTPUT", runs, versions),
        ("DERIVED", versions, versions),
        ("REGISTERED_AS", versions, models),
        ("DEPLOYED_AS", models, served),
        ("ROUTES_TO", served, served),
    ]
    told: set[tuple[str, str, str, str]] = set()
    for number in range(draw(st.integers(least, 16))):
        kind, starts, ends = draw(st.sampled_from(kinds[:2] * 3 + kinds))
        start, end, role = draw(st.sampled_from(starts)), draw(st.sampled_from(ends)), f"x{number % 9}"
        if (kind, start, end, role) not in told:
            told.add((kind, start, end, role))
            _edge(draw, spec, kind, start, end, role=role)
    if draw(st.booleans()):
        _again(draw, spec, versions, runs)
    for one in draw(st.lists(st.sampled_from(versions), max_size=3)):
        project = spec.nodes[one]["project"]
        alike = [uid for uid in versions if uid != one and spec.nodes[uid]["project"] == project]
        if alike:
            spec.edge("SAME_AS", one, draw(st.sampled_from(alike)), at=draw(TIMES), recorded_at=draw(TIMES))
    return spec


def add_surroundings(draw: st.DrawFn, spec: GraphSpec) -> None:
    """Owners, aliases, failed siblings, columns, and the artifacts and jobs of the logical view."""
    projects = sorted({str(node["project"]) for node in spec.nodes.values()})
    for project in projects:
        spec.node(f"project:{project}", project, name=project, owner=f"owner of {project}")
    project = projects[0]
    runs = [uid for uid in spec.nodes if uid.startswith("run:")]
    versions = [uid for uid in spec.nodes if uid.startswith("version:")]
    for number in range(draw(st.integers(0, 3))):
        alias = spec.node(f"alias:{project}/m@{number}", project, alias=f"a{number}", model="m")
        _edge(draw, spec, "POINTS_TO", alias, f"modelversion:{project}/m@{number % 2}")
    for _ in range(draw(st.integers(0, 3))):
        one, other = draw(st.sampled_from(runs)), draw(st.sampled_from(runs))
        if one != other:
            spec.edge(draw(st.sampled_from(["CHILD_OF", "RETRY_OF"])), one, other)
    for number in range(draw(st.integers(0, 7))):
        fields = {draw(_COLUMNS): [[draw(_COLUMNS)] for _ in range(draw(st.integers(1, 2)))]}
        one, other = draw(st.sampled_from(versions)), draw(st.sampled_from(versions))
        role, at = f"{draw(st.sampled_from(['columns:run', 'told']))}:{number}", draw(TIMES)
        if one != other:
            spec.edge("DERIVED", one, other, role=role, at=at, fields=json.dumps(fields))
    things = [spec.node(f"artifact:{project}/dataset/t{i}", project, name=f"t{i}") for i in range(3)]
    jobs = [spec.node(f"job:{project}/script/j{i}", project, name=f"j{i}") for i in range(3)]
    pairs = sorted(
        {(draw(st.integers(0, 2)), draw(st.integers(0, 2)), draw(st.booleans())) for _ in range(6)}
    )
    for thing, job, reads in pairs:
        ends = (things[thing], jobs[job]) if reads else (jobs[job], things[thing])
        spec.feeds(*ends, first_at=draw(TIMES))


_COLUMNS = st.sampled_from(["x", "y", "z"])


def _edge(draw: st.DrawFn, spec: GraphSpec, kind: str, start: str, end: str, **facts: str) -> None:
    """An edge at any time, that may have ended and begun again."""
    moves = draw(_MOVES)
    # Moves are known from the first telling on, never before it.
    since = min((recorded for _, recorded, _ in moves), default=None) or draw(TIMES)
    spec.edge(kind, start, end, moves, at=draw(TIMES), recorded_at=since, **facts)


def _version(draw: st.DrawFn, spec: GraphSpec, projects: list[str], name: str) -> str:
    digest = f"sha256:{name.encode().hex():0>64}" if draw(st.booleans()) else ""
    return spec.version(
        f"d{draw(st.integers(0, 2))}#{name}",
        draw(st.sampled_from(projects)),
        key=f"run:{name}" if draw(st.booleans()) else "",
        digest=digest,
        hold=draw(st.booleans()),
        stub=draw(st.integers(0, 5)) == 0,
    )


def _run(draw: st.DrawFn, spec: GraphSpec, projects: list[str], number: int) -> str:
    project = draw(st.sampled_from(projects))
    job = draw(st.integers(0, 1))
    return spec.run(
        number,
        project,
        job=f"job:{project}/training/k{job}",
        job_name=f"k{job}",
        state=draw(st.sampled_from(["complete", "failed", "running"])),
        gpu_seconds=float(draw(st.integers(1, 9))),
        started_at=draw(TIMES),
        **{"p.lr": draw(st.integers(1, 2))},
    )


def _again(draw: st.DrawFn, spec: GraphSpec, versions: list[str], runs: list[str]) -> None:
    """One version that several runs produce and read, at different times."""
    version = draw(st.sampled_from(versions))
    for number in range(draw(st.integers(3, 7))):
        facts = {"role": f"y{number}", "at": draw(TIMES)}
        if draw(st.booleans()):
            spec.edge("OUTPUT", draw(st.sampled_from(runs)), version, **facts)
        else:
            spec.edge("INPUT_TO", version, draw(st.sampled_from(runs)), **facts)
