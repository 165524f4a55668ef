"""What runs use and produce: references, files, tables, and the handles of what was recorded."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from lineage_server.client.client import Client
from lineage_server.client.registered import ModelVersion
from lineage_server.client.run import Run
from lineage_server.domain.errors import InvalidInputError, NotFoundError
from tests.unit.client.stub import StubServer


def test_inputs_by_reference(client: Client, stub: StubServer) -> None:
    stub.data = {"errors": [{"message": "away", "extensions": {"code": "UNAVAILABLE"}}]}
    digest = "sha256:" + "ab" * 32
    with client.start_run("x", project="team-a") as run:
        run.use("dataset:iris@3", role="train")
        run.use(f"other/model:churn@{digest}")
        run.use("dataset:iris@latest")
        run.use("table:x", project="team-b")
        run.use(f"version:team-c/file/a/b@{digest}")
    assert stub.run(run.id)["inputs"] == [
        {"name": "iris", "role": "train", "version": 3},
        {"name": "churn", "type": "model", "project": "other", "digest": digest},
        {"name": "iris"},
        {"name": "x", "type": "table", "project": "team-b"},
        {"name": "a/b", "type": "file", "project": "team-c", "digest": digest},
    ]


def test_a_name_that_the_server_does_not_know_is_not_recorded(client: Client, stub: StubServer) -> None:
    """It is misspelt; only with its digest it is a fact that may come before what it is about."""
    why = "project 'default' has no dataset 'irs'; there are: iris"
    stub.data = {"errors": [{"message": why, "extensions": {"code": "NOT_FOUND"}}]}
    digest = "sha256:" + "ab" * 32
    with client.start_run("x") as run:
        for ref in ("dataset:irs", "dataset:irs@3", "model:churn@prodd"):
            with pytest.raises(NotFoundError, match="there are: iris; nothing was recorded"):
                run.use(ref)
        run.use(f"dataset:irs@{digest}")
    assert stub.run(run.id)["inputs"] == [{"name": "irs", "digest": digest}]


def test_latest_is_made_exact_by_the_server(client: Client, stub: StubServer, tmp_path: Path) -> None:
    file = tmp_path / "iris.csv"
    file.write_text("a,b\n1,x\n2,y\n")
    digest = f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"
    stub.data = {
        "data": {
            "version": {
                "uid": f"version:default/dataset/iris@{digest}", "name": "iris", "kind": "dataset",
                "ordinal": 4, "digest": digest, "uri": file.as_uri(), "size": 10, "sealedAt": None,
                "columns": [{"name": "a", "type": "int64", "nullable": True}],
                "run": {"uid": "run:0198c0de-0000-7000-8000-000000000009"},
            }
        }
    }  # fmt: skip
    with client.start_run("x") as run:
        iris = run.use("dataset:iris@latest")
    assert stub.asked[0]["variables"] == {"ref": "default/dataset:iris@latest"}
    assert stub.run(run.id)["inputs"] == [{"name": "iris", "digest": digest, "uri": file.as_uri()}]
    assert (iris.ordinal, iris.digest, iris.path) == (4, digest, file)
    assert iris.to_pandas()["a"].tolist() == [1, 2]
    assert iris.to_polars()["b"].to_list() == ["x", "y"]


def test_an_alias_of_a_registered_model_leads_to_what_was_registered(
    client: Client, stub: StubServer, tmp_path: Path
) -> None:
    digest = "sha256:" + "cd" * 32
    origin = {
        "uid": f"version:team-b/model/net@{digest}", "name": "net", "kind": "model", "ordinal": 7,
        "digest": digest, "uri": "", "size": 3, "sealedAt": None, "columns": [], "run": None,
    }  # fmt: skip
    told = {"__typename": "ModelVersion", "uid": "modelversion:default/churn@3", "uri": ""}
    stub.data = {"data": {"version": {**told, "origin": origin}}}
    with client.start_run("x") as run:
        used = run.use("model:churn@prod", role="model")
        stub.data = {"data": {"version": {**told, "origin": None, "uri": "s3://bucket/churn"}}}
        far = run.use("model:churn@prod")
        known = ModelVersion(model="churn", version="4", project="default", origin=used)
        run.use(known)
    assert (used.project, used.name, used.digest, used.ordinal) == ("team-b", "net", digest, 7)
    assert (far.ref, far.uri, far.uid) == ("default/model:churn@3", "s3://bucket/churn", "")
    read = {"name": "net", "type": "model", "project": "team-b", "digest": digest}
    assert stub.run(run.id)["inputs"] == [
        {**read, "role": "model"},
        {"name": "churn", "type": "model", "registered": "3", "uri": "s3://bucket/churn"},
        read,
    ]
    stub.data = {"data": {"version": {"__typename": "Run", "uid": run.uid}}}
    for call in (client.get, lambda what: client.download(what, tmp_path)):
        with pytest.raises(NotFoundError, match="is a Run, not a version"):
            call(run)  # type: ignore[arg-type]


def test_what_this_process_made_is_known_without_a_server(lonely: Client) -> None:
    with lonely.start_run("make") as first:
        made = first.produce("iris", [{"a": 1}, {"a": 2}])
    with lonely.start_run("take") as second:
        taken = second.use("dataset:iris@latest")
    assert taken.digest == made.digest
    assert taken.to_arrow().num_rows == 2


def test_inputs_that_are_content(client: Client, stub: StubServer, tmp_path: Path) -> None:
    file = tmp_path / "raw data.csv"
    file.write_text("a\n1\n2\n")
    with client.start_run("x") as run:
        one = run.use(file)
        two = run.use([{"a": 1}], name="rows", role="lookup")
        three = run.use("s3://bucket/key.parquet")
        run.use(one, role="again")
        with pytest.raises(InvalidInputError, match="name"):
            run.use([{"a": 1}])
        with pytest.raises(NotFoundError):
            run.use(tmp_path / "nothing.csv")
    assert stub.run(run.id)["inputs"] == [
        {"name": "raw data.csv", "digest": one.digest, "uri": file.as_uri()},
        {"name": "rows", "role": "lookup", "digest": two.digest},
        {"name": "key.parquet", "uri": "s3://bucket/key.parquet"},
        {"name": "raw data.csv", "role": "again", "digest": one.digest, "uri": file.as_uri()},
    ]
    (version, _) = stub.of_type("version")
    assert version["columns"] == [{"name": "a", "type": "int64", "nullable": True}]
    assert version["stats"]["rows"] == 2
    assert three.digest == ""


def test_outputs_with_columns_and_metadata(client: Client, stub: StubServer, tmp_path: Path) -> None:
    model = tmp_path / "model.bin"
    model.write_bytes(b"weights")
    with client.start_run("x") as run:
        table = run.produce(
            "scores",
            {"id": [1, 2], "score": [0.5, None]},
            type="table",
            columns_from={"score": [("train", "x"), ("iris", "y")]},
            metadata={"rows": 2, "secret": "x"},
        )
        kept = run.produce("model:churn", model, role="best", description="the best")
        far = run.produce("backup", "s3://user:pw@bucket/key?X-Amz-Signature=abc&v=1")
        run.produce("stream", [{"a": 1}], partial=True)
        with pytest.raises(InvalidInputError):
            run.produce("model:churn@3", model)
        with pytest.raises(InvalidInputError):
            run.produce("x", model, type="modle")
        with pytest.raises(InvalidInputError, match="of type object") as caught:
            run.produce("x", object())
        assert "save other objects" in caught.value.allowed
        with pytest.raises(InvalidInputError, match="pairs"):
            run.produce("x", model, columns_from={"a": ["b"]})  # type: ignore[list-item]
    scores, churn, backup, stream = stub.run(run.id)["outputs"]
    assert scores["fields"] == {"score": [["train", "x"], ["iris", "y"]]}
    assert scores["metadata"] == {"rows": 2, "secret": "***"}
    assert scores["stats"]["columns"]["score"]["nulls"] == 1
    assert (churn["type"], churn["role"], churn["size"], churn["uri"]) == ("model", "best", 7, model.as_uri())
    assert backup["uri"] == "s3://bucket/key?X-Amz-Signature=***&v=1"
    assert "digest" not in backup
    assert stream["partial"]
    assert "sealed_at" not in stream
    assert table.uid == f"version:default/table/scores@{table.digest}"
    assert kept.verify() == model
    assert far.uid == f"version:default/dataset/backup@run:{run.id}"


def test_handles_say_what_they_cannot_do(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(b"1")
    with client.start_run("x") as run:
        handle = run.produce("a", file)
        assert isinstance(run, Run)
    file.write_bytes(b"2")
    with pytest.raises(Exception, match="has changed"):
        handle.verify()
    file.unlink()
    with pytest.raises(NotFoundError, match="another machine"):
        _ = handle.path


def test_arrays_and_single_columns_by_their_content(client: Client) -> None:
    import numpy as np
    import pandas as pd
    import polars as pl
    from scipy import sparse

    numbers = np.arange(6.0).reshape(3, 2)
    with client.start_run("x") as run:

        def digest(value: object) -> str:
            return run.produce("data", value).digest

        same = digest(numbers)
        assert digest(np.asfortranarray(numbers)) == same
        assert digest(numbers.astype(">f8")) == same
        assert (
            len({same, digest(numbers.astype("f4")), digest(numbers.reshape(2, 3)), digest(numbers + 1)}) == 4
        )
        assert digest(np.zeros((0, 2))) != digest(np.zeros((2, 0)))
        assert digest(np.array(["a", None], dtype=object)) != digest(np.array(["b", None], dtype=object))
        with pytest.raises(InvalidInputError, match="an array of objects"):
            digest(np.array([object()]))
        assert digest(sparse.csr_matrix(numbers)) != digest(sparse.csr_matrix(numbers * 2))
        made = run.produce("data", numbers)
        assert (made.columns[0].type, made.size) == ("fixed_size_list<double>[2]", 48)
        assert (
            digest(pd.Series([1, 2], name="a"))
            == digest(pl.Series("a", [1, 2]))
            == digest(pd.DataFrame({"a": [1, 2]}))
        )
