"""A comparison of runs as text: side by side where that fits, else value by value.

Twelve runs have no room side by side, nor has a long value; there each value stands once, with the
numbers of the runs that have it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, cast

from lineage_server.client.render.words import cut, safe, width_of

if TYPE_CHECKING:
    from lineage_server.client.answers import Answer

_TITLES = {
    "PARAMETER": "parameters", "METRIC": "metrics, latest", "INPUT": "read", "OUTPUT": "written",
    "CODE": "code", "ENVIRONMENT": "environment", "PACKAGE": "packages", "RESOURCE": "resources",
}  # fmt: skip
_GAP = "  "
_NOTHING = "–"
_MOST_BESIDE = 8
_LEAST, _MOST_NAME = 10, 32
_SHORTER = re.compile(r"\b(sha256:[0-9a-f]{12}|[0-9a-f]{12})[0-9a-f]{20,}\b")


def lines_of(answer: Answer, width: int) -> Iterator[str]:
    """The lines, in so many columns where values allow it."""
    runs = answer["runs"]
    rows = [(row, [_cell(answer, row, value) for value in row["values"]]) for row in answer["rows"]]
    names = [width_of(safe(row["name"])) + len(_GAP) for row, _ in rows]
    titles = [width_of(_title(row["part"])) for row, _ in rows]
    name_width = min(max((*names, *titles), default=_LEAST), _MOST_NAME)
    column = (width - name_width) // len(runs) - len(_GAP)
    beside = len(runs) <= _MOST_BESIDE and column >= _LEAST
    # No wider than what stands there: in a pipe there is no end of room.
    widest = (max(map(width_of, cells), default=0) for _, cells in rows)
    column = max(_LEAST, *(one for one in widest if one <= column), 0) if beside else column
    yield from _runs(runs)
    for part, group in groupby(rows, key=lambda one: str(one[0]["part"])):
        yield ""
        numbers = [f"[{number}]" for number in range(1, len(runs) + 1)] if beside else []
        yield _beside(_title(part), numbers, name_width, column)
        for row, cells in group:
            if beside and all(width_of(cell) <= column for cell in cells):
                yield _beside(f"{_GAP}{safe(row['name'])}", cells, name_width, column)
            else:
                yield from _stacked(row, cells)
    yield ""
    yield _summary(answer)


def _title(part: str) -> str:
    return _TITLES.get(part, part.lower())


def _runs(runs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    digits = len(str(len(runs)))
    for number, run in enumerate(runs, 1):
        state = str(run["state"] or "").lower()
        words = (
            f"[{number}]".rjust(digits + 2),
            safe(run["name"]),
            state,
            run["startedAt"] or "",
            run["uid"],
        )
        yield _GAP.join(word for word in words if word)


def _beside(name: str, cells: Sequence[str], name_width: int, column: int) -> str:
    padded = (text + " " * (width - width_of(text)) for text, width in (
        (cut(name, name_width), name_width), *((cell, column) for cell in cells)
    ))  # fmt: skip
    return _GAP.join(padded).rstrip()


def _stacked(row: Mapping[str, Any], cells: Sequence[str]) -> Iterator[str]:
    """Each value once, the one that most runs have first."""
    holders: dict[str, list[int]] = {}
    for number, cell in enumerate(cells, 1):
        holders.setdefault(cell, []).append(number)
    yield f"{_GAP}{safe(row['name'])}"
    for cell, numbers in sorted(holders.items(), key=lambda item: -len(item[1])):
        yield f"{_GAP * 2}{cell}{_GAP}[{_spans(numbers)}]"


def _spans(numbers: Sequence[int]) -> str:
    """``1, 3-7``: numbers that follow one another as one."""
    out: list[str] = []
    for _, group in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        span = [number for _, number in group]
        out.append(f"{span[0]}" if len(span) == 1 else f"{span[0]}-{span[-1]}")
    return ", ".join(out)


def _cell(answer: Answer, row: Mapping[str, Any], value: object) -> str:
    if value is None:
        return _NOTHING
    if row["part"] in ("INPUT", "OUTPUT"):
        return ", ".join(_short(answer.title(uid)) for uid in several(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}" if float(f"{value:.6g}") == value else repr(value)
    return _short(str(value))


def several(value: object) -> list[str]:
    """The uids that a value of a row of inputs or outputs is."""
    if isinstance(value, list):
        return [str(one) for one in cast("list[object]", value)]
    return [] if value is None else [str(value)]


def _short(text: str) -> str:
    return _SHORTER.sub(r"\1…", safe(" ".join(text.split())))


def _summary(answer: Answer) -> str:
    differing, same = answer["differing"], answer["same"]
    if not differing:
        return f"nothing differs; {_things(same)} the same in all {len(answer['runs'])} runs"
    verb = "differs" if differing == 1 else "differ"
    return f"{_count(differing)} {verb}, {_things(same)} the same in all {len(answer['runs'])} runs"


def _things(count: int) -> str:
    return f"{_count(count)} {'is' if count == 1 else 'are'}"


def _count(count: int) -> str:
    return f"{count} thing{'' if count == 1 else 's'}"
