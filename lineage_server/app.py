"""The server put together: the only place that knows all parts.

Start: bind check → embedded engine (where no address is given) → Bolt → schema → first admin →
writer → services. Stop is the same in reverse, within one deadline: take nothing more, drain the
queue, end the streams and tasks, hang up, stop the engine. An external graph that is away is no
reason to fail: the server starts, answers 503, and connects when the graph is back.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware

from lineage_server.api import errors, health, pages, session, static
from lineage_server.api.artifacts import artifact_routes
from lineage_server.api.bulk import bulk_routes
from lineage_server.api.care import care_routes
from lineage_server.api.deps import GuardMiddleware
from lineage_server.api.exchange import exchange_routes
from lineage_server.api.gql.routes import graphql_routes
from lineage_server.api.intake import intake_routes
from lineage_server.api.limits import BodyBudget, LimitsMiddleware, body_limits
from lineage_server.api.listener import calm_the_collector, listen
from lineage_server.api.services import Services
from lineage_server.api.tracing import TracingMiddleware
from lineage_server.auth.access import (
    FirstAdmin,
    access_for,
    bootstrap_admin,
    check_bind,
    host_rule,
    is_loopback,
)
from lineage_server.auth.audit import AuditLog
from lineage_server.auth.members import Members
from lineage_server.auth.tokens import Tokens
from lineage_server.changes import Change, Changes
from lineage_server.domain.errors import LineageError, UnavailableError
from lineage_server.domain.nodes import Label
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.embedded import BoltAddress, EmbeddedGraph, EngineEvent, default_cache_dir
from lineage_server.graph.look_ahead import keep_planned
from lineage_server.graph.queries import server as server_queries
from lineage_server.graph.schema import migrate
from lineage_server.graph.write import GraphWriter
from lineage_server.ingest.backup import Backups
from lineage_server.ingest.eraser import Eraser
from lineage_server.ingest.others import watch_others
from lineage_server.ingest.rebuild import Rebuilder
from lineage_server.ingest.refused import RefusedEvents
from lineage_server.ingest.store import EventStore
from lineage_server.ingest.telling import numbers_of
from lineage_server.ingest.writer import IngestLimits, IngestWriter
from lineage_server.provenance.service import LineageService
from lineage_server.registry.service import REGISTRY, webhooks_for
from lineage_server.settings import Settings
from lineage_server.storage.service import artifacts_for
from lineage_server.tasks import Tasks
from lineage_server.telemetry import Telemetry
from lineage_server.tracking.views import Views

logger = logging.getLogger(__name__)

_PROBE_SECONDS = 2.0
_LEAST_STOP_SECONDS = 3.0
_RECONNECT_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)


def build_app(settings: Settings, *, telemetry: Telemetry | None = None) -> Starlette:
    """The ASGI application; everything starts and stops in its lifespan.

    ``app.state.server`` is the ``Server``: its ``services`` once they run, ``first_admin`` if a token
    was just made, ``failure`` if the start failed for an expected reason.
    """
    server = Server(settings, telemetry or Telemetry())

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None, None]:
        await server.start(app)
        try:
            yield
        finally:
            await server.stop(app)

    app = Starlette(lifespan=lifespan, middleware=_middleware(settings, server.telemetry))
    errors.install(app)
    app.state.server, app.state.services = server, None
    readiness = health.Readiness({"graph": server.probe_graph, "ingest": server.probe_ingest})
    app.router.routes.extend(
        health.health_routes(readiness, server.telemetry) + pages.page_routes(settings.http)
    )
    app.router.routes.extend(session.session_routes() + intake_routes() + care_routes())
    app.router.routes.extend(artifact_routes() + exchange_routes() + bulk_routes())
    static.install(app)
    return app


def _middleware(settings: Settings, telemetry: Telemetry) -> list[Middleware]:
    """Outermost first."""
    http = settings.http
    hosts = host_rule(settings.auth, http)
    return [
        Middleware(TracingMiddleware, telemetry=telemetry),
        Middleware(GuardMiddleware, check_host=hosts, allowed_origins=http.allowed_origins),
        Middleware(
            LimitsMiddleware,
            limits_for=body_limits(http, settings.ingest),
            budget=BodyBudget(settings.ingest.max_pending_bytes),
            timeout_seconds=http.request_timeout_seconds,
            artifact_budget=BodyBudget(settings.artifacts.max_pending_bytes, "artifacts"),
        ),
    ]


class Server:
    """The life of the parts behind one application."""

    def __init__(self, settings: Settings, telemetry: Telemetry) -> None:
        self.settings = settings
        self.telemetry = telemetry
        self.services: Services | None = None
        self.first_admin: FirstAdmin | None = None
        self.failure: LineageError | None = None
        self._waiting_for = health.NOT_CONNECTED
        self._stack = contextlib.AsyncExitStack()
        self._tasks = Tasks("server")
        self._deadline = 0.0
        self.stopping = False
        self._starting: asyncio.Task[Any] | None = None

    # --- start -----------------------------------------------------------------------------

    async def start(self, app: Starlette) -> None:
        """All parts, in order; whatever was started is stopped again when one fails."""
        self._starting = asyncio.current_task()
        try:
            check_bind(self.settings.auth, self.settings.http)
            address = await self._graph_address()
            services = self._make_services(address)
            self._on_stop("background tasks", lambda: self._tasks.stop(2.0))
            await self._connect_or_wait(app, services)
        except BaseException as error:
            self._starting = None
            self.failure = error if isinstance(error, LineageError) else None
            await self.stop(app)
            if isinstance(error, asyncio.CancelledError):
                raise UnavailableError("stopped while it was starting", part="server") from None
            raise
        self._starting = None
        app.router.routes.extend(graphql_routes(services))

    async def _graph_address(self) -> BoltAddress:
        graph = self.settings.graph
        if graph.uri:
            return BoltAddress(graph.uri, graph.user, graph.password.get_secret_value(), graph.database)
        engine = EmbeddedGraph(
            self.settings.data_path / "graph",
            heap_mb=graph.heap_mb,
            java_options=tuple(graph.java_options.split()),
            durability=graph.durability,
            start_cache=default_cache_dir(),
            on_event=self._note_engine,
        )
        address = await engine.start()
        self._on_stop("embedded engine", engine.stop)
        return address

    def _make_services(self, address: BoltAddress) -> Services:
        """Everything that needs no answer from the graph yet."""
        settings, metrics = self.settings, self.telemetry.metrics
        bolt = self._make_bolt(address)
        self._on_stop("bolt", bolt.close)
        changes = Changes(
            stream_seconds=settings.http.stream_seconds, gauge=metrics.subscribers, resyncs=metrics.resyncs
        )
        members = Members(bolt, cache_seconds=settings.auth.cache_seconds)
        tokens = Tokens(bolt, cache_seconds=settings.auth.cache_seconds)
        self._on_stop("tokens", tokens.stop)

        store = EventStore(bolt, settings.archive_path)
        eraser = Eraser(bolt, store)
        webhooks, deliverer = webhooks_for(settings, bolt, store)
        self._on_stop("webhooks", deliverer.stop)

        def publish(batch: Sequence[Change]) -> None:
            if any(change.label == Label.PROJECT for change in batch):
                members.forget()  # a membership may have changed
            if any(change.kind == "deleted" for change in batch):
                eraser.ring()
            if any(change.label in REGISTRY for change in batch):
                deliverer.ring()
            changes.publish(batch)

        def resync(seq: int) -> None:
            members.forget()
            changes.resync_all(seq)

        ingest = self._make_writer(bolt, publish, resync)
        direct = settings.auth.mode == "open" and is_loopback(settings.http.host)
        return Services(
            settings=settings,
            telemetry=self.telemetry,
            bolt=bolt,
            changes=changes,
            ingest=ingest,
            lineage=LineageService(bolt),
            artifacts=artifacts_for(settings, bolt, ingest.record, direct=direct),
            store=store,
            rebuilder=Rebuilder(bolt, store, ingest),
            eraser=eraser,
            backups=Backups(bolt, ingest),
            access=access_for(settings.auth, tokens, members),
            tokens=tokens,
            members=members,
            audit=AuditLog(bolt),
            webhooks=webhooks,
            deliverer=deliverer,
            views=Views(bolt),
        )

    def _make_bolt(self, address: BoltAddress) -> Bolt:
        graph, metrics = self.settings.graph, self.telemetry.metrics
        return Bolt(
            address.uri,
            user=address.user,
            password=address.password,
            database=address.database,
            max_connections=graph.pool,
            connect_timeout_seconds=graph.connect_timeout_seconds,
            read_timeout_seconds=graph.read_timeout_seconds,
            write_timeout_seconds=graph.write_timeout_seconds,
            timed=lambda way: metrics.bolt.labels(way).time(),
        )

    def _make_writer(
        self, bolt: Bolt, publish: Callable[[Sequence[Change]], None], resync: Callable[[int], None]
    ) -> IngestWriter:
        bounds = self.settings.ingest
        writer = IngestWriter(
            GraphWriter(bolt, timeout_seconds=self.settings.graph.write_timeout_seconds),
            publish=publish,
            resync=resync,
            limits=IngestLimits(
                queue_events=bounds.queue_events,
                queue_bytes=bounds.queue_bytes,
                batch_events=bounds.batch_events,
                event_bytes=bounds.max_event_bytes,
                patience_seconds=bounds.patience_seconds,
            ),
        )
        self.telemetry.sample_ingest(lambda: numbers_of(writer))
        return writer

    async def _connect_or_wait(self, app: Starlette, services: Services) -> None:
        try:
            await self._connect(app, services)
        except UnavailableError as error:
            if not self.settings.graph.uri:
                raise  # our own engine has just said that it is there
            self._waiting_for = health.Part(False, error.message)
            logger.warning("%s; the server starts without it and goes on trying", error.message)
            self._tasks.start("connect to the graph", self._keep_connecting(app, services), ends=True)

    async def _keep_connecting(self, app: Starlette, services: Services) -> None:
        for pause in itertools.chain(_RECONNECT_SECONDS, itertools.repeat(_RECONNECT_SECONDS[-1])):
            await asyncio.sleep(pause)
            try:
                return await self._connect(app, services)
            except LineageError as error:
                # Not only "away": a graph that a newer server has changed may be exchanged, too.
                if error.message != self._waiting_for.detail:
                    logger.warning("not connected: %s", error.message)
                self._waiting_for = health.Part(False, error.message)

    async def _connect(self, app: Starlette, services: Services) -> None:
        """From an address to working services; may be tried again after a failure."""
        settings, bolt, embedded = self.settings, services.bolt, not self.settings.graph.uri
        await bolt.open()
        await migrate(bolt, owner="embedded" if embedded else "")
        if settings.auth.mode == "token":
            made = await bootstrap_admin(services.tokens, settings.data_path)
            self.first_admin = made or self.first_admin
        await services.rebuilder.finish_cut_off(alone=embedded)
        await services.ingest.start()
        self._on_stop("ingest writer", lambda: services.ingest.stop(self._remaining() * 0.7))
        self._tasks.start("plan lineage", keep_planned(bolt, embedded=embedded), ends=embedded)
        self._tasks.start("erase stored payload", services.eraser.run())
        self._tasks.start("tell webhooks", services.deliverer.run())
        kept = RefusedEvents(bolt, most=settings.ingest.refused_events, days=settings.ingest.refused_days)
        self._tasks.start("tidy refused events", kept.keep_tidy(services.ingest.counters))
        days = settings.ingest.archive_after_days
        if days and settings.archive_path is not None:
            self._tasks.start("archive old events", services.store.keep_archiving(days))
        if not embedded:
            watching = watch_others(bolt, services.ingest, services.rebuilder)
            self._tasks.start("watch other servers", watching)
        self.services = app.state.services = services
        logger.info("ready: graph %s", bolt.server_agent or bolt.uri)

    # --- probes ----------------------------------------------------------------------------

    async def probe_graph(self) -> health.Part:
        """Whether the graph answers now."""
        services = self.services
        if services is None:
            return self._waiting_for
        began = time.perf_counter()
        await services.bolt.read(server_queries.PING, timeout_seconds=_PROBE_SECONDS)
        return health.answering(time.perf_counter() - began)

    async def probe_ingest(self) -> health.Part:
        """Whether events are taken."""
        services = self.services
        if services is None or self.stopping:
            return health.STOPPING if self.stopping else health.NOT_STARTED
        writer = services.ingest
        if writer.blocked:
            return health.Part(False, writer.blocked)
        full = writer.queue_depth >= writer.limits.queue_events
        return health.waiting(writer.queue_depth, writer.queued_bytes, full=full)

    # --- stop ------------------------------------------------------------------------------

    def begin_stop(self, app: Starlette) -> None:
        """Take nothing more and end the streams; requests that run may finish, a start may not."""
        self.stopping = True
        self._deadline = time.monotonic() + self.settings.http.stop_timeout_seconds
        app.state.services = None
        if self.services is not None:
            self.services.changes.close()
        if self._starting is not None:
            self._starting.cancel()

    async def stop(self, app: Starlette) -> None:
        """Drain, cancel, close, in reverse order of the start; harmless when nothing runs."""
        if not self.stopping:
            self.begin_stop(app)
        await self._stack.aclose()
        self.services = None

    def _remaining(self) -> float:
        return max(_LEAST_STOP_SECONDS, self._deadline - time.monotonic())

    def _on_stop(self, name: str, stop: Callable[[], Awaitable[object]]) -> None:
        async def bounded() -> None:
            try:
                async with asyncio.timeout(self._remaining()):
                    await stop()
            except TimeoutError:
                logger.error("%s did not stop in time and was left behind", name)
            except LineageError as error:
                logger.error("%s did not stop well: %s", name, error.message)

        self._stack.push_async_callback(bounded)

    def _note_engine(self, event: EngineEvent) -> None:
        if event.kind == "restarted":
            self.telemetry.metrics.engine_restarts.inc()


def serve(
    settings: Settings,
    *,
    ready: Callable[[str], None] | None = None,
    stopping: Callable[[], None] | None = None,
    app: Starlette | None = None,
) -> Starlette:
    """Run until SIGTERM or SIGINT; ``ready`` gets the address once that answers, ``stopping`` is told first.

    Raises what kept the server from starting (a LineageError where it was foreseen).
    """
    check_bind(settings.auth, settings.http)
    calm_the_collector()
    app = app or build_app(settings)
    server: Server = app.state.server

    def begin_stop() -> None:
        if stopping is not None:
            stopping()
        server.begin_stop(app)

    listened = listen(app, settings.http, ready=ready, stopping=begin_stop)
    if server.failure is not None:
        raise server.failure
    if not listened and not server.stopping:
        raise UnavailableError(
            f"the server could not start on {settings.http.host}:{settings.http.port}; the log says why",
            part="http",
        )
    return app
