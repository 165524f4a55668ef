"""``Logged``: texts, figures, images and tables that a run makes, each recorded as an output.

How they become files is in ``pictures``; tables are what ``produce`` does with frames.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lineage_server.client import builders
from lineage_server.client.artifact import Artifact
from lineage_server.client.checking import check, told
from lineage_server.client.inputs_outputs import InputsAndOutputs
from lineage_server.domain.errors import InvalidInputError

if TYPE_CHECKING:
    from lineage_server.client.pictures import Picture


class Logged(InputsAndOutputs):
    """The half of ``Run`` that logs what people look at: the same content under a name is the same version,
    and its bytes are sent as those that ``produce`` records."""

    def log_text(
        self,
        name: str,
        text: str,
        *,
        step: int | None = None,
        type: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        role: str | None = None,
        upload: bool | None = None,
    ) -> Artifact:
        """Record a text; the ending of its ``name`` (``notes.md``, ``page.html``) says what kind of text."""
        from lineage_server.client.pictures import text_as_file

        return self._log(
            "text",
            name,
            text,
            text_as_file,
            "file",
            _about(
                step=step, type=type, description=description, metadata=metadata, role=role, upload=upload
            ),
        )

    def log_figure(
        self,
        name: str,
        figure: Any,
        *,
        step: int | None = None,
        type: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        role: str | None = None,
        upload: bool | None = None,
    ) -> Artifact:
        """Record a figure: of matplotlib or seaborn as PNG, of plotly, altair and their like as HTML, or the
        path of one."""
        from lineage_server.client.pictures import figure_as_file

        return self._log(
            "figure",
            name,
            figure,
            figure_as_file,
            "figure",
            _about(
                step=step, type=type, description=description, metadata=metadata, role=role, upload=upload
            ),
        )

    def log_image(
        self,
        name: str,
        image: Any,
        *,
        step: int | None = None,
        type: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        role: str | None = None,
        upload: bool | None = None,
    ) -> Artifact:
        """Record an image: of Pillow, an array of height × width (× 1, 3 or 4 channels; 8 bits, booleans or
        fractions from 0 to 1), bytes of an image file, or the path of one."""
        from lineage_server.client.pictures import image_as_file

        return self._log(
            "image",
            name,
            image,
            image_as_file,
            "figure",
            _about(
                step=step, type=type, description=description, metadata=metadata, role=role, upload=upload
            ),
        )

    def log_table(
        self,
        name: str,
        table: Any,
        *,
        step: int | None = None,
        type: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        role: str | None = None,
        upload: bool | None = None,
    ) -> Artifact:
        """Record a table: any frame, columns by name, a list of rows, or the path of a file of one."""
        return self._log(
            "table",
            name,
            table,
            _table,
            "table",
            _about(
                step=step, type=type, description=description, metadata=metadata, role=role, upload=upload
            ),
        )

    def _log(
        self,
        argument: str,
        name: str,
        value: Any,
        as_file: Callable[[str, Any], Picture],
        usual: str,
        about: dict[str, Any],
    ) -> Artifact:
        """``argument``: what the caller's own call names the value."""
        check("name", name)
        check(argument, value)
        more = dict(about)
        step, kind, metadata = more.pop("step", None), more.pop("type", None), more.pop("metadata", {})
        for key, said in (("type", kind or usual), ("step", step or 0), ("metadata", metadata)):
            check(key, said)
        # A wrong name must not cost the drawing.
        named = builders.reference_in(name) is not None
        called, kind = builders.name_and_type(name, str(kind) if kind else None if named else usual, usual)
        # A client that is switched off draws nothing.
        made, facts = (value, {}) if self.client.outbox is None else as_file(called, value)
        if step is not None:
            facts = {**facts, "step": int(step)}
        return self.produce(called, made, type=kind, metadata={**facts, **metadata} or None, **more)


def _about(**told: Any) -> dict[str, Any]:
    """What is told of it: the ``step`` it is of, else as in ``produce``."""
    return {name: said for name, said in told.items() if said is not None}


def _table(_name: str, table: Any) -> Picture:
    """As it is, if it is one; raises InvalidInputError."""
    from lineage_server.client.frames import is_frame
    from lineage_server.client.pictures import Picture

    if is_frame(table) or isinstance(table, str | os.PathLike):
        return Picture(table, {})
    raise InvalidInputError(
        f"table is {told(table)}",
        field="table",
        allowed="a frame (pandas, polars, Arrow), a mapping of columns, rows as mappings, or a path",
    )
