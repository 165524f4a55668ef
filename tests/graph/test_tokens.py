"""Tokens, memberships and the audit trail on a real graph: made, limited, expired, revoked."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from lineage_server.auth.access import Access, Credentials, access_for, bootstrap_admin
from lineage_server.auth.audit import AuditLog, audit_record
from lineage_server.auth.members import Members
from lineage_server.auth.principal import LOCAL, Permission, Principal
from lineage_server.auth.recent import Recent
from lineage_server.auth.tokens import NewToken, Tokens, new_secret
from lineage_server.domain.errors import (
    ForbiddenError,
    InvalidInputError,
    NotAuthenticatedError,
    NotFoundError,
)
from lineage_server.domain.ids import now_micros, project_uid
from lineage_server.domain.nodes import Role
from lineage_server.graph.bolt import Bolt
from lineage_server.settings import AuthSettings

ADMIN = Principal(subject="root", platform_admin=True)


@pytest.fixture
async def tokens(graph: Bolt) -> AsyncIterator[Tokens]:
    tokens = Tokens(graph, cache_seconds=0)
    yield tokens
    await tokens.stop()


@pytest.fixture
def access(graph: Bolt, tokens: Tokens) -> Access:
    return access_for(AuthSettings(mode="token"), tokens, Members(graph, cache_seconds=0))


async def make_project(graph: Bolt, name: str, members: Mapping[str, Role]) -> None:
    properties = {f"role.{subject}": str(role) for subject, role in members.items()}
    await graph.write(
        "MERGE (p:Project {uid: $uid}) SET p.name = $name, p += $properties",
        {"uid": project_uid(name), "name": name, "properties": properties},
    )


async def enter(access: Access, text: str) -> Principal:
    return await access.authenticate(Credentials(authorization=f"Bearer {text}"))


async def test_personal_token_carries_the_rights_of_its_subject(
    graph: Bolt, tokens: Tokens, access: Access
) -> None:
    await make_project(graph, "a", {"ann@x.example": Role.EDITOR, "bob": Role.ADMIN})
    await make_project(graph, "b", {"bob": Role.VIEWER})
    _, text = await tokens.create(ADMIN, NewToken(name="laptop", subject="ann@x.example"))
    ann = await enter(access, text)
    assert (ann.subject, ann.roles, ann.platform_admin) == ("ann@x.example", {"a": Role.EDITOR}, False)
    await make_project(graph, "b", {"ann@x.example": Role.VIEWER})
    assert (await enter(access, text)).visible_projects() == {"a", "b"}


async def test_scopes_only_take_away(graph: Bolt, tokens: Tokens, access: Access) -> None:
    await make_project(graph, "a", {"bob": Role.ADMIN})
    await make_project(graph, "b", {"bob": Role.VIEWER})
    await make_project(graph, "c", {"bob": Role.ADMIN})
    scopes = {"a": Role.EDITOR, "b": Role.ADMIN, "unknown": Role.ADMIN}
    _, text = await tokens.create(ADMIN, NewToken(name="ci", subject="bob", scopes=scopes))
    bob = await enter(access, text)
    assert bob.roles == {"a": Role.EDITOR, "b": Role.VIEWER}
    with pytest.raises(NotFoundError):
        bob.check(Permission.READ, "c")
    with pytest.raises(ForbiddenError):
        await tokens.create(bob, NewToken(name="unlimited"))


async def test_service_token_has_its_scopes_and_nothing_else(
    graph: Bolt, tokens: Tokens, access: Access
) -> None:
    await make_project(graph, "a", {"watcher": Role.ADMIN})
    wanted = NewToken(name="w", kind="service", subject="watcher", scopes={"b": Role.EDITOR})
    _, text = await tokens.create(ADMIN, wanted)
    assert (await enter(access, text)).roles == {"b": Role.EDITOR}
    wanted = NewToken(name="r", kind="service", subject="reader", scopes={"*": Role.VIEWER})
    _, text = await tokens.create(ADMIN, wanted)
    reader = await enter(access, text)
    assert reader.visible_projects() is None
    assert not reader.can(Permission.WRITE, "a")


async def test_nobody_hands_out_more_than_they_have(tokens: Tokens) -> None:
    ann = Principal(subject="ann", roles={"a": Role.ADMIN, "b": Role.EDITOR})
    for wanted in (
        NewToken(name="x", platform_admin=True),
        NewToken(name="x", subject="bob"),
        NewToken(name="x", kind="service", subject="s", scopes={"b": Role.VIEWER}),
        NewToken(name="x", kind="service", subject="s", scopes={"*": Role.VIEWER}),
    ):
        with pytest.raises(ForbiddenError):
            await tokens.create(ann, wanted)
    with pytest.raises(NotFoundError):
        await tokens.create(ann, NewToken(name="x", kind="service", subject="s", scopes={"c": Role.VIEWER}))
    await tokens.create(ann, NewToken(name="x", kind="service", subject="s", scopes={"a": Role.ADMIN}))


async def test_tokens_without_sense_are_refused(tokens: Tokens) -> None:
    for wanted in (
        NewToken(name=""),
        NewToken(name="x", expires_at=1),
        NewToken(name="x", kind="service", subject="s"),
        NewToken(name="x", kind="service", scopes={"a": Role.VIEWER}),
        NewToken(name="x", scopes={"not a project!": Role.VIEWER}),
        NewToken(name="x", platform_admin=True, scopes={"a": Role.VIEWER}),
    ):
        with pytest.raises(InvalidInputError):
            await tokens.create(ADMIN, wanted)


async def test_the_secret_is_nowhere_in_the_graph(graph: Bolt, tokens: Tokens) -> None:
    _, text = await tokens.create(ADMIN, NewToken(name="laptop"))
    rows = await graph.read("MATCH (t:Token) RETURN properties(t) AS p")
    assert text[4:-6] not in str(rows)


@pytest.mark.parametrize("text", ["", "lin_", "lin_x", "Basic abc", pytest.param(new_secret(), id="secret")])
async def test_unknown_tokens_do_not_come_in(access: Access, text: str) -> None:
    with pytest.raises(NotAuthenticatedError):
        await enter(access, text)


async def test_revoked_and_expired_tokens_do_not_come_in(tokens: Tokens, access: Access) -> None:
    token, text = await tokens.create(ADMIN, NewToken(name="old"))
    await enter(access, text)
    revoked = await tokens.revoke(ADMIN, token.uid)
    assert revoked.revoked_at is not None
    with pytest.raises(NotAuthenticatedError, match="revoked"):
        await enter(access, text)
    assert (await tokens.revoke(ADMIN, token.uid)).revoked_at == revoked.revoked_at
    soon = now_micros() + 500_000
    _, text = await tokens.create(ADMIN, NewToken(name="short", expires_at=soon))
    await asyncio.sleep(0.51)
    with pytest.raises(NotAuthenticatedError, match="expired"):
        await enter(access, text)


async def test_revoking_acts_at_once_here_and_soon_elsewhere(graph: Bolt) -> None:
    here, elsewhere = Tokens(graph, cache_seconds=10), Tokens(graph)
    clock = [0.0]
    elsewhere._recent = Recent(5.0, clock=lambda: clock[0])
    token, text = await here.create(ADMIN, NewToken(name="x"))
    await here.verify(text)
    await elsewhere.verify(text)
    await here.revoke(ADMIN, token.uid)
    with pytest.raises(NotAuthenticatedError):
        await here.verify(text)
    await elsewhere.verify(text)
    clock[0] = 5.0
    with pytest.raises(NotAuthenticatedError):
        await elsewhere.verify(text)
    await here.stop()
    await elsewhere.stop()


async def names(tokens: Tokens, principal: Principal, *, dead: bool = False) -> set[str]:
    page = await tokens.list_tokens(principal, dead=dead)
    assert await tokens.count_tokens(principal, dead=dead) == len(page.tokens)
    return {token.name for token in page.tokens}


async def test_each_sees_and_revokes_only_their_own(tokens: Tokens) -> None:
    ann = Principal(subject="ann")
    bob = Principal(subject="bob", roles={"a": Role.ADMIN})
    anns, _ = await tokens.create(ann, NewToken(name="ann's"))
    await tokens.create(bob, NewToken(name="bob's"))
    wanted = NewToken(name="service", kind="service", subject="s", scopes={"a": Role.EDITOR})
    service, _ = await tokens.create(ADMIN, wanted)
    both = NewToken(name="both", kind="service", subject="s", scopes={"a": Role.EDITOR, "b": Role.EDITOR})
    wide, _ = await tokens.create(ADMIN, both)
    every = NewToken(name="every", kind="service", subject="bob", scopes={"*": Role.VIEWER})
    everywhere, _ = await tokens.create(ADMIN, every)
    top, _ = await tokens.create(ADMIN, NewToken(name="top", subject="bob", platform_admin=True))

    assert await names(tokens, ann) == {"ann's"}
    assert await names(tokens, bob) == {"bob's", "service"}
    assert await names(tokens, ADMIN) == {"ann's", "bob's", "service", "both", "every", "top"}
    for uid in (anns.uid, wide.uid, everywhere.uid, top.uid, "token:none"):
        with pytest.raises(NotFoundError):
            await tokens.revoke(bob, uid)
    await tokens.revoke(bob, service.uid)
    assert "service" not in await names(tokens, bob)
    assert "service" in await names(tokens, bob, dead=True)


async def test_a_limited_token_reaches_no_further_than_itself(
    graph: Bolt, tokens: Tokens, access: Access
) -> None:
    """Neither its subject's other tokens, nor those that allow more in the same project."""
    await make_project(graph, "a", {"bob": Role.ADMIN})
    await make_project(graph, "b", {"bob": Role.ADMIN})
    bob = Principal(subject="bob", roles={"a": Role.ADMIN, "b": Role.ADMIN})
    limits: dict[str, Mapping[str, Role]] = {
        "free": {},
        "read a": {"a": Role.VIEWER},
        "write a": {"a": Role.EDITOR},
        "read b": {"b": Role.VIEWER},
        "read both": {"a": Role.VIEWER, "b": Role.VIEWER},
        "read all": {"*": Role.VIEWER},
    }
    made = {name: await tokens.create(bob, NewToken(name=name, scopes=s)) for name, s in limits.items()}
    of_a = NewToken(name="service of a", kind="service", subject="bob", scopes={"a": Role.VIEWER})
    made["service of a"] = await tokens.create(bob, of_a)
    of_c = NewToken(name="service of c", kind="service", subject="bob", scopes={"c": Role.VIEWER})
    made["service of c"] = await tokens.create(ADMIN, of_c)
    seen = {
        "free": {*limits, "service of a"},
        "read a": {"read a"},
        "write a": {"read a", "write a"},
        "read both": {"read a", "read b", "read both"},
        "read all": {"read a", "read b", "read both", "read all"},
        "service of a": {"service of a"},
        "service of c": {"service of c"},
    }
    for name, expected in seen.items():
        assert await names(tokens, await enter(access, made[name][1])) == expected, name
    narrow = await enter(access, made["read a"][1])
    for name in made.keys() - {"read a"}:
        with pytest.raises(NotFoundError):
            await tokens.revoke(narrow, made[name][0].uid)
    await tokens.revoke(narrow, made["read a"][0].uid)
    with pytest.raises(NotAuthenticatedError):
        await enter(access, made["read a"][1])


async def test_tokens_and_members_come_in_pages(graph: Bolt, tokens: Tokens) -> None:
    for number in range(5):
        await tokens.create(ADMIN, NewToken(name=str(number)))
    whole = await tokens.list_tokens(ADMIN)
    assert {token.name for token in whole.tokens} == set("01234")
    read: list[str] = []
    after, more = "", True
    while more:
        page = await tokens.list_tokens(ADMIN, first=2, after=after)
        read.extend(token.uid for token in page.tokens)
        after, more = page.cursors[-1], page.has_more
        if len(read) == 2:  # the pages to come do not move
            await tokens.create(ADMIN, NewToken(name="late"))
    assert read == [token.uid for token in whole.tokens]
    for cursor in ("x", "1", "one/token:x"):
        with pytest.raises(InvalidInputError):
            await tokens.list_tokens(ADMIN, after=cursor)
    await make_project(graph, "a", {f"m{number}": Role.VIEWER for number in range(5)})
    members = Members(graph)
    first = await members.list_members("a", first=3)
    rest = await members.list_members("a", first=3, after=list(first.roles)[-1])
    assert (first.has_more, rest.has_more) == (True, False)
    assert [*first.roles, *rest.roles] == ["m0", "m1", "m2", "m3", "m4"]
    assert await members.count_members("a") == 5


async def test_use_is_noted(graph: Bolt) -> None:
    tokens = Tokens(graph)
    token, text = await tokens.create(ADMIN, NewToken(name="x"))
    assert token.last_used_at is None
    await tokens.verify(text)
    for _ in range(500):
        listed = await tokens.list_tokens(ADMIN)
        if any(t.last_used_at is not None for t in listed.tokens):
            break
        await asyncio.sleep(0.01)
    else:
        pytest.fail("the use was never noted")
    await tokens.stop()


async def test_first_admin_is_made_once_and_kept_in_a_private_file(
    tokens: Tokens, access: Access, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    made = await bootstrap_admin(tokens, folder)
    assert made is not None
    assert stat.S_IMODE(made.file.stat().st_mode) == 0o600
    assert made.file.read_text().strip() == made.text
    assert made.text not in repr(made)
    assert (await enter(access, made.text)).platform_admin
    assert await bootstrap_admin(tokens, folder) is None


async def test_first_admin_survives_a_crash_between_file_and_graph(
    tokens: Tokens, access: Access, tmp_path: Path
) -> None:
    text = new_secret()
    (tmp_path / "admin-token").write_text(text + "\n")
    made = await bootstrap_admin(tokens, tmp_path)
    assert made is not None
    assert made.text == text
    assert (await enter(access, text)).platform_admin


async def test_first_admin_needs_a_file_and_replaces_a_damaged_one(tokens: Tokens, tmp_path: Path) -> None:
    file = tmp_path / "admin-token"
    file.mkdir()
    with pytest.raises(InvalidInputError, match="nobody could come in"):
        await bootstrap_admin(tokens, tmp_path)
    assert not await tokens.has_admin()
    file.rmdir()
    file.write_bytes(b"\xff\x00lin_" * 9)
    made = await bootstrap_admin(tokens, tmp_path)
    assert made is not None
    assert file.read_text() == made.text + "\n"
    assert (await tokens.verify(made.text)).platform_admin


async def test_revoked_first_admin_is_replaced_not_revived(
    tokens: Tokens, access: Access, tmp_path: Path
) -> None:
    first = await bootstrap_admin(tokens, tmp_path)
    assert first is not None
    listed = await tokens.list_tokens(ADMIN)
    await tokens.revoke(ADMIN, listed.tokens[0].uid)
    second = await bootstrap_admin(tokens, tmp_path)
    assert second is not None
    assert second.text != first.text
    with pytest.raises(NotAuthenticatedError):
        await enter(access, first.text)


async def test_members_of_a_project_are_listed(graph: Bolt) -> None:
    await make_project(graph, "a", {"ann.lee@x.example": Role.VIEWER, "bob": Role.ADMIN})
    members = Members(graph)
    listed = (await members.list_members("a")).roles
    assert listed == {"ann.lee@x.example": Role.VIEWER, "bob": Role.ADMIN}
    assert (await members.list_members("none")).roles == {}
    assert await members.count_members("none") == 0
    assert await members.roles_of("nobody") == {}
    assert await members.role_of("bob", "a") is Role.ADMIN
    assert await members.role_of("nobody", "a") is await members.role_of("bob", "none") is None


async def test_audit_pages_newest_first_and_by_project(graph: Bolt) -> None:
    log = AuditLog(graph)
    for number in range(5):
        project = "a" if number % 2 == 0 else "b"
        record = audit_record(
            LOCAL,
            "tag",
            f"run:{number}",
            project=project,
            before={"team": None},
            after={"team": "ü" * number},
            origin="127.0.0.1",
        )
        await log.write(record)
        await asyncio.sleep(0.002)  # ids sort by the millisecond
    first = await log.list_records(first=3)
    assert [r.target for r in first.records] == ["run:4", "run:3", "run:2"]
    assert first.has_more
    rest = await log.list_records(first=3, after=first.end)
    assert [r.target for r in rest.records] == ["run:1", "run:0"]
    assert not rest.has_more
    record = (await log.list_records(project="b")).records[-1]
    assert (record.subject, record.action, record.origin) == ("local", "tag", "127.0.0.1")
    assert (record.before, record.after) == ('{"team": null}', '{"team": "ü"}')
