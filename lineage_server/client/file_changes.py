"""Files of versions, and what changed between two of them: a walk over both at once, which keeps neither."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any, NamedTuple

from lineage_server.client.render.words import bytes_told, safe

_MOST_LINES = 200


class FileEntry(NamedTuple):
    """A file of a version: its path in it, bytes, and SHA-256 in hex; of a link its text, and no digest."""

    path: str
    size: int
    sha256: str
    link: str = ""


class FileChange(NamedTuple):
    """``kind``: added, removed or changed; ``before`` is None for what was added, ``after`` for what was
    removed."""

    kind: str
    path: str
    before: FileEntry | None
    after: FileEntry | None

    def __str__(self) -> str:
        sizes = [bytes_told(one.size) for one in (self.before, self.after) if one is not None]
        sign = {"added": "+", "removed": "-"}.get(self.kind, "~")
        return f"{sign} {safe(self.path)}  {' → '.join(dict.fromkeys(sizes))}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        told = {"before": self.before, "after": self.after}
        return {"kind": self.kind, "path": self.path} | {
            side: one._asdict() if one is not None else None for side, one in told.items()
        }


@dataclass(slots=True)
class FileCounts:
    """How many files; ``bytes_added`` of what is new or has new content, ``bytes_removed`` of what is gone
    or had other content."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    same: int = 0
    bytes_added: int = 0
    bytes_removed: int = 0

    def count(self, change: FileChange) -> None:
        """One more."""
        setattr(self, change.kind, getattr(self, change.kind) + 1)
        self.bytes_added += change.after.size if change.after is not None else 0
        self.bytes_removed += change.before.size if change.before is not None else 0

    def __str__(self) -> str:
        told = f"{self.added} added, {self.removed} removed, {self.changed} changed, {self.same} the same"
        return f"{told}; {bytes_told(self.bytes_added)} new, {bytes_told(self.bytes_removed)} gone"

    def to_dict(self) -> dict[str, int]:
        """For JSON."""
        return {name: int(value) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class FilesDiff:
    """What changed from the files ``before`` to those ``after``, both sorted by path in bytes. Each walk over
    it asks anew, and raises a domain error where files are not known."""

    before: Iterable[FileEntry]
    after: Iterable[FileEntry]

    def __iter__(self) -> Iterator[FileChange]:
        return self.walk(FileCounts())

    @property
    def counts(self) -> FileCounts:
        """Of all of it."""
        counts = FileCounts()
        for _ in self.walk(counts):
            pass
        return counts

    @property
    def added(self) -> list[FileEntry]:
        """Files that are only in the later one."""
        return [one.after for one in self if one.kind == "added" and one.after is not None]

    @property
    def removed(self) -> list[FileEntry]:
        """Files that are only in the earlier one."""
        return [one.before for one in self if one.kind == "removed" and one.before is not None]

    @property
    def changed(self) -> list[FileEntry]:
        """Files that are in both with other content, as they are in the later one."""
        return [one.after for one in self if one.kind == "changed" and one.after is not None]

    def walk(self, counts: FileCounts) -> Iterator[FileChange]:
        """What differs, by path; ``counts`` is right once it has ended."""
        others = iter(self.after)
        new = next(others, None)
        for old in self.before:
            key = _key(old)
            while new is not None and _key(new) < key:
                yield _counted(counts, FileChange("added", new.path, None, new))
                new = next(others, None)
            if new is None or _key(new) != key:
                yield _counted(counts, FileChange("removed", old.path, old, None))
                continue
            if (old.sha256, old.size, old.link) == (new.sha256, new.size, new.link):
                counts.same += 1
            else:
                yield _counted(counts, FileChange("changed", new.path, old, new))
            new = next(others, None)
        while new is not None:
            yield _counted(counts, FileChange("added", new.path, None, new))
            new = next(others, None)

    def to_text(self) -> str:
        """A line for each change, of many for the first ones; the counts come last."""
        counts = FileCounts()
        walk = self.walk(counts)
        lines = [str(change) for change in islice(walk, _MOST_LINES)]
        left = sum(1 for _ in walk)
        return "\n".join([*lines, *([f"and {left} more"] if left else []), str(counts)])

    def __str__(self) -> str:
        return self.to_text()


def _key(entry: FileEntry) -> bytes:
    return entry.path.encode("utf-8", "surrogateescape")


def _counted(counts: FileCounts, change: FileChange) -> FileChange:
    counts.count(change)
    return change
