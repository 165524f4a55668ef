"""What is told of a table's columns: nulls, least and greatest, distinct values, a small histogram.

Bounded in time: a large table is looked at in evenly spread pieces, and what the time does not suffice
for is left out. ``sampled`` says so, and ``looked_at`` how many rows were seen.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from datetime import date, datetime
from datetime import time as day_time
from decimal import Decimal
from typing import Any

from lineage_server.client.frames import arrow, decoded, type_name
from lineage_server.client.scrub import scrub_text

BUDGET_SECONDS = 2.0
BINS = 20
_CELLS = 4_000_000
_LEAST_ROWS = 20_000
_PIECES = 32
_MOST_COLUMNS = 500
_LONGEST = 100


def stats_of(
    table: Any,
    *,
    seconds: float = BUDGET_SECONDS,
    rows: int | None = None,
    nulls: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Numbers by column; ``rows`` and nulls are always exact: they are given where the table is only some
    rows of a larger one."""
    deadline = time.monotonic() + seconds
    total = table.num_rows if rows is None else rows
    columns = min(table.num_columns, _MOST_COLUMNS)
    seen = _sample(table, max(_LEAST_ROWS, _CELLS // max(1, columns)))
    sampled = seen.num_rows < total
    told: dict[str, Any] = {}
    for index in range(columns):
        name = table.schema.field(index).name
        about: dict[str, Any] = {}
        if nulls is None:
            about["nulls"] = table.column(index).null_count
        elif name in nulls:
            about["nulls"] = nulls[name]
        if time.monotonic() < deadline:
            about.update(_column_stats(seen.column(index), whole=not sampled))
        else:
            sampled = True
        told.setdefault(name, about)
    out: dict[str, Any] = {"rows": total, "sampled": sampled, "columns": told}
    if sampled:
        out["looked_at"] = seen.num_rows
    return out


def _sample(table: Any, rows: int) -> Any:
    """Evenly spread pieces: begin and end of a sorted table are both in."""
    if table.num_rows <= rows:
        return table
    pa = arrow()
    size = rows // _PIECES
    step = (table.num_rows - size) / (_PIECES - 1)
    return pa.concat_tables([table.slice(int(i * step), size) for i in range(_PIECES)])


def _column_stats(column: Any, *, whole: bool) -> dict[str, Any]:
    pa = arrow()
    try:
        return _measured(pa, column, whole=whole)
    except (pa.ArrowException, ValueError, OverflowError, TypeError):
        return {}  # a type that cannot be compared or counted: it has no such numbers


def _measured(pa: Any, column: Any, *, whole: bool) -> dict[str, Any]:
    types, compute = pa.types, pa.compute
    kind = column.type
    if not len(column):
        return {}
    if types.is_dictionary(kind):
        column = pa.chunked_array([decoded(chunk) for chunk in column.chunks])
        kind = column.type
    if types.is_string_view(kind):
        column = column.cast(pa.large_string())
    elif types.is_nested(kind) or types.is_null(kind) or types.is_binary(kind) or type_name(kind) == "binary":
        return {}
    out: dict[str, Any] = {}
    if types.is_boolean(kind):
        return {"true": compute.sum(column).as_py() or 0}
    if types.is_floating(kind):
        out.update(_oddities(compute, column))
        column = column.filter(compute.is_finite(column))
    distinct = compute.count_distinct(column).as_py()
    out["distinct"] = distinct if whole else _estimated(pa, column, distinct)
    if not whole:
        out["distinct_is"] = "estimated"
    ends = compute.min_max(column).as_py()
    if ends["min"] is None:
        return out
    out["min"], out["max"] = _sayable(ends["min"]), _sayable(ends["max"])
    if types.is_integer(kind) or types.is_floating(kind):
        out["mean"] = compute.mean(column).as_py()
        out["histogram"] = _histogram(pa, column, float(ends["min"]), float(ends["max"]))
    return out


def _oddities(compute: Any, column: Any) -> dict[str, int]:
    odd = {
        "nan": compute.sum(compute.is_nan(column)).as_py() or 0,
        "infinite": compute.sum(compute.is_inf(column)).as_py() or 0,
    }
    return {name: count for name, count in odd.items() if count}


def _estimated(pa: Any, column: Any, distinct: int) -> int:
    """Of the whole, from a sample: values seen once are taken for rare (Chao's estimate)."""
    if not distinct:
        return 0
    counts = pa.compute.value_counts(column).field("counts")
    once = pa.compute.sum(pa.compute.equal(counts, 1)).as_py() or 0
    twice = pa.compute.sum(pa.compute.equal(counts, 2)).as_py() or 0
    return int(distinct + once * (once - 1) / (2 * (twice + 1)))


def _histogram(pa: Any, column: Any, low: float, high: float) -> dict[str, Any]:
    """Equal widths from least to greatest; the last bin holds its upper edge."""
    compute = pa.compute
    column = column.drop_null()
    width = (high - low) / BINS
    if not width > 0 or not math.isfinite(width):
        return {"edges": [low, high], "counts": [len(column)]}
    at = compute.floor(compute.divide(compute.subtract(column.cast(pa.float64(), safe=False), low), width))
    at = compute.min_element_wise(compute.max_element_wise(at, 0.0), BINS - 1.0).cast(pa.int8())
    counts = [0] * BINS
    for pair in compute.value_counts(at).to_pylist():
        counts[pair["values"]] = pair["counts"]
    return {"edges": [low + i * width for i in range(BINS)] + [high], "counts": counts}


def _sayable(value: Any) -> Any:
    if isinstance(value, str):
        value = scrub_text(value)
        return value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…"
    if isinstance(value, datetime | date | day_time):
        return value.isoformat()
    if isinstance(value, bool | int | float):
        return value
    return str(value) if isinstance(value, Decimal) else str(value)[:_LONGEST]
