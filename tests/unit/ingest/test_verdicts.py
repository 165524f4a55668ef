"""Events as they are stored: compressed where that pays, and read back as they came."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lineage_server.ingest.verdicts import COMPRESS_FROM_BYTES, deflate, inflate


@given(
    st.one_of(
        st.binary(max_size=4 * COMPRESS_FROM_BYTES).map(lambda rest: b"{" + rest),
        st.integers(0, 100_000).map(lambda length: b"[" + b"x" * length),
    )
)
def test_an_event_is_read_back_as_it_came(raw: bytes) -> None:
    """Whatever its length: an event begins with a brace or bracket, never as a compressed one does."""
    stored = deflate(raw)
    assert inflate(stored) == raw
    assert len(raw) >= COMPRESS_FROM_BYTES or stored == raw


def test_what_is_stored_is_smaller() -> None:
    raw = b'{"type":"run","params":{"rate":0.1}}' * 20
    assert len(deflate(raw)) < len(raw) / 5
