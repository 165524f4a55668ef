"""The log, where what uvicorn repeats of an expected failure is left out; and the page of metrics."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lineage_server.telemetry import Telemetry, start_logging

TRACE = 'Traceback (most recent call last):\n  File "x.py", line 1, in y\n    z()\n'
EXPECTED = f"{TRACE}lineage_server.domain.errors.UnavailableError: it ended; its last lines:"
STRANGERS_LOG = "\njava.lang.IllegalStateException: no\n\tat com.example.Main\n2026-11-27 INFO ended\n"
UNFORESEEN = (
    f"{EXPECTED}\n\nDuring handling of the above exception, another exception occurred:\n\n{TRACE}KeyError: 1"
)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    names = (None, "uvicorn", "uvicorn.error", "uvicorn.access", "neo4j")
    before = [(one, one.handlers[:], one.level, one.filters[:]) for one in map(logging.getLogger, names)]
    stream = io.StringIO()
    start_logging(level="INFO", form="text", stream=stream)
    yield stream
    for logger, handlers, level, filters in before:
        logger.handlers[:], logger.filters[:] = handlers, filters
        logger.setLevel(level)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (EXPECTED, False),
        (EXPECTED + STRANGERS_LOG, False),
        (UNFORESEEN, True),
        (TRACE + "ValueError: lineage_server.x", True),
        ("Application startup failed. Exiting.", False),
        ("Uvicorn running", True),
    ],
)
def test_expected_failures_are_told_once(log: io.StringIO, text: str, told: bool) -> None:
    logging.getLogger("uvicorn.error").error(text)
    assert (text.splitlines()[-1] in log.getvalue()) is told


def test_servers_in_one_process_count_apart() -> None:
    one, other = Telemetry(), Telemetry()
    one.metrics.requests.labels(route='/odd"one', method="GET", status="200").observe(0.2)
    page, kind = one.exposition()
    assert kind.startswith("text/plain")
    read = [sample for family in text_string_to_metric_families(page.decode()) for sample in family.samples]
    (counted,) = (one for one in read if one.name == "lineage_http_request_seconds_count")
    assert (counted.value, counted.labels["route"]) == (1.0, '/odd"one')
    assert b"odd" not in other.exposition()[0]
