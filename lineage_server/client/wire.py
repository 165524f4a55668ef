"""Domain events and metric points as lines of JSON, and answers of the intake read back.

A line carries only what differs from the event's defaults, and always its id: sending a line twice
is then one event.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from typing import Any, cast

from lineage_server.domain.events import Event
from lineage_server.domain.ids import new_run_id
from lineage_server.domain.untyped import as_mapping

POINTS_PER_EVENT = 10_000
KEYS_PER_EVENT = 1_000

Point = tuple[str, int, int, float]
"""Key, step, microseconds, value."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One event of a batch that the server did not take."""

    index: int
    code: str
    message: str
    retriable: bool


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What the server said to a batch."""

    accepted: int
    duplicate: int
    refusals: tuple[Refusal, ...]


def line_of(event: Event) -> bytes:
    """One line with its line end. What JSON or UTF-8 cannot say is replaced, never an error."""
    plain: dict[str, Any] = {"type": event.type, **_plain(event)}
    plain.setdefault("id", new_run_id())
    return dumps(plain) + b"\n"


def lines_of_points(run: str, project: str, points: Sequence[Point]) -> list[bytes]:
    """Points in columns, as few events as the limits allow, in the order they came."""
    out: list[bytes] = []
    start = 0
    while start < len(points):
        index: dict[str, int] = {}
        end = start
        last = min(len(points), start + POINTS_PER_EVENT)
        while end < last:
            key = points[end][0]
            if key not in index:
                if len(index) == KEYS_PER_EVENT:
                    break
                index[key] = len(index)
            end += 1
        out.append(_points_line(run, project, index, points[start:end]))
        start = end
    return out


def _points_line(run: str, project: str, index: dict[str, int], points: Sequence[Point]) -> bytes:
    keys, steps, times, values = zip(*points, strict=True)
    return (
        dumps(
            {
                "type": "metrics",
                "id": new_run_id(),
                "project": project,
                "at": max(times),
                "run": run,
                "keys": list(index),
                "series": [index[k] for k in keys],
                "steps": steps,
                "times": times,
                "values": values if math.isfinite(sum(values)) else _sayable(values),
            }
        )
        + b"\n"
    )


def _sayable(values: Iterable[float]) -> list[float | str]:
    return [v if math.isfinite(v) else word_of(v) for v in values]


def word_of(value: float) -> str:
    """What stands for a number that JSON cannot say."""
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def dumps(value: Any) -> bytes:
    """JSON without white space, in UTF-8."""
    # Five times faster, but a tenth of a second to import: used once somebody has loaded it,
    # which the recording thread does in the background.
    fast = sys.modules.get("msgspec.json")
    try:
        if fast is not None:
            return cast(bytes, fast.encode(value))
        return _slow(value)
    except (ValueError, TypeError, OverflowError, AttributeError):
        return _slow(_clean(value))


def _slow(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8")


def _clean(value: Any) -> Any:
    """The nearest thing that JSON can say: lone surrogates, odd numbers, unknown objects."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, float):
        return value if math.isfinite(value) else word_of(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, dict):
        return {str(_clean(k)): _clean(v) for k, v in cast("dict[Any, Any]", value).items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(v) for v in cast("Iterable[Any]", value)]
    return _clean(str(value))


@cache
def _defaults(cls: type[Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for f in fields(cls):
        if f.default is not MISSING:
            out[f.name] = f.default
        elif f.default_factory is not MISSING:
            out[f.name] = f.default_factory()
        else:
            out[f.name] = MISSING
    return out


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {
            name: _plain(v)
            for name, default in _defaults(type(value)).items()
            if (v := getattr(value, name)) != default
        }
    if isinstance(value, list | tuple):
        return [_plain(v) for v in cast("Iterable[Any]", value)]
    return value


def verdicts_from(body: bytes, sent: int) -> Verdicts:
    """Read the intake's answer to ``sent`` events; raises what reading any other one raises."""
    told = as_mapping(json.loads(body))
    counts = [told.get(key) for key in ("accepted", "duplicate", "refused")]
    if not all(isinstance(n, int) for n in counts) or sum(cast("list[int]", counts)) != sent:
        # Somebody else answered (a proxy's page, an older server): nothing is acknowledged.
        raise ValueError(f"the answer does not account for the {sent} events sent")
    refusals = [
        Refusal(
            int(item["index"]),
            str(item.get("code", "")),
            str(item.get("message", "")),
            bool(item.get("retriable", False)),
        )
        for item in map(as_mapping, told.get("events") or [])
        if item.get("verdict") == "refused"
    ]
    if len(refusals) != counts[2] or any(not 0 <= r.index < sent for r in refusals):
        raise ValueError("the answer's refusals do not fit its counts")
    return Verdicts(cast(int, counts[0]), cast(int, counts[1]), tuple(refusals))
