"""Versions that lie elsewhere, and whether they still do: with a real S3 server and loopback places."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lineage_server import AsyncClient, Client, ConflictError
from lineage_server.client.config import load_config
from tests.e2e.conftest import client_environment
from tests.support.places import Places, serving_places

if TYPE_CHECKING:
    from tests.e2e.conftest import RunLineage, RunningServer
    from tests.support.s3_server import S3Server

pytestmark = pytest.mark.e2e

PROJECT = "verifying"


@pytest.fixture
def places() -> Iterator[Places]:
    with serving_places() as there:
        yield there


def fill(places: Places, s3: S3Server, bucket: str, folder: Path, data: bytes) -> None:
    places.files = {"/a.csv": data, "/org/bert/w.bin": data}
    places.images, places.commits = {"a/b:v1": data}, {"org/bert": data.hex()}
    s3.write(bucket, "one.csv", data)
    s3.write(bucket, "many/1", b"stays")
    s3.write(bucket, "many/2", data)
    (folder / "local").write_bytes(data)


def test_what_lies_elsewhere_says_when_it_has_drifted(
    running_server: RunningServer, lineage: RunLineage, s3_server: S3Server, places: Places, tmp_path: Path
) -> None:
    s3_server.make_bucket("verifying")
    fill(places, s3_server, "verifying", tmp_path, b"before")
    env = {**s3_server.environment(), "HF_ENDPOINT": places.url, "LINEAGE_UPLOAD": "never"}
    uris = {
        "web": f"{places.url}/a.csv", "image": f"oci://{places.host}/a/b:v1", "repo": "hf://org/bert",
        "file": "hf://org/bert/w.bin", "object": "s3://verifying/one.csv", "prefix": "s3://verifying/many",
        "local": (tmp_path / "local").as_uri(),
    }  # fmt: skip
    environment = client_environment(tmp_path, running_server.url, **env)
    with Client(config=load_config(environ=environment, project=PROJECT)) as client:
        with client.start_run("maker", capture="none") as run:
            made = {name: run.produce(name, uri) for name, uri in uris.items()}
        with client.start_run("reader", capture="none") as run:
            read = {name: run.use(uri, name=name) for name, uri in uris.items()}
        assert {name: one.uid for name, one in read.items()} == {name: one.uid for name, one in made.items()}
        refs = {name: client.get(f"dataset:{name}").ref for name in uris}
        # Readers of the same version are downstream of who made it.
        titles = {node.title for node in client.lineage(refs["object"], "downstream").nodes}
        assert any("reader" in title for title in titles)
        assert {client.verify(ref).finding for ref in refs.values()} == {"same"}

        fill(places, s3_server, "verifying", tmp_path, b"after!")
        done = lineage("verify", *refs.values(), "--json", LINEAGE_PROJECT=PROJECT, **env)
        assert (done.code, done.err) == (5, "")
        found = dict(zip(refs, json.loads(done.out), strict=True))
        assert {one["finding"] for one in found.values()} == {"drifted"}
        assert found["object"]["recorded"]["etag"] != found["object"]["present"]["etag"]
        assert found["prefix"]["present"] == {"objects": 2}
        assert found["repo"]["reason"] == f"version {b'before'.hex()} → {b'after!'.hex()}"
        with pytest.raises(ConflictError, match="has drifted: etag"):
            client.get(refs["object"]).verify()
        # Read again, it is another version.
        with client.start_run("later", capture="none") as run:
            assert run.use(uris["object"], name="object").digest != made["object"].digest

        places.files, places.images, places.commits = {}, {}, {}
        for key in ("one.csv", "many/1", "many/2"):
            s3_server.remove("verifying", key)
        (tmp_path / "local").unlink()
        assert {client.verify(ref).finding for ref in refs.values()} == {"gone"}
    nobody = {**env, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    done = lineage("verify", refs["object"], LINEAGE_PROJECT=PROJECT, **nobody)
    assert (done.code, done.out.count("cannot be verified: 127.0.0.1:9 was not reached")) == (7, 1)


async def test_coroutines_verify_too(running_server: RunningServer, tmp_path: Path) -> None:
    environment = client_environment(tmp_path, running_server.url, LINEAGE_UPLOAD="never")
    (tmp_path / "x").write_bytes(b"1")
    with Client(config=load_config(environ=environment, project=PROJECT)) as client:
        with client.start_run("maker", capture="none") as run:
            made = run.produce("by-coroutine", tmp_path / "x")
        async with AsyncClient(client=client) as twin:
            assert (await twin.verify(made)).finding == "same"
            (tmp_path / "x").write_bytes(b"2")
            assert (await twin.verify(made)).drifted


async def test_what_is_registered_by_its_address_is_the_version_that_lies_there(
    running_server: RunningServer, places: Places, tmp_path: Path
) -> None:
    places.files = {"/m.bin": b"before"}
    address = f"{places.url}/m.bin"
    environment = client_environment(tmp_path, running_server.url)
    with Client(config=load_config(environ=environment, project=PROJECT)) as client:
        first = client.register("far", address, version="rc")
        assert (first.uri, first.artifact.digest[:5]) == (address, "etag:")
        assert client.register("far", address, version="rc").uid == first.uid
        assert client.register("far", address).uid == first.uid
        assert client.verify("model:far@rc").finding == "same"
        places.files = {"/m.bin": b"after"}
        assert client.verify("model:far@rc").drifted
        with pytest.raises(ConflictError, match="of something else"):
            client.register("far", address, version="rc")
        async with AsyncClient(client=client) as twin:
            assert (await twin.register("far", address)).version == "1"


async def test_a_registered_file_says_when_it_has_drifted_also_where_a_claim_is_mounted_elsewhere(
    running_server: RunningServer, lineage: RunLineage, tmp_path: Path
) -> None:
    mounts = tmp_path / "here", tmp_path / "there"
    for folder in mounts:
        (folder / "m").mkdir(parents=True)
        (folder / "m" / "w.bin").write_bytes(b"before")
    loose = tmp_path / "loose.bin"
    loose.write_bytes(b"before")
    here, there = (
        load_config(
            environ=client_environment(tmp_path, running_server.url, LINEAGE_VOLUMES=f"claim={folder}"),
            project=PROJECT,
        )
        for folder in mounts
    )
    uris = {"kept": loose.as_uri(), "shared": "pvc://claim/m", "absent": "file:///nowhere/at/all"}
    with Client(config=here) as client:
        made = {name: client.register(name, uri) for name, uri in uris.items()}
        assert {name: one.uri for name, one in made.items()} == uris
        assert client.register("kept", uris["kept"]).uid == made["kept"].uid
        assert made["kept"].artifact.digest.startswith("sha256:")
        assert made["shared"].artifact.uri == uris["shared"]
        assert made["absent"].origin is None
        assert [client.verify(one).finding for one in made.values()] == ["same", "same", "unknown"]
        (mounts[0] / "m" / "w.bin").write_bytes(b"after")
        loose.write_bytes(b"after")
        assert [client.verify(one).finding for one in made.values()] == ["drifted", "drifted", "unknown"]
        with pytest.raises(ConflictError, match="has changed since it was recorded"):
            client.download("model:kept@1", tmp_path / "to")
        assert client.register("kept", uris["kept"]).version == "2"
    with Client(config=there) as client:
        assert client.verify("model:shared@1").finding == "same"
        assert client.download("model:shared@1", tmp_path / "to") == tmp_path / "to"
        assert (tmp_path / "to" / "w.bin").read_bytes() == b"before"
        async with AsyncClient(client=client) as twin:
            assert (await twin.register("shared", uris["shared"])).version == "1"


def test_a_file_is_put_by_its_address(lineage: RunLineage, tmp_path: Path) -> None:
    file = tmp_path / "a b.bin"
    file.write_bytes(b"data")
    done = lineage("put", "by-address", file.as_uri(), "--json", LINEAGE_PROJECT=PROJECT)
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["size"] == len(b"data")
    done = lineage("put", "by-address", (tmp_path / "none").as_uri(), LINEAGE_PROJECT=PROJECT)
    assert (done.code, done.out) == (4, "")
    assert "there is no file or folder" in done.err


def test_reproducing_says_which_inputs_have_drifted(
    running_server: RunningServer, places: Places, tmp_path: Path
) -> None:
    places.files = {"/a.csv": b"before"}
    environment = client_environment(tmp_path, running_server.url)
    with Client(config=load_config(environ=environment, project=PROJECT)) as client:
        with client.start_run("far", capture="none") as run:
            run.use(f"{places.url}/a.csv")
        assert client.flush(20)
        assert [one.where for one in client.reproduce(run).needs.inputs] == ["address"]
        places.files = {"/a.csv": b"after"}
        found = client.reproduce(run)
        assert [one.where for one in found.needs.inputs] == ["drifted"]
        assert "/a.csv is not what it was" in found.to_text()
