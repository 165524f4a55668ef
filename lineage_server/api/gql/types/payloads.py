"""One payload a mutation: what was changed, and what the user can mend."""

from __future__ import annotations

import strawberry

from lineage_server.api.gql.scalars import Micros
from lineage_server.api.gql.types.base import Node
from lineage_server.api.gql.types.nodes import Project
from lineage_server.api.gql.types.records import Member, Token
from lineage_server.domain.errors import (
    ConflictError,
    InvalidInputError,
    LimitError,
    LineageError,
    NotSupportedError,
)

MENDABLE: tuple[type[LineageError], ...] = (
    InvalidInputError,
    ConflictError,
    LimitError,
    NotSupportedError,
)
"""Errors a user can do something about by asking differently; all others are GraphQL errors."""


@strawberry.type
class Problem:
    """Why nothing was done, and what would do."""

    code: str
    message: str
    field: str
    allowed: str
    current: str = strawberry.field(default="", description="of a conflict: what stands there")


def problem_of(error: LineageError) -> Problem:
    told = error.details()
    return Problem(
        code=error.code,
        message=error.message,
        field=str(told.get("field", "")),
        allowed=str(told.get("allowed", "")),
        current=str(told.get("current", "")),
    )


@strawberry.type
class CreateProjectPayload:
    problems: list[Problem]
    project: Project | None = None


@strawberry.type
class UpdateProjectPayload:
    problems: list[Problem]
    project: Project | None = None


@strawberry.type
class SetMemberPayload:
    problems: list[Problem]
    project: str | None = None
    member: Member | None = strawberry.field(default=None, description="null once the membership is gone")


@strawberry.type
class CreateTokenPayload:
    problems: list[Problem]
    token: Token | None = None
    text: str | None = strawberry.field(default=None, description="the token itself, shown only now")


@strawberry.type
class RevokeTokenPayload:
    problems: list[Problem]
    token: Token | None = None


@strawberry.type
class SetTagsPayload:
    problems: list[Problem]
    node: Node | None = None


@strawberry.type
class SetDescriptionPayload:
    problems: list[Problem]
    node: Node | None = None


@strawberry.type
class DeleteNodePayload:
    problems: list[Problem]
    node: Node | None = None


@strawberry.type
class RestoreNodePayload:
    problems: list[Problem]
    node: Node | None = None


@strawberry.type
class EraseNodePayload:
    problems: list[Problem]
    node: Node | None = None
    events_redacted: int = 0


@strawberry.type
class StatedEdge:
    """A derivation that a person stated."""

    from_: str = strawberry.field(name="from")
    to: str
    role: str
    reason: str
    at: Micros


@strawberry.type
class AddEdgePayload:
    problems: list[Problem]
    edge: StatedEdge | None = None


@strawberry.type
class RetractEdgePayload:
    problems: list[Problem]
    edge: StatedEdge | None = None


@strawberry.type
class Replay:
    """What became of one refused event."""

    uid: str
    outcome: str = strawberry.field(description="accepted, duplicate or refused")
    code: str
    message: str


@strawberry.type
class ReplayRefusedPayload:
    problems: list[Problem]
    replays: list[Replay] = strawberry.field(default_factory=list[Replay])
