"""Subscriptions as other programs open them on the real server: server-sent events and WebSockets, from the
first message to every way in which they end. Nothing is told to who may not see it."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from tests.e2e.conftest import client_environment
from tests.support.faults import event, run_id, send
from tests.support.streaming import (
    FOLLOW,
    ME,
    REVOKE,
    SECONDS,
    STATUS,
    Guarded,
    begin,
    close_code,
    dialled,
    expire,
    heard,
    in_an_hour,
    open_streams,
    opened,
    streamed,
    subscribe,
    told_runs,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.conftest import RunningServer, StartServer
    from tests.support.neo4j_server import Address

pytestmark = pytest.mark.e2e


# --- server-sent events ------------------------------------------------------------------------


def test_events_come_as_they_happen_and_the_line_may_break(
    start_server: StartServer, outer: Address | None
) -> None:
    server = start_server(outer=outer)
    name = "over-sse"
    for turn in range(2):  # the second after a line that was cut
        with streamed(server, FOLLOW, project=name) as (answer, events):
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert "no-cache" in answer.headers["cache-control"]
            open_streams(server, 1)
            send(server.url, [event("elsewhere", turn), event(name, turn)])
            kind, told = events.next()
            assert (kind, told_runs(told)) == ("next", [f"run:{run_id(name, turn)}"])
        open_streams(server, 0)
    with streamed(server, FOLLOW, project=name) as (_, events):
        open_streams(server, 1)
        begun = time.monotonic()
        thread = threading.Thread(target=server.stop)
        thread.start()
        last = events.rest()
        assert [kind for kind, _ in last] == ["next", "complete"]
        assert last[0][1]["data"]["runsChanged"]["kind"] == "RECONNECT"
        assert time.monotonic() - begun < 5
        thread.join(40)
    assert server.process.poll() == 0, server.output()
    assert "Traceback" not in server.output()


def test_every_stream_ends_clearly_with_the_server(start_server: StartServer) -> None:
    server = start_server()
    with contextlib.ExitStack() as stack:
        _, events = stack.enter_context(streamed(server, STATUS))
        assert events.next()[0] == "next"
        ws = stack.enter_context(opened(server))
        subscribe(ws, "1", STATUS)
        assert heard(ws)["type"] == "next"
        begun = time.monotonic()
        thread = threading.Thread(target=server.stop)
        thread.start()
        assert events.rest()[-1] == ("complete", None)
        assert time.monotonic() - begun < 5
        assert close_code(ws) == 1012
        thread.join(40)
    assert "Traceback" not in server.output()


DEEP = 'subscription { runsChanged(project: "x") { ' + "changes { " * 40 + "uid" + " }" * 40 + " } }"
ALIASED = (
    'subscription { runsChanged(project: "x") { ' + " ".join(f"a{n}: seq" for n in range(10_000)) + " } }"
)
WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "no document": ("subscription {", {}, "BAD_INPUT"),
    "an unknown field": ("subscription { nothing }", {}, "BAD_INPUT"),
    "a variable that is missing": (FOLLOW, {}, "BAD_INPUT"),
    "deep": (DEEP, {}, "LIMIT"),
    "10,000 aliases": (ALIASED, {}, "LIMIT"),
    "brackets": ("{" * 100_000, {}, "LIMIT"),
    "no uid": ('subscription { runChanged(uid: "what") { seq } }', {}, "BAD_INPUT"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_document_has_one_error_on_every_transport(running_server: RunningServer, name: str) -> None:
    query, variables, code = WRONG[name]
    body = {"query": query, "variables": variables}
    with streamed(running_server, query, **variables) as (answer, events):
        assert answer.status_code == 200
        (kind, told), *rest = events.rest()
        assert (kind, rest) == ("next", [("complete", None)])
    with opened(running_server) as ws:
        subscribe(ws, "1", query, **variables)
        message = heard(ws)
        errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        subscribe(ws, "2", ME)
        while (later := heard(ws))["id"] != "2":
            assert later == {"type": "complete", "id": "1"}
        assert later["payload"]["data"]["me"]
    posted = httpx2.post(running_server.url + "/graphql", json=body, timeout=SECONDS).json()
    for told_errors in (told["errors"], errors):
        assert [one["extensions"]["code"] for one in told_errors] == [code]
        assert told_errors[0]["message"]
    if "subscription {" not in query or code == "LIMIT":
        assert [one["extensions"]["code"] for one in posted["errors"]] == [code]


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b'"x"', b"null"])
def test_a_body_that_is_none_has_the_shape_of_an_error(running_server: RunningServer, body: bytes) -> None:
    for accept in ("text/event-stream", "application/json"):
        headers = {"accept": accept, "content-type": "application/json"}
        answer = httpx2.post(running_server.url + "/graphql", content=body, headers=headers, timeout=SECONDS)
        assert answer.status_code == 400
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "BAD_INPUT"


# --- who may hear it ---------------------------------------------------------------------------


@pytest.fixture
def guarded(start_server: StartServer, tmp_path: Path) -> Iterator[Guarded]:
    told = client_environment(tmp_path / "user", LINEAGE_AUTH__MODE="token")
    server = start_server(environment=told)
    yield Guarded(server)
    open_streams(server, 0)
    assert "Traceback" not in server.output()


ONE = {"uid": f"run:{run_id('mine', 0)}"}
FOREIGN: dict[str, tuple[str, dict[str, Any], str]] = {
    "runsChanged": (FOLLOW, {"project": "mine"}, "NOT_FOUND"),
    "modelsChanged": (
        "subscription ($project: String!) { modelsChanged(project: $project) { seq } }", {"project": "mine"},
        "NOT_FOUND",
    ),
    "artifactsChanged": (
        "subscription ($project: String!) { artifactsChanged(project: $project) { seq } }",
        {"project": "mine"}, "NOT_FOUND",
    ),
    "runChanged": (
        "subscription ($uid: String!) { runChanged(uid: $uid) { seq run { uid } } }", ONE, "NOT_FOUND",
    ),
    "metricPoints": ("subscription ($uid: String!) { metricPoints(run: $uid) { seq } }", ONE, "NOT_FOUND"),
    "lineageChanged": (
        "subscription ($uid: String!) { lineageChanged(uid: $uid) { changes { uid } } }", ONE, "NOT_FOUND",
    ),
    "ingestStatus": (STATUS, {}, "FORBIDDEN"),
}  # fmt: skip


def code_of(answer: dict[str, Any]) -> str:
    """Of the only error there is; nothing else is told."""
    assert not any((answer.get("data") or {}).values())
    (error,) = answer["errors"]
    return error["extensions"]["code"]


@pytest.mark.parametrize("said", ["", "lin_nonsense", "x" * 10_000])
def test_nobody_without_a_token_hears_anything(guarded: Guarded, said: str) -> None:
    with streamed(guarded.server, STATUS, token=said) as (answer, _):
        assert answer.status_code == 401
        assert code_of(json.loads(answer.read())) == "UNAUTHENTICATED"
    with dialled(guarded.server) as one:
        begin(one, said)
        assert close_code(one) == 4403


def test_a_stranger_hears_nothing_while_a_member_does(guarded: Guarded) -> None:
    _, member = guarded.token("mine", "VIEWER")
    _, stranger = guarded.token("other", "ADMIN")
    with contextlib.ExitStack() as stack:
        _, own = stack.enter_context(streamed(guarded.server, FOLLOW, token=member, project="mine"))
        theirs = {
            name: stack.enter_context(streamed(guarded.server, query, token=stranger, **variables))[1]
            for name, (query, variables, _) in FOREIGN.items()
        }
        ws = stack.enter_context(opened(guarded.server, stranger))
        for name, (query, variables, _) in FOREIGN.items():
            subscribe(ws, name, query, **variables)
        refused: dict[str, str] = {}
        while len(refused) < len(FOREIGN):
            message = heard(ws)
            if message["type"] != "complete":
                told = message["payload"]
                answer = {"errors": told} if message["type"] == "error" else told
                refused[message["id"]] = code_of(answer)
        assert refused == {name: code for name, (_, _, code) in FOREIGN.items()}
        open_streams(guarded.server, 1)
        uid = guarded.record(1)
        assert told_runs(own.next()[1]) == [uid]
        for name, events in theirs.items():
            (_, answer), last = events.rest()
            assert (code_of(answer), last) == (FOREIGN[name][2], ("complete", None))


def test_a_stream_ends_with_its_token(guarded: Guarded) -> None:
    """Revoked, and expired; and it does not begin again."""
    revoked, text = guarded.token("mine", "VIEWER")
    short, said_short = guarded.token("mine", "VIEWER", name="short", expiresAt=in_an_hour())
    with (
        streamed(guarded.server, FOLLOW, token=text, project="mine") as (_, first),
        streamed(guarded.server, FOLLOW, token=said_short, project="mine") as (_, second),
    ):
        open_streams(guarded.server, 2)
        guarded.ask(REVOKE, {"input": {"token": revoked}})
        expire(guarded.server, short)
        for events in (first, second):
            (_, answer), last = events.rest()
            assert (code_of(answer), last) == ("UNAUTHENTICATED", ("complete", None))
    for said in (text, said_short):
        with streamed(guarded.server, FOLLOW, token=said, project="mine") as (answer, _):
            assert answer.status_code == 401
