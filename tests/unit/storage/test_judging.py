"""What protects a version's bytes, and what does not, with the reason in words."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest

from lineage_server.storage.judging import rules_at, why_it_goes, why_they_stay

DAY = 86_400_000_000
NOW = 1_760_000_000_000_000
RULES = rules_at(NOW, grace_hours=24, deleted_days=30)
OLD = NOW - 100 * DAY
PLAIN: dict[str, Any] = {
    **dict.fromkeys(("deleted_at", "hold", "ttl_at", "erased", "tomb")),
    **dict.fromkeys(("registered", "aliased", "deployed"), False),
    "stored_at": OLD,
}


def tomb(**told: Any) -> bytes:
    return zlib.compress(json.dumps(told).encode())


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({}, ""),
        ({"ttl_at": NOW + 1}, ""),
        ({"ttl_at": NOW - 1}, "time to live ended on 2025-10-09"),
        ({"ttl_at": NOW - 1, "hold": True}, ""),
        ({"ttl_at": NOW - 1, "registered": True}, ""),
        ({"ttl_at": NOW - 1, "aliased": True}, ""),
        ({"ttl_at": NOW - 1, "deployed": True}, ""),
        ({"deleted_at": NOW - 29 * DAY, "stored_at": None}, ""),
        ({"deleted_at": NOW - 31 * DAY, "stored_at": None}, "deleted on 2025-09-08"),
        ({"deleted_at": OLD, "stored_at": None, "tomb": tomb(hold=True)}, ""),
        ({"deleted_at": OLD, "deployed": True}, ""),
        ({"erased": True, "hold": True, "deployed": True}, "erased"),
        ({"stored_at": None}, "told to be gone"),
    ],
)
def test_a_version_keeps_its_bytes_while_anything_needs_them(told: dict[str, Any], reason: str) -> None:
    found = why_it_goes([{**PLAIN, **told}], OLD, RULES)
    assert reason in found
    assert bool(found) == bool(reason)
    # Nothing that was written within the grace goes, nor what another version needs.
    assert why_it_goes([{**PLAIN, **told}], NOW - DAY + 1, RULES) == ""
    assert why_it_goes([{**PLAIN, **told}, PLAIN], OLD, RULES) == ""


def test_what_no_version_speaks_of_goes_after_the_grace() -> None:
    assert "never finished" in why_it_goes([], OLD, RULES)
    assert why_it_goes([], NOW, RULES) == ""


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"ttl_at": NOW + DAY}, "its time to live ends on 2025-10-10 08:53 UTC"),
        ({"ttl_at": NOW - 1, "hold": True}, "it is held"),
        ({"ttl_at": NOW - 1, "registered": True}, "registered as a version of a model"),
        ({"ttl_at": NOW - 1, "registered": True, "aliased": True}, "an alias points to"),
        ({"ttl_at": NOW - 1, "registered": True, "deployed": True}, "is deployed"),
        ({"deleted_at": NOW - 29 * DAY}, "can be taken back until 2025-10-10 08:53 UTC"),
        ({"deleted_at": OLD, "tomb": tomb(hold=True)}, "it is held"),
    ],
)
def test_what_keeps_the_bytes_of_a_version_that_may_go_is_said(told: dict[str, Any], reason: str) -> None:
    (said,) = why_they_stay([{**PLAIN, "uid": "a", **told}], OLD, RULES).values()
    assert reason in said


def test_new_bytes_stay_and_those_that_another_version_needs() -> None:
    ended = {**PLAIN, "uid": "a", "ttl_at": NOW - 1}
    assert why_they_stay([ended], NOW - DAY // 2, RULES) == {
        "a": "its bytes were uploaded lately: such are left alone until 2025-10-09 20:53 UTC"
    }
    other = {**PLAIN, "uid": "b"}
    assert why_they_stay([ended, other], OLD, RULES) == {"a": "b has the same bytes and needs them"}
    assert why_they_stay([other], OLD, RULES) == {}
