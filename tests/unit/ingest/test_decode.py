"""Bytes to events: what is read, what is refused alone and with which words, and the way back."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from typing import Any

import pytest

from lineage_server.domain.errors import InvalidInputError, LimitError
from lineage_server.domain.events import EVENT_TYPES, InputFact, OutputFact, RunReported, VersionReported
from lineage_server.ingest.decode import FutureEventError, Received, Unreadable, decode, decode_lines, encode
from tests.support.stories import story

RUN = "0198c0de-0000-7000-8000-000000000001"
NOW = 1_760_000_000_000_000
SECOND = 1_000_000
LIMIT = 1 << 20


def line(**more: Any) -> bytes:
    return json.dumps({"type": "run", "run": RUN, **more}).encode()


def read(body: bytes, *, skew_seconds: float = 60) -> list[Received | Unreadable]:
    return decode_lines(body, max_event_bytes=LIMIT, now=NOW, skew_seconds=skew_seconds, max_events=50)


def refusal(raw: bytes) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as caught:
        decode(raw, max_event_bytes=LIMIT)
    return caught.value


# --- there and back ------------------------------------------------------------------------------


@pytest.mark.parametrize("event", story(), ids=lambda event: f"{event.type}-{event.id}")
def test_event_survives_the_wire(event: Any) -> None:
    wire = encode(event)
    assert decode(wire, max_event_bytes=LIMIT) == event
    assert b"\n" not in wire


def test_defaults_are_not_sent() -> None:
    assert json.loads(encode(RunReported(run=RUN))) == {"type": "run", "run": RUN}
    told = json.loads(encode(RunReported(run=RUN, outputs=[OutputFact(name="a", size=0)])))
    assert told["outputs"] == [{"name": "a", "size": 0}]


def test_text_of_all_scripts_survives_the_wire() -> None:
    event = RunReported(run=RUN, name="模型 \u202e \U0001f600", tags={"ключ": "a\u2028b"}, project="项目")
    assert decode(encode(event), max_event_bytes=LIMIT) == event


# --- bodies --------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b"\n", b" \r\n\t\n", b"[]"])
def test_body_without_events_is_none(body: bytes) -> None:
    assert read(body) == []


def test_body_is_lines_or_an_array() -> None:
    one, two = line(name="a"), line(name="b")
    array = b"[" + one + b", " + two + b"]"
    for body in (one + b"\n" + two, one + b"\r\n\n" + two + b"\n", array, b"\n " + array + b"\n"):
        told = read(body)
        assert [(item.index, item.raw) for item in told] == [(0, one), (1, two)]
        assert all(isinstance(item, Received) for item in told)


def test_broken_line_among_good_ones_is_refused_alone() -> None:
    told = read(b"\n".join([line(name="a"), b'{"type":', line(name="b"), b"\xff", line(name="c")]))
    assert [isinstance(item, Received) for item in told] == [True, False, True, False, True]
    assert [item.index for item in told] == [0, 1, 2, 3, 4]
    assert told[1].raw == b'{"type":'


def test_array_that_is_cut_is_one_broken_line() -> None:
    (only,) = read(b"[" + line() + b", " + line()[:10])
    assert isinstance(only, Unreadable)
    assert "one whole array" in str(only.error)


def test_line_over_the_limit_says_what_to_do() -> None:
    with pytest.raises(LimitError) as caught:
        decode(line(description="x" * 1_000), max_event_bytes=500)
    assert caught.value.limit == 500
    assert caught.value.actual > 1_000
    assert "send fewer points" in caught.value.message


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "field", "says"),
    [
        (b"{", "line", "not JSON"),
        (b'{"type":"run"} {}', "line", "not JSON"),
        (b'{"type":"run","run":NaN}', "line", "not JSON, which has no number NaN"),
        (b'{"type":"run","params":{"lr":-Infinity}}', "line", "which has no number Infinity"),
        (b'{"type":"run","run":Nope}', "line", "not JSON: JSON is malformed"),
        (b'{"type":"run","run":"\xff"}', "line", ""),
        (b'{"type":"run","run":"' + RUN.encode() + b'","later":"\xff"}', "line", "not JSON"),
        (b'{"type":"run","run":"\\ud800"}', "line", ""),
        (b'{"type":"run","run":"' + RUN.encode() + b'","name":"a\\u0000"}', "line", "NUL"),
        (b"{}", "type", "not known"),
        (b'{"type":"runs"}', "type", "not known"),
        (b'{"type":"run"}', "line", "run"),
        (b'{"type":"run","run":7}', "run", "str"),
        (line(state="gone"), "state", "gone"),
        (line(outputs=[{"name": 7}]), "outputs[0].name", "str"),
        (line(outputs=[{}]), "outputs[0]", "name"),
        (line(params={"a": [1]}), "params[...]", "array"),
        (line(attempt="first"), "attempt", "int"),
        (
            line(at="2026-01-01T00:00:00"),
            "at",
            "'2026-01-01T00:00:00' has no time zone: write RFC 3339",
        ),
        (line(at="yesterday"), "at", "at 'yesterday' is not a time: write RFC 3339 such as 2026-03-03T00:"),
        (line(ended_at="9" * 300), "ended_at", "is not a time"),
        (line(outputs=[{"name": "a", "sealed_at": "noon"}]), "sealed_at", "'noon' is not a time"),
        (line(project="a/b"), "project", "not a project name"),
        (line(id="x" * 201), "id", "200"),
        (line(id="a\nb"), "id", "control"),
        (b'{"x":' * 100_000, "line", "deeply"),
        (b"[" * 100_000, "line", "one event a line"),
        (b"[1, 2]", "line", "one whole array"),
    ],
)
def test_refusal_names_the_place_and_the_fault(raw: bytes, field: str, says: str) -> None:
    error = refusal(raw)
    assert error.field == field
    assert says in error.message
    assert len(error.message) < 500


def test_unknown_type_is_told_with_the_known_ones() -> None:
    assert refusal(b'{"type":"x"}').allowed == ", ".join(EVENT_TYPES)


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_required_fields_are_asked_for(name: str) -> None:
    cls = EVENT_TYPES[name]
    required = [f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING]
    if required:
        assert f"`{required[0]}`" in refusal(json.dumps({"type": name}).encode()).message
    else:
        assert decode(json.dumps({"type": name}).encode(), max_event_bytes=LIMIT) == cls()


# --- leniency ------------------------------------------------------------------------------------


def test_times_may_be_text_wherever_a_time_stands() -> None:
    noon, one = "2025-10-09T08:53:20Z", "2025-10-09T10:53:20.5+02:00"
    outputs = [{"name": "a", "sealed_at": one}]
    event = decode(line(at=noon, started_at=one, outputs=outputs), max_event_bytes=LIMIT)
    assert isinstance(event, RunReported)
    assert (event.at, event.started_at) == (NOW, NOW + SECOND // 2)
    assert event.outputs[0].sealed_at == NOW + SECOND // 2
    version = {"type": "version", "artifact": "a", "digest": "sha256:" + "a" * 64, "ttl_at": noon}
    told = decode(json.dumps(version).encode(), max_event_bytes=LIMIT)
    assert isinstance(told, VersionReported)
    assert told.ttl_at == NOW


def test_unknown_fields_are_passed_over() -> None:
    raw = line(later={"a": [1, {"b": None}]}, source="client")
    assert decode(raw, max_event_bytes=LIMIT) == RunReported(run=RUN)
    # Also where they look like times, beside times that are text.
    inputs = [{"name": "a", "seen_at": "noon"}]
    event = decode(line(at="2025-10-09T08:53:20Z", later_at="noon", inputs=inputs), max_event_bytes=LIMIT)
    assert event == RunReported(run=RUN, at=NOW, inputs=[InputFact(name="a")])


def test_the_last_of_two_equal_keys_counts() -> None:
    """As every JSON reader does; the stored text keeps both."""
    raw = line()[:-1] + b',"name":"first","name":"second"}'
    assert decode(raw, max_event_bytes=LIMIT) == RunReported(run=RUN, name="second")
    assert refusal(b'{"type":"run","type":"what","run":"' + RUN.encode() + b'"}').field == "type"


def test_project_has_one_spelling() -> None:
    apart, composed = "cafe\u0301", "caf\u00e9"
    assert decode(line(project=apart), max_event_bytes=LIMIT).project == composed


# --- times ---------------------------------------------------------------------------------------


def test_event_from_the_future_may_come_again_later() -> None:
    for ahead, taken in ((0, True), (60 * SECOND, True), (61 * SECOND, False), (10**14, False)):
        (only,) = read(line(at=NOW + ahead))
        assert isinstance(only, Received) is taken
        if isinstance(only, Unreadable):
            assert isinstance(only.error, FutureEventError)
            assert only.error.retriable
            assert "check the producer's clock" in only.error.message


def test_event_from_the_far_past_is_taken() -> None:
    for at in (1, SECOND, NOW - 10 * 365 * 86_400 * SECOND):
        (only,) = read(line(at=at))
        assert isinstance(only, Received)
        assert only.event.at == at


@pytest.mark.parametrize("at", [-1, 1 << 53, 1 << 62])
def test_time_beyond_all_times_is_never_taken(at: int) -> None:
    (only,) = read(line(at=at))
    assert isinstance(only, Unreadable)
    assert not only.error.retriable
    assert "microseconds" in str(only.error)
