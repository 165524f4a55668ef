"""What stores do differently from S3: Azure's signed URLs, and deleting what is gone already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import obstore
import pytest

from lineage_server.domain.errors import UnavailableError
from lineage_server.storage.store import Store


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
