"""The verbs of the model registry as questions: documents, in which order they are asked, how answers read.

Both twins walk the same steps (``asking``). What is said of a version is checked in ``registrations``; the
handles are in ``registered``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from lineage_server.client.addresses.seen import PREFIX
from lineage_server.client.artifact import Artifact
from lineage_server.client.asking import Steps
from lineage_server.client.builders import names_a_model, reference_in
from lineage_server.client.registered import Alias, Approval, ModelVersion
from lineage_server.client.registrations import Registration
from lineage_server.client.registry_answers import (
    ALIAS,
    APPROVAL,
    PROBLEMS,
    VERSION,
    alias_of,
    approval_of,
    check,
    error_of,
    raise_after,
    version_of,
)
from lineage_server.domain.errors import ConflictError, InvalidInputError, LineageError, NotFoundError
from lineage_server.domain.ids import (
    Reference,
    clean_part,
    model_uid,
    parse_reference,
    shorten,
)
from lineage_server.domain.secrets import scrub_uri

if TYPE_CHECKING:
    from lineage_server.client.client import Client

MEANT = f"""
query Meant($ref: String!, $project: String!) {{
  node(uid: $ref, project: $project) {{ __typename uid ... on ModelVersion {{ {VERSION} }} }}
}}
"""
REGISTER = f"""
mutation Register($model: RegisterModelInput!, $version: CreateModelVersionInput!) {{
  registerModel(input: $model) {{ {PROBLEMS} }}
  createModelVersion(input: $version) {{ version {{ {VERSION} }} {PROBLEMS} }}
}}
"""
CREATE = f"""
mutation Create($version: CreateModelVersionInput!) {{
  createModelVersion(input: $version) {{ version {{ {VERSION} }} {PROBLEMS} }}
}}
"""
MOVE = f"""
mutation Move($input: SetAliasInput!) {{ setAlias(input: $input) {{ alias {{ {ALIAS} }} {PROBLEMS} }} }}
"""
CLEAR = f"""
mutation Clear($input: DeleteAliasInput!) {{
  deleteAlias(input: $input) {{ alias {{ {ALIAS} }} {PROBLEMS} }}
}}
"""
MOVES = f"""
query Moves($model: String!, $name: String!, $project: String!) {{
  alias(model: $model, name: $name, project: $project) {{ {ALIAS} }}
}}
"""
REQUEST = f"""
mutation Request($input: RequestApprovalInput!) {{
  requestApproval(input: $input) {{ approval {{ {APPROVAL} }} {PROBLEMS} }}
}}
"""
DECIDE = f"""
mutation Decide($input: DecideApprovalInput!) {{
  decideApproval(input: $input) {{ approval {{ {APPROVAL} }} {PROBLEMS} }}
}}
"""
APPROVALS = f"""
query Asked($project: String, $model: String, $states: [ApprovalState!], $first: Int!, $after: String!) {{
  approvals(project: $project, model: $model, states: $states, first: $first, after: $after) {{
    edges {{ node {{ {APPROVAL} }} }} hasMore pageInfo {{ endCursor }}
  }}
}}
"""
DOCUMENTS = {
    "Meant": MEANT, "Register": REGISTER, "Create": CREATE, "Move": MOVE, "Clear": CLEAR, "Moves": MOVES,
    "Request": REQUEST, "Decide": DECIDE, "Asked": APPROVALS,
}  # fmt: skip
_PAGE = 100
STATES = ("pending", "approved", "rejected", "withdrawn", "used")


# --- versions ------------------------------------------------------------------------------


def register(
    client: Client, told: Registration, source: object, run: str, *, project: str, uri: str = ""
) -> Steps[ModelVersion]:
    """A version of the model, which is made where it is not there yet; then its aliases. Of a version of
    another model, what it says of itself is taken over, as far as the caller says nothing of that.

    ``project`` is that of a ``source`` that names none: the caller's, whichever the model is of. ``uri``: the
    address by which it is registered, whether its place tells the version or not."""
    meant = yield from _source(client, project, source)
    if meant.version is not None:
        told = told.completed_by(meant.version)
    version = told.input(origin=meant.origin, uri=uri or meant.uri, run=run or meant.run)
    try:
        data = yield CREATE, {"version": version}
    except NotFoundError:
        data = yield from _first(told, version)
    check(data["createModelVersion"])
    made = version_of(client, data["createModelVersion"]["version"])
    for alias in told.aliases:
        try:
            yield from _move(made, alias, {"reason": told.reason})
        except LineageError as error:
            raise_after(f"{made.ref} is registered, alias {shorten(alias)!r} was not moved", error)
    return replace(made, aliases=tuple(sorted({*made.aliases, *told.aliases})))


def _first(told: Registration, version: dict[str, Any]) -> Steps[dict[str, Any]]:
    """The version together with its model, which is not there yet."""
    model = {"project": told.project, "name": told.model}
    data = yield REGISTER, {"model": model, "version": version}
    for problem in data["registerModel"]["problems"]:
        if problem["code"] != ConflictError.code:  # somebody was faster: so much the better
            raise error_of(problem)
    return data


class _Source(NamedTuple):
    """Uid of an artifact version, address and run of what is to be registered; the ``version`` of a model
    that it is, if it is one."""

    origin: str
    uri: str = ""
    run: str = ""
    version: ModelVersion | None = None


def _source(client: Client, project: str, source: object) -> Steps[_Source]:
    if isinstance(source, ModelVersion):
        return _source_in(source)
    if isinstance(source, Artifact):
        if not source.uid and not source.uri:
            raise InvalidInputError(
                f"which version {source.ref} is could not be found out",
                field="source",
                allowed="an artifact that the server knows, or an address such as s3://…",
            )
        elsewhere = scrub_uri(source.uri) if not source.uid or source.digest.startswith(PREFIX) else ""
        return _Source(source.uid, elsewhere, "" if source.uid else source.run)
    text = str(source)
    if "://" in text:
        return _Source("", scrub_uri(text))
    if reference_in(text) is None and not text.startswith(("version:", "modelversion:", "artifact:")):
        raise InvalidInputError(
            f"{shorten(text)!r} is nothing that can be registered; a file is recorded first: "
            "run.log_model(path, name, register=True), or 'lineage put NAME PATH --register'",
            field="source",
            allowed="an artifact, a reference such as model:churn@3 or a uid, or an address such as s3://…",
        )
    node = (yield MEANT, {"ref": text, "project": project})["node"]
    if node["__typename"] == "ModelVersion":
        return _source_in(version_of(client, node))
    _check_kind(node, "ArtifactVersion", text, "source")
    return _Source(str(node["uid"]))


def _source_in(version: ModelVersion) -> _Source:
    """Of what lies elsewhere, who made it is known of the version only."""
    uid = version.artifact.uid
    if uid and not version.uri:
        return _Source(uid, version=version)
    return _Source(uid, version.uri, version.run, version)


def version(client: Client, ref: str) -> Steps[ModelVersion]:
    """What a reference means now."""
    if ":" not in ref:
        raise InvalidInputError(
            f"{shorten(ref)!r} does not say that it is a model",
            field="ref",
            allowed=f"model:{shorten(ref)}, which is its newest version, or model:NAME@3 or model:NAME@prod",
        )
    node = (yield MEANT, {"ref": ref, "project": client.config.project})["node"]
    if node["__typename"] == "ArtifactVersion":
        raise NotFoundError(
            f"{shorten(ref)!r} is a version of an artifact and of no registered model; register it first: "
            f"lineage.register(NAME, {shorten(ref)!r})"
        )
    _check_kind(node, "ModelVersion", ref, "ref")
    return version_of(client, node)


def _check_kind(node: Mapping[str, Any], wanted: str, ref: str, field: str) -> None:
    if node["__typename"] != wanted:
        raise InvalidInputError(
            f"{shorten(ref)!r} is a {node['__typename']}, not a version of a model",
            field=field,
            allowed="a version such as model:churn@3 or model:churn@prod",
        )


def version_meant(client: Client, ref: str | ModelVersion) -> Steps[ModelVersion]:
    if isinstance(ref, ModelVersion):
        return ref
    return (yield from version(client, ref))


# --- aliases -------------------------------------------------------------------------------


def _version_said(client: Client, ref: str | ModelVersion, does: str) -> Steps[ModelVersion]:
    """The version that a reference names; raises InvalidInputError where it names none, which elsewhere means
    the newest: nobody is to move what serves without having said to which."""
    if isinstance(ref, str) and names_a_model(ref.strip()):
        raise InvalidInputError(
            f"{shorten(ref)!r} says no version; nothing was {does}",
            field="version",
            allowed=f"a version by name ({shorten(ref)}@3), or {shorten(ref)}@latest for the newest",
        )
    return (yield from version_meant(client, ref))


def promote(
    client: Client,
    ref: str | ModelVersion,
    alias: str,
    *,
    expected: str | None,
    approval: str | None,
    reason: str,
) -> Steps[Alias]:
    """Let an alias point to a version. Where it takes an approval and none is named, one that was given for
    just that and not used is taken."""
    name = clean_part(alias, "alias", "@")
    meant = yield from _version_said(client, ref, "moved")
    told = {"expected": expected, "approval": approval, "reason": reason}
    try:
        return (yield from _move(meant, name, told))
    except ConflictError as error:
        if approval or error.current != "protected":
            raise
        given = yield from _found(client, meant, name, "approved")
        if not given:
            raise
        return (yield from _move(meant, name, {**told, "approval": given[0].uid}))


def rollback(client: Client, ref: str, project: str, *, approval: str | None, reason: str) -> Steps[Alias]:
    """Let an alias point again to the version before the one it points to, if it still points to that."""
    now = yield from alias(ref, project)
    shown = f"model:{shorten(now.model)}@{shorten(now.name)}"
    before = next((move.version for move in now.moves if move.version not in ("", now.version)), "")
    if not before:
        raise ConflictError(
            f"{shown} has no former version to go back to: it never pointed to another than "
            f"{repr(shorten(now.version)) if now.version else 'none'}; nothing was moved",
            current=now.version,
        )
    former = ModelVersion(model=now.model, version=before, project=now.project)
    why = reason or (f"rollback from {now.version}" if now.version else "rollback")
    try:
        return (
            yield from promote(client, former, now.name, expected=now.version, approval=approval, reason=why)
        )
    except (NotFoundError, ConflictError) as error:
        if isinstance(error, ConflictError) and error.current != "archived":
            raise
        gone = "is archived" if isinstance(error, ConflictError) else "is not there any more"
        raise ConflictError(
            f"{shown} pointed to version {shorten(before)!r} before, which {gone}; nothing was moved. Say "
            f"which other one is meant: lineage promote model:{shorten(now.model)}@N {shorten(now.name)}",
            current=now.version,
        ) from error


def _move(version: ModelVersion, alias: str, told: Mapping[str, Any]) -> Steps[Alias]:
    given = {key: value for key, value in told.items() if value is not None}
    where = {"project": version.project, "model": version.model, "alias": alias, "version": version.version}
    data = yield MOVE, {"input": {**where, **given}}
    check(data["setAlias"])
    return alias_of(data["setAlias"]["alias"])


def remove_alias(ref: str, project: str, *, expected: str | None, reason: str) -> Steps[Alias]:
    """Let it point nowhere."""
    owner, model, name = alias_named(ref, project)
    told = {"project": owner, "model": model, "alias": name, "expected": expected, "reason": reason}
    data = yield CLEAR, {"input": {key: value for key, value in told.items() if value is not None}}
    check(data["deleteAlias"])
    return alias_of(data["deleteAlias"]["alias"])


def alias(ref: str, project: str) -> Steps[Alias]:
    """What it points to, and all its moves."""
    owner, model, name = alias_named(ref, project)
    data = yield MOVES, {"project": owner, "model": model, "name": name}
    return alias_of(data["alias"])


def alias_named(ref: str, project: str) -> tuple[str, str, str]:
    """Project, model and name of an alias; raises InvalidInputError."""
    if ref.startswith("alias:") and "/" in ref and "@" in ref:
        owner, _, rest = ref.removeprefix("alias:").partition("/")
        model, _, name = rest.rpartition("@")
        return owner, model, name
    asked = parse_reference(ref)
    if asked.kind != "model" or not asked.selector:
        raise InvalidInputError(
            f"{shorten(ref)!r} names no alias", field="ref", allowed="an alias such as model:churn@prod"
        )
    return asked.project or project, asked.name, asked.selector


# --- approvals -----------------------------------------------------------------------------


def request_approval(
    client: Client, ref: str | ModelVersion, alias: str | None, comment: str
) -> Steps[Approval]:
    """Ask for a verdict on a version."""
    name = clean_part(alias, "alias", "@") if alias else ""
    meant = yield from _version_said(client, ref, "asked for")
    told = {"project": meant.project, "model": meant.model, "version": meant.version, "alias": name}
    data = yield REQUEST, {"input": {**told, "comment": comment}}
    check(data["requestApproval"])
    return approval_of(data["requestApproval"]["approval"])


def decide(
    client: Client, request: str | Approval | ModelVersion, alias: str | None, verdict: str, comment: str
) -> Steps[Approval]:
    """Approve or reject a request: its uid, or the one that waits for the version that is named."""
    if isinstance(request, Approval):
        uid = request.uid
    elif isinstance(request, str) and request.startswith("approval:"):
        uid = request
    else:
        uid = yield from _waiting(client, request, alias)
    data = yield DECIDE, {"input": {"uid": uid, "verdict": verdict, "comment": comment}}
    check(data["decideApproval"])
    return approval_of(data["decideApproval"]["approval"])


def _waiting(client: Client, ref: str | ModelVersion, alias: str | None) -> Steps[str]:
    meant = yield from version_meant(client, ref)
    found = yield from _found(client, meant, alias, "pending")
    shown = str(Reference("model", meant.model, meant.version)) + (f" as {alias}" if alias else "")
    if not found:
        raise NotFoundError(
            f"nobody waits for a verdict on {shown}; 'lineage ls approvals' lists what was asked for"
        )
    if len(found) > 1:
        told = ", ".join(f"{one.alias or 'no alias'} ({one.uid})" for one in found[:5])
        raise InvalidInputError(
            f"{len(found)} requests wait for a verdict on {shown}: {told}",
            field="request",
            allowed="the uid of one of them, or the alias that it is for",
        )
    return found[0].uid


def _found(client: Client, version: ModelVersion, alias: str | None, state: str) -> Steps[list[Approval]]:
    """Requests for a version (and an alias) that are in a state, the newest first."""
    model = model_uid(version.project, version.model)
    listed = yield from approvals(model=model, project=None, state=state)
    return [one for one in listed if one.version == version.version and alias in (None, one.alias)]


def approvals(*, model: str | None, project: str | None, state: str | None) -> Steps[list[Approval]]:
    """All of them, page by page, the newest first."""
    if state is not None and state not in STATES:
        raise InvalidInputError(
            f"state {shorten(state)!r} is not known", field="state", allowed=", ".join(STATES)
        )
    out: list[Approval] = []
    asked: dict[str, Any] = {"project": project, "model": model, "first": _PAGE, "after": ""}
    asked["states"] = [state.upper()] if state is not None else None
    while True:
        page = (yield APPROVALS, dict(asked))["approvals"]
        out += [approval_of(edge["node"]) for edge in page["edges"]]
        if not page["hasMore"]:
            return out
        asked["after"] = page["pageInfo"]["endCursor"]
