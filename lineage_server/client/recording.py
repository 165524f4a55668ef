"""What ``use`` and ``produce`` make of their arguments: a handle, and the events that record it.

Shared by the sync and async runs. Looking at contents (``contents``) and asking the server
(``resolve``) happen here; writing events does not.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from lineage_server.client import builders, resolve
from lineage_server.client.artifact import Artifact
from lineage_server.client.quietly import Quietly
from lineage_server.client.registered import ModelVersion
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.events import Event, InputFact
from lineage_server.domain.ids import Reference, clean_artifact_type, clean_project, shorten
from lineage_server.domain.nodes import Column
from lineage_server.domain.secrets import scrub_uri

if TYPE_CHECKING:
    from lineage_server.client.addresses.seen import Seen
    from lineage_server.client.client import Client
    from lineage_server.client.contents import Content


logger = logging.getLogger("lineage_server.client")


class RunLike(Protocol):
    """Which run records."""

    id: str
    project: str


def input_of(
    client: Client,
    run: RunLike,
    what: Any,
    *,
    role: str | None,
    name: str | None,
    kind: str | None,
    project: str | None,
) -> tuple[Artifact, list[Event]]:
    """The handle of an input, and the events that tell of it."""
    owner = clean_project(project) if project is not None else run.project
    if isinstance(what, ModelVersion):
        what = what.artifact
    known = what if isinstance(what, Artifact) else _named(client, what, owner, kind)
    if known is not None:
        return known, [_read(run, [_fact(client, known, role, run)])]
    content = looked_at(client, what)
    if name is None and not content.name:
        raise InvalidInputError(
            'what is read needs a name: run.use(frame, name="iris")', field="name", allowed="any name"
        )
    called, kind = builders.name_and_type(name or content.name, kind, content.kind)
    artifact = _handle(client, content, called, kind, owner, role, what)
    events: list[Event] = []
    if content.digest:
        events.append(
            builders.version_told(
                called, kind, project=owner, digest=content.digest, uri=told_place(client, content.uri),
                size=content.size,
                columns=content.columns, stats=content.stats,
            )
        )  # fmt: skip
    return artifact, [*events, _read(run, [_fact(client, artifact, role, run)])]


def located(client: Client, uri: str, *, name: str, kind: str, project: str) -> Artifact | None:
    """Record which version lies at an address: of a file or folder of this machine (or of a claim that is
    mounted here) its content; None where its place does not tell, or is another machine's."""
    from lineage_server.client.contents import local_place

    place = local_place(uri, client.config.volumes)
    if place is not None and not place.exists():
        where = shorten(scrub_uri(uri), 200)
        logger.warning(
            "lineage: nothing is at %s on this machine: which version that is was not recorded", where
        )
        return None
    content = looked_at(client, uri)
    if not content.digest:
        return None
    client.report(
        builders.version_told(
            name, kind, project=project, digest=content.digest, uri=told_place(client, content.uri),
            size=content.size, columns=content.columns, stats=content.stats,
        )
    )  # fmt: skip
    return _handle(client, content, name, kind, project, None, uri)


def told_place(client: Client, uri: str) -> str:
    """Where it lies, on a volume as all see it who mount it; unless that is in a folder that goes again: then
    others keep their word for it."""
    scratch, volumes = client.config.scratch, client.config.volumes
    if scratch is None and not volumes:
        return uri
    from lineage_server.client.contents import local_place, place_told

    if scratch is None:
        return place_told(uri, volumes)

    place = local_place(uri)
    if place is None or not place.is_absolute():
        return uri
    return "" if place.resolve().is_relative_to(scratch) else uri


def _named(client: Client, what: Any, owner: str, kind: str | None) -> Artifact | None:
    """The version that a text names; None when it is no name but a path, an address or a value."""
    if not isinstance(what, str):
        return None
    asked = builders.reference_in(what)
    if asked is None and kind is not None and not builders.is_address(what) and not os.path.exists(what):
        asked = resolve.reference_of(f"{clean_artifact_type(kind)}:{what}", owner)
    if asked is None:
        return resolve.find_uid(client, what)
    full = Reference(asked.kind, asked.name, asked.selector, asked.project or owner)
    return resolve.find(client, full, "")


def _fact(client: Client, artifact: Artifact, role: str | None, run: RunLike) -> InputFact:
    return builders.input_fact(
        artifact.name,
        artifact.type,
        role=role,
        project="" if artifact.project == run.project else artifact.project,
        digest=artifact.digest,
        version=None if artifact.digest else artifact.ordinal,
        uri=told_place(client, artifact.uri),
        run="" if artifact.digest else artifact.run,
        registered="" if artifact.digest or artifact.run else artifact.registered,
    )


def _read(run: RunLike, facts: list[InputFact]) -> Event:
    return builders.run_told(run.id, project=run.project, inputs=facts)


def output_of(
    client: Client,
    run: RunLike,
    name: str,
    value: Any,
    *,
    kind: str | None,
    role: str | None,
    uri: str | None,
    description: str | None,
    metadata: Mapping[str, Any] | None,
    columns_from: builders.ColumnsFrom | None,
    partial: bool,
    upload: bool,
    ttl_days: float | None = None,
) -> tuple[Artifact, Event, Content]:
    """The handle of an output, the event that tells of it, and what it consists of."""
    # First the cheap checks: a wrong name must not cost the reading of a large file.
    builders.name_and_type(name, kind, "dataset")
    content = looked_at(client, value, in_parts=upload)
    called, kind = builders.name_and_type(name, kind, content.kind)
    fact = builders.output_fact(
        called,
        kind,
        role=role,
        digest=content.digest,
        uri=told_place(client, uri or content.uri),
        size=content.size,
        columns=content.columns,
        stats=content.stats,
        columns_from=columns_from,
        partial=partial,
        description=description,
        metadata=metadata,
        ttl_days=ttl_days,
    )
    artifact = _handle(client, content, called, kind, run.project, role, value, uri=uri, run=run.id)
    return artifact, builders.run_told(run.id, project=run.project, outputs=[fact]), content


def unrecorded(
    client: Client,
    run: RunLike,
    name: str,
    value: Any,
    *,
    kind: str | None,
    role: str | None,
    uri: str | None,
) -> Artifact:
    """The handle of what nobody is told of: it may lead to a local file, and to no version."""
    called, kind = builders.name_and_type(name, kind, "dataset")
    return _handle(client, _unread(value), called, kind, run.project, role, value, uri=uri)


def uploads(client: Client, asked: bool | None, partial: bool) -> bool:
    """Whether what is produced goes to the server's store; what will still grow does not."""
    if partial or client.outbox is None:
        return False
    return client.outbox.uploads.wanted if asked is None else asked


def upload(client: Client, artifact: Artifact, content: Content) -> None:
    """Send its bytes, some time soon; raises nothing."""
    if client.outbox is not None:
        with Quietly(f"the bytes of {artifact.type}:{artifact.name}"):
            client.outbox.uploads.offer(
                content, project=artifact.project, type=artifact.type, name=artifact.name
            )


def _handle(
    client: Client,
    content: Content,
    name: str,
    kind: str,
    project: str,
    role: str | None,
    value: Any,
    *,
    uri: str | None = None,
    run: str = "",
) -> Artifact:
    return Artifact(
        name=name,
        type=kind,
        project=project,
        role=role or "",
        digest=content.digest,
        uri=uri or content.uri,
        size=content.size,
        columns=tuple(Column(**column) for column in content.columns or ()),
        stats=content.stats or {},
        run=run,
        value=value if content.columns is not None and not content.uri else None,
        client=client,
    )


def looked_at(client: Client, value: Any, *, in_parts: bool = False) -> Content:
    """Digest, schema and the rest; a client that is switched off reads nothing."""
    from lineage_server.client.contents import content_of, local_place
    from lineage_server.client.remembered import Remembered

    if client.outbox is None:
        return _unread(value)
    if isinstance(value, str) and builders.is_address(value):
        value = local_place(value, client.config.volumes) or value
    return content_of(
        value, cache=Remembered(client.config.cache_dir), in_parts=in_parts,
        seen_at=lambda uri: _seen_at(client, uri),
    )  # fmt: skip


def _seen_at(client: Client, uri: str) -> Seen | None:
    from lineage_server.client.addresses.asking import seen_at

    return seen_at(uri, client.config)


def _unread(value: Any) -> Content:
    """The handle still leads to a local file."""
    from lineage_server.client.contents import Content

    if isinstance(value, str) and builders.is_address(value):
        return Content(uri=value, name=builders.name_of_file(value))
    if isinstance(value, str | os.PathLike):
        path = Path(cast("str | os.PathLike[str]", value)).expanduser().absolute()
        return Content(uri=path.as_uri(), name=builders.name_of_file(path.name))
    return Content()
