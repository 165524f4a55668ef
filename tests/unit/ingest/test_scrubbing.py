"""Events lose the secrets that they tell, and nothing else of them changes."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_server.domain.errors import LineageError
from lineage_server.domain.secrets import scrub_known
from lineage_server.ingest.decode import Received, Unreadable, decode_lines
from lineage_server.ingest.scrubbing import without_secrets

SECRETS = (
    "ghp_" + "a1B2" * 9, "AKIA" + "A1B2" * 4, "glpat-" + "x" * 20, "hf_" + "q" * 30, "sk-" + "k" * 24,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
)  # fmt: skip
URIS = {
    "postgresql://me:pw-1234@db/x": "postgresql://db/x",
    "https://tok3n@git.example.com/a": "https://git.example.com/a",
    "s3://bucket/key?X-Amz-Signature=deadbeef&a=1": "s3://bucket/key?X-Amz-Signature=***&a=1",
    "https://x.blob/y?sv=1&sig=abcd%3D": "https://x.blob/y?sv=1&sig=***",
}
KEPT = (
    "s3://bucket/a@b", "abfss://container@account.dfs.core.windows.net/x", "ssh://git@example.com/repo.git",
    "https://example.com/x?page=2", "task-1 of sk-learn", "Bearer of news", "한국어 \u2028 텍스트",
)  # fmt: skip


def told(value: str, *, ascii_only: bool = False) -> bytes:
    event = {
        "type": "run",
        "run": "11111111-2222-4333-8444-555555555555",
        "params": {"a": value, "b": value},
        "inputs": [{"name": "x", "uri": value}],
        "unknown": {"deep": [{"er": value}]},
    }
    return json.dumps(event, ensure_ascii=ascii_only).encode()


def read(line: bytes) -> Received | Unreadable:
    (one,) = decode_lines(line, max_event_bytes=1 << 20, now=1 << 60, skew_seconds=1e9, max_events=10)
    return one


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("secret", SECRETS)
def test_no_known_shape_is_kept_anywhere(secret: str, ascii_only: bool) -> None:
    one = read(told(f"a {secret} b", ascii_only=ascii_only))
    assert isinstance(one, Received), one
    assert json.dumps(secret)[1:-1].encode() not in one.raw
    assert json.loads(one.raw) == json.loads(told("a *** b"))
    assert secret not in repr(one.event)


@pytest.mark.parametrize("uri", URIS)
def test_addresses_lose_their_credentials(uri: str) -> None:
    for line in (told(uri), told(uri).replace(b"/", b"\\/"), told(uri).replace(b"@", b"\\u0040")):
        assert json.loads(read(line).raw) == json.loads(told(URIS[uri]))


@pytest.mark.parametrize("text", KEPT)
def test_what_is_no_secret_stays_as_it_came(text: str) -> None:
    line = told(text)
    assert read(line).raw == line


def test_a_line_that_is_refused_is_kept_without_its_secret() -> None:
    line = told(SECRETS[0])
    for wrong in (line[:-1], b"\xff " + line, line.replace(b"run", b"ruin", 1)):
        one = read(wrong)
        assert isinstance(one, Unreadable)
        assert isinstance(one.error, LineageError)
        assert SECRETS[0].encode() not in one.raw


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x))
)
def test_an_event_without_secrets_is_never_touched(value: Any) -> None:
    line = json.dumps({"type": "run", "params": value}, ensure_ascii=False).encode("utf-8", "replace")
    if scrub_known(json.dumps(value)) == json.dumps(value):
        assert json.loads(without_secrets(line)) == json.loads(line)


HOSTILE = "a. eyJ- eyJaaaaaaaaaaa. a:// :// ?a &a= -----BEGIN a+ sk- Bearer @".split()


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_costs_time_by_its_length_only(piece: str) -> None:
    text = "x://" + piece * ((1 << 20) // len(piece))
    began = time.thread_time()
    scrub_known(text)
    assert time.thread_time() - began < 5, "by its square it would be minutes"
