"""Rights as pure values: who sees what, what a scope takes away, what an event asks for."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_server.auth.access import check_bind, host_name, host_rule, is_loopback
from lineage_server.auth.principal import LOCAL, Permission, Principal
from lineage_server.auth.recent import Recent
from lineage_server.auth.rules import check_event, permissions_for
from lineage_server.auth.tokens import new_secret, token_uid, well_formed
from lineage_server.domain.errors import ForbiddenError, InvalidInputError, NotFoundError
from lineage_server.domain.events import (
    EdgeAsserted,
    Event,
    InputFact,
    MemberSet,
    NodeAnnotated,
    NodeDeleted,
    NodeErased,
    ProjectReported,
    RunReported,
)
from lineage_server.domain.nodes import Role
from lineage_server.settings import AuthSettings, HttpSettings

RUN = "0198c0de-0000-7000-8000-000000000001"


def member(**roles: Role) -> Principal:
    return Principal(subject="ann", roles=roles)


# --- principals ------------------------------------------------------------------------------


def test_invisible_project_is_not_found_and_visible_one_is_forbidden() -> None:
    ann = member(a=Role.VIEWER)
    ann.check(Permission.READ, "a")
    with pytest.raises(ForbiddenError) as forbidden:
        ann.check(Permission.WRITE, "a")
    assert forbidden.value.permission == "write"
    with pytest.raises(NotFoundError) as hidden:
        ann.check(Permission.READ, "b")
    assert "not there, or not yours" in hidden.value.message


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.VIEWER, {Permission.READ}),
        (Role.EDITOR, {Permission.READ, Permission.WRITE}),
        (Role.ADMIN, {Permission.READ, Permission.WRITE, Permission.ADMIN}),
    ],
)
def test_roles_include_the_ones_before(role: Role, may: set[Permission]) -> None:
    assert {p for p in Permission if member(a=role).can(p, "a")} == may


def test_visible_projects_are_the_members_or_all() -> None:
    assert member(a=Role.VIEWER, b=Role.ADMIN).visible_projects() == {"a", "b"}
    assert member().visible_projects() == frozenset()
    assert LOCAL.visible_projects() is None
    assert Principal(subject="ci", everywhere=Role.VIEWER).visible_projects() is None


def test_reader_of_everything_writes_only_where_it_has_a_role() -> None:
    ci = Principal(subject="ci", everywhere=Role.VIEWER, roles={"a": Role.EDITOR})
    assert ci.can(Permission.READ, "any")
    assert not ci.can(Permission.WRITE, "any")
    assert ci.can(Permission.WRITE, "a")
    assert not ci.can(Permission.PLATFORM_ADMIN)


def test_project_admin_is_no_platform_admin() -> None:
    with pytest.raises(ForbiddenError):
        member(a=Role.ADMIN).check(Permission.PLATFORM_ADMIN)
    LOCAL.check(Permission.PLATFORM_ADMIN)


# --- events ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "needs"),
    [
        (RunReported(project="a", run=RUN), [(Permission.WRITE, "a")]),
        (MemberSet(project="a", subject="x", role=Role.ADMIN), [(Permission.ADMIN, "a")]),
        (NodeErased(project="a", uid=f"run:{RUN}"), [(Permission.ADMIN, "a")]),
        (NodeDeleted(project="a", uid="project:a"), [(Permission.ADMIN, "a")]),
        (ProjectReported(project="a", description="x"), [(Permission.WRITE, "a")]),
        (ProjectReported(project="a", owner="x"), [(Permission.ADMIN, "a")]),
        (
            RunReported(project="a", run=RUN, inputs=[InputFact(name="x", project="b")]),
            [(Permission.WRITE, "a"), (Permission.READ, "b")],
        ),
        (
            NodeAnnotated(project="a", uid="artifact:b/dataset/x", description="mine now"),
            [(Permission.WRITE, "a"), (Permission.WRITE, "b")],
        ),
        (
            EdgeAsserted(project="a", start="version:b/dataset/x@d", end="version:a/dataset/y@d"),
            [(Permission.WRITE, "a"), (Permission.READ, "b")],
        ),
    ],
)
def test_event_asks_for(event: Event, needs: list[tuple[Permission, str]]) -> None:
    assert list(permissions_for(event)) == needs


def test_editor_cannot_make_admins_by_an_event() -> None:
    with pytest.raises(ForbiddenError):
        check_event(member(a=Role.EDITOR), MemberSet(project="a", subject="ann", role=Role.ADMIN))
    check_event(member(a=Role.EDITOR), RunReported(project="a", run=RUN))


# --- tokens ----------------------------------------------------------------------------------


def test_new_tokens_are_well_formed_and_all_different() -> None:
    texts = {new_secret() for _ in range(1_000)}
    assert len(texts) == len({token_uid(text) for text in texts}) == 1_000
    assert all(well_formed(text) for text in texts)


def test_mistyped_token_is_recognised_without_asking_anybody() -> None:
    text = new_secret()
    other = "x" if text[10] != "x" else "y"
    assert not well_formed(text[:10] + other + text[11:])
    assert not well_formed(text[:-1])


@given(st.text())
def test_any_text_can_be_judged(text: str) -> None:
    assert not well_formed(text)
    assert not well_formed("lin_" + text)


def test_uid_does_not_tell_the_token() -> None:
    text = new_secret()
    assert text[4:20] not in token_uid(text)


def test_remembered_answers_age_and_are_bounded() -> None:
    now = 0.0
    recent: Recent[str, int | None] = Recent(5, size=2, clock=lambda: now)
    recent.keep("a", 1)
    recent.keep("none", None)
    assert recent.find("a") == (1,)
    assert recent.find("none") == (None,)
    recent.keep("c", 3)
    assert recent.find("a") is None, "the oldest goes when it is full"
    now = 5.0
    assert recent.find("c") is None


# --- where the server may be reached ---------------------------------------------------------


def http(**values: object) -> HttpSettings:
    return HttpSettings.model_validate(values)


def test_open_mode_refuses_to_listen_beyond_loopback() -> None:
    with pytest.raises(InvalidInputError, match="LINEAGE_AUTH__MODE=token"):
        check_bind(AuthSettings(), http(host="0.0.0.0"))
    check_bind(AuthSettings(), http(host="::1"))
    check_bind(AuthSettings(), http(host="localhost"))
    check_bind(AuthSettings(allow_open_bind=True), http(host="0.0.0.0"))
    check_bind(AuthSettings(mode="token"), http(host="0.0.0.0"))


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("localhost:8080", "localhost"),
        ("LOCALHOST", "localhost"),
        ("[::1]:8080", "::1"),
        ("127.0.0.1", "127.0.0.1"),
        ("evil.example:80", "evil.example"),
    ],
)
def test_host_header_is_read(header: str, name: str) -> None:
    assert host_name(header) == name


HOSTS: Mapping[str, bool] = {
    "localhost": True,
    "127.0.0.1": True,
    "127.8.9.10": True,
    "::1": True,
    "": False,
    "localhost.evil.example": False,
    "127.0.0.1.nip.io": False,
    "10.0.0.1": False,
}


@pytest.mark.parametrize(("name", "loopback"), HOSTS.items())
def test_only_names_of_this_machine_are_loopback(name: str, loopback: bool) -> None:
    assert is_loopback(name) is loopback


def test_flag_for_open_bind_admits_addresses_but_no_names() -> None:
    check = host_rule(AuthSettings(allow_open_bind=True), http(allowed_hosts=("box.example",)))
    check("10.0.0.1:8080")
    check("box.example:8080")
    with pytest.raises(ForbiddenError):
        check("evil.example:8080")


def test_token_mode_answers_to_any_name() -> None:
    host_rule(AuthSettings(mode="token"), http())("whatever.example")
