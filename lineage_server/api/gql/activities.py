"""What happened to a model or a version, from moves of aliases, approvals and the audit log. Pure.

Aliases and approvals tell of themselves, so that what was imported is there, too; of all else the audit log
tells. Where from somebody did something is for admins (``audit``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lineage_server.auth.audit import AuditRecord
from lineage_server.domain.nodes import Node
from lineage_server.domain.untyped import as_mapping
from lineage_server.registry.aliases import moves_of

_TOLD_BY_THEMSELVES = ("setAlias", "deleteAlias", "requestApproval", "decideApproval")
_STANDING = ("deleted", "erased", "state", "hold", "override")
_WORDS = ("reason", "comment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """``by`` as issuer/subject; ``action`` as the mutation for it is called; ``target``: uid of what it was
    done to; ``before`` and ``after``: small pictures, empty where there are none."""

    at: int
    by: str
    action: str
    target: str
    version: str = ""
    alias: str = ""
    reason: str = ""
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def deeds_of(
    aliases: Iterable[Node], approvals: Iterable[Node], records: Iterable[AuditRecord], *, version: str,
    hidden: bool,
) -> list[Deed]:  # fmt: skip
    """The newest first; ``version``: the name of the only one that counts, empty for the whole model.
    ``hidden``: it was deleted, so only how it stands is shown of it."""
    found = [deed for alias in aliases for deed in _moves(alias, version)]
    found += [deed for approval in approvals for deed in _verdicts(approval)]
    found += [
        _done(record, version, hidden=hidden)
        for record in records
        if record.action not in _TOLD_BY_THEMSELVES
    ]
    return sorted(found, key=lambda deed: -deed.at)


def _moves(alias: Node, version: str) -> Iterator[Deed]:
    for move in moves_of(alias.properties.get("history")):
        if not version or version in (move.version, move.before):
            yield Deed(
                at=move.at, by=move.by, action="setAlias" if move.version else "deleteAlias",
                target=alias.uid, version=move.version, alias=alias.name, reason=move.reason,
                before={"version": move.before}, after={"version": move.version},
            )  # fmt: skip


def _verdicts(approval: Node) -> Iterator[Deed]:
    told = {key: approval.properties.get(key) for key in (*_ASKED, *_GIVEN, "version", "alias")}
    of = {
        "target": approval.uid,
        "version": str(told["version"] or "").rpartition("@")[2],
        "alias": str(told["alias"] or ""),
    }
    for keys, action, after in (
        (_ASKED, "requestApproval", {}),
        (_GIVEN, "decideApproval", {"verdict": approval.properties.get("verdict")}),
    ):
        by, at, words = (told[key] for key in keys)
        if isinstance(at, int):
            yield Deed(
                **of, at=at, by=str(by or ""), action=action, reason=str(words or ""), before={}, after=after
            )


_ASKED = ("asker", "requested_at", "question")
_GIVEN = ("by", "decided_at", "comment")


def _done(record: AuditRecord, version: str, *, hidden: bool) -> Deed:
    before, after = _picture(record.before), _picture(record.after)
    reason = next((str(after[word]) for word in _WORDS if after.get(word)), "")
    kept = [
        {k: v for k, v in one.items() if k not in _WORDS and (not hidden or k in _STANDING)}
        for one in (before, after)
    ]
    return Deed(
        at=record.at, by=f"{record.issuer}/{record.subject}", action=record.action, target=record.target,
        version=version or _registered(record), reason=reason, before=kept[0], after=kept[1],
    )  # fmt: skip


def _registered(record: AuditRecord) -> str:
    """The version's name, where it is told among what was done to the model."""
    return record.target.rpartition("@")[2] if record.action == "createModelVersion" else ""


def _picture(text: str) -> dict[str, Any]:
    """Empty for one that was cut, too."""
    try:
        told: object = json.loads(text) if text else None
    except ValueError:
        return {}
    return as_mapping(told)
