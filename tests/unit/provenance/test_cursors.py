"""Cursors: what we gave out is read back, anything else is refused with a word on what would do."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_server.domain.errors import InvalidInputError
from lineage_server.provenance.cursors import Cursor, decode


@given(skip=st.integers(0, 1000), known_at=st.integers(0, 1 << 62), uid=st.sampled_from(["", "run:x"]))
def test_cursor_is_read_back(skip: int, known_at: int, uid: str) -> None:
    cut = {"uid": uid, "type": "INPUT_TO", "direction": "UPSTREAM"} if uid else {}
    cursor = Cursor(skip=skip, known_at=known_at, **cut)
    assert decode(cursor.encode()) == cursor


def _packed(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


def _cut(uid: str, kind: str, direction: str = "UPSTREAM") -> str:
    return _packed({"uid": uid, "type": kind, "direction": direction})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "é",
        _packed([]),
        _packed({"skip": -1}),
        _packed({"skip": True}),
        _packed({"skip": 10**9}),
        _packed({"skip": 1 << 70}),
        _packed({"uid": 7}),
        _packed({"uid": "run:x"}),
        _packed({"type": "INPUT_TO"}),
        _packed({"direction": "UPSTREAM"}),
        _packed({"other": 1}),
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
        _cut("run:x", "INPUT_TO", "SIDEWAYS"),
        _cut("run:x", "INPUT_TO", "DOWNSTREAM"),
        _cut("run:x", ""),
        _cut("version:x", ""),
        _cut("version:x", "INPUT_TO"),
        _cut("version:x", "NONSENSE"),
        _cut("actor:x", "BY"),
        _cut("run", "INPUT_TO"),
        _cut("run:\ud800", "INPUT_TO"),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="no cursor"):
        decode(text)
