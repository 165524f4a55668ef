"""Query fields about access and the server itself: projects, members, tokens, audit, intake."""

from __future__ import annotations

import strawberry
from strawberry.types import Info

from lineage_server import __version__
from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.permissions import SeesEverything
from lineage_server.api.gql.types import nodes as shown
from lineage_server.api.gql.types import records
from lineage_server.api.gql.types.listing import Connection, connection
from lineage_server.auth.principal import Permission
from lineage_server.domain import ids
from lineage_server.domain.errors import NotFoundError
from lineage_server.domain.ids import DEFAULT_PROJECT
from lineage_server.graph.schema import engine_of
from lineage_server.tracking.filters import check_first

Ctx = Info[Context, None]


@strawberry.type
class AdministrationQueries:
    @strawberry.field(description="Projects that you may see, by name")
    async def projects(self, info: Ctx, first: int = 100, after: str = "") -> Connection[shown.Project]:
        context = context_of(info)
        page = await context.tracking.list_projects(scope=context.scope, first=first, after=after)
        found = [shown.node_of(node) for node in page.items]
        return connection(found, page.cursors, has_more=page.has_more, after=after)

    @strawberry.field(description="A project by name")
    async def project(self, info: Ctx, name: str) -> shown.Project:
        return shown.node_of(await context_of(info).node(ids.project_uid(name)))

    @strawberry.field(description="Who has which role in a project")
    async def members(
        self, info: Ctx, project: str, first: int = 100, after: str = ""
    ) -> Connection[records.Member]:
        context = context_of(info)
        check_first(first)
        context.principal.check(Permission.READ, project)
        await context.node(ids.project_uid(project))
        members = context.services.members
        page = await members.list_members(project, first=first, after=after)

        async def count() -> int:
            return await members.count_members(project)

        found = [records.Member(subject=subject, role=role) for subject, role in page.roles.items()]
        return connection(found, list(page.roles), has_more=page.has_more, after=after, counter=count)

    @strawberry.field(
        description="Your tokens, and services' that stay within projects you administer; newest first"
    )
    async def tokens(
        self, info: Ctx, include_revoked: bool = False, first: int = 100, after: str = ""
    ) -> Connection[records.Token]:
        context = context_of(info)
        check_first(first)
        tokens, principal = context.services.tokens, context.principal
        page = await tokens.list_tokens(principal, dead=include_revoked, first=first, after=after)

        async def count() -> int:
            return await tokens.count_tokens(principal, dead=include_revoked)

        found = [records.token_of(token) for token in page.tokens]
        return connection(found, page.cursors, has_more=page.has_more, after=after, counter=count)

    @strawberry.field(description="What was done, newest first; without a project everything")
    async def audit(
        self, info: Ctx, project: str | None = None, target: str = "", first: int = 100, after: str = ""
    ) -> Connection[records.AuditEntry]:
        context = context_of(info)
        check_first(first)
        if project:
            context.principal.check(Permission.ADMIN, project)
        else:
            context.principal.check(Permission.PLATFORM_ADMIN)
        page = await context.services.audit.list_records(
            project=project or "", targets=[target] if target else (), after=after, first=first
        )
        entries = [records.audit_of(record) for record in page.records]
        cursors = [record.id for record in page.records]
        return connection(entries, cursors, has_more=page.has_more, after=after)

    @strawberry.field(permission_classes=[SeesEverything], description="The intake now, of all projects")
    async def ingest_status(self, info: Ctx) -> records.IngestStatus:
        return records.status_of(context_of(info).services.ingest)

    @strawberry.field(description="Events that were not taken, newest first")
    async def refused_events(
        self, info: Ctx, first: int = 100, after: str = ""
    ) -> Connection[records.RefusedEvent]:
        context = context_of(info)
        page = await context.tracking.list_refused(scope=context.scope, first=first, after=after)

        async def count() -> int:
            return await context.tracking.count_refused(scope=context.scope)

        found = [records.refused_of(one) for one in page.items]
        return connection(found, page.cursors, has_more=page.has_more, after=after, counter=count)

    @strawberry.field(description="When watchers missed something, the latest first")
    async def watch_gaps(self, info: Ctx, first: int = 50, after: str = "") -> Connection[records.WatchGap]:
        context = context_of(info)
        page = await context.tracking.gaps.list_gaps(scope=context.scope, first=first, after=after)
        found = [records.gap_of(one) for one in page.items]
        return connection(found, page.cursors, has_more=page.has_more, after=after)

    @strawberry.field(description="A stored event as it was received, by uid or by its id in a project")
    async def event(self, info: Ctx, id: str, project: str = DEFAULT_PROJECT) -> records.Event:
        context = context_of(info)
        uid = id if id.startswith("event:") else ids.event_uid(project, id)
        scope = context.scope
        found = await context.services.store.find(uid, None if scope is None else sorted(scope))
        if found is None:
            raise NotFoundError(f"event {ids.shorten(id)!r} is not there, or not yours to see")
        return records.event_of(found)

    @strawberry.field(description="Who you are here")
    async def me(self, info: Ctx) -> records.Me:
        principal = context_of(info).principal
        return records.Me(
            subject=principal.subject,
            issuer=principal.issuer,
            kind=principal.kind,
            platform_admin=principal.platform_admin,
            everywhere=principal.everywhere,
            projects=records.access(dict(principal.roles)),
            scopes=list(principal.scopes),
        )

    @strawberry.field(description="The server and the graph behind it")
    async def server(self, info: Ctx) -> records.ServerInfo:
        context = context_of(info)
        context.principal  # noqa: B018 – raises for nobody
        engine = engine_of(context.services.bolt.server_agent)
        settings = context.services.settings
        return records.ServerInfo(
            name="lineage-server",
            version=__version__,
            engine=engine.name,
            engine_version=engine.version,
            auth_mode=settings.auth.mode,
            retention=records.Retention(
                refused_days=settings.ingest.refused_days,
                archive_after_days=settings.ingest.archive_after_days,
                deleted_days=settings.artifacts.deleted_days,
                delivery_days=settings.webhooks.kept_days,
            ),
        )
