"""What to record of a tracked function's calls: read once, from its signature and annotations.

Annotations may name types that only a type checker imports; such names stand for anything here.
Mistakes are told when the function is decorated, not when it is called.
"""

from __future__ import annotations

import builtins
import collections.abc
import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, cast, get_args, get_origin

from lineage_server.client.builders import clean_kind
from lineage_server.client.checking import checked
from lineage_server.client.config import captures
from lineage_server.client.markers import Input, Marker, Output, Param
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import clean_name, clean_project, shorten
from lineage_server.domain.nodes import JobKind

_STREAMS = frozenset(
    getattr(collections.abc, name)
    for name in ("Iterator", "Iterable", "Generator", "AsyncIterator", "AsyncIterable", "AsyncGenerator")
)
_SAYS_MARKER = re.compile(r"\bAnnotated\b.*\b(Input|Output|Param)\b", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """``outputs``: markers of the return, one for each element where it is ``split`` as a tuple."""

    name: str
    kind: JobKind
    project: str | None
    capture: frozenset[str] | None
    signature: inspect.Signature
    receiver: str = ""
    packed: str = ""
    markers: Mapping[str, Marker]
    outputs: tuple[Output | None, ...] = ()
    split: bool = False
    yields: Output | None = None

    def arguments(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """By name, with defaults, without ``self``; raises TypeError where they do not fit."""
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        found = dict(bound.arguments)
        found.pop(self.receiver, None)
        found.update(found.pop(self.packed, None) or {})
        return found


@checked
def plan_of(
    function: Callable[..., Any],
    *,
    name: str | None,
    kind: str,
    project: str | None,
    capture: str | None,
) -> Plan:
    """Read a function; raises InvalidInputError with what is wrong and what would do."""
    called = name if name is not None else getattr(function, "__qualname__", "").replace("<locals>.", "")
    if not called:
        raise InvalidInputError(
            'what is tracked has no name of its own: give it one with @track(name="…")', field="name"
        )
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        raise InvalidInputError(
            f"{called} has no signature that Python can tell",
            field="function",
            allowed="a function of Python",
        ) from None
    hints = _hints(function)
    markers = {
        key: marker for key in signature.parameters if (marker := _marker(hints.get(key), called, key))
    }
    outputs, split, yields = _returned(hints.get("return"), called)
    return Plan(
        name=clean_name(called, "name"),
        kind=clean_kind(kind),
        project=clean_project(project) if project is not None else None,
        capture=captures(capture) if capture is not None else None,
        signature=signature,
        receiver=_receiver(function, signature),
        packed=next((p.name for p in signature.parameters.values() if p.kind is p.VAR_KEYWORD), ""),
        markers=markers,
        outputs=outputs,
        split=split,
        yields=yields,
    )


def _receiver(function: Callable[..., Any], signature: inspect.Signature) -> str:
    """``self`` or ``cls`` of a method."""
    first = next(iter(signature.parameters), "")
    owner = getattr(function, "__qualname__", "").rpartition(".")[0]
    return first if first in ("self", "cls") and owner and not owner.endswith("<locals>") else ""


# --- annotations -----------------------------------------------------------------------


def _marker(annotation: Any, function: str, parameter: str) -> Marker | None:
    found = _markers(annotation)
    if len(found) > 1:
        raise InvalidInputError(
            f"parameter {parameter} of {function} has {len(found)} markers; give it one of Input, Output, "
            "Param", field=parameter,
        )  # fmt: skip
    return found[0] if found else None


def _markers(annotation: Any) -> list[Marker]:
    """Of ``Annotated[X, Input("iris")]``, also as ``Annotated[X, Input]`` and as part of a union."""
    origin = get_origin(annotation)
    if origin is Annotated:
        told = (each() if each in (Input, Output, Param) else each for each in annotation.__metadata__)
        return [each for each in told if isinstance(each, Marker)]
    if origin in (typing.Union, types.UnionType):
        return [marker for part in get_args(annotation) for marker in _markers(part)]
    return []


def _returned(annotation: Any, function: str) -> tuple[tuple[Output | None, ...], bool, Output | None]:
    """Markers of the return, whether it is a tuple of them, and the marker of what is yielded."""
    yields = None
    if get_origin(annotation) in _STREAMS:
        parts = get_args(annotation)
        yields = _output(parts[0], function) if parts else None
        annotation = parts[2] if len(parts) == 3 else None
    whole = _output(annotation, function)
    if whole is not None or get_origin(annotation) is not tuple:
        return (whole,) if whole is not None else (), False, yields
    outputs = tuple(_output(part, function) for part in get_args(annotation) if part is not ...)
    names = [output.name for output in outputs if output is not None and output.name]
    if len(names) != len(set(names)):
        raise InvalidInputError(
            f"two outputs of {function} have one name; give each Output its own", field="return"
        )
    return outputs, True, yields


def _output(annotation: Any, function: str) -> Output | None:
    found = _markers(annotation)
    if not found:
        return None
    if len(found) > 1 or not isinstance(found[0], Output):
        raise InvalidInputError(
            f"the return of {function} is marked {' and '.join(type(each).__name__ for each in found)}; "
            "a return has one Output, Input and Param are for parameters",
            field="return",
        )
    return found[0]


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    """Annotations as objects."""
    plain = inspect.unwrap(function)
    written = dict(getattr(plain, "__annotations__", {}))
    if not any(isinstance(each, str) for each in written.values()):
        return written
    names = _Names({**vars(builtins), **getattr(plain, "__globals__", {}), **_enclosed(plain)})
    read: dict[str, Any] = {}
    for key, each in written.items():
        # As typing.get_type_hints does, but one by one: what cannot be read marks nothing.
        with suppress(SyntaxError, TypeError, AttributeError, LookupError, ValueError):
            read[key] = eval(each, {}, names) if isinstance(each, str) else each
        if isinstance(each, str) and _SAYS_MARKER.search(each) and not _any_marker(read.get(key)):
            raise InvalidInputError(
                f"the annotation {shorten(each, 100)} cannot be read when the function is decorated: import "
                "Input, Output and Param (or lineage_server) at the top of its module",
                field=key,
            )
    return read


def _any_marker(annotation: Any) -> bool:
    return bool(_markers(annotation)) or any(_any_marker(part) for part in get_args(annotation))


def _enclosed(function: Any) -> dict[str, Any]:
    """Names of the functions around it that it closes over."""
    try:
        return dict(inspect.getclosurevars(function).nonlocals)
    except (TypeError, ValueError):
        return {}


class _Names(dict[str, Any]):
    def __missing__(self, name: str) -> Any:
        return _Anything()


class _Anything:
    """A name that is not there when annotations are read."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key: object) -> Any:
        return self

    def __or__(self, other: object) -> Any:
        return cast(Any, other)

    __ror__ = __or__

    def __call__(self) -> Any:
        return self
