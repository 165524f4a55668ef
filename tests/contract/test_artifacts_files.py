"""A version for a browser to save: one file whole, or all of them in an archive, verified as they go."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from lineage_server.graph.bolt import Bolt
from lineage_server.storage.keys import object_key
from lineage_server.storage.manifest import PART
from tests.support.neo4j_server import Address
from tests.support.served import serving
from tests.support.stored import Content, Sender

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
