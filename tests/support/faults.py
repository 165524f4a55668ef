"""For fault tests: events by number, a writer that never gives up, and a count of what is stored.

Event ``n`` of a name is one run that writes one version of one of five artifacts, so that one
acknowledged number is exactly one event, one run, one version and one edge in the graph. ``stored``
counts them by Bolt, past all of the product's own readers. Not here: starting servers
(``tests/e2e/conftest.py``).
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psutil
from neo4j import GraphDatabase

from tests.support.neo4j_server import Address

EVENTS = "/api/v1/events"
ARTIFACTS = 5
_BOLT_PORT = "-Darcadedb.bolt.port="


def run_id(name: str, number: int) -> str:
    """The run that event ``number`` tells of."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{name}-{number}"))


def event(name: str, number: int, **more: Any) -> dict[str, Any]:
    """Event ``number``: always the same bytes."""
    digest = hashlib.sha256(f"{name}-{number}".encode()).hexdigest()
    return {
        "type": "run",
        "id": f"{name}-{number}",
        "project": name,
        "at": 1_760_000_000_000_000 + number,
        "run": run_id(name, number),
        "state": "complete",
        "outputs": [{"name": f"out-{number % ARTIFACTS}", "digest": f"sha256:{digest}"}],
        **more,
    }


def lines(events: Iterable[dict[str, Any]]) -> bytes:
    """A body of JSON lines."""
    return b"".join(json.dumps(e).encode() + b"\n" for e in events)


def send(url: str, events: Iterable[dict[str, Any]], *, timeout: float = 40.0) -> dict[str, Any]:
    """Events that must be taken; the verdicts."""
    with httpx2.Client(base_url=url, timeout=timeout) as http:
        answer = http.post(EVENTS, content=lines(events))
    assert answer.status_code == 200, answer.text
    return answer.json()


def graph_settings(address: Address, uri: str = "") -> dict[str, str]:
    """The settings of a server on a graph of its own process; ``uri`` where it is reached another way."""
    return {
        "LINEAGE_GRAPH__URI": uri or address.uri,
        "LINEAGE_GRAPH__USER": address.user,
        "LINEAGE_GRAPH__PASSWORD": address.password,
        "LINEAGE_GRAPH__DATABASE": address.database,
    }


def ask(url: str, query: str, variables: dict[str, Any], *, token: str = "") -> dict[str, Any]:
    """GraphQL's data; an error fails the test."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    with httpx2.Client(base_url=url, timeout=30, headers=headers) as http:
        answer = http.post("/graphql", json={"query": query, "variables": variables}).json()
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


def until(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Poll; fails the test when the time is up."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        time.sleep(0.02)


@dataclass
class Refusal:
    """An answer that was not 200."""

    status: int
    body: dict[str, Any]
    retry_after: str | None


@dataclass
class Writing:
    """A thread that sends batch after batch; what is not acknowledged is sent again, as clients do."""

    url: str
    name: str
    first: int = 0
    batch: int = 20
    acknowledged: list[int] = field(default_factory=list[int])
    refusals: list[Refusal] = field(default_factory=list[Refusal])
    cut_off: int = 0
    accepted: int = 0
    duplicate: int = 0
    wrong: list[Any] = field(default_factory=list[Any])
    pause_seconds: float = 0.05

    def __enter__(self) -> Writing:
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._write, name=f"writes {self.name}", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> list[int]:
        """Stop after the batch under way, answered or not; the numbers that were acknowledged."""
        self._ending.set()
        self._thread.join(60)
        assert not self._thread.is_alive()
        assert not self.wrong, self.wrong
        return self.acknowledged

    def wait_for(self, more: int, *, seconds: float = 30.0) -> None:
        """Until so many more events are acknowledged."""
        goal = len(self.acknowledged) + more
        until(lambda: len(self.acknowledged) >= goal or self.wrong, seconds, f"{more} more acknowledged")

    def _write(self) -> None:
        with httpx2.Client(timeout=60) as http:
            number = self.first
            while not self._ending.is_set():
                numbers = range(number, number + self.batch)
                if self._sent(http, numbers):
                    self.acknowledged.extend(numbers)
                    number += self.batch
                else:
                    self._ending.wait(self.pause_seconds)

    def _sent(self, http: httpx2.Client, numbers: Sequence[int]) -> bool:
        body = lines(event(self.name, n) for n in numbers)
        try:
            answer = http.post(self.url + EVENTS, content=body)
        except httpx2.TransportError:
            self.cut_off += 1
            return False
        if answer.status_code != 200:
            self.refusals.append(
                Refusal(answer.status_code, answer.json(), answer.headers.get("retry-after"))
            )
            return False
        told = answer.json()
        self.accepted += told["accepted"]
        self.duplicate += told["duplicate"]
        if told["accepted"] + told["duplicate"] != len(numbers):
            self.wrong.append(told)
        return True


# --- what is stored --------------------------------------------------------------------------


def engine_process(processes: Iterable[psutil.Process]) -> psutil.Process:
    """The embedded engine among a server's processes."""
    for process in processes:
        try:
            if any(word.startswith(_BOLT_PORT) for word in process.cmdline()):
                return process
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    raise AssertionError("there is no engine")


def address_of(engine: psutil.Process, data_dir: Path) -> Address:
    """Where the embedded engine of a data folder answers."""
    (port,) = (w.removeprefix(_BOLT_PORT) for w in engine.cmdline() if w.startswith(_BOLT_PORT))
    password = (data_dir / "graph" / "password").read_text("ascii").strip()
    return Address("embedded", f"bolt://127.0.0.1:{port}", "root", password, "lineage")


@dataclass
class Stored:
    """What a project holds, every row as it stands in the graph."""

    events: Counter[str]
    runs: Counter[str]
    outputs: Counter[tuple[str, str]]
    ordinals: dict[str, list[int]]
    digests: Counter[str]

    def check(self, name: str, acknowledged: Iterable[int]) -> None:
        """0 lost, 0 doubled, and nothing of any event without the rest of it."""
        wanted = set(acknowledged)
        found = Counter(int(e.rpartition("-")[2]) for e in self.events.elements())
        assert not wanted - set(found), f"lost: {sorted(wanted - set(found))[:20]}"
        assert set(found.values()) <= {1}, "doubled events"
        numbers = set(found)
        assert self.runs == Counter(f"run:{run_id(name, n)}" for n in numbers)
        assert self.digests == Counter(event(name, n)["outputs"][0]["digest"] for n in numbers)
        made = Counter((f"run:{run_id(name, n)}", f"out-{n % ARTIFACTS}") for n in numbers)
        assert self.outputs == made
        self.check_ordinals()

    def check_ordinals(self) -> None:
        """Versions of an artifact count 1, 2, 3 … without a gap and without a double."""
        for artifact, found in self.ordinals.items():
            assert sorted(found) == list(range(1, len(found) + 1)), (artifact, sorted(found))


_EVENTS = "MATCH (e:Event) WHERE e.project = $project RETURN e.uid AS uid"
_RUNS = "MATCH (r:Run) WHERE r.project = $project RETURN r.uid AS uid"
_VERSIONS = (
    "MATCH (v:ArtifactVersion) WHERE v.project = $project "
    "RETURN v.artifact AS artifact, v.ordinal AS ordinal, v.digest AS digest"
)
_OUTPUTS = (
    "MATCH (r:Run)-[:OUTPUT]->(v:ArtifactVersion) WHERE v.project = $project "
    "RETURN r.uid AS run, v.artifact AS artifact"
)


def stored(address: Address, project: str) -> Stored:
    """Read it all by Bolt."""
    with GraphDatabase.driver(address.uri, auth=(address.user, address.password)) as driver:

        def rows(query: Any) -> list[dict[str, Any]]:
            answer = driver.execute_query(query, project=project, database_=address.database)
            return [record.data() for record in answer.records]

        versions = rows(_VERSIONS)
        ordinals: dict[str, list[int]] = defaultdict(list)
        for row in versions:
            ordinals[row["artifact"]].append(row["ordinal"])
        return Stored(
            events=Counter(row["uid"] for row in rows(_EVENTS)),
            runs=Counter(row["uid"] for row in rows(_RUNS)),
            outputs=Counter((r["run"], r["artifact"].rpartition("/")[2]) for r in rows(_OUTPUTS)),
            ordinals=ordinals,
            digests=Counter(row["digest"] for row in versions),
        )
