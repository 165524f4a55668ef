"""Bytes through the real server process: straight into its folder, and across kills of the server."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from lineage_server.storage.manifest import PART
from tests.e2e.conftest import client_environment
from tests.support.stored import Content, Sender, sha

if TYPE_CHECKING:
    from tests.e2e.conftest import RunLineage, RunningServer, StartServer
    from tests.support.neo4j_server import Address
    from tests.support.s3_server import S3Server

pytestmark = pytest.mark.e2e

CONTENT = Content(
    {"weights/large.bin": os.urandom(64) * (PART // 64) + b"end", "데이터\n": b"a,b\n", "empty": b""},
    links={"latest": "weights"},
)


@asynccontextmanager
async def connected(server: RunningServer, project: str = "kept") -> AsyncIterator[Sender]:
    async with (
        httpx2.AsyncClient(base_url=server.url, timeout=60) as http,
        httpx2.AsyncClient(timeout=60) as outside,
    ):
        yield Sender(http, project, outside=outside)


def mode(folder: str) -> int:
    return Path(folder).stat().st_mode & 0o777


def cut_short(folder: str, name: str, data: bytes) -> None:
    (Path(folder) / name).write_bytes(data)


def move_aside(folder: str, kept: Path, names: list[str]) -> None:
    """What a commit does first."""
    for name in names:
        place = kept / "objects" / name[:2] / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(Path(folder) / name, place)


async def test_on_one_machine_bytes_go_straight_into_the_folder(running_server: RunningServer) -> None:
    async with connected(running_server) as mine:
        told = await mine.send(CONTENT)
        assert told["method"] == "file"
        assert Path(told["folder"]).is_relative_to(running_server.data_dir / "artifacts")
        assert mode(told["folder"]) == 0o700
        done = (await mine.commit(CONTENT)).json()
        assert os.listdir(told["folder"]) == []
        for methods in (["file"], ["server"]):
            assert await mine.download(uid=done["uid"], methods=methods) == dict(CONTENT.files)
        # Cut short by whoever wrote it: asked for again.
        half = Content({"half": b"whole"})
        told = await mine.ask(half)
        cut_short(told["folder"], sha(b"whole"), b"who")
        answer = await mine.commit(half)
        assert (answer.status_code, answer.json()["details"]) == (409, {"missing": [sha(b"whole")]})
        done = await mine.keep(half)
        assert await mine.download(uid=done["uid"]) == dict(half.files)


async def test_gc_says_what_would_go_and_leaves_what_is_new(
    running_server: RunningServer, lineage: RunLineage
) -> None:
    async with connected(running_server, "collected") as mine:
        done = await mine.keep(CONTENT)
        said = lineage("gc", "--dry-run")
        assert (said.code, said.err) == (0, "")
        assert said.out.splitlines()[-1].startswith("0 objects of 0 B may go, ")
        told = json.loads(lineage("gc", "--json").out)
        assert (told["dry_run"], told["objects"], told["versions"]) == (False, 0, [])
        assert told["kept_bytes"] >= sum(map(len, CONTENT.objects.values()))
        said = lineage("ttl", done["uid"], "0")
        assert (said.code, "may lose its bytes from now on" in said.out) == (0, True), said.err
        (line,) = re.findall(rf"{done['uid']} =\n    (.*)\n", lineage("gc", "--dry-run").out)
        assert line.startswith("stays: its bytes were uploaded lately: such are left alone until ")
        assert await mine.download(uid=done["uid"]) == dict(CONTENT.files)


async def test_server_killed_between_upload_and_commit_goes_on_where_it_was(
    start_server: StartServer, outer: Address | None, tmp_path: Path
) -> None:
    def start() -> RunningServer:
        kept = client_environment(tmp_path / "user", LINEAGE_ARTIFACTS__URL=str(tmp_path / "kept"))
        return start_server(outer=outer, environment=kept)

    server = start()
    many = Content({f"{i}": os.urandom(20) for i in range(300)})
    async with connected(server) as mine:
        told = await mine.send(CONTENT)
        assert len(told["missing"]) == len(CONTENT.objects)
        await mine.send(many)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait(20)
        with pytest.raises(httpx2.TransportError):
            await mine.commit(CONTENT)
    server = start()
    async with connected(server) as mine:
        told = await mine.ask(CONTENT)
        assert (told["missing"], told["present"]) == ([], len(CONTENT.objects))
        done = (await mine.commit(CONTENT)).json()
        # Cut off in the middle of moving, as a kill in the middle of a commit would.
        names = sorted(many.objects)
        move_aside(told["folder"], tmp_path / "kept", names[:100])
        answer = await mine.commit(many)
        assert (answer.status_code, answer.json()["details"]) == (409, {"missing": names[:100]})
        again = await mine.keep(many)
        for content, one in ((CONTENT, done), (many, again)):
            assert await mine.download(uid=one["uid"]) == dict(content.files)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait(20)
    async with connected(start()) as mine:
        for content, one in ((CONTENT, done), (many, again)):
            assert (await mine.ask(content))["missing"] == []
            assert await mine.download(uid=one["uid"]) == dict(content.files)


async def test_server_with_its_bytes_in_s3(
    start_server: StartServer, s3_server: S3Server, tmp_path: Path
) -> None:
    s3_server.make_bucket("e2e")
    told = {"LINEAGE_ARTIFACTS__URL": "s3://e2e/some/where", **s3_server.environment()}
    server = start_server(environment=client_environment(tmp_path / "user", **told))
    async with connected(server) as mine:
        assert (await mine.send(CONTENT))["method"] == "url"
        done = (await mine.commit(CONTENT)).json()
        assert await mine.download(uid=done["uid"]) == dict(CONTENT.files)
