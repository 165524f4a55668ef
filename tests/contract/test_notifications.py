"""Notifications over the wire: whom what concerns, in which order, how much of it; others see nothing."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from lineage_server.api.gql.documents import read_operations
from lineage_server.domain.event_registry import ApprovalRequested
from lineage_server.domain.events import MemberSet, ModelVersionReported, RunReported
from lineage_server.domain.ids import new_run_id, now_micros
from lineage_server.domain.nodes import Role, RunState
from lineage_server.graph.queries.webhooks import CREATE_WEBHOOK, NEW_DELIVERIES
from lineage_server.tracking import notifications
from tests.contract.test_subscriptions import first_of, following
from tests.support.served import Served

TEXTS = read_operations()
PROJECT = "news"
ROLES = {"kit": Role.EDITOR, "ann": Role.EDITOR, "lea": Role.ADMIN, "mab": Role.VIEWER}
SECOND = 1_000_000
DAY = 86_400 * SECOND
HOOK = f"webhook:{PROJECT}/one"
NAME = "<script>alert(1)</script>\u202e꽃"


@pytest.fixture
async def own(guarded: Served) -> dict[str, str]:
    """A token of each of them, and of somebody of another project."""
    members = [MemberSet(id=who, project=PROJECT, subject=who, role=role) for who, role in ROLES.items()]
    elsewhere = MemberSet(id="eve", project="elsewhere", subject="eve", role=Role.ADMIN)
    await guarded.record(*members, elsewhere)
    return {who: await guarded.token(who) for who in (*ROLES, "eve")}


async def send(served: Served, token: str, **event: Any) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    body = json.dumps({"project": PROJECT, **event})
    return (await served.http.post("/api/v1/events", content=body, headers=headers)).json()


async def fail(served: Served, token: str, name: str, *, ago: int = 0, **more: Any) -> str:
    """A run that failed ``ago`` microseconds ago; its uid."""
    run, ended = new_run_id(), now_micros() - ago
    told = {"type": "run", "run": run, "name": name, "state": "failed", "started_at": ended - 5, **more}
    answer = await send(served, token, **told, ended_at=ended)
    assert answer["accepted"] == 1, answer
    return f"run:{run}"


async def do(served: Served, token: str, name: str, /, **given: Any) -> dict[str, Any]:
    field = name[0].lower() + name[1:]
    payload = (await served.ask(TEXTS[name], {"input": given}, token))[field]
    assert payload["problems"] == [], payload
    return payload


async def news(served: Served, token: str = "", **more: int) -> list[dict[str, Any]]:
    return (await served.ask(TEXTS["Notifications"], more, token))["notifications"]["items"]


async def kinds(served: Served, own: dict[str, str]) -> dict[str, list[str]]:
    """What each of them is told, the newest first; who is told nothing is left out."""
    found = {who: [one["kind"] for one in await news(served, token)] for who, token in own.items()}
    return {who: told for who, told in found.items() if told}


async def model(served: Served, token: str) -> dict[str, Any]:
    """A model of two versions; what names it."""
    named = {"project": PROJECT, "model": "churn"}
    await do(served, token, "RegisterModel", project=PROJECT, name="churn")
    for number in (1, 2):
        await do(served, token, "CreateModelVersion", **named, uri=f"s3://bucket/{number}")
    return named


async def test_a_failed_run_is_told_to_whose_it_is_and_to_nobody_else(
    guarded: Served, own: dict[str, str]
) -> None:
    old = notifications.DAYS * DAY
    await fail(guarded, own["kit"], "long ago", ago=old + DAY)
    await send(guarded, own["kit"], type="run", run=new_run_id(), name="well", state="complete")
    run = await fail(guarded, own["kit"], NAME, reason="CUDA out of memory")
    assert await kinds(guarded, own) == {"kit": ["RUN_FAILED"]}
    (told,) = await news(guarded, own["kit"])
    assert (told["uid"], told["name"], told["told"]) == (run, NAME, "CUDA out of memory")
    assert (told["project"], told["times"]) == (PROJECT, 1)
    # What was taken out of sight is no news.
    await do(guarded, own["lea"], "DeleteNode", uid=run, reason="a try", override=True)
    assert await kinds(guarded, own) == {}


async def test_failed_runs_of_a_job_are_told_together_and_anew_each_time(
    guarded: Served, own: dict[str, str]
) -> None:
    await fail(guarded, own["kit"], "first", ago=20 * SECOND, job="train")
    before = await news(guarded, own["kit"])
    last = await fail(guarded, own["kit"], "second", ago=10 * SECOND, job="train")
    await fail(guarded, own["kit"], "of no job", ago=30 * SECOND)
    train, other = await news(guarded, own["kit"])
    assert (train["uid"], train["name"], train["times"]) == (last, "second", 2)
    assert train["job"].endswith("/train")
    assert (other["name"], other["times"], other["job"]) == ("of no job", 1, "")
    assert len({before[0]["id"], train["id"], other["id"]}) == 3


async def test_what_clocks_far_ahead_tell_is_no_news_for_centuries(
    guarded: Served, own: dict[str, str]
) -> None:
    await fail(guarded, own["kit"], "in 2226", ago=-200 * 365 * DAY)
    await fail(guarded, own["kit"], "tomorrow", ago=-DAY)
    await fail(guarded, own["kit"], "now")
    assert [one["name"] for one in await news(guarded, own["kit"])] == ["tomorrow", "now"]


async def test_an_alias_that_moves_is_told_to_whom_the_model_matters(
    guarded: Served, own: dict[str, str]
) -> None:
    named = await model(guarded, own["kit"])
    await do(guarded, own["kit"], "SetAlias", **named, alias="prod", version="1")
    assert await kinds(guarded, own) == {}, "what one does oneself is no news"
    moved = {"alias": "prod", "version": "2", "reason": "better"}
    await do(guarded, own["lea"], "SetAlias", **named, **moved)
    assert await kinds(guarded, own) == {"kit": ["ALIAS_MOVED"]}
    (told,) = await news(guarded, own["kit"])
    about = {key: told[key] for key in ("model", "alias", "version", "before", "by", "told")}
    assert about == {
        "model": f"model:{PROJECT}/churn", "alias": "prod", "version": f"modelversion:{PROJECT}/churn@2",
        "before": "1", "by": "lineage/lea", "told": "better",
    }  # fmt: skip
    await do(guarded, own["lea"], "DeleteAlias", **named, alias="prod")
    (gone,) = await news(guarded, own["kit"])
    assert (gone["version"], gone["before"]) == ("", "2")
    assert gone["id"] != told["id"]
    await do(guarded, own["lea"], "SetProtection", **named, alias="prod", approval=False)
    protected = {who: ["ALIAS_MOVED"] for who in ("kit", "ann", "mab")}
    assert await kinds(guarded, own) == protected


async def test_ones_own_moves_leave_out_none_of_others(guarded: Served, own: dict[str, str]) -> None:
    named = await model(guarded, own["kit"])
    await do(guarded, own["lea"], "SetAlias", **named, alias="prod", version="2", reason="lineage/kit")
    for number in range(4):
        await do(guarded, own["kit"], "SetAlias", **named, alias=f"own-{number}", version="1")
    page = (await guarded.ask(TEXTS["Notifications"], {"first": 1}, own["kit"]))["notifications"]
    assert [(one["alias"], one["by"]) for one in page["items"]] == [("prod", "lineage/lea")]
    assert page["hasMore"] is False


async def test_an_approval_waits_for_those_who_may_give_it_and_its_verdict_for_who_asked(
    guarded: Served, own: dict[str, str]
) -> None:
    named = await model(guarded, own["kit"])
    asked = {**named, "version": "1", "alias": "prod", "comment": "please"}
    uid = (await do(guarded, own["kit"], "RequestApproval", **asked))["approval"]["uid"]
    waits = {"lea": ["APPROVAL_WAITING"], "ann": ["APPROVAL_WAITING"]}
    assert await kinds(guarded, own) == waits
    (told,) = await news(guarded, own["lea"])
    assert (told["uid"], told["by"], told["told"], told["alias"]) == (uid, "lineage/kit", "please", "prod")
    # One of whom an approval is asked that is named only, and whose name holds another's.
    for approvers, expected in ((["mab", "ann"], {"ann"}), (["leaann"], set[str]()), (["lea"], {"lea"})):
        await do(guarded, own["lea"], "SetProtection", **named, alias="prod", approvers=approvers)
        assert (await kinds(guarded, own)).keys() == expected
    await do(guarded, own["lea"], "SetProtection", **named, approvers=["ann"])
    assert await kinds(guarded, own) == {}, "nobody is among those of the alias and of the model"
    await do(guarded, own["lea"], "SetProtection", **named, protected=False)
    await do(guarded, own["lea"], "DecideApproval", uid=uid, verdict="REJECTED", comment="not yet")
    assert await kinds(guarded, own) == {"kit": ["REJECTED"]}
    (told,) = await news(guarded, own["kit"])
    assert (told["by"], told["told"], told["version"]) == (
        "lineage/lea", "not yet", f"modelversion:{PROJECT}/churn@1",
    )  # fmt: skip


async def test_admins_are_told_what_was_refused_and_what_could_not_be_delivered(
    guarded: Served, own: dict[str, str]
) -> None:
    for run in ("no uuid", "none, either"):
        assert (await send(guarded, own["kit"], type="run", run=run))["refused"] == 1
    named = {"project": PROJECT, "name": "ci", "url": "http://127.0.0.1:9/x"}
    kept = {**named, "kinds": ["alias"], "nonce": "n", "key_id": "k", "created_at": 1, "created_by": "x"}
    made = {**named, "uid": HOOK, "properties": kept, "audit": [], "turn": f"webhooks:{PROJECT}"}
    await guarded.services.bolt.write(CREATE_WEBHOOK, made)
    sent = {"webhook": HOOK, "project": PROJECT, "kind": "alias", "at": 1, "attempts": 9, "body": "{}"}
    rows = [
        {"uid": f"delivery:{n}", "properties": {**sent, "state": state, "last_at": at}}
        for n, (state, at) in enumerate(
            [("failed", now_micros())] * 2 + [("delivered", now_micros()), ("failed", 1)]
        )
    ]
    await guarded.services.bolt.write(NEW_DELIVERIES, {"rows": rows})
    assert await kinds(guarded, own) == {"lea": ["DELIVERIES_FAILED", "EVENTS_REFUSED"]}
    failed, refused = await news(guarded, own["lea"])
    assert (failed["uid"], failed["name"], failed["times"]) == (HOOK, "ci", 2)
    assert (refused["told"], refused["times"], refused["project"]) == ("BAD_INPUT", 2, PROJECT)


async def test_the_newest_come_first_and_what_waits_is_left_out_last(
    guarded: Served, own: dict[str, str]
) -> None:
    long_ago = now_micros() - 30 * DAY
    version = ModelVersionReported(id="v", project=PROJECT, model="churn", version="1", at=long_ago)
    asked = ApprovalRequested(id="a", project=PROJECT, model="churn", version="1", at=long_ago)
    await guarded.record(version, asked)
    for minutes in (3, 1, 2):
        await fail(guarded, own["kit"], f"{minutes}", ago=minutes * 60 * SECOND)
    told = await news(guarded, own["kit"])
    assert [one["name"] for one in told] == ["1", "2", "3", ""]
    assert told[3]["kind"] == "APPROVAL_WAITING"
    page = (await guarded.ask(TEXTS["Notifications"], {"first": 2}, own["kit"]))["notifications"]
    assert [one["kind"] for one in page["items"]] == ["RUN_FAILED", "APPROVAL_WAITING"]
    assert page["items"][0]["name"] == "1"
    assert page["hasMore"] is True
    whole = (await guarded.ask(TEXTS["Notifications"], {"first": 4}, own["kit"]))["notifications"]
    assert whole == {"items": told, "hasMore": False}
    for first in (0, 101):
        error = await guarded.refused(TEXTS["Notifications"], {"first": first}, own["kit"])
        assert error["extensions"]["code"] == "BAD_INPUT"


async def test_where_nobody_signs_in_all_of_it_concerns_whoever_looks(served: Served) -> None:
    before = {one["id"] for one in await news(served)}
    named = await model(served, "")
    await fail(served, "", "mine or not")
    await do(served, "", "SetAlias", **named, alias="prod", version="1")
    asked = (await do(served, "", "RequestApproval", **named, version="2", alias="prod"))["approval"]
    told = [one for one in await news(served) if one["id"] not in before]
    assert [one["kind"] for one in told] == ["APPROVAL_WAITING", "ALIAS_MOVED", "RUN_FAILED"]
    await do(served, "", "DecideApproval", uid=asked["uid"], verdict="APPROVED")
    assert (await news(served))[0]["kind"] == "APPROVED"


async def test_a_failure_is_news_while_it_stands_in_whatever_order_it_is_told(
    guarded: Served, own: dict[str, str]
) -> None:
    """A later end wins over an earlier one, and it does in every order; so it does once more by a rebuild."""
    now = now_micros()
    ends = {"late success": ("failed", "complete"), "late failure": ("complete", "failed")}
    for name, states in ends.items():
        for order in (0, 1), (1, 0):
            run = new_run_id()
            for n in order:
                told = {"type": "run", "run": run, "name": f"{name} {order}", "state": states[n]}
                at = now + n - SECOND
                answer = await send(guarded, own["kit"], **told, id=f"{run} {n}", at=at, attempt=n)
                assert answer["accepted"] == 1, answer
    gone = await fail(guarded, own["kit"], "deleted and restored", ago=60 * SECOND)
    await do(guarded, own["lea"], "DeleteNode", uid=gone, reason="a try", override=True)
    await do(guarded, own["lea"], "RestoreNode", uid=gone)
    expected = ["deleted and restored", "late failure (0, 1)", "late failure (1, 0)"]
    before = await news(guarded, own["kit"])
    assert sorted(one["name"] for one in before) == expected
    await guarded.services.rebuilder.rebuild()
    assert await news(guarded, own["kit"]) == before


async def test_that_there_is_news_is_told_live_and_only_that(served: Served) -> None:
    async with following(served, "NotificationsChanged", {}) as stream:
        first = await first_of(served, stream)
        for state in (RunState.RUNNING, RunState.FAILED):
            await served.record(RunReported(id=new_run_id(), project=PROJECT, run=RUN, name="x", state=state))
            await asyncio.sleep(0)
            if state is RunState.RUNNING:
                assert not first.done()
        async with asyncio.timeout(30):
            notice = (await first).data["notificationsChanged"]
        assert notice["kind"] == "CHANGED"
        again = asyncio.create_task(anext(stream))
        await served.record(RunReported(id=new_run_id(), project=PROJECT, run=RUN, metrics={"loss": 1.0}))
        done, _ = await asyncio.wait([again], timeout=0.3)
        assert not done, "what failed before fails no second time"
        again.cancel()
        await asyncio.gather(again, return_exceptions=True)


RUN = "0198c0de-0000-7000-8000-000000000777"
