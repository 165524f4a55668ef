"""Fingerprint of a run: a digest of all that should determine what it makes.

Pure: from an ``Execution``, that is from what the graph knows. Two complete fingerprints that are equal say
that two runs were the same in code, packages, command, parameters, inputs and kind of machine; if they made
different things, chance (a seed that nobody set), time or something that nobody records had a part in it.
Of what is missing it says so: an incomplete fingerprint is no ground for such a judgement.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePath

from lineage_server.domain.ids import listed
from lineage_server.domain.nodes import Scalar
from lineage_server.domain.seeds import seeds_of
from lineage_server.graph.read_lineage_facts import RunFacts
from lineage_server.tracking.determinants import Captured, Determinants
from lineage_server.tracking.executions import Execution

_FORMAT = "lineage-fingerprint/1"


class FingerprintPart(StrEnum):
    """What a fingerprint is made of."""

    CODE = "CODE"
    ENVIRONMENT = "ENVIRONMENT"
    COMMAND = "COMMAND"
    PARAMETERS = "PARAMETERS"
    INPUTS = "INPUTS"
    RESOURCES = "RESOURCES"


class Lack(StrEnum):
    """What is not known of a part."""

    DELETED = "DELETED"
    CODE = "CODE"
    BEFORE_CELL = "BEFORE_CELL"
    IMAGE_DIGEST = "IMAGE_DIGEST"
    ENVIRONMENT = "ENVIRONMENT"
    COMMAND = "COMMAND"
    SECRETS = "SECRETS"
    RESOURCES = "RESOURCES"
    VERSION = "VERSION"
    DIGEST = "DIGEST"
    INFERRED = "INFERRED"
    UNSEEN = "UNSEEN"


_TEXTS = {
    Lack.DELETED: "the run was deleted",
    Lack.CODE: "neither the commit nor the content of its script is known",
    Lack.BEFORE_CELL: "only its cell is known, not what ran before it",
    Lack.IMAGE_DIGEST: "of image {names} no digest is known",
    Lack.ENVIRONMENT: "neither packages nor image nor lock are known",
    Lack.COMMAND: "its command is not known",
    Lack.SECRETS: "its command holds secrets, which are not recorded",
    Lack.RESOURCES: "neither its machine nor its GPUs are known",
    Lack.VERSION: "of {names} no version is known",
    Lack.DIGEST: "of {names} no digest is known",
    Lack.INFERRED: "which version {names} was is only inferred",
    Lack.UNSEEN: "{count} more are not looked at, or not yours to see",
}


@dataclass(frozen=True, slots=True)
class Missing:
    """A part of which too little is known.

    ``names``: of an image, or of roles of inputs. ``count``: of inputs that were not looked at.
    """

    part: FingerprintPart
    lack: Lack
    names: tuple[str, ...] = ()
    count: int = 0

    @property
    def text(self) -> str:
        return _TEXTS[self.lack].format(names=listed(self.names), count=self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """``digest`` is over all parts, whatever is known of them; ``parts`` are digests of each part that is
    known. ``seeds`` are also among parameters or command: shown since without one chance has its part."""

    digest: str
    parts: Mapping[FingerprintPart, str]
    missing: tuple[Missing, ...] = ()
    seeds: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])

    @property
    def complete(self) -> bool:
        """Whether equal means equal."""
        return not self.missing


def fingerprint_of(execution: Execution) -> Fingerprint:
    """What the graph knows of the run's determinants."""
    by = execution.determinants
    told = {
        FingerprintPart.CODE: _code(by.code),
        FingerprintPart.ENVIRONMENT: _environment(by.environment.facts),
        FingerprintPart.COMMAND: _command(by),
        FingerprintPart.PARAMETERS: _parameters(by),
        FingerprintPart.INPUTS: _inputs(execution),
        FingerprintPart.RESOURCES: _resources(by.machine),
    }
    missing = tuple(_missing(execution, by, told))
    unknown = {one.part for one in missing}
    return Fingerprint(
        digest=_digest([_FORMAT, {part: told[part] for part in sorted(told)}]),
        parts={part: _digest(value) for part, value in told.items() if part not in unknown},
        missing=missing,
        seeds=seeds_of(by.params, by.command.command),
    )


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


# --- parts -------------------------------------------------------------------------------------


def _code(captured: Captured) -> list[str]:
    """Commit and what differed from it, or else the script that was started, and the cell of a notebook:
    where they came from does not matter."""
    code = captured.facts.code
    cell = [captured.cell] if captured.cell else []
    if code.get("commit"):
        return [code["commit"], code.get("dirty_digest", ""), *cell]
    return [captured.entry_digest, *cell] if captured.entry_digest or cell else []


def _environment(facts: RunFacts) -> dict[str, str]:
    told = {
        "installed": facts.installed,
        "image": facts.environment.get("image_digest", ""),
        "lock": facts.environment.get("lock_digest", ""),
    }
    return {key: value for key, value in told.items() if value}


def _command(by: Determinants) -> list[str]:
    """Its words without the place it was started from (another checkout runs the same), and which part of
    that the run is."""
    captured = by.command
    words, spec = captured.command, captured.spec
    if not words:
        return [word for word in (spec, captured.facts.code.get("entry", ""), *by.steps) if word]
    here = words[1:]
    for place in (captured.folder.rstrip("/"), captured.root.rstrip("/")):
        here = [word.replace(place + "/", "") if len(place) > 1 else word for word in here]
    return [PurePath(words[0]).name, *here, *([spec] if spec else []), *by.steps]


def _parameters(by: Determinants) -> dict[str, Scalar]:
    return {key: _plain(value) for key, value in by.params.items()}


def _plain(value: Scalar) -> Scalar:
    """3 and 3.0 are one number, whoever logged it."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _inputs(execution: Execution) -> list[list[str]]:
    return sorted([link.role, link.version.digest or link.version.uid] for link in execution.inputs)


def _resources(captured: Captured) -> dict[str, object]:
    """The class of machine: what it was asked to be, else what it was found to be."""
    facts = captured.facts
    told = {"gpu": facts.gpu_product, "gpus": facts.run.gpu_count, "machine": captured.machine}
    return {key: value for key, value in told.items() if value}


# --- what is missing ---------------------------------------------------------------------------


def _missing(
    execution: Execution, by: Determinants, told: Mapping[FingerprintPart, object]
) -> Iterator[Missing]:
    if execution.facts.run.deleted_at is not None:
        yield Missing(FingerprintPart.PARAMETERS, Lack.DELETED)
    if not told[FingerprintPart.CODE]:
        yield Missing(FingerprintPart.CODE, Lack.CODE)
    elif not by.code.facts.code.get("commit") and not by.code.entry_digest:
        yield Missing(FingerprintPart.CODE, Lack.BEFORE_CELL)
    if not told[FingerprintPart.ENVIRONMENT]:
        image = by.environment.facts.environment.get("image")
        lack = Lack.IMAGE_DIGEST if image else Lack.ENVIRONMENT
        yield Missing(FingerprintPart.ENVIRONMENT, lack, (image,) if image else ())
    if not told[FingerprintPart.COMMAND]:
        yield Missing(FingerprintPart.COMMAND, Lack.COMMAND)
    elif "***" in " ".join(by.command.command):
        yield Missing(FingerprintPart.COMMAND, Lack.SECRETS)
    if not told[FingerprintPart.RESOURCES]:
        yield Missing(FingerprintPart.RESOURCES, Lack.RESOURCES)
    yield from _missing_inputs(execution)


def _missing_inputs(execution: Execution) -> Iterator[Missing]:
    of_inputs = {
        Lack.VERSION: tuple(execution.unversioned),
        Lack.DIGEST: _roles(link.role for link in execution.inputs if not link.version.digest),
        Lack.INFERRED: _roles(link.role for link in execution.inputs if link.basis == "inferred"),
    }
    for lack, names in of_inputs.items():
        if names:
            yield Missing(FingerprintPart.INPUTS, lack, names)
    if execution.unseen_inputs:
        yield Missing(FingerprintPart.INPUTS, Lack.UNSEEN, count=execution.unseen_inputs)


def _roles(roles: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(roles))
