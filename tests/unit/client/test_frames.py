"""Frames: one content, one digest, whichever library and chunks it comes in; other content, another."""

from __future__ import annotations

import builtins
import math
import random
import time
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_server.client.contents import content_of
from lineage_server.client.frames import columns_of, digest_of, is_frame, table_of
from lineage_server.client.stats import stats_of
from lineage_server.domain.errors import InvalidInputError, NotSupportedError


def digest(value: Any) -> str:
    return digest_of(table_of(value))[0]


def everything() -> pa.Table:
    day = date(2026, 3, 3)
    return pa.table(
        {
            "int": pa.array([1, None, 3], pa.int32()),
            "uint8": pa.array([1, 2, 255], pa.uint8()),
            "float": pa.array([1.5, None, float("nan")]),
            "half": pa.array([np.float16(1.5), None, np.float16(2)], pa.float16()),
            "bool": [True, None, False],
            "text": ["a", "", None],
            "bytes": [b"\x00", None, b"abc"],
            "date": [day, None, day],
            "stamp": pa.array([datetime(2026, 1, 1), None, None], pa.timestamp("us", "UTC")),  # noqa: DTZ001
            "list": [[1, 2], [], None],
            "lists": [[["a"], None], None, [[]]],
            "fixed": pa.array([[1.0, 2.0], None, [3.0, 4.0]], pa.list_(pa.float32(), 2)),
            "struct": [{"x": 1, "y": "a"}, None, {"x": None, "y": "b"}],
            "decimal": [Decimal("1.10"), None, Decimal("2.00")],
            "dictionary": pa.array(["u", "v", None]).dictionary_encode(),
            "map": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int64())),
            "null": pa.nulls(3),
        }
    )


def test_the_digest_is_pinned() -> None:
    """It is stored for years: a change here makes every known frame a new version."""
    assert digest({"a": [1, 2, None], "b": ["x", None, "z"]}) == (
        "sha256:6b73549006a87a4b36e2dfadc80bd4bd02300af7b81181a6249a0fa8f42422df"
    )


def test_chunks_do_not_matter() -> None:
    table = everything()
    whole = digest(table)
    assert digest(pa.concat_tables([table.slice(0, 1), table.slice(1, 2)])) == whole
    assert digest(pa.concat_tables([table.slice(0, 0), table.slice(0, 3), table.slice(3)])) == whole
    padded = pa.concat_tables([table, table, table]).slice(3, 3)
    assert digest(padded) == whole
    assert digest(table.combine_chunks()) == whole
    assert digest(pa.Table.from_batches(table.to_batches(max_chunksize=1))) == whole


@pytest.mark.parametrize("name", everything().column_names)
def test_every_column_counts(name: str) -> None:
    table = everything()
    index = table.column_names.index(name)
    column = table.column(index)
    (values,) = column.chunks
    swapped = table.set_column(
        index, name, pa.chunked_array([values.slice(1, 1), values.slice(0, 1), values.slice(2)])
    )
    if name == "null":
        assert digest(swapped) == digest(table)
    else:
        assert digest(swapped) != digest(table)


def test_names_types_and_the_order_of_rows_and_columns_count() -> None:
    base = digest({"a": [1, 2], "b": [3, 4]})
    assert digest({"a": [1, 2], "c": [3, 4]}) != base
    assert digest({"b": [3, 4], "a": [1, 2]}) != base
    assert digest({"a": [2, 1], "b": [4, 3]}) != base
    assert digest({"a": [1.0, 2.0], "b": [3, 4]}) != base
    assert digest({"a": ["ab", "c"]}) != digest({"a": ["a", "bc"]})
    assert digest({"a": [[1], [2, 3]]}) != digest({"a": [[1, 2], [3]]})
    assert digest({"a": [""]}) != digest({"a": pa.array([None], pa.string())})
    assert digest({"a": [0]}) != digest({"a": pa.array([None], pa.int64())})


def test_what_lies_under_a_null_does_not_count() -> None:
    mask = np.array([False, True])
    one = pa.Array.from_buffers(pa.int64(), 2, [pa.py_buffer(b"\x01"), pa.py_buffer(np.array([5, 7]))])
    two = pa.array(np.array([5, 99]), mask=mask)
    assert one.to_pylist() == two.to_pylist()
    assert digest(pa.table({"a": one})) == digest(pa.table({"a": two}))


def test_every_nan_is_the_same() -> None:
    odd = np.array([0x7FF8000000000001], dtype=np.uint64).view(np.float64)
    assert math.isnan(odd[0])
    assert digest(pa.table({"a": odd})) == digest(pa.table({"a": [float("nan")]}))


def test_pandas_polars_arrow_and_python_agree() -> None:
    data: dict[str, list[Any]] = {
        "a": [1, 2, None],
        "b": ["x", None, "z"],
        "c": [1.5, 2.5, 3.5],
        "d": [True, False, True],
    }
    expected = digest(pa.table(data))
    assert digest(pl.DataFrame(data)) == expected
    assert digest(pd.DataFrame({**data, "a": pd.array([1, 2, None], dtype="Int64")})) == expected
    assert digest(data) == expected
    assert digest([dict(zip(data, row, strict=True)) for row in zip(*data.values(), strict=True)]) == expected
    assert digest(pl.DataFrame(data).lazy().collect().rechunk()) == expected
    categories = pl.DataFrame(data).with_columns(pl.col("b").cast(pl.Categorical))
    assert digest(categories) == expected
    assert digest(pa.table(data).to_reader()) == expected


def test_rows_that_lack_columns() -> None:
    table = table_of([{"a": 1}, {"a": 2, "b": "x"}])
    assert table.to_pylist() == [{"a": 1, "b": None}, {"a": 2, "b": "x"}]


_cells = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))
_texts = st.one_of(st.none(), st.text(max_size=5))
_floats = st.one_of(st.none(), st.floats())


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(_cells, _texts, _floats), max_size=30), st.integers(0, 30), st.integers(0, 30))
def test_any_cut_is_the_same_and_polars_agrees(rows: list[tuple[Any, ...]], a: int, b: int) -> None:
    schema = pa.schema([("i", pa.int64()), ("t", pa.string()), ("f", pa.float64())])
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    table = pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
    low, high = sorted((min(a, len(rows)), min(b, len(rows))))
    cut = pa.concat_tables([table.slice(0, low), table.slice(low, high - low), table.slice(high)])
    assert digest(cut) == digest(table)
    assert digest(pl.from_arrow(table)) == digest(table)


def test_large_frames_are_the_same_in_any_chunks() -> None:
    rng = np.random.default_rng(1)
    table = pa.table({"a": rng.integers(0, 9, 200_000), "b": [f"v{n % 997}" for n in range(200_000)]})
    pieces: list[pa.Table] = []
    start = 0
    random.seed(1)
    while start < table.num_rows:
        size = random.randint(1, 50_000)
        pieces.append(table.slice(start, size))
        start += size
    assert digest(pa.concat_tables(pieces)) == digest(table)


@pytest.mark.parametrize("value", [{"a": [1, "x"]}, {"a": [1], "b": [1, 2]}, pd.DataFrame({"a": [1, {}]})])
def test_what_is_no_table_says_so(value: Any) -> None:
    assert is_frame(value)
    with pytest.raises(InvalidInputError, match="cannot be a table"):
        table_of(value)


def test_without_pyarrow_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] == "pyarrow":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(NotSupportedError, match=r"lineage-server\[frames\]"):
        content_of({"a": [1]})


def test_types_are_told_without_their_encoding() -> None:
    told = {c["name"]: c["type"] for c in columns_of(everything())}
    assert told["dictionary"] == "string"
    assert told["list"] == "list<int64>"
    assert told["struct"] == 'struct<"x": int64, "y": string>'
    assert told["fixed"] == "fixed_size_list<float>[2]"
    assert {c["type"] for c in columns_of(table_of(pl.DataFrame({"a": ["x"]})))} == {"string"}


# --- statistics ------------------------------------------------------------------------


def test_statistics_of_a_small_table() -> None:
    stats = stats_of(
        pa.table({"n": [1, 2, 2, None], "t": ["b", "a", "a", None], "f": [0.0, 10.0, 5.0, math.nan]})
    )
    assert (stats["rows"], stats["sampled"]) == (4, False)
    n, t, f = (stats["columns"][c] for c in "ntf")
    assert (n["nulls"], n["distinct"], n["min"], n["max"], n["mean"]) == (1, 2, 1, 2, 5 / 3)
    assert (n["histogram"]["counts"][0], n["histogram"]["counts"][-1]) == (1, 2)
    assert (t["distinct"], t["min"], t["max"]) == (2, "a", "b")
    assert (f["nan"], f["min"], f["max"], sum(f["histogram"]["counts"])) == (1, 0.0, 10.0, 3)
    assert len(f["histogram"]["edges"]) == 21


def test_statistics_of_every_type_are_sayable() -> None:
    import json

    stats = stats_of(pa.concat_tables([everything()] * 3))
    json.dumps(stats, allow_nan=False)
    assert set(stats["columns"]) == set(everything().column_names)
    extreme = stats_of(
        pa.table({"a": [-1.7e308, 1.7e308], "b": [math.inf, -math.inf], "c": [2**63 - 1, -(2**63)]})
    )
    json.dumps(extreme, allow_nan=False)


def test_a_large_table_is_sampled_and_says_so() -> None:
    rng = np.random.default_rng(1)
    table = pa.table({f"c{n}": rng.normal(size=3_000_000) for n in range(10)})
    began = time.monotonic()
    stats = stats_of(table)
    assert time.monotonic() - began < 4
    assert stats["rows"] == 3_000_000
    assert stats["sampled"]
    assert stats["looked_at"] < 3_000_000
    assert stats["columns"]["c0"]["distinct"] > 1_000_000


def test_time_that_is_up_leaves_columns_out() -> None:
    stats = stats_of(pa.table({"a": [1], "b": [None]}), seconds=0)
    assert stats["sampled"]
    assert stats["columns"] == {"a": {"nulls": 0}, "b": {"nulls": 1}}


def test_a_few_values_in_a_large_table_are_counted_right() -> None:
    stats = stats_of(pa.table({"a": np.arange(5_000_000) % 7}))
    assert stats["sampled"]
    assert stats["columns"]["a"]["distinct"] == 7


# --- files that hold tables ------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".tsv", ".feather", ".arrow"])
def test_files_tell_their_columns(tmp_path: Path, suffix: str) -> None:
    table = pa.table({"a": [1, 2], "b": ["x", "y"]})
    path = tmp_path / f"t{suffix}"
    if suffix == ".parquet":
        pyarrow.parquet.write_table(table, path)
    elif suffix in (".csv", ".tsv"):
        options = pyarrow.csv.WriteOptions(delimiter="\t" if suffix == ".tsv" else ",")
        pyarrow.csv.write_csv(table, path, options)
    elif suffix == ".feather":
        pyarrow.feather.write_feather(table, path)
    else:
        with pa.ipc.new_stream(path, table.schema) as stream:
            stream.write_table(table)
    content = content_of(path)
    assert [(c["name"], c["type"]) for c in content.columns or ()] == [("a", "int64"), ("b", "string")]
    assert content.stats
    assert content.stats["rows"] == 2
    assert content.name == path.name


@pytest.mark.parametrize("data", [b"", b"\x00\xff\x00", b"a,b\n1\n1,2,3\n", b"\xff\xfe1,2\n"])
@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".arrow"])
def test_a_file_that_only_looks_like_a_table_is_a_file(tmp_path: Path, data: bytes, suffix: str) -> None:
    path = tmp_path / f"t{suffix}"
    path.write_bytes(data)
    assert content_of(path).digest.startswith("sha256:")


def test_json_values_and_bytes() -> None:
    assert (
        content_of({"b": 1, "a": [1, {"x": None}]}).digest
        == content_of({"a": [1, {"x": None}], "b": 1}).digest
    )
    assert content_of(b"abc").size == 3
    assert content_of(b"abc").kind == "other"
    for odd in (object(), {"a": object()}, {1, 2}, {"a": {1: {2}}}):
        with pytest.raises(InvalidInputError):
            content_of(odd)
