"""Two people who change one thing at once: the card of a model, the role of a member. The second is told what
the first has done, where they say what they saw; and overrules it only by saying that they have seen that."""

from __future__ import annotations

import asyncio
from typing import Any

from lineage_server.domain.events import MemberSet, ModelReported
from lineage_server.domain.ids import now_micros
from lineage_server.domain.nodes import Role
from tests.support.registering import TEXTS, do, done, problem
from tests.support.served import Served

OF = {"project": "default", "model": "fraud"}


async def model(served: Served, token: str = "", card: str | None = "# Card") -> None:
    await done(served, "RegisterModel", token, project="default", name="fraud", card=card)


async def card(served: Served) -> str:
    asked = {"uid": "model:default/fraud", "project": "default"}
    return (await served.ask(TEXTS["ModelPage"], asked))["node"]["card"]


async def test_a_card_is_changed_only_as_it_was_seen(served: Served) -> None:
    await model(served)
    first = await done(served, "UpdateModel", **OF, card="# Kim's", expectedCard="# Card")
    assert first["card"] == "# Kim's"
    found = await problem(served, "UpdateModel", **OF, card="# Lee's", expectedCard="# Card")
    assert (found["code"], found["current"]) == ("CONFLICT", "# Kim's")
    assert "the card of model 'fraud' was changed meanwhile; nothing was changed" in found["message"]
    assert await card(served) == "# Kim's"
    assert (await problem(served, "UpdateModel", **OF, card="# Lee's", expectedCard=""))["code"] == "CONFLICT"
    await done(served, "UpdateModel", **OF, card="# Lee's", expectedCard="# Kim's")
    await done(served, "UpdateModel", **OF, card="# Anybody's")
    assert await card(served) == "# Anybody's"
    # What else is changed meanwhile is no change of the card.
    await done(served, "UpdateModel", **OF, title="Fraud", owner="kim")
    await done(served, "UpdateModel", **OF, card="", expectedCard="# Anybody's")
    found = await problem(served, "UpdateModel", **OF, card="x", expectedCard="# Anybody's")
    assert found["current"] == "no card"
    await done(served, "UpdateModel", **OF, card="# 새 카드 🙂", expectedCard="")
    await done(served, "UpdateModel", **OF, card="y", expectedCard="# 새 카드 🙂")


async def test_of_many_who_write_one_card_at_once_one_does(served: Served) -> None:
    await model(served, card=None)
    before = ""
    for turn in range(3):
        answers = await asyncio.gather(
            *(
                do(served, "UpdateModel", **OF, card=f"{turn} by {who}", expectedCard=before)
                for who in range(6)
            )
        )
        won = [one["model"]["card"] for one in answers if not one["problems"]]
        assert len(won) == 1, answers
        assert await card(served) == won[0]
        (before,) = won


async def test_a_role_is_given_only_as_it_was_seen(guarded: Served) -> None:
    root = await guarded.token("root", platform_admin=True)

    async def give(role: str | None, **expected: str | None) -> dict[str, Any]:
        return await do(guarded, "SetMember", root, project="default", subject="max", role=role, **expected)

    assert (await give("VIEWER", expected=None))["member"] == {"subject": "max", "role": "VIEWER"}
    (found,) = (await give("ADMIN", expected=None))["problems"]
    assert (found["code"], found["current"]) == ("CONFLICT", "viewer")
    assert "'max' is viewer of project 'default', not no member; nothing was changed" in found["message"]
    assert (await give("EDITOR", expected="VIEWER"))["problems"] == []
    (found,) = (await give(None, expected="VIEWER"))["problems"]
    assert (found["code"], found["current"]) == ("CONFLICT", "editor")
    assert (await give(None, expected="EDITOR"))["problems"] == []
    (found,) = (await give("ADMIN", expected="EDITOR"))["problems"]
    assert (found["code"], found["current"]) == ("CONFLICT", "no member")
    assert "'max' is no member of project 'default', not editor" in found["message"]
    assert await guarded.services.members.role_of("max", "default") is None
    assert (await give("ADMIN"))["problems"] == []
    assert await guarded.services.members.role_of("max", "default") is Role.ADMIN


async def test_what_a_faster_clock_wrote_is_not_lost_unseen(served: Served) -> None:
    """A later time wins: a change before it would be taken, and nobody would see it."""
    await model(served)
    ahead = now_micros() + 60_000_000
    await served.record(
        ModelReported(id="ahead", at=ahead, model="fraud", card="# Ahead"),
        MemberSet(id="role ahead", at=ahead, subject="max", role=Role.VIEWER),
    )
    told = [
        await problem(served, "UpdateModel", **OF, card="# Now", expectedCard="# Ahead"),
        await problem(served, "SetMember", project="default", subject="max", role="ADMIN", expected="VIEWER"),
    ]
    assert [one["code"] for one in told] == ["CONFLICT", "CONFLICT"]
    assert all("by the clock of another server; nothing was changed" in one["message"] for one in told)
    assert await card(served) == "# Ahead"
