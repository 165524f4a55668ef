"""What a reproduction leaves as it is: models, aliases, approvals, deployments, holds, descriptions.

A command that is run once more to see whether the same comes of it records runs, artifacts and metrics of its
own (LINEAGE_REPRODUCES says that it is one). Whatever it would change beside is withheld here: as events, and
as calls of the registry, which answer by ``standing``. Each is said once, and told to the run around it, from
where the verdict has it.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast
from zlib import crc32

from lineage_server.client.builders import run_told
from lineage_server.domain.event_registry import AliasSet, ModelReported, ModelVersionReported
from lineage_server.domain.events import (
    ArtifactReported,
    ContextReported,
    EdgeAsserted,
    Event,
    JobReported,
    MetricsLogged,
    RunReported,
    VersionReported,
)
from lineage_server.domain.ids import shorten

if TYPE_CHECKING:
    from lineage_server.client.asking import Steps
    from lineage_server.client.outbox import Outbox

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger("lineage_server.client")

_RECORDS = (
    RunReported, MetricsLogged, JobReported, ArtifactReported, VersionReported, ContextReported, EdgeAsserted,
)  # fmt: skip
_FACT = "withheld."
_MOST = 100
_said: set[str] = set()


def withhold(outbox: Outbox | None, what: str) -> None:
    """Say that something was not done, once, and tell it to the run around."""
    if what in _said:
        return
    _said.add(what)
    logger.warning(
        "lineage: withheld, since this only does run %s again: %s; what is registered stays as it is",
        outbox.config.reproduces if outbox else "",
        what,
    )
    # Inside it whatever runs has been told of the run that it is part of.
    if outbox is not None and outbox.config.parent_run and len(_said) <= _MOST:
        project = outbox.config.environ.get("LINEAGE_PROJECT") or outbox.config.project
        # By the text, so that several processes may tell the same.
        told = {f"{_FACT}{crc32(what.encode()):08x}": what}
        outbox.put(run_told(outbox.config.parent_run, project=project, facts=told))


def withheld_of(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """What a run was told to have been withheld in it."""
    return tuple(sorted(str(what) for key, what in facts.items() if key.startswith(_FACT)))


# --- events ------------------------------------------------------------------------------------


def records_of(outbox: Outbox, events: Iterable[Event]) -> Iterator[Event]:
    """Of events those that record what runs do, without holds and times to live."""
    for event in events:
        if not isinstance(event, _RECORDS):
            withhold(outbox, _words_of(event))
        elif isinstance(event, VersionReported):
            yield replace(event, hold=None, ttl_at=None)
        elif isinstance(event, RunReported):
            yield replace(event, outputs=[replace(output, ttl_at=None) for output in event.outputs])
        else:
            yield event


def _words_of(event: Event) -> str:
    if isinstance(event, ModelReported | ModelVersionReported):
        return f"register {event.model}"
    if isinstance(event, AliasSet):
        return f"move alias {event.alias} of {event.model}"
    named = next((str(told) for name in _NAMES if (told := getattr(event, name, ""))), "")
    return f"{event.type} {shorten(named)}".strip()


_NAMES = ("uid", "model", "name", "subject", "start", "cluster")
"""Fields that say what an event is of."""


# --- calls -------------------------------------------------------------------------------------


def withheld(
    does: str, instead: Callable[..., Steps[T]]
) -> Callable[[Callable[P, Steps[T]]], Callable[P, Steps[T]]]:
    """In a reproduction the call, whose first argument is the client, is answered ``instead``; what it
    ``does``, with its arguments by name (``move {alias}``), is said."""

    def around(verb: Callable[P, Steps[T]]) -> Callable[P, Steps[T]]:
        signature = inspect.signature(verb)

        @wraps(verb)
        def call(*args: P.args, **kwargs: P.kwargs) -> Steps[T]:
            client = cast("Any", args[0])
            if not client.config.reproduces:
                return verb(*args, **kwargs)
            told = signature.bind(*args, **kwargs).arguments
            words = does.format_map({name: _named(value) for name, value in told.items()})
            return _standing(client.outbox, words, instead(*args, **kwargs))

        return call

    return around


def _standing(outbox: Outbox | None, words: str, steps: Steps[T]) -> Steps[T]:
    """Said once it is known that the call was a good one."""
    answer = yield from steps
    withhold(outbox, words)
    return answer


def _named(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, cast("Iterable[object]", value)))
    ref = str(getattr(value, "ref", ""))
    told = ref[ref.find("/") + 1 :] if "/" in ref.partition(":")[0] else ref  # without its project
    return shorten(told or str(getattr(value, "uid", "") or value or "none"))
