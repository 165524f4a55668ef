"""Tables of nodes for lists, and a plain answer to every question about them: filter, then sort.

The rows are written straight to the graph as ``docs/storage.md`` says and kept as they are, so that what
``Tracking`` finds with windows, bounds and cursors can be compared with what is there.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

from lineage_server.domain.ids import label_of, now_micros
from lineage_server.domain.nodes import Label, Scalar
from lineage_server.graph.bolt import Bolt
from lineage_server.tracking.filters import Comparison, ListFilter, Operator, Order, SortBy
from tests.support.graphs import NODE

Table = list[dict[str, Any]]
EXACT = 2**53
"""Beyond it whole numbers are sorted as floats, with which they may stand in one list."""
DAY = 86_400_000_000
NOW = now_micros()
PROJECTS = ("red", "blue", "green")
STATES = ("complete", "complete", "failed", "running", "queued", "aborted")
KINDS = ("training", "step", "trial")
WORDS = ("Churn", "fraud", "IRIS", "über", "데이터", "ver-2.1", "(final)", "it's")
MODES = ("fast", "Slow", "0.01", "10", "1e-3", "")


async def write(graph: Bolt, rows: Table) -> None:
    """Nodes of one label."""
    if rows:
        await graph.write(NODE[label_of(rows[0]["uid"])], {"rows": rows})


def run_row(chance: random.Random, index: int, **given: Any) -> dict[str, Any]:
    """A run of the story; the uid is not in the order of anything else."""
    name = f"{chance.choice(WORDS)} {chance.choice(WORDS)} {index % 90}"
    kind, job = chance.choice(KINDS), f"train {index % 7}"
    project = chance.choice(PROJECTS)
    row = {
        "uid": f"run:{chance.getrandbits(48):012x}-{index}",
        "project": project,
        "name": None if index % 97 == 0 else name,
        "kind": kind,
        "created_at": index // 3,
        "updated_at": chance.randrange(50),
        "deleted_at": 5 if index % 23 == 0 else None,
        "job": f"job:{project}/{kind}/{job}",
        "state": chance.choice(STATES),
        "search_text": f"{name} {job} {kind} team={index % 2}".lower(),
        "t.team": str(index % 2),
        "t.odd": "yes" if index % 2 else None,
        **_times(chance, index),
        **_metrics(chance, index),
        **_params(chance, index),
    }
    return {key: value for key, value in {**row, **given}.items() if value is not None}


def _times(chance: random.Random, index: int) -> dict[str, Any]:
    """Some together, most of these days, some of other years, some to come, some not yet."""
    started = chance.choice(
        (NOW - index * 1_000_000, NOW - index // 9 * DAY, NOW - chance.randrange(9) * DAY, NOW - 400 * DAY)
    )
    if index % 31 == 0:
        started = chance.choice((0, 1, NOW + DAY, NOW + 5_000 * DAY))
    if index % 19 == 0:
        return {}
    ended = started + chance.choice((0, 60, 61, 3_600)) * 1_000_000 if index % 5 else None
    return {"started_at": started, "ended_at": ended}


def _metrics(chance: random.Random, index: int) -> dict[str, Any]:
    return {
        "m.random": chance.random(),
        "m.tied": chance.choice((0.5, 0.5, 0.5, 0.25, 0.75)),
        "m.same": 1.0,
        "m.skewed": 10.0 ** -chance.randrange(1, 300) if index % 100 else 1e6,
        "m.negative": -chance.expovariate(0.01),
        "m.huge": chance.choice((-1.0, 1.0)) * chance.choice((1.7e308, 1e300, 5e-324, 0.0)),
        "m.odd": chance.choice((float("inf"), float("-inf"), float("nan"), 0.1, 2.0, None)),
        "m.rare": chance.random() if index % 9 == 0 else None,
        "m.rising": float(index),
    }


def _params(chance: random.Random, index: int) -> dict[str, Any]:
    return {
        "p.lr": chance.choice((0.1, 0.01, 0.001)),
        "p.depth": index % 12,
        "p.mode": chance.choice(MODES),
        "p.flag": chance.choice((True, False, None)),
        "p.mixed": chance.choice((1, 1.0, 2.5, -3, "1", "2.5", "abc", "Abc", True, False, None, 10**15)),
        "p.large": chance.choice((2**62 + index, -(2**62) - index, 2**53 + 1, str(2**63 + index))),
    }


def runs(count: int = 600) -> Table:
    """The story: the same for the same count, but for the time of day."""
    chance = random.Random(count)
    return [run_row(chance, index) for index in range(count)]


# --- the plain answer ---------------------------------------------------------------------------------


def expected(
    rows: Iterable[dict[str, Any]], scope: frozenset[str] | None, wanted: ListFilter, order: Order
) -> list[str]:
    """Uids of the rows that may be seen and meet the conditions, in order."""
    found = [row for row in rows if (scope is None or row["project"] in scope) and _meets(row, wanted)]
    found.sort(key=lambda row: row["uid"])
    ranks: tuple[Table, Table, Table] = ([], [], [])
    for row in found:
        ranks[_place(row, order)[0]].append(row)
    for some in ranks[:2]:
        some.sort(key=lambda row: _place(row, order)[1], reverse=order.descending)
    return [row["uid"] for some in ranks for row in some]


def _place(row: dict[str, Any], order: Order) -> tuple[int, Any]:
    if order.by is SortBy.DURATION:
        ended, started = row.get("ended_at"), row.get("started_at")
        value = None if ended is None or started is None else ended - started
    else:
        value = row.get(order.property)
    if isinstance(value, bool):
        return 1, str(value).lower()
    if value is None or value != value:
        return 2, None
    if isinstance(value, str):
        return 1, value
    return 0, (value if -EXACT < value < EXACT else float(value))


def _meets(row: dict[str, Any], wanted: ListFilter) -> bool:
    versions = label_of(row["uid"]) is Label.ARTIFACT_VERSION
    at = row.get("sealed_at" if versions else "started_at")
    return (
        (wanted.deleted or "deleted_at" not in row)
        and (not wanted.kinds or row.get("kind") in wanted.kinds)
        and (not wanted.states or row.get("state") in wanted.states)
        and (not wanted.jobs or row.get("job") in wanted.jobs)
        and (wanted.since is None or (at is not None and at >= wanted.since))
        and (wanted.until is None or (at is not None and at < wanted.until))
        and all(_has_word(row, word, digest=versions) for word in wanted.text.lower().split())
        and all(f"t.{tag.key}" in row and tag.value in (None, row[f"t.{tag.key}"]) for tag in wanted.tags)
        and all(_holds(row.get(f"p.{one.key}"), one) for one in wanted.params)
        and all(_holds(row.get(f"m.{one.key}"), one) for one in wanted.metrics)
    )


def _has_word(row: dict[str, Any], word: str, *, digest: bool) -> bool:
    if digest:
        return word in row.get("search_text", row["name"].lower()) or word in row.get("digest", "")
    return word in row.get("search_text", "")


def _holds(stored: Scalar | None, one: Comparison) -> bool:
    """Text is compared with text, numbers with numbers, also those that were asked for as text."""
    if stored is None:
        return False
    asked = one.value
    match one.op:
        case Operator.EXISTS:
            return True
        case Operator.CONTAINS:
            return str(asked).lower() in str(stored).lower()
        case Operator.EQ:
            return _equal(stored, asked)
        case Operator.NE:
            return not _equal(stored, asked)
        case _:
            number = number_of(asked)
            asked = asked if number is None else number
            if _kind(stored) is not _kind(asked):
                return False
            one_way: dict[Operator, bool] = {
                Operator.LT: stored < asked,  # pyright: ignore
                Operator.LE: stored <= asked,  # pyright: ignore
                Operator.GT: stored > asked,  # pyright: ignore
                Operator.GE: stored >= asked,  # pyright: ignore
            }
            return one_way[one.op]


def _equal(stored: Any, asked: Any) -> bool:
    if _kind(stored) is _kind(asked) and stored == asked:
        return True
    return _kind(stored) is float and stored == number_of(asked)


def number_of(value: Any) -> float | int | None:
    """The number that a value is or, as text, tells."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            pass
    return None


def _kind(value: Any) -> type:
    return bool if isinstance(value, bool) else float if isinstance(value, int | float) else str
