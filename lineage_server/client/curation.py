"""Verbs that keep what is recorded in order, as questions: describing, tagging, archiving, holding,
protecting, deleting. Both twins walk the same steps (``asking``).

What is changed is named exactly: a model or an artifact without a version means the whole of it here, not its
latest version as in questions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from lineage_server.client.artifact import Artifact
from lineage_server.client.asking import Steps
from lineage_server.client.builders import clean_tags, reference_in
from lineage_server.client.documents import ARTIFACT
from lineage_server.client.registered import Alias, ModelVersion, RegisteredModel
from lineage_server.client.registrations import Registration
from lineage_server.client.registry import MEANT, alias_named, version_meant
from lineage_server.client.registry import alias as alias_told
from lineage_server.client.registry_answers import MODEL, PROBLEMS, VERSION, check, model_of, version_of
from lineage_server.client.resolve import artifact_from
from lineage_server.domain.errors import InvalidInputError, NotFoundError
from lineage_server.domain.ids import Reference, artifact_uid, model_uid, shorten

if TYPE_CHECKING:
    from lineage_server.client.client import Client

_NODE = f"""
node {{
  __typename uid ... on RegisteredModel {{ {MODEL} }} ... on ModelVersion {{ {VERSION} }}
  ... on ArtifactVersion {{ {ARTIFACT} }}
}}
"""


def _changing(name: str, mutation: str, answered: str = "node { uid }") -> str:
    """A document of one mutation."""
    kind = mutation[0].upper() + mutation[1:]
    return (
        f"mutation {name}($input: {kind}Input!) {{ {mutation}(input: $input) {{ {answered} {PROBLEMS} }} }}"
    )


NAMED = f"""
query Named($uids: [String!]!, $project: String!) {{
  nodes(uids: $uids, project: $project) {{ __typename uid ... on RegisteredModel {{ {MODEL} }} }}
}}
"""
UPDATE_MODEL = _changing("UpdateModel", "updateModel", f"model {{ {MODEL} }}")
UPDATE_VERSION = _changing("UpdateVersion", "updateModelVersion", f"version {{ {VERSION} }}")
SET_STATE = _changing("SetState", "setModelState", _NODE)
HOLD = _changing("Hold", "setHold", _NODE)
SET_TTL = _changing("SetTtl", "setTimeToLive", _NODE)
PROTECT = _changing("Protect", "setProtection")
TAG = _changing("Tag", "setTags")
DESCRIBE = _changing("Describe", "setDescription")
DELETE = _changing("Delete", "deleteNode")
UNDELETE = _changing("Undelete", "restoreNode")
DOCUMENTS = {
    "Named": NAMED, "UpdateModel": UPDATE_MODEL, "UpdateVersion": UPDATE_VERSION, "SetState": SET_STATE,
    "Hold": HOLD, "SetTtl": SET_TTL, "Protect": PROTECT, "Tag": TAG, "Describe": DESCRIBE, "Delete": DELETE,
    "Undelete": UNDELETE,
}  # fmt: skip


# --- what is meant -------------------------------------------------------------------------


def named(client: Client, ref: str) -> Steps[str]:
    """The uid of what is to be changed: ``model:churn`` is the registered model, ``dataset:iris`` the
    artifact, ``model:churn@3`` the version. Raises a domain error."""
    asked = reference_in(ref)
    if asked is None or asked.selector:
        return str((yield MEANT, {"ref": ref, "project": client.config.project})["node"]["uid"])
    node = yield from _whole(client, ref, asked)
    return str(node["uid"])


def registered_model(client: Client, ref: str) -> Steps[RegisteredModel]:
    """A model by its name or uid."""
    asked = reference_in(ref)
    if asked is None:
        asked, ref = Reference("model", ref), f"model:{ref}"
    if asked.kind != "model" or asked.selector:
        raise InvalidInputError(
            f"{shorten(ref)!r} is not the name of a model",
            field="name",
            allowed="churn, model:churn or team-a/model:churn",
        )
    return model_of((yield from _whole(client, ref, asked)))


def _whole(client: Client, ref: str, asked: Reference) -> Steps[Mapping[str, Any]]:
    """A model or an artifact of which no version is named; ``model:default/churn`` may be a uid, too."""
    owner = asked.project or client.config.project
    is_model = asked.kind == "model"
    uid = model_uid(owner, asked.name) if is_model else artifact_uid(owner, asked.kind, asked.name)
    uids = [ref, uid] if "/" in asked.name and not asked.project else [uid]
    for node in (yield NAMED, {"uids": uids, "project": owner})["nodes"]:
        if node is not None and node["__typename"] == ("RegisteredModel" if is_model else "Artifact"):
            return node
    kind, listed = ("registered model", "models") if is_model else (asked.kind, "artifacts")
    raise NotFoundError(
        f"project {owner!r} has no {kind} {shorten(asked.name)!r} that you may see; "
        f"'lineage ls {listed}' lists what there is"
    )


# --- words ---------------------------------------------------------------------------------


def update_model(
    client: Client, told: Registration, *, title: str | None, owner: str | None
) -> Steps[RegisteredModel]:
    """Describe a model anew; what is None stays as it is."""
    said = {"title": title, "owner": owner, **told.input(origin="", uri="", run="")}
    data = yield UPDATE_MODEL, {"input": _something(said, "title, owner, description, card, tags")}
    check(data["updateModel"])
    return model_of(data["updateModel"]["model"])


def update_version(client: Client, ref: str | ModelVersion, told: Registration) -> Steps[ModelVersion]:
    """Describe a version anew; what is None stays as it is."""
    version = yield from version_meant(client, ref)
    of = {"project": version.project, "model": version.model, "version": version.version}
    said = _something(
        {**told.input(origin="", uri="", run=""), **of}, "description, card, tags, metrics, signature"
    )
    data = yield UPDATE_VERSION, {"input": said}
    check(data["updateModelVersion"])
    return version_of(client, data["updateModelVersion"]["version"])


_OF = frozenset({"project", "model", "version"})


def _something(told: Mapping[str, Any], allowed: str) -> dict[str, Any]:
    said = {name: value for name, value in told.items() if value is not None}
    if not said.keys() - _OF:
        raise InvalidInputError("nothing is said that is to change", field="description", allowed=allowed)
    return said


def set_tags(client: Client, ref: str, tags: Mapping[str, Any]) -> Steps[str]:
    """Set tags of anything; None removes one."""
    uid = yield from named(client, ref)
    pairs = [{"key": key, "value": value} for key, value in clean_tags(tags).items()]
    return (yield from _changed(TAG, "setTags", {"uid": uid, "tags": pairs}))


def describe(client: Client, ref: str, description: str) -> Steps[str]:
    """Describe anything in words."""
    uid = yield from named(client, ref)
    return (yield from _changed(DESCRIBE, "setDescription", {"uid": uid, "description": description}))


# --- what may go, and what may not ---------------------------------------------------------


def set_state(
    client: Client, ref: str, state: str, *, reason: str, override: bool
) -> Steps[RegisteredModel | ModelVersion]:
    """Archive a model or a version, or take it back."""
    uid = yield from named(client, ref)
    told = {"uid": uid, "state": state, "reason": reason, "override": override}
    data = yield SET_STATE, {"input": told}
    check(data["setModelState"])
    node = data["setModelState"]["node"]
    return model_of(node) if node["__typename"] == "RegisteredModel" else version_of(client, node)


def set_hold(client: Client, ref: str, *, hold: bool, reason: str) -> Steps[ModelVersion | Artifact]:
    """Keep a version from being deleted, or let it go."""
    asked = reference_in(ref)
    if asked is not None and not asked.selector and "/" not in asked.name:
        raise _no_version(ref, "held")
    uid = yield from named(client, ref)
    data = yield HOLD, {"input": {"uid": uid, "hold": hold, "reason": reason}}
    check(data["setHold"])
    node = data["setHold"]["node"]
    if node["__typename"] == "ModelVersion":
        return version_of(client, node)
    return artifact_from(client, node, Reference(node["kind"], node["name"]))


def set_ttl(client: Client, ref: str, *, ttl_days: float | None, reason: str) -> Steps[Artifact]:
    """Say after how many days from now a version's bytes may go; None is never."""
    asked = reference_in(ref)
    if asked is not None and not asked.selector and "/" not in asked.name:
        raise _no_version(ref, "let go")
    uid = yield from named(client, ref)
    at = (datetime.now(UTC) + timedelta(days=ttl_days)).isoformat() if ttl_days is not None else None
    data = yield SET_TTL, {"input": {"uid": uid, "ttlAt": at, "reason": reason}}
    check(data["setTimeToLive"])
    node = data["setTimeToLive"]["node"]
    return artifact_from(client, node, Reference(node["kind"], node["name"]))


def protect(
    client: Client,
    ref: str,
    *,
    protected: bool,
    needs_approval: bool,
    movers: Sequence[str],
    approvers: Sequence[str],
    reason: str,
) -> Steps[Alias | RegisteredModel]:
    """Rules for whoever moves an alias, or all aliases of a model."""
    project = client.config.project
    asked = reference_in(ref)
    rules: dict[str, Any] = {"protected": protected, "reason": reason}
    if protected:
        rules |= {"approval": needs_approval, "movers": list(movers), "approvers": list(approvers)}
    if ref.startswith("alias:") or (asked is not None and asked.selector):
        owner, model, name = alias_named(ref, project)
        yield from _changed(
            PROTECT, "setProtection", {"project": owner, "model": model, "alias": name, **rules}
        )
        return (yield from alias_told(ref, project))
    found = yield from registered_model(client, ref)
    yield from _changed(PROTECT, "setProtection", {"project": found.project, "model": found.name, **rules})
    return (yield from registered_model(client, found.uid))


def delete(client: Client, ref: str, *, reason: str, override: bool) -> Steps[str]:
    """Put a tombstone where something was."""
    asked = reference_in(ref)
    if asked is not None and not asked.selector and "/" not in asked.name:
        raise _no_version(ref, "deleted")
    uid = yield from named(client, ref)
    told = {"uid": uid, "reason": reason, "override": override}
    return (yield from _changed(DELETE, "deleteNode", told))


def undelete(client: Client, ref: str, *, reason: str) -> Steps[str]:
    """Take a tombstone away."""
    uid = yield from named(client, ref)
    return (yield from _changed(UNDELETE, "restoreNode", {"uid": uid, "reason": reason}))


def _no_version(ref: str, done: str) -> InvalidInputError:
    """Who writes no version may mean the whole, or the latest: neither is guessed."""
    return InvalidInputError(
        f"{shorten(ref)!r} says no version, so nothing was {done}",
        field="ref",
        allowed=f"a version ({ref}@3, {ref}@latest), or a uid as 'lineage ls --json' tells it",
    )


def _changed(document: str, mutation: str, told: Mapping[str, Any]) -> Steps[str]:
    data = yield document, {"input": dict(told)}
    check(data[mutation])
    return str(data[mutation]["node"]["uid"])
