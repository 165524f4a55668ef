"""What arguments of public calls may be, by their names: told at the call, before anything is recorded.

A name means the same in every call, so one table serves them all. Only the kind of a value is looked at
here; whether a name, a time or a type is a good one is for who uses it (``builders``, ``domain.ids``).
"""

from __future__ import annotations

import inspect
import math
import numbers
import os
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import NamedTuple, ParamSpec, TypeVar, cast

from lineage_server.client.twins import Twin
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import shorten
from lineage_server.domain.nodes import ArtifactType, JobKind

P = ParamSpec("P")
T = TypeVar("T")


class Rule(NamedTuple):
    """``allowed`` in words, and whether a value ``fits``."""

    allowed: str
    fits: Callable[[object], bool]


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_flag(value: object) -> bool:
    return type(value).__name__ in ("bool", "bool_")


def _is_count(value: object) -> bool:
    return not _is_flag(value) and isinstance(value, numbers.Integral) and int(value) >= 0


def _is_seconds(value: object) -> bool:
    return not _is_flag(value) and isinstance(value, numbers.Real) and not math.isnan(value)


def _is_step(value: object) -> bool:
    return hasattr(type(value), "__int__") or hasattr(type(value), "__index__")


def _is_path(value: object) -> bool:
    return isinstance(value, str | os.PathLike)


def _has_items(value: object) -> bool:
    """Whether a value has names and values, as a mapping or a series."""
    return isinstance(value, Mapping) or callable(getattr(type(value), "items", None))


def _is_content(value: object) -> bool:
    return value is not None and not (isinstance(value, str) and not value.strip())


def _is_input(value: object) -> bool:
    return _is_content(value) and not isinstance(value, Twin)


def _is_body(value: object) -> bool:
    return isinstance(value, str | bytes | bytearray | memoryview)


def _is_age(value: object) -> bool:
    return _is_seconds(value) and float(cast("float", value)) >= 0


def _is_named(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _one_of(*classes: str) -> Callable[[object], bool]:
    """By name: most of these use this module."""

    def fits(value: object) -> bool:
        return any(each.__name__ in classes for each in type(value).__mro__)

    return fits


def _run_or_id(value: object) -> bool:
    return _is_text(value) or _one_of("Run")(value)


def _is_thing(value: object) -> bool:
    return _is_text(value) or _one_of("Run", "Artifact", "ModelVersion", "RegisteredModel", "Alias")(value)


def _is_version(value: object) -> bool:
    return _is_text(value) or _one_of("ModelVersion")(value)


def _is_days(value: object) -> bool:
    return _is_seconds(value) and 0 <= float(cast("float", value)) <= _MOST_DAYS


def _is_source(value: object) -> bool:
    return _is_named(value) or _one_of("Artifact", "ModelVersion")(value)


def _is_approval(value: object) -> bool:
    return _is_text(value) or _one_of("Approval")(value)


def _is_request(value: object) -> bool:
    return _is_version(value) or _is_approval(value)


def _is_flag_or_name(value: object) -> bool:
    return _is_flag(value) or _is_named(value)


def _is_flag_or_describe(value: object) -> bool:
    return _is_flag(value) or value == "describe"


def _are_names(value: object) -> bool:
    if isinstance(value, list | tuple | set | frozenset):
        return all(_is_text(one) for one in cast("Iterable[object]", value))
    return _is_text(value)


def _is_error(value: object) -> bool:
    return isinstance(value, BaseException)


_MOST_DAYS = 36_500
_TEXT = Rule("a text", _is_text)
_RUN = Rule("a run, or its id", _run_or_id)
_THING = Rule("a reference such as 'model:churn@prod', a uid, a run, an artifact or a version", _is_thing)
_FLAG = Rule("True or False", _is_flag)
_FOLDER = Rule("a path", _is_path)
_RULES = {
    **dict.fromkeys(
        (
            *("job", "project", "description", "role", "uri", "text", "reason", "column", "token"),
            *("alias", "comment", "card", "path", "endpoint", "cluster", "revision"),
            *("title", "owner"),
        ),
        _TEXT,
    ),
    "name": Rule("a text, such as 'iris'", _is_text),
    "expected": Rule("a version as text, such as '3', or '' for none", _is_text),
    "run_id": Rule("a run's id, as text", _is_text),
    "kind": Rule(", ".join(JobKind), _is_text),
    "type": Rule(", ".join(ArtifactType), _is_text),
    "capture": Rule("a text, such as 'git,argv' or 'none'", _is_text),
    "url": Rule("a text, such as 'http://host:port'", _is_text),
    "mode": Rule("online, offline, disabled", _is_text),
    "direction": Rule("both, upstream, downstream", _is_text),
    "view": Rule("version, logical, field", _is_text),
    "query": Rule("a GraphQL document as text", _is_text),
    "params": Rule("a mapping, such as {'lr': 0.1} or vars(args)", _has_items),
    "tags": Rule("a mapping, such as {'team': 'vision'}", _has_items),
    "metadata": Rule("a mapping, such as {'source': 'sensor 7'}", _has_items),
    "variables": Rule("a mapping, such as {'uid': 'run:…'}", _has_items),
    "values": Rule("a mapping, such as {'loss': 0.25}", _has_items),
    "columns_from": Rule('{"out": [("input name or role", "column")]}', _has_items),
    "signature": Rule("a mapping, such as {'inputs': [{'name': 'petal', 'type': 'double'}]}", _has_items),
    "metrics": Rule("a mapping, such as {'auc': 0.91}", _has_items),
    "paths": Rule("a pattern such as '*.json', or a list of patterns", _are_names),
    "aliases": Rule("a name such as 'prod', or a list of names", _are_names),
    "approvers": Rule("a user's name, service/<name>, or a list of such", _are_names),
    "movers": Rule("a user's name, service/<name>, or a list of such", _are_names),
    "register": Rule("True, False, or the name of a registered model", _is_flag_or_name),
    "version": Rule("a version such as 'model:churn@3', or what register() answers", _is_version),
    "version: str | None": Rule(
        "a name as text, such as '2026-q3'; leave it out, and the server gives the next number", _is_text
    ),
    "model: str | None": Rule("a registered model, such as 'churn'", _is_text),
    "source": Rule(
        "an artifact, a reference such as 'model:churn@3', or an address such as s3://…", _is_source
    ),
    "request": Rule("an approval or its uid, or a version such as 'model:churn@3'", _is_request),
    "approval": Rule("an approval, or its uid", _is_approval),
    "state": Rule("pending, approved, rejected, withdrawn, used", _is_text),
    "model": Rule("a fitted model, a file, a folder, or an address such as s3://…", _is_content),
    "run": _RUN,
    "parent": _RUN,
    "retry_of": _RUN,
    "resumed_from": _RUN,
    **dict.fromkeys(("ref", "start", "end", "before", "after"), _THING),
    "what": Rule("a reference, an artifact, a path, a frame or an address such as s3://…", _is_input),
    "value": Rule("a file, a folder, a frame, bytes, JSON values, or an address", _is_content),
    "figure": Rule("a figure of matplotlib, plotly or their like, or the path of one", _is_content),
    "image": Rule("an image of Pillow, an array, bytes of an image file, or the path of one", _is_content),
    "table": Rule("a frame, columns by name, a list of rows, or the path of a file of one", _is_content),
    "step": Rule("a whole number", _is_step),
    "ttl_days": Rule("days, as a number from 0 to 36500", _is_days),
    "number": Rule("a whole number, 0 or more", _is_count),
    "k": Rule("a whole number, 0 or more", _is_count),
    "depth": Rule("a whole number, 0 or more", _is_count),
    "width": Rule("a whole number, 0 or more", _is_count),
    "indent": Rule("a whole number, 0 or more", _is_count),
    "timeout": Rule("seconds, as a number", _is_seconds),
    "body": Rule("the request's body, as bytes", _is_body),
    "headers": Rule("the request's headers, as a mapping", _has_items),
    "secret": Rule("what was told once, as whsec_…", _is_named),
    "max_age_seconds": Rule("seconds, as a number from 0", _is_age),
    "partial": _FLAG,
    "show_progress": _FLAG,
    "upload": _FLAG,
    "overwrite": _FLAG,
    "trust": _FLAG,
    "override": _FLAG,
    "needs_approval": _FLAG,
    "everything": _FLAG,
    "wide": _FLAG,
    "perform": _FLAG,
    "repo": _FOLDER,
    "tolerance": Rule("a number from 0 to 1", _is_seconds),
    "record": _FLAG,
    "ended": _FLAG,
    "traffic": Rule("a share in percent, as a number", _is_seconds),
    "data": _FLAG,
    "models": Rule("True, False, or 'describe'", _is_flag_or_describe),
    "folder": _FOLDER,
    "to": _FOLDER,
    "journal_dir": _FOLDER,
    "progress": Rule("a function that is told how far it is", callable),
    "error": Rule("an exception", _is_error),
    "config": Rule("what load_config() answers", _one_of("Config")),
    "client": Rule("a Client", _one_of("Client")),
}


def check(name: str, value: object, meaning: str = "") -> None:
    """Raises InvalidInputError unless the value is what an argument of this name may be, or of this
    ``meaning`` where calls differ in it."""
    rule = _RULES.get(meaning or name)
    if rule is not None and not rule.fits(value):
        raise InvalidInputError(f"{name} is {told(value)}", field=name, allowed=rule.allowed)


def told(value: object) -> str:
    """A value for a message: what it is where it is short, else only of what type."""
    if value is None:
        return "None"
    if isinstance(value, str):
        return f"the text {shorten(value, 40)!r}"
    kind = type(value).__name__
    if isinstance(value, Twin):
        return f"an {kind}, which is for coroutines; for threads there is its .plain"
    return f"{value!r} ({kind})" if isinstance(value, bool | int | float) else f"a {kind}"


def checked(function: Callable[P, T]) -> Callable[P, T]:
    """Check the arguments before the function begins; None where its annotation allows it."""
    parameters = inspect.signature(function).parameters
    names = tuple(parameters)
    meanings = {name: f"{name}: {each.annotation}" for name, each in parameters.items()}
    may_be_none = {name for name, each in parameters.items() if "None" in str(each.annotation)}

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        for name, value in (*zip(names, args, strict=False), *kwargs.items()):
            if value is not None or name not in may_be_none:
                check(name, value, meanings[name] if meanings.get(name) in _RULES else "")
        return function(*args, **kwargs)

    return call
