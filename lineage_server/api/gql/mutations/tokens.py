"""Tokens: made, shown once, revoked. Who may make which is decided by ``auth.tokens``."""

from __future__ import annotations

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.inputs.changes import CreateTokenInput, RevokeTokenInput
from lineage_server.api.gql.permissions import SignedIn
from lineage_server.api.gql.types.payloads import (
    MENDABLE,
    CreateTokenPayload,
    RevokeTokenPayload,
    problem_of,
)
from lineage_server.api.gql.types.records import token_of
from lineage_server.auth.tokens import NewToken

Ctx = Info[Context, None]


@strawberry.type
class TokenMutations:
    @strawberry.mutation(permission_classes=[SignedIn], description="Make a token; its text is told once")
    async def create_token(self, info: Ctx, input: CreateTokenInput) -> CreateTokenPayload:
        context = context_of(info)
        wanted = NewToken(
            name=input.name,
            kind="service" if input.service else "personal",
            subject=input.subject,
            scopes={scope.project: scope.role for scope in input.scopes},
            platform_admin=input.platform_admin,
            expires_at=input.expires_at,
        )
        try:
            tokens = context.services.tokens
            token, text = await tokens.create(context.principal, wanted, origin=context.origin)
        except MENDABLE as error:
            return CreateTokenPayload(problems=[problem_of(error)])
        return CreateTokenPayload(problems=[], token=token_of(token), text=text)

    @strawberry.mutation(permission_classes=[SignedIn], description="End a token")
    async def revoke_token(self, info: Ctx, input: RevokeTokenInput) -> RevokeTokenPayload:
        context = context_of(info)
        try:
            tokens = context.services.tokens
            token = await tokens.revoke(context.principal, input.token, origin=context.origin)
        except MENDABLE as error:
            return RevokeTokenPayload(problems=[problem_of(error)])
        return RevokeTokenPayload(problems=[], token=token_of(token))
