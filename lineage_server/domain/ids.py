"""Identity: how a fact's words become one uid, and how people refer to things.

A uid begins with its label's short name, so the label is known from it and look-ups
always use an index. Names keep any printable character; only the parts that must be
parsed again (project, artifact type, what stands behind a name) are restricted.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
import unicodedata
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.nodes import LABEL_OF, ArtifactType, Label

MAX_NAME = 500
"""Longest name in characters (bytes of an index key are bounded on both engines)."""
MAX_UID_BYTES = 7_000
"""Longest uid that names can make is below this, and an index key of either engine above it."""
DEFAULT_PROJECT = "default"
CLUSTER_NAMESPACE = uuid.UUID("6f0f4b0e-3a1c-5d0a-9a59-3c1f2b8d7e10")
"""Namespace of run ids made from a cluster's name and a Kubernetes uid."""

_PROJECT = re.compile(r"[^\W_](?:[\w.-]{0,98}[^\W_])?", re.UNICODE)
_CANONICAL_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_REPO = re.compile(r"(?:\w[\w+.-]*://)?(?:[^@/]+@)?(?P<host>[\w-]+(?:\.[\w-]+)+)(?::\d+/|[:/])(?P<path>.+)")
_DIGEST = re.compile(r"[a-z0-9]+:[0-9a-f]{16,128}")


def now_micros() -> int:
    """Microseconds since the epoch, UTC."""
    return time.time_ns() // 1000


def new_run_id() -> str:
    """A UUIDv7 (RFC 9562): 48 bits of milliseconds, then random bits; sorts by time."""
    raw = bytearray((time.time_ns() // 1_000_000).to_bytes(6, "big") + os.urandom(10))
    raw[6] = (raw[6] & 0x0F) | 0x70
    raw[8] = (raw[8] & 0x3F) | 0x80
    return str(uuid.UUID(bytes=bytes(raw)))


def watched_run_id(cluster: str, kubernetes_uid: str) -> str:
    """The run id of a watched object: the same for every witness of it."""
    return str(uuid.uuid5(CLUSTER_NAMESPACE, f"{cluster}/{kubernetes_uid}"))


def clean_run_id(text: str) -> str:
    """Check a run id and bring it to canonical form; raises InvalidInputError."""
    if _CANONICAL_UUID.fullmatch(text):
        return text
    try:
        return str(uuid.UUID(text))
    except (ValueError, AttributeError, TypeError):
        raise InvalidInputError(
            f"run id {shorten(str(text))!r} is not a UUID", field="run", allowed="a UUID such as 0198c0de-…"
        ) from None


def shorten(text: str, limit: int = 80) -> str:
    """Text cut for a message."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def listed(words: Iterable[object], most: int = 10) -> str:
    """Words for a message: ``a, b, c and 7 more``."""
    told = [shorten(str(word)) for word in words]
    more = len(told) - most
    return ", ".join(told[:most]) + (f" and {more} more" if more > 0 else "")


def normal(text: str) -> str:
    """Text as names have it, unchecked: one spelling (Unicode NFC) of what looks the same."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def clean_name(text: str, field: str) -> str:
    """Check a name: 1–500 printable characters, Unicode NFC; raises InvalidInputError."""
    if text.isascii():
        if text.isprintable() and 0 < len(text) <= MAX_NAME and text[0] != " " and text[-1] != " ":
            return text
    elif len(text) <= MAX_NAME:
        text = unicodedata.normalize("NFC", text)
    if not text.strip():
        raise InvalidInputError(f"{field} is empty", field=field, allowed="1 to 500 characters")
    if len(text) > MAX_NAME:
        raise InvalidInputError(
            f"{field} has {len(text)} characters, at most {MAX_NAME} are allowed; "
            f"it begins {shorten(text, 40)!r}",
            field=field,
            allowed="1 to 500 characters",
        )
    if text != text.strip():
        raise InvalidInputError(
            f"{field} {shorten(text)!r} begins or ends with white space",
            field=field,
            allowed="no outer blanks",
        )
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in text):
        raise InvalidInputError(
            f"{field} {shorten(text)!r} has control characters", field=field, allowed="printable characters"
        )
    return text


def clean_part(text: str, field: str, separator: str) -> str:
    """Check a name that ``separator`` tells from the one before it; raises InvalidInputError."""
    name = clean_name(text, field)
    if separator in name:
        raise InvalidInputError(
            f"{field} {shorten(name)!r} has a {separator!r}: two things could not be told apart",
            field=field,
            allowed=f"printable characters but {separator!r}",
        )
    return name


def clean_new_alias(text: str, field: str) -> str:
    """Check the name of an alias that is to be made; raises InvalidInputError."""
    name = clean_part(text, field, "@")
    if name == "latest" or name.isdecimal():
        means = "the newest version" if name == "latest" else "the version of that number"
        raise InvalidInputError(
            f"alias {shorten(name)!r} cannot be told from a version: @{shorten(name)} means {means}",
            field=field,
            allowed="a name such as prod or champion, neither a number nor latest",
        )
    return name


@lru_cache(maxsize=10_000)
def clean_project(text: str) -> str:
    """Check a project's name (it stands in URLs and uids); raises InvalidInputError."""
    text = unicodedata.normalize("NFC", text)
    if not _PROJECT.fullmatch(text):
        raise InvalidInputError(
            f"project {shorten(text)!r} is not a project name",
            field="project",
            allowed="1 to 100 letters, digits, '.', '_' or '-', beginning and ending with a letter or digit",
        )
    return text


def clean_digest(text: str) -> str:
    """Check a content digest such as ``sha256:…``; raises InvalidInputError."""
    digest = text.lower()
    if not _DIGEST.fullmatch(digest):
        raise InvalidInputError(
            f"digest {shorten(text)!r} is not a digest", field="digest", allowed="sha256:<64 hex digits>"
        )
    return digest


def clean_artifact_type(text: str) -> str:
    """Check an artifact type; raises InvalidInputError naming the allowed ones."""
    if text not in _ARTIFACT_TYPES:
        allowed = ", ".join(ArtifactType)
        raise InvalidInputError(
            f"artifact type {shorten(text)!r} is not known", field="type", allowed=allowed
        )
    return text


_ARTIFACT_TYPES = frozenset(str(t) for t in ArtifactType)


def project_uid(project: str) -> str:
    return f"project:{project}"


def run_uid(run_id: str) -> str:
    return f"run:{run_id}"


def job_uid(project: str, kind: str, name: str) -> str:
    return f"job:{project}/{kind}/{name}"


def artifact_uid(project: str, kind: str, name: str) -> str:
    return f"artifact:{project}/{kind}/{name}"


def version_uid(project: str, kind: str, name: str, key: str) -> str:
    """``key`` is the content digest, else ``run:<id>`` of the producer; see ``registered_uid``."""
    return f"version:{project}/{kind}/{name}@{key}"


REGISTERED = "registered:"
"""What the key of a version begins with that is known only as a version of the registered model of its name,
which lies elsewhere."""


def registered_uid(project: str, model: str, version: str) -> str:
    """The artifact version that stands for a registered version of which nothing but a place was told."""
    return version_uid(project, "model", model, f"{REGISTERED}{version}")


def registered_in(uid: str) -> str:
    """The registered version that such a uid stands for; empty for any other."""
    key = uid.rpartition("@")[2]
    return key.removeprefix(REGISTERED) if uid.startswith("version:") and key.startswith(REGISTERED) else ""


def artifact_of_version(uid: str) -> str:
    """The artifact's uid that a version's uid contains."""
    return "artifact:" + uid[len("version:") :].rsplit("@", 1)[0]


def model_uid(project: str, name: str) -> str:
    return f"model:{project}/{name}"


def model_version_uid(project: str, name: str, version: str) -> str:
    return f"modelversion:{project}/{name}@{version}"


def alias_uid(project: str, model: str, alias: str) -> str:
    return f"alias:{project}/{model}@{alias}"


def approval_uid(project: str, model: str, key: str) -> str:
    """``key``: id of its event, which may hold any sign; here no ``@``, which tells it from the model."""
    return f"approval:{project}/{model}@{key.replace('%', '%25').replace('@', '%40')}"


def deployment_uid(project: str, cluster: str, name: str, revision: str) -> str:
    return f"deployment:{project}/{cluster}/{name}@{revision}"


def actor_uid(issuer: str, subject: str) -> str:
    return f"actor:{issuer}/{subject}"


def environment_uid(project: str, digest: str) -> str:
    """``digest`` of the image, or of what is installed; ``name@sha256:…`` is known by its digest."""
    return f"env:{project}/{_bounded(digest.rpartition('@')[2])}"


def code_uid(project: str, repo: str, commit: str, changes: str = "") -> str:
    """``changes``: digest of what differs from the commit, or else the entry."""
    key = f"{clean_repo(repo)}@{commit}+{changes or 'clean'}"
    return f"code:{project}/{_bounded(key)}"


def clean_repo(repo: str) -> str:
    """One name of a repository: host and path, however it was reached."""
    found = _REPO.fullmatch(repo)
    if found is None:
        return repo
    return f"{found['host'].lower()}/{found['path'].strip('/').removesuffix('.git')}"


def volume_uid(project: str, cluster: str, claim: str) -> str:
    """By the claim's name: pods know no other. Which claim of that name it is, is a fact."""
    return f"volume:{project}/{cluster}/{claim}"


def node_uid(cluster: str, name: str) -> str:
    return f"node:{cluster}/{name}"


def gpu_uid(device: str) -> str:
    return f"gpu:{device}"


def intent_uid(project: str, key: str) -> str:
    return f"intent:{project}/{key}"


def _bounded(key: str) -> str:
    """Keys made of several parts may grow past what an index takes."""
    return key if len(key) <= MAX_NAME else content_id(key.encode())


def context_uid(label: Label, project: str, key: str) -> str:
    """The uid of a context node by what a watcher knows of it; raises InvalidInputError.

    ``key``: image or lock digest; ``repo@commit`` or ``repo@commit+changes``; ``cluster/claim``;
    ``cluster/node``; GPU device; ``issuer/subject``.
    """
    key = clean_name(key, "key")
    head, slash, tail = key.rpartition("/") if label is Label.ACTOR else key.partition("/")
    if label is Label.ENVIRONMENT:
        return environment_uid(project, key)
    if label is Label.GPU:
        return gpu_uid(key)
    if label is Label.CODE_REF:
        repo, at, commit = key.rpartition("@")
        if at and repo and commit:
            commit, _, changes = commit.partition("+")
            return code_uid(project, repo, commit, "" if changes == "clean" else changes)
    elif slash and head and tail:
        if label is Label.VOLUME:
            return volume_uid(project, head, tail)
        return node_uid(head, tail) if label is Label.NODE else actor_uid(head, tail)
    raise InvalidInputError(
        f"{shorten(key)!r} is not the key of a context node of label {label}",
        field="key",
        allowed="repo@commit for code, cluster/name for volumes and nodes, issuer/subject for actors",
    )


def event_uid(project: str, event_id: str) -> str:
    """Scoped by project, so that nobody can occupy another project's event ids."""
    return f"event:{project}/{event_id}"


def content_id(raw: bytes) -> str:
    """Id of an event that came without one: its content's digest."""
    return hashlib.sha256(raw).hexdigest()[:40]


def label_of(uid: str, field: str = "uid") -> Label:
    """The label that a uid names; raises InvalidInputError."""
    prefix, colon, rest = uid.partition(":")
    label = LABEL_OF.get(prefix)
    if label is None or not colon or not rest:
        raise InvalidInputError(
            f"{shorten(uid)!r} is not a uid", field=field, allowed="a uid such as run:<uuid> or artifact:…"
        )
    return label


def clean_uid(uid: str, field: str = "uid") -> Label:
    """Check a uid that somebody else has put together; answers its label. Raises InvalidInputError."""
    label = label_of(uid, field)
    if len(uid) > MAX_UID_BYTES or len(uid.encode("utf-8", "replace")) > MAX_UID_BYTES:
        raise InvalidInputError(
            f"{field} {shorten(uid, 40)!r} has more than {MAX_UID_BYTES} bytes", field=field
        )
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in uid):
        raise InvalidInputError(f"{field} {shorten(uid)!r} has control characters", field=field)
    return label


def project_of(uid: str) -> str:
    """The project a uid contains, empty where it contains none (runs, actors, chunks)."""
    prefix, _, rest = uid.partition(":")
    if prefix == "project":
        return rest
    return rest.split("/", 1)[0] if prefix in _WITH_PROJECT else ""


_WITH_PROJECT = frozenset(
    (
        *("job", "artifact", "version", "model", "modelversion", "alias", "approval", "deployment"),
        *("env", "code", "volume", "intent", "event"),
    )
)


@dataclass(frozen=True, slots=True)
class Reference:
    """What people type: ``[project/]kind:name[@selector]``.

    ``kind`` is an artifact type, ``run``, ``job`` or a job kind; ``selector`` is an ordinal,
    an alias, a digest (or its first digits) or ``latest``; empty means latest.
    """

    kind: str
    name: str
    selector: str = ""
    project: str = ""

    def __str__(self) -> str:
        head = f"{self.project}/" if self.project else ""
        tail = f"@{self.selector}" if self.selector else ""
        return f"{head}{self.kind}:{self.name}{tail}"


def parse_reference(text: str) -> Reference:
    """Read ``dataset:iris@3``, ``team-a/model:churn@prod``, ``run:<uuid>``; raises InvalidInputError."""
    head, colon, rest = text.strip().partition(":")
    if not colon or not rest or not head:
        raise InvalidInputError(
            f"{shorten(text)!r} is not a reference",
            field="reference",
            allowed="[project/]kind:name[@version], such as dataset:iris@3 or run:<uuid>",
        )
    project, slash, kind = head.rpartition("/")
    if slash:
        project = clean_project(project)
    if kind == "run":
        return Reference("run", clean_run_id(rest), "", project)
    name, at, selector = rest.rpartition("@")
    if not at:
        name, selector = rest, ""
    return Reference(kind, clean_name(name, "name"), selector, project)
