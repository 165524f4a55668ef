"""Payloads of the registry's mutations: what was changed, and what the user can mend."""

from __future__ import annotations

import strawberry

from lineage_server.api.gql.types.base import Node
from lineage_server.api.gql.types.models import Alias, Approval, ModelVersion, RegisteredModel
from lineage_server.api.gql.types.payloads import Problem


@strawberry.type
class RegisterModelPayload:
    problems: list[Problem]
    model: RegisteredModel | None = None


@strawberry.type
class UpdateModelPayload:
    problems: list[Problem]
    model: RegisteredModel | None = None


@strawberry.type
class CreateModelVersionPayload:
    problems: list[Problem]
    version: ModelVersion | None = None


@strawberry.type
class UpdateModelVersionPayload:
    problems: list[Problem]
    version: ModelVersion | None = None


@strawberry.type
class SetModelStatePayload:
    problems: list[Problem]
    node: Node | None = None


@strawberry.type
class SetHoldPayload:
    problems: list[Problem]
    node: Node | None = None


@strawberry.type
class SetTimeToLivePayload:
    problems: list[Problem]
    node: Node | None = None


@strawberry.type
class SetAliasPayload:
    problems: list[Problem]
    alias: Alias | None = None


@strawberry.type
class DeleteAliasPayload:
    problems: list[Problem]
    alias: Alias | None = None


@strawberry.type
class SetProtectionPayload:
    problems: list[Problem]
    node: Node | None = strawberry.field(default=None, description="the alias, or the model")


@strawberry.type
class RequestApprovalPayload:
    problems: list[Problem]
    approval: Approval | None = None


@strawberry.type
class DecideApprovalPayload:
    problems: list[Problem]
    approval: Approval | None = None
