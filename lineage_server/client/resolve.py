"""From what people type to a version: which one the server means, else what is known without it."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lineage_server.client.artifact import Artifact
from lineage_server.client.builders import ARTIFACT_TYPES
from lineage_server.client.documents import RUN, STORED
from lineage_server.domain.errors import LineageError, NotFoundError, UnavailableError
from lineage_server.domain.ids import REGISTERED, Reference, clean_run_id, parse_reference, shorten
from lineage_server.domain.nodes import Column

if TYPE_CHECKING:
    from lineage_server.client.client import Client

logger = logging.getLogger("lineage_server.client")

_SECONDS = 5.0
_FULL_DIGEST = re.compile(r"[a-z0-9]+:[0-9a-f]{32,128}")
_SHORT_RUN = re.compile(r"[0-9a-f]{6,31}")
_VERSION_UID = re.compile(r"version:(?P<project>[^/]+)/(?P<type>[^/]+)/(?P<name>.+)@(?P<key>.+)", re.DOTALL)
_REGISTERED_UID = re.compile(r"modelversion:(?P<project>[^/]+)/(?P<model>.+)@(?P<version>[^@]+)", re.DOTALL)


def reference_of_uid(uid: str) -> str:
    """What people type for the version that a uid names; empty for what is no uid of a version."""
    known = version_of_uid(uid)
    if known is not None:
        return known.ref
    found = _REGISTERED_UID.fullmatch(uid)
    return str(Reference("model", found["model"], found["version"], found["project"])) if found else ""


def version_of_uid(uid: str) -> Artifact | None:
    """What a version's uid itself says."""
    found = _VERSION_UID.fullmatch(uid)
    if found is None or found["type"] not in ARTIFACT_TYPES:
        return None
    key = found["key"]
    return Artifact(
        name=found["name"],
        type=found["type"],
        project=found["project"],
        digest="" if key.startswith(("run:", REGISTERED)) else key,
        run=key.removeprefix("run:") if key.startswith("run:") else "",
        registered=key.removeprefix(REGISTERED) if key.startswith(REGISTERED) else "",
    )


def run_meant(client: Client, text: str, project: str) -> tuple[str, str]:
    """Id of a run, from it or from its first digits (of ``project``, or of any if none begins so there), and
    the run's project where the server was asked for it; raises a domain error, that tells of several which
    there are."""
    told = text.strip().removeprefix("run:")
    if not _SHORT_RUN.fullmatch(told.replace("-", "").lower()):
        return clean_run_id(told), ""
    client.send_own()
    try:
        found: dict[str, str] = client.graphql.run(RUN, {"ref": f"run:{told}", "project": project})["node"]
    except UnavailableError as error:
        raise UnavailableError(
            f"{error.message}; which run begins with {told!r} is asked of the server, a whole id is not",
            part=error.part,
            retry_after_seconds=error.retry_after_seconds,
        ) from None
    return clean_run_id(found["uid"].removeprefix("run:")), found["project"]


def find(client: Client, asked: Reference, role: str) -> Artifact:
    """The version meant, as exact as can be known; never raises for a server that is away. Raises
    NotFoundError where the server knows of no such thing, and the reference has not its digest."""
    unknown: NotFoundError | None = None
    try:
        told = _ask(client, str(asked), asked)
    except NotFoundError as error:
        told, unknown = None, error
    if told is None and asked.selector in ("", "latest"):
        told = client.produced.get((asked.project, asked.kind, asked.name))
    if told is None:
        told = _stated(asked)
        if unknown is not None:
            _check_exact(asked, told, unknown)
    return Artifact(
        name=told.name,
        type=told.type,
        project=told.project,
        role=role,
        digest=told.digest,
        ordinal=told.ordinal,
        uri=told.uri,
        size=told.size,
        columns=told.columns,
        stats=told.stats,
        run=told.run,
        registered=told.registered,
        value=told.value,
        client=client,
    )


def find_uid(client: Client, uid: str) -> Artifact | None:
    """The version of a uid, with what the server knows of it where it can be asked; None for what is no uid
    of a version. The uid itself says which one was read."""
    known = version_of_uid(uid)
    if known is None:
        registered = reference_of_uid(uid)
        return find(client, parse_reference(registered), "") if registered else None
    told: Artifact | None = None
    try:
        told = _ask(client, uid, Reference(known.type, known.name, uid, known.project))
    except NotFoundError as error:
        logger.warning("lineage: %s; the run records that it read %s all the same", error.message, uid)
    return told if told is not None and told.uid == uid else replace(known, client=client)


def _stated(asked: Reference) -> Artifact:
    """What the reference alone says."""
    selector = asked.selector
    digest = selector if _FULL_DIGEST.fullmatch(selector) else ""
    ordinal = int(selector) if selector.isascii() and selector.isdecimal() and len(selector) < 10 else None
    # Only the server knows whether a model of that name is registered, and what its version is of.
    registered = selector if asked.kind == "model" and not digest and selector not in ("", "latest") else ""
    if not digest and ordinal is None and not registered and selector not in ("", "latest"):
        logger.warning(
            "lineage: which version %s is could not be asked; the run records that it read %s:%s, "
            "and the server takes the newest version before the run's start",
            asked,
            asked.kind,
            asked.name,
        )
    return Artifact(
        name=asked.name, type=asked.kind, project=asked.project, digest=digest, ordinal=ordinal,
        registered=registered,
    )  # fmt: skip


def _check_exact(asked: Reference, told: Artifact, unknown: NotFoundError) -> None:
    """A digest says which content was read, whoever tells the server of it later; a name that nobody knows is
    most often misspelt."""
    if not told.digest:
        raise NotFoundError(
            f"{unknown.message}; nothing was recorded. What is not recorded yet is read by its place: "
            f'run.use(path or address, name="{shorten(asked.name)}")'
        ) from unknown
    logger.warning("lineage: %s; the run records that it read %s all the same", unknown.message, asked)


def _ask(client: Client, ref: str, asked: Reference) -> Artifact | None:
    if client.outbox is None or client.outbox.sender is None:
        return None
    # What this process has produced a moment ago must be there before the server is asked.
    if not client.outbox.flush(_SECONDS) and client.outbox.sender.state.fate != "busy":
        return None
    try:
        data = client.graphql.run(STORED, {"ref": ref}, _SECONDS)
        found = data.get("version")
        if not found:
            return None
        gone = tombstone_in(found, asked)
        if gone:
            logger.warning(
                "lineage: %s was deleted, and its bytes may go any time; the run records that it read it all "
                "the same. If it is still good, take it back: lineage undelete '%s'",
                ref,
                gone,
            )
        return artifact_from(client, found, asked)
    except NotFoundError:
        raise
    except LineageError as error:
        logger.info("lineage: %s could not be looked up: %s", ref, error.message)
    return None


def tombstone_in(found: dict[str, Any], asked: Reference) -> str:
    """The uid of what is deleted of a version as GraphQL tells it: itself, or what it was made of; empty if
    all of it is there. Raises NotFoundError where the newest was asked for, which is none that is deleted."""
    origin: dict[str, Any] = found.get("origin") or {}
    gone = next((one for one in (found, origin) if one.get("deletedAt") is not None), None)
    if gone is None:
        return ""
    uid = str(gone["uid"])
    if asked.selector in ("", "latest") and gone is found:
        raise NotFoundError(
            f"all versions of {asked.kind}:{shorten(asked.name)} are deleted. Take one back: lineage "
            f"undelete '{uid}'; or say which one is meant, by its number or digest"
        )
    return uid


def artifact_from(client: Client, found: dict[str, Any], asked: Reference) -> Artifact:
    """The handle of a version as GraphQL tells it; of a registered model's what it was made of, or the
    address that it was registered with. Raises NotFoundError for what is no version."""
    kind = found.get("__typename") or "ArtifactVersion"
    if kind == "ModelVersion":
        if found["origin"] is None:
            return _registered(client, found, asked)
        found = found["origin"]
    elif kind != "ArtifactVersion":
        raise NotFoundError(f"{asked} is a {kind}, not a version")
    known = version_of_uid(str(found.get("uid") or ""))
    maker: dict[str, Any] = found.get("run") or {}
    columns: list[dict[str, Any]] = found.get("columns") or []
    return Artifact(
        name=known.name if known else asked.name,
        type=known.type if known else asked.kind,
        project=known.project if known else asked.project,
        digest=str(found.get("digest") or (known.digest if known else "")),
        ordinal=found.get("ordinal"),
        uri=str(found.get("uri") or ""),
        size=int(found["size"]) if found.get("size") is not None else None,
        columns=tuple(
            Column(name=str(c["name"]), type=str(c["type"]), nullable=bool(c.get("nullable", True)))
            for c in columns
        ),
        stats=found.get("stats") or {},
        run=str(maker.get("uid") or "").removeprefix("run:") or (known.run if known else ""),
        registered=known.registered if known else "",
        client=client,
    )


def _registered(client: Client, found: dict[str, Any], asked: Reference) -> Artifact:
    """Of a registered version that lies elsewhere: which one it is, whatever it was asked by."""
    known = _REGISTERED_UID.fullmatch(str(found.get("uid") or ""))
    return Artifact(
        name=known["model"] if known else asked.name,
        type="model",
        project=known["project"] if known else asked.project,
        uri=str(found["uri"] or ""),
        registered=known["version"] if known else asked.selector,
        client=client,
    )


def reference_of(text: str, project: str) -> Reference:
    """Parse, with the project filled in."""
    asked = parse_reference(text)
    return Reference(asked.kind, asked.name, asked.selector, asked.project or project)
