"""What lists are searched by, as people say it, made into what the contract's lists take.

A condition is ``KEY OP VALUE`` (``auc>0.9``, ``optimizer=adam``, ``name~fold``), or a key alone: that it is
there. An order is a name, with ``-`` before it for the greatest first. Pure functions, for the client's calls
and the commands alike; what is wrong is told with what would do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias, cast

from lineage_server.client.checking import told
from lineage_server.client.moments import moment
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import shorten
from lineage_server.domain.nodes import ArtifactType, JobKind, ModelState, RunState

Words: TypeAlias = str | Iterable[str] | None
"""One, or several."""
Tags: TypeAlias = Mapping[str, Any] | Words
"""Keys and values, or ``KEY=VALUE`` (or a key alone) as text."""

_OPERATORS = {
    "==": "EQ", "=": "EQ", "!=": "NE", "<=": "LE", "<": "LT", ">=": "GE", ">": "GT", "~": "CONTAINS",
}  # fmt: skip
_CONDITION = re.compile(r"\s*(?P<key>.+?)\s*(?:(?P<op>==|!=|<=|>=|=|<|>|~)\s*(?P<value>.*?)\s*)?", re.DOTALL)
_BOOLEANS = {"true": True, "false": False}
_EXAMPLES = {
    "metric": "such as 'auc>0.9', 'loss<=0.1' or 'auc': a key, one of = != < <= > >=, a number",
    "param": "such as 'lr<0.1', 'optimizer=adam', 'model~resnet' or 'lr': a key, one of = != < <= > >= ~, "
    "a value",
    "tag": "such as 'team=vision' or 'team'",
}


@dataclass(frozen=True, slots=True)
class Sorts:
    """What a list is sorted by: names of its own, and keys of metrics or parameters where it has them."""

    own: tuple[str, ...]
    metrics: bool = False
    params: bool = False

    @property
    def allowed(self) -> str:
        if not self.own:
            return "no order but their own"
        words = ", ".join(self.own)
        if self.metrics:
            words += ", a metric (auc, or metric:auc)"
        if self.params:
            words += ", a parameter (param:lr)"
        return f"{words}; with - before it the greatest first"


@dataclass(frozen=True, slots=True)
class Listing:
    """What one of the contract's lists can be asked: the conditions it knows, and its orders."""

    name: str
    conditions: tuple[str, ...]
    sorts: Sorts
    kinds: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    between: tuple[str, str] = ("", "")
    enums: bool = False
    """Whether states are names of the contract's enum, not words."""


_RUN_SORTS = ("started", "ended", "created", "updated", "name", "duration")
_LIST_SORTS = ("name", "created", "updated")
RUNS = Listing(
    "runs", ("text", "state", "kind", "tag", "param", "metric", "by", "since", "until"),
    Sorts(_RUN_SORTS, metrics=True, params=True), tuple(JobKind), tuple(RunState),
    ("startedAfter", "startedBefore"), enums=True,
)  # fmt: skip
ARTIFACTS = Listing("artifacts", ("text", "kind", "tag"), Sorts(_LIST_SORTS), tuple(ArtifactType))
JOBS = Listing("jobs", ("text", "kind", "tag"), Sorts(_LIST_SORTS), tuple(JobKind))
MODELS = Listing("models", ("text", "state", "tag"), Sorts(_LIST_SORTS), (), tuple(ModelState))
DEPLOYMENTS = Listing("deployments", ("text", "state", "tag"), Sorts(_LIST_SORTS))
VERSIONS = Listing(
    "versions", ("text", "tag", "since", "until"),
    Sorts(("ordinal", "sealed", "created", "updated", "size")), between=("sealedAfter", "sealedBefore"),
)  # fmt: skip
MODEL_VERSIONS = Listing(
    "versions of a model", ("text", "state", "tag", "metric"),
    Sorts(("number", "created", "updated"), metrics=True), (), tuple(ModelState), enums=True,
)  # fmt: skip


APPROVALS = Listing(
    "approvals", ("state",), Sorts(()), (), ("pending", "approved", "rejected", "used"), enums=True
)
PROJECTS = Listing("projects", (), Sorts(()))
LISTINGS = {
    one.name: one
    for one in (*(RUNS, JOBS, ARTIFACTS, MODELS, DEPLOYMENTS, VERSIONS, MODEL_VERSIONS, APPROVALS, PROJECTS),)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody looks for; what is None is no condition. Times are those of ``moments``."""

    text: str | None = None
    state: Words = None
    kind: Words = None
    tag: Tags = None
    param: Words = None
    metric: Words = None
    by: Words = None
    since: date | str | None = None
    until: date | str | None = None
    sort: str | None = None


def wanted_of(listing: Listing, given: Mapping[str, Any]) -> Wanted:
    """From the arguments of a call; raises InvalidInputError for one that there is not."""
    for name in given:
        if name not in (*listing.conditions, "sort"):
            raise InvalidInputError(
                f"{listing.name} are not found by {shorten(name, 40)}",
                field=name,
                allowed=", ".join((*listing.conditions, "sort, limit, project, wide")),
            )
    return Wanted(**given)


def filter_of(listing: Listing, wanted: Wanted) -> dict[str, Any]:
    """The contract's filter; empty where there is no condition. Raises InvalidInputError."""
    given = {
        name: value
        for name in ("text", "state", "kind", "tag", "param", "metric", "by", "since", "until")
        if (value := getattr(wanted, name)) is not None and not _is_empty(value)
    }
    for name in given:
        if name not in listing.conditions:
            raise InvalidInputError(
                f"{listing.name} are not found by {name}",
                field=name,
                allowed=", ".join(listing.conditions) or "no conditions",
            )
    out: dict[str, Any] = {}
    for name, value in given.items():
        out |= _READERS[name](listing, value)
    return out


def order_of(listing: Listing, wanted: Wanted) -> dict[str, Any] | None:
    """The contract's order; None where none is wanted. Raises InvalidInputError."""
    sort = wanted.sort
    if sort is None:
        return None
    if not isinstance(cast(object, sort), str):
        raise InvalidInputError(f"sort is {told(sort)}", field="sort", allowed=listing.sorts.allowed)
    text = sort.strip()
    direction = "DESC" if text.startswith("-") else "ASC"
    name = text.removeprefix("-").strip()
    sorts = listing.sorts
    what, sign, key = name.partition(":")
    if sign and key and ((what == "metric" and sorts.metrics) or (what == "param" and sorts.params)):
        return {what: key, "direction": direction}
    if name.lower() in sorts.own:
        return {"by": name.upper(), "direction": direction}
    if name and sorts.metrics and not sign:
        return {"metric": name, "direction": direction}
    raise InvalidInputError(
        f"{listing.name} have no order {shorten(sort, 40)!r}", field="sort", allowed=sorts.allowed
    )


# --- conditions -----------------------------------------------------------------------------


def _is_empty(value: object) -> bool:
    """An option of a command that nobody gave is an empty list."""
    return isinstance(value, list | tuple | Mapping) and not value


def words_in(value: object, field: str, allowed: str) -> list[str]:
    """One text or several; raises InvalidInputError."""
    several = [value] if isinstance(value, str) else value
    if not isinstance(several, Iterable):
        raise InvalidInputError(f"{field} is {told(value)}", field=field, allowed=allowed)
    words = list(cast("Iterable[object]", several))
    for word in words:
        if not isinstance(word, str):
            raise InvalidInputError(f"{field} has {told(word)}", field=field, allowed=allowed)
    return cast("list[str]", words)


def _text(_listing: Listing, value: object) -> dict[str, Any]:
    if not isinstance(value, str):
        raise InvalidInputError(f"text is {told(value)}", field="text", allowed="words, as one text")
    return {"text": value}


def _one_of(field: str, words: list[str], known: tuple[str, ...]) -> list[str]:
    chosen = [word.strip().lower() for word in words]
    for word, given in zip(chosen, words, strict=True):
        if known and word not in known:
            raise InvalidInputError(
                f"{field} {shorten(given, 40)!r} is none there is", field=field, allowed=", ".join(known)
            )
    return chosen


def _states(listing: Listing, value: object) -> dict[str, Any]:
    states = _one_of("state", words_in(value, "state", ", ".join(listing.states) or "a text"), listing.states)
    return {"states": [state.upper() for state in states] if listing.enums else states}


def _kinds(listing: Listing, value: object) -> dict[str, Any]:
    return {"kinds": _one_of("kind", words_in(value, "kind", ", ".join(listing.kinds)), listing.kinds)}


def _tags(_listing: Listing, value: object) -> dict[str, Any]:
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value).items()
        return {"tags": [{"key": str(k), **({} if v is None else {"value": str(v)})} for k, v in pairs]}
    out: list[dict[str, str]] = []
    for text in words_in(value, "tag", _EXAMPLES["tag"]):
        key, sign, wanted = text.partition("=")
        if not key.strip():
            raise _no_condition(text, "tag")
        out.append({"key": key.strip(), "value": wanted.strip()} if sign else {"key": key.strip()})
    return {"tags": out}


def _params(_listing: Listing, value: object) -> dict[str, Any]:
    return {"params": [_condition(text, "param") for text in words_in(value, "param", _EXAMPLES["param"])]}


def _metrics(_listing: Listing, value: object) -> dict[str, Any]:
    return {
        "metrics": [_condition(text, "metric") for text in words_in(value, "metric", _EXAMPLES["metric"])]
    }


def _people(_listing: Listing, value: object) -> dict[str, Any]:
    allowed = "names, as runs say who ran them"
    names = [name.strip() for name in words_in(value, "by", allowed)]
    if not all(names):
        raise InvalidInputError("by names nobody", field="by", allowed=allowed)
    return {"by": names}


def _condition(text: str, field: str) -> dict[str, Any]:
    found = _CONDITION.fullmatch(text)
    if found is None or found["key"][0] in "=!<>~" or (found["op"] and not found["value"]):
        raise _no_condition(text, field)
    key, sign = found["key"], found["op"]
    if not sign:
        return {"key": key, "op": "EXISTS"}
    given = found["value"]
    if given[0] in "=<>~!":
        raise _no_condition(text, field)
    op = _OPERATORS[sign]
    if field == "param":
        quoted = len(given) > 1 and given[0] == given[-1] and given[0] in "'\""
        # Numbers stay text: the server takes them for either.
        return {"key": key, "op": op, "value": given[1:-1] if quoted else _BOOLEANS.get(given, given)}
    if op == "CONTAINS":
        raise _no_condition(text, field)
    try:
        number = float(given)
    except ValueError:
        raise _no_condition(text, field) from None
    return {"key": key, "op": op, "value": number if number - number == 0 else given}


def _no_condition(text: str, field: str) -> InvalidInputError:
    return InvalidInputError(
        f"{field} {shorten(text, 60)!r} is no condition", field=field, allowed=_EXAMPLES[field]
    )


def _since(listing: Listing, value: object) -> dict[str, Any]:
    return {listing.between[0]: moment(value, "since")}


def _until(listing: Listing, value: object) -> dict[str, Any]:
    return {listing.between[1]: moment(value, "until")}


_READERS: dict[str, Callable[[Listing, Any], dict[str, Any]]] = {
    "text": _text, "state": _states, "kind": _kinds, "tag": _tags, "param": _params, "metric": _metrics,
    "by": _people, "since": _since, "until": _until,
}  # fmt: skip
