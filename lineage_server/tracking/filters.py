"""What lists can be asked: conditions, order, pages; and how that becomes a ``Selection``.

Keys of parameters, metrics and tags are user's words: they are checked here and travel as values.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import shorten
from lineage_server.domain.nodes import Label, Node, Scalar
from lineage_server.domain.people import sender_of
from lineage_server.graph.queries.clauses import Clause
from lineage_server.graph.read_tracking import Listed, Place, Selection

MAX_PAGE = 500
MAX_CONDITIONS = 50
MAX_KEY = 250
MAX_WORDS = 20
_INT64 = range(-(1 << 63), 1 << 63)
Scope = frozenset[str] | None
_T = TypeVar("_T")


class Operator(StrEnum):
    """How a value is compared. ``CONTAINS`` looks into text, upper or lower case alike."""

    EQ = "EQ"
    NE = "NE"
    LT = "LT"
    LE = "LE"
    GT = "GT"
    GE = "GE"
    CONTAINS = "CONTAINS"
    EXISTS = "EXISTS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A parameter or metric against a value; where it is missing the answer is no."""

    key: str
    op: Operator = Operator.EQ
    value: Scalar | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TagCondition:
    """The tag is there, with this value unless that is None."""

    key: str
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFilter:
    """Conditions on nodes of any listed label; all must hold. Times in microseconds.

    ``text``: words that name, kind, description or tags contain, of versions also the digest.
    ``by``: names of people, as ``Run.by`` has them.
    ``mine``: the names of somebody, of whose runs these are: as who sent them, or as who ran them.
    ``since`` and ``until`` are about the start of runs, the sealing of versions.
    """

    text: str = ""
    kinds: tuple[str, ...] = ()
    tags: tuple[TagCondition, ...] = ()
    deleted: bool = False
    jobs: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    mine: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    params: tuple[Comparison, ...] = ()
    metrics: tuple[Comparison, ...] = ()
    model: str = ""


class SortBy(StrEnum):
    """Properties a list can be sorted by."""

    STARTED = "started_at"
    ENDED = "ended_at"
    CREATED = "created_at"
    UPDATED = "updated_at"
    WRITTEN = "latest_at"
    NAME = "name"
    ORDINAL = "ordinal"
    NUMBER = "number"
    SEALED = "sealed_at"
    SIZE = "size"
    DURATION = ""
    METRIC = "m."
    PARAM = "p."


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """``key`` names the metric or parameter. What has no value comes last either way."""

    by: SortBy = SortBy.STARTED
    key: str = ""
    descending: bool = True

    @property
    def property(self) -> str:
        return str(self.by) + self.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[_T]):
    """Some rows; ``cursors`` belong to them one by one, so a client may go on after any."""

    items: tuple[_T, ...]
    cursors: tuple[str, ...]
    has_more: bool


def selection(label: Label, scope: Scope, wanted: ListFilter) -> Selection:
    """The filter as clauses and their parameters; raises InvalidInputError."""
    clauses: dict[Clause, Any] = {}
    versions = label is Label.ARTIFACT_VERSION
    if not wanted.deleted:
        clauses[Clause.ALIVE] = None
    lists = (
        (Clause.JOBS, wanted.jobs),
        (Clause.KINDS, wanted.kinds),
        (Clause.BY, wanted.by and [list(wanted.by), [sender_of(name) for name in wanted.by]]),
        (Clause.MINE, wanted.mine),
        (Clause.STATES, wanted.states),
        (Clause.VERSION_WORDS if versions else Clause.WORDS, words_of(wanted.text)),
        (Clause.TAGS, [["t." + _key(t.key, "tags"), t.value] for t in wanted.tags if t.value is not None]),
    )
    clauses.update({clause: list(values) for clause, values in lists if values})
    single = (
        (Clause.SEALED_SINCE if versions else Clause.SINCE, wanted.since),
        (Clause.SEALED_UNTIL if versions else Clause.UNTIL, wanted.until),
        (Clause.MODEL, wanted.model or None),
    )
    clauses.update({clause: value for clause, value in single if value is not None})
    has = ["t." + _key(tag.key, "tags") for tag in wanted.tags if tag.value is None]
    if len(wanted.params) + len(wanted.metrics) + len(wanted.tags) > MAX_CONDITIONS:
        raise InvalidInputError(f"at most {MAX_CONDITIONS} conditions at once", field="filter")
    for prefix, field, comparisons in (("p.", "params", wanted.params), ("m.", "metrics", wanted.metrics)):
        for one in comparisons:
            key = prefix + _key(one.key, field)
            if one.op is Operator.EXISTS:
                has.append(key)
            else:
                clauses.setdefault(_OPERATORS[one.op], []).append([key, _operand(one, field)])
    if has:
        clauses[Clause.HAS] = has
    ordered = tuple(clause for clause in Clause if clause in clauses)
    parameters = {str(clause): value for clause, value in clauses.items() if value is not None}
    return Selection(label=label, scope=scope, clauses=ordered, parameters=parameters)


_OPERATORS = {
    Operator.EQ: Clause.EQ,
    Operator.NE: Clause.NE,
    Operator.LT: Clause.LT,
    Operator.LE: Clause.LE,
    Operator.GT: Clause.GT,
    Operator.GE: Clause.GE,
    Operator.CONTAINS: Clause.CONTAINS,
}


def _operand(one: Comparison, field: str) -> Any:
    """What the clause compares with: alternatives for (un)equal, a number where it is to be ordered."""
    value = one.value
    if value is None:
        raise InvalidInputError(f"the comparison of {shorten(one.key)!r} has no value", field=field)
    if isinstance(value, int) and value not in _INT64:
        value = str(value)  # so it is stored
    number = number_of(value)
    if one.op in (Operator.EQ, Operator.NE):
        # A person types 0.01 as text; it was logged as a number.
        return [value] if number is None or number == value else [value, number]
    if one.op is Operator.CONTAINS:
        return str(value).lower()
    if number == 0:  # Neo4j orders -0.0 before 0.0; here they are one
        return 0.0 if one.op in (Operator.LE, Operator.GT) else -0.0
    return value if number is None else number


def number_of(value: Scalar) -> float | int | None:
    """The number that a value is or, as text, tells."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    try:
        if (number := int(value)) in _INT64:
            return number
    except ValueError:
        pass
    try:
        return float(value)
    except ValueError:
        return None


def _key(key: str, field: str) -> str:
    if not 0 < len(key) <= MAX_KEY or not key.isprintable():
        raise InvalidInputError(
            f"{field} has the key {shorten(key, 40)!r}", field=field, allowed="1 to 250 printable characters"
        )
    return key


def check_order(order: Order) -> Order:
    """Raises InvalidInputError for a metric or parameter without a name, or a name without need."""
    if order.by in (SortBy.METRIC, SortBy.PARAM):
        _key(order.key, "orderBy")
    elif order.key:
        raise InvalidInputError("only metrics and parameters have a key to sort by", field="orderBy")
    return order


def check_first(first: int) -> int:
    if not 1 <= first <= MAX_PAGE:
        raise InvalidInputError(
            f"a page of {first} is not possible", field="first", allowed=f"1 to {MAX_PAGE}"
        )
    return first


def words_of(text: str) -> list[str]:
    """The words to look for, lower case, each once."""
    words = list(dict.fromkeys(text.lower().split()))
    if len(words) > MAX_WORDS:
        raise InvalidInputError(f"at most {MAX_WORDS} words at once", field="text")
    return words


def narrowed(scope: Scope, projects: Sequence[str]) -> Scope:
    """The scope within the projects asked for, all of it where none are."""
    if not projects:
        return scope
    wanted = frozenset(projects)
    return wanted if scope is None else wanted & scope


def page_of(rows: Sequence[Listed], first: int, mark: str) -> Page[Node]:
    """A page of up to ``first`` rows; the one too many says that there is more."""
    page = paged(rows, first, mark, lambda row: row.place)
    return Page(items=tuple(row.node for row in page.items), cursors=page.cursors, has_more=page.has_more)


def paged(found: Sequence[_T], first: int, mark: str, place: Callable[[_T], Place]) -> Page[_T]:
    """The same of anything that has a place in its list."""
    shown = tuple(found[:first])
    cursors = tuple(encode_cursor(place(one), mark) for one in shown)
    return Page(items=shown, cursors=cursors, has_more=len(found) > first)


# --- cursors --------------------------------------------------------------------------------------


def encode_cursor(place: Place, order: str) -> str:
    """Opaque text; ``order`` ties it to the list it came from."""
    text = json.dumps([order, place.rank, place.value, place.uid], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(text: str, order: str) -> Place | None:
    """A cursor that we gave out for the same order; raises InvalidInputError."""
    if not text:
        return None
    rank, value, uid = cursor_parts(text, order)
    # By rank: 0 is a number, 1 a text, 2 nothing; what does not fit was not made by us.
    if not 0 <= rank <= 2 or (rank == 0) != isinstance(value, int | float) or (rank == 2) != (value is None):
        raise no_cursor()
    return Place(rank=rank, value=value, uid=uid)


def cursor_parts(text: str, order: str) -> tuple[int, str | int | float | None, str]:
    """Rank, value and uid of a cursor for that order; raises InvalidInputError."""
    try:
        parts: Any = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        told, rank, value, uid = parts
        f"{value}{uid}".encode()  # half a character, which the graph does not take, is a ValueError
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise no_cursor() from None
    if told != order or type(rank) is not int or type(uid) is not str:
        raise no_cursor()
    if not isinstance(value, str | int | float | None) or isinstance(value, bool):
        raise no_cursor()
    if isinstance(value, int) and value not in _INT64:
        raise no_cursor()
    return rank, value, uid


def no_cursor() -> InvalidInputError:
    return InvalidInputError(
        "this is no cursor of this list", field="after", allowed="a cursor of the same list and order"
    )
