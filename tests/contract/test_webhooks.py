"""Webhooks over the wire: what they are told, signed, tried again, and after a restart."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lineage_server.client import NotAuthenticatedError, verify_webhook
from lineage_server.domain.event_registry import (
    AliasSet,
    ApprovalGiven,
    ApprovalRequested,
    ModelReported,
    ModelVersionReported,
)
from lineage_server.domain.events import NodeDeleted, NodeRestored
from lineage_server.domain.ids import now_micros
from lineage_server.domain.nodes import ModelState
from lineage_server.domain.stored import StoredEvent
from lineage_server.graph.bolt import Bolt
from lineage_server.ingest.decode import encode
from lineage_server.ingest.tables import to_parquet
from lineage_server.registry import delivering
from lineage_server.registry.webhooks import Webhook
from tests.support.hooked import TEXTS, create, deliveries, ended, judged, problem_of_url, settings
from tests.support.neo4j_server import Address
from tests.support.receiver import Receiver, receiving
from tests.support.served import serving
from tests.support.stories import IRIS_1

pytestmark = pytest.mark.usefixtures("often")


def story(n: int = 1) -> list[Any]:
    now = now_micros()
    return [
        ModelReported(id=f"model{n}", at=now, model="churn"),
        ModelVersionReported(id=f"v{n}", at=now + 1, model="churn", version=str(n), uri="s3://x"),
        AliasSet(id=f"a{n}", at=now + 2, model="churn", alias="prod", version=str(n), reason="better"),
        ModelVersionReported(
            id=f"s{n}", at=now + 3, model="churn", version=str(n), state=ModelState.ARCHIVED, reason="old"
        ),
    ]


async def test_changes_are_told_signed_and_once(
    bolt: Address, graph: Bolt, tmp_path: Path, receiver: Receiver
) -> None:
    async with serving(bolt, tmp_path, settings=settings()) as served:
        await served.record(*story(1))
        webhook, secret = await create(served, receiver)
        assert secret.startswith("whsec_")
        await served.record(*story(2), ModelReported(id="other", at=now_micros(), model="m", description="x"))
        got = await receiver.until(3)
        told = {one.headers["x-lineage-event"]: one.told for one in got}
        assert told.keys() == {"version", "alias", "state"}
        alias = told["alias"]
        assert (alias["alias"], alias["version"], alias["before"], alias["reason"]) == (
            *("prod", "2", "1", "better"),
        )
        assert (alias["model"], alias["by"], alias["event"]) == ("churn", "local/local", "a2")
        assert (told["state"]["state"], told["state"]["before"]) == ("archived", None)
        for one in got:
            signed = one.headers["x-lineage-timestamp"].encode() + b"." + one.body
            expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
            assert one.headers["x-lineage-signature"] == f"sha256={expected}"
            assert one.headers["x-lineage-delivery"] == one.told["id"]
            assert one.headers["host"] == f"127.0.0.1:{receiver.port}"
        found = await ended(served, webhook, 3)
        assert {(one["state"], one["attempts"], one["status"]) for one in found} == {("delivered", 1, 200)}
        # The secret is nowhere, and nobody is told it again.
        listed = (await served.ask(TEXTS["Webhooks"], {"project": "default"}))["webhooks"]
        assert [one["uid"] for one in listed] == [webhook["uid"]]
        everything = await graph.read("MATCH (n) RETURN properties(n) AS p")
        assert secret not in str(everything) + str(listed)
        gone = {"input": {"project": "default", "webhook": webhook["uid"]}}
        await served.ask(TEXTS["DeleteWebhook"], gone)
        await served.record(*story(3))
        await asyncio.sleep(0.6)
        assert len(receiver.got) == 3


async def test_a_change_of_state_tells_what_it_was_and_what_changes_nothing_is_not_told(
    bolt: Address, graph: Bolt, tmp_path: Path, receiver: Receiver
) -> None:
    states = [ModelState.READY, ModelState.READY, ModelState.ARCHIVED, ModelState.READY]
    async with serving(bolt, tmp_path, settings=settings()) as served:
        await served.record(*story(1))
        now = now_micros()
        webhook, _ = await create(served, receiver, kinds=["STATE"])
        for n, state in enumerate(states):
            said: dict[str, Any] = {"at": now + 10 + n, "model": "churn", "state": state, "reason": "so"}
            await served.record(
                ModelVersionReported(id=f"n{n}", version="1", **said), ModelReported(id=f"m{n}", **said)
            )
        # A state of the past: a later one is known.
        late = ModelVersionReported(
            id="late", at=now + 9, model="churn", version="1", state=ModelState.FAILED
        )
        await served.record(late)
        await ended(served, webhook, 6)
        await asyncio.sleep(0.4)
    told = sorted((one.told.get("version") or "", one.told["at"], one.told["before"]) for one in receiver.got)
    assert told == [
        ("", now + 10, None), ("", now + 12, "ready"), ("", now + 13, "archived"),
        ("1", now + 10, "archived"), ("1", now + 12, "ready"), ("1", now + 13, "archived"),
    ]  # fmt: skip


async def test_history_that_is_imported_is_no_news(
    bolt: Address, graph: Bolt, tmp_path: Path, receiver: Receiver
) -> None:
    """What was recorded elsewhere before there was a webhook is not told; what came there later is."""
    async with serving(bolt, tmp_path, settings=settings()) as served:
        webhook, _ = await create(served, receiver, kinds=["ALIAS"])
        made = now_micros()
        await served.record(*story(1))
        await receiver.until(1)
        old, new = (
            StoredEvent(
                uid=f"event:default/{name}", project="default", seq=1, pos=pos, type="model.alias", at=at,
                recorded_at=at, actor="lineage/kim", redacted=False,
                raw=encode(AliasSet(id=name, at=at, model="churn", alias=name, version="1")),
            )
            for pos, (name, at) in enumerate({"old": made - 3_600_000_000, "new": made}.items())
        )  # fmt: skip
        answer = await served.http.post("/api/v1/import/events", content=to_parquet([old, new]))
        assert answer.json()["accepted"] == 2
        await ended(served, webhook, 2)
        await asyncio.sleep(0.4)
    assert [(one.told["event"], one.told["by"]) for one in receiver.got] == [
        ("a1", "local/local"),
        ("new", "lineage/kim"),
    ]


async def test_only_what_was_asked_for_is_told(
    bolt: Address, graph: Bolt, tmp_path: Path, receiver: Receiver
) -> None:
    async with serving(bolt, tmp_path, settings=settings()) as served:
        await create(served, receiver, kinds=["ALIAS"], model="churn")
        other = AliasSet(id="x", at=now_micros(), model="other", alias="prod", version="1")
        foreign = AliasSet(id="y", project="p", at=now_micros(), model="churn", alias="prod", version="1")
        await served.record(other, foreign, *story(1))
        await receiver.until(1)
        await asyncio.sleep(0.4)
        assert [one.told["event"] for one in receiver.got] == ["a1"]


async def test_what_fails_is_tried_again_and_what_hangs_holds_nobody_up(
    bolt: Address, graph: Bolt, tmp_path: Path, receiver: Receiver
) -> None:
    receiver.answers = [500, 0]
    hasty = settings(timeout_seconds=0.7)
    async with receiving() as quick, serving(bolt, tmp_path, settings=hasty) as served:
        webhook, _ = await create(served, receiver, kinds=["ALIAS"])
        other, _ = await create(served, quick, kinds=["ALIAS"])
        await served.record(*story(1))
        await quick.until(1)
        (found,) = await ended(served, webhook)
        assert (found["state"], found["attempts"], found["status"]) == ("delivered", 3, 200)
        assert len({one.told["id"] for one in receiver.got}) == 1
        assert [one["attempts"] for one in await ended(served, other)] == [1]
        receiver.answers = [500, 302, 0]
        receiver.location = quick.url
        given = {"input": {"project": "default", "webhook": webhook["uid"]}}
        made = (await served.ask(TEXTS["TestWebhook"], given))["testWebhook"]["delivery"]
        assert (made["kind"], made["state"]) == ("ping", "pending")
        found = next(one for one in await ended(served, webhook, 2) if one["uid"] == made["uid"])
        assert (found["state"], found["attempts"], found["status"]) == ("failed", 3, 0)
        assert found["error"] == "no answer within 0.7 s"
        assert found["nextAt"] is None
        assert len(quick.got) == 1  # redirects are not followed


async def test_the_same_webhook_is_not_made_twice(
    bolt: Address, graph: Bolt, tmp_path: Path, receiver: Receiver
) -> None:
    async with serving(bolt, tmp_path, settings=settings()) as served:
        first, _ = await create(served, receiver)
        other, _ = await create(served, receiver, url=receiver.url + "/other")
        await create(served, receiver, name="another")
        problem = await problem_of_url(served, receiver.url)
        assert (problem["code"], problem["current"]) == ("CONFLICT", first["uid"])
        assert first["uid"] in problem["message"]
        given = {"project": "default", "webhook": other["uid"], "url": receiver.url}
        changed = (await served.ask(TEXTS["UpdateWebhook"], {"input": given}))["updateWebhook"]
        assert (changed["problems"][0]["code"], changed["problems"][0]["current"]) == (
            "CONFLICT",
            first["uid"],
        )
        # What it is already, it may be told to be.
        given = {"project": "default", "webhook": first["uid"], "url": receiver.url}
        assert (await served.ask(TEXTS["UpdateWebhook"], {"input": given}))["updateWebhook"]["problems"] == []


async def test_of_many_who_make_one_webhook_at_once_one_does(
    bolt: Address, graph: Bolt, tmp_path: Path, receiver: Receiver
) -> None:
    async with serving(bolt, tmp_path, settings=settings()) as served:
        wanted = {"input": {"project": "default", "name": "ci", "url": receiver.url}}
        answers = await asyncio.gather(*(served.ask(TEXTS["CreateWebhook"], wanted) for _ in range(8)))
        told = [answer["createWebhook"] for answer in answers]
        (made,) = [one["webhook"] for one in told if one["webhook"]]
        problems = [problem for one in told for problem in one["problems"]]
        assert [(one["code"], one["current"]) for one in problems] == [("CONFLICT", made["uid"])] * 7
        others = [(await create(served, receiver, name=f"ci-{n}"))[0] for n in range(4)]
        given = [{"project": "default", "webhook": one["uid"], "url": f"{receiver.url}/x"} for one in others]
        asked = [served.ask(TEXTS["UpdateWebhook"], {"input": one}) for one in given]
        assert all(not one["updateWebhook"]["problems"] for one in await asyncio.gather(*asked))


async def test_what_was_acknowledged_is_told_after_a_restart(
    bolt: Address, graph: Bolt, tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: Any) -> bool:
        return True

    async with serving(bolt, tmp_path, settings=settings()) as served:
        with monkeypatch.context() as patched:
            patched.setattr(delivering.Deliverer, "step", nothing)
            webhook, _ = await create(served, receiver, kinds=["ALIAS"])
            await served.record(*story(1))
            await asyncio.sleep(0.3)
    assert receiver.got == []
    async with serving(bolt, tmp_path, settings=settings()) as served:
        await receiver.until(1)
        await ended(served, webhook)
    # A server with another key does not sign with what the receiver cannot check.
    async with serving(bolt, tmp_path, settings=settings(key="another", attempts=1)) as served:
        given = {"input": {"project": "default", "webhook": webhook["uid"]}}
        await served.ask(TEXTS["TestWebhook"], given)
        found = await ended(served, webhook, 2)
        assert any("key is another" in one["error"] for one in found)
    assert len(receiver.got) == 1


async def test_of_several_servers_one_tells_and_another_goes_on(
    bolt: Address, graph: Bolt, tmp_path: Path, receiver: Receiver
) -> None:
    async with serving(bolt, tmp_path / "a", settings=settings()) as second:
        async with serving(bolt, tmp_path / "b", settings=settings()) as first:
            webhook, _ = await create(first, receiver, kinds=["ALIAS"])
            for n in range(1, 6):
                await (first, second)[n % 2].record(*story(n))
            await receiver.until(5)
            await ended(first, webhook, 5)
        await second.record(*story(6))
        await receiver.until(6)
        await ended(second, webhook, 6)
        await asyncio.sleep(0.3)
    told = [one.told["event"] for one in receiver.got]
    assert sorted(told) == [f"a{n}" for n in range(1, 7)]


async def test_without_a_key_of_its_own_a_shared_graphs_server_makes_none(
    bolt: Address, graph: Bolt, tmp_path: Path, receiver: Receiver
) -> None:
    async with serving(bolt, tmp_path, settings=settings(key="")) as served:
        wanted = {"project": "default", "name": "ci", "url": receiver.url}
        (problem,) = (await served.ask(TEXTS["CreateWebhook"], {"input": wanted}))["createWebhook"][
            "problems"
        ]
        assert problem["code"] == "NOT_SUPPORTED"
        assert "LINEAGE_WEBHOOKS__KEY" in problem["message"]


async def test_approvals_and_deletions_are_told_and_receivers_can_check_them(
    bolt: Address, graph: Bolt, tmp_path: Path, receiver: Receiver
) -> None:
    version = "modelversion:default/churn@1"
    asked: dict[str, Any] = {"model": "churn", "version": "1", "alias": "prod"}
    approval = "approval:default/churn@ask"
    async with serving(bolt, tmp_path, settings=settings()) as served:
        await served.record(*story(1))
        _, secret = await create(served, receiver)
        now = now_micros()
        given: dict[str, Any] = {"approver": "kim", "request": approval, **asked}
        gone = NodeDeleted(id="gone", at=now + 3, uid=version, reason="wrong data")
        await served.record(
            ApprovalRequested(id="ask", at=now, comment="please look", **asked),
            ApprovalGiven(id="give", at=now + 1, verdict="rejected", comment="no", **given),
            gone,
            replace(gone, id="gone again", at=now + 4),
            NodeRestored(id="back", at=now + 5, uid=version, reason="it was not"),
            NodeDeleted(id="whole", at=now + 6, uid="model:default/churn", reason="unused"),
            NodeDeleted(id="other", at=now + 7, uid=IRIS_1, reason="none of the registry"),
            ModelReported(id="last", at=now + 8, model="last", state=ModelState.READY),
        )
        got = await receiver.until(6)
        told = [one.told for one in got]
        assert [(one["kind"], one.get("what"), one["event"]) for one in told] == [
            ("approval", "asked", "ask"),
            ("approval", "rejected", "give"),
            ("deletion", "deleted", "gone"),
            ("deletion", "restored", "back"),
            ("deletion", "deleted", "whole"),
            ("state", None, "last"),
        ]
        assert {one["approval"] for one in told[:2]} == {approval}
        assert [one["comment"] for one in told[:2]] == ["please look", "no"]
        assert [(one["model"], one["version"], one["reason"]) for one in told[2:5]] == [
            ("churn", "1", "wrong data"), ("churn", "1", "it was not"), ("churn", None, "unused"),
        ]  # fmt: skip
        for one in got:
            assert verify_webhook(one.body, one.headers, secret) == one.told
        with pytest.raises(NotAuthenticatedError, match="not signed with this secret"):
            verify_webhook(got[0].body + b" ", got[0].headers, secret)


@pytest.mark.usefixtures("graph")
@pytest.mark.parametrize("given", [{"url": ...}, {"enabled": False}])
async def test_what_was_changed_counts_for_what_was_looked_up_before(
    bolt: Address, tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch,
    given: dict[str, Any],
) -> None:  # fmt: skip
    """Nothing goes to the old target, or to one that sleeps, once the change was answered."""
    async with receiving() as other, serving(bolt, tmp_path, settings=settings()) as served:
        webhook, _ = await create(served, receiver, kinds=["VERSION"])
        every, looked, go_on = served.services.webhooks.every, asyncio.Event(), asyncio.Event()
        steps = itertools.count()

        async def slowly() -> list[Webhook]:
            found = await every()
            if next(steps) >= 2:  # the first ones only ask whether there is anything to do
                looked.set()
                await go_on.wait()
            return found

        monkeypatch.setattr(served.services.webhooks, "every", slowly)
        await looked.wait()
        await served.record(*story(1))
        change = {"url": other.url} if "url" in given else given
        wanted = {"input": {"project": "default", "webhook": webhook["uid"], **change}}
        assert (await served.ask(TEXTS["UpdateWebhook"], wanted))["updateWebhook"]["problems"] == []
        looked.clear()
        go_on.set()
        if "url" in given:
            await other.until(1)
        else:
            await looked.wait()  # what was due by then is on its way
            await asyncio.sleep(0.3)
            (left,) = await deliveries(served, webhook)
            assert (left["state"], left["attempts"]) == ("pending", 0)
        assert receiver.got == []


async def test_a_webhook_is_changed_and_put_to_sleep_and_told_again_under_one_secret(
    bolt: Address, graph: Bolt, tmp_path: Path, receiver: Receiver
) -> None:
    async def change(**given: Any) -> dict[str, Any]:
        wanted = {"input": {"project": "default", "webhook": webhook["uid"], **given}}
        return (await served.ask(TEXTS["UpdateWebhook"], wanted))["updateWebhook"]

    async def again(uid: str) -> dict[str, Any]:
        wanted = {"input": {"project": "default", "delivery": uid}}
        return (await served.ask(TEXTS["ResendDelivery"], wanted))["resendDelivery"]["delivery"]

    async with receiving() as other, serving(bolt, tmp_path, settings=settings(attempts=1)) as served:
        webhook, secret = await create(served, receiver, kinds=["VERSION"])
        receiver.answers = [500]
        await served.record(*story(1))
        (failed,) = await ended(served, webhook)
        assert (failed["state"], failed["attempts"]) == ("failed", 1)
        changed = (await change(url=other.url, kinds=["ALIAS", "VERSION"]))["webhook"]
        assert (changed["url"], changed["kinds"], changed["enabled"]) == (
            other.url,
            ["alias", "version"],
            True,
        )
        assert (await again(failed["uid"]))["state"] == "pending"
        (found,) = await ended(served, webhook)
        assert (found["uid"], found["state"], found["attempts"]) == (failed["uid"], "delivered", 1)
        assert verify_webhook(other.got[0].body, other.got[0].headers, secret)["id"] == failed["uid"]
        assert (await change(enabled=False))["webhook"]["enabled"] is False
        await served.record(*story(2))
        await judged(graph)
        wanted = {"input": {"project": "default", "webhook": webhook["uid"]}}
        (problem,) = (await served.ask(TEXTS["TestWebhook"], wanted))["testWebhook"]["problems"]
        assert (problem["code"], problem["current"]) == ("CONFLICT", "disabled")
        assert (await change(enabled=True))["webhook"]["enabled"] is True
        await served.record(*story(3))
        await other.until(3)
        assert sorted(one.told["event"] for one in other.got[1:]) == ["a3", "v3"]
        for wrong in ({"kinds": []}, {"url": "ftp://a/"}):
            (problem,) = (await change(**wrong))["problems"]
            assert problem["code"] == "BAD_INPUT", wrong
        error = await served.refused(
            TEXTS["ResendDelivery"], {"input": {"project": "default", "delivery": "delivery:none"}}
        )
        assert error["extensions"]["code"] == "NOT_FOUND"
