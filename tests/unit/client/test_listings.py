"""Files of versions, walked page by page; what changed between two, in little memory; a server is checked."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lineage_server import AsyncArtifact, AsyncClient, Client, InvalidInputError, UnavailableError
from lineage_server.client.artifact import Artifact
from lineage_server.client.file_changes import FileCounts, FileEntry, FilesDiff
from tests.unit.client.stub import StubServer
from tests.unit.client.test_downloads import digest_of, entry, link, page


@pytest.fixture
def iris(client: Client) -> Artifact:
    return Artifact(name="iris", type="dataset", project="default", client=client, run="0")


def paged(*parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The pages of one version."""
    whole = [one for part in parts for one in part]
    told = {"digest": digest_of(whole), "size": sum(one.get("size", 0) for one in whole)}
    last = len(parts) - 1
    return {
        str(at or ""): page(part, after="" if at == last else str(at + 1), **told)
        for at, part in enumerate(parts)
    }


def test_pages_are_asked_for_as_the_walk_goes(stub: StubServer, iris: Artifact) -> None:
    stub.pages = paged([entry("a"), link("b", "a")], [entry(b"\xff", b"22")])
    walk = iter(iris.files)
    assert (next(walk).path, len(stub.requests)) == ("a", 1)
    assert [(one.path, one.size, one.link) for one in walk] == [("b", 0, "a"), ("\udcff", 2, "")]
    assert len(stub.requests) == 2
    with pytest.raises(InvalidInputError, match="a pattern is no text"):
        iris.files.matching(5)  # type: ignore[arg-type]


async def test_coroutines_walk_too(stub: StubServer, client: Client, iris: Artifact) -> None:
    stub.pages = paged([entry("a")], [entry("b")])
    for files in (AsyncClient(client=client).files(AsyncArtifact(iris)), AsyncArtifact(iris).files()):
        assert [one.path async for one in files] == ["a", "b"]
        assert [one.path for one in await files] == ["a", "b"]
        with pytest.raises(InvalidInputError, match="a pattern is no text"):
            files.matching(5)  # type: ignore[arg-type]
    asked = len(stub.requests)
    walk = aiter(AsyncArtifact(iris).files().matching("a", "b"))
    assert len(stub.requests) == asked
    assert (await anext(walk)).path == "a"


@pytest.mark.parametrize("lie", ["order", "another", "missing"])
def test_a_forged_list_is_refused(stub: StubServer, iris: Artifact, lie: str) -> None:
    stub.pages = paged([entry("b")], [entry("c")])
    if lie == "order":
        stub.pages["1"]["manifest"]["entries"][0]["path"] = "a"
    elif lie == "another":
        stub.pages["1"]["manifest"]["digest"] = "sha256:" + "0" * 64
    else:
        stub.pages[""]["after"] = ""
    with pytest.raises((InvalidInputError, UnavailableError)):
        list(iris.files)


def test_without_a_store_they_are_told_from_where_they_lie(client: Client, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_bytes(b"1")
    (tmp_path / "one").write_bytes(b"22")
    run = client.start_run("make")
    folder, file = run.produce("folder", tmp_path / "data"), run.produce("file", tmp_path / "one")
    assert [one.path for one in folder.files] == ["a.csv"]
    assert [(one.path, one.size) for one in file.files] == [("one", 2)]
    assert [one.kind for one in folder.diff(file)] == ["removed", "added"]
    assert repr(folder.files.matching("*.csv")).endswith("that match *.csv>")


def many(number: int, step: Callable[[int], bool]) -> Iterator[FileEntry]:
    """Sorted by path."""
    for at in range(number):
        if step(at):
            yield FileEntry(f"folder/{at:08}", at, f"{at:064x}")


def test_a_hundred_thousand_files_are_compared_in_little_memory() -> None:
    class Files:
        def __init__(self, step: Callable[[int], bool]) -> None:
            self.step = step

        def __iter__(self) -> Iterator[FileEntry]:
            return many(100_000, self.step)

    diff = FilesDiff(Files(lambda at: at % 1000 != 1), Files(lambda at: at % 1000 != 2))
    counts = FileCounts()
    tracemalloc.start()
    kinds = {change.kind for change in diff.walk(counts)}
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert kinds == {"added", "removed"}
    assert (counts.added, counts.removed, counts.same) == (100, 100, 99_800)
    assert peak < 1 << 20
    told = str(diff).splitlines()
    assert told[0] == "+ folder/00000001  1 B"
    assert told[-1].startswith("100 added, 100 removed, 0 changed, 99800 the same; ")


def test_changes_are_by_path_in_bytes_and_by_content() -> None:
    same, link = FileEntry("b", 1, "x"), FileEntry("l", 0, "", "a")
    before = [FileEntry("a", 1, "x"), same, link, FileEntry("é", 1, "x")]
    after = [same, link._replace(link="b"), FileEntry("z", 2, "y"), FileEntry("é", 2, "y")]
    diff = FilesDiff(before, after)
    assert [(one.kind, one.path) for one in diff] == [
        ("removed", "a"), ("changed", "l"), ("added", "z"), ("changed", "é"),
    ]  # fmt: skip
    assert ([one.path for one in diff.added], [one.path for one in diff.removed]) == (["z"], ["a"])
    assert [one.path for one in diff.changed] == ["l", "é"]
    assert diff.counts.to_dict() == {
        "added": 1, "removed": 1, "changed": 2, "same": 1, "bytes_added": 4, "bytes_removed": 2,
    }  # fmt: skip
