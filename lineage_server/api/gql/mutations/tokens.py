"""Tokens: made, shown once, revoked. Who may make which is decided by ``auth.tokens``."""

from __future__ import annotations

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.inputs.changes import CreateTokenInput, RevokeTokenInput
from lineage_server.api.gql.mutations.recording import audit
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
            token, text = await context.services.tokens.create(context.principal, wanted)
        except MENDABLE as error:
            return CreateTokenPayload(problems=[problem_of(error)])
        after = {"name": token.name, "subject": token.subject, "scopes": dict(token.scopes)}
        await audit(context, "createToken", token.uid, after=after)
        return CreateTokenPayload(problems=[], token=token_of(token), text=text)

    @strawberry.mutation(permission_classes=[SignedIn], description="End a token")
    async def revoke_token(self, info: Ctx, input: RevokeTokenInput) -> RevokeTokenPayload:
        context = context_of(info)
        try:
            token = await context.services.tokens.revoke(context.principal, input.token)
        except MENDABLE as error:
            return RevokeTokenPayload(problems=[problem_of(error)])
        await audit(context, "revokeToken", token.uid, before={"name": token.name})
        return RevokeTokenPayload(problems=[], token=token_of(token))
