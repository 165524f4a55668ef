"""Folders of Parquet files and JSON lines are tables: told of in bounded memory, and read as they are."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet
import pytest

from lineage_server.client import json_lines, sampling, table_files
from lineage_server.client.client import Client
from lineage_server.client.contents import Content, content_of
from lineage_server.domain.errors import InvalidInputError, NotSupportedError

untyped: Any = pa


def columns_of(content: Content) -> list[tuple[str, str]]:
    return [(column["name"], column["type"]) for column in content.columns or ()]


def write(path: Path, table: Any, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(table, path, **options)
    return path


def lines(path: Path, *rows: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


# --- folders of Parquet files ------------------------------------------------------------------


def test_a_folder_of_parquet_files_is_one_table(client: Client, tmp_path: Path) -> None:
    folder = tmp_path / "iris"
    parts = [pa.table({"a": [index, None], "b": [f"x{index}", "y"]}) for index in range(3)]
    for index, part in enumerate(parts):
        write(folder / ("deep" if index % 2 else "") / f"part-{index}.parquet", part)
    for beside in ("_SUCCESS", ".part-0.parquet.crc"):
        (folder / beside).write_text("")
    with client.start_run("maker") as run:
        made = run.produce("iris", folder)
    assert [(column.name, column.type) for column in made.columns] == [("a", "int64"), ("b", "string")]
    # By path: deep/part-1, part-0, part-2.
    assert made.to_arrow().equals(pa.concat_tables([parts[1], parts[0], parts[2]]))
    content = content_of(folder)
    assert content.stats is not None
    assert (content.stats["files"], content.stats["rows"], content.stats["sampled"]) == (5, 6, False)
    assert content.stats["columns"]["a"] | {"histogram": None} == {
        "nulls": 3, "distinct": 3, "min": 0, "max": 2, "mean": 1.0, "histogram": None,
    }  # fmt: skip
    assert content.stats["columns"]["b"] == {"nulls": 0, "distinct": 4, "min": "x0", "max": "y"}


def test_folders_called_by_a_value_are_columns(tmp_path: Path) -> None:
    table = pa.table({"a": [1, 2, 3], "year": [2024, 2025, 2025], "city": ["Seoul", None, "Busan"]})
    pyarrow.dataset.write_dataset(
        table, tmp_path / "t", format="parquet", partitioning=["year", "city"], partitioning_flavor="hive"
    )
    content = content_of(tmp_path / "t")
    assert columns_of(content) == [("a", "int64"), ("year", "int32"), ("city", "string")]
    assert content.stats is not None
    assert content.stats["columns"]["year"]["max"] == 2025
    assert content.stats["columns"]["city"] == {"nulls": 1, "distinct": 2, "min": "Busan", "max": "Seoul"}
    read = table_files.read(tmp_path / "t")
    assert sorted(read.to_pylist(), key=lambda row: row["a"]) == table.to_pylist()


def test_a_folder_of_several_schemas_or_kinds_is_no_table(tmp_path: Path) -> None:
    folder = tmp_path / "t"
    write(folder / "a.parquet", pa.table({"a": [1]}))
    write(folder / "b.parquet", pa.table({"a": ["x"]}))
    assert content_of(folder).columns is None
    with pytest.raises(
        NotSupportedError, match=r"b\.parquet is not read .* its columns are a: string, there"
    ):
        table_files.read(folder)
    (folder / "b.parquet").unlink()
    assert columns_of(content_of(folder)) == [("a", "int64")]
    (folder / "b.parquet").write_bytes(b"PAR1 no more")
    assert content_of(folder).columns is None
    with pytest.raises(InvalidInputError, match="cannot be read as a table"):
        table_files.read(folder)
    (folder / "b.parquet").unlink()
    for other in ("README.md", "b.jsonl", "_delta_log/0.json", ".hoodie/x"):
        lines(folder / other, {"a": 1})
        content = content_of(folder)
        assert content.columns is None
        assert content.stats is not None
        assert content.stats["files"] == 2
        with pytest.raises(NotSupportedError, match="is not read as a table"):
            table_files.read(folder)
        (folder / other).unlink()
    assert content_of(tmp_path / "t").columns is not None
    (tmp_path / "empty").mkdir()
    assert content_of(tmp_path / "empty").columns is None


def test_of_large_folders_parts_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_files, "_LARGEST_BYTES", 1000)
    monkeypatch.setattr(table_files, "_CELLS_OF_SOME", 640)
    for index in range(50):
        numbers = range(index * 1000, (index + 1) * 1000)
        table = pa.table({"a": [None, *numbers[1:]], "l": [[number] for number in numbers]})
        write(tmp_path / "t" / f"{index:02}.parquet", table, row_group_size=100)
    stats = content_of(tmp_path / "t").stats
    assert stats is not None
    assert (stats["rows"], stats["sampled"], stats["looked_at"]) == (50_000, True, 320)
    about = stats["columns"]["a"]
    assert (about["nulls"], about["min"], about["max"]) == (50, 1, 49_909)
    assert "nulls" not in stats["columns"]["l"], "no file tells them"


_LOOK = """
import sys
from pathlib import Path
import pyarrow as pa
from lineage_server.client.contents import content_of

stats = content_of(Path(sys.argv[1])).stats
print(stats["rows"], stats["columns"]["text"]["distinct"], pa.default_memory_pool().max_memory() >> 20)
"""


def test_half_a_gigabyte_is_looked_at_in_bounded_memory(tmp_path: Path) -> None:
    schema = pa.schema([("text", pa.string())])
    group = pa.table({"text": ["x" * 1000 + str(number) for number in range(1000)] * 20}, schema=schema)
    (tmp_path / "t").mkdir()
    with pyarrow.parquet.ParquetWriter(tmp_path / "t" / "a.parquet", schema) as file:
        for _ in range(25):
            file.write_table(group)
    done = subprocess.run(
        [sys.executable, "-c", _LOOK, str(tmp_path / "t")],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    rows, distinct, most = map(int, done.stdout.split())
    assert (rows, distinct) == (500_000, 1000)
    assert most < 250


# --- JSON lines --------------------------------------------------------------------------------


def test_json_lines_are_a_table(client: Client, tmp_path: Path) -> None:
    rows = [{"a": 1, "b": {"x": "u"}, "when": "2026-03-03"}, {"a": 2.5, "c": [1]}, {"b": None}]
    path = lines(tmp_path / "t.jsonl", *rows)
    path.write_text(path.read_text().replace("\n", "\n\n", 1))
    with client.start_run("maker") as run:
        made = run.produce("lines", path)
    told = {
        "a": "double", "b": 'struct<"x": string>', "when": "timestamp[s]", "c": "list<int64>",
    }  # fmt: skip
    assert {column.name: column.type for column in made.columns} == told
    assert made.to_arrow().column("a").to_pylist() == [1.0, 2.5, None]
    stats = content_of(path).stats
    assert stats is not None
    assert (stats["rows"], stats["sampled"]) == (3, False)
    assert [stats["columns"][name]["nulls"] for name in told] == [1, 2, 2, 2]
    folder = tmp_path / "folder"
    for name in ("1.jsonl", "2.ndjson"):
        lines(folder / name, *rows)
    assert table_files.read(folder).num_rows == 6
    assert {name: kind for name, kind in columns_of(content_of(folder))} == told


def test_parts_that_see_different_types_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "_BLOCK", 64)
    rows = [
        *({"a": number, "when": "2026-03-03", "s": {"t": "2026-03-03T10:00:00"}} for number in range(20)),
        {"a": 0.5, "s": {"t": "soon"}, "late": True},
        {"a": None, "when": "never", "s": {"u": 1}},
    ]
    path = lines(tmp_path / "t.jsonl", *rows)
    read = table_files.read(path)
    assert read.schema.field("a").type == pa.float64()
    assert read.column("when").to_pylist() == ["2026-03-03"] * 20 + [None, "never"], "as they were written"
    assert read.column("s").to_pylist()[19:] == [
        {"t": "2026-03-03T10:00:00", "u": None}, {"t": "soon", "u": None}, {"t": None, "u": 1},
    ]  # fmt: skip
    content = content_of(path)
    assert columns_of(content) == [
        ("a", "double"), ("when", "string"), ("s", 'struct<"t": string, "u": int64>'), ("late", "bool"),
    ]  # fmt: skip
    assert content.stats is not None
    assert [content.stats["columns"][name]["nulls"] for name in ("a", "when", "late")] == [1, 1, 21]
    assert content.stats["rows"] == 22


@pytest.mark.parametrize(
    "data",
    [b"[1]\n", b"1\n", b'{"a": 1}\n{"a": "x"}\n', b"nonsense\n", b'{"a": 1', b"\x00\xff\n", b"\xff\xfe"],
)
def test_what_only_looks_like_json_lines_is_a_file(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(data)
    content = content_of(path)
    assert (content.columns, content.size) == (None, len(data))
    with pytest.raises(InvalidInputError, match="cannot be read as a table"):
        table_files.read(path)


def test_types_that_do_not_agree_between_parts_are_no_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_lines, "_BLOCK", 8)
    path = lines(tmp_path / "t.jsonl", {"a": 1}, {"a": "x"})
    assert content_of(path).columns is None
    with pytest.raises(InvalidInputError, match="cannot be read as a table"):
        table_files.read(path)


@pytest.mark.parametrize("data", [b"", b"\n", b" \n\n"])
def test_no_lines_are_an_empty_table(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(data)
    assert content_of(path).columns is None
    assert table_files.read(path).num_rows == 0


def test_of_large_json_lines_parts_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_files, "_LARGEST_BYTES", 1000)
    monkeypatch.setattr(table_files, "_SPAN_BYTES", 200)
    folder = tmp_path / "t"
    for index in range(3):
        path = lines(folder / f"{index}.jsonl", *({"a": index * 1000 + number} for number in range(1000)))
        path.write_text("\n  \n" + path.read_text() + '{"a": 0}')
    content = content_of(folder)
    assert columns_of(content) == [("a", "int64")]
    assert content.stats is not None
    stats = content.stats
    assert (stats["rows"], stats["sampled"]) == (3003, True), "lines are counted, empty ones are none"
    assert 300 < stats["looked_at"] < 600
    assert (stats["columns"]["a"]["min"], stats["columns"]["a"]["max"]) == (0, 2999)
    assert "nulls" not in stats["columns"]["a"]


def test_a_line_without_an_end_is_not_read_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "_BLOCK", 64)
    monkeypatch.setattr(json_lines, "_LONGEST_LINE", 100)
    path = tmp_path / "t.jsonl"
    path.write_text("[" + "1, " * 1000 + "1]")
    assert content_of(path).columns is None
    with pytest.raises(InvalidInputError, match="a line of more than 100 bytes"):
        table_files.read(path)


# --- what is kept of many rows -----------------------------------------------------------------


def test_rows_are_kept_evenly_and_no_more_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "_PIECE", 10)
    monkeypatch.setattr(sampling, "_LEAST_ROWS", 200)
    monkeypatch.setattr(sampling, "_MOST_CELLS", 0)
    seen = sampling.Sampled()
    for start in range(0, 10_000, 250):
        seen.add(pa.table({"a": range(start, start + 250)}))
    kept = seen.table(pa.schema([("a", pa.int64())]))
    assert (seen.rows, seen.nulls()) == (10_000, {"a": 0})
    assert 100 <= kept.num_rows <= 200
    values: list[int] = kept.column("a").to_pylist()
    assert values[0] == 0
    assert values[-1] >= 9000
    gaps = {after - before for before, after in zip(values[::10], values[10::10], strict=False)}
    assert len(gaps) == 1, "evenly"


def test_memory_is_bounded_whatever_rows_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "_MOST_BYTES", 1 << 20)
    seen = sampling.Sampled()
    part = pa.table({"text": ["x" * 1000] * 1024, "view": untyped.array(["y"] * 1024, untyped.string_view())})
    before = pa.total_allocated_bytes()
    for _ in range(200):
        seen.add(part)
    assert pa.total_allocated_bytes() - before < 4 << 20
    assert seen.rows == 200 * 1024
