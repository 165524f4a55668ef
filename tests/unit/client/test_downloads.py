"""A download believes nobody: a forged answer leads nowhere, wrong bytes never get a right name."""

from __future__ import annotations

import base64
import hashlib
import os
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from lineage_server import (
    Client,
    ConflictError,
    InvalidInputError,
    LineageError,
    NotFoundError,
    UnavailableError,
)
from lineage_server.client import drafts
from lineage_server.client.artifact import Artifact
from lineage_server.client.hashing import PART, Entry, hash_path, manifest_digest
from lineage_server.client.locks import try_lock
from lineage_server.client.transfer import bringing, receive
from lineage_server.client.transfer.exchange import Exchange, ExpiredError
from tests.support.stored import pieces, sha
from tests.unit.client.stub import StubServer

OBJECTS = "/api/v1/artifacts/objects/default/"


def entry(path: str | bytes, data: bytes = b"x") -> dict[str, Any]:
    told: dict[str, Any] = {"path": path, "size": len(data), "sha256": sha(data)}
    if isinstance(path, bytes):
        told |= {"path": "?", "path_bytes": base64.b64encode(path).decode()}
    if len(data) > PART:
        told["parts"] = [sha(piece) for piece in pieces(data)]
    return told


def link(path: str, text: str) -> dict[str, Any]:
    return {"path": path, "link": text}


def digest_of(entries: list[dict[str, Any]]) -> str:
    """As a server computes it that does not look at what it computes it of."""
    return manifest_digest(
        [
            Entry(
                base64.b64decode(one["path_bytes"]) if "path_bytes" in one else one["path"].encode(),
                one.get("size", 0),
                one.get("sha256") or "link:" + hashlib.sha256(one["link"].encode()).hexdigest(),
            )
            for one in entries
        ]
    )


def page(entries: list[dict[str, Any]], *data: bytes, **other: Any) -> dict[str, Any]:
    """A server's answer; what is wrong with it is the test's."""
    manifest = {
        "v": 1,
        "kind": other.get("kind", "folder"),
        "digest": other.get("digest") or digest_of(entries),
        "size": other.get("size", sum(one.get("size", 0) for one in entries)),
        "entries": entries,
    }
    method = other.get("method", "server")
    objects = [
        {"sha256": sha(piece), "size": len(piece), "url": f"{OBJECTS}{sha(piece)}", **other.get("at", {})}
        for one in (data or (b"x",))
        for piece in pieces(one)
    ]
    return {
        "version": {"uid": f"version:default/dataset/iris@{manifest['digest']}"},
        "manifest": manifest,
        "method": method,
        "objects": objects,
        "after": other.get("after", ""),
    }


@pytest.fixture
def serve(stub: StubServer) -> Callable[..., None]:
    """These are the pages of every version; each object is what its name says."""

    def told(*pages: dict[str, Any], data: tuple[bytes, ...] = (b"x",)) -> None:
        stub.pages = {str(at or ""): one for at, one in enumerate(pages)}
        stub.objects = {sha(piece): piece for one in data for piece in pieces(one)}

    return told


@pytest.fixture
def iris(client: Client) -> Artifact:
    return Artifact(name="iris", type="dataset", project="default", client=client, run="0")


def everything(folder: Path) -> list[str]:
    """Whatever lies below, links and hidden parts too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


HOSTILE: dict[str, list[dict[str, Any]]] = {
    "a step up": [entry("../x")],
    "a step up inside": [entry("a/../../x")],
    "an absolute path": [entry("/tmp/x")],
    "no name": [entry("")],
    "the folder itself": [entry(".")],
    "a NUL": [entry("a\0b")],
    "a step up in bytes": [entry(b"\xff/../../x")],
    "a trailing slash": [entry("a/")],
    "a link out": [link("a", "../x")],
    "a link out by a step in the middle": [link("d/a", "b/../../../x")],
    "an absolute link": [link("a", "/etc/passwd")],
    "an empty link": [link("a", "")],
    "two of one path": [entry("a"), entry("a")],
    "a file and a link of one path": [entry("a"), link("a", "b")],
    "in no order": [entry("b"), entry("a")],
    "below a file": [entry("a"), entry("a.b"), entry("a/x")],
    "below a link": [link("a", "b"), entry("a/x")],
    "no size": [{"path": "a", "sha256": sha(b"x")}],
    "no digest": [{"path": "a", "size": 1, "sha256": "../x"}],
    "not as many parts": [{"path": "a", "size": PART + 1, "sha256": sha(b"x")}],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_forged_list_of_files_writes_nothing(
    serve: Callable[..., None], iris: Artifact, tmp_path: Path, name: str
) -> None:
    serve(page(HOSTILE[name], digest=f"sha256:{'0' * 64}"))
    outer = tmp_path / "outer"
    with pytest.raises((InvalidInputError, NotFoundError)):
        iris.download(outer / "in")
    try:
        digest = digest_of(HOSTILE[name])
    except (KeyError, UnicodeError):
        digest = ""
    serve(page(HOSTILE[name], digest=digest))
    with pytest.raises(InvalidInputError, match="manifest is refused"):
        iris.download(outer / "in")
    assert everything(outer) in ([], ["in"])


def test_what_is_wrong_across_pages_is_found(
    serve: Callable[..., None], iris: Artifact, tmp_path: Path
) -> None:
    """Two files of one path, and one below a file, each on the next page."""
    for second in (entry("a"), entry("a/x"), entry("A")):
        whole = [entry("a"), second]
        serve(
            page([entry("a")], digest=digest_of(whole), size=2, after="1"),
            page([second], digest=digest_of(whole), size=2),
        )
        with pytest.raises(InvalidInputError, match="manifest is refused"):
            iris.download(tmp_path / "out")
        assert everything(tmp_path / "out") == ["a"]


def test_files_that_are_not_those_of_the_version_are_refused(
    serve: Callable[..., None], client: Client, tmp_path: Path
) -> None:
    real = [entry("a"), entry("b")]
    asked = Artifact(name="iris", type="dataset", project="default", client=client, digest=digest_of(real))
    serve(page([entry("a")], digest=asked.digest))
    with pytest.raises(InvalidInputError, match="not those of"):
        asked.download(tmp_path / "out")
    serve(page([entry("a")]))
    with pytest.raises(NotFoundError, match="another version"):
        asked.download(tmp_path / "out")
    serve(page([entry("a")], kind="file", digest=asked.digest))
    with pytest.raises(InvalidInputError, match="not that of"):
        asked.download(tmp_path / "out")
    assert not (tmp_path / "out").exists() or everything(tmp_path / "out") == []
    serve(page(real))
    asked.download(tmp_path / "out")
    assert everything(tmp_path / "out") == ["a", "b"]


@pytest.mark.parametrize("place", ["/dev/zero", "fifo", "folder", "secret", "/nowhere/at/all"])
def test_the_servers_file_is_not_just_any_file(
    serve: Callable[..., None], iris: Artifact, tmp_path: Path, place: str
) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "secret").write_bytes(b"s")
    told = {"path": str(tmp_path / place)}
    serve(page([entry("a")], method="file", at=told))
    with pytest.raises(LineageError):
        iris.download(tmp_path / "out")
    assert everything(tmp_path / "out") == []


@pytest.mark.parametrize("data", [b"x", b"", b"y" * (PART + 1), b"z" * (2 * PART) + b"end"])
def test_wrong_bytes_never_get_the_name(
    serve: Callable[..., None],
    stub: StubServer,
    iris: Artifact,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    data: bytes,
) -> None:
    """The last one has its parts arrive at once."""
    for module in (bringing, receive):
        monkeypatch.setattr(module, "SEVERAL_PARTS", 3)
    serve(page([entry("a", data)], data), data=(data,))
    *_, last = pieces(data)
    for wrong in (last + b"more", last[:-1] + b"?", last[:-1]):
        if wrong != last:
            stub.objects[sha(last)] = wrong
            with pytest.raises(NotFoundError, match="lost or spoilt"):
                iris.download(tmp_path / "out")
            assert not (tmp_path / "out" / "a").exists()
    stub.objects[sha(last)] = last
    assert (iris.download(tmp_path / "out") / "a").read_bytes() == data
    assert everything(tmp_path / "out") == ["a"]


def test_parts_that_make_another_file_never_get_the_name(
    serve: Callable[..., None], iris: Artifact, tmp_path: Path
) -> None:
    data = b"y" * (PART + 1)
    told = {**entry("a", data), "sha256": sha(b"another")}
    serve(page([told], data), data=(data,))
    with pytest.raises(NotFoundError, match="do not make the file"):
        iris.download(tmp_path / "out")
    assert everything(tmp_path / "out") == []


def test_what_a_killed_download_left_goes_when_it_is_of_no_use(
    serve: Callable[..., None], client: Client, iris: Artifact, tmp_path: Path
) -> None:
    """Another content of a file that is there now, and what nobody went on with for long; nothing else."""
    out = tmp_path / "out"
    (out / "d").mkdir(parents=True)
    long_ago = time.time() - drafts.KEPT_SECONDS - 60
    other, resumed = drafts.name_of(b"a", sha(b"other")), drafts.name_of(b"a", sha(b"x"))
    later, old = drafts.name_of(b"b", sha(b"b")), drafts.name_of(b"c", sha(b"c"))
    lockless, held = old + b".1.2", drafts.name_of(b"e", sha(b"e"))
    for name in (other, resumed, later, old, lockless, held):
        for folder in (out, out / "d"):
            (folder / os.fsdecode(name)).write_bytes(b"left")
            if name in (old, lockless, held):
                os.utime(folder / os.fsdecode(name), (long_ago, long_ago))
    (out / ".lineage-mine.part").write_bytes(b"of the user")
    before = sorted(path.name for path in out.iterdir() if path.is_file())
    assert hash_path(out).entries == hash_path(out, follow=False).entries
    assert [one.path for one in hash_path(out).entries or ()] == [b".lineage-mine.part"]
    serve(page([entry("a")], digest=f"sha256:{'0' * 64}"))
    with pytest.raises(InvalidInputError):
        iris.download(out)
    assert sorted(path.name for path in out.iterdir() if path.is_file()) == before
    serve(page([entry("a"), entry("d/a")]))
    with (out / os.fsdecode(held)).open("rb") as file:
        assert try_lock(file.fileno())
        iris.download(out)
    stays = [os.fsdecode(later), "a"]
    assert everything(out) == sorted(
        [*stays, *(f"d/{name}" for name in stays), "d", ".lineage-mine.part", os.fsdecode(held)]
    )
    iris.download(out, overwrite=True)


def test_nothing_is_written_through_what_lies_there(
    serve: Callable[..., None], iris: Artifact, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a").write_bytes(b"mine")
    out = tmp_path / "out"
    out.mkdir()
    serve(page([entry("d/a")]))
    (out / "d").symlink_to(outside)
    for overwrite in (False, True):
        with pytest.raises(ConflictError, match="nothing is written through it"):
            iris.download(out, overwrite=overwrite)
    (out / "d").unlink()
    (out / "d").mkdir()
    (out / "d" / "a").symlink_to(outside / "a")
    for overwrite in (False, True):
        with pytest.raises(ConflictError, match="was not overwritten"):
            iris.download(out, overwrite=overwrite)
    (out / "d" / "a").unlink()
    (out / "d" / "a").mkdir()
    with pytest.raises(ConflictError):
        iris.download(out, overwrite=True)
    assert (outside / "a").read_bytes() == b"mine"
    assert everything(outside) == ["a"]
    # A folder that is itself reached by a link is the user's own choice.
    (tmp_path / "by-link").symlink_to(outside)
    assert (iris.download(tmp_path / "by-link") / "d" / "a").read_bytes() == b"x"


def test_what_lies_there_stays_unless_it_may_go(
    serve: Callable[..., None], stub: StubServer, iris: Artifact, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "a").write_bytes(b"?")
    (out / "l").symlink_to("b")
    (out / "other").write_bytes(b"of the user")
    serve(page([entry("a"), link("l", "a")]))
    with pytest.raises(ConflictError, match="a is there already, with other content"):
        iris.download(out)
    assert (out / "a").read_bytes() == b"?"
    (out / "a").write_bytes(b"x")
    with pytest.raises(ConflictError, match="l belongs"):
        iris.download(out)
    iris.download(out, overwrite=True)
    assert ((out / "a").read_bytes(), os.readlink(out / "l")) == (b"x", "a")
    assert (out / "other").read_bytes() == b"of the user"
    before = len(stub.requests)
    iris.download(out)
    assert [one["path"] for one in stub.requests[before:]] == ["/api/v1/artifacts/downloads"]


def test_a_store_that_is_on_another_machine_is_asked_by_wire(
    serve: Callable[..., None], stub: StubServer, iris: Artifact, tmp_path: Path
) -> None:
    """A server behind a forwarded port believes that it shares a folder with us."""
    serve(page([entry("a")], method="file", at={"path": "/nowhere/at/all"}))
    seen: list[Any] = []

    class Pages(dict[str, Any]):
        def __getitem__(self, after: str) -> Any:
            seen.append(after)
            return super().__getitem__(after) if len(seen) == 1 else page([entry("a")])

    stub.pages = Pages(stub.pages)
    assert (iris.download(tmp_path / "out") / "a").read_bytes() == b"x"
    assert seen == ["", ""]


@pytest.mark.parametrize("lives", [3, 0])
def test_urls_that_end_again_and_again_are_renewed_while_something_arrives(
    serve: Any, iris: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lives: int
) -> None:
    files = [b"%d" % number for number in range(40)]
    entries = [entry(f"{number:02}", data) for number, data in enumerate(files)]
    serve(page(entries, *files), data=tuple(files))
    paged, get, lock = Exchange.page, Exchange.get, threading.Lock()
    asked, left = 0, 0

    def ask(self: Exchange, body: Any) -> dict[str, Any]:
        nonlocal asked, left
        asked, left = asked + 1, lives
        return paged(self, body)

    def get_some(self: Exchange, url: str) -> Generator[bytes]:
        nonlocal left
        with lock:
            if not left:
                raise ExpiredError("the store refuses a signed URL with 403: Request has expired")
            left -= 1
        yield from get(self, url)

    monkeypatch.setattr(Exchange, "page", ask)
    monkeypatch.setattr(Exchange, "get", get_some)
    if not lives:
        with pytest.raises(UnavailableError, match="refuses the signed URLs"):
            iris.download(tmp_path / "out")
        assert asked == 6
        return
    iris.download(tmp_path / "out")
    assert [(tmp_path / "out" / f"{number:02}").read_bytes() for number in range(40)] == files
    assert asked > 6
