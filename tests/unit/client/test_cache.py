"""What downloads leave in the cache: bounded, shared, never what it should not be, whoever else uses it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lineage_server import Client
from lineage_server.client.artifact import Artifact
from lineage_server.client.transfer import cache as module
from lineage_server.client.transfer.cache import Cache
from tests.support.stored import Content, sha
from tests.unit.client.stub import StubServer

OBJECTS = "/api/v1/artifacts/objects/default/"


@pytest.fixture(autouse=True)
def nothing_held() -> Iterator[None]:
    yield
    forget_held()


def forget_held() -> None:
    """As if the process had ended."""
    for fd in module._held.values():
        os.close(fd)
    module._held.clear()


@pytest.fixture
def version(stub: StubServer) -> Callable[..., Callable[[Client], Artifact]]:
    """Makes the stand-in hand out this folder, and no other one, from when its handle is asked for."""

    def made(**files: bytes) -> Callable[[Client], Artifact]:
        content = Content(files)
        manifest = content.manifest()

        def told(client: Client) -> Artifact:
            page: dict[str, Any] = {
                "version": {"uid": f"version:default/dataset/iris@{manifest['digest']}"},
                "manifest": manifest,
                "method": "server",
                "objects": [
                    {"sha256": name, "size": len(data), "url": OBJECTS + name}
                    for name, data in content.objects.items()
                ],
                "after": "",
            }
            stub.pages = {"": page}
            stub.objects = dict(content.objects)
            return Artifact(
                name="iris", type="dataset", project="default", digest=manifest["digest"], client=client
            )

        return told

    return made


def asked(stub: StubServer) -> list[str]:
    """The objects that were fetched since this was asked last."""
    names = [one["path"].removeprefix(OBJECTS) for one in stub.requests if OBJECTS in one["path"]]
    stub.requests.clear()
    return sorted(names)


def test_a_file_that_several_versions_have_is_fetched_and_kept_once(
    version: Callable[..., Any], make_client: Callable[..., Client], stub: StubServer
) -> None:
    client = make_client(stub.url)
    one, two = version(a=b"same", b=b"1")(client), version(c=b"same", d=b"2")
    first = one.path
    assert asked(stub) == sorted([sha(b"same"), sha(b"1")])
    second = two(client).path
    assert asked(stub) == [sha(b"2")]
    assert (first / "a").samefile(second / "c")
    assert one.path == first
    assert asked(stub) == []
    # A download to elsewhere takes it from there too, and is the user's own.
    out = two(client).download(client.config.cache_dir.parent / "out")
    assert asked(stub) == []
    (out / "c").write_bytes(b"edited")
    assert (second / "c").read_bytes() == b"same"


def test_what_was_spoilt_in_the_cache_is_fetched_anew(
    version: Callable[..., Any], make_client: Callable[..., Client], stub: StubServer
) -> None:
    client = make_client(stub.url)
    one = version(a=b"right", b=b"1")(client)
    place = one.path
    asked(stub)
    os.chmod(place / "a", 0o600)
    (place / "a").write_bytes(b"WRONG")
    (place / "not of it").write_bytes(b"?")
    assert (one.path / "a").read_bytes() == b"right"
    assert sorted(path.name for path in one.path.iterdir()) == ["a", "b"]
    assert sha(b"right") in asked(stub)
    # Nor does it reach a download.
    kept = client.config.cache_dir / "files" / sha(b"right")
    os.chmod(kept, 0o600)
    kept.write_bytes(b"WRONG")
    assert (one.download(client.config.cache_dir.parent / "out") / "a").read_bytes() == b"right"


def test_what_was_not_used_for_longest_goes_first_and_what_is_in_use_stays(
    version: Callable[..., Any], make_client: Callable[..., Client], stub: StubServer
) -> None:
    client = make_client(stub.url, LINEAGE_CACHE_MB="0.002")
    made = [version(a=bytes([number]) * 900)(client) for number in range(4)]
    places = [version(a=bytes([number]) * 900)(client).path for number in range(2)]
    assert all(place.is_dir() for place in places)
    places.append(version(a=bytes([2]) * 900)(client).path)
    assert all(place.is_dir() for place in places), "this process uses all of them"
    forget_held()
    cache = Cache(client.config.cache_dir, client.config.cache_bytes)
    for age, place in enumerate(reversed(places)):
        os.utime(place.parent, (time.time() - 100 * (age + 1),) * 2)
    os.utime(places[0].parent)
    gone = cache.trim()
    assert [one.path for one in gone] == [places[1].parent]
    assert [place.is_dir() for place in places] == [True, False, True]
    assert {path.name for path in (cache.folder / "files").iterdir()} == {
        sha(bytes([number]) * 900) for number in (0, 2)
    }
    assert made[3].digest not in [one.digest for one in cache.listed()]
    cache.trim(0)
    assert cache.listed() == []


def test_a_cache_that_is_full_or_cannot_be_written_does_not_hinder_a_download(
    version: Callable[..., Any], make_client: Callable[..., Client], stub: StubServer, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    client = make_client(stub.url, LINEAGE_CACHE_DIR=str(tmp_path / "file"))
    assert (version(a=b"x")(client).download(tmp_path / "out") / "a").read_bytes() == b"x"
