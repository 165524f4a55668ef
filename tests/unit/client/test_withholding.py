"""What a reproduction is not let change: every verb answers something, and nothing of it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from lineage_server.client import withholding
from lineage_server.client.client import Client
from lineage_server.client.curating import Curating
from lineage_server.client.registering import Registering
from lineage_server.domain.errors import NotSupportedError
from lineage_server.domain.event_registry import AliasSet, ModelReported
from lineage_server.domain.events import NodeDeleted, VersionReported
from lineage_server.domain.ids import new_run_id
from tests.unit.client.stub import StubServer

ASKING = {"model_version", "alias", "approvals", "deployments", "activity", "registered_model", "uid_of"}
CALLS: dict[str, Callable[[Client], Any]] = {
    "register": lambda c: c.register("m", "model:made@1", aliases="prod", version="v1").version == "v1",
    "promote": lambda c: c.promote("model:m@3", "prod").version == "",
    "rollback": lambda c: c.rollback("model:m@prod").model == "m",
    "remove_alias": lambda c: c.remove_alias("model:m@prod").name == "prod",
    "request_approval": lambda c: c.request_approval("model:m@3", "prod").alias == "prod",
    "approve": lambda c: c.approve("model:m@3", alias="prod").version == "3",
    "reject": lambda c: c.reject("approval:x").uid == "approval:x",
    "withdraw": lambda c: c.withdraw(c.request_approval("model:m@4")).version == "4",
    "deploy": lambda c: c.deploy("model:m@3", "api", endpoint="https://x").serves == (),
    "update_model": lambda c: c.update_model("m", title="M").name == "m",
    "update_model_version": lambda c: c.update_model_version("model:m@3", card="C").version == "3",
    "set_tags": lambda c: c.set_tags("dataset:d", {"a": "b"}) == "dataset:d",
    "describe": lambda c: c.describe("model:m", "words") == "model:m",
    "archive_model": lambda c: c.archive_model("model:m").ref.endswith("/model:m"),
    "restore_model": lambda c: c.restore_model("model:m@3").ref.endswith("/model:m@3"),
    "hold": lambda c: "/model:m" in c.hold("model:m@3").ref,
    "release": lambda c: "/dataset:d" in c.release("dataset:d@3").ref,
    "set_ttl": lambda c: c.set_ttl("dataset:d@3", 1).type == "dataset",
    "protect": lambda c: c.protect("model:m@prod").ref.endswith("/model:m@prod"),
    "unprotect": lambda c: c.unprotect("model:m").ref.endswith("/model:m"),
    "delete": lambda c: c.delete("dataset:d@3") == "dataset:d@3",
    "undelete": lambda c: c.undelete("dataset:d@3") == "dataset:d@3",
}


@pytest.fixture
def again(client: Client, stub: StubServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """The client of a command that is done again; its server knows of nothing."""
    monkeypatch.setattr(withholding, "_said", set())
    stub.data = {"errors": [{"message": "it is not there", "extensions": {"code": "NOT_FOUND"}}]}
    config = replace(client.config, reproduces=new_run_id(), parent_run=new_run_id())
    with Client(config=config) as made:
        yield made


def test_each_verb_is_known_to_ask_or_to_be_withheld() -> None:
    verbs = {name for half in (Registering, Curating) for name in vars(half) if not name.startswith("_")}
    assert verbs - {"config", "graphql"} == ASKING | CALLS.keys()


@pytest.mark.parametrize("verb", CALLS)
def test_a_verb_answers_and_changes_nothing(
    verb: str, again: Client, stub: StubServer, caplog: pytest.LogCaptureFixture
) -> None:
    assert CALLS[verb](again)
    again.flush(10)
    assert not [asked for asked in stub.asked if "mutation" in asked["query"]]
    (told, *_) = [event["facts"] for event in stub.of_type("run")]
    (what,) = withholding.withheld_of(told)
    assert f"again: {what}; what is registered stays" in caplog.text
    CALLS[verb](again)
    assert caplog.text.count(f"again: {what};") == 1


def test_events_record_and_do_not_curate(again: Client, stub: StubServer) -> None:
    again.report(
        ModelReported(model="m"), AliasSet(model="m", alias="prod", version="3"),
        NodeDeleted(uid="model:p/m"),
        VersionReported(artifact="d", digest="sha256:" + "1" * 64, size=3, hold=True, ttl_at=1),
    )  # fmt: skip
    with again.start_run("makes") as run:
        run.produce("text", b"words", ttl_days=1)
    assert again.flush(10)
    assert {event["type"] for event in stub.order} == {"run", "version"}
    (version,) = stub.of_type("version")
    assert (version["size"], version.get("hold"), version.get("ttl_at")) == (3, None, None)
    (made,) = stub.run(run.id)["outputs"]
    assert "ttl_at" not in made
    told = {
        what for event in stub.of_type("run") for what in withholding.withheld_of(event.get("facts") or {})
    }
    assert told == {"register m", "move alias prod of m", "node.deleted model:p/m"}


def test_what_has_no_answer_is_refused(again: Client, stub: StubServer) -> None:
    for query in ("mutation { gc { count } }", "query A { me { name } }\nmutation B { gc { count } }"):
        with pytest.raises(NotSupportedError, match="withheld, since this only does run"):
            again.gql(query)
    assert not stub.asked
