"""Bytes in Azure Blob Storage (Azurite): straight there and back, past wrong bytes and kills, collected."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from lineage_server import Client
from lineage_server.client.config import load_config
from lineage_server.client.hashing import PART
from tests.e2e.conftest import client_environment
from tests.e2e.test_artifacts import connected
from tests.support.azurite.server import ACCOUNT, AzureServer
from tests.support.proxy import Proxy
from tests.support.stored import Content, Sender, sha

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.conftest import RunLineage, RunningServer, StartServer

pytestmark = pytest.mark.e2e

CONTENT = Content({"데이터/b c.txt": b"hello", "empty": b"", "large": os.urandom(64) * (PART // 64) + b"end"})


@pytest.fixture(scope="module")
def azure() -> Iterator[AzureServer]:
    server = AzureServer()
    server.start()
    yield server
    server.stop()


def settings(
    azure: AzureServer, folder: Path, container: str, endpoint: str = "", **more: str
) -> dict[str, str]:
    azure.make_container(container)
    told = {"LINEAGE_ARTIFACTS__URL": f"az://{container}/some/where", **azure.environment(endpoint)}
    return client_environment(folder / "server", **told, **more)


async def test_bytes_go_straight_to_azure_and_back_whatever_is_killed(
    start_server: StartServer, azure: AzureServer, tmp_path: Path
) -> None:
    environment = settings(azure, tmp_path, "straight")
    server = start_server(environment=environment)
    async with connected(server) as mine:
        assert (await mine.send(CONTENT))["method"] == "url"
        server.process.send_signal(signal.SIGKILL)
        server.process.wait(20)
    server = start_server(environment=environment)
    async with connected(server) as mine:
        assert (await mine.ask(CONTENT))["missing"] == []
        done = (await mine.commit(CONTENT)).json()
        for methods in (["url"], ["server"]):
            assert await mine.download(uid=done["uid"], methods=methods) == dict(CONTENT.files)
        await check_that_wrong_bytes_are_never_shared(mine)


async def check_that_wrong_bytes_are_never_shared(mine: Sender) -> None:
    content = Content({"a": b"right"})
    (one,) = (await mine.ask(content))["missing"]
    assert mine.outside is not None
    sent = await mine.outside.put(one["url"], content=b"wrong", headers=one["headers"])
    assert sent.status_code == 201
    answer = await mine.commit(content)
    assert (answer.status_code, answer.json()["details"]) == (409, {"missing": [sha(b"right")]})
    done = await mine.keep(content)
    # Written over afterwards: what is shared lies where no URL of ours reaches.
    await mine.outside.put(one["url"], content=b"later", headers=one["headers"])
    assert await mine.download(uid=done["uid"]) == dict(content.files)


def test_what_lies_in_azure_says_when_it_has_drifted(
    running_server: RunningServer, lineage: RunLineage, azure: AzureServer, tmp_path: Path
) -> None:
    azure.make_container("refs")

    def fill(data: bytes) -> None:
        for key in ("a b/é.bin", "many/1", "many/2"):
            azure.write("refs", key, data)

    fill(b"before")
    env = {**azure.environment(), "LINEAGE_PROJECT": "azure-refs"}
    uris = {"blob": "az://refs/a b/é.bin", "prefix": "az://refs/many"}
    with Client(
        config=load_config(environ=client_environment(tmp_path, running_server.url, **env))
    ) as client:
        with client.start_run("maker", capture="none") as run:
            made = {name: run.produce(f"model:{name}", uri) for name, uri in uris.items()}
        registered = {name: client.register(name, uri) for name, uri in uris.items()}
        assert {name: one.artifact.uid for name, one in registered.items()} == {
            name: one.uid for name, one in made.items()
        }
        assert made["blob"].size == len(b"before")
        assert {client.verify(one).finding for one in made.values()} == {"same"}
        fill(b"after!")
        done = lineage("verify", "model:blob@1", "model:prefix@1", "--json", **env)
        assert (done.code, done.err) == (5, "")
        told = json.loads(done.out)
        assert [one["finding"] for one in told] == ["drifted", "drifted"]
        assert told[0]["recorded"]["etag"] != told[0]["present"]["etag"]
        for key in ("a b/é.bin", "many/1", "many/2"):
            azure.remove("refs", key)
        assert {client.verify(one).finding for one in made.values()} == {"gone"}
        wrong = {**env, "AZURE_STORAGE_ACCOUNT_KEY": "d3Jvbmc="}
        done = lineage("verify", "model:blob@1", **wrong)
        assert "does not let this user look" in done.out


def test_commands_put_get_and_collect(
    start_server: StartServer, lineage: RunLineage, azure: AzureServer, tmp_path: Path
) -> None:
    none_kept = {"LINEAGE_ARTIFACTS__GRACE_HOURS": "0", "LINEAGE_ARTIFACTS__DELETED_DAYS": "0"}
    server = start_server(environment=settings(azure, tmp_path, "commands", **none_kept))
    folder = tmp_path / "folder"
    for path, data in CONTENT.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    done = lineage("put", "data", str(folder), url=server.url)
    assert (done.code, done.err) == (0, ""), done
    again = lineage("get", "dataset:data", "-o", str(tmp_path / "back"), url=server.url)
    assert again.code == 0, again
    back = tmp_path / "back"
    assert {path: (back / path).read_bytes() for path in CONTENT.files} == dict(CONTENT.files)
    told = json.loads(lineage("gc", "--json", url=server.url).out)
    assert (told["objects"], told["kept_bytes"] > PART) == (0, True)
    shown = json.loads(lineage("show", "dataset:data@1", "--json", url=server.url).out)
    uid = shown["node"]["uid"]
    gone = httpx2.post(
        f"{server.url}/api/v1/events", json={"type": "node.deleted", "uid": uid, "reason": "asked to"}
    )
    assert gone.status_code in (200, 202), gone.text
    told = json.loads(lineage("gc", "--json", url=server.url).out)
    assert told["objects"] == len(CONTENT.objects) + 1


async def test_azure_away_is_said_and_nothing_is_lost(
    start_server: StartServer, azure: AzureServer, tmp_path: Path
) -> None:
    with Proxy(azure.url.rpartition("/")[0].replace("http:", "bolt:")) as proxy:
        endpoint = f"{proxy.uri.replace('bolt:', 'http:')}/{ACCOUNT}"
        server = start_server(environment=settings(azure, tmp_path, "away", endpoint))
        async with connected(server) as mine:
            await mine.send(CONTENT)
            proxy.cut()
            answer = await mine.commit(CONTENT)
            assert (answer.status_code, answer.json()["error"]) == (503, "UNAVAILABLE")
            assert answer.json()["details"]["part"] == "artifacts"
            proxy.heal()
            done = await mine.keep(CONTENT)
            assert await mine.download(uid=done["uid"]) == dict(CONTENT.files)
