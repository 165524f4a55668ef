"""What stores do differently from S3: signed URLs of Azure, deleting what is gone, folders that go away."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import obstore
import pytest

from lineage_server.domain.errors import UnavailableError
from lineage_server.storage import folder
from lineage_server.storage.store import NoSuchObjectError, Store


def test_a_put_to_azure_says_what_kind_of_blob_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "somebody")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "c2VjcmV0")
    assert Store("az://kept").put_headers == {"x-ms-blob-type": "BlockBlob"}
    assert Store("memory://").put_headers == {}


@pytest.mark.parametrize(("said", "left"), [("no such blob", []), ("code: ContainerNotFound", ["a", "b"])])
async def test_what_is_gone_already_keeps_nothing_from_being_deleted(
    monkeypatch: pytest.MonkeyPatch, said: str, left: list[str]
) -> None:
    """As Azure and Google do: many at once end at the first that is not there."""
    store = Store("memory://")
    for key in ("a", "b"):
        await store.put(key, b"x")
    delete = obstore.delete_async

    async def stopping(inner: Any, keys: str | Sequence[str]) -> None:
        if not isinstance(keys, str) or keys == "gone":
            raise FileNotFoundError(said)
        await delete(inner, keys)

    monkeypatch.setattr(obstore, "delete_async", stopping)
    if left:
        with pytest.raises(UnavailableError, match="failed to delete"):
            await store.delete(["gone", "a", "b"])
    else:
        await store.delete(["gone", "a", "b"])
    assert [one.key async for one in store.list_below("")] == left


@pytest.mark.parametrize("doing", ["put", "move", "make_folder"])
async def test_a_folder_that_goes_away_after_it_was_looked_for_is_not_made_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, doing: str
) -> None:
    """Nothing is written in its place, where nobody would find it when the disk is there again."""
    store = Store(str(tmp_path / "kept"))
    await store.put("incoming/p/one", b"x")
    given = {
        "put": ("incoming/p/two", b"x"),
        "move": ("incoming/p/one", "objects/p/one"),
        "make_folder": ("a/b",),
    }
    (tmp_path / "kept").rename(tmp_path / "away")
    monkeypatch.setattr(folder, "is_there", lambda _: True)
    with pytest.raises((UnavailableError, NoSuchObjectError)):
        await getattr(store, doing)(*given[doing])
    assert os.listdir(tmp_path) == ["away"]


async def test_what_is_moved_to_where_the_same_stands_goes(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    for key in ("incoming/p/one", "objects/p/one"):
        await store.put(key, b"same")
    first = await store.find("objects/p/one")
    await store.move("incoming/p/one", "objects/p/one")
    assert (await store.find("incoming/p/one"), await store.find("objects/p/one")) == (None, first)
    assert await store.list_unfinished() == []
