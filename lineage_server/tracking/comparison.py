"""What distinguishes runs, as a table: a row for each thing that was told of any of them.

Pure: from ``Execution`` to rows. Values are compared as they were told, numbers by their value.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import shorten
from lineage_server.domain.untyped import as_mapping
from lineage_server.graph.read_tracking import Place
from lineage_server.graph.read_tracking_parts import Link
from lineage_server.tracking.executions import Execution
from lineage_server.tracking.filters import Page, check_first, decode_cursor, encode_cursor, no_cursor

MOST_RUNS = 200
MOST_VALUES = 20_000
"""Of a page: of many runs fewer rows come at once."""
_MARK = "comparison"


class ComparedPart(StrEnum):
    """What a row is about, in the order of the table."""

    PARAMETER = "PARAMETER"
    METRIC = "METRIC"
    INPUT = "INPUT"
    OUTPUT = "OUTPUT"
    CODE = "CODE"
    ENVIRONMENT = "ENVIRONMENT"
    PACKAGE = "PACKAGE"
    RESOURCE = "RESOURCE"


_PLACES = {part: place for place, part in enumerate(ComparedPart)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedRow:
    """``values`` in the order of the runs, None where nothing was told; of inputs and outputs uids of
    versions, a list where there are several of one role."""

    part: ComparedPart
    name: str
    values: tuple[object, ...]
    differs: bool

    @property
    def place(self) -> Place:
        return Place(rank=1, value=f"{_PLACES[self.part]}", uid=self.name)


class Comparison:
    """Runs side by side. ``unseen`` inputs and outputs are not compared."""

    def __init__(self, executions: Sequence[Execution]) -> None:
        self.runs = tuple(one.facts.run for one in executions)
        self.unseen = sum(one.unseen_inputs + one.unseen_outputs for one in executions)
        self._rows = tuple(_rows(executions))
        self.differing = sum(row.differs for row in self._rows)

    @property
    def same(self) -> int:
        """How many rows are the same in all runs."""
        return len(self._rows) - self.differing

    def page(self, *, everything: bool = False, first: int = 100, after: str = "") -> Page[ComparedRow]:
        """Rows in which the runs differ, or all; raises InvalidInputError."""
        size = min(check_first(first), MOST_VALUES // len(self.runs))
        begin = _begin(after)
        left = [row for row in self._rows if (everything or row.differs) and _sort_key(row) > begin]
        page = tuple(left[:size])
        return Page(
            items=page,
            cursors=tuple(encode_cursor(row.place, _MARK) for row in page),
            has_more=len(left) > size,
        )


def check_runs(count: int) -> None:
    """Raises InvalidInputError unless so many runs can be compared."""
    if not 2 <= count <= MOST_RUNS:
        raise InvalidInputError(
            f"{count} runs can't be compared", field="runs", allowed=f"2 to {MOST_RUNS} runs"
        )


def check_distinct(asked: Sequence[str], runs: Sequence[str]) -> None:
    """Raises InvalidInputError where two of what was ``asked`` for mean one run."""
    first: dict[str, str] = {}
    for text, uid in zip(asked, runs, strict=True):
        if uid in first:
            raise InvalidInputError(
                f"{shorten(first[uid])!r} and {shorten(text)!r} are one run, {uid}",
                field="runs",
                allowed="each run once",
            )
        first[uid] = text


def _begin(after: str) -> tuple[int, str]:
    place = decode_cursor(after, _MARK)
    if place is None:
        return -1, ""
    try:
        return int(str(place.value)), place.uid
    except ValueError:
        raise no_cursor() from None


def _sort_key(row: ComparedRow) -> tuple[int, str]:
    return _PLACES[row.part], row.name


def _rows(executions: Sequence[Execution]) -> Iterator[ComparedRow]:
    told = [dict(_told(one)) for one in executions]
    for part in ComparedPart:
        tables = [one[part] for one in told]
        for name in sorted({name for table in tables for name in table}):
            values = tuple(table.get(name) for table in tables)
            first = comparable(values[0])
            differs = any(comparable(value) != first for value in values)
            yield ComparedRow(part=part, name=name, values=values, differs=differs)


def _told(execution: Execution) -> Iterator[tuple[ComparedPart, Mapping[str, object]]]:
    facts = execution.facts
    run = facts.run
    yield ComparedPart.PARAMETER, run.params
    yield ComparedPart.METRIC, run.metrics
    yield ComparedPart.INPUT, _versions(execution.inputs)
    yield ComparedPart.OUTPUT, _versions(execution.outputs)
    yield ComparedPart.CODE, _code(execution)
    yield ComparedPart.ENVIRONMENT, facts.environment
    yield ComparedPart.PACKAGE, facts.packages
    yield ComparedPart.RESOURCE, _resources(execution)


def _versions(links: Sequence[Link]) -> dict[str, object]:
    """By role; uids of all where a role has several."""
    roles: dict[str, list[str]] = {}
    for link in links:
        roles.setdefault(link.role, []).append(link.version.uid)
    return {role: uids[0] if len(uids) == 1 else sorted(uids) for role, uids in roles.items()}


def _code(execution: Execution) -> dict[str, object]:
    told = {**execution.facts.code, "uncommitted": execution.facts.code.get("dirty_digest")}
    told |= {"script": execution.captured.entry_digest, "command": shlex.join(execution.captured.command)}
    return {key: value for key, value in told.items() if value and key != "dirty_digest"}


def _resources(execution: Execution) -> dict[str, object]:
    run = execution.facts.run
    told: dict[str, object] = {
        "gpu": execution.facts.gpu_product,
        "gpu count": run.gpu_count,
        "machine": execution.captured.machine,
    }
    asked = as_mapping(run.properties.get("resources"))
    return {key: value for key, value in told.items() if value} | {
        f"asked for {key}": value for key, value in asked.items() if value is not None
    }


def comparable(value: object) -> object:
    """Equal for what counts as one value: numbers by value, NaN with itself; True is not 1."""
    if isinstance(value, bool):
        return ("flag", value)
    if isinstance(value, int | float):
        return ("number", "NaN" if math.isnan(value) else value)
    if isinstance(value, list):
        return ("list", tuple(comparable(one) for one in cast("list[object]", value)))
    return ("none" if value is None else "text", str(value))
