"""Digests of files and folders: of their content and nothing else, and never of half a file."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_server.client import hashing, remembered
from lineage_server.client.hashing import PART, Entry, hash_path, manifest_digest
from lineage_server.client.remembered import Known, Remembered, is_settled, key_of
from lineage_server.domain.errors import ConflictError, InvalidInputError, NotFoundError


def tree(root: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def test_a_file_is_its_sha256(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"x" * 3_000_000)
    hashed = hash_path(file)
    assert hashed.digest == "sha256:" + hashlib.sha256(b"x" * 3_000_000).hexdigest()
    assert hashed.size == 3_000_000


def test_a_folder_is_the_same_wherever_it_lies(tmp_path: Path) -> None:
    files = {"a.txt": b"1", "sub/b.txt": b"22", "sub/deep/ü ñ.bin": b"", "z": b"3"}
    one, two = tree(tmp_path / "one", files), tree(tmp_path / "two", dict(reversed(files.items())))
    (two / "empty").mkdir()
    assert hash_path(one).digest == hash_path(two).digest
    assert hash_path(one).size == 4
    assert [e.path.decode() for e in hash_path(one).entries or ()] == sorted(files)
    stats = hash_path(one).stats()
    assert stats
    assert (stats["files"], stats["manifest_whole"]) == (4, True)


@pytest.mark.parametrize(
    "change",
    [
        {"a.txt": b"2"},
        {"c.txt": b""},
        {"sub/b.txt": b"1", "a.txt": b"22"},
    ],
)
def test_any_change_changes_the_digest(tmp_path: Path, change: dict[str, bytes]) -> None:
    folder = tree(tmp_path / "one", {"a.txt": b"1", "sub/b.txt": b"22"})
    before = hash_path(folder).digest
    assert hash_path(tree(folder, change)).digest != before


def test_names_that_are_no_text(tmp_path: Path) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    name = os.path.join(os.fsencode(folder), b"\xff\xfe\n")
    with open(name, "wb") as file:
        file.write(b"1")
    hashed = hash_path(folder)
    assert hashed.entries
    assert hashed.entries[0].path == b"\xff\xfe\n"
    assert hashed.stats()


def test_what_is_no_file_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(InvalidInputError, match="neither a file nor a folder"):
        hash_path(pipe)
    with pytest.raises(NotFoundError):
        hash_path(tmp_path / "nothing")
    with pytest.raises(InvalidInputError):
        hash_path(Path("a\0b"))


@pytest.mark.parametrize("follow", [True, False])
def test_what_is_no_file_in_a_folder_is_named_and_not_left_out(
    follow: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tree(tmp_path / "one", {"a": b"1", "deep/b": b"2"})
    strange = folder / "deep" / "strange"
    monkeypatch.chdir(folder / "deep")  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as listening:
        for make in (lambda: os.mkfifo(strange), lambda: listening.bind("strange")):
            make()
            with pytest.raises(InvalidInputError, match=f"{strange} is a pipe, .* take it out"):
                hash_path(folder, follow=follow)
            strange.unlink()
    assert [e.path for e in hash_path(folder).entries or ()] == [b"a", b"deep/b"]


def test_a_file_that_keeps_changing_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"x" * 20_000_000)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with file.open("ab") as f:
                f.write(b"y")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with pytest.raises(ConflictError, match="changed while it was read"):
            hash_path(file)
    finally:
        stop.set()
        writer.join()


def test_a_digest_is_remembered_until_the_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashing, "is_settled", lambda told: True)
    cache = Remembered(tmp_path / "cache")
    file = tmp_path / "a"
    file.write_bytes(b"x" * 100_000)
    first = hash_path(file, cache)
    read: list[object] = []
    digest = hashlib.file_digest
    monkeypatch.setattr(hashing.hashlib, "file_digest", lambda *a: read.append(a) or digest(*a))
    assert hash_path(file, cache) == first
    assert not read, "not read a second time"
    # The same size and the old time of change, as copying tools set it: still seen.
    stat = file.stat()
    file.write_bytes(b"y" * 100_000)
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert hash_path(file, cache).digest != first.digest
    assert read


def test_a_young_file_is_not_remembered(tmp_path: Path) -> None:
    cache = Remembered(tmp_path / "cache")
    file = tmp_path / "a"
    file.write_bytes(b"x" * 100_000)
    hash_path(file, cache)
    assert cache.find([key_of(file.stat())]) == {}
    cache.keep({key_of(file.stat()): Known("sha256:" + "a" * 64)})
    assert cache.find([key_of(file.stat())])


@pytest.mark.parametrize(
    ("nanoseconds", "seconds", "settled"),
    [(123_456_789, 0.05, False), (123_456_789, 1, True), (123_000_000, 1, False), (0, 3, True)],
)
def test_how_old_a_file_is_remembered(
    tmp_path: Path, nanoseconds: int, seconds: float, settled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Coarse clocks (FAT: two seconds) need more."""
    file = tmp_path / "a"
    file.write_bytes(b"x")
    os.utime(file, ns=(0, 10**18 + nanoseconds))
    told = file.stat()
    changed = SimpleNamespace(
        st_mtime_ns=told.st_mtime_ns,
        st_ctime_ns=told.st_mtime_ns,
        st_mtime=told.st_mtime,
        st_ctime=told.st_mtime,
    )
    monkeypatch.setattr(remembered.time, "time", lambda: told.st_mtime + seconds)
    assert is_settled(changed) is settled  # type: ignore[arg-type]


def test_parts_are_hashed_with_the_whole_and_remembered_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashing, "is_settled", lambda told: True)
    cache = Remembered(tmp_path / "cache")
    data = os.urandom(64) * (PART // 64) + b"end"
    file = tmp_path / "folder" / "a"
    file.parent.mkdir()
    file.write_bytes(data)
    plain = hash_path(file, cache)
    assert (plain.digest, plain.parts) == ("sha256:" + hashlib.sha256(data).hexdigest(), ())
    # Remembered without its parts: read again for them, then no more.
    hashed = hash_path(file, cache, in_parts=True)
    parts = tuple(hashlib.sha256(piece).hexdigest() for piece in (data[:PART], data[PART:]))
    assert (hashed.digest, hashed.parts) == (plain.digest, parts)
    monkeypatch.setattr(hashing, "_read_in_parts", None)
    assert hash_path(file, cache, in_parts=True) == hashed
    entry = (hash_path(file.parent, cache, in_parts=True).entries or ())[0]
    assert entry == Entry(b"a", len(data), plain.digest[7:], parts)


def test_without_a_place_to_remember_everything_works(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    file = tmp_path / "a"
    file.write_bytes(b"x" * 100_000)
    assert hash_path(file, Remembered(tmp_path / "file" / "cache")).size == 100_000
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "digests.sqlite").write_bytes(b"no database at all" * 100)
    assert hash_path(file, Remembered(broken)).size == 100_000


_entries = st.lists(
    st.builds(
        Entry, st.binary(min_size=1).filter(lambda b: b"\0" not in b), st.integers(0, 9), st.just("ab")
    ),
    unique_by=lambda e: e.path,
)


@settings(max_examples=200)
@given(_entries, _entries)
def test_different_manifests_have_different_digests(one: list[Entry], two: list[Entry]) -> None:
    one, two = sorted(one), sorted(two)
    assert (manifest_digest(one) == manifest_digest(two)) == (one == two)
