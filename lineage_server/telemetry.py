"""What the server tells about itself: log lines, trace ids, metrics.

Belongs here: the format of the log, the ids that join the lines of one request, and the registry
of metrics. Does not: what is logged or counted (each part does that where it happens), and HTTP.
``Telemetry`` is handed down as a value; nothing registers with prometheus-client's global registry,
so two servers (or two tests) in one process never share a number.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TextIO

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

# --- trace ids ---------------------------------------------------------------------------

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class Trace:
    """Ids of the request we are in; ``parent_id`` is the caller's span, empty when it sent none."""

    trace_id: str
    span_id: str
    parent_id: str
    request_id: str

    @property
    def traceparent(self) -> str:
        """The header for calls that belong to this request (W3C Trace Context)."""
        return f"00-{self.trace_id}-{self.span_id}-01"


_current: ContextVar[Trace | None] = ContextVar("lineage_trace", default=None)


def current_trace() -> Trace | None:
    """The trace of the running request; None outside of one."""
    return _current.get()


def set_trace(trace: Trace) -> None:
    """Make ``trace`` the one of this task and of the tasks it starts."""
    _current.set(trace)


def read_trace(traceparent: str, request_id: str) -> Trace:
    """Take up the caller's trace where its headers are valid, else begin one."""
    match = _TRACEPARENT.fullmatch(traceparent)
    # All zeros and version ff are invalid by the standard.
    if match is None or traceparent.startswith("ff") or not match[1].strip("0") or not match[2].strip("0"):
        trace_id, parent_id = secrets.token_hex(16), ""
    else:
        trace_id, parent_id = match[1], match[2]
    if not _REQUEST_ID.fullmatch(request_id):  # it goes into logs and headers: nothing strange in it
        request_id = trace_id[:16]
    return Trace(trace_id, secrets.token_hex(8), parent_id, request_id)


# --- log ---------------------------------------------------------------------------------


class JsonLines(logging.Formatter):
    """One JSON object a line; ``extra={"fields": {…}}`` adds to it."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        trace = _current.get()
        if trace is not None:
            line["trace_id"] = trace.trace_id
            line["request_id"] = trace.request_id
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class TextLines(logging.Formatter):
    """For people at a terminal; the request's id ends the line."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's own name)
        text = super().formatMessage(record)
        trace = _current.get()
        return text if trace is None else f"{text} [{trace.request_id}]"


class _ToldAlready(logging.Filter):
    """uvicorn repeats what has been said: defects that ``api/errors.py`` logged under an id, and the
    expected reasons for which the start failed, which ``app`` raises to its caller."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if text.startswith("Traceback "):
            # The last one ended it; its message may have many lines, a stranger's log among them.
            ended = _AT_THE_MARGIN.search(text.rpartition("Traceback ")[2])
            return ended is None or not ended[0].startswith("lineage_server.")
        return not text.startswith(("Exception in ASGI application", "Application startup failed"))


_AT_THE_MARGIN = re.compile(r"^[A-Za-z_][\w.]*(?=:|$)", re.MULTILINE)


def start_logging(
    *, level: str, form: Literal["auto", "json", "text"] = "auto", stream: TextIO | None = None
) -> None:
    """Send all loggers of the process to ``stream`` (standard error), in one format."""
    out = stream if stream is not None else sys.stderr
    text = form == "text" or (form == "auto" and out.isatty())
    handler = logging.StreamHandler(out)
    handler.setFormatter(TextLines() if text else JsonLines())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    # The driver tells of every broken connection; our own messages say what it means.
    logging.getLogger("neo4j").setLevel(logging.ERROR)
    for name in ("httpx", "httpx2", "httpcore", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)  # a line for every request they make
    logging.getLogger("uvicorn.error").addFilter(_ToldAlready())


# --- metrics -----------------------------------------------------------------------------

_BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Every metric of the server. Label values come from closed sets, never from what users send."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def histogram(name: str, words: str, labels: tuple[str, ...] = ()) -> Histogram:
            return Histogram(name, words, labels, registry=registry, buckets=_BUCKETS_SECONDS)

        self.requests = histogram(
            "lineage_http_request_seconds",
            "Time to the end of an answer, by route, method and status.",
            ("route", "method", "status"),
        )
        self.operations = histogram(
            "lineage_graphql_operation_seconds",
            "Time of a GraphQL operation, by name (persisted ones; all others are 'other') and outcome.",
            ("operation", "outcome"),
        )
        self.bolt = histogram("lineage_bolt_seconds", "Bolt statements, by kind: read, write.", ("kind",))
        self.subscribers = Gauge("lineage_subscribers", "Open change streams.", registry=registry)
        self.sockets = Gauge("lineage_sockets", "Open WebSockets.", registry=registry)
        self.resyncs = Counter(
            "lineage_resyncs", "Streams that were too slow to be told everything.", registry=registry
        )
        self.engine_restarts = Counter(
            "lineage_engine_restarts", "Restarts of the embedded engine.", registry=registry
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestNumbers:
    """The intake's numbers at one moment; totals count from the start of the process."""

    queue_events: int
    queue_bytes: int
    accepted: int
    duplicate: int
    refused: int
    overloads: int
    retries: int
    batches: int
    last_batch_seconds: float
    last_commit_at: int


class _IngestSample(Collector):
    """Read when somebody scrapes: the writer's hot path pays nothing."""

    def __init__(self, read: Callable[[], IngestNumbers]) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        now = self._read()
        events = CounterMetricFamily("lineage_ingest_events", "Events by verdict.", labels=["verdict"])
        for verdict in ("accepted", "duplicate", "refused"):
            events.add_metric([verdict], getattr(now, verdict))
        yield events
        for name, words, total in (
            ("overloads", "Requests answered 503 because the queue was full.", now.overloads),
            ("retries", "Batches that had to be tried again.", now.retries),
            ("batches", "Committed batches.", now.batches),
        ):
            yield CounterMetricFamily(f"lineage_ingest_{name}", words, value=total)
        for name, words, value in (
            ("queue_events", "Events that wait for the writer.", now.queue_events),
            ("queue_bytes", "Bytes of events that wait for the writer.", now.queue_bytes),
            ("lag_seconds", "Time the last batch took from its start to its commit.", now.last_batch_seconds),
            ("last_commit_timestamp_seconds", "When a batch was last committed.", now.last_commit_at / 1e6),
        ):
            yield GaugeMetricFamily(f"lineage_ingest_{name}", words, value=value)


@dataclass(frozen=True)
class Telemetry:
    """What parts that measure are given."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    metrics: Metrics = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "metrics", Metrics(self.registry))

    def sample_ingest(self, read: Callable[[], IngestNumbers]) -> None:
        """Ask ``read`` for the intake's numbers at every scrape."""
        self.registry.register(_IngestSample(read))

    def exposition(self) -> tuple[bytes, str]:
        """Prometheus text and its content type."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST
