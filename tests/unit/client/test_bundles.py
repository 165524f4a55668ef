"""Arrays and frames by name, and arrays of types that numpy has not: kept in a file that gives them back."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from lineage_server.client.arrays import Values
from lineage_server.client.contents import Content, content_of
from lineage_server.client.transfer import spool
from lineage_server.client.transfer.chosen import Chosen
from lineage_server.domain.errors import InvalidInputError, LimitError

FRAME = pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"]})
ARRAYS: list[dict[str, Any]] = [
    {"weights": np.ones((3, 4), np.float32), "bias": np.zeros(4)},
    {"file": np.ones((2, 2)), "a/b.c": np.arange(6).reshape(2, 3), "모형": np.array(3)},
    {"texts": np.array([["a", "bc"]]), "times": np.array([["2026-01-01"]], "M8[us]"), "": np.ones((1, 1))},
    {"strided": np.arange(12).reshape(3, 4).T[::2], "big": np.arange(4, dtype=">i4").reshape(2, 2)},
    {"rows": np.array([[(1, 2.0)]], dtype=[("x", "i4"), ("y", "f8")]), "none": np.empty((0, 3))},
]  # fmt: skip


def written(content: Content, folder: Path) -> Path:
    assert content.held is not None
    path = folder / content.held.name
    content.held.write(path)
    return path


@pytest.mark.parametrize("arrays", ARRAYS)
def test_arrays_by_name_come_back_as_they_were(tmp_path: Path, arrays: dict[str, Any]) -> None:
    content = content_of(arrays)
    path = written(content, tmp_path)
    assert spool.digest_of_value(path) == content.digest
    with np.load(path) as found:
        assert set(found.files) == set(arrays)
        for name, array in arrays.items():
            np.testing.assert_array_equal(found[name], array)
    turned = dict(reversed(arrays.items()))
    assert content_of(turned).digest == content.digest


def test_other_arrays_have_another_digest(tmp_path: Path) -> None:
    path = written(content_of({"a": np.ones((2, 2))}), tmp_path)
    digests = {
        spool.digest_of_value(path),
        content_of({"b": np.ones((2, 2))}).digest,
        content_of({"a": np.zeros((2, 2))}).digest,
        content_of({"a": np.ones((2, 2), np.float32)}).digest,
        content_of({"a": np.ones((2, 2)), "b": np.ones((2, 2))}).digest,
    }
    assert len(digests) == 5


def test_a_type_that_numpy_has_not_is_kept_by_its_bits(tmp_path: Path) -> None:
    """As PyTorch's bfloat16; with the real library in tests/support/torch."""
    from lineage_server.client.arrays import digest_of_array, digest_of_arrays

    half = Values(np.arange(6, dtype=np.int16).reshape(2, 3), "bfloat16", own=False)
    spool.tensor_into(tmp_path / spool.TENSOR, half)
    digest = digest_of_array(half)[0]
    assert spool.digest_of_value(tmp_path / spool.TENSOR) == digest != digest_of_array(half.array)[0]
    both = {"half": half, "whole": np.ones(2)}
    spool.arrays_into(tmp_path / spool.ARRAYS, both)
    assert spool.digest_of_value(tmp_path / spool.ARRAYS) == digest_of_arrays(both)[0]


def test_frames_by_name_come_back_as_they_were(tmp_path: Path) -> None:
    frames = {"train": FRAME, "test/1": pl.DataFrame({"a": [4.5]}), "모형": pa.table({"c": [b"1"]})}
    content = content_of(frames)
    path = written(content, tmp_path)
    assert spool.digest_of_value(path) == content.digest
    assert content_of(dict(reversed(frames.items()))).digest == content.digest
    assert content_of({**frames, "train": FRAME[:2]}).digest != content.digest
    names = [column["name"] for column in content.columns or ()]
    assert names == ["train.a", "train.b", "test/1.a", "모형.c"]
    with ZipFile(path) as file:
        table = pa.ipc.open_file(file.read("train.arrow")).read_all()
    assert table.to_pydict() == {"a": [1, 2, 3], "b": ["x", None, "z"]}
    # Whatever library they are of, and columns by name stay one table.
    same = content_of({"train": pl.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"]})}).digest
    assert same == content_of({"train": pa.Table.from_pandas(FRAME, preserve_index=False)}).digest
    for column in (FRAME["a"], pl.Series([1, 2]), pa.array([1]), pa.chunked_array([[1]])):
        held = content_of({"a": column}).held
        assert held is not None
        assert held.name == spool.FRAME


@pytest.mark.parametrize(
    "value",
    [
        {"objects": np.array([[None, "x"]]), "b": np.ones((1, 1))},
        {"a\0b": np.ones((2, 2))},
        {"\ud800": np.ones((2, 2))},
        {"n" * 1_001: np.ones((2, 2))},
        np.array([None, "x"]),
    ],
)
def test_what_no_file_can_hold_is_known_by_its_digest_alone(value: Any) -> None:
    content = content_of(value)
    assert content.digest
    assert content.held is None


def test_a_mapping_of_this_and_that_says_what_would_do() -> None:
    with pytest.raises(InvalidInputError, match="save other objects to a file"):
        content_of({"a": np.ones((2, 2)), "b": object()})


# --- patterns ------------------------------------------------------------------------------------

PATHS = [b"a.json", b"b.txt", b"data/c.json", b"data/deep/d.json", b"data/deep/e.csv", b"x/data/f.csv"]


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        (None, PATHS),
        ([], PATHS),
        ("*.json", [b"a.json", b"data/c.json", b"data/deep/d.json"]),
        ("data/*.json", [b"data/c.json"]),
        ("data/**/*.json", [b"data/c.json", b"data/deep/d.json"]),
        ("data/", [b"data/c.json", b"data/deep/d.json", b"data/deep/e.csv"]),
        ("**/deep/*", [b"data/deep/d.json", b"data/deep/e.csv"]),
        ("**", PATHS),
        ("[ab].*", [b"a.json", b"b.txt"]),
        ("?.txt", [b"b.txt"]),
        (["b.txt", "x/**"], [b"b.txt", b"x/data/f.csv"]),
        ("nothing", []),
        ("data", []),
        ("*/*/*/*", []),
        ("[", []),
        ("A.JSON", []),
    ],
)
def test_patterns_choose_paths(patterns: Any, found: list[bytes]) -> None:
    chosen = Chosen(patterns)
    assert [path for path in PATHS if chosen(path)] == found


@pytest.mark.parametrize(
    "pattern", ["", "  ", "/etc/passwd", "/", "../x", "a/../b", "a/./b", ".", "..", "a\0b", "x" * 1_001]
)
def test_patterns_that_lead_anywhere_else_are_refused(pattern: str) -> None:
    with pytest.raises(InvalidInputError, match="within a version"):
        Chosen(pattern)


def test_patterns_that_take_long_do_not() -> None:
    """Nor do names that are no text break them."""
    hostile = Chosen(["*a" * 400 + "b", "/".join(["**", "*"] * 190) + "/x"])
    assert not hostile(b"/".join([b"a" * 255] * 16))
    assert Chosen("*")(b"data/\xff\xfe")
    with pytest.raises(LimitError):
        Chosen(["*"] * 101)
