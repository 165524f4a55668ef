"""One Parquet file, or a folder of several with one schema, as one table that is looked at part by part.

Folders that are called ``key=value``, as Hive, Spark and Polars write them, are columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from lineage_server.client.frames import arrow
from lineage_server.domain.errors import NotSupportedError
from lineage_server.domain.ids import shorten

_BATCH_BYTES = 16 * 1024 * 1024
_BATCH_ROWS = 65_536
_READ_BYTES = 1024 * 1024
_PARTS = 32


class _Part(NamedTuple):
    """A row group. ``size``: its bytes before they were compressed; ``told``: columns of its folders."""

    path: Path
    group: int
    rows: int
    size: int
    told: Mapping[str, Any]


@dataclass
class ParquetFiles:
    """What their ends tell of them; nothing else is read yet."""

    schema: Any
    parts: list[_Part] = field(default_factory=list[_Part])

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    @property
    def size(self) -> int:
        """Bytes before they were compressed."""
        return sum(part.size for part in self.parts)

    def tables(self) -> Iterator[Any]:
        """All rows, a bounded number of bytes at a time."""
        for part in self.parts:
            yield from self._of_part(part, part.rows)

    def first_of_some(self, rows: int) -> Iterator[Any]:
        """The beginnings of some row groups, the first and the last of them too."""
        last = len(self.parts) - 1
        chosen = sorted({index * last // (_PARTS - 1) for index in range(_PARTS)})
        for index in chosen:
            yield from self._of_part(self.parts[index], -(-rows // len(chosen)))

    def nulls(self) -> dict[str, int]:
        """Of each column, as far as all files tell it."""
        found: dict[str, int] = {}
        untold = set[str]()
        for path, groups in self._groups().items():
            with _opened(path) as file:
                for group in groups:
                    _count_nulls(file.metadata.row_group(group), found, untold)
        for name in self.schema.names:
            if name not in found:
                untold.add(name)
        return {name: count for name, count in found.items() if name not in untold}

    def _groups(self) -> dict[Path, list[int]]:
        groups: dict[Path, list[int]] = {}
        for part in self.parts:
            groups.setdefault(part.path, []).append(part.group)
        return groups

    def _of_part(self, part: _Part, rows: int) -> Iterator[Any]:
        pa = arrow()
        a_row = max(1, part.size // max(1, part.rows))
        at_once = max(1, min(_BATCH_ROWS, _BATCH_BYTES // a_row, rows))
        with _opened(part.path) as file:
            for batch in file.iter_batches(batch_size=at_once, row_groups=[part.group]):
                table = pa.Table.from_batches([batch.slice(0, rows)])
                for name, value in part.told.items():
                    told = pa.scalar(value, self.schema.field(name).type)
                    table = table.append_column(name, pa.repeat(told, table.num_rows))
                yield table
                rows -= table.num_rows
                if rows <= 0:
                    return


def opened(files: Sequence[Path], folder: Path | None = None) -> ParquetFiles:
    """``folder``: the one they are all of. Raises NotSupportedError where their schemas differ."""
    first: Any = None
    parts: list[tuple[Path, int, int, int]] = []
    for path in files:
        with _opened(path) as file:
            schema, metadata = file.schema_arrow.remove_metadata(), file.metadata
            for index in range(metadata.num_row_groups):
                group = metadata.row_group(index)
                parts.append((path, index, group.num_rows, group.total_byte_size))
        first = schema if first is None else first
        if not schema.equals(first):
            raise NotSupportedError(
                f"{path} is not read with {files[0]} as one table: its columns are "
                f"{shorten(', '.join(f'{one.name}: {one.type}' for one in schema), 200)}, there they are "
                f"{shorten(', '.join(f'{one.name}: {one.type}' for one in first), 200)}"
            )
    schema, told = (first, {}) if folder is None else _of_folders(files, folder, first)
    return ParquetFiles(schema, [_Part(*part, told.get(str(part[0]), {})) for part in parts])


def read(files: Sequence[Path], folder: Path | None = None) -> Any:
    """All of it."""
    if folder is None:
        import pyarrow.parquet as parquet

        untyped: Any = parquet
        return untyped.read_table(files[0], partitioning=None)
    opened(files, folder)
    return _dataset(files, folder).to_table()


def _of_folders(files: Sequence[Path], folder: Path, schema: Any) -> tuple[Any, dict[str, dict[str, Any]]]:
    """The schema with what folders tell, and what they tell of each file."""
    import pyarrow.dataset as dataset

    untyped: Any = dataset
    if not any("=" in name for path in files for name in path.relative_to(folder).parts[:-1]):
        return schema, {}
    whole = _dataset(files, folder)
    told = {
        fragment.path: {
            name: value
            for name, value in untyped.get_partition_keys(fragment.partition_expression).items()
            if name not in schema.names
        }
        for fragment in whole.get_fragments()
    }
    return whole.schema.remove_metadata(), told


def _dataset(files: Sequence[Path], folder: Path) -> Any:
    import pyarrow.dataset as dataset

    untyped: Any = dataset
    return untyped.dataset(
        [str(path) for path in files], format="parquet", partitioning="hive", partition_base_dir=str(folder)
    )


def _opened(path: Path) -> Any:
    import pyarrow.parquet as parquet

    # By a buffer, page after page: else all of a column in a row group would be in memory.
    untyped: Any = parquet
    return untyped.ParquetFile(path, buffer_size=_READ_BYTES)


def _count_nulls(group: Any, found: dict[str, int], untold: set[str]) -> None:
    for index in range(group.num_columns):
        column = group.column(index)
        name, statistics = column.path_in_schema, column.statistics
        if statistics is None or not statistics.has_null_count:
            untold.add(name)
        else:
            found[name] = found.get(name, 0) + statistics.null_count
