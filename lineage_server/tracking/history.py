"""From stored chunks of metric points to series: merge, fold what was told twice, thin out.

Pure functions over Arrow; columns stay columns as long as possible. Thinning keeps what the eye would
miss: of each bucket of points the first at its least and at its greatest value, so no spike is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pyarrow as pa
from pyarrow import compute

from lineage_server.domain.errors import LimitError

# Its stubs know neither tables nor chunked columns.
pc: Any = compute

MAX_STORED_POINTS = 10_000_000
"""Points of one answer before thinning (24 bytes each while it is made)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One metric of one run, by step and time; ``total`` points are stored, the columns may hold
    fewer. Times in microseconds."""

    key: str
    total: int
    steps: tuple[int, ...]
    times: tuple[int, ...]
    values: tuple[float, ...]

    @property
    def thinned(self) -> bool:
        return len(self.steps) < self.total


def check_size(points: int) -> None:
    """Raises LimitError when that many points are more than one answer may touch."""
    if points > MAX_STORED_POINTS:
        raise LimitError(
            f"the run has {points} stored points under these keys, one answer goes through at most "
            f"{MAX_STORED_POINTS}; ask for fewer keys",
            limit=MAX_STORED_POINTS,
            actual=points,
        )


def series_of(
    chunks: Iterable[bytes],
    keys: Sequence[str],
    max_points: int | None,
    steps: tuple[int | None, int | None] = (None, None),
) -> list[Series]:
    """All series of ``keys`` (none = all that are there), in the order of the keys' names; of a part of the
    ``steps`` (both included, None = to the end) that part alone is counted and thinned."""
    table = _table(chunks)
    if table is None:
        return []
    for bound, within in zip(steps, (pc.greater_equal, pc.less_equal), strict=True):
        if bound is not None:
            table = table.filter(within(table["step"], bound))
    wanted = set(keys)
    names = sorted(cast("set[str]", set(pc.unique(table["key"]).to_pylist())))
    return [
        _series(name, table.filter(pc.equal(table["key"], name)), max_points)
        for name in names
        if not wanted or name in wanted
    ]


def points_of(chunks: Iterable[tuple[int, bytes]], keys: Sequence[str]) -> Any:
    """All points of ``keys`` (none = all) of many runs as one table, by run, key, step and time; runs are
    numbers. None where there is no chunk."""
    tables = [_of_run(run, _read(data), keys) for run, data in chunks]
    return _once(pa.concat_tables(tables), ("run", "key", "step", "time")) if tables else None


def _of_run(run: int, points: Any, keys: Sequence[str]) -> Any:
    if keys:
        points = points.filter(pc.is_in(points["key"], value_set=pa.array(list(keys), pa.string())))
    return points.append_column("run", pa.array([run] * points.num_rows, pa.int32()))


def _table(chunks: Iterable[bytes]) -> Any:
    tables = [_read(data) for data in chunks]
    return pa.concat_tables(tables) if tables else None


def _read(data: bytes) -> Any:
    with pa.ipc.open_stream(data) as stream:
        table = stream.read_all()
    # Each chunk has a dictionary of its own.
    return table.set_column(0, "key", table["key"].cast(pa.string()))


def _once(points: Any, by: Sequence[str]) -> Any:
    """The same point from two witnesses: the larger value wins, a number over NaN, as in the run. Values are
    in ``value``, sorted by the columns ``by``."""
    once = (
        points.set_column(points.schema.get_field_index("value"), "value", _numbers(points["value"]))
        .group_by(list(by))
        .aggregate([("value", "max")])
        .sort_by([(column, "ascending") for column in by])
    )
    filled = once["value_max"].fill_null(float("nan"))
    return once.drop_columns(["value_max"]).append_column("value", filled)


def _numbers(values: Any) -> Any:
    """Nothing in place of what is no number."""
    return pc.if_else(pc.is_nan(values), pa.scalar(None, pa.float64()), values)


def _series(name: str, points: Any, max_points: int | None) -> Series:
    once = _once(points, ("step", "time"))
    total = once.num_rows
    if max_points is not None and total > max_points:
        once = once.take(pa.array(_kept(_numbers(once["value"]), max_points)))
    return Series(
        key=name,
        total=total,
        steps=tuple(once["step"].to_pylist()),
        times=tuple(once["time"].to_pylist()),
        values=tuple(once["value"].to_pylist()),
    )


def _kept(values: Any, max_points: int) -> list[int]:
    """Positions to keep: both ends, each bucket's extremes, and the first and last that is no number."""
    count = len(values)
    buckets = max(1, (max_points - 4) // 2)
    index = pa.array(range(count), pa.int64())
    bucket = pc.divide(pc.multiply(index, buckets), count)
    table: Any = pa.table({"bucket": bucket, "index": index, "value": values})
    numbers = table.filter(pc.is_valid(table["value"]))
    kept = {0, count - 1}
    for way in ("ascending", "descending"):
        ordered = numbers.sort_by([("bucket", "ascending"), ("value", way), ("index", "ascending")])
        firsts = ordered.group_by("bucket", use_threads=False).aggregate([("index", "first")])
        kept.update(cast("list[int]", firsts["index_first"].to_pylist()))
    missing = table.filter(pc.is_null(table["value"]))["index"]
    if len(missing):
        kept.update((missing[0].as_py(), missing[len(missing) - 1].as_py()))
    return sorted(kept)
