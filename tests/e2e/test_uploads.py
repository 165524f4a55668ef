"""What runs produce reaches the server's store, however it is reached and whatever is killed meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import numpy
import pyarrow as pa
import pytest

from lineage_server import Client
from lineage_server.client.config import load_config
from lineage_server.client.hashing import PART, Entry, hash_path
from lineage_server.client.transfer.exchange import Asked, Exchange
from lineage_server.client.transfer.jobs import FOLDER, Job
from lineage_server.client.transfer.send import ChangedError, send
from tests.e2e.conftest import client_environment
from tests.support.stored import Sender

if TYPE_CHECKING:
    from tests.e2e.conftest import RunLineage, RunningServer, StartServer
    from tests.support.s3_server import S3Server

pytestmark = pytest.mark.e2e

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


CHILDREN = """
import multiprocessing, os, sys
import lineage_server as lineage


def made(run, name):
    run.produce(name, {"of": name})
    run.produce(name + ".file", sys.argv[1] if len(sys.argv) > 1 else __file__, type="file")


def joined(run_id, name):
    run = lineage.attach_run(run_id)
    made(run, name)
    assert lineage.flush(60)


if __name__ == "__main__":
    run = lineage.start_run("parent")
    made(run, "parent")  # its uploads are under way when it forks
    pid = os.fork()
    if pid == 0:
        made(run, "forked")
        sys.exit(0)
    workers = [
        multiprocessing.get_context(how).Process(target=target, args=(arg, how))
        for how, target, arg in (("fork", made, run), ("spawn", joined, run.id))
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert os.waitpid(pid, 0)[1] == 0
    assert run.finish()
"""
CHILDRENS = """
query($run: String!) { run(uid: $run) { state outputs(first: 50) { edges { node { version {
  name uid storedAt
} } } } } }
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


async def test_the_same_straight_into_s3_with_urls_that_end(
    start_server: StartServer, s3_server: S3Server, tmp_path: Path
) -> None:
    s3_server.make_bucket("uploads")
    told = {"LINEAGE_ARTIFACTS__URL": "s3://uploads/x", **s3_server.environment()}
    server = start_server(environment=client_environment(tmp_path / "user", **told))
    await check_all_forms(server.url, tmp_path, "uploads-s3")
    check_ended_urls(server.url, tmp_path)
    check_changed(server.url, tmp_path)


def check_changed(url: str, folder: Path) -> None:
    """The store says that a part is not what was recorded: it is asked no more for it."""
    file = folder / "changed.bin"
    file.write_bytes(os.urandom(PART + 9))
    hashed = hash_path(file, in_parts=True)
    entry = Entry(b"changed.bin", hashed.size, hashed.digest.removeprefix("sha256:"), hashed.parts)
    told = load_config(environ=client_environment(folder, url), project="uploads-changed")
    job = Job(
        project=told.project, type="model", name="m", kind="file", digest=hashed.digest, source=file,
        entries=(entry,),
    )  # fmt: skip
    with file.open("r+b") as changing:
        changing.seek(PART)
        changing.write(b"?")
    exchange = Exchange(told)
    with pytest.raises(ChangedError, match="changed since it was recorded"):
        send(job, exchange, lambda count: None)
    exchange.close()


def check_ended_urls(url: str, folder: Path) -> None:
    """The store says that they have ended: new ones are asked for, and what has arrived is not sent again."""
    content = {f"{number}": os.urandom(100) for number in range(20)}
    large = os.urandom(64) * (PART // 64) * 2 + b"end"
    source = folder / "ended"
    source.mkdir()
    for name, data in {**content, "large": large}.items():
        (source / name).write_bytes(data)
    sent: list[int] = []
    got: list[str] = []
    put_url, get = Exchange.put_url, Exchange.get

    def counted_put(self: Exchange, url: str, headers: Any, size: int, data: Any) -> None:
        put_url(self, url, headers, size, data)
        sent.append(size)

    def counted_get(self: Exchange, url: str) -> Generator[bytes]:
        yield from get(self, url)
        got.append(url)

    with pytest.MonkeyPatch.context() as patched, client_of(folder, url, "uploads-ended") as client:
        patched.setattr(Exchange, "put_url", counted_put)
        patched.setattr(Exchange, "get", counted_get)
        told = ended_at_first(patched)
        with client.start_run("maker") as run:
            made = run.produce("ended", source, type="dataset")
        assert client.sync_status().all_sent
        assert sorted(sent) == sorted([100] * 20 + [3, PART])  # both parts of 16 MiB are one object
        shutil.rmtree(source)
        client.download(made.uid, folder / "back")
        assert told == ["ended", "new", "ended", "new"]
        # A file of fewer than eight parts is fetched part after part; those of one object, each for itself.
        assert len(got) == 20 + 3
    assert {path.name: path.read_bytes() for path in (folder / "back").iterdir()} == {
        **content,
        "large": large,
    }


def ended_at_first(patched: pytest.MonkeyPatch) -> list[str]:
    """Every second signed URL of a first answer, to an upload and to a download, was signed a day ago."""
    told: list[str] = []
    ask, page = Exchange.ask, Exchange.page
    aged = re.compile(r"(?<=X-Amz-Date=)\d{8}")

    def asked(self: Exchange, *arguments: Any) -> Asked:
        found = ask(self, *arguments)
        told.append("new" if told else "ended")
        if told == ["ended"]:
            assert len(found.urls) == 22
            old = {name: aged.sub("20200101", found.urls[name]) for name in list(found.urls)[::2]}
            return replace(found, urls={**found.urls, **old})
        return found

    def paged(self: Exchange, body: Any) -> dict[str, Any]:
        found = page(self, body)
        told.append("ended" if len(told) == 2 else "new")
        if told[-1] == "ended":
            for one in found["objects"][::2]:
                one["url"] = aged.sub("20200101", one["url"])
        return found

    patched.setattr(Exchange, "ask", asked)
    patched.setattr(Exchange, "page", paged)
    return told


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


def test_children_upload_what_they_make(
    running_server: RunningServer, lineage: RunLineage, tmp_path: Path
) -> None:
    """Forked in the middle of its parent's uploads, by multiprocessing, and spawned: each sends its own."""
    script = tmp_path / "children.py"
    script.write_text(CHILDREN)
    (tmp_path / "large").write_bytes(LARGE)
    told = client_environment(
        tmp_path, running_server.url, LINEAGE_CAPTURE="none", LINEAGE_PROJECT="upload-children"
    )
    done = subprocess.run(
        [sys.executable, script, tmp_path / "large"], env=told, cwd=tmp_path, capture_output=True, text=True,
        timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    # A child waits some seconds at its end, which may not do on a busy machine: then it has lost nothing.
    report = json.loads(lineage("sync", "--json").out)
    assert (report["uploads_failed"], report["refused"], report["left"]) == (0, 0, [])
    assert waiting(tmp_path) == []
    with client_of(tmp_path, running_server.url, "upload-children") as client:
        runs = client.gql('{ runs(project: "upload-children") { edges { node { uid } } } }')["runs"]
        found = client.gql(CHILDRENS, {"run": runs["edges"][0]["node"]["uid"]})["run"]
        versions = [edge["node"]["version"] for edge in found["outputs"]["edges"]]
        made = {version["name"]: version for version in versions}
        names = {f"{who}{what}" for who in ("parent", "forked", "fork", "spawn") for what in ("", ".file")}
        assert (found["state"], set(made)) == ("COMPLETE", names)
        assert all(version["storedAt"] for version in made.values())
        assert client.get(made["spawn.file"]["uid"]).path.read_bytes() == LARGE


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
