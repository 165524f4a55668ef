"""What protects a version's bytes, and what does not, with the reason in words."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest

from lineage_server.storage.judging import rules_at, why_it_goes

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
