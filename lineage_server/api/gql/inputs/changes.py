"""One input a mutation."""

from __future__ import annotations

import strawberry

from lineage_server.api.gql.scalars import Micros
from lineage_server.domain.nodes import Role


@strawberry.input(description="A null value removes the tag")
class TagInput:
    key: str
    value: str | None = None


@strawberry.input
class CreateProjectInput:
    name: str
    description: str | None = None
    owner: str | None = strawberry.field(default=None, description="who is told; also becomes its admin")
    tags: list[TagInput] = strawberry.field(default_factory=list[TagInput])


@strawberry.input(description="What is left out stays as it is")
class UpdateProjectInput:
    project: str
    description: str | None = None
    owner: str | None = None
    tags: list[TagInput] = strawberry.field(default_factory=list[TagInput])


@strawberry.input
class SetMemberInput:
    project: str
    subject: str
    role: Role | None = strawberry.field(default=None, description="null takes the membership away")
    expected: Role | None = strawberry.field(
        default=strawberry.UNSET,
        description="the role that they have now, null for none: else nothing is done, and the answer is "
        "CONFLICT with what is there; left out: whatever is there",
    )


@strawberry.input
class ScopeInput:
    project: str = strawberry.field(description="'*' is every project")
    role: Role


@strawberry.input
class CreateTokenInput:
    name: str
    service: bool = strawberry.field(default=False, description="has the rights of its scopes, no person's")
    subject: str = strawberry.field(default="", description="whose token; empty is your own")
    scopes: list[ScopeInput] = strawberry.field(default_factory=list[ScopeInput])
    platform_admin: bool = False
    expires_at: Micros | None = None


@strawberry.input
class RevokeTokenInput:
    token: str = strawberry.field(description="uid of the token")


@strawberry.input
class SetTagsInput:
    uid: str
    tags: list[TagInput]


@strawberry.input
class SetDescriptionInput:
    uid: str
    description: str


@strawberry.input(description="One version was made from another, as a person knows it")
class AddEdgeInput:
    start: str = strawberry.field(description="uid of the version it was made from")
    end: str = strawberry.field(description="uid of the version that was made")
    reason: str
    role: str = "manual"


@strawberry.input
class RetractEdgeInput:
    start: str
    end: str
    reason: str
    role: str = "manual"


@strawberry.input
class DeleteNodeInput:
    uid: str
    reason: str = ""
    override: bool = strawberry.field(
        default=False, description="although something depends on it; needs a reason"
    )


@strawberry.input
class RestoreNodeInput:
    uid: str
    reason: str = ""


@strawberry.input(description="Cannot be undone")
class EraseNodeInput:
    uid: str
    reason: str


@strawberry.input
class ReplayRefusedInput:
    uids: list[str]
