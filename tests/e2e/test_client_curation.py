"""What is registered is described, tagged, archived, held, protected and deleted from Python."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lineage_server import AsyncClient, ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from lineage_server.client.registered import Alias, ModelVersion, RegisteredModel

if TYPE_CHECKING:
    from lineage_server import Client

# On one worker: the server on Neo4j is started once for the whole file.
pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("client-curation")]


def test_models_and_versions_are_described_anew(client: Client) -> None:
    made = client.register("churn", "s3://bucket/a", aliases="prod", tags={"team": "a", "stage": "trial"})
    model = client.update_model("churn", title="Who leaves", owner="mina", card="# Churn", tags={"x": 1})
    assert (model.title, model.owner, model.card, model.tags) == ("Who leaves", "mina", "# Churn", {"x": "1"})
    assert (model.aliases, model.highest, model.newest, model.state) == ({"prod": "1"}, 1, "1", "ready")
    assert str(model) == "model:churn  ready, 1 version, Who leaves"
    assert client.update_model(model, tags={"x": None}).tags == {}
    for name in ("model:churn", model.uid, f"{model.project}/model:churn", model):
        assert client.registered_model(name).owner == "mina", name
    version = client.update_model_version(
        "model:churn@prod", description="the first", metrics={"auc": 0.9}, tags={"stage": None}
    )
    assert (version.uid, version.description) == (made.uid, "the first")
    assert (version.metrics, version.tags) == ({"auc": 0.9}, {"team": "a"})
    assert client.update_model_version(version, card="Words").metrics == {"auc": 0.9}
    with pytest.raises(InvalidInputError, match="nothing is said"):
        client.update_model("churn")
    with pytest.raises(InvalidInputError, match="nothing is said"):
        client.update_model_version(version)
    with pytest.raises(InvalidInputError, match="not the name of a model"):
        client.registered_model("model:churn@1")
    with pytest.raises(NotFoundError, match="'lineage ls models'"):
        client.update_model("nothing", owner="me")


def test_anything_is_described_and_tagged_and_deleted(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "data.csv"
    file.write_text("petal\n1\n")
    with client.start_run("prepare") as run:
        made = run.produce("dataset:iris", file)
    seen = "query($uid: String!) { node(uid: $uid) { __typename description tags { key value } deletedAt } }"

    def node(uid: str) -> dict[str, object]:
        return client.gql(seen, {"uid": uid})["node"]

    artifact = client.describe("dataset:iris", "flowers")
    assert (node(artifact)["__typename"], node(artifact)["description"]) == ("Artifact", "flowers")
    version = client.set_tags("dataset:iris@1", {"split": "train"})
    assert (version, node(version)["tags"]) == (made.uid, [{"key": "split", "value": "train"}])
    assert client.set_tags(made, {"split": None}) == version
    assert node(version)["tags"] == []
    assert client.describe(run, "the first") == f"run:{run.id}"
    with pytest.raises(InvalidInputError, match="says no version, so nothing was deleted"):
        client.delete("dataset:iris")
    client.hold(made, reason="audit")
    with pytest.raises(ConflictError, match="it is held"):
        client.delete("dataset:iris@1")
    client.release("dataset:iris@1")
    assert client.delete("dataset:iris@1") == version
    assert node(version)["deletedAt"] is not None
    assert client.undelete(version) == version
    assert node(version)["deletedAt"] is None


def test_versions_are_archived_held_and_deleted_only_where_nothing_needs_them(client: Client) -> None:
    client.register("churn", "s3://bucket/a", aliases="prod")
    client.register("churn", "s3://bucket/b")
    archived = client.archive_model("model:churn@2", reason="old")
    assert isinstance(archived, ModelVersion)
    assert (archived.version, archived.state) == ("2", "archived")
    with pytest.raises(ConflictError, match="prod"):
        client.archive_model("model:churn@1")
    with pytest.raises(InvalidInputError, match="reason"):
        client.archive_model("model:churn@1", override=True)
    assert client.archive_model("model:churn@1", override=True, reason="recalled").state == "archived"
    whole = client.archive_model("model:churn", override=True, reason="replaced")
    assert isinstance(whole, RegisteredModel)
    assert whole.state == "archived"
    with pytest.raises(ConflictError, match="archived"):
        client.register("churn", "s3://bucket/c")
    assert client.restore_model(whole).state == "ready"
    assert client.restore_model("model:churn@prod").state == "ready"
    held = client.hold("model:churn@2", reason="audit")
    assert isinstance(held, ModelVersion)
    assert held.hold
    with pytest.raises(ConflictError, match="it is held"):
        client.delete(held)
    uid = client.delete("model:churn@2", override=True, reason="privacy")
    assert client.undelete(uid) == uid
    released = client.release(held)
    assert isinstance(released, ModelVersion)
    assert not released.hold
    with pytest.raises(InvalidInputError, match="says no version"):
        client.hold("model:churn")
    told = client.gql(
        "query($project: String) { audit(project: $project, first: 50) { edges { node { action after } } } }",
        {"project": client.config.project},
    )
    by_action = [(edge["node"]["action"], edge["node"]["after"]) for edge in told["audit"]["edges"]]
    deleted = json.loads(next(after for action, after in by_action if action == "deleteNode"))
    assert (deleted["override"], deleted["reason"]) == (True, "privacy")


def test_what_is_deleted_is_not_the_newest_and_who_reads_or_registers_it_is_told(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with client.start_run("make") as run:
        kept, gone = (run.produce("rows", {"x": [number]}, type="dataset") for number in (1, 2))
    uid = client.delete("dataset:rows@2")
    assert client.get("dataset:rows@latest").digest == kept.digest
    with client.start_run("read") as reader:
        assert reader.use("dataset:rows").digest == kept.digest
        assert not caplog.records
        assert reader.use("dataset:rows@2").digest == gone.digest
    assert "dataset:rows@2 was deleted, and its bytes may go" in caplog.text
    assert f"lineage undelete '{uid}'" in caplog.text
    assert reader.uid in {node.uid for node in client.lineage(uid, "downstream").nodes}
    for source in ("dataset:rows@2", gone, uid):
        with pytest.raises(ConflictError, match=r"is deleted; nothing was changed. .*lineage undelete"):
            client.register("rows", source)
    client.delete("dataset:rows@1", override=True, reason="read by 'read'")
    for newest in ("dataset:rows", "dataset:rows@latest"):
        with pytest.raises(NotFoundError, match=f"all versions of dataset:rows are deleted. .*'{uid}'"):
            client.get(newest)
    assert client.get("dataset:rows@1").digest == kept.digest
    client.undelete(uid)
    assert client.get("dataset:rows").digest == gone.digest
    assert client.register("rows", "dataset:rows@2").version == "1"


def test_who_reads_by_uid_is_told_what_is_deleted_or_unknown(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """As by a reference; what was read is recorded all the same."""
    with client.start_run("make") as run:
        made = run.produce("rows", {"x": [1]}, type="dataset")
        far = run.produce("far", "s3://bucket/key", type="dataset")
        net = run.log_model(b"w", "net", register=True)
    unknown = f"{made.uid.rpartition('@')[0]}@sha256:{'0' * 64}"
    with client.start_run("read") as reader:
        assert reader.use(made.uid).columns == made.columns
        assert (reader.use(far.uid).uid, reader.use(far.uid).uri) == (far.uid, far.uri)
        assert reader.use(client.model_version("model:net@1").uid).uid == net.uid
        assert not caplog.records
        for uid in (client.delete(made.uid), client.delete(far.uid)):
            caplog.clear()
            assert reader.use(uid).uid == uid
            assert f"{uid} was deleted, and its bytes may go" in caplog.text
            assert f"lineage undelete '{uid}'" in caplog.text
        caplog.clear()
        assert reader.use(unknown).uid == unknown
        assert f"the run records that it read {unknown} all the same" in caplog.text
    client.undelete(made.uid)
    assert reader.uid in {node.uid for node in client.lineage(made.uid, "downstream").nodes}


def test_when_bytes_may_go_is_said_and_taken_back(client: Client) -> None:
    with client.start_run("make") as run:
        made = run.produce("rows", {"x": [1.0, 2.0, None]}, type="dataset")
    asked = "query($uid: String!) { node(uid: $uid) { ... on ArtifactVersion { ttlAt } } }"

    def going() -> Any:
        return client.gql(asked, {"uid": made.uid})["node"]["ttlAt"]

    assert client.set_ttl("dataset:rows@1", 30, reason="trial").uid == made.uid
    days = (datetime.fromisoformat(going()) - datetime.now(UTC)) / timedelta(days=1)
    assert days == pytest.approx(30, abs=0.1)
    client.set_ttl(made, None)
    assert going() is None
    with pytest.raises(InvalidInputError, match="says no version"):
        client.set_ttl("dataset:rows", 1)
    with pytest.raises(InvalidInputError, match="has no time to live"):
        client.set_ttl(client.register("churn", "s3://bucket/a").uid, 1)
    there = client.get("dataset:rows@1")
    assert (there.stats["rows"], there.stats["columns"]["x"]["nulls"]) == (3, 1) == (
        made.stats["rows"], made.stats["columns"]["x"]["nulls"],
    )  # fmt: skip


def test_aliases_are_protected_and_let_go(client: Client) -> None:
    client.register("churn", "s3://bucket/a", aliases="prod")
    client.register("churn", "s3://bucket/b")
    alias = client.protect("model:churn@prod", movers=["local"], reason="audit")
    assert isinstance(alias, Alias)
    assert (alias.protected, alias.needs_approval, alias.movers) == (True, True, ("lineage/local",))
    with pytest.raises(ForbiddenError, match="only lineage/local may move it"):
        client.promote("model:churn@2", "prod")  # open to all, this server knows nobody by name
    client.protect(alias)
    with pytest.raises(ConflictError, match="Request one"):
        client.promote("model:churn@2", "prod")
    assert client.protect(alias, needs_approval=False).movers == ()
    assert client.promote("model:churn@2", "prod").version == "2"
    loose = client.unprotect(alias)
    assert (loose.protected, loose.needs_approval) == (False, False)
    model = client.protect("model:churn")
    assert isinstance(model, RegisteredModel)
    assert (model.protected, model.needs_approval) == (True, True)
    with pytest.raises(ConflictError):
        client.promote("model:churn@1", "staging")
    assert not client.unprotect(model).protected


def test_the_async_twin_keeps_things_in_order_too(client: Client) -> None:
    async def story() -> None:
        twin = AsyncClient(client=client)
        version = await twin.register("churn", "s3://bucket/a", aliases="prod")
        assert (await twin.update_model("churn", owner="me")).owner == "me"
        assert (await twin.update_model_version(version, card="Words")).card == "Words"
        assert (await twin.registered_model("churn")).aliases == {"prod": "1"}
        assert await twin.uid_of("model:churn@prod") == version.uid
        assert await twin.describe(version, "first") == await twin.set_tags(version, {"a": "b"})
        assert (await twin.protect("model:churn@prod")).protected
        assert not (await twin.unprotect("model:churn@prod")).protected
        for change in (twin.archive_model, twin.delete):
            with pytest.raises(ConflictError):
                await change(version)
        assert (await twin.archive_model(version, override=True, reason="old")).state == "archived"
        assert (await twin.restore_model(version)).state == "ready"
        assert (await twin.hold(version)).uid == (await twin.release(version)).uid
        assert await twin.undelete(await twin.delete(version, override=True, reason="old")) == version.uid
        await twin.client.graphql.close_async()

    asyncio.run(story())
