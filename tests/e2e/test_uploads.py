"""What runs produce reaches the server's store, however it is reached and whatever is killed meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import numpy
import pyarrow as pa
import pytest

from lineage_server import Client
from lineage_server.client.config import load_config
from lineage_server.client.hashing import PART
from lineage_server.client.transfer.jobs import FOLDER
from tests.e2e.conftest import client_environment
from tests.support.stored import Sender

if TYPE_CHECKING:
    from tests.e2e.conftest import RunLineage, RunningServer, StartServer
    from tests.support.s3_server import S3Server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

LARGE = os.urandom(64) * (PART // 64) + b"end"
NOWHERE = "http://127.0.0.1:9"
KILLED = """
import os, signal, sys
import lineage_server as lineage

run = lineage.start_run("killed")
run.produce("large", sys.argv[1], type="model")
run.produce("frame", {"a": [1, 2, 3]}, type="dataset")
print("produced", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def client_of(folder: Path, url: str, project: str, **more: str) -> Client:
    told = client_environment(folder, url, LINEAGE_CAPTURE="none", **more)
    return Client(config=load_config(environ=told, project=project))


def waiting(folder: Path) -> list[Path]:
    found = folder.glob(f"home/.local/share/lineage/journal/{FOLDER}/*")
    return [path for path in found if path.name != "failed.jsonl"]


async def kept(url: str, project: str, uid: str) -> dict[str, bytes]:
    async with (
        httpx2.AsyncClient(base_url=url, timeout=60) as http,
        httpx2.AsyncClient(timeout=60) as outside,
    ):
        return await Sender(http, project, outside=outside).download(uid=uid)


async def check_all_forms(url: str, folder: Path, project: str) -> None:
    tree = folder / "데이터"
    (tree / "deep").mkdir(parents=True)
    (tree / "large").write_bytes(LARGE)
    (tree / "deep" / "a\nb").write_bytes(b"1")
    (tree / "inside").symlink_to("deep")
    (folder / "model.bin").write_bytes(LARGE)
    values: dict[str, Any] = {
        "folder": tree,
        "file": folder / "model.bin",
        "bytes": b"xyz",
        "json": {"a": 1, "b": None},
        "frame": pa.table({"a": [1, 2, 3], "b": ["x", None, "z"]}),
        "array": numpy.arange(6.0).reshape(2, 3),
    }
    for _ in range(2):
        with client_of(folder, url, project) as client:
            with client.start_run("maker") as run:
                made = {name: run.produce(name, value) for name, value in values.items()}
            status = client.sync_status()
            assert (status.uploads, status.uploads_failed, status.trouble) == (0, 0, "")
            assert status.all_sent
    assert waiting(folder) == []
    found = {name: await kept(url, project, one.uid) for name, one in made.items()}
    assert found["folder"] == {"large": LARGE, "deep/a\nb": b"1"}
    assert found["file"] == {"model.bin": LARGE}
    assert found["bytes"] == {"value.bin": b"xyz"}
    assert found["json"] == {"value.json": b'{"a":1,"b":null}'}
    table = pa.ipc.open_file(found["frame"]["table.arrow"]).read_all()
    assert table.equals(values["frame"])
    (folder / "array.npy").write_bytes(found["array"]["array.npy"])
    assert numpy.array_equal(numpy.load(folder / "array.npy"), values["array"])


async def test_everything_that_is_produced_lands_in_the_folder(
    running_server: RunningServer, tmp_path: Path
) -> None:
    await check_all_forms(running_server.url, tmp_path, "uploads-file")


async def test_the_same_through_the_server(start_server: StartServer, tmp_path: Path) -> None:
    told = client_environment(tmp_path / "user", LINEAGE_ARTIFACTS__DIRECT="false")
    server = start_server(environment=told)
    await check_all_forms(server.url, tmp_path, "uploads-server")


async def test_the_same_straight_into_s3(
    start_server: StartServer, s3_server: S3Server, tmp_path: Path
) -> None:
    s3_server.make_bucket("uploads")
    told = {"LINEAGE_ARTIFACTS__URL": "s3://uploads/x", **s3_server.environment()}
    server = start_server(environment=client_environment(tmp_path / "user", **told))
    await check_all_forms(server.url, tmp_path, "uploads-s3")


async def test_what_a_killed_process_left_is_sent_by_sync_and_by_the_next_one(
    running_server: RunningServer, lineage: RunLineage, tmp_path: Path
) -> None:
    project = "uploads-killed"
    file = tmp_path / "weights.bin"
    for turn in range(2):
        file.write_bytes(LARGE + bytes([turn]))
        told = client_environment(tmp_path, NOWHERE, LINEAGE_PROJECT=project, LINEAGE_CAPTURE="none")
        done = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-c", KILLED, str(file)],
            env=told, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert (done.stdout, done.returncode) == ("produced\n", -signal.SIGKILL)
        assert len(waiting(tmp_path)) == 3  # two uploads, and the bytes of the frame
        if turn == 0:
            assert "2 uploads to send" in lineage("sync", "--dry-run").out
            report = json.loads(lineage("sync", "--json", LINEAGE_PROJECT=project).out)
            assert (report["uploads"], report["uploads_failed"], report["left"]) == (2, 0, [])
        else:
            with client_of(tmp_path, running_server.url, project) as client:
                with client.start_run("next") as run:
                    run.produce("other", b"other")
                await wait_until_sent(tmp_path)
        assert waiting(tmp_path) == []
    with client_of(tmp_path, running_server.url, project) as client:
        client.sync()
        for version, turn in ((1, 0), (2, 1)):
            asked = {"ref": f"{project}/model:large@{version}"}
            uid = client.gql("query($ref: String!) { version(ref: $ref) { uid } }", asked)["version"]["uid"]
            assert await kept(running_server.url, project, uid) == {"weights.bin": LARGE + bytes([turn])}


async def wait_until_sent(folder: Path) -> None:
    for _ in range(300):
        if not waiting(folder):
            return
        await asyncio.sleep(0.1)


def test_a_file_that_changed_is_never_uploaded_as_what_it_was(
    running_server: RunningServer, lineage: RunLineage, tmp_path: Path
) -> None:
    """Its size and times are as before: only its content tells."""
    file = tmp_path / "data.bin"
    file.write_bytes(LARGE)
    with client_of(tmp_path, NOWHERE, "uploads-changed") as client:
        run = client.start_run("maker")
        made = run.produce("data", file)
        run.finish(timeout=0.1)
        before = file.stat()
        file.write_bytes(LARGE[:-1] + b"!")
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    report = json.loads(lineage("sync", "--json").out)
    assert (report["uploads"], report["uploads_failed"], report["refused"]) == (0, 1, 0)
    failed = tmp_path / f"home/.local/share/lineage/journal/{FOLDER}/failed.jsonl"
    assert "changed since it was recorded" in json.loads(failed.read_text())["reason"]
    with client_of(tmp_path, running_server.url, "uploads-changed") as client:
        asked = {"uid": made.uid}
        node = client.gql(
            "query($uid: String!) { node(uid: $uid) { ... on ArtifactVersion { digest storedAt } } }", asked
        )["node"]
        assert node == {"digest": made.digest, "storedAt": None}


def test_nothing_is_uploaded_where_nobody_wants_it(running_server: RunningServer, tmp_path: Path) -> None:
    with (
        client_of(tmp_path, running_server.url, "uploads-never", LINEAGE_UPLOAD="never") as client,
        client.start_run("maker") as run,
    ):
        run.produce("data", b"never")
        assert not waiting(tmp_path)
    with client_of(tmp_path, NOWHERE, "uploads-never") as client, client.start_run("maker") as run:
        run.produce("data", b"not this", upload=False)
        run.produce("growing", b"not yet", partial=True)
        assert not waiting(tmp_path)
        run.produce("data", b"this", upload=True)
        assert len(waiting(tmp_path)) == 2
