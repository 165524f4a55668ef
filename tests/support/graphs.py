"""Lineage graphs for tests: described in memory, written with plain Cypher as ``docs/storage.md`` says.

They do not go through the intake, so that walks can be tested on shapes that events rarely make
(cycles, twins, closed edges, several projects). The same description feeds the oracle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString

from lineage_server.domain.ids import label_of
from lineage_server.graph.bolt import Bolt

NODE: dict[str, LiteralString] = {
    "Run": "UNWIND $rows AS r CREATE (n:Run) SET n = r",
    "ArtifactVersion": "UNWIND $rows AS r CREATE (n:ArtifactVersion) SET n = r",
    "ModelVersion": "UNWIND $rows AS r CREATE (n:ModelVersion) SET n = r",
    "Deployment": "UNWIND $rows AS r CREATE (n:Deployment) SET n = r",
    "Artifact": "UNWIND $rows AS r CREATE (n:Artifact) SET n = r",
    "Job": "UNWIND $rows AS r CREATE (n:Job) SET n = r",
    "RegisteredModel": "UNWIND $rows AS r CREATE (n:RegisteredModel) SET n = r",
    "Alias": "UNWIND $rows AS r CREATE (n:Alias) SET n = r",
    "Project": "UNWIND $rows AS r CREATE (n:Project) SET n = r",
    "WatchGap": "UNWIND $rows AS r CREATE (n:WatchGap) SET n = r",
    "CodeRef": "UNWIND $rows AS r CREATE (n:CodeRef) SET n = r",
    "Environment": "UNWIND $rows AS r CREATE (n:Environment) SET n = r",
}


def _link(start: LiteralString, kind: LiteralString, end: LiteralString) -> LiteralString:
    return (
        f"UNWIND $rows AS r MATCH (a:{start} {{uid: r.a}}) MATCH (b:{end} {{uid: r.b}}) "
        f"CREATE (a)-[e:{kind}]->(b) SET e = r.p"
    )


EDGE: dict[tuple[str, str], LiteralString] = {
    ("INPUT_TO", "ArtifactVersion"): _link("ArtifactVersion", "INPUT_TO", "Run"),
    ("READS", "Run"): _link("Run", "READS", "Artifact"),
    ("OUTPUT", "Run"): _link("Run", "OUTPUT", "ArtifactVersion"),
    ("DERIVED", "ArtifactVersion"): _link("ArtifactVersion", "DERIVED", "ArtifactVersion"),
    ("SAME_AS", "ArtifactVersion"): _link("ArtifactVersion", "SAME_AS", "ArtifactVersion"),
    ("REGISTERED_AS", "ArtifactVersion"): _link("ArtifactVersion", "REGISTERED_AS", "ModelVersion"),
    ("DEPLOYED_AS", "ModelVersion"): _link("ModelVersion", "DEPLOYED_AS", "Deployment"),
    ("ROUTES_TO", "Deployment"): _link("Deployment", "ROUTES_TO", "Deployment"),
    ("FEEDS", "Artifact"): _link("Artifact", "FEEDS", "Job"),
    ("FEEDS", "Job"): _link("Job", "FEEDS", "Artifact"),
    ("POINTS_TO", "Alias"): _link("Alias", "POINTS_TO", "ModelVersion"),
    ("CHILD_OF", "Run"): _link("Run", "CHILD_OF", "Run"),
    ("RETRY_OF", "Run"): _link("Run", "RETRY_OF", "Run"),
    ("USED_CODE", "Run"): _link("Run", "USED_CODE", "CodeRef"),
    ("USED_ENV", "Run"): _link("Run", "USED_ENV", "Environment"),
}


@dataclass
class EdgeSpec:
    """One relationship with its facts; ``moves``: (event time, known since, holds from then on)."""

    type: str
    start: str
    end: str
    facts: dict[str, Any]
    moves: list[tuple[int, int, bool]] = field(default_factory=list[tuple[int, int, bool]])

    def stored(self) -> dict[str, Any]:
        if not self.moves:
            return self.facts
        at, recorded, on = zip(*sorted(self.moves), strict=True)
        return {**self.facts, "moves_at": list(at), "moves_recorded": list(recorded), "moves_on": list(on)}


@dataclass
class GraphSpec:
    """Nodes by uid and edges; short helpers make uids that look like real ones."""

    nodes: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    edges: list[EdgeSpec] = field(default_factory=list[EdgeSpec])

    def node(self, uid: str, project: str = "p", **props: Any) -> str:
        self.nodes[uid] = {"uid": uid, "project": project, "created_at": 1, "updated_at": 1, **props}
        return uid

    def version(
        self, name: str, project: str = "p", kind: str = "dataset", key: str = "", **props: Any
    ) -> str:
        body = f"{project}/{kind}/{name.partition('#')[0]}"
        uid = f"version:{body}@{key or 'sha256:' + name.encode().hex().zfill(64)[-64:]}"
        told = {"name": name.partition("#")[0], "kind": kind, "artifact": f"artifact:{body}"}
        return self.node(uid, project, **{**told, **props})

    def run(self, number: int, project: str = "p", **props: Any) -> str:
        told = {"name": f"r{number}", "kind": "training", "state": "complete", "started_at": number}
        return self.node(f"run:00000000-0000-0000-0000-{number:012d}", project, **{**told, **props})

    def edge(
        self,
        kind: str,
        start: str,
        end: str,
        moves: Sequence[tuple[int, int, bool]] = (),
        **facts: Any,
    ) -> None:
        told = {"role": "x", "at": 1, "recorded_at": 1, "source": "client", "basis": "declared", "event": "e"}
        self.edges.append(EdgeSpec(kind, start, end, {**told, **facts}, list(moves)))

    def feeds(self, start: str, end: str, first_at: int = 1, **facts: Any) -> None:
        told = {"first_at": first_at, "last_at": first_at, "run_count": 1, "last_run": "run:x"}
        self.edges.append(EdgeSpec("FEEDS", start, end, {**told, **facts}))

    def step(self, number: int, inputs: list[str], outputs: list[str], at: int = 1, **props: Any) -> str:
        """A run that reads and writes."""
        run = self.run(number, **props)
        for index, uid in enumerate(inputs):
            self.edge("INPUT_TO", uid, run, role=f"in{index}", at=at)
        for index, uid in enumerate(outputs):
            self.edge("OUTPUT", run, uid, role=f"out{index}", at=at)
        return run

    async def write(self, bolt: Bolt) -> None:
        """Create all of it; the graph must not have these uids yet."""
        rows: dict[str, list[dict[str, Any]]] = {}
        for uid, props in self.nodes.items():
            rows.setdefault(str(label_of(uid)), []).append(props)
        for label, some in rows.items():
            for start in range(0, len(some), 1000):
                await bolt.write(NODE[label], {"rows": some[start : start + 1000]})
        links: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for edge in self.edges:
            key = (edge.type, str(label_of(edge.start)))
            links.setdefault(key, []).append({"a": edge.start, "b": edge.end, "p": edge.stored()})
        for key, some in links.items():
            for start in range(0, len(some), 1000):
                await bolt.write(EDGE[key], {"rows": some[start : start + 1000]})
