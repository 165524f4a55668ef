"""``Artifact``: the handle of a version that a run has read or written.

It knows what the version is and where its bytes are; they stay there until somebody wants them. Not here:
how a version is found or recorded (``run``, ``resolve``), how its bytes are fetched (``downloads``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineage_server.client.checking import checked
from lineage_server.domain.errors import ConflictError, NotSupportedError
from lineage_server.domain.ids import Reference, version_uid
from lineage_server.domain.nodes import Column

if TYPE_CHECKING:
    import pandas as pd  # pyright: ignore[reportMissingTypeStubs]
    import polars as pl
    import pyarrow as pa

    from lineage_server.client.client import Client
    from lineage_server.client.file_changes import FilesDiff
    from lineage_server.client.listings import Files
    from lineage_server.client.previews import Preview
    from lineage_server.client.registered import ModelVersion
    from lineage_server.client.verifying import Verification

_DIGITS = len("sha256:") + 12
"""Of a digest, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One version of an artifact. ``digest`` is empty where it is not known (a reference, or the
    server could not be asked); ``ordinal`` is the server's count and empty until it is known;
    ``registered``: the version or alias of the registered model of its name that it is known by alone.
    ``stats`` of a table: ``rows``, ``sampled``, and of ``columns`` by name nulls, extremes, distinct values
    and more."""

    name: str
    type: str
    project: str
    role: str = ""
    digest: str = ""
    ordinal: int | None = None
    uri: str = ""
    size: int | None = None
    columns: tuple[Column, ...] = ()
    stats: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False, compare=False)
    run: str = ""
    registered: str = ""
    value: Any = field(default=None, repr=False, compare=False)
    client: Client | None = field(default=None, repr=False, compare=False)

    @property
    def uid(self) -> str:
        """The version's uid in the graph; empty while it is not known which version it is."""
        key = self.digest or (f"run:{self.run}" if self.run else "")
        return version_uid(self.project, self.type, self.name, key) if key else ""

    @property
    def ref(self) -> str:
        """What people type for it, as exact as it is known."""
        return str(Reference(self.type, self.name, self._selector(self.digest), self.project))

    def _selector(self, digest: str) -> str:
        return self.registered or (str(self.ordinal) if self.ordinal is not None else digest)

    @property
    def path(self) -> Path:
        """A file or folder of this machine with its content: where it was recorded, if that is still the
        same, else a download in the cache, which is read-only. Raises a domain error that says where the
        bytes are."""
        return self._asked().download(self)

    @checked
    def download(
        self,
        to: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        progress: Callable[[int, int], None] | None = None,
        paths: str | Sequence[str] | None = None,
    ) -> Path:
        """Its file in the folder ``to``, or ``to`` with all its files; what is there already is not
        fetched again. ``paths``: only files that fit a pattern, such as ``"*.json"``. Raises a domain
        error."""
        return self._asked().download(self, to, overwrite=overwrite, progress=progress, paths=paths)

    @checked
    def load(self, *, trust: bool = False) -> Any:
        """The model that ``log_model`` or autolog wrote: an estimator or booster, of PyTorch the state. One
        that was pickled (by joblib, too) is only read if you ``trust`` who made it: reading it runs their
        code. Raises a domain error."""
        from lineage_server.client.model_loading import loaded

        return loaded(self, trust=trust)

    @property
    def files(self) -> Files:
        """Its files (path, size, SHA-256), to be walked over page by page; see ``Client.files``."""
        return self._asked().files(self)

    @checked
    def diff(self, ref: str | Artifact | ModelVersion) -> FilesDiff:
        """Which files were added, removed or changed from this version to another one, ``ref``; raises a
        domain error where the files of one are not known, at the first step of a walk over them."""
        from lineage_server.client.file_changes import FilesDiff

        return FilesDiff(self.files, self._asked().files(ref))

    @checked
    def preview(self, path: str = "") -> Preview:
        """A look at its file at ``path``, else at its first one, without fetching it: first rows of a table,
        an image, or the beginning of a text. Raises a domain error."""
        return self._asked().preview(self, path)

    @checked
    def register(
        self,
        name: str | None = None,
        *,
        version: str | None = None,
        aliases: str | Sequence[str] | None = None,
        description: str | None = None,
        card: str | None = None,
        tags: Mapping[str, Any] | None = None,
        metrics: Mapping[str, Any] | None = None,
        signature: Mapping[str, Any] | None = None,
        reason: str = "",
        project: str | None = None,
    ) -> ModelVersion:
        """Make it a version of a registered model: of its own name and project, unless others are given.
        See ``Client.register``; raises a domain error."""
        return self._asked().register(
            self.name if name is None else name, self, version=version, aliases=aliases,
            description=description, card=card, tags=tags, metrics=metrics, signature=signature,
            reason=reason,
            project=self.project if project is None else project,
        )  # fmt: skip

    def verify(self) -> Path:
        """Where it was recorded, once its content is found to be the same; raises ConflictError if it is
        not. What lies there no more is taken from elsewhere; of an address its place is asked first."""
        from lineage_server.client.contents import content_of, local_place

        place = local_place(self.uri, self.client.config.volumes if self.client is not None else None)
        if place is None or not place.exists():
            if place is None and self.uri and self.uid:
                found: Verification = self._asked().verify(self)
                if found.drifted:
                    raise ConflictError(str(found))
            return self.path
        now = content_of(place, with_stats=False).digest
        if self.digest and now != self.digest:
            raise ConflictError(
                f"{place} is not what {self.ref} was: its content has changed since it was recorded",
                current=now,
            )
        return place

    def _asked(self) -> Any:
        """Who fetches: the client that it came from, else the default one."""
        if self.client is not None:
            return self.client
        import lineage_server.client as default

        return default

    def __str__(self) -> str:
        """Which one it is, and how large: ``dataset:iris@3  1.2 KiB  5 columns``."""
        from lineage_server.client.render.words import bytes_told, safe

        told = [str(Reference(self.type, self.name, self._selector(self.digest[:_DIGITS])))]
        if self.size is not None:
            told.append(bytes_told(self.size))
        if self.columns:
            told.append(f"{len(self.columns)} column{'' if len(self.columns) == 1 else 's'}")
        return safe("  ".join(told))

    def _repr_html_(self) -> str:
        """For what knows no bundles: Marimo, documentation builders."""
        from lineage_server.client.render.handles import artifact_html

        return artifact_html(self)

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        """For notebooks."""
        from lineage_server.client.render.handles import forms

        return forms(self, self._repr_html_, include, exclude)

    def __getstate__(self) -> dict[str, Any]:
        """For another process, which has a client of its own."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "client"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, one in {**state, "client": None}.items():
            object.__setattr__(self, name, one)

    def to_arrow(self) -> pa.Table:
        """As an Arrow table: the frame that was passed, or a file of Parquet, CSV, Arrow or JSON lines, or a
        folder of Parquet files of one schema or of JSON lines. Raises a domain error."""
        if self.value is not None:
            from lineage_server.client.frames import table_of

            return table_of(self.value)
        from lineage_server.client.table_files import read

        return read(self.path)

    def to_pandas(self) -> pd.DataFrame:
        """As a pandas frame."""
        table: Any = self.to_arrow()
        return table.to_pandas()

    def to_polars(self) -> pl.DataFrame:
        """As a polars frame."""
        try:
            import polars
        except ImportError:
            raise NotSupportedError(
                "to_polars needs polars, which is not installed: pip install polars"
            ) from None
        table: Any = self.to_arrow()
        return polars.DataFrame(table)
