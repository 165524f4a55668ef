"""Questions: what is asked, what comes back, and errors as the ones they are."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from lineage_server.cli import main as cli
from lineage_server.client.client import Client
from lineage_server.client.graphql import data_from, error_from
from lineage_server.client.registered import Alias
from lineage_server.domain import errors
from lineage_server.domain.errors import InvalidInputError, LineageError, UnavailableError
from tests.unit.client.stub import StubServer


def head(uid: str, label: str, name: str, **told: Any) -> dict[str, Any]:
    node = {
        "uid": uid, "label": label, "name": name, "kind": "", "project": "default", "state": "",
        "ordinal": None, "version": "", "digest": "", "at": None, "endedAt": None, "deletedAt": None,
        "aliases": [],
    }  # fmt: skip
    return {"node": {**node, **told}, "depth": 0, "side": "UPSTREAM"}


def edge(start: str, end: str, kind: str, role: str, basis: str, **properties: Any) -> dict[str, Any]:
    ends = {"from": start, "to": end, "type": kind, "role": role}
    return {**ends, "at": None, "basis": basis, "event": "e", "properties": properties}


def answer() -> dict[str, Any]:
    return {
        "data": {
            "lineage": {
                "start": ["v:2"],
                "nodes": [
                    head("v:2", "ArtifactVersion", "model", kind="model", ordinal=2, aliases=["prod"]),
                    head("run:1", "Run", "train", state="complete"),
                    head("v:1", "ArtifactVersion", "iris", kind="dataset", ordinal=1),
                ],
                "edges": [
                    edge("run:1", "v:2", "OUTPUT", "m", "declared", again=True),
                    edge("v:1", "run:1", "INPUT_TO", "iris", "inferred"),
                ],
                "fields": [],
                "isPartial": False,
                "reason": "",
                "truncated": [{"uid": "v:1", "hidden": 3}, {"uid": "v:1", "hidden": None}],
                "boundary": [{"uid": "v:1", "more": 2}, {"uid": "run:1", "more": None}],
                "plan": {"levels": 1, "nodesVisited": 3, "milliseconds": 1.5},
            }
        }
    }  # fmt: skip


def test_lineage_asks_and_reads(client: Client, stub: StubServer) -> None:
    stub.data = answer()
    when = datetime(2026, 3, 3, tzinfo=UTC)
    view = client.lineage("model:churn@prod", "upstream", depth=3, as_of=when)
    assert stub.asked[0]["variables"] == {
        "start": ["model:churn@prod"],
        "project": "default",
        "direction": "UPSTREAM",
        "view": "VERSION",
        "maxDepth": 3,
        "asOf": "2026-03-03T00:00:00+00:00",
    }
    assert [node.uid for node in view.upstream()] == ["run:1", "v:1"]
    assert view.downstream() == []
    assert view.hidden == {"v:1": 5}
    assert str(view).splitlines() == [
        "model:model@2         prod",
        "└─ run train          complete, as m, again",
        "   └─ dataset:iris@1  inferred",
        "      +5 more",
    ]


def test_lineage_of_runs_and_handles(client: Client, stub: StubServer) -> None:
    stub.data = answer()
    with client.start_run("x") as run:
        made = run.produce("iris", [{"a": 1}])
    client.lineage(run)
    client.lineage(made)
    assert [a["variables"]["start"] for a in stub.asked] == [[f"run:{run.id}"], [made.uid]]


def test_lineage_of_columns(client: Client, stub: StubServer) -> None:
    stub.data = answer()
    link = {"from": "v:1", "fromColumn": "a", "to": "v:2", "toColumn": "b"}
    stub.data["data"]["lineage"] |= {"edges": [], "fields": [link, {**link, "toColumn": "a"}]}
    view = client.lineage("dataset:iris@1", view="field", column="a")
    assert stub.asked[0]["variables"]["column"] == "a"
    assert [(f.start, f.start_column, f.end, f.end_column) for f in view.fields] == [
        ("v:1", "a", "v:2", "b"), ("v:1", "a", "v:2", "a"),
    ]  # fmt: skip
    assert [(e.start, e.end, e.role) for e in view.edges] == [("v:1", "v:2", "a → b, a")]
    assert view.to_dict()["fields"][0] == link


@pytest.mark.parametrize(
    ("ref", "whole"),
    [
        ("dataset:iris@3", "artifact:default/dataset/iris"),
        ("team/dataset:iris", "artifact:team/dataset/iris"),
        ("version:p/dataset/iris@run:1", "artifact:p/dataset/iris"),
        ("job:train", "job:train"),
    ],
)
def test_the_logical_view_begins_at_the_artifact(
    client: Client, stub: StubServer, ref: str, whole: str
) -> None:
    stub.data = answer()
    client.lineage(ref, view="logical")
    assert stub.asked[0]["variables"]["start"] == [whole]


def test_one_sees_ones_own(client: Client, stub: StubServer) -> None:
    stub.data = answer()
    client.start_run("x")
    client.lineage("dataset:iris")
    assert [r["path"] for r in stub.requests][-1] == "/graphql"
    assert stub.accepted == 1


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"direction": "sideways"}, "direction"),
        ({"view": "moon"}, "view"),
        ({"column": "a"}, "view"),
        ({"as_of": datetime(2026, 1, 1)}, "as_of"),  # noqa: DTZ001 - that it is naive is the point
    ],
)
def test_questions_that_make_no_sense(client: Client, told: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        client.lineage("dataset:iris", **told)
    assert caught.value.field == field


def test_a_time_without_a_zone_is_refused_by_every_call(client: Client) -> None:
    """As a text it is in the clock of the machine, which it says; a naive ``datetime`` may be anybody's."""
    naive: Any = datetime(2026, 1, 1)  # noqa: DTZ001 - that it is naive is the point
    alias = Alias(name="prod", model="churn", project="default")
    calls: list[Callable[[], object]] = [
        lambda: client.lineage("dataset:iris", as_of=naive),
        lambda: client.lineage("dataset:iris", known_at=naive),
        lambda: client.impact("dataset:iris", as_of=naive),
        lambda: client.path("dataset:iris", "dataset:other", known_at=naive),
        lambda: client.runs(since=naive),
        lambda: client.runs(until=naive),
        lambda: alias.at(naive),
    ]
    for call in calls:
        with pytest.raises(InvalidInputError, match=r"has no time zone; allowed: .*astimezone\(\)"):
            call()
    assert alias.at("2026-01-01") is alias.at(naive.astimezone()) is None


@pytest.mark.parametrize("error", errors.ERRORS)
def test_every_error_comes_back_as_itself(
    error: type[LineageError], client: Client, stub: StubServer
) -> None:
    told = {"code": error.code, "field": "f", "permission": "p", "limit": 3, "part": "graph", "current": "c"}
    stub.data = {"errors": [{"message": "why", "extensions": told}]}
    with pytest.raises(LineageError, match="why") as caught:
        client.gql("{ x }")
    assert type(caught.value) is error
    for key, value in caught.value.details().items():
        if key in told:
            assert value == told[key]


def test_an_unknown_code_is_still_an_error_of_ours() -> None:
    assert type(error_from("NEW_CODE", "why", {})) is LineageError


def test_nobody_there(lonely: Client) -> None:
    with pytest.raises(UnavailableError, match="lineage up"):
        lonely.gql("{ x }")


def test_switched_off(make_client: Callable[..., Client], stub: StubServer) -> None:
    with pytest.raises(UnavailableError, match="disabled"):
        make_client(stub.url, LINEAGE_MODE="disabled").gql("{ x }")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"data":', b'{"errors": [1]}', b"\xff"])
@pytest.mark.parametrize("status", [200, 404, 500])
def test_answers_of_somebody_else(body: bytes, status: int) -> None:
    with pytest.raises(UnavailableError):
        data_from(status, body, "http://x")


def test_a_rest_error_is_read_too() -> None:
    body = b'{"error": "UNAUTHENTICATED", "message": "who?", "details": {}}'
    with pytest.raises(errors.NotAuthenticatedError, match="who"):
        data_from(401, body, "http://x")


@pytest.mark.parametrize("name", ["as_of", "known_at"])
@pytest.mark.parametrize(
    ("when", "asked"),
    [
        ("2026-05-01T12:00:00Z", "2026-05-01T12:00:00+00:00"),
        (" 2026-05-01T14:00+02:00 ", "2026-05-01T14:00:00+02:00"),
        ("2026-05-01 12:00:00.5Z", "2026-05-01T12:00:00.500000+00:00"),
        ("2026-05-01", "2026-05-01T00:00:00-03:00"),
        ("2026-05-01T12:00", "2026-05-01T12:00:00-03:00"),
        (date(2026, 5, 1), "2026-05-01T00:00:00-03:00"),
        (datetime(2026, 5, 1, tzinfo=UTC), "2026-05-01T00:00:00+00:00"),
    ],
)
def test_times_are_taken_as_people_give_them(
    client: Client, stub: StubServer, monkeypatch: pytest.MonkeyPatch, name: str, when: Any, asked: str
) -> None:
    monkeypatch.setenv("TZ", "XYZ+3")
    time.tzset()
    try:
        stub.data = answer()
        told: dict[str, Any] = {name: when}
        client.lineage("dataset:iris", **told)
    finally:
        monkeypatch.undo()
        time.tzset()
    variables = stub.asked[0]["variables"]
    assert variables["asOf" if name == "as_of" else "knownAt"] == asked


@pytest.mark.parametrize("when", ["yesterday", "", "2026-13-01", "12:00", "0001-01-01"])
def test_what_is_no_time_is_told_alike_in_python_and_on_the_command_line(
    default: Client, capsys: pytest.CaptureFixture[str], when: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        default.lineage("dataset:iris", as_of=when)
    assert str(caught.value) == (
        f"as_of {when!r} is not a time; allowed: 2026-05-01, 2026-05-01T12:00, or with a zone "
        "2026-05-01T12:00:00Z"
    )
    assert cli.run(["lineage", "dataset:iris", "--as-of", when]) == 2
    assert capsys.readouterr().err == f"error: {caught.value}\n"
