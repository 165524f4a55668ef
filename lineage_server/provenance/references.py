"""What people type → the uid it means; an error that lists what would have done.

``dataset:iris`` (latest), ``dataset:iris@3``, ``dataset:iris@sha256:ab12``, ``model:churn@prod``,
``team-a/model:churn``, ``run:<uuid>`` or its first digits, ``job:train``, ``step:train``, or any uid.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from lineage_server.domain.errors import InvalidInputError, NotFoundError
from lineage_server.domain.ids import (
    DEFAULT_PROJECT,
    Reference,
    artifact_uid,
    job_uid,
    listed,
    model_uid,
    model_version_uid,
    parse_reference,
    run_uid,
    shorten,
)
from lineage_server.domain.nodes import LABEL_OF, ArtifactType, JobKind
from lineage_server.graph.queries.window import FOREVER
from lineage_server.graph.read_lineage import LineageReader, Sight
from lineage_server.graph.read_lineage_facts import MOST_NAMED, LineageFacts

_ARTIFACTS = frozenset(str(kind) for kind in ArtifactType)
_JOBS = frozenset(str(kind) for kind in JobKind)
_DIGITS = re.compile(r"[0-9a-f]{4,128}")
_RUN_DIGITS = re.compile(r"[0-9a-f]{6,31}")
_UID_PREFIXES = frozenset(LABEL_OF) - {"run"}


async def resolve(
    reader: LineageReader,
    facts: LineageFacts,
    text: str,
    *,
    sight: Sight,
    project: str = DEFAULT_PROJECT,
) -> str:
    """The uid of a visible node; raises InvalidInputError or NotFoundError. Aliases and ``latest`` mean what
    they meant at the time of ``sight``."""
    text = text.strip()
    if beginning := run_beginning(text):
        return await _run_that_begins(facts, beginning, project, sight)
    prefix, _, rest = text.partition(":")
    if prefix in _UID_PREFIXES and ("/" in rest or prefix not in _ARTIFACTS | _JOBS | {"job"}):
        if text in await reader.heads([text], sight):
            return text
        if prefix not in _ARTIFACTS | {"job"}:
            raise NotFoundError(f"{shorten(text)!r} is not there, or not yours to see")
    asked = parse_reference(text)
    if asked.kind == "run":
        return await _existing(reader, run_uid(asked.name), sight, "`lineage ls runs` lists runs")
    owner = asked.project or project
    if asked.kind == "job" or asked.kind in _JOBS:
        return await _job(reader, facts, asked, owner, sight)
    if asked.kind not in _ARTIFACTS:
        raise InvalidInputError(
            f"{shorten(asked.kind)!r} is no kind of thing",
            field="reference",
            allowed=", ".join(["run", "job", *sorted(_ARTIFACTS), *sorted(_JOBS)]),
        )
    if asked.kind == "model":
        found = await _model(facts, asked, owner, sight)
        if found:
            return found
    return await _version(facts, asked, owner, sight)


def run_beginning(text: str) -> str:
    """What the uid begins with of a run that is named by its first digits, six or more (``run:0198c0``,
    ``0198c0de-00``); empty for any other text."""
    digits = text.strip().removeprefix("run:").replace("-", "").lower()
    if not _RUN_DIGITS.fullmatch(digits):
        return ""
    groups = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
    return "run:" + "-".join(group for group in groups if group)


async def _run_that_begins(facts: LineageFacts, beginning: str, project: str, sight: Sight) -> str:
    """The only run with these first digits, in ``project`` if it has any; they tell of a time, so runs of one
    day may share many."""
    found = await facts.runs_beginning(beginning, sight, project)
    if len(found) == 1:
        return str(found[0]["uid"])
    if not found:
        raise NotFoundError(
            f"no run begins with {beginning!r} that is yours to see; `lineage ls runs` lists runs"
        )
    told = listed(f"{row['uid']} ({shorten(row['name'] or '')})" for row in found[:MOST_NAMED])
    older = ", or of an older one" if len(found) > MOST_NAMED else ""
    raise InvalidInputError(
        f"several runs begin with {beginning!r}", field="reference", allowed=f"more digits, of {told}{older}"
    )


async def _existing(reader: LineageReader, uid: str, sight: Sight, advice: str) -> str:
    if uid not in await reader.heads([uid], sight):
        raise NotFoundError(f"{shorten(uid)!r} is not there, or not yours to see; {advice}")
    return uid


async def _job(reader: LineageReader, facts: LineageFacts, asked: Reference, owner: str, sight: Sight) -> str:
    if asked.kind in _JOBS:
        uid = job_uid(owner, asked.kind, asked.name)
        return await _existing(reader, uid, sight, f"is it job:{asked.name} of another kind?")
    found = await facts.jobs_named(owner, asked.name, sight)
    if len(found) == 1:
        return found[0]
    if found:
        raise InvalidInputError(
            f"several jobs are called {shorten(asked.name)!r}", field="reference", allowed=", ".join(found)
        )
    raise NotFoundError(f"project {owner!r} has no job {shorten(asked.name)!r}, or it is not yours to see")


async def _model(facts: LineageFacts, asked: Reference, owner: str, sight: Sight) -> str:
    """A version of a registered model; empty when there is no such model."""
    uid = model_uid(owner, asked.name)
    selector = asked.selector
    if selector in ("", "latest"):
        return await facts.latest_model_version(uid, model_version_uid(owner, asked.name, ""), sight)
    # A model has few aliases, and may have ten thousand versions: only the one that is named is read.
    aliases = await facts.model_aliases(uid, sight)
    if aliases.get(selector):
        return aliases[selector]
    found = await facts.model_version(model_version_uid(owner, asked.name, selector), sight)
    if found or _digest_of(selector):
        return found
    versions = await facts.model_version_names(uid, sight)
    if not versions:
        return ""
    raise NotFoundError(
        f"model {shorten(asked.name)!r} has no version or alias {shorten(selector)!r}; "
        f"there are: {listed([*aliases, *versions])}, latest"
    )


async def _version(facts: LineageFacts, asked: Reference, owner: str, sight: Sight) -> str:
    uid = artifact_uid(owner, asked.kind, asked.name)
    selector = asked.selector
    if selector in ("", "latest"):
        found = await facts.versions_of(uid, sight, by_then=True) or await facts.versions_of(uid, sight)
        if found:
            return _newest(found, sight)
    elif selector.isdecimal() and len(selector) < 10:
        found = await facts.versions_of(uid, sight, ordinal=int(selector))
        if found:
            return str(found[0]["uid"])
    elif digest := _digest_of(selector):
        found = await facts.versions_of(uid, sight, digest=digest)
        if len({row["digest"] for row in found}) > 1:
            some = ", ".join(shorten(row["digest"], 24) for row in found)
            raise InvalidInputError(
                f"several versions begin with {shorten(selector)!r}", field="reference", allowed=some
            )
        if found:
            return str(found[0]["uid"])
    raise await _no_version(facts, asked, owner, sight)


def _newest(rows: Sequence[Mapping[str, Any]], sight: Sight) -> str:
    """Of versions, the newest first: the first that was there at the time; any where none was."""
    then = FOREVER if sight.as_of is None else sight.as_of
    begun = [row for row in rows if (row["sealed_at"] or 0) <= then] or rows
    alive = (row for row in begun if row["deleted_at"] is None or row["deleted_at"] > then)
    return str(next(iter(alive), begun[0])["uid"])


def _digest_of(selector: str) -> str:
    """The beginning of a stored digest; SHA-256 where the algorithm is not said."""
    algorithm, colon, digits = selector.lower().rpartition(":")
    return f"{algorithm if colon else 'sha256'}:{digits}" if _DIGITS.fullmatch(digits) else ""


async def _no_version(facts: LineageFacts, asked: Reference, owner: str, sight: Sight) -> NotFoundError:
    known = await facts.versions_of(artifact_uid(owner, asked.kind, asked.name), sight, most=1000)
    if known:
        told = [row["ordinal"] for row in known if row["ordinal"] is not None] or [r["digest"] for r in known]
        return NotFoundError(
            f"{asked.kind}:{shorten(asked.name)} has no version {shorten(asked.selector)!r}; the newest "
            f"are: {listed(told)}, or latest"
        )
    names = await facts.artifact_names(owner, asked.kind, sight)
    if asked.name in names:
        return NotFoundError(
            f"{asked.kind}:{shorten(asked.name)} was only referred to without a version, "
            "and none of it is known; ask for its LOGICAL view"
        )
    advice = f"there are: {_nearest(asked.name, names)}"
    if not names:
        projects = await facts.project_names(sight)
        advice = f"it has no {asked.kind} at all that you may see"
        if projects and owner not in projects:
            advice = f"there is no such project that you may see; there are: {_nearest(owner, projects)}"
    return NotFoundError(f"project {owner!r} has no {asked.kind} {shorten(asked.name)!r}; {advice}")


def _nearest(name: str, names: Sequence[str]) -> str:
    """The first of them, those before that may be meant."""
    close = difflib.get_close_matches(name, names, n=5, cutoff=0.5)
    return listed(dict.fromkeys((*close, *names)), 5)
