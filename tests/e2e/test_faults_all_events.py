"""kill -9 of the server while events of every type are under way, from two clients, in any order.

What was acknowledged is there once, and the graph is the one that stands where nobody was killed: so is
what a rebuild makes of the stored events.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from neo4j import GraphDatabase

from lineage_server.domain.events import EVENT_TYPES
from lineage_server.graph.bolt import Bolt
from lineage_server.ingest.decode import encode
from tests.support import stories
from tests.support.dump import Dump, dump
from tests.support.faults import EVENTS, lines, send, until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.e2e.conftest import RunningServer, StartServer
    from tests.support.neo4j_server import Address

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

COPIES, KILLS = 3, 2
PROJECTS = [f"kills{number}" for number in range(COPIES)]
RUNS = (
    *(stories.PREPARE, stories.PREPARE_AGAIN, stories.TRAIN, stories.EVALUATE),
    *(stories.PARENT, stories.SECRET),
)
SHARED = ("kim", "lee", "gone", "GPU-1", "GPU-hidden", "c1", "system:serviceaccount:a/b")
MAKE_TOKEN = """
mutation ($name: String!, $subject: String!) {
  createToken(input: { name: $name, subject: $subject }) { token { uid } problems { message } }
}
"""
TOKENS = "{ tokens(first: 500) { edges { node { uid name } } } }"


def copied(project: str) -> list[dict[str, Any]]:
    """The story in a project of its own, with runs, people and devices of its own."""
    words = {run: str(uuid.uuid5(uuid.NAMESPACE_OID, f"{project} {run}")) for run in RUNS}
    words |= {f'"{name}"': f'"{name}-{project}"' for name in SHARED}
    words |= {f"{issuer}/{name}": f"{issuer}/{name}-{project}" for issuer in ("local",) for name in SHARED}
    words |= {f"gpu:{name}": f"gpu:{name}-{project}" for name in SHARED}
    words |= {":default/": f":{project}/", "project:default": f"project:{project}"}
    out: list[dict[str, Any]] = []
    for event in stories.story():
        text = encode(event).decode()
        for word, own in words.items():
            text = text.replace(word, own)
        out.append({**json.loads(text), "project": project})
    return out


def everything(chance: random.Random | None = None) -> list[dict[str, Any]]:
    told = [event for project in PROJECTS for event in copied(project)]
    if chance is not None:
        chance.shuffle(told)
    return told


@dataclass
class Client:
    """Sends its batches in order, each until it is acknowledged."""

    url: str
    batches: list[list[dict[str, Any]]]
    done: int = 0
    cut_off: int = 0
    wrong: list[Any] = field(default_factory=list[Any])

    def start(self) -> None:
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def join(self) -> None:
        self._thread.join(120)
        assert not self._thread.is_alive()
        assert not self.wrong, self.wrong[:3]

    def _send(self) -> None:
        with httpx2.Client(timeout=60) as http:
            while self.done < len(self.batches) and not self.wrong:
                try:
                    answer = http.post(self.url + EVENTS, content=lines(self.batches[self.done]))
                except httpx2.TransportError:
                    self.cut_off += 1
                    time.sleep(0.02)
                    continue
                if answer.status_code == 503:
                    time.sleep(0.05)
                elif answer.status_code != 200 or answer.json()["refused"]:
                    self.wrong.append(answer.text[:1000])
                else:
                    self.done += 1


@dataclass
class TokenMaker:
    """Makes tokens one after the other; those that were told of."""

    url: str
    told: list[str] = field(default_factory=list[str])
    ending: threading.Event = field(default_factory=threading.Event)
    wrong: list[Any] = field(default_factory=list[Any])

    def start(self) -> None:
        self._thread = threading.Thread(target=self._make, daemon=True)
        self._thread.start()

    def end(self) -> list[str]:
        self.ending.set()
        self._thread.join(60)
        assert not self.wrong, self.wrong[:3]
        return self.told

    def _make(self) -> None:
        number = 0
        with httpx2.Client(timeout=60) as http:
            while not self.ending.is_set():
                number += 1
                given = {"name": f"token {number}", "subject": f"somebody {number}"}
                try:
                    answer = http.post(self.url + "/graphql", json={"query": MAKE_TOKEN, "variables": given})
                except httpx2.TransportError:
                    time.sleep(0.05)
                    continue
                told = answer.json()
                if told.get("data") and not told["data"]["createToken"]["problems"]:
                    self.told.append(told["data"]["createToken"]["token"]["uid"])
                elif told.get("errors", [{}])[0].get("extensions", {}).get("code") != "UNAVAILABLE":
                    self.wrong.append(told)
                time.sleep(0.05)


def in_batches(events: list[dict[str, Any]], size: int) -> list[list[dict[str, Any]]]:
    return [events[start : start + size] for start in range(0, len(events), size)]


def rows(address: Address, query: Any, **given: Any) -> list[dict[str, Any]]:
    with GraphDatabase.driver(address.uri, auth=(address.user, address.password)) as driver:
        answer = driver.execute_query(query, given, database_=address.database)
        return [record.data() for record in answer.records]


def picture(address: Address, projects: Sequence[str]) -> Dump:
    """All that is derived in some projects."""

    async def read() -> Dump:
        connection = Bolt(
            address.uri, user=address.user, password=address.password, database=address.database
        )
        async with connection:
            return await dump(connection)

    told = asyncio.run(read())
    nodes = {uid: props for uid, props in told["nodes"].items() if props.get("project") in projects}
    edges = {k: props for k, props in told["edges"].items() if k.split(" -")[0] in nodes}
    return {"nodes": nodes, "edges": edges}


def difference(one: Dump, other: Dump) -> list[str]:
    out = [
        f"{key}:\n  {one[part].get(key)}\n  {other[part].get(key)}"
        for part in ("nodes", "edges")
        for key in sorted(one[part].keys() | other[part].keys())
        if one[part].get(key) != other[part].get(key)
    ]
    return out[:10]


def erased(address: Address) -> bool:
    return not rows(address, "MATCH (e:Erasure) WHERE e.pending RETURN e.uid AS uid")


def stored_events(address: Address) -> Counter[str]:
    found = rows(
        address, "MATCH (e:Event) WHERE e.project IN $projects RETURN e.uid AS uid", projects=PROJECTS
    )
    return Counter(row["uid"] for row in found)


def test_the_copies_tell_every_event_type() -> None:
    assert {event["type"] for event in everything()} == EVENT_TYPES.keys()


def test_all_types_of_events_survive_kills_and_repetition(
    start_server: StartServer, outer: Address | None
) -> None:
    calm = start_server(name="calm")
    for batch in in_batches(everything(), 200):
        assert send(calm.url, batch)["refused"] == 0
    until(lambda: erased(calm.graph), 30, "erasing")
    wanted = picture(calm.graph, PROJECTS)
    calm.stop()

    chance = random.Random(5)
    server: RunningServer = start_server(name="killed", outer=outer)
    orders = everything(chance), everything(chance)
    clients = [
        Client(server.url, in_batches(order, size)) for order, size in zip(orders, (7, 13), strict=True)
    ]
    tokens = TokenMaker(server.url)
    for one in (*clients, tokens):
        one.start()
    whole = sum(len(client.batches) for client in clients)
    for kill in range(KILLS):
        goal = whole * (kill + 1) // (KILLS + 2)
        until(
            lambda goal=goal: sum(c.done for c in clients) >= goal or any(c.wrong for c in clients),
            60,
            "batches",
        )
        time.sleep(chance.random() * 0.05)
        server.process.kill()
        server.process.wait(20)
        server = start_server(name="killed", outer=outer)
        for one in (*clients, tokens):
            one.url = server.url
    for client in clients:
        client.join()
    made = tokens.end()
    assert sum(client.cut_off for client in clients)
    for order in (*orders, everything(chance)):
        again = send(server.url, order)
        assert (again["accepted"], again["refused"]) == (0, 0)
    assert stored_events(server.graph) == Counter(f"event:{e['project']}/{e['id']}" for e in orders[0])
    until(lambda: erased(server.graph), 30, "erasing")
    found = picture(server.graph, PROJECTS)
    assert found == wanted, "\n".join(difference(wanted, found))
    audit = rows(server.graph, "MATCH (a:Audit) WHERE a.action = 'createToken' RETURN a.target AS uid")
    there = Counter(row["uid"] for row in rows(server.graph, "MATCH (t:Token) RETURN t.uid AS uid"))
    assert made
    assert set(made) <= there.keys()
    assert {uid: 1 for uid in made} == {
        uid: n for uid, n in Counter(a["uid"] for a in audit).items() if uid in made
    }
    with httpx2.Client(base_url=server.url, timeout=100) as http:
        assert http.post("/api/v1/admin/rebuild").status_code == 200
    rebuilt = picture(server.graph, PROJECTS)
    assert rebuilt == wanted, "\n".join(difference(wanted, rebuilt))
