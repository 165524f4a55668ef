"""A version for a browser to save: one file whole, or all of them in an archive, verified as they go."""

from __future__ import annotations

import base64
import io
import stat
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from lineage_server.client.hashing import Entry, manifest_digest
from lineage_server.graph.bolt import Bolt
from lineage_server.storage.keys import object_key
from lineage_server.storage.manifest import PART
from tests.support.neo4j_server import Address
from tests.support.served import serving
from tests.support.stored import Content, Sender, sha

FILES = "/api/v1/artifacts/files"


@pytest.fixture
async def mine(bolt: Address, graph: Bolt, tmp_path: Path) -> AsyncIterator[Sender]:
    settings = {"artifacts": {"url": str(tmp_path / "kept")}}
    async with serving(bolt, tmp_path, settings=settings) as running:
        yield Sender(running.http)


async def test_files_and_archives_hold_what_was_kept_under_names_that_cannot_leave_the_header(
    mine: Sender, tmp_path: Path
) -> None:
    content = Content({'a/꽃\r\n".csv': b"petal\n1\n", "large": b"\x07" * (PART + 5), "empty": b""})
    done = await mine.keep(content, "iris")

    async def get(**where: str) -> Any:
        return await mine.http.get(FILES, params=where)

    one = await get(uid=done["uid"], path='a/꽃\r\n".csv')
    assert (one.status_code, one.content) == (200, b"petal\n1\n")
    assert one.headers["content-disposition"] == "attachment; filename*=UTF-8''%EA%BD%83%0D%0A%22.csv"
    assert (one.headers["content-type"], one.headers["content-length"]) == ("application/octet-stream", "8")
    assert "sandbox" in one.headers["content-security-policy"]
    assert (await get(uid=done["uid"], path="large")).content == content.files["large"]
    assert (await get(uid=done["uid"], path="empty")).content == b""

    whole = await get(ref="dataset:iris")
    assert "iris%401.zip" in whole.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(whole.content)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == content.files
        assert all(stat.S_ISREG(one.external_attr >> 16) for one in archive.infolist())
    assert (await get(ref="dataset:iris")).content == whole.content, "equal files make equal archives"

    for where, status in (
        ({"uid": done["uid"], "path": "no"}, 404),
        ({"uid": done["uid"], "path": ""}, 404),
        ({"ref": "dataset:none"}, 404),
        ({}, 400),
    ):
        assert (await get(**where)).status_code == status, where
    spoilt = tmp_path / "kept" / "default" / object_key(next(iter(Content({"x": b"petal\n1\n"}).objects)))
    found = list((tmp_path / "kept").rglob(spoilt.name))
    assert len(found) == 1
    found[0].write_bytes(b"petal\n2\n")
    assert (await get(uid=done["uid"], path='a/꽃\r\n".csv')).status_code in (404, 503)


def told(files: list[bytes], links: dict[bytes, str]) -> dict[str, Any]:
    """A manifest of files of one byte and of links, whatever their names are."""
    entries: list[dict[str, Any]] = []
    for name in (*files, *links):
        entry: dict[str, Any] = {"path": name.decode(errors="replace")}
        if entry["path"].encode() != name:
            entry["path_bytes"] = base64.b64encode(name).decode()
        entries.append(entry | ({"link": links[name]} if name in links else {"size": 1, "sha256": sha(b"x")}))
    hashed = [Entry(name, 1, sha(b"x")) for name in files]
    hashed += [Entry(name, 0, f"link:{sha(text.encode())}") for name, text in links.items()]
    digest = manifest_digest(sorted(hashed))
    return {"v": 1, "kind": "folder", "digest": digest, "size": len(files), "entries": entries}


async def test_what_unpacks_an_archive_is_not_led_out_by_names_that_look_the_same(mine: Sender) -> None:
    await mine.send(Content({"a": b"x"}))

    async def archive(files: list[bytes], links: dict[bytes, str]) -> Any:
        answer = await mine.commit(told(files, links))
        assert answer.status_code == 200, answer.text
        return await mine.http.get(FILES, params={"uid": answer.json()["uid"]})

    # As one name, the first were a link to here, and the last one below it led out.
    same = await archive([b"a"], {b"\xff": ".", b"\xfe/b/c": "../../x"})
    with zipfile.ZipFile(io.BytesIO(same.content)) as found:
        first, second = (name for name in found.namelist() if name != "a")
    assert first.partition("/")[0] != second.partition("/")[0]
    assert {first[:2], second[:2]} == {"\ufffd~"}
    made = [name.encode() for name in (first, second)]
    for files, links in (
        ([made[0], made[1]], {b"\xff": ".", b"\xfe/b/c": "../../x"}),
        ([b"a\\..\\..\\b"], {}),
        ([b"C:\\b"], {}),
        ([b"a"], {b"b": "..\\..\\c"}),
    ):
        answer = await archive(files, links)
        assert (answer.status_code, answer.json()["error"]) == (409, "CONFLICT")
        assert "lineage get" in answer.json()["message"]
    plain = await archive([b"a\\b", b"..c\\"], {})
    assert sorted(zipfile.ZipFile(io.BytesIO(plain.content)).namelist()) == ["..c\\", "a\\b"]
