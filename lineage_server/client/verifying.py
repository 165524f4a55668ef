"""Whether what lies where a version was recorded is still that version. It is this machine that looks.

Files are read; of addresses their place is asked which version lies there (``addresses``), and no byte is
fetched. What the server or the cache keeps does not count: it never drifts, and each download verifies it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineage_server.client.addresses import asking
from lineage_server.client.addresses.seen import PREFIX, digest_of
from lineage_server.client.contents import local_place
from lineage_server.client.documents import ARTIFACT
from lineage_server.client.hashing import hash_path
from lineage_server.client.remembered import Remembered
from lineage_server.client.resolve import artifact_from, reference_of, reference_of_uid
from lineage_server.domain.errors import LineageError, NotFoundError
from lineage_server.domain.ids import shorten
from lineage_server.domain.secrets import scrub_uri
from lineage_server.domain.untyped import as_mapping

if TYPE_CHECKING:
    from lineage_server.client.client import Client
    from lineage_server.client.config import Config

_VERSION = f"""
query Recorded($ref: String!) {{
  version: node(uid: $ref) {{
    __typename uid
    ... on ArtifactVersion {{ {ARTIFACT} stats storedAt }}
    ... on ModelVersion {{ uri origin {{ {ARTIFACT} stats storedAt }} }}
  }}
}}
"""
_WORDS = ("etag", "version", "modified", "objects")


class Finding(StrEnum):
    """What came of looking."""

    SAME = "same"
    DRIFTED = "drifted"
    GONE = "gone"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """``place``: where it was recorded, without secrets. ``recorded`` and ``present``: what was told of it
    then and is now (etag, version, digest …). ``kept``: the server has its bytes all the same."""

    ref: str
    uid: str
    finding: Finding
    place: str = ""
    reason: str = ""
    recorded: Mapping[str, Any] = field(default_factory=dict[str, Any])
    present: Mapping[str, Any] = field(default_factory=dict[str, Any])
    kept: bool = False

    @property
    def drifted(self) -> bool:
        """Whether it is known that the version lies there no more."""
        return self.finding in (Finding.DRIFTED, Finding.GONE)

    def __str__(self) -> str:
        where = f" at {self.place}" if self.place else ""
        why = f": {self.reason}" if self.reason else ""
        kept = "; the server keeps its bytes" if self.kept and self.finding is not Finding.SAME else ""
        return f"{self.ref}{where} {_SAID[self.finding]}{why}{kept}"


_SAID = {
    Finding.SAME: "is what was recorded",
    Finding.DRIFTED: "has drifted",
    Finding.GONE: "is gone",
    Finding.UNKNOWN: "cannot be verified",
}


def verify(client: Client, ref: str) -> Verification:
    """See ``Client.verify``."""
    named = reference_of_uid(ref)
    asked = reference_of(named or ref, client.config.project)
    client.send_own()
    told = client.graphql.run(_VERSION, {"ref": ref if named else str(asked)})["version"]
    version = told["origin"] or told if told and told["__typename"] == "ModelVersion" else told
    artifact = artifact_from(client, told, asked)
    stats = as_mapping(as_mapping(version).get("stats"))
    found = look(artifact.uri, artifact.digest, stats, client.config)
    return Verification(
        ref=artifact.ref,
        uid=artifact.uid or str(told["uid"]),
        finding=found.finding,
        place=scrub_uri(artifact.uri),
        reason=found.reason,
        recorded={word: stats[word] for word in _WORDS if word in stats} or _digest(artifact.digest),
        present=found.present,
        kept=bool(as_mapping(version).get("storedAt")),
    )


def _digest(digest: str) -> dict[str, str]:
    return {"digest": digest} if digest else {}


@dataclass(frozen=True, slots=True)
class Found:
    """What lies at a place now."""

    finding: Finding
    reason: str = ""
    present: Mapping[str, Any] = field(default_factory=dict[str, Any])


def look(uri: str, digest: str, stats: Mapping[str, Any], config: Config) -> Found:
    """At the place of a version of which ``digest`` and ``stats`` were recorded; raises nothing."""
    place = local_place(uri, config.volumes)
    if not uri:
        return Found(Finding.UNKNOWN, "it was recorded without a place")
    if not digest:
        return Found(Finding.UNKNOWN, "which version was there was not recorded")
    if place is not None:
        return _file(place, digest, config)
    if not digest.startswith(PREFIX):
        return Found(Finding.UNKNOWN, "its digest is of its bytes, and those are not fetched")
    try:
        seen = asking.ask(uri, config.environ)
    except NotFoundError as error:
        return Found(Finding.GONE, error.message)
    except LineageError as error:
        return Found(Finding.UNKNOWN, error.message)
    if digest_of(uri, seen) == digest:
        return Found(Finding.SAME, present=seen.told)
    return Found(Finding.DRIFTED, _changes(stats, seen.told), seen.told)


def _changes(recorded: Mapping[str, Any], present: Mapping[str, Any]) -> str:
    pairs = ((word, recorded.get(word), present.get(word)) for word in _WORDS)
    said = [f"{word} {before or '–'} → {now or '–'}" for word, before, now in pairs if before != now]
    return shorten(", ".join(said), 300)


def _file(place: Path, digest: str, config: Config) -> Found:
    if not place.is_absolute():
        return Found(Finding.UNKNOWN, "its place is relative to a folder that is not known")
    try:
        now = hash_path(place, Remembered(config.cache_dir), in_parts=True).digest
    except NotFoundError:
        return Found(Finding.GONE, "there is nothing on this machine")
    except LineageError as error:
        return Found(Finding.UNKNOWN, error.message)
    if now == digest:
        return Found(Finding.SAME, present=_digest(now))
    return Found(Finding.DRIFTED, "its content is another", _digest(now))
