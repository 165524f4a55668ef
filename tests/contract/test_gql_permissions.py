"""Who may do what through GraphQL: every effect declares its right, and a foreign token sees nothing."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLObjectType
from strawberry.permission import PermissionExtension

from lineage_server.api.gql.documents import read_operations
from lineage_server.api.gql.permissions import Declared
from lineage_server.api.gql.scalars import to_text
from lineage_server.api.gql.schema import build_schema
from lineage_server.domain.events import ProjectReported, RunReported
from lineage_server.domain.ids import now_micros
from lineage_server.domain.nodes import RunState
from tests.contract.test_operations import MUTATIONS, QUERIES
from tests.support.served import Served
from tests.support.stories import IRIS_1, IRIS_2, MODEL_1, TRAIN

TEXTS = read_operations()
TRAIN_UID = f"run:{TRAIN}"
FOREIGN_RUN = "0198c0de-0000-7000-8000-0000000000aa"
# Operations that name a thing of the project: without a right to see it, the answer is NOT_FOUND.
POINTED = {
    name: variables
    for name, (variables, _) in QUERIES.items()
    if variables and name not in ("Search", "Nodes", "MetricsOf")
}


def effects() -> list[tuple[str, str, Any]]:
    core = build_schema()._schema
    out: list[tuple[str, str, Any]] = []
    for root in (core.mutation_type, core.subscription_type):
        assert isinstance(root, GraphQLObjectType)
        for name, field in root.fields.items():
            out.append((root.name, name, field.extensions["strawberry-definition"]))
    return out


@pytest.mark.parametrize(("root", "name", "field"), effects(), ids=lambda v: v if isinstance(v, str) else "")
def test_every_effect_declares_its_permission(root: str, name: str, field: Any) -> None:
    declared = [
        permission
        for extension in field.extensions
        if isinstance(extension, PermissionExtension)
        for permission in extension.permissions
    ]
    assert declared, f"{root}.{name} declares no permission"
    assert all(isinstance(permission, Declared) for permission in declared)


async def foreign_token(guarded: Served) -> str:
    """A token that is good, for another project."""
    await guarded.record(
        ProjectReported(project="other", id="other-project", description="theirs"),
        RunReported(project="other", id="other-run", run=FOREIGN_RUN, name="theirs", state=RunState.COMPLETE),
    )
    return await guarded.service_token(other="admin")


async def test_what_belongs_to_another_project_is_not_found(guarded: Served) -> None:
    token = await foreign_token(guarded)
    for name, variables in POINTED.items():
        error = await guarded.refused(TEXTS[name], variables, token)
        assert error["extensions"]["code"] == "NOT_FOUND", (name, error)
        assert not any(word in error["message"] for word in ("training", "c0ffee", "kim")), (name, error)


async def test_lists_of_a_foreign_token_hold_only_its_own(guarded: Served) -> None:
    token = await foreign_token(guarded)
    found = await guarded.ask(TEXTS["Nodes"], {"uids": [MODEL_1, TRAIN_UID, "project:default"]}, token)
    assert found["nodes"] == [None, None, None]
    assert (await guarded.ask(TEXTS["MetricsOf"], {"uids": [TRAIN_UID]}, token))["nodes"] == [None]
    for text in ("iris", "train", "churn", "sha256:" + "1" * 12, "default"):
        found = await guarded.ask(TEXTS["Search"], {"text": text}, token)
        assert found["search"]["edges"] == [], text
    runs = (await guarded.ask(TEXTS["Runs"], {}, token))["runs"]["edges"]
    assert [edge["node"]["name"] for edge in runs] == ["theirs"]
    for name, field in (("Jobs", "jobs"), ("Artifacts", "artifacts"), ("Models", "models")):
        assert (await guarded.ask(TEXTS[name], {}, token))[field]["edges"] == []
        assert (await guarded.ask(TEXTS[name], {}, token))[field]["totalCount"] == 0
    projects = (await guarded.ask(TEXTS["Projects"], {}, token))["projects"]["edges"]
    assert [edge["node"]["name"] for edge in projects] == ["other"]
    assert (await guarded.ask(TEXTS["RefusedEvents"], {}, token))["refusedEvents"]["edges"] == []
    assert (await guarded.refused(TEXTS["Audit"], {}, token))["extensions"]["code"] == "FORBIDDEN"


NOT_MINE = {
    name: given
    for name, given in MUTATIONS.items()
    if name not in ("CreateProject", "CreateToken", "RevokeToken", "ReplayRefused")
}


async def test_a_foreign_token_changes_nothing(guarded: Served) -> None:
    token = await foreign_token(guarded)
    for name, given in NOT_MINE.items():
        error = await guarded.refused(TEXTS[name], {"input": given}, token)
        assert error["extensions"]["code"] == "NOT_FOUND", (name, error)


async def test_other_effects_of_a_foreign_token(guarded: Served) -> None:
    token = await foreign_token(guarded)
    error = await guarded.refused(TEXTS["CreateProject"], {"input": {"name": "mine"}}, token)
    assert error["extensions"]["code"] == "FORBIDDEN"
    wanted = {
        "name": "x",
        "service": True,
        "subject": "x",
        "scopes": [{"project": "default", "role": "VIEWER"}],
    }
    error = await guarded.refused(TEXTS["CreateToken"], {"input": wanted}, token)
    assert error["extensions"]["code"] in ("FORBIDDEN", "NOT_FOUND")
    root = await guarded.token("root", platform_admin=True)
    uid = (await guarded.ask(TEXTS["Tokens"], {}, root))["tokens"]["edges"][0]["node"]["uid"]
    error = await guarded.refused(TEXTS["RevokeToken"], {"input": {"token": uid}}, token)
    assert error["extensions"]["code"] == "NOT_FOUND"
    bearer = {"authorization": f"Bearer {root}"}
    await guarded.http.post("/api/v1/events", content='{"type":"run","run":"no"}', headers=bearer)
    (edge,) = (await guarded.ask(TEXTS["RefusedEvents"], {}, root))["refusedEvents"]["edges"]
    error = await guarded.refused(TEXTS["ReplayRefused"], {"input": {"uids": [edge["node"]["uid"]]}}, token)
    assert error["extensions"]["code"] == "NOT_FOUND"


async def test_a_viewer_sees_and_changes_nothing(guarded: Served) -> None:
    """Of the project: views of their own they may keep and let go (``test_views.py``)."""
    token = await guarded.service_token(default="viewer")
    assert (await guarded.ask(TEXTS["Run"], {"uid": TRAIN}, token))["run"]["uid"] == TRAIN_UID
    shared = {**NOT_MINE, "SaveView": {**NOT_MINE["SaveView"], "shared": True}}
    for name in NOT_MINE.keys() - {"DeleteView"}:
        given = shared[name]
        error = await guarded.refused(TEXTS[name], {"input": given}, token)
        assert error["extensions"]["code"] == "FORBIDDEN", name
        assert error["extensions"]["permission"]


async def test_an_editor_may_write_but_not_administer(guarded: Served) -> None:
    token = await guarded.service_token(default="editor")
    given = {"uid": TRAIN_UID, "tags": [{"key": "k", "value": "v"}]}
    assert not (await guarded.ask(TEXTS["SetTags"], {"input": given}, token))["setTags"]["problems"]
    for name in ("UpdateProject", "SetMember", "EraseNode"):
        error = await guarded.refused(TEXTS[name], {"input": MUTATIONS[name]}, token)
        assert error["extensions"]["code"] == "FORBIDDEN", name


async def test_an_edge_from_what_one_may_not_see_cannot_be_stated(guarded: Served) -> None:
    token = await foreign_token(guarded)
    given = {"start": IRIS_1, "end": "version:other/dataset/x@run:" + FOREIGN_RUN, "reason": "probing"}
    error = await guarded.refused(TEXTS["AddEdge"], {"input": given}, token)
    assert error["extensions"]["code"] == "NOT_FOUND"


async def test_nobody_gets_the_errors_shape_and_401(guarded: Served) -> None:
    for token in ("", "lin_wrong"):
        response = await guarded.post({"query": "{ me { subject } }"}, token)
        assert response.status_code == 401
        assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert response.headers["www-authenticate"].startswith("Bearer")
        assert bool(token) or "LINEAGE_TOKEN" in response.json()["errors"][0]["message"]


async def test_me_says_what_a_token_may(guarded: Served) -> None:
    token = await guarded.service_token(default="viewer")
    me = (await guarded.ask(TEXTS["Me"], {}, token))["me"]
    assert me["projects"] == [{"project": "default", "role": "VIEWER"}]
    assert (me["kind"], me["platformAdmin"]) == ("service", False)


# Every question that takes ``knownAt``; of each answer what does not say how long it took. A busy machine
# must not make them partial.
LONG = "budget: {milliseconds: 60000}"
KNOWN_THEN = (
    f'lineage(start: "{MODEL_1}", direction: BOTH, knownAt: $at, {LONG}) {{ nodes {{ node {{ uid }} }} }}',
    f'lineageScene(focus: "{MODEL_1}", knownAt: $at, {LONG}) {{ version }}',
    f'impact(of: "{IRIS_1}", knownAt: $at, {LONG}) {{ counts hidden }}',
    f'path(start: "{IRIS_1}", end: "{MODEL_1}", knownAt: $at, {LONG}) {{ paths {{ uids }} }}',
    f'lineageDiff(a: "{IRIS_1}", b: "{IRIS_2}", knownAt: $at, {LONG}) {{ same differences {{ kind }} }}',
    f'cost(of: "{MODEL_1}", knownAt: $at, {LONG}) {{ ancestry {{ runs }} }}',
    f'completeness(of: "{MODEL_1}", knownAt: $at, {LONG}) {{ score facts }}',
    f'lineageCounts(of: "{MODEL_1}", knownAt: $at, {LONG}) {{ upstream {{ nodes }} downstream {{ nodes }} }}',
    'resolve(ref: "dataset:iris@1", knownAt: $at)',
)


def test_every_question_about_what_was_known_is_asked_here() -> None:
    query = build_schema().core.query_type
    assert query
    takes = {name for name, field in query.fields.items() if "knownAt" in field.args}
    assert {text.partition("(")[0] for text in KNOWN_THEN} == takes


async def test_rights_are_those_of_today_whatever_time_is_asked_for(guarded: Served) -> None:
    """Who came later sees what was known before; who has left sees nothing of it, not even of their time."""
    root = await guarded.token("root", platform_admin=True)
    early, late = [await guarded.token(subject) for subject in ("early", "late")]

    async def member(subject: str, role: str | None) -> str:
        given = {"project": "default", "subject": subject, "role": role}
        told = await guarded.ask(TEXTS["SetMember"], {"input": given}, root)
        assert told["setMember"]["problems"] == []
        return to_text(now_micros())

    async def known(at: str, token: str) -> list[Any]:
        """What each question is answered, or with which code it is refused."""
        out: list[Any] = []
        for text in KNOWN_THEN:
            answer = await guarded.answer(f"query ($at: DateTime!) {{ {text} }}", {"at": at}, token)
            out.append([one["extensions"]["code"] for one in answer.get("errors", ())] or answer["data"])
        return out

    nothing = [["NOT_FOUND"]] * len(KNOWN_THEN)
    before = await member("early", "VIEWER")
    assert await known(before, late) == nothing
    meanwhile = await member("late", "VIEWER")
    expected = await known(before, early)
    assert isinstance(expected[0], dict), expected
    assert len(expected[0]["lineage"]["nodes"]) > 3
    assert all(isinstance(answer, dict) for answer in expected), expected
    assert await known(before, late) == expected
    await member("early", None)
    await member("late", None)
    assert await known(before, early) == nothing
    assert await known(meanwhile, late) == nothing
