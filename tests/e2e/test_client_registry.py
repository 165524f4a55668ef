"""The verbs of the model registry in Python, on a real server and both engines: from a fit to a promotion, a
look into the past, approvals, and the bytes behind an alias."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from lineage_server import AsyncClient, Client
from lineage_server.domain.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
)

# On one worker: the server on Neo4j is started once for the whole file.
pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("client-registry")]

PROTECT = """
mutation($input: SetProtectionInput!) { setProtection(input: $input) { problems { message } } }
"""


def test_a_fit_is_logged_registered_found_by_its_alias_and_loaded(client: Client) -> None:
    import joblib
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    x, y = np.array([[0.0], [1.0], [2.0], [3.0]]), [0, 0, 1, 1]
    with client.start_run("train") as run:
        made = run.log_model(
            LogisticRegression().fit(x, y), name="churn", register=True, aliases=["candidate"], example=x,
            card="# Churn", metrics={"auc": 0.9},
        )  # fmt: skip
    version = client.model_version("model:churn@candidate")
    assert (version.version, version.aliases, version.state) == ("1", ("candidate",), "ready")
    assert (version.origin, version.run, version.card) == (version.artifact, run.id, "# Churn")
    assert (version.artifact.uid, version.metrics) == (made.uid, {"auc": 0.9})
    assert version.signature == {
        "inputs": [{"name": "values", "type": "fixed_size_list<double>[1]", "nullable": False}],
        "outputs": [{"name": "values", "type": "int64", "nullable": False}],
        "example": [[0.0], [1.0], [2.0], [3.0]],
    }
    with client.start_run("predict") as reader:
        used = reader.use("model:churn@candidate")
        model: Any = joblib.load(used.path)
    assert model.predict([[0.1], [2.9]]).tolist() == [0, 1]
    assert (used.digest, used.uid) == (made.digest, made.uid)
    assert reader.uid in {node.uid for node in client.lineage(made, "downstream").nodes}
    # The same content again keeps its number; other content gets the next one.
    with client.start_run("again") as run:
        run.use(version)
        run.log_model(used.path, "churn", register=True)
        other = run.log_model({"weights": [0.5]}, "churn", register=True, aliases="candidate")
    assert client.model_version("model:churn@candidate").version == "2"
    newest = client.model_version("model:churn").artifact
    assert newest == client.get("model:churn@2")
    assert newest.uid == other.uid


def test_who_is_mistaken_is_told_what_there_is(client: Client, tmp_path: Path) -> None:
    with client.start_run("make") as run:
        run.produce("iris", {"rows": [1]}, type="dataset")
    client.register("churn", "s3://bucket/churn", aliases=["prod", "staging"])
    for call, said in (
        (lambda: client.alias("model:churn@prodd"), "no alias 'prodd'; there are: prod, staging"),
        (lambda: client.remove_alias("model:churn@stagin"), "no alias 'stagin'; there are: staging, prod"),
    ):
        with pytest.raises(NotFoundError, match=said):
            call()
    with pytest.raises(InvalidInputError, match="allowed: model:churn, which is its newest version"):
        client.model_version("churn")
    with pytest.raises(InvalidInputError, match=r"version is 3 .int.; allowed: a name as text.*next number"):
        client.register("churn", "s3://bucket/other", version=3)  # type: ignore[arg-type]
    with client.start_run("read") as run:
        with pytest.raises(NotFoundError, match="no dataset 'irs'; there are: iris; nothing was recorded"):
            run.use("dataset:irs")
        run.use("dataset:iris")
    assert "irs" not in client.artifacts().column("name").to_pylist()


def test_columns_are_told_in_the_order_of_the_table(client: Client) -> None:
    import pandas as pd

    table = pd.DataFrame({"width": [1.0, 2.0], "age": [3, 4], "of": ["a", "b"], "height": [5, 6]})
    with client.start_run("train") as run:
        run.log_model({"weights": [1]}, "churn", register=True, example=table)
        made = run.log_table("people", table)
    signature = client.model_version("model:churn@1").signature or {}
    for told in (
        [column["name"] for column in signature["inputs"]],
        *(list(row) for row in signature["example"]),
        list(client.get(made.ref).stats["columns"]),
    ):
        assert told == ["width", "age", "of", "height"]


def test_what_was_recorded_is_registered_by_handle_reference_and_uid(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(b"weights")
    with client.start_run("train") as run:
        made = run.log_model(file, "net")
    by_handle = made.register(aliases="candidate")
    assert (by_handle.ref, by_handle.run) == (f"{client.config.project}/model:net@1", run.id)
    assert client.register("net", made.uid).version == "1"
    assert client.register("net", "model:net@candidate").version == "1"
    copy = client.register("team/net", by_handle, description="ours")
    assert (copy.model, copy.origin, copy.description) == ("team/net", by_handle.origin, "ours")
    assert copy.download(tmp_path / "out").read_bytes() == b"weights"
    for wrong in ("net", "./model.bin", f"run:{run.id}", "job:train"):
        with pytest.raises((InvalidInputError, NotFoundError)):
            client.register("net", wrong)
    with client.start_run("more") as more:
        more.produce("model:lone", file)
    with pytest.raises(NotFoundError, match="register it first"):
        client.promote("model:lone@1", "prod")


def test_an_alias_moves_only_from_where_it_is_thought_to_be_and_keeps_its_history(client: Client) -> None:
    for place in ("a", "b", "c"):
        client.register("churn", f"s3://bucket/{place}")
    first = client.promote("model:churn@1", "prod", expected="", reason="the first")
    assert (first.version, first.moves[0].before, first.moves[0].by) == ("1", "", "local/local")
    time.sleep(0.01)
    between = datetime.now(UTC)
    client.promote("model:churn@3", "staging")
    moved = client.promote("model:churn@staging", "prod", expected="1", reason="better")
    assert moved.version == "3"
    with pytest.raises(ConflictError) as caught:
        client.promote("model:churn@2", "prod", expected="1")
    assert caught.value.current == "3"
    gone = client.remove_alias("model:churn@prod", reason="withdrawn")
    assert [(m.version, m.before, m.reason) for m in gone.moves] == [
        ("", "3", "withdrawn"), ("3", "1", "better"), ("1", "", "the first"),
    ]  # fmt: skip
    alias = client.alias("model:churn@prod")
    assert alias == gone
    was = alias.at(between)
    assert was is not None
    assert (was.version, was.reason) == ("1", "the first")
    assert (alias.at("2020-01-01"), alias.at(datetime.now(UTC))) == (None, None)
    lines = str(alias).splitlines()
    assert lines[0] == "model:churn@prod points to nothing"
    assert [line.split()[2:5] for line in lines[1:]] == [
        ["3", "→", "–"], ["1", "→", "3"], ["–", "→", "1"],
    ]  # fmt: skip
    for wrong in ("model:churn", "dataset:iris@prod", "prod", f"run:{uuid4()}"):
        with pytest.raises(InvalidInputError):
            client.alias(wrong)


def test_a_protected_alias_is_asked_for_decided_on_and_then_moved(client: Client) -> None:
    for place in ("a", "b"):
        client.register("churn", f"s3://bucket/{place}")
    of = {"project": client.config.project, "model": "churn", "alias": "prod"}
    assert client.gql(PROTECT, {"input": of})["setProtection"]["problems"] == []
    with pytest.raises(ConflictError, match="Request one") as caught:
        client.promote("model:churn@1", "prod")
    assert caught.value.current == "protected"
    with pytest.raises(ConflictError, match="is registered, alias 'prod' was not moved"):
        client.register("churn", "s3://bucket/c", aliases="prod")
    asked = client.request_approval("model:churn@1", "prod", "please look")
    assert (asked.state, asked.alias, asked.question) == ("pending", "prod", "please look")
    with pytest.raises(NotFoundError, match="nobody waits"):
        client.approve("model:churn@2")
    given = client.approve("model:churn@1", "fine", alias="prod")
    assert (given.uid, given.state, given.comment) == (asked.uid, "approved", "fine")
    moved = client.promote("model:churn@1", "prod", reason="approved")
    assert (moved.version, moved.protected, moved.moves[0].approval) == ("1", True, asked.uid)
    refused = client.reject(client.request_approval("model:churn@2", "prod"), "too slow")
    assert refused.state == "rejected"
    for alias in ("prod", None):
        client.request_approval("model:churn@2", alias)
    with pytest.raises(InvalidInputError, match="2 requests wait"):
        client.approve("model:churn@2")
    states = {one.uid: one.state for one in client.approvals("churn")}
    assert sorted(states.values()) == ["pending", "pending", "rejected", "used"]
    assert [one.uid for one in client.approvals(state="used")] == [asked.uid]


def test_a_run_whose_alias_is_refused_keeps_its_model_and_is_told_what_to_do(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    client.register("churn", "s3://bucket/a", aliases="prod")
    client.protect("model:churn@prod")
    with client.start_run("train") as run:
        made = run.log_model({"weights": [1]}, "churn", register=True, aliases=["prod", "candidate"])
    assert client.flush(20)
    version = client.model_version("model:churn@candidate")
    assert (version.version, version.run, version.artifact.uid) == ("2", run.id, made.uid)
    assert client.alias("model:churn@prod").version == "1"
    (warned,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    asked = f"lineage promote {client.config.project}/model:churn@2 prod --ask"
    assert "the server refused 1 event(s)" in warned
    assert asked in warned
    assert client.sync_status().refused == 1
    # What the warning says is what to do.
    client.request_approval(version, "prod")
    client.approve(version, alias="prod")
    assert client.promote(version, "prod").version == "2"


def test_a_run_names_the_version_that_it_registers(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with client.start_run("train") as run:
        made = run.log_model({"weights": [1]}, "churn", register=True, version="2026.11", aliases="prod")
        run.log_model({"weights": [2]}, "churn", register=True, version="2026.11")
    assert client.flush(20)
    version = client.model_version("model:churn@prod")
    assert (version.version, version.run, version.artifact.uid) == ("2026.11", run.id, made.uid)
    (warned,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert "has a version '2026.11' of something else" in warned
    third = made.register(version="third")  # the same thing under another name, too
    assert (third.version, third.artifact.uid) == ("third", made.uid)
    for alias in ("3", "latest"):
        with pytest.raises(InvalidInputError, match="cannot be told from a version"):
            client.promote(version, alias)
    with pytest.raises(ConflictError, match="is a version of model"):
        client.promote(version, "third")
    with pytest.raises(InvalidInputError, match="not registered"):
        client.start_run("again").log_model({"weights": [1]}, "churn", version="x")


def test_the_async_twin_does_the_same(client: Client) -> None:
    async def story() -> None:
        twin = AsyncClient(client=client)
        async with twin.start_run("train") as run:
            made = await run.log_model({"weights": [1]}, "churn", register=True, aliases="candidate")
        version = await twin.model_version("model:churn@candidate")
        assert version.artifact.uid == made.uid
        far = await twin.register("churn", "s3://bucket/b", run=run)
        assert (far.version, far.run) == ("2", run.id)
        moved = await twin.promote(far, "prod", expected="")
        assert moved == await twin.alias("model:churn@prod")
        asked = await twin.request_approval(version, "prod")
        assert (await twin.reject(asked, "no")).comment == "no"
        assert [one.state for one in await twin.approvals("churn")] == ["rejected"]
        assert (await twin.remove_alias(moved)).version == ""
        with pytest.raises(NotFoundError):
            await twin.approve("model:churn@1")
        assert (await twin.get("model:churn@candidate")).uid == made.uid
        await twin.client.graphql.close_async()

    asyncio.run(story())


def test_what_serves_a_version_is_said_and_listed(client: Client) -> None:
    version = client.register("churn", "s3://bucket/1")
    assert version.deployments == []
    made = client.deploy(version, "api", endpoint="http://api.example")
    assert (made.revision, made.endpoint, made.to_at) == ("1", "http://api.example", None)
    client.deploy("model:churn@1", "api", ended=True)
    (found,) = client.deployments("model:churn@1")
    assert (found.uid, found.to_at is None) == (made.uid, False)
    assert version.deployments == [found]
    client.deploy(client.register("churn", "s3://bucket/2"), "api")
    client.deploy(client.register("other", "s3://bucket/3"), "batch")
    project = client.config.project
    listed = client.deployments()
    assert [(one.name, one.revision, one.serves) for one in listed] == [
        ("batch", "1", (f"modelversion:{project}/other@1",)),
        ("api", "2", (f"modelversion:{project}/churn@2",)),
        ("api", "1", (f"modelversion:{project}/churn@1",)),
    ]
    assert client.deployments(model="churn") == client.deployments(model="model:churn") == listed[1:]
    assert client.deployments(model="none") == []
    with pytest.raises(InvalidInputError, match="ref alone, or model and project without it"):
        client.deployments("model:churn@1", model="churn")


def test_an_alias_goes_back_to_where_it_pointed_before(client: Client) -> None:
    for number in ("1", "2", "3"):
        client.register("churn", f"s3://bucket/{number}", aliases=["prod"] if number == "1" else None)
    with pytest.raises(ConflictError, match="no former version to go back to"):
        client.rollback("model:churn@prod")
    client.promote("model:churn@2", "prod")
    back = client.rollback("model:churn@prod", reason="too slow")
    assert (back.version, back.moves[0].before, back.moves[0].reason) == ("1", "2", "too slow")
    client.promote("model:churn@3", "prod")
    client.archive_model("model:churn@1", reason="old")
    with pytest.raises(ConflictError, match="pointed to version '1' before, which is archived; nothing was"):
        client.rollback("model:churn@prod")
    client.restore_model("model:churn@1")
    client.delete("model:churn@1", reason="gone")
    with pytest.raises(ConflictError, match="pointed to version '1' before, which is not there any more"):
        client.rollback(back)
    client.undelete(f"modelversion:{client.config.project}/churn@1")
    client.protect("model:churn@prod")
    with pytest.raises(ConflictError, match="is protected: it moves with an approval of version '1'"):
        client.rollback("model:churn@prod")
    client.approve(client.request_approval("model:churn@1", "prod"))
    assert client.rollback("model:churn@prod").version == "1"
    with pytest.raises(NotFoundError, match="no alias 'stage'; there are: prod"):
        client.rollback("model:churn@stage")


def test_a_version_of_another_model_brings_what_it_says_of_itself(client: Client) -> None:
    other = f"{client.config.project}-prod"
    with client.start_run("train") as run:
        made = run.log_model({"weights": [1]}, "churn")
    client.flush()
    told: dict[str, Any] = {
        "description": "good",
        "card": "# Card",
        "tags": {"team": "a"},
        "metrics": {"auc": 0.9, "odd": float("nan")},
        "signature": {"inputs": [{"name": "x"}]},
    }
    client.register("churn", made, **told)
    client.register("churn", "s3://bucket/2", run=run, **told)
    for number in (1, 2):
        copied = client.register(f"{other}/model:churn", f"model:churn@{number}", tags={"copy": "yes"})
        assert (copied.project, copied.version) == (other, str(number))
        assert (copied.description, copied.card, copied.tags) == ("good", "# Card", {"copy": "yes"})
        assert copied.metrics["auc"] == 0.9
        assert copied.metrics["odd"] != copied.metrics["odd"]
        assert (copied.signature, copied.run) == (told["signature"], run.id)
    again = client.register(f"{other}/model:churn", client.model_version("model:churn@1"), card="# Ours")
    assert (again.version, again.card, again.tags) == ("1", "# Ours", {"copy": "yes", "team": "a"})


def test_a_version_has_the_name_that_it_is_given(client: Client) -> None:
    made = client.register("churn", "s3://bucket/1", version="2026-11/α", aliases="prod")
    assert (made.version, made.ref.rpartition("@")[2]) == ("2026-11/α", "2026-11/α")
    assert client.model_version("model:churn@2026-11/α") == client.model_version("model:churn@prod")
    assert client.register("churn", "s3://bucket/1", version="2026-11/α").uid == made.uid
    with pytest.raises(ConflictError, match="of something else"):
        client.register("churn", "s3://bucket/2", version="2026-11/α")
    assert client.register("churn", "s3://bucket/2").version == "1"
