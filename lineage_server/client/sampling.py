"""Rows of a table that is too large to hold, evenly spread over all of it, and what can be counted of all.

The table comes in parts, each looked at once. Not here: where the parts come from (``table_files``), what is
told of the rows (``stats``).
"""

from __future__ import annotations

from typing import Any

from lineage_server.client.frames import arrow

_PIECE = 1024
_MOST_CELLS = 8_000_000
_LEAST_ROWS = 40_000
_MOST_BYTES = 128 * 1024 * 1024


class Sampled:
    """``rows``: of all parts so far. All are kept while they are few, then every second piece of a
    thousand, every fourth …"""

    def __init__(self) -> None:
        self.rows = 0
        self._valid: dict[str, int] = {}
        self._pieces: list[Any] = []
        self._bytes = 0
        self._count = 0
        self._every = 1

    def add(self, table: Any) -> None:
        """The next part."""
        self.rows += table.num_rows
        names: list[str] = table.schema.names
        for index, name in enumerate(names):
            if names.index(name) == index:  # of columns of one name the first is told of
                valid = table.num_rows - table.column(index).null_count
                self._valid[name] = self._valid.get(name, 0) + valid
        for start in range(0, table.num_rows, _PIECE):
            if self._count % self._every == 0:
                self._keep(table.slice(start, _PIECE))
            self._count += 1

    def nulls(self) -> dict[str, int]:
        """Of each column, in all rows; a part that lacks it has nothing but nulls there."""
        return {name: self.rows - valid for name, valid in self._valid.items()}

    def table(self, schema: Any) -> Any:
        """What is kept, with the columns of all parts; raises ArrowTypeError where their types disagree."""
        pa = arrow()
        return pa.concat_tables([schema.empty_table(), *self._pieces], promote_options="permissive")

    def _keep(self, piece: Any) -> None:
        self._pieces.append(piece if self._every == 1 else _copied(piece))
        self._bytes += piece.nbytes
        most = max(_LEAST_ROWS, _MOST_CELLS // max(1, len(self._valid)))
        while len(self._pieces) > 1 and (len(self._pieces) * _PIECE > most or self._bytes > _MOST_BYTES):
            self._pieces = [_copied(one) for one in self._pieces[::2]]
            self._bytes = sum(one.nbytes for one in self._pieces)
            self._every *= 2


def _copied(piece: Any) -> Any:
    """By itself: a slice keeps all the memory that it was cut from."""
    pa = arrow()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, piece.schema) as stream:
        stream.write_table(piece)
    return pa.ipc.open_stream(sink.getvalue()).read_all()
