"""What a uid alone says of a node: its identity until somebody describes it.

Events may speak of a node (a tag, a tombstone, a route) before the one that describes it arrives.
What stands in the uid must then be what the description will say, or the order would matter;
where a uid says too little, the description overrides (``NodeState.apply``).
"""

from __future__ import annotations

from typing import Any

from lineage_server.domain import ids
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.nodes import JobKind, Label

_FORMS: dict[Label, str] = {
    Label.JOB: "job:<project>/<kind>/<name>",
    Label.ARTIFACT: "artifact:<project>/<type>/<name>",
    Label.REGISTERED_MODEL: "model:<project>/<name>",
    Label.MODEL_VERSION: "modelversion:<project>/<model>@<version>",
    Label.ALIAS: "alias:<project>/<model>@<alias>",
    Label.DEPLOYMENT: "deployment:<project>/<cluster>/<name>@<revision>",
}
_IN_A_PROJECT = (Label.ENVIRONMENT, Label.CODE_REF, Label.VOLUME, Label.INTENT)
_JOB_KINDS = frozenset(str(kind) for kind in JobKind)


def identity_of(uid: str, label: Label, project: str) -> dict[str, Any]:
    """Identity of a node by its uid; ``project`` is where uids of its kind contain none.

    Raises InvalidInputError for a uid that no description could ever make.
    """
    if label is Label.ARTIFACT_VERSION:
        return version_identity(uid)
    if label is Label.RUN:
        return {"project": project}
    rest = uid.partition(":")[2]
    if label in _FORMS:
        return _parsed(uid, label, rest)
    if label in _IN_A_PROJECT:
        owner, slash, rest = rest.partition("/")
        if not owner or not slash or not rest:
            raise InvalidInputError(f"{ids.shorten(uid)!r} names no project", field="uid")
        project = owner
    if label in (Label.NODE, Label.VOLUME):
        rest = rest.split("/", 1)[-1]
    elif label is Label.ACTOR:
        rest = rest.rpartition("/")[2]
    elif label is Label.PROJECT:
        project = rest
    return {"project": project, "name": rest}


def version_identity(uid: str) -> dict[str, Any]:
    """What a version's uid says about it; raises InvalidInputError for a malformed one."""
    body, at, key = uid[len("version:") :].rpartition("@")
    parts = body.split("/", 2)
    if not at or len(parts) != 3 or not key:
        raise InvalidInputError(
            f"{ids.shorten(uid)!r} is not a version's uid",
            field="uid",
            allowed="version:<project>/<type>/<name>@<digest or run:id>",
        )
    project, kind, name = parts
    identity: dict[str, Any] = {
        "project": ids.clean_project(project),
        "kind": ids.clean_artifact_type(kind),
        "name": ids.clean_name(name, "name"),
        "artifact": ids.artifact_of_version(uid),
        "key": key,
    }
    if key.startswith("run:"):
        identity["run"] = ids.clean_run_id(key[4:])
    elif key.startswith(ids.REGISTERED):
        ids.clean_part(key.removeprefix(ids.REGISTERED), "version", "@")
    else:
        identity["digest"] = ids.clean_digest(key)
    return identity


def model_version_identity(project: str, model: str, version: str) -> dict[str, Any]:
    """What a model version's uid says; ``number`` where its name is one."""
    identity: dict[str, Any] = {
        "project": project,
        "name": model,
        "version": version,
        "model": ids.model_uid(project, model),
    }
    if is_number(version):
        identity["number"] = int(version)
    return identity


def is_number(version: str) -> bool:
    """Whether a model version's name takes part in counting."""
    return version.isascii() and version.isdecimal() and len(version) < 10


def _parsed(uid: str, label: Label, rest: str) -> dict[str, Any]:
    owner, _, rest = rest.partition("/")
    head, tail = rest, ""
    if "@" in _FORMS[label]:
        head, _, tail = rest.rpartition("@")
    middle = ""
    if label in (Label.JOB, Label.ARTIFACT):
        middle, _, head = head.partition("/")
    elif label is Label.DEPLOYMENT:
        middle, _, head = head.rpartition("/")  # names of clusters may have one
    known = {Label.JOB: middle in _JOB_KINDS, Label.DEPLOYMENT: bool(middle)}
    if not owner or not head or not known.get(label, True) or ("@" in _FORMS[label] and not tail):
        raise InvalidInputError(
            f"{ids.shorten(uid)!r} does not have the form {_FORMS[label]}", field="uid", allowed=_FORMS[label]
        )
    identity: dict[str, Any] = {"project": owner, "name": head}
    if label is Label.JOB:
        identity["kind"] = middle
    elif label is Label.ARTIFACT:
        identity["kind"] = ids.clean_artifact_type(middle)
    elif label is Label.DEPLOYMENT:
        identity |= {"cluster": middle, "revision": tail}
    elif label is Label.MODEL_VERSION:
        return model_version_identity(owner, head, tail)
    elif label is Label.ALIAS:
        identity |= {"name": tail, "alias": tail, "model": ids.model_uid(owner, head)}
    return identity
