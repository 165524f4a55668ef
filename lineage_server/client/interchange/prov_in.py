"""PROV-JSON documents read: our own, whose stored events come back as they were, and those of others.

What others told becomes events of one project. In PROV an entity is one thing that does not change: a
version here, keyed by its identifier, of the artifact that it is a specialization of, else of one of its own.
An activity is a run, used and wasGeneratedBy its inputs and outputs, wasDerivedFrom a stated derivation, the
agent that it was associated with who ran it, and its plan the job. What has no counterpart is counted.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from lineage_server.client.interchange import prov_words as words
from lineage_server.client.interchange.openlineage_in import micros
from lineage_server.client.interchange.prov_words import Attributes
from lineage_server.domain import ids
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.event_parts import ActorFact, Event, InputFact, OutputFact
from lineage_server.domain.events import EdgeAsserted, RunReported, VersionReported
from lineage_server.domain.ids import shorten
from lineage_server.domain.nodes import ArtifactType, RunState
from lineage_server.domain.stored import StoredEvent
from lineage_server.domain.untyped import as_mapping

_READ = ("used", "wasGeneratedBy", "wasDerivedFrom", "wasAssociatedWith", "specializationOf")
KNOWN = (*words.ELEMENTS, *_READ)
_OTHERS = (
    *("wasInformedBy", "wasStartedBy", "wasEndedBy", "wasInvalidatedBy", "wasAttributedTo"),
    *("actedOnBehalfOf", "wasInfluencedBy", "alternateOf", "hadMember", "mentionOf"),
)
_MOST_NAME = 400
_Json = dict[str, Any]


def is_document(told: object) -> bool:
    """Whether this looks like PROV-JSON."""
    return bool({"prefix", "bundle", *KNOWN, *_OTHERS} & as_mapping(told).keys())


def stored_in(path: Path, document: _Json) -> list[StoredEvent] | None:
    """The stored events of an export of ours, checked; None where it is others'."""
    import msgspec

    if as_mapping(document.get("prefix")).get(words.PREFIX) != words.NAMESPACE:
        return None
    bundle = as_mapping(document.get("bundle")).get(words.BUNDLE)
    about = as_mapping(as_mapping(document.get("entity")).get(words.BUNDLE))
    if bundle is None and not about:
        return None
    digest, events = hashlib.sha256(), list[StoredEvent]()
    decode = msgspec.json.Decoder(StoredEvent).decode
    for key, kept in as_mapping(as_mapping(bundle).get("entity")).items():
        text = as_mapping(kept).get(words.STORED)
        try:
            events.append(decode(str(text)))
        except msgspec.DecodeError as error:
            raise _wrong(path, f"{shorten(key)} holds no stored event: {error}") from None
        digest.update(str(text).encode(errors="replace"))
    if (about.get(words.COUNT), about.get(words.DIGEST)) != (len(events), digest.hexdigest()):
        raise _wrong(path, "its stored events are not what was exported (their SHA-256 differs)")
    return events


def _wrong(path: Path, how: str) -> InvalidInputError:
    return InvalidInputError(f"{path}: {how}; nothing was imported", field="file")


# --- what others told ------------------------------------------------------------------------


def events_in(path: Path, document: _Json, project: str) -> tuple[list[Event], dict[str, int]]:
    """What it tells, and how many statements of which kinds have no counterpart. Raises InvalidInputError."""
    said = _Said(project)
    try:
        said.read(document)
        for inner in as_mapping(document.get("bundle")).values():
            said.read({"prefix": document.get("prefix"), **as_mapping(inner)})
        events = list(said.events())
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        why = f"a statement lacks {error}" if isinstance(error, KeyError) else str(error)
        raise InvalidInputError(
            f"{path} is not PROV-JSON as W3C describes it ({shorten(why, 200)}); nothing was imported",
            field="file",
            allowed=f"a document with any of {', '.join(KNOWN)}",
        ) from None
    if not events:
        raise _wrong(path, f"it tells of nothing that can be stored; read are {', '.join(KNOWN)}")
    return events, dict(said.left_out)


@dataclass
class _Said:
    """A document's statements, by the full identifiers of what they tell of."""

    project: str
    entities: dict[str, Attributes] = field(default_factory=dict[str, Attributes])
    activities: dict[str, Attributes] = field(default_factory=dict[str, Attributes])
    agents: dict[str, Attributes] = field(default_factory=dict[str, Attributes])
    general: dict[str, str] = field(default_factory=dict[str, str])
    plans: dict[str, str] = field(default_factory=dict[str, str])
    by: dict[str, str] = field(default_factory=dict[str, str])
    derived: dict[tuple[str, str], None] = field(default_factory=dict[tuple[str, str], None])
    left_out: Counter[str] = field(default_factory=Counter[str])
    used: defaultdict[str, list[Attributes]] = field(default_factory=lambda: defaultdict(list[Attributes]))
    made: defaultdict[str, list[Attributes]] = field(default_factory=lambda: defaultdict(list[Attributes]))

    def read(self, document: _Json) -> None:
        prefixes = {**words.PREFIXES, **as_mapping(document.get("prefix"))}

        def full(name: object) -> str:
            head, colon, rest = str(name).partition(":")
            if not colon:
                return f"{prefixes.get('default', '')}{head}"
            return f"{prefixes[head]}{rest}" if head in prefixes else str(name)

        for section, known in zip(words.ELEMENTS, (self.entities, self.activities, self.agents), strict=True):
            for name, attributes in _statements(document, section):
                known[full(name)] = {**known.get(full(name), {}), **attributes}
        for section in _READ:
            for _, told in _statements(document, section):
                ends = {k: full(_plain(v)) for k, v in told.items() if k in _ENDS}
                self._relate(section, ends, told)
        for section in _OTHERS:
            self.left_out.update({section: sum(1 for _ in _statements(document, section))})
        self.left_out += Counter()  # without those there are none of

    def _relate(self, kind: str, ends: dict[str, str], told: Attributes) -> None:
        entity, activity = ends.get("prov:entity"), ends.get("prov:activity")
        if kind == "specializationOf":
            self.general[ends["prov:specificEntity"]] = ends["prov:generalEntity"]
        elif kind == "wasDerivedFrom":
            self.derived[ends["prov:usedEntity"], ends["prov:generatedEntity"]] = None
        elif kind == "wasAssociatedWith":
            if activity and "prov:plan" in ends:
                self.plans[activity] = ends["prov:plan"]
            if activity and "prov:agent" in ends:
                self.by.setdefault(activity, ends["prov:agent"])
        elif entity is None or activity is None:
            self.left_out[f"{kind} without an activity or entity"] += 1
        else:
            (self.used if kind == "used" else self.made)[activity].append({**told, "prov:entity": entity})

    # --- as events -----------------------------------------------------------------------

    def events(self) -> Iterator[Event]:
        runs = dict.fromkeys([*self.activities, *self.used, *self.made, *self.by])
        flows = [one["prov:entity"] for many in (self.used, self.made) for a in many for one in many[a]]
        ends = [entity for pair in self.derived for entity in pair]
        aside = {*self.plans.values(), *self.general.values()} - set(flows) - set(ends)
        for entity in dict.fromkeys([*self.entities, *flows, *ends]):
            if entity not in aside:
                yield self._version(entity)
        for activity in runs:
            yield self._run(activity)
        for start, end in self.derived:
            uids = (self._uid(start), self._uid(end))
            about = self._about("edge", f"{start} {end}", 0)
            yield EdgeAsserted(**about, start=uids[0], end=uids[1], role="prov", reason="PROV wasDerivedFrom")

    def _about(self, kind: str, key: str, at: int, said: object = None) -> _Json:
        """The same statement is the same event; another one of the same thing another event."""
        text = json.dumps([kind, key, said], sort_keys=True, ensure_ascii=False)
        digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()[:40]
        return {"project": self.project, "id": f"prov-{digest}", "at": at}

    def _named(self, entity: str) -> tuple[str, str, str]:
        """Artifact, its type, and the version's key."""
        kinds = _values(self.entities.get(entity, {}).get("prov:type"))
        words_of = {kind.rpartition(":")[2].rpartition("#")[2].lower() for kind in kinds}
        kind = next((one for one in ArtifactType if one in words_of), ArtifactType.DATASET)
        key = hashlib.sha256(entity.encode(errors="replace")).hexdigest()
        return _short(self.general.get(entity, entity)), kind, f"iri:{key}"

    def _uid(self, entity: str) -> str:
        artifact, kind, key = self._named(entity)
        return ids.version_uid(self.project, kind, artifact, key)

    def _version(self, entity: str) -> Event:
        artifact, kind, key = self._named(entity)
        told = self.entities.get(entity, {})
        about = self._about("entity", entity, _at(told.get("prov:generatedAtTime")), [artifact, told])
        where = _text(told.get("prov:location")) or (entity if "://" in entity else None)
        label = _text(told.get("prov:label"))
        facts = {"prov": told} if told else None
        return VersionReported(
            **about, artifact=artifact, kind=kind, digest=key, uri=where, description=label, facts=facts
        )

    def _run(self, activity: str) -> Event:
        told = self.activities.get(activity, {})
        began, ended = _at(told.get("prov:startTime")), _at(told.get("prov:endTime"))
        plan, agent = self.plans.get(activity), self.by.get(activity)
        inputs, outputs = self.used[activity], self.made[activity]
        times = [began, ended, *(_at(one.get("prov:time")) for one in (*inputs, *outputs))]
        about = self._about("activity", activity, max(times), [told, plan, agent, inputs, outputs])
        job = self._label(self.entities, plan) if plan else None
        return RunReported(
            **about,
            run=str(uuid.uuid5(uuid.NAMESPACE_URL, activity)),
            name=self._label(self.activities, activity),
            job=job,
            state=RunState.COMPLETE if ended or outputs else RunState.RUNNING if began else None,
            started_at=began or None,
            ended_at=ended or None,
            actor=ActorFact(subject=self._label(self.agents, agent), issuer="prov") if agent else None,
            inputs=[InputFact(**self._end(one)) for one in inputs],
            outputs=[OutputFact(**self._end(one)) for one in outputs],
            facts={"prov": {"id": activity, **told}},
        )

    def _end(self, one: Attributes) -> _Json:
        artifact, kind, key = self._named(one["prov:entity"])
        return {"name": artifact, "type": kind, "digest": key, "role": _text(one.get("prov:role")) or ""}

    def _label(self, known: dict[str, Attributes], one: str) -> str:
        return _short(_text(known.get(one, {}).get("prov:label")) or one)


_ENDS = frozenset(
    (
        *("prov:entity", "prov:activity", "prov:agent", "prov:plan", "prov:usedEntity"),
        *("prov:generatedEntity", "prov:specificEntity", "prov:generalEntity"),
    )
)


def _statements(document: _Json, section: str) -> Iterator[tuple[str, Attributes]]:
    """Of a section; one identifier may have several sets of attributes."""
    told = document.get(section, {})
    if not isinstance(told, dict):
        raise ValueError(f"{section} is no object")
    for name, value in cast("_Json", told).items():
        for attributes in cast("list[Any]", value if isinstance(value, list) else [value]):
            if not isinstance(attributes, dict):
                raise ValueError(f"{section} {shorten(name)!r} is no object")
            yield name, cast("_Json", attributes)


def _values(value: object) -> list[str]:
    many = cast("list[Any]", value if isinstance(value, list) else [value])
    return [str(_plain(one)) for one in many if one is not None]


def _plain(value: object) -> object:
    """A literal without its type."""
    mapping = as_mapping(value)
    return mapping.get("$", "") if mapping else value


def _text(value: object) -> str | None:
    return next((one for one in _values(value) if one.strip()), None)


def _at(value: object) -> int:
    """Microseconds; 0 where no time was told."""
    text = _text(value)
    return micros(text) if text else 0


def _short(name: str) -> str:
    """As long as names may be, and a digest where there would be more."""
    name = " ".join(name.split()) or "unnamed"
    if len(name) <= _MOST_NAME:
        return name
    return f"{name[: _MOST_NAME - 66]}…{hashlib.sha256(name.encode(errors='replace')).hexdigest()}"
