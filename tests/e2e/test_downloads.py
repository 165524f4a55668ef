"""What runs produced comes back as it was, by every way that a server hands it out."""

from __future__ import annotations

import os
import pickle
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy
import polars
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from lineage_server import (
    Artifact,
    AsyncClient,
    Client,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    NotSupportedError,
    UnavailableError,
)
from lineage_server.client.config import load_config
from lineage_server.client.hashing import PART, hash_path
from lineage_server.domain.events import AliasSet, ModelReported, ModelVersionReported
from tests.e2e.conftest import client_environment

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningServer, StartServer
    from tests.support.s3_server import S3Server

pytestmark = pytest.mark.e2e

LARGE = os.urandom(64) * (PART // 64) + b"end"
MANY_PARTS = b"".join(bytes([n]) * PART for n in range(9)) + b"end"
FRAME = pa.table({"a": [1, 2, 3], "b": ["x", None, "z"]})
NOWHERE = "http://127.0.0.1:9"


def client_of(folder: Path, url: str, project: str, **more: str) -> Client:
    told = client_environment(folder, url, LINEAGE_CAPTURE="none", **more)
    return Client(config=load_config(environ=told, project=project))


def tree(folder: Path) -> Path:
    """Files of all kinds of names, a large one, links inside."""
    top = folder / "데이터"
    (top / "deep" / "er").mkdir(parents=True)
    (top / "large").write_bytes(LARGE)
    (top / "many").write_bytes(MANY_PARTS)
    (top / "deep" / "empty").write_bytes(b"")
    (top / "deep" / "a\nb\x07").write_bytes(b"1")
    (top / "deep" / ("n" * 255)).write_bytes(b"2")
    (top / "deep" / ("é" * 127)).write_bytes(b"3")
    Path(os.fsdecode(os.fsencode(top / "deep" / "er") + b"/\xff\xfe")).write_bytes(b"4")
    (top / "inside").symlink_to("deep")
    (top / "deep" / "up").symlink_to("../inside/er")
    return top


def content_of(top: Path) -> dict[bytes, bytes]:
    """Files and links below, by path."""
    found: dict[bytes, bytes] = {}
    root = os.fsencode(top)
    for folder, folders, names in os.walk(root):
        for name in (*names, *folders):
            path = os.path.join(folder, name)
            if os.path.islink(path):
                found[os.path.relpath(path, root)] = b"-> " + os.readlink(path)
            elif os.path.isfile(path):
                found[os.path.relpath(path, root)] = Path(os.fsdecode(path)).read_bytes()
    return found


def keep(home: Path, url: str, project: str, **values: Any) -> dict[str, Artifact]:
    """Produced and uploaded; what it was made of is gone then."""
    with client_of(home, url, project) as client:
        with client.start_run("maker") as run:
            made = {name: run.produce(name, value) for name, value in values.items()}
        assert client.sync_status().all_sent
    for value in values.values():
        if isinstance(value, Path):
            shutil.rmtree(value) if value.is_dir() else value.unlink()
    return made


def check_all_forms(url: str, folder: Path, project: str) -> None:
    source = tree(folder)
    was = content_of(source)
    (folder / "model.bin").write_bytes(LARGE)
    (folder / "x.csv").write_text("a,b\n1,x\n")
    made = keep(
        folder, url, project, folder=source, file=folder / "model.bin", csv=folder / "x.csv", bytes=b"xyz",
        frame=FRAME, array=numpy.arange(6.0).reshape(2, 3), empty=b"",
    )  # fmt: skip
    with client_of(folder, url, project) as client:
        check_cached(client, made, was)
        out = folder / "out"
        for _ in range(2):  # the second time all of it is there
            assert client.download(f"dataset:folder@{made['folder'].digest}", out / "tree") == out / "tree"
            assert content_of(out / "tree") == was
            assert client.download("dataset:file", out) == out / "model.bin"
            assert client.get("other:bytes").download(out / "b").read_bytes() == b"xyz"
        assert hash_path(out / "tree").digest == made["folder"].digest
        assert os.access(out / "model.bin", os.W_OK)
        assert not [path for path in out.rglob("*") if ".lineage-" in path.name]
    # What is in the cache needs no server.
    with client_of(folder, NOWHERE, project) as client:
        handle = client.start_run("alone").use(made["folder"].uid)
        assert content_of(handle.path) == was
        frame = client.start_run("alone, too").use(made["frame"].uid)
        assert frame.to_arrow().equals(FRAME)
        with pytest.raises(UnavailableError, match="does not answer"):
            client.get("dataset:folder")


def check_cached(client: Client, made: dict[str, Artifact], was: dict[bytes, bytes]) -> None:
    with client.start_run("reader") as run:
        used = {name: run.use(str(one.ref)) for name, one in made.items()}
    assert {name: one.digest for name, one in used.items()} == {
        name: one.digest for name, one in made.items()
    }
    assert content_of(used["folder"].path) == was
    assert used["file"].path.read_bytes() == LARGE
    assert used["file"].path.name == "model.bin"
    assert used["empty"].path.read_bytes() == b""
    assert used["csv"].to_pandas().to_dict("list") == {"a": [1], "b": ["x"]}
    assert used["frame"].to_arrow().equals(FRAME)
    assert used["frame"].to_polars().equals(polars.DataFrame(FRAME))
    assert numpy.array_equal(numpy.load(used["array"].path), numpy.arange(6.0).reshape(2, 3))
    assert used["file"].path.stat().st_mode & 0o777 == 0o444
    there = used["file"].path.stat()
    assert client.download(used["file"]).stat().st_ino == there.st_ino, "fetched once"
    copy = pickle.loads(pickle.dumps(used["file"]))
    assert (copy, copy.client) == (used["file"], None)


def test_everything_comes_back_from_the_folder(running_server: RunningServer, tmp_path: Path) -> None:
    check_all_forms(running_server.url, tmp_path, "downloads-file")


def test_everything_comes_back_through_the_server(start_server: StartServer, tmp_path: Path) -> None:
    told = client_environment(tmp_path / "user", LINEAGE_ARTIFACTS__DIRECT="false")
    check_all_forms(start_server(environment=told).url, tmp_path, "downloads-server")


def test_everything_comes_back_straight_from_s3(
    start_server: StartServer, s3_server: S3Server, tmp_path: Path
) -> None:
    s3_server.make_bucket("downloads")
    told = {"LINEAGE_ARTIFACTS__URL": "s3://downloads/x", **s3_server.environment()}
    server = start_server(environment=client_environment(tmp_path / "user", **told))
    check_all_forms(server.url, tmp_path, "downloads-s3")


def test_a_registered_model_is_got_by_its_alias(running_server: RunningServer, tmp_path: Path) -> None:
    project = "downloads-model"
    (tmp_path / "weights").write_bytes(b"weights")
    made = keep(tmp_path, running_server.url, project, churn=tmp_path / "weights")["churn"]
    with client_of(tmp_path, running_server.url, project) as client:
        client.report(
            ModelReported(project=project, model="판별"),
            ModelVersionReported(project=project, model="판별", version="7", origin=made.uid),
            AliasSet(project=project, model="판별", alias="prod", version="7"),
        )
        got = client.get("model:판별@prod")
        assert (got.uid, got.path.read_bytes()) == (made.uid, b"weights")
        assert client.download("model:판별@7", tmp_path / "out").read_bytes() == b"weights"
        with pytest.raises(NotFoundError, match="no version or alias 'nobody'"):
            client.get("model:판별@nobody")


@pytest.mark.parametrize("upload", ["auto", "never"])
def test_only_files_that_fit_a_pattern_come(
    running_server: RunningServer, tmp_path: Path, upload: str
) -> None:
    """From the server, and from where it was recorded; of what is left out nothing is written."""
    project = f"downloads-chosen-{upload}"
    top = tree(tmp_path)
    with client_of(tmp_path, running_server.url, project, LINEAGE_UPLOAD=upload) as client:
        with client.start_run("maker") as run:
            made = run.produce("data", top)
        assert client.flush(60)
        if upload == "auto":
            shutil.rmtree(top)
        out = client.download(made.uid, tmp_path / "out", paths=["deep/é*", "deep/er/", "l*e"])
        assert {path.split(b"/")[-1] for path in content_of(out)} == {
            ("é" * 127).encode(), b"\xff\xfe", b"large",
        }  # fmt: skip
        assert (out / "large").read_bytes() == LARGE
        with pytest.raises(NotFoundError, match="no file of this version is called nothing"):
            client.download(made.uid, tmp_path / "none", paths="nothing")
        assert content_of(tmp_path / "none") == {}
        for hostile in ("../*", "/etc/*", "deep/../../*"):
            with pytest.raises(InvalidInputError, match="within a version"):
                client.download(made.uid, tmp_path / "none", paths=hostile)
        with pytest.raises(InvalidInputError, match="with a folder"):
            client.download(made.uid, paths="*")


async def test_coroutines_wait_for_downloads_too(running_server: RunningServer, tmp_path: Path) -> None:
    made = keep(tmp_path, running_server.url, "downloads-async", data=b"data")["data"]
    async with AsyncClient(client=client_of(tmp_path, running_server.url, "downloads-async")) as client:
        got = await client.get(made.ref)
        assert (await client.download(got)).read_bytes() == b"data"
        assert (await client.download(made.uid, tmp_path / "out")).read_bytes() == b"data"


def test_patterns_that_fit_nothing_say_so_alone(running_server: RunningServer, tmp_path: Path) -> None:
    project = "downloads-patterns"
    made = keep(tmp_path, running_server.url, project, data=b"data")["data"]
    with client_of(tmp_path, running_server.url, project) as client:
        with pytest.raises(NotFoundError) as caught:
            client.get(made.ref).download(tmp_path / "out", paths="*.csv")
        assert caught.value.message == "no file of this version is called *.csv; nothing was fetched"


def test_what_cannot_be_had_says_where_it_lies(running_server: RunningServer, tmp_path: Path) -> None:
    project = "downloads-elsewhere"
    (tmp_path / "changed").write_bytes(b"1")
    (tmp_path / "gone").write_bytes(b"2")
    with client_of(tmp_path, running_server.url, project, LINEAGE_UPLOAD="never") as client:
        with client.start_run("maker") as run:
            far = run.produce("far", "s3://bucket/key")
            changed = run.produce("changed", tmp_path / "changed")
            gone = run.produce("gone", tmp_path / "gone")
            alone = run.produce("alone", {"a": 1})
        # Of the original, while it is the same.
        assert gone.download(tmp_path / "out") == tmp_path / "out" / "gone"
        assert (tmp_path / "out" / "gone").read_bytes() == b"2"
        (tmp_path / "changed").write_bytes(b"!")
        (tmp_path / "gone").unlink()
        for made, error, words in (
            (far, NotSupportedError, "are at s3://bucket/key; only where they are was recorded"),
            (changed, ConflictError, "its content has changed since it was recorded"),
            (gone, NotFoundError, "was it recorded on another machine"),
            (alone, NotFoundError, "recorded without a place, and the bytes of .* are not kept here"),
        ):
            handle = client.get(made.uid)
            with pytest.raises(error, match=words):
                _ = handle.path
            with pytest.raises(error, match=words):
                handle.download(tmp_path / "nowhere")


@pytest.mark.parametrize("direct", ["true", "false"])
def test_a_folder_of_links_goes_there_and_back_whole(
    start_server: StartServer, tmp_path: Path, direct: str
) -> None:
    """A hub's snapshot: links into a folder of blobs beside it, and a folder that lies elsewhere."""
    told = client_environment(tmp_path / "user", LINEAGE_ARTIFACTS__DIRECT=direct)
    url = start_server(environment=told).url
    hub = tmp_path / "models--m"
    (hub / "blobs").mkdir(parents=True)
    (hub / "blobs" / "aa").write_bytes(LARGE)
    (hub / "blobs" / "bb").write_bytes(b"{}")
    (hub / "runs").mkdir()
    (hub / "runs" / "events").write_bytes(b"events")
    snapshot = hub / "snapshots" / "rev"
    (snapshot / "onnx").mkdir(parents=True)
    (snapshot / "model.bin").symlink_to("../../blobs/aa")
    (snapshot / "onnx" / "config.json").symlink_to("../../../blobs/bb")
    (snapshot / "latest").symlink_to("onnx")
    (snapshot / "runs").symlink_to(hub / "runs")
    (snapshot / "README.md").write_text("# m")
    was = {
        b"model.bin": LARGE, b"onnx/config.json": b"{}", b"latest": b"-> onnx", b"runs/events": b"events",
        b"README.md": b"# m",
    }  # fmt: skip
    with client_of(tmp_path, url, "downloads-links") as client:
        with client.start_run("maker") as run:
            made = run.produce("net", snapshot, type="model")
            used = run.use(snapshot, name="net", type="model")
        assert client.sync_status().all_sent
        assert (made.digest, made.size) == (used.digest, len(LARGE) + 11)
        # From where it lies, then from the server.
        assert content_of(made.download(tmp_path / "copied")) == was
        shutil.rmtree(hub)
        assert content_of(client.download(made.uid, tmp_path / "fetched")) == was
        assert content_of(client.get(made.uid).path) == was
    assert hash_path(tmp_path / "copied").digest == hash_path(tmp_path / "fetched").digest == made.digest


def test_a_dangling_link_is_told_at_the_call(running_server: RunningServer, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a").write_bytes(b"1")
    (folder / "gone").symlink_to("../blobs/aa")
    with client_of(tmp_path, running_server.url, "downloads-dangling") as client:
        with client.start_run("maker") as run, pytest.raises(NotFoundError, match="take the link out"):
            run.produce("data", folder)
        with pytest.raises(NotFoundError):
            client.get("dataset:data")


def test_a_folder_of_tables_is_read_wherever_it_lies(running_server: RunningServer, tmp_path: Path) -> None:
    """Where it was recorded, then from the cache; the server knows its columns and rows."""
    project = "downloads-tables"
    folder = tmp_path / "flowers"
    for year in (2025, 2026):
        (folder / f"year={year}").mkdir(parents=True)
        parquet.write_table(FRAME, folder / f"year={year}" / "0.parquet")
    lines = tmp_path / "rows.jsonl"
    lines.write_text('{"a": 1}\n{"a": 2.5, "b": ["x"]}\n')
    with client_of(tmp_path, running_server.url, project) as client:
        with client.start_run("maker") as run:
            made = {"flowers": run.produce("flowers", folder), "rows": run.produce("rows", lines)}
        assert client.sync_status().all_sent
        was = {name: one.to_arrow() for name, one in made.items()}
        assert was["flowers"].column("year").to_pylist() == [2025] * 3 + [2026] * 3
        assert was["rows"].to_pylist() == [{"a": 1.0, "b": None}, {"a": 2.5, "b": ["x"]}]
        shutil.rmtree(folder)
        lines.unlink()
        for name, one in made.items():
            found = client.get(one.uid)
            assert found.to_arrow().equals(was[name])
            assert found.columns == one.columns
            assert found.stats is not None
            assert found.stats["rows"] == was[name].num_rows
