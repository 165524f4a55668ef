"""Why the bytes of a version are kept, or may go: pure."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_HOUR = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Rules:
    """Times in microseconds: now, before when an upload is old, before when a deletion is."""

    now: int
    cutoff: int
    deleted_before: int


def rules_at(now: int, *, grace_hours: float, deleted_days: float) -> Rules:
    return Rules(now, now - int(grace_hours * _HOUR), now - int(deleted_days * 24 * _HOUR))


def why_it_goes(versions: Sequence[Mapping[str, Any]], written_at: int, rules: Rules) -> str:
    """Of a manifest: empty while any of its versions needs it."""
    if written_at >= rules.cutoff:
        return ""
    reasons = [_why_version_goes(version, rules) for version in versions]
    if not all(reasons):
        return ""
    return reasons[0] if reasons else "no version speaks of it: its upload was never finished"


def why_they_stay(versions: Sequence[Mapping[str, Any]], written_at: int, rules: Rules) -> dict[str, str]:
    """Of a manifest that stays: its versions that somebody lets go, and what still keeps their bytes."""
    reasons = {version["uid"]: _why_version_goes(version, rules) for version in versions}
    needs = next((uid for uid, reason in reasons.items() if not reason), "")
    until = _ends(written_at, rules.cutoff, rules)
    new = f"its bytes were uploaded lately: such are left alone until {until}"
    kept: dict[str, str] = {}
    for version in versions:
        if not (version["erased"] or version["deleted_at"] is not None or version.get("ttl_at")):
            continue
        own = _why_version_stays(version, rules)
        kept[version["uid"]] = own or (f"{needs} has the same bytes and needs them" if needs else new)
    return kept


def _why_version_stays(version: Mapping[str, Any], rules: Rules) -> str:
    """Empty where nothing of its own keeps it."""
    if version["erased"]:
        return ""
    told = {**_hidden(version["tomb"]), **{k: v for k, v in version.items() if v is not None}}
    if told.get("hold"):
        return "it is held"
    for by, reason in _USES.items():
        if version[by]:
            return reason
    deleted = version["deleted_at"]
    if deleted is not None:
        waits = f"it was deleted on {_day(deleted)} and can be taken back until"
        return (
            f"{waits} {_ends(deleted, rules.deleted_before, rules)}"
            if deleted >= rules.deleted_before
            else ""
        )
    ends = told.get("ttl_at") or 0
    return f"its time to live ends on {_minute(ends)}" if ends >= rules.now else ""


_USES = {
    "deployed": "a version of a model that was registered of it is deployed",
    "aliased": "an alias points to a version of a model that was registered of it",
    "registered": "it is registered as a version of a model",
}


def _ends(since: int, bound: int, rules: Rules) -> str:
    """When what began then will be as old as it has to be by the bound."""
    return _minute(since + rules.now - bound)


def _why_version_goes(version: Mapping[str, Any], rules: Rules) -> str:
    if version["erased"]:
        return "it was erased"
    told = {**_hidden(version["tomb"]), **{k: v for k, v in version.items() if v is not None}}
    if told.get("hold") or any(version[by] for by in ("deployed", "aliased", "registered")):
        return ""
    if version["deleted_at"] is not None:
        old = version["deleted_at"] < rules.deleted_before
        return f"it was deleted on {_day(version['deleted_at'])}" if old else ""
    ends = told.get("ttl_at")
    if ends is not None and ends < rules.now:
        return f"its time to live ended on {_day(ends)}"
    return "" if told.get("stored_at") else "its bytes were told to be gone"


def _hidden(tomb: object) -> dict[str, Any]:
    """What a tombstone has put out of sight."""
    return json.loads(zlib.decompress(tomb)) if isinstance(tomb, bytes | bytearray) else {}


def _minute(micros: int) -> str:
    return f"{datetime.fromtimestamp(micros / 1_000_000, UTC):%Y-%m-%d %H:%M} UTC"


def _day(micros: int) -> str:
    return datetime.fromtimestamp(micros / 1_000_000, UTC).date().isoformat()
