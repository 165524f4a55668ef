"""Stored events as one PROV-JSON document: what they tell as PROV, and themselves in a bundle of ours.

Runs are activities, versions, artifacts, models and deployments entities, who ran or sent something an
agent, a job the plan of its runs. A version is a specialization of its artifact; an input whose version
nobody stated is told as use of the artifact. Derivations are those that somebody stated, by column or by
hand: that all outputs came of all inputs is not said. One thing is told by many events, so statements wait
in a file on disk until all are known.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from lineage_server.client.interchange import prov_words as words
from lineage_server.client.interchange.openlineage_words import canonical, moment
from lineage_server.client.interchange.prov_words import Attributes, name, qualified
from lineage_server.domain import ids
from lineage_server.domain.errors import LimitError
from lineage_server.domain.stored import StoredEvent

_Json = dict[str, Any]
_BUNDLED = "bundle"
_BEGAN = "prov:startTime"
_DERIVED, _RETRACTED = "wasDerivedFrom", "lineage:retracted"


class Statements:
    """What was said, by section and name; of two who say different things of one the later event counts."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._db = sqlite3.connect(file)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute("CREATE TABLE said (section, name, at, body, PRIMARY KEY (section, name))")

    def close(self) -> None:
        self._db.close()
        self._file.unlink(missing_ok=True)

    def say(self, section: str, key: str, at: int, attributes: Attributes) -> None:
        """Attributes without a value say nothing."""
        new = {k: v for k, v in attributes.items() if v is not None}
        row = self._db.execute(
            "SELECT at, body FROM said WHERE section = ? AND name = ?", (section, key)
        ).fetchone()
        if row is not None:
            old = json.loads(row[1])
            began = [one[_BEGAN] for one in (old, new) if _BEGAN in one]
            new, at = ({**old, **new}, at) if at >= row[0] else ({**new, **old}, row[0])
            if began:
                new[_BEGAN] = min(began)
        body = json.dumps(new, ensure_ascii=False)
        self._db.execute("INSERT OR REPLACE INTO said VALUES (?, ?, ?, ?)", (section, key, at, body))

    def relate(self, section: str, at: int, attributes: Attributes, *, apart: str = "") -> None:
        """A relation: between the same two, in the same role, it is said once."""
        ends = [str(v) for k, v in attributes.items() if k not in ("prov:time", _RETRACTED)]
        digest = hashlib.sha256("\n".join([*ends, apart]).encode()).hexdigest()
        self.say(section, f"_:{digest[:24]}", at, attributes)

    def sections(self) -> list[str]:
        rows = self._db.execute("SELECT DISTINCT section FROM said ORDER BY section").fetchall()
        return [row[0] for row in rows]

    def of(self, section: str) -> Iterator[tuple[str, str]]:
        """Names and bodies, in the order in which they were first said."""
        rows = self._db.execute("SELECT name, body FROM said WHERE section = ? ORDER BY rowid", (section,))
        for key, body in rows:
            if section == _DERIVED:
                told = json.loads(body)
                if told.pop(_RETRACTED, ""):
                    continue
                yield key, json.dumps(told, ensure_ascii=False)
            else:
                yield key, body


def write_document(
    out: BinaryIO, statements: Statements, events: Iterable[StoredEvent], *, project: str
) -> int:
    """All of it; answers how many events. Raises LimitError where nobody could read it any more."""
    import msgspec

    digest, count = hashlib.sha256(), 0
    for event in events:
        text = msgspec.json.encode(event)
        digest.update(text)
        count += 1
        _say(statements, event, json.loads(event.raw))
        kept = {"prov:type": qualified("lineage:StoredEvent"), words.STORED: text.decode()}
        statements.say(_BUNDLED, name(event.uid), 0, kept)
    about = {
        "prov:type": qualified("prov:Bundle"),
        words.COUNT: count,
        words.DIGEST: digest.hexdigest(),
        words.PROJECT: project,
        "prov:generatedAtTime": {"$": datetime.now(UTC).isoformat(), "type": "xsd:dateTime"},
    }
    statements.say("entity", words.BUNDLE, 0, about)
    _write(out, statements)
    return count


def _write(out: BinaryIO, statements: Statements) -> None:
    size = 0

    def put(text: str) -> None:
        nonlocal size
        size += out.write(text.encode())
        if size > words.MOST_BYTES:
            raise LimitError(
                f"as PROV-JSON this is more than {words.MOST_BYTES} bytes, which nobody reads at once; "
                "nothing was exported. Name a project, or take the default format",
                limit=words.MOST_BYTES,
            )

    put('{"prefix": ' + json.dumps(words.PREFIXES))
    for section in statements.sections():
        inside = section == _BUNDLED
        put(f',\n"{section}": ' + ('{"' + words.BUNDLE + '": {"entity": {' if inside else "{"))
        separator = "\n"
        for key, body in statements.of(section):
            put(f"{separator}{json.dumps(key, ensure_ascii=False)}: {body}")
            separator = ",\n"
        put("\n}}}" if inside else "\n}")
    put("\n}\n")


# --- from events to statements ---------------------------------------------------------------


def _say(to: Statements, event: StoredEvent, raw: _Json) -> None:
    speak = _SPEAKERS.get(event.type)
    if speak is not None:
        speak(to, event, raw)


def _time(micros: object) -> str | None:
    """Of a time as events have it."""
    if isinstance(micros, int) and micros:
        return moment(micros)
    return str(micros) if micros else None


def _run(to: Statements, event: StoredEvent, raw: _Json) -> None:
    run = name(f"run:{canonical(raw['run'])}")
    at, project, state = event.at, event.project, raw.get("state")
    began = raw.get("started_at") or (at if state == "running" else None)
    ended = raw.get("ended_at") or (at if state in ("complete", "failed", "aborted", "cached") else None)
    about = {
        "prov:type": qualified("lineage:Run"),
        "prov:label": raw.get("name"),
        "prov:startTime": _time(began),
        "prov:endTime": _time(ended),
        "lineage:project": project,
        "lineage:job": raw.get("job"),
        "lineage:state": state,
        "lineage:parent": qualified(name(f"run:{canonical(raw['parent'])}")) if raw.get("parent") else None,
        "lineage:parameters": json.dumps(raw["params"], ensure_ascii=False) if raw.get("params") else None,
    }
    to.say("activity", run, at, about)
    _associate(to, event, raw, run)
    used = {key: read for one in raw.get("inputs") or () for key, read in _used(to, event, one, run)}
    for one in raw.get("outputs") or ():
        made = _version(to, at, project, one, canonical(raw["run"]))
        role = one.get("role")
        generated = {"prov:entity": made, "prov:activity": run, "prov:time": _time(at), "prov:role": role}
        # A cache hit is no production.
        to.relate("used" if one.get("reused") else "wasGeneratedBy", at, generated)
        fields: dict[str, list[list[str]]] = one.get("fields") or {}
        sources = {pair[0] for pairs in fields.values() for pair in pairs if pair}
        for source in sorted(sources & used.keys()):
            derived = {"prov:generatedEntity": made, "prov:usedEntity": used[source], "prov:activity": run}
            to.relate(_DERIVED, at, derived)


def _used(to: Statements, event: StoredEvent, one: _Json, run: str) -> Iterator[tuple[str, str]]:
    """What columns may call an input, with the entity that it is."""
    project = one.get("project") or event.project
    if one.get("digest") or one.get("run"):
        entity = _version(to, event.at, project, one, canonical(one["run"]) if one.get("run") else "")
    else:
        entity = _artifact(to, event.at, project, one.get("type") or "dataset", one["name"])
    number = one.get("registered") or one.get("version") if not one.get("digest") else None
    role, at = one.get("role"), _time(event.at)
    told = {"prov:activity": run, "prov:entity": entity, "prov:time": at, "prov:role": role}
    to.relate("used", event.at, {**told, "lineage:version": number})
    yield one["name"], entity
    if role:
        yield role, entity


def _associate(to: Statements, event: StoredEvent, raw: _Json, run: str) -> None:
    claimed = raw.get("actor")
    if claimed:
        who, label = f"{claimed.get('issuer') or 'local'}/{claimed['subject']}", claimed.get("name")
    else:
        who, label = event.actor, None
    agent = name(f"actor:{who}")
    to.say("agent", agent, event.at, {"prov:type": qualified("prov:Agent"), "prov:label": label or who})
    plan = None
    if raw.get("job"):
        kind = raw.get("kind") or "script"
        plan = name(ids.job_uid(event.project, kind, raw["job"]))
        to.say("entity", plan, event.at, {"prov:type": qualified("prov:Plan"), "prov:label": raw["job"]})
    told = {"prov:activity": run, "prov:agent": agent, "prov:plan": plan}
    role = "ran it" if claimed else "told of it"
    to.relate("wasAssociatedWith", event.at, {**told, "prov:role": role})


def _artifact(to: Statements, at: int, project: str, kind: str, called: str) -> str:
    entity = name(ids.artifact_uid(project, kind, called))
    about = {"prov:type": qualified("lineage:Artifact"), "prov:label": called}
    to.say("entity", entity, at, {**about, "lineage:kind": kind, "lineage:project": project})
    return entity


def _version(
    to: Statements, at: int, project: str, one: _Json, run: str, *, called: str = "name", of: str = "type"
) -> str:
    """A version by its digest, else by the run that made it."""
    kind = one.get(of) or "dataset"
    key = one.get("digest") or f"run:{run}"
    entity = name(ids.version_uid(project, kind, one[called], key))
    to.say("entity", entity, at, {
        "prov:type": qualified(f"lineage:{kind}"),
        "prov:label": one[called],
        "prov:location": one.get("uri") or None,
        "lineage:project": project,
        "lineage:digest": one.get("digest") or None,
        "lineage:size": one.get("size"),
        "lineage:description": one.get("description"),
    })  # fmt: skip
    general = _artifact(to, at, project, kind, one[called])
    to.relate("specializationOf", at, {"prov:specificEntity": entity, "prov:generalEntity": general})
    return entity


def _reported(to: Statements, event: StoredEvent, raw: _Json) -> None:
    if event.type == "artifact":
        entity = _artifact(to, event.at, event.project, raw.get("kind") or "dataset", raw["artifact"])
        to.say("entity", entity, event.at, {"lineage:description": raw.get("description")})
        return
    run = canonical(raw["run"]) if raw.get("run") else ""
    _version(to, event.at, event.project, raw, run, called="artifact", of="kind")


def _derived(to: Statements, event: StoredEvent, raw: _Json) -> None:
    told = {"prov:generatedEntity": name(raw["end"]), "prov:usedEntity": name(raw["start"])}
    apart = raw.get("role") or "manual"
    if event.type == "edge.retracted":
        to.relate(_DERIVED, event.at, {**told, _RETRACTED: "true"}, apart=apart)
    else:
        # Said again after it was taken back, it holds again.
        to.relate(_DERIVED, event.at, {**told, _RETRACTED: ""}, apart=apart)


def _registered(to: Statements, event: StoredEvent, raw: _Json) -> None:
    project, at = event.project, event.at
    model = name(ids.model_uid(project, raw["model"]))
    if event.type == "model":
        about = {"prov:type": qualified("lineage:RegisteredModel"), "prov:label": raw["model"]}
        to.say("entity", model, at, {**about, "lineage:description": raw.get("description")})
        return
    entity = name(ids.model_version_uid(project, raw["model"], raw["version"]))
    label = f"{raw['model']}@{raw['version']}"
    to.say("entity", entity, at, {"prov:type": qualified("lineage:ModelVersion"), "prov:label": label})
    to.say("entity", model, 0, {"prov:type": qualified("lineage:RegisteredModel")})
    to.relate("specializationOf", at, {"prov:specificEntity": entity, "prov:generalEntity": model})
    if raw.get("origin"):
        derived = {"prov:generatedEntity": entity, "prov:usedEntity": name(raw["origin"])}
        to.relate(_DERIVED, at, derived)


def _deployed(to: Statements, event: StoredEvent, raw: _Json) -> None:
    cluster, revision = raw.get("cluster") or "local", raw.get("revision") or "1"
    entity = name(ids.deployment_uid(event.project, cluster, raw["name"], revision))
    about = {"prov:type": qualified("lineage:Deployment"), "prov:label": raw["name"]}
    to.say("entity", entity, event.at, {**about, "lineage:state": raw.get("state")})
    if raw.get("model") and raw.get("version"):
        project = raw.get("model_project") or event.project
        served = name(ids.model_version_uid(project, raw["model"], raw["version"]))
        derived = {"prov:generatedEntity": entity, "prov:usedEntity": served}
        to.relate(_DERIVED, event.at, derived)


_SPEAKERS = {
    "run": _run,
    "artifact": _reported,
    "version": _reported,
    "edge.asserted": _derived,
    "edge.retracted": _derived,
    "model": _registered,
    "model.version": _registered,
    "deployment": _deployed,
}
