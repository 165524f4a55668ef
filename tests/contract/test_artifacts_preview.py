"""A look at stored files: rows, images, text; by ranges, never everything."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
import pytest

from lineage_server.graph.bolt import Bolt
from lineage_server.storage.manifest import PART
from lineage_server.storage.store import Store
from tests.support.neo4j_server import Address
from tests.support.served import serving
from tests.support.stored import Content, Sender

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100
TABLE = pa.table(
    {
        "id": list(range(60_000)),
        "꽃": ["장미", None] * 30_000,
        "x": [0.5, float("nan")] * 30_000,
        "noise": [f"{i * 2654435761 % 2**64:016x}" * 20 for i in range(60_000)],
        "raw": [b"\xff" * 300] * 60_000,
    }
)


def arrow(open_writer: Any, table: Any = TABLE, **more: Any) -> bytes:
    sink = io.BytesIO()
    with open_writer(sink, table.schema) as writer:
        writer.write_table(table, **more)
    return sink.getvalue()


def parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(TABLE, sink, row_group_size=30_000, compression="none", use_dictionary=["raw"])
    return sink.getvalue()


@pytest.fixture
async def mine(bolt: Address, graph: Bolt, tmp_path: Path) -> AsyncIterator[Sender]:
    settings = {"artifacts": {"url": str(tmp_path / "kept")}}
    async with serving(bolt, tmp_path, settings=settings) as running:
        yield Sender(running.http)


def files() -> dict[str, bytes]:
    return {
        "data.parquet": parquet(),
        "one.arrow": arrow(ipc.new_file, max_chunksize=1000),
        "two.stream": arrow(ipc.new_stream, TABLE.slice(0, 2000), max_chunksize=1000),
        "wide.arrow": arrow(ipc.new_file),
        "picture": PNG,
        "large.png": PNG + b"\0" * (1 << 20),
        "table.csv": b'a,"b"\n1,"x, y"\n2,z\n',
        "long.tsv": b"a\tb\n" + b"1\t2\n" * 100_000,
        "text.md": ("# 제목\n" * 20_000).encode(),
        "empty": b"",
        "binary": b"\x00\x01\x02" * 100,
        "broken.parquet": b"PAR1" + b"\x00" * 100 + b"PAR1",
    }


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes each look at the store has read."""
    sizes: list[int] = []
    ranged = Store.get_range

    async def counted(self: Store, key: str, start: int, end: int) -> bytes:
        sizes.append(end - start)
        return await ranged(self, key, start, end)

    monkeypatch.setattr(Store, "get_range", counted)
    return sizes


async def test_previews_show_the_beginning_and_read_no_more(mine: Sender, read: list[int]) -> None:
    content = Content(files())
    assert len(content.files["data.parquet"]) > PART
    done = await mine.keep(content)

    async def look(path: str) -> Any:
        read.clear()
        where = {"uid": done["uid"], "path": path}
        answer = await mine.http.get("/api/v1/artifacts/preview", params=where)
        assert answer.status_code == 200, answer.text
        assert sum(read) <= 8 << 20
        return answer if answer.headers["content-type"] != "application/json" else answer.json()

    for name in ("data.parquet", "one.arrow", "two.stream"):
        shown = await look(name)
        assert (shown["kind"], shown["whole"], len(shown["rows"])) == ("table", False, 50), shown["reason"]
        assert shown["columns"][:3] == [
            {"name": "id", "type": "int64"},
            {"name": "꽃", "type": "string"},
            {"name": "x", "type": "double"},
        ]
        assert shown["rows"][1][:3] == [1, None, "nan"]
        assert len(shown["rows"][0][4]) <= 500
    shown = await look("wide.arrow")
    assert (shown["kind"], "not within" in shown["reason"]) == ("none", True)
    image = await look("picture")
    assert (image.headers["content-type"], image.content) == ("image/png", PNG)
    assert (image.headers["x-lineage-path"], "immutable" in image.headers["cache-control"]) == (
        "picture",
        True,
    )
    assert "sandbox" in image.headers["content-security-policy"]
    shown = await look("table.csv")
    assert (shown["rows"], shown["whole"]) == ([["1", "x, y"], ["2", "z"]], True)
    shown = await look("long.tsv")
    assert (len(shown["rows"]), shown["whole"]) == (50, False)
    shown = await look("text.md")
    assert (shown["kind"], shown["text"][:5], shown["whole"]) == ("text", "# 제목\n", False)
    assert (await look("empty"))["whole"] is True
    for name, why in (("large.png", "image"), ("binary", "unknown"), ("broken.parquet", "table")):
        shown = await look(name)
        assert (shown["kind"], shown["why"], bool(shown["reason"])) == ("none", why, True)
    assert (await look(""))["path"] == min(content.files)
    answer = await mine.http.get("/api/v1/artifacts/preview", params={"uid": done["uid"], "path": "no"})
    assert answer.status_code == 404
    answer = await mine.http.get("/api/v1/artifacts/preview", params={"uid": "nonsense"})
    assert answer.status_code == 400


async def test_more_rows_are_shown_of_a_table_that_is_not_wide(mine: Sender) -> None:
    narrow = pa.table({"fpr": [i / 2_000 for i in range(2_000)]})
    wide = pa.table({f"c{i}": list(range(2_000)) for i in range(100)})
    names = ",".join(f"c{i}" for i in range(100))
    files = {
        "narrow.arrow": arrow(ipc.new_file, narrow),
        "wide.arrow": arrow(ipc.new_file, wide),
        "wide.csv": "\n".join([names] * 300).encode(),
    }
    done = await mine.keep(Content(files))
    where = {"uid": done["uid"]}
    for path, rows in (("narrow.arrow", 1_000), ("wide.arrow", 100), ("wide.csv", 100)):
        asked = {**where, "path": path, "rows": "1000"}
        shown = (await mine.http.get("/api/v1/artifacts/preview", params=asked)).json()
        assert (path, len(shown["rows"]), shown["whole"]) == (path, rows, False)
    for wrong in ("0", "1001", "many", "-5", "9" * 50):
        answer = await mine.http.get("/api/v1/artifacts/preview", params={**where, "rows": wrong})
        assert (answer.status_code, answer.json()["details"]["field"]) == (400, "rows")


async def test_a_look_is_asked_for_by_reference_too(mine: Sender) -> None:
    done = await mine.keep(Content({"꽃.png": PNG, "text": b"words"}), "iris")

    async def look(**where: str) -> Any:
        return await mine.http.get("/api/v1/artifacts/preview", params=where)

    shown = await look(ref="dataset:iris", path="text", project="default")
    assert (shown.status_code, shown.json()["text"]) == (200, "words")
    assert (await look(ref="dataset:iris@1")).json()["path"] == "text"
    image = await look(ref="dataset:iris", path="꽃.png")
    assert image.headers["x-lineage-path"] == "%EA%BD%83.png"
    # Another version may be the newest one tomorrow.
    assert image.headers["cache-control"] == "private, no-cache"
    assert (await look(ref="dataset:iris", uid=done["uid"])).status_code == 400
    assert (await look()).status_code == 400
    assert (await look(ref="dataset:nothing")).status_code == 404


async def test_times_are_shown_to_the_nanosecond(mine: Sender) -> None:
    moments = pa.array([1_700_000_000_000_000_000, 1_700_000_000_000_000_001, None])
    columns = {
        "whole": moments.slice(0, 1).take(pa.array([0, 0, 0])).cast(pa.timestamp("ns")),
        "utc": moments.cast(pa.timestamp("ns", "UTC")),
        "clock": pa.array([0, 1, None]).cast(pa.time64("ns")),
    }
    done = await mine.keep(Content({"times.arrow": arrow(ipc.new_file, pa.table(columns))}))
    shown = (await mine.http.get("/api/v1/artifacts/preview", params={"uid": done["uid"]})).json()
    assert shown["kind"] == "table", shown["reason"]
    assert shown["columns"][1] == {"name": "utc", "type": "timestamp[ns, tz=UTC]"}
    assert shown["rows"] == [
        ["2023-11-14 22:13:20", "2023-11-14 22:13:20.000000000Z", "00:00:00.000000000"],
        ["2023-11-14 22:13:20", "2023-11-14 22:13:20.000000001Z", "00:00:00.000000001"],
        ["2023-11-14 22:13:20", None, None],
    ]
