"""What a folder's links are read as: whole there and back, never without end, and never led astray."""

from __future__ import annotations

import hashlib
import os
import re
import socket
from pathlib import Path

import pytest

from lineage_server.client.hashing import Entry, hash_path, manifest_digest
from lineage_server.client.transfer.manifest import check_links
from lineage_server.domain.errors import InvalidInputError, NotFoundError
from tests.unit.client.test_hashing import tree


def entries_of(folder: Path) -> dict[str, Entry]:
    return {os.fsdecode(entry.path): entry for entry in hash_path(folder).entries or ()}


def shown(folder: Path) -> dict[str, str]:
    """Of each file its digest, of each link its text."""
    return {
        name: f"-> {os.fsdecode(entry.link)}" if entry.link else entry.digest
        for name, entry in entries_of(folder).items()
    }


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_snapshot_of_links_is_its_files(tmp_path: Path) -> None:
    blobs = {"blobs/aa": b"weights" * 20_000, "blobs/bb": b"{}"}
    hub = tree(tmp_path / "models--m", blobs)
    snapshot = hub / "snapshots" / "rev"
    (snapshot / "onnx").mkdir(parents=True)
    (snapshot / "model.bin").symlink_to("../../blobs/aa")
    (snapshot / "onnx" / "config.json").symlink_to("../../../blobs/bb")
    (snapshot / "absolute.json").symlink_to(hub / "blobs" / "bb")
    plain = tree(
        tmp_path / "plain",
        {"model.bin": blobs["blobs/aa"], "onnx/config.json": b"{}", "absolute.json": b"{}"},
    )
    assert hash_path(snapshot, in_parts=True) == hash_path(plain, in_parts=True)
    assert hash_path(snapshot).size == len(blobs["blobs/aa"]) + 4
    # What a file's link leads to counts, and not how it does.
    (hub / "blobs" / "bb").write_bytes(b"[]")
    assert hash_path(snapshot).digest != hash_path(plain).digest


def test_links_that_stay_inside_are_what_they_always_were(tmp_path: Path) -> None:
    folder = tree(tmp_path / "one", {"a": b"1", "deep/b": b"2"})
    for name, text in {
        "inside": "a", "folder": "deep", "itself": ".", "deep/up": "..", "gone": "nothing",
        "deep/gone": "../nothing", "circle": "circle",
    }.items():  # fmt: skip
        (folder / name).symlink_to(text)
    (folder / "piped").symlink_to("pipe")
    assert shown(folder) == {
        "a": sha(b"1"), "inside": sha(b"1"), "deep/b": sha(b"2"), "folder": "-> deep", "itself": "-> .",
        "deep/up": "-> ..", "gone": "-> nothing", "deep/gone": "-> ../nothing", "circle": "-> circle",
        "piped": "-> pipe",
    }  # fmt: skip
    always = "sha256:ff5003ab5345b940306c87f362bb5742dde00ea406e002c9ef438a2edac19187"
    assert hash_path(folder).digest == always
    check_links(entries_of(folder).values())
    # In what was downloaded they are what they are.
    followed = hash_path(folder, follow=False)
    assert sum(bool(entry.link) for entry in followed.entries or ()) == 8
    assert followed.digest == manifest_digest(sorted(followed.entries or ()))


def test_folders_elsewhere_are_read_as_if_they_were_here(tmp_path: Path) -> None:
    data = tree(tmp_path / "data", {"v2/x": b"x", "v2/deep/y": b"y"})
    (data / "latest").symlink_to("v2")
    (data / "v2" / "top").symlink_to("../../one/a")
    (data / "gone").symlink_to("v1/x")
    folder = tree(tmp_path / "one", {"a": b"1"})
    (folder / "train").symlink_to(data)
    (folder / "test").symlink_to("../data")
    (folder / "own").symlink_to(folder / "sub" / "deep")
    tree(folder, {"sub/deep/z": b"z"})
    below = {
        "v2/x": sha(b"x"), "v2/deep/y": sha(b"y"), "v2/top": sha(b"1"), "latest": "-> v2", "gone": "-> v1/x"
    }  # fmt: skip
    assert shown(folder) == {
        "a": sha(b"1"), "sub/deep/z": sha(b"z"), "own/z": sha(b"z"),
        **{f"{link}/{name}": told for link in ("train", "test") for name, told in below.items()},
    }  # fmt: skip
    check_links(entries_of(folder).values())


def test_a_link_inside_by_a_folder_elsewhere_is_read(tmp_path: Path) -> None:
    """Its text stays inside, and what it leads to does not."""
    tree(tmp_path / "out", {"sub/x": b"x"})
    folder = tree(tmp_path / "one", {"a": b"1"})
    (folder / "b").symlink_to("../out")
    (folder / "c").symlink_to("b/sub")
    assert shown(folder) == {"a": sha(b"1"), "b/sub/x": sha(b"x"), "c/x": sha(b"x")}


@pytest.mark.parametrize("text", ["..", "../..", "/", "../one", "../other", "../again"])
def test_loops_are_an_error_at_once(tmp_path: Path, text: str) -> None:
    folder = tree(tmp_path / "one", {"a": b"1", "deep/b": b"2"})
    other = tree(tmp_path / "other", {"c": b"3"})
    (other / "back").symlink_to("../one/deep/..")
    again = tree(tmp_path / "again", {"d": b"4"})
    (again / "other").symlink_to(other)
    (folder / "link").symlink_to(text)
    with pytest.raises(InvalidInputError, match="read without end; take it"):
        hash_path(folder)


def test_folders_that_lead_to_each_other_by_two_links_each_are_not_read_a_billion_times(
    tmp_path: Path,
) -> None:
    for number in range(30):
        folder = tree(tmp_path / f"f{number}", {"a": b"1"})
        for name in ("left", "right"):
            (folder / name).symlink_to(f"../f{number + 1}")
    tree(tmp_path / "f30", {"a": b"1"})
    with pytest.raises(InvalidInputError, match=r"more than 1000 others do.*record that folder by itself"):
        hash_path(tmp_path / "f0")
    assert len(entries_of(tmp_path / "f23")) == 2**8 - 1


def test_a_folder_is_read_by_as_many_links_as_honest_folders_have(tmp_path: Path) -> None:
    tree(tmp_path / "shared", {"a": b"1"})
    folder = tree(tmp_path / "one", {})
    folder.mkdir(exist_ok=True)
    for number in range(1_000):
        (folder / f"link{number}").symlink_to("../shared")
    assert len(entries_of(folder)) == 1_000


def test_what_leads_out_to_nothing_says_what_to_do(tmp_path: Path) -> None:
    folder = tree(tmp_path / "one", {"a": b"1"})
    link = folder / "gone"
    for text in ("../blobs/aa", str(tmp_path / "nothing"), "../one/a/b"):
        link.symlink_to(text)
        with pytest.raises(NotFoundError, match=f"{re.escape(str(link))} leads to .*take the link out"):
            hash_path(folder)
        link.unlink()
    link.symlink_to(tmp_path / "circle")
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(InvalidInputError, match="cannot be read"):
        hash_path(folder)


def test_what_leads_out_to_no_file_is_refused(tmp_path: Path) -> None:
    folder = tree(tmp_path / "one", {"a": b"1"})
    link = folder / "strange"
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        for text in ("/dev/null", "../pipe", str(tmp_path / "s")):
            link.symlink_to(text)
            with pytest.raises(InvalidInputError, match="neither a file nor a folder"):
                hash_path(folder)
            link.unlink()
