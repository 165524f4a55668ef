"""What ``show`` and ``diff`` tell of the files of versions: a look at one, all of them, what changed.

Lists are said as they come, so that they may be of any length.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lineage_server.cli.output import counted, say, say_json, say_json_items, size, terminal_width
from lineage_server.client.render.words import safe
from lineage_server.domain.errors import InvalidInputError

if TYPE_CHECKING:
    from lineage_server.client.artifact import Artifact

_DIGITS = 12
"""Of a digest, for people."""


def say_preview(artifact: Artifact, paths: Sequence[str], *, as_json: bool) -> None:
    """A look at one file; raises a domain error."""
    if len(paths) > 1:
        raise InvalidInputError("a preview is of one file", field="path", allowed="one path")
    look = artifact.preview(*paths)
    if as_json:
        say_json(look.to_dict())
    else:
        say(look.to_text(width=terminal_width() or 200))


def say_files(artifact: Artifact, patterns: Sequence[str], *, as_json: bool) -> None:
    """Files by path, those that match a pattern; raises a domain error."""
    files = artifact.files.matching(*patterns)
    if as_json:
        head: dict[str, Any] = {"uid": artifact.uid, "ref": artifact.ref, "digest": artifact.digest}
        say_json_items(head, "files", (one._asdict() for one in files))
        return
    number = total = 0
    for one in files:
        number += 1
        total += one.size
        told = f"→ {safe(one.link)}" if one.link else one.sha256[:_DIGITS]
        say(f"{size(one.size):>10}  {told:<{_DIGITS}}  {safe(one.path)}")
    say(f"{counted(number, 'file')}, {size(total)}")


def say_file_changes(a: Artifact, b: Artifact, *, as_json: bool) -> None:
    """Which files were added, removed and changed; raises a domain error."""
    from lineage_server.client.file_changes import FileCounts

    counts = FileCounts()
    changes = a.diff(b).walk(counts)
    if as_json:
        head = {"a": a.ref, "b": b.ref}
        say_json_items(
            head, "changes", (one.to_dict() for one in changes), lambda: {"counts": counts.to_dict()}
        )
        return
    for change in changes:
        say(str(change))
    say(str(counts))
