"""What the server answers of the model registry, as handles; and the problems that it answers instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

from lineage_server.client.documents import ARTIFACT
from lineage_server.client.graphql import error_from
from lineage_server.client.registered import (
    MOST_MOVES,
    Alias,
    AliasMove,
    Approval,
    ModelVersion,
    RegisteredModel,
)
from lineage_server.client.resolve import artifact_from
from lineage_server.domain.errors import LineageError
from lineage_server.domain.ids import Reference
from lineage_server.domain.untyped import as_mapping

if TYPE_CHECKING:
    from lineage_server.client.client import Client

VERSION = f"""
uid project model version state aliases description card tags {{ key value }} metrics {{ key value }}
signature hold uri createdAt run {{ uid }} origin {{ {ARTIFACT} }}
"""
MODEL = """
uid project name title owner state description card tags { key value } highest newest protected needsApproval
movers approvers createdAt modelAliases: aliases { name version }
"""
ALIAS = f"""
uid project model name version protected needsApproval movers approvers
history(first: {MOST_MOVES}) {{ at version before by reason approval source event }}
"""
APPROVAL = """
uid project model version alias state verdict question comment asker by requestedAt decidedAt usedAt
"""
PROBLEMS = "problems { code message field allowed current }"


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


def model_of(told: Mapping[str, Any]) -> RegisteredModel:
    """From the answer of the server."""
    return RegisteredModel(
        name=told["name"],
        project=told["project"],
        title=told["title"],
        owner=told["owner"],
        state=str(told["state"] or "").lower(),
        description=told["description"],
        card=told["card"],
        tags={tag["key"]: tag["value"] for tag in told["tags"]},
        aliases={one["name"]: one["version"] for one in told["modelAliases"]},
        highest=told["highest"],
        newest=told["newest"],
        protected=told["protected"],
        needs_approval=told["needsApproval"],
        movers=tuple(told["movers"]),
        approvers=tuple(told["approvers"]),
        created_at=time_of(told["createdAt"]),
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
    """An instant as the server says it, if it says one."""
    return datetime.fromisoformat(text) if text else None


def check(payload: Mapping[str, Any]) -> None:
    """Raises the first problem of a payload."""
    for problem in payload["problems"]:
        raise error_of(problem)


def error_of(problem: Mapping[str, Any]) -> LineageError:
    """What a problem is here."""
    return error_from(str(problem["code"]), str(problem["message"]), problem)


def raise_after(done: str, error: LineageError) -> NoReturn:
    """What was done before something else went wrong is said, too."""
    raise error_from(error.code, f"{done}: {error.message}", error.details()) from error
