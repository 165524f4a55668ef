"""The verbs of the model registry as questions: documents, in which order they are asked, how answers read.

Both twins walk the same steps (``asking``). What is said of a version is checked in ``registrations``; the
handles are in ``registered``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from lineage_server.client.artifact import Artifact
from lineage_server.client.asking import Steps
from lineage_server.client.builders import reference_in
from lineage_server.client.documents import ARTIFACT
from lineage_server.client.graphql import error_from
from lineage_server.client.registered import MOST_MOVES, Alias, AliasMove, Approval, ModelVersion
from lineage_server.client.registrations import Registration
from lineage_server.client.resolve import artifact_from
from lineage_server.domain.errors import ConflictError, InvalidInputError, LineageError, NotFoundError
from lineage_server.domain.ids import (
    Reference,
    clean_part,
    model_uid,
    parse_reference,
    shorten,
)
from lineage_server.domain.secrets import scrub_uri
from lineage_server.domain.untyped import as_mapping

if TYPE_CHECKING:
    from lineage_server.client.client import Client

_VERSION = f"""
uid project model version state aliases description card tags {{ key value }} metrics {{ key value }}
signature hold uri createdAt run {{ uid }} origin {{ {ARTIFACT} }}
"""
_ALIAS = f"""
uid project model name version protected needsApproval movers approvers
history(first: {MOST_MOVES}) {{ at version before by reason approval source event }}
"""
_APPROVAL = """
uid project model version alias state verdict question comment asker by requestedAt decidedAt usedAt
"""
_PROBLEMS = "problems { code message field allowed current }"

MEANT = f"""
query Meant($ref: String!, $project: String!) {{
  node(uid: $ref, project: $project) {{ __typename uid ... on ModelVersion {{ {_VERSION} }} }}
}}
"""
REGISTER = f"""
mutation Register($model: RegisterModelInput!, $version: CreateModelVersionInput!) {{
  registerModel(input: $model) {{ {_PROBLEMS} }}
  createModelVersion(input: $version) {{ version {{ {_VERSION} }} {_PROBLEMS} }}
}}
"""
MOVE = f"""
mutation Move($input: SetAliasInput!) {{ setAlias(input: $input) {{ alias {{ {_ALIAS} }} {_PROBLEMS} }} }}
"""
CLEAR = f"""
mutation Clear($input: DeleteAliasInput!) {{
  deleteAlias(input: $input) {{ alias {{ {_ALIAS} }} {_PROBLEMS} }}
}}
"""
ALIAS = f"""
query Moves($model: String!, $name: String!, $project: String!) {{
  alias(model: $model, name: $name, project: $project) {{ {_ALIAS} }}
}}
"""
REQUEST = f"""
mutation Request($input: RequestApprovalInput!) {{
  requestApproval(input: $input) {{ approval {{ {_APPROVAL} }} {_PROBLEMS} }}
}}
"""
DECIDE = f"""
mutation Decide($input: DecideApprovalInput!) {{
  decideApproval(input: $input) {{ approval {{ {_APPROVAL} }} {_PROBLEMS} }}
}}
"""
APPROVALS = f"""
query Asked($project: String, $model: String, $states: [ApprovalState!], $first: Int!, $after: String!) {{
  approvals(project: $project, model: $model, states: $states, first: $first, after: $after) {{
    edges {{ node {{ {_APPROVAL} }} }} hasMore pageInfo {{ endCursor }}
  }}
}}
"""
DOCUMENTS = {
    "Meant": MEANT, "Register": REGISTER, "Move": MOVE, "Clear": CLEAR, "Moves": ALIAS,
    "Request": REQUEST, "Decide": DECIDE, "Asked": APPROVALS,
}  # fmt: skip
_PAGE = 100
STATES = ("pending", "approved", "rejected", "withdrawn", "used")


# --- versions ------------------------------------------------------------------------------


def register(client: Client, told: Registration, source: object, run: str) -> Steps[ModelVersion]:
    """A version of the model, which is made where it is not there yet; then its aliases. Of a version of
    another model, what it says of itself is taken over, as far as the caller says nothing of that."""
    meant = yield from _source(client, told.project, source)
    if meant.version is not None:
        told = told.completed_by(meant.version)
    data = yield (
        REGISTER,
        {
            "model": {"project": told.project, "name": told.model},
            "version": told.input(origin=meant.origin, uri=meant.uri, run=run or meant.run),
        },
    )
    for problem in data["registerModel"]["problems"]:
        if problem["code"] != ConflictError.code:  # it is there already: so much the better
            raise _error(problem)
    check_payload(data["createModelVersion"])
    made = version_of(client, data["createModelVersion"]["version"])
    for alias in told.aliases:
        try:
            yield from _move(made, alias, {"reason": told.reason})
        except LineageError as error:
            _raise_after(f"{made.ref} is registered, alias {shorten(alias)!r} was not moved", error)
    return replace(made, aliases=tuple(sorted({*made.aliases, *told.aliases})))


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
        return _Source(source.uid) if source.uid else _Source("", scrub_uri(source.uri), source.run)
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
    if version.artifact.uid:
        return _Source(version.artifact.uid, version=version)
    return _Source("", version.uri, version.run, version)


def version(client: Client, ref: str) -> Steps[ModelVersion]:
    """What a reference means now."""
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
    meant = yield from version_meant(client, ref)
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


def _move(version: ModelVersion, alias: str, told: Mapping[str, Any]) -> Steps[Alias]:
    given = {key: value for key, value in told.items() if value is not None}
    where = {"project": version.project, "model": version.model, "alias": alias, "version": version.version}
    data = yield MOVE, {"input": {**where, **given}}
    check_payload(data["setAlias"])
    return alias_of(data["setAlias"]["alias"])


def remove_alias(ref: str, project: str, *, expected: str | None, reason: str) -> Steps[Alias]:
    """Let it point nowhere."""
    owner, model, name = _named(ref, project)
    told = {"project": owner, "model": model, "alias": name, "expected": expected, "reason": reason}
    data = yield CLEAR, {"input": {key: value for key, value in told.items() if value is not None}}
    check_payload(data["deleteAlias"])
    return alias_of(data["deleteAlias"]["alias"])


def alias(ref: str, project: str) -> Steps[Alias]:
    """What it points to, and all its moves."""
    owner, model, name = _named(ref, project)
    data = yield ALIAS, {"project": owner, "model": model, "name": name}
    return alias_of(data["alias"])


def _named(ref: str, project: str) -> tuple[str, str, str]:
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
    meant = yield from version_meant(client, ref)
    told = {"project": meant.project, "model": meant.model, "version": meant.version, "alias": name}
    data = yield REQUEST, {"input": {**told, "comment": comment}}
    check_payload(data["requestApproval"])
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
    check_payload(data["decideApproval"])
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


# --- answers -------------------------------------------------------------------------------


def version_of(client: Client, told: Mapping[str, Any]) -> ModelVersion:
    """From the answer of the server."""
    owner, _, name = str(told["model"]).removeprefix("model:").partition("/")
    origin = told["origin"]
    return ModelVersion(
        model=name,
        version=told["version"],
        project=told["project"] or owner,
        state=str(told["state"] or "").lower(),
        aliases=tuple(told["aliases"]),
        description=told["description"],
        card=told["card"],
        tags={tag["key"]: tag["value"] for tag in told["tags"]},
        metrics={one["key"]: float(one["value"]) for one in told["metrics"]},
        signature=told["signature"],
        hold=bool(told["hold"]),
        uri=told["uri"],
        run=str(as_mapping(told["run"]).get("uid") or "").removeprefix("run:"),
        origin=artifact_from(client, origin, Reference("model", name)) if origin else None,
        created_at=time_of(told["createdAt"]),
        client=client,
    )


def alias_of(told: Mapping[str, Any]) -> Alias:
    """From the answer of the server."""
    moves: Sequence[Mapping[str, Any]] = told["history"]
    return Alias(
        name=told["name"],
        model=str(told["model"]).partition("/")[2],
        project=told["project"],
        version=told["version"],
        protected=told["protected"],
        needs_approval=told["needsApproval"],
        movers=tuple(told["movers"]),
        approvers=tuple(told["approvers"]),
        moves=tuple(_move_of(one) for one in moves),
    )


def _move_of(told: Mapping[str, Any]) -> AliasMove:
    words = {key: str(value) for key, value in told.items() if key != "at"}
    return AliasMove(at=datetime.fromisoformat(told["at"]), **words)


def approval_of(told: Mapping[str, Any]) -> Approval:
    """From the answer of the server."""
    words = ("uid", "project", "alias", "state", "verdict", "question", "comment", "asker", "by")
    return Approval(
        **{key: told[key] for key in words},
        model=str(told["model"]).partition("/")[2],
        version=str(told["version"]).rpartition("@")[2],
        requested_at=time_of(told["requestedAt"]),
        decided_at=time_of(told["decidedAt"]),
        used_at=time_of(told["usedAt"]),
    )


def time_of(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def check_payload(payload: Mapping[str, Any]) -> None:
    """Raises the first problem of a payload."""
    for problem in payload["problems"]:
        raise _error(problem)


def _error(problem: Mapping[str, Any]) -> LineageError:
    return error_from(str(problem["code"]), str(problem["message"]), problem)


def _raise_after(done: str, error: LineageError) -> NoReturn:
    """What was done before something else went wrong is said, too."""
    raise error_from(error.code, f"{done}: {error.message}", error.details()) from error
