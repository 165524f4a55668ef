"""A manifest is either as clients make it, or refused: nothing in it can lead out of its folder."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from lineage_server.client.hashing import Entry, hash_folder, manifest_digest
from lineage_server.domain.errors import InvalidInputError
from lineage_server.storage.manifest import PART, canonical, parse, parse_checked
from tests.support.stored import Content, sha

DIGEST = sha(b"x")
SEGMENT = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=8)
PATHS = st.lists(SEGMENT.filter(lambda s: s not in (".", "..")), min_size=1, max_size=4).map("/".join)


def refused(manifest: Any) -> str:
    with pytest.raises(InvalidInputError) as error:
        parse_checked(json.dumps(manifest).encode())
    assert "nothing was stored" in error.value.message
    assert len(error.value.message) < 600
    return error.value.message


def folder(*entries: dict[str, Any]) -> dict[str, Any]:
    """Right but for what the entries do."""
    told: list[Entry] = []
    for entry in entries:
        name = entry["path"].encode(errors="surrogatepass")
        if "path_bytes" in entry:
            name = base64.b64decode(entry["path_bytes"])
        link = entry.get("link", "").encode(errors="surrogatepass")
        digest = f"link:{hashlib.sha256(link).hexdigest()}" if "link" in entry else entry.get("sha256", "")
        told.append(Entry(name, entry.get("size", 0), digest))
    size = sum(entry.size for entry in told)
    digest = manifest_digest(sorted(told))
    return {"v": 1, "kind": "folder", "digest": digest, "size": size, "entries": list(entries)}


def file(path: str, **more: Any) -> dict[str, Any]:
    return {"path": path, "size": 1, "sha256": DIGEST, **more}


@given(st.dictionaries(PATHS, st.binary(max_size=20), max_size=6))
@example({"line\nbreak": b"", "x" * 255: b"", "데이터/a": b"1", "b": b"1"})
def test_what_clients_make_is_taken_and_has_one_form(files: dict[str, bytes]) -> None:
    names = [path.encode() for path in files]
    assume(not any(a != b and b.startswith(a + b"/") for a in names for b in names))
    manifest = Content(files).manifest()
    one = parse_checked(json.dumps(manifest).encode())
    other = parse_checked(
        json.dumps({**manifest, "entries": manifest["entries"][::-1]}, ensure_ascii=False, indent=1).encode()
    )
    assert canonical(one) == canonical(other)
    assert parse(canonical(one)) == one
    told = json.loads(canonical(one))
    assert canonical(one) == json.dumps(
        told, sort_keys=True, ensure_ascii=False, separators=(",", ":")
    ).encode() or b"\\u00" in canonical(one)  # which control characters are escaped is no matter
    assert one.objects() == {sha(data): len(data) for data in files.values()}


def test_its_digest_is_that_of_the_client_for_a_folder(tmp_path: Path) -> None:
    """Links and names that are no text included."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a").write_bytes(b"x")
    (tmp_path / "to").symlink_to("sub")
    (tmp_path / os.fsdecode(b"\xff\xfe")).write_bytes(b"x")
    hashed = hash_folder(tmp_path)
    told = {
        "v": 1,
        "kind": "folder",
        "digest": hashed.digest,
        "size": hashed.size,
        "entries": [
            file("sub/a"),
            {"path": "to", "link": "sub"},
            file("\ufffd\ufffd", path_bytes=base64.b64encode(b"\xff\xfe").decode()),
        ],
    }
    done = parse_checked(json.dumps(told).encode())
    assert [entry.name for entry in done.entries] == [b"sub/a", b"to", b"\xff\xfe"]


@given(st.text(st.sampled_from("ab./\0\\"), max_size=8))
@example("/etc/passwd")
@example("a/../../b")
@example("./a")
def test_no_path_leads_out(path: str) -> None:
    pure = PurePosixPath(path)
    plain = str(pure) == path and not pure.is_absolute() and ".." not in pure.parts and path != "."
    if plain and "\0" not in path and path:
        assert parse_checked(json.dumps(folder(file(path))).encode()).entries[0].path == path
    else:
        refused(folder(file(path)))


@given(
    st.lists(st.sampled_from(["a", "b", "a/b", "a/b/c", "b/a"]), min_size=1, max_size=3, unique=True),
    st.lists(
        st.lists(st.sampled_from(["..", ".", "a", "b", "c"]), min_size=1, max_size=4).map("/".join),
        min_size=3,
        max_size=3,
    ),
)
def test_links_that_are_taken_stay_inside(
    tmp_path_factory: pytest.TempPathFactory, at: list[str], targets: list[str]
) -> None:
    """Made for real, wherever other links lead."""
    manifest = folder(*({"path": path, "link": target} for path, target in zip(at, targets, strict=False)))
    try:
        done = parse_checked(json.dumps(manifest).encode())
    except InvalidInputError:
        return
    root = tmp_path_factory.mktemp("root", numbered=True)
    for entry in done.entries:
        (root / entry.path).parent.mkdir(parents=True, exist_ok=True)
        (root / entry.path).symlink_to(entry.link or "")
    for entry in done.entries:
        try:
            real = (root / entry.path).resolve()
        except (OSError, RuntimeError):
            continue  # in a circle
        assert real.is_relative_to(root.resolve())


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ([file("a"), file("a")], "twice"),
        ([file("a"), file("a/b")], "both a file and a folder"),
        ([{"path": "a", "link": "b"}, file("a/b/c")], "both a file and a folder"),
        ([{"path": "a", "link": "../b"}], "leads outside"),
        ([{"path": "d/a", "link": "x/../../b"}], "leads outside"),
        ([{"path": "a", "link": "/etc/passwd"}], "absolute"),
        ([{"path": "a", "link": ""}], "empty"),
        ([{"path": "a", "link": "b\0"}], "no text"),
        ([file("a", link="b")], "both a file and a link"),
        ([{"path": "a"}], "needs a size"),
        ([file("a", size=-1)], "needs a size"),
        ([file("a", sha256="A" * 64)], "64 hex digits"),
        ([file("a", size=PART + 1)], "in parts"),
        ([file("a", parts=[DIGEST])], "in parts"),
        ([file("a", size=PART + 1, parts=[DIGEST])], "in parts"),
        ([file("a", size=PART + 1, parts=[DIGEST, DIGEST])], "two sizes"),
        ([file("a"), file("b", size=2)], "two sizes"),
        ([file("a", path_bytes="YQ==")], "not UTF-8"),
        ([file("a", path_bytes=base64.b64encode(b"../\xff").decode())], "not allowed"),
        ([file("a", path_bytes=base64.b64encode(b"\xff/a").decode())], "not what its path_bytes say"),
        ([file("a", path_bytes="%%%%")], "neither text nor base64"),
        ([file("a", mode=0o4755)], "cannot be read"),
        ([file("x" * 4097)], "not allowed"),
        ([file("\ud800")], "cannot be read"),
    ],
)
def test_attacks_are_refused_with_a_reason(entries: list[dict[str, Any]], why: str) -> None:
    told = {"v": 1, "kind": "folder", "digest": "", "size": 0, "entries": entries}
    if why not in ("neither text nor base64",):
        told = folder(*entries)
    assert why in refused(told)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
@example(b"[" * 100_000)
@example(b'{"v":1,"kind":"folder","digest":"","size":0,"entries":[{"path":"a","link":' + b"[" * 5000)
def test_anything_else_is_refused_too(raw: bytes) -> None:
    with pytest.raises(InvalidInputError):
        parse_checked(raw)


def test_a_value_has_a_digest_of_its_own_and_one_plain_file() -> None:
    told = {"v": 1, "kind": "value", "digest": f"sha256:{sha(b'content')}", "size": 1}
    assert parse_checked(json.dumps({**told, "entries": [file("table.arrow")]}).encode()).kind == "value"
    for entries in ([], [file("a"), file("b")], [file("a/b")], [{"path": "a", "link": "b"}]):
        size = sum(entry.get("size", 0) for entry in entries)
        assert "of kind 'value' it has one entry" in refused({**told, "entries": entries, "size": size})
    for digest in ("", "sha256:../../x", f"sha256:{'A' * 64}", f"md5:{'a' * 64}"):
        assert "hex digits" in refused({**told, "digest": digest, "entries": [file("a")]})
