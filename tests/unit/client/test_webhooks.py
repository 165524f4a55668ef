"""What a receiver of webhooks checks with ``verify_webhook``."""

from __future__ import annotations

import json
import time

import pytest

from lineage_server.client import InvalidInputError, NotAuthenticatedError, verify_webhook
from lineage_server.domain.signatures import signature

SECRET = "whsec_of_these_tests"
BODY = json.dumps({"kind": "alias", "alias": "prød"}, ensure_ascii=False).encode()


def headers(age: float = 0.0, body: bytes = BODY, secret: str = SECRET) -> dict[str, str]:
    stamp = str(int(time.time() - age))
    return {"X-Lineage-Timestamp": stamp, "X-LINEAGE-signature": signature(secret, stamp, body)}


def test_what_was_signed_with_the_secret_is_told() -> None:
    assert verify_webhook(BODY, headers(), SECRET) == json.loads(BODY)
    assert verify_webhook(BODY.decode(), headers(), SECRET)["kind"] == "alias"
    assert verify_webhook(BODY, headers(age=500), SECRET, max_age_seconds=600)["alias"] == "prød"


def wrong(case: str) -> tuple[bytes, dict[str, str], str]:
    """A request, made now, and why it is refused."""
    other = "not signed with this secret"
    return {
        "another body": (BODY.replace(b"alias", b"sails"), headers(), other),
        "another secret": (BODY, headers(secret="whsec_other"), other),
        "another time": (BODY, {**headers(), "X-Lineage-Timestamp": str(int(time.time()) - 9)}, other),
        "no signature": (BODY, {"x-lineage-timestamp": "1"}, "no header x-lineage-signature"),
        "no time": (BODY, {"x-lineage-signature": "sha256=0"}, "no header x-lineage-timestamp"),
        "no words": (BODY, {**headers(), "X-LINEAGE-signature": "ünsigned"}, other),
        "no JSON": (b"told", headers(body=b"told"), "not as a webhook's is"),
        "long ago": (BODY, headers(age=400), "signed 40. s ago, at most 300 s"),
        "far ahead": (BODY, headers(age=-400), "one of both clocks is wrong"),
    }[case]


CASES = (
    *("another body", "another secret", "another time", "no signature", "no time", "no words", "no JSON"),
    *("long ago", "far ahead"),
)


@pytest.mark.parametrize("case", CASES)
def test_what_was_not_or_too_long_ago_is_refused(case: str) -> None:
    body, given, words = wrong(case)
    with pytest.raises(NotAuthenticatedError, match=words):
        verify_webhook(body, given, SECRET)


def test_without_a_secret_nothing_is_checked() -> None:
    with pytest.raises(InvalidInputError, match="secret is"):
        verify_webhook(BODY, headers(), "")
