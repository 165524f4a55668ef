"""Whose runs are whose: who sent them, and whom they name; where nobody signs in, all are everybody's."""

from __future__ import annotations

import json
from typing import Any

from lineage_server.domain.event_parts import ActorFact
from lineage_server.domain.events import MemberSet, RunReported
from lineage_server.domain.nodes import Role
from tests.support.served import Served

MINE = """
query($mine: Boolean!) {
  runs(project: "mine", mine: $mine) { edges { node { name properties } } totalCount }
}
"""
BY = """
query($by: [String!]!, $mine: Boolean! = false) {
  runs(project: "mine", filter: {by: $by}, mine: $mine) { edges { node { name by } } totalCount }
}
"""


async def sent(served: Served, token: str, name: str, number: int, **more: Any) -> None:
    run = f"0198c0de-0000-7000-8000-0000000003{number:02}"
    event = {"type": "run", "project": "mine", "run": run, "name": name, **more}
    headers = {"authorization": f"Bearer {token}"} if token else {}
    answer = await served.http.post("/api/v1/events", content=json.dumps(event), headers=headers)
    assert answer.json()["accepted"] == 1, answer.json()


async def names(served: Served, token: str = "", *, mine: bool = True) -> list[str]:
    runs = (await served.ask(MINE, {"mine": mine}, token))["runs"]
    assert runs["totalCount"] == len(runs["edges"])
    assert all("sent_by" not in json.dumps(edge["node"]["properties"]) for edge in runs["edges"])
    return sorted(edge["node"]["name"] for edge in runs["edges"])


async def test_runs_are_whose_token_sent_them_and_whom_they_name(guarded: Served) -> None:
    people = ("kim", "lee")
    await guarded.record(*(MemberSet(id=p, project="mine", subject=p, role=Role.EDITOR) for p in people))
    kim, lee = [await guarded.token(person) for person in people]
    await sent(guarded, kim, "by kim", 1)
    await sent(guarded, lee, "by lee", 2)
    await sent(guarded, lee, "for kim", 3, actor={"subject": "kim", "issuer": "lineage"})
    await sent(guarded, lee, "for another kim", 4, actor={"subject": "kim"})  # of somebody else's machine
    await sent(guarded, lee, "seen by kim's cluster", 5)
    await sent(guarded, kim, "seen by kim's cluster", 5, source="watcher")
    theirs = ["by lee", "for another kim", "for kim", "seen by kim's cluster"]
    expected = {kim: ["by kim", "for kim"], lee: theirs}
    for token, told in expected.items():
        assert await names(guarded, token) == told
        assert len(await names(guarded, token, mine=False)) == 5
    await guarded.services.rebuilder.rebuild()
    assert await names(guarded, kim) == expected[kim]


async def by(served: Served, *people: str, token: str = "", mine: bool = False) -> dict[str, str]:
    runs = (await served.ask(BY, {"by": list(people), "mine": mine}, token))["runs"]
    assert runs["totalCount"] == len(runs["edges"])
    return {edge["node"]["name"]: edge["node"]["by"] for edge in runs["edges"]}


async def test_runs_are_found_by_who_ran_them_as_runs_say_it(guarded: Served) -> None:
    people = ("kim", "ha", "oh/ha")
    await guarded.record(*(MemberSet(id=p, project="mine", subject=p, role=Role.EDITOR) for p in people))
    kim, ha, other = [await guarded.token(person) for person in people]
    await sent(guarded, kim, "by kim", 1)
    await sent(guarded, kim, "for Lee", 2, actor={"subject": "lee-7", "name": "Lee Ha", "issuer": "lineage"})
    await sent(guarded, ha, "by ha", 3)
    await sent(guarded, other, "by another", 4)
    await sent(guarded, kim, "seen", 5, source="watcher")
    everybody = {
        "by kim": "kim",
        "for Lee": "Lee Ha",
        "by ha": "ha",
        "by another": "lineage/oh/ha",
        "seen": "",
    }
    assert await by(guarded, token=kim) == everybody
    for person in ("kim", "Lee Ha", "ha", "lineage/oh/ha"):
        theirs = {name: who for name, who in everybody.items() if who == person}
        assert await by(guarded, person, token=kim) == theirs, "what is shown is what is found"
    assert set(await by(guarded, "kim", "ha", token=ha)) == {"by kim", "by ha"}
    assert set(await by(guarded, "Lee Ha", token=kim, mine=True)) == {"for Lee"}
    for nobody in ("lee-7", "im", "", "/", "service/kim", "oh/ha"):
        assert await by(guarded, nobody, token=kim) == {}
    assert await by(guarded, "lineage/kim", token=kim) == await by(guarded, "kim", token=kim)


async def test_where_nobody_signs_in_all_runs_are_everybodys(served: Served) -> None:
    run = "0198c0de-0000-7000-8000-000000000399"
    await served.record(
        RunReported(id="x", project="mine", run=run, name="x", actor=ActorFact(subject="kim"))
    )
    await sent(served, "", "y", 1)
    assert await names(served) == ["x", "y"]
    assert await by(served) == {"x": "kim", "y": ""}
    assert await by(served, "local") == {}
