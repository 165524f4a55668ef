"""Wrong arguments of every public call: one clear error that names the argument, and nothing recorded.

The calls are found by looking, so that a new one (or a new argument) is not forgotten.
"""

from __future__ import annotations

import asyncio
import inspect
from argparse import Namespace
from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pytest

import lineage_server
from lineage_server.client import shortcuts
from lineage_server.client.aio import AsyncClient
from lineage_server.client.aio_handles import AsyncArtifact, AsyncModelVersion
from lineage_server.client.aio_run import AsyncRun
from lineage_server.client.answers import Answer
from lineage_server.client.artifact import Artifact
from lineage_server.client.client import Client
from lineage_server.client.registered import Alias, ModelVersion
from lineage_server.client.run import Run
from lineage_server.client.view import LineageView
from lineage_server.domain.errors import InvalidInputError
from tests.unit.client.stub import StubServer
from tests.unit.client.test_aio import FOR_OURSELVES

RUN_ID = "0198c0de-0000-7000-8000-000000000001"
NO_TEXT: tuple[Any, ...] = (5, 1.5, True, b"x", ["a"], {"a": 1}, Namespace(a=1), object())
NO_MAPPING: tuple[Any, ...] = (5, "x", ["a"], ("a",), Namespace(a=1), dict, Namespace(items=1), "")
NO_FLAG: tuple[Any, ...] = ("yes", 1, 0.0, [True])
NO_SECONDS: tuple[Any, ...] = ("x", [1], float("nan"), True)
NO_COUNT: tuple[Any, ...] = ("3", 1.5, -1, True, [1])
NO_RUN: tuple[Any, ...] = (5, ["a"], {"a": 1}, object())
NO_PATH: tuple[Any, ...] = (5, ["a"], {"a": 1})
NO_TIME: tuple[Any, ...] = (5, "yesterday", "", "2026-13-01", ["2026-01-01"], True, datetime(2026, 1, 1))  # noqa: DTZ001
WRONG: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("name", "job", "kind", "project", "description", "role", "type", "uri"), NO_TEXT),
    **dict.fromkeys(("text", "reason", "direction", "view", "column", "query", "run_id"), NO_TEXT),
    **dict.fromkeys(
        ("url", "token", "mode", "capture", "alias", "expected", "comment", "card", "path"), NO_TEXT
    ),
    **dict.fromkeys(("title", "owner"), NO_TEXT),
    **dict.fromkeys(("endpoint", "cluster", "revision"), NO_TEXT),
    **dict.fromkeys(("of", "secret"), (*NO_TEXT, "", "  ")),
    **dict.fromkeys(
        ("values", "params", "tags", "metadata", "variables", "signature", "metrics"), NO_MAPPING
    ),
    "paths": (5, True, b"x", [5], {"a": 1}, object()),
    "aliases": (5, True, b"x", [5], [None], {"a": 1}, object()),
    **dict.fromkeys(("movers", "approvers"), (5, True, b"x", [5], [None], {"a": 1}, object())),
    "register": (5, 0, "", " ", ["a"], object()),
    **dict.fromkeys(("version", "source", "request", "approval"), (5, True, b"x", ["a"], {"a": 1}, object())),
    "state": (*NO_TEXT, "open"),
    "model": (None, "", "  "),
    "columns_from": (*NO_MAPPING, {"a": 5}, {"a": "text"}, {"a": [5]}, {"a": [("x", "y", "z")]}, {5: None}),
    **dict.fromkeys(
        ("partial", "upload", "data", "models", "record", "overwrite", "everything", "perform", "trust"),
        NO_FLAG,
    ),
    **dict.fromkeys(("override", "needs_approval"), NO_FLAG),
    **dict.fromkeys(
        ("wide", "ended", "show_progress"),
        NO_FLAG,
    ),
    "number": (*NO_COUNT, 1 << 32),
    "tolerance": (*NO_SECONDS, -0.1, 1, 2),
    "refs": (5, "run:1", b"x", {"a": 1}, None, object()),
    **dict.fromkeys(("timeout", "traffic"), NO_SECONDS),
    "max_age_seconds": (*NO_SECONDS, -1),
    "limit": ("3", 1.5, -1, 0, True, [1]),
    "by": (5, True, b"x", [5], object(), "", " "),
    **dict.fromkeys(("tag", "param", "metric"), (5, True, b"x", [5], object(), "", "=x")),
    "sort": (*NO_TEXT, "", "-", "a:b"),
    "runs": (5, True, [5], object()),
    "keys": (5, True, [5], object()),
    **dict.fromkeys(("figure", "image", "table"), (5, "", object(), {"a": object()})),
    "body": (5, ["a"], {"a": 1}, object()),
    "headers": NO_MAPPING,
    "ttl_days": (*NO_SECONDS, -1, 36_501, float("inf")),
    **dict.fromkeys(("depth", "width", "indent", "k"), NO_COUNT),
    **dict.fromkeys(
        ("parent", "retry_of", "resumed_from", "ref", "start", "end", "before", "after", "run"), NO_RUN
    ),
    **dict.fromkeys(("folder", "journal_dir", "to", "repo"), NO_PATH),
    **dict.fromkeys(("as_of", "known_at", "when", "since", "until"), NO_TIME),
    **dict.fromkeys(("what", "value"), (None, "", "  ")),
    "step": ("three", "3", [1], b"1", 1j),
    "progress": (5, "x"),
    "error": (5, "x", ValueError),
    "config": (5, {}),
    "client": (5, "x"),
    "events": (None, 5, "x", {"type": "run"}, Run),
    "frameworks": ("jax", 5, None, ["sklearn"]),
    "function": (5, "train", dict),
}
GOOD: dict[str, Any] = {
    "name": "iris", "value": {"a": 1}, "what": "s3://bucket/iris.csv", "text": "x", "reason": "x",
    "values": {"loss": 0.5}, "params": {"lr": 0.1}, "tags": {"team": "vision"}, "run_id": RUN_ID,
    "refs": ["dataset:iris"], "ref": "dataset:iris", "start": "dataset:iris", "end": "model:churn",
    "before": "dataset:iris", "after": "dataset:iris",
    "query": "{ me { subject } }", "view": "field", "to": "/tmp", "model": {"weights": [0.5]},
    "source": "s3://bucket/model", "version": "model:churn@1", "alias": "prod", "when": "2026-03-03",
    "request": "approval:p/churn@1", "description": "flowers", "of": "churn", "body": "{}", "headers": {},
    "secret": "whsec_x", "figure": "plot.png", "image": "plot.png", "table": "table.csv",
}  # fmt: skip


class Call(NamedTuple):
    """A public call: where it is found, and one of its arguments."""

    owner: str
    function: str
    argument: str
    required: tuple[str, ...]
    may_be_none: bool

    @property
    def place(self) -> str:
        return f"{self.owner}.{self.function}"


def calls() -> Iterator[Call]:
    for owner in (
        Client, Run, AsyncClient, AsyncRun, Artifact, AsyncArtifact, Answer, LineageView, ModelVersion,
        AsyncModelVersion, Alias,
    ):  # fmt: skip
        for name, function in inspect.getmembers(owner, inspect.isfunction):
            public = name[0] != "_" or (name == "__init__" and owner in (Client, AsyncClient))
            if public and name not in FOR_OURSELVES:
                yield from _arguments(owner.__name__, name, function)
    for name in lineage_server.client.__all__:
        told = getattr(lineage_server, name)
        if inspect.isfunction(told) or name in ("Input", "Output", "Param"):
            yield from _arguments("lineage_server", name, told)


def _arguments(owner: str, name: str, function: Callable[..., Any]) -> Iterator[Call]:
    told = [p for p in inspect.signature(function).parameters.values() if p.name != "self"]
    required = tuple(p.name for p in told if p.default is p.empty and p.kind is not p.VAR_POSITIONAL)
    for each in told:
        if each.name not in ("uid", "example"):  # what they are given may be anything
            yield Call(
                owner, name, each.name, required, each.default is None or "None" in str(each.annotation)
            )


ALL = list(calls())


@pytest.fixture
def owners(default: Client, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    run = default.start_run("outer")
    view = LineageView(start=("v:1",), nodes=(), edges=())
    made = Artifact(name="a", type="dataset", project="p", client=default)
    churn = ModelVersion(model="churn", version="1", project="p", uri="s3://b/k", client=default)
    return {
        "Client": default, "Run": run, "AsyncClient": AsyncClient(client=default), "AsyncRun": AsyncRun(run),
        "Artifact": made, "AsyncArtifact": AsyncArtifact(made),
        "Answer": Answer(question="cost", data={}, titles={}),
        "LineageView": view, "lineage_server": lineage_server,
        "ModelVersion": churn, "AsyncModelVersion": AsyncModelVersion(churn),
        "Alias": Alias(name="prod", model="churn", project="p"),
    }  # fmt: skip


def _made(owners: dict[str, Any], call: Call, wrong: object) -> None:
    function: Any = type(owners[call.owner]) if call.function == "__init__" else None
    function = function or getattr(owners[call.owner], call.function)
    arguments = {name: GOOD.get(name) for name in call.required} | {call.argument: wrong}
    if call.argument == "column":
        arguments["view"] = "field"
    if call.argument in ("events", "frameworks"):
        answer = function(wrong)
    elif call.argument == "function":
        answer = function(arguments.pop("function"))
    elif call.function == "track":
        answer = function(**{k: v for k, v in arguments.items() if k != "function"})(lambda: None)
    else:
        answer = function(**arguments)
    if inspect.iscoroutine(answer):
        asyncio.run(answer)


@pytest.mark.parametrize("function", sorted({call.place for call in ALL}))
def test_a_wrong_argument_gets_one_clear_error_at_the_call(
    function: str, owners: dict[str, Any], default: Client, stub: StubServer
) -> None:
    assert default.flush(10)
    before = (len(stub.order), len(stub.asked), dict(default.produced))
    for call in (call for call in ALL if call.place == function):
        wrong = WRONG[call.argument]
        for value in (one for one in (*wrong, None) if one is not None or not call.may_be_none):
            with pytest.raises(InvalidInputError) as caught:
                _made(owners, call, value)
            assert caught.value.field == call.argument, (call.argument, value, str(caught.value))
            assert caught.value.allowed, (call.argument, value, str(caught.value))
    assert default.flush(10)
    assert (len(stub.order), len(stub.asked), dict(default.produced)) == before
    assert shortcuts.default_client() is default


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda run: run.note(5), "text is 5 (int); allowed: a text"),
        (lambda run: run.produce({"a": 1}, "iris"), "name is a dict; allowed: a text, such as 'iris'"),
        (lambda run: run.use(None), "what is None; allowed: a reference, an artifact, a path, a frame or"),
        (lambda run: run.log("x"), "values is the text 'x'; allowed: a mapping, such as {'loss': 0.25}"),
        (lambda run: run.log(None), "values is None; allowed: a mapping"),
        (lambda run: run.log({"a": 1.0}, "x"), "step is the text 'x'; allowed: a whole number"),
        (lambda run: run.log_params(Namespace(a=1)), "params is a Namespace; allowed: a mapping, such as"),
        (lambda run: run.set_tags(["a"]), "tags is a list; allowed: a mapping, such as {'team': 'vision'}"),
        (lambda run: lineage_server.lineage(5), "ref is 5 (int); allowed: a reference such as"),  # type: ignore[arg-type]
        (lambda run: lineage_server.start_run(name=5), "name is 5 (int); allowed: a text"),  # type: ignore[arg-type]
        (lambda run: run.child("x", kind=5), "kind is 5 (int); allowed: script, notebook"),
        (lambda run: lineage_server.gql("{ x }", {"a": object()}), "variables hold what JSON cannot say"),
        (lambda run: lineage_server.gql("{ x }", {"a": float("nan")}), "variables hold what JSON cannot say"),
    ],
)
def test_the_error_says_what_came_and_what_is_allowed(
    default: Client, make: Callable[[Any], object], message: str
) -> None:
    run = default.start_run("outer")
    with pytest.raises(InvalidInputError) as caught:
        make(run)
    assert message in str(caught.value)


def test_a_launched_run_that_could_not_begin_leaves_its_id_to_the_next(
    make_client: Callable[..., Client], stub: StubServer
) -> None:
    client = make_client(stub.url, LINEAGE_RUN_ID=RUN_ID)
    wrong: tuple[dict[str, Any], ...] = ({"params": "x"}, {"name": " "}, {"kind": "no"}, {"capture": "no"})
    for told in wrong:
        with pytest.raises(InvalidInputError):
            client.start_run(**told)
    assert client.start_run("right").id == RUN_ID


def test_values_of_the_right_kind_pass(client: Client, stub: StubServer) -> None:
    run = client.start_run("x", params=OrderedDict(lr=np.float32(0.5)), tags={})
    run.log(OrderedDict(loss=0.5), step=np.int64(3))
    run.log({"loss": 0.25}, step=Decimal(4))
    run.produce("iris", {"a": 1}, partial=np.bool_(False), columns_from={"a": [], "b": (["raw", "a"],)})  # type: ignore[arg-type]
    assert run.finish(np.float64(10))
    assert {step for _, step, _, _ in stub.points(run.id)} == {3, 4}
    (made,) = stub.run(run.id)["outputs"]
    assert made["fields"] == {"a": [], "b": [["raw", "a"]]}
