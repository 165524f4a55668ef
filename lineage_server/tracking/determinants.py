"""What determined a run, part by part: what it captured itself, else what the run did that it is part of.

A step that captures nothing (a child of a program's run, a trial, a tracked function within another) runs the
code of its parent, with its packages, on its machine, by its command, and by all that this was told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from lineage_server.domain.nodes import Run, Scalar
from lineage_server.domain.untyped import as_mapping
from lineage_server.graph.read_lineage_facts import RunFacts


@dataclass(frozen=True, slots=True)
class Captured:
    """What a client told of a run by itself; anybody may have told anything else."""

    facts: RunFacts

    @property
    def command(self) -> list[str]:
        """The words of its command; none where nobody captured them."""
        argv = self._told.get("argv")
        return [str(word) for word in cast("list[Any]", argv)] if isinstance(argv, list) else []

    @property
    def folder(self) -> str:
        """Where it was started; empty where nobody captured it."""
        return str(self._told.get("cwd") or "")

    @property
    def root(self) -> str:
        """Top of the repository it was started in; empty where nobody captured it."""
        return str(self._told.get("root") or "")

    @property
    def machine(self) -> str:
        """Kind of processor, such as ``x86_64``; empty where nobody captured it."""
        return str(as_mapping(self._told.get("host")).get("machine") or "")

    @property
    def entry_digest(self) -> str:
        """Digest of the script that was started; empty where nobody captured it."""
        return str(self._told.get("entry_digest") or "")

    @property
    def cell(self) -> str:
        """Text of the cell that ran, in a notebook or at a prompt."""
        return str(as_mapping(self._told.get("cell")).get("text") or "")

    @property
    def spec(self) -> str:
        """Digest of the specification that it ran by."""
        return str(self.facts.run.properties.get("spec_digest") or "")

    @property
    def has_code(self) -> bool:
        return bool(self.facts.code.get("commit") or self.entry_digest or self.cell)

    @property
    def has_environment(self) -> bool:
        """Also the mere name of an image: then it is another than its parent's, whichever."""
        told = self.facts.environment
        named = any(told.get(key) for key in ("image", "image_digest", "lock_digest"))
        return bool(self.facts.installed) or named

    @property
    def has_command(self) -> bool:
        return bool(self.command or self.spec or self.facts.code.get("entry"))

    @property
    def has_machine(self) -> bool:
        return bool(self.machine or self.facts.gpu_product or self.facts.run.gpu_count)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is to be looked for at its parent."""
        return self.has_code and self.has_environment and self.has_command and self.has_machine

    @property
    def _told(self) -> dict[str, Any]:
        return as_mapping(self.facts.run.properties.get("facts"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Determinants:
    """Who tells of each part. ``steps``: which part of that command the run is, the outermost first; empty
    where the command is its own. ``params``: also of the runs above, up to the one whose command it is."""

    code: Captured
    environment: Captured
    command: Captured
    machine: Captured
    steps: tuple[str, ...]
    params: Mapping[str, Scalar]


def determinants_of(facts: RunFacts, ancestors: Sequence[RunFacts] = ()) -> Determinants:
    """``ancestors``: of what it is part of, the nearest first."""
    line = [Captured(facts), *map(Captured, ancestors)]
    command = _first(line, lambda one: one.has_command)
    above = line[: line.index(command) + 1]
    params: dict[str, Scalar] = {}
    for one in reversed(above):
        params |= one.facts.run.params
    return Determinants(
        code=_first(line, lambda one: one.has_code),
        environment=_first(line, lambda one: one.has_environment),
        command=command,
        machine=_first(line, lambda one: one.has_machine),
        steps=tuple(step_of(one.facts.run) for one in reversed(above[:-1])),
        params=params,
    )


def step_of(run: Run) -> str:
    """Which part of its parent a run is: its job, else its name."""
    return run.job.partition("/")[2] or run.name


def _first(line: Iterable[Captured], has: Callable[[Captured], bool]) -> Captured:
    """The nearest that tells it, else the run itself."""
    known = list(line)
    return next((one for one in known if has(one)), known[0])
