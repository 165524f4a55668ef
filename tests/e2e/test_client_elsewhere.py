"""Models whose bytes lie elsewhere, registered with the client by address: read, held, and not to be had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lineage_server import Client
from lineage_server.domain.errors import (
    InvalidInputError,
    NotFoundError,
    NotSupportedError,
)

# On one worker: the server on Neo4j is started once for the whole file.
pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("client-elsewhere")]


def test_what_lies_elsewhere_is_registered_by_its_address(client: Client) -> None:
    first = client.register("far", "s3://user:secret@bucket/a", card="*far*", tags={"team": "x"})
    second = client.register("far", "s3://bucket/b", aliases=["prod"], reason="better")
    assert [(one.version, one.uri, one.origin) for one in (first, second)] == [
        ("1", "s3://bucket/a", None),
        ("2", "s3://bucket/b", None),
    ]
    assert (first.tags, first.card, second.aliases) == ({"team": "x"}, "*far*", ("prod",))
    with client.start_run("serve") as run:
        used = run.use("model:far@prod")
    assert (used.name, used.type, used.uri) == ("far", "model", "s3://bucket/b")
    with pytest.raises(NotSupportedError, match="s3://bucket/b"):
        _ = second.path
    with pytest.raises(NotFoundError):
        client.model_version("model:far@3")


def test_who_reads_what_lies_elsewhere_is_downstream_of_what_was_registered(client: Client) -> None:
    with client.start_run("train") as run:
        other = run.produce("model:far", {"weights": [1]})
    version = client.register("far", "sftp://host/far", aliases="prod")
    ref = f"{client.config.project}/model:far@1"
    readers: list[str] = []
    for what in (version, "model:far@prod", "model:far@1", client.get("model:far@1")):
        with client.start_run("serve") as reader:
            used = reader.use(what)
            reader.produce("dataset:answers", {"yes": len(readers)})
        assert (used.ref, used.uri) == (ref, "sftp://host/far")
        readers.append(reader.uid)
    assert client.flush(20)

    def runs_downstream(of: Any) -> set[str]:
        return {node.uid for node in client.lineage(of, "downstream").downstream() if node.label == "Run"}

    assert runs_downstream(version) == runs_downstream("model:far@prod") == set(readers)
    assert runs_downstream(other) == set()
    assert client.impact(ref).data["counts"] == {"Run": 4, "ArtifactVersion": 5}
    assert "used for\n├─ run serve" in client.lineage(ref).to_text()
    (read,) = client.lineage("dataset:answers", depth=1).upstream()[1:]
    assert read.title == "model:far@1"
    found = client.completeness("dataset:answers").data
    assert set(found["counts"]) == {"MISSING_DIGEST", "NO_PRODUCER"}


REGISTER = """
mutation($input: CreateModelVersionInput!) { createModelVersion(input: $input) { problems { message } } }
"""


def test_what_only_stands_for_a_registered_version_says_which_one_to_hold(client: Client) -> None:
    client.register("far", "gs://bucket/far")
    with client.start_run("serve") as run:
        run.use("model:far@1")
    (stands,) = (n.uid for n in client.lineage("model:far@1").nodes if n.uid.endswith("@registered:1"))
    here = client.config.project
    for call in (client.hold, lambda uid: client.set_ttl(uid, 3)):
        with pytest.raises(InvalidInputError, match=f"lineage hold {here}/model:far@1") as refused:
            call(stands)
        assert refused.value.allowed == f"modelversion:{here}/far@1"
    assert client.hold("model:far@1").hold  # type: ignore[union-attr]


def test_a_handle_of_what_lies_elsewhere_is_of_the_version_that_was_asked_for(
    client: Client, tmp_path: Path
) -> None:
    project, place = client.config.project, tmp_path / "weights.bin"
    place.write_bytes(b"theirs")
    with client.start_run("train") as run:
        run.produce("model:churn", b"newer, and another")
    client.register("churn", "sftp://host/churn")
    # Registered without the client's help: nobody has looked at what lies there.
    told = {"project": project, "model": "churn", "uri": place.as_uri()}
    assert client.gql(REGISTER, {"input": told})["createModelVersion"]["problems"] == []
    far, near = client.get("model:churn@1"), client.get("model:churn@2")
    assert (far.ref, near.ref) == (f"{project}/model:churn@1", f"{project}/model:churn@2")
    assert str(client.verify(far)).startswith(f"{far.ref} at sftp://host/churn cannot be verified")
    with pytest.raises(NotSupportedError, match=r"model:churn@1 are at sftp://host/churn"):
        client.download(far, tmp_path / "to")
    assert near.path == place
    assert near.download(tmp_path / "to").read_bytes() == b"theirs"
    for asked in (lambda: list(far.files), far.preview, lambda: list(near.files)):
        with pytest.raises(NotFoundError, match="registered by where it lies"):
            asked()
    # What was read from a place that tells no version is not the newest of that name either.
    with client.start_run("read") as run:
        read = run.use("sftp://host/other", name="churn", type="model")
    for asked in (read.preview, lambda: list(read.files)):
        with pytest.raises(NotFoundError, match="is not known to the server"):
            asked()
    with pytest.raises(NotSupportedError, match="sftp://host/other"):
        _ = read.path
