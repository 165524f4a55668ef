"""``Artifact``: the handle of a version that a run has read or written.

It knows what the version is and where its bytes are; the bytes stay where they are. Not here: how a
version is found or recorded (``run``, ``resolve``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineage_server.domain.errors import ConflictError, NotFoundError, NotSupportedError
from lineage_server.domain.ids import Reference, shorten, version_uid
from lineage_server.domain.nodes import Column

if TYPE_CHECKING:
    import pandas as pd  # pyright: ignore[reportMissingTypeStubs]
    import polars as pl
    import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One version of an artifact. ``digest`` is empty where it is not known (a reference, or the
    server could not be asked); ``ordinal`` is the server's count and empty until it is known."""

    name: str
    type: str
    project: str
    role: str = ""
    digest: str = ""
    ordinal: int | None = None
    uri: str = ""
    size: int | None = None
    columns: tuple[Column, ...] = ()
    run: str = ""
    value: Any = field(default=None, repr=False, compare=False)

    @property
    def uid(self) -> str:
        """The version's uid in the graph; empty while it is not known which version it is."""
        key = self.digest or (f"run:{self.run}" if self.run else "")
        return version_uid(self.project, self.type, self.name, key) if key else ""

    @property
    def ref(self) -> str:
        """What people type for it, as exact as it is known."""
        selector = str(self.ordinal) if self.ordinal is not None else self.digest
        return str(Reference(self.type, self.name, selector, self.project))

    @property
    def path(self) -> Path:
        """The file or folder on this machine; raises NotFoundError or NotSupportedError."""
        if not self.uri:
            raise NotSupportedError(
                f"where the bytes of {self.ref} are was never recorded (a frame, or a version the server "
                "could not be asked about)"
            )
        from lineage_server.client.contents import path_of_uri

        path = path_of_uri(self.uri) if "://" in self.uri else Path(self.uri)
        if path is None:
            raise NotSupportedError(
                f"the bytes of {self.ref} are at {shorten(self.uri, 200)}; "
                "read them with a tool for that place"
            )
        if not path.exists():
            raise NotFoundError(
                f"the bytes of {self.ref} were at {path}, and are not there (any more); "
                "was it recorded on another machine?"
            )
        return path

    def verify(self) -> Path:
        """The path, once its content is found to be the recorded one; raises ConflictError if it is not."""
        from lineage_server.client.contents import content_of

        path = self.path
        now = content_of(path, with_stats=False).digest
        if self.digest and now != self.digest:
            raise ConflictError(
                f"{path} is not what {self.ref} was: its content has changed since it was recorded",
                current=now,
            )
        return path

    def to_arrow(self) -> pa.Table:
        """As an Arrow table: the frame that was passed, or a parquet, CSV or Arrow file."""
        if self.value is not None:
            from lineage_server.client.frames import table_of

            return table_of(self.value)
        from lineage_server.client.contents import read_table

        return read_table(self.path)

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
