"""What to ask where something is missed in a project that nobody named.

References without a project are in the client's own, also where the program records in another
(``start_run(project=…)``). That is only said, never guessed: a reference means the same on every line of a
program.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, cast

from lineage_server.client.builders import reference_in
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import Reference, shorten


def hint_for(variables: Mapping[str, Any], own: str, recorded: Collection[str]) -> str:
    """For who asked with ``variables`` and missed something. ``own``: the client's project; ``recorded``:
    those that it has recorded in. Empty where another project was asked, or no reference."""
    asked = next(_references(variables, own), None)
    if asked is None:
        return ""
    others = sorted({*recorded} - {own})
    ref = Reference(asked.kind, asked.name, asked.selector, others[0] if len(others) == 1 else "PROJECT")
    where = repr(ref.project) if len(others) == 1 else "PROJECT"
    said = f"this program has recorded in {' and '.join(map(repr, others[:5]))}: " if others else ""
    return (
        f"; asked in project {own!r}, since the reference names none: {said}'{shorten(str(ref), 200)}', or "
        f"connect(project={where}), asks {'there' if len(others) == 1 else 'in another project'}"
    )


def _references(variables: Mapping[str, Any], own: str) -> Iterator[Reference]:
    """Those that name no project; where a question has no project of its own, it stands in the reference."""
    if "project" in variables and variables["project"] != own:
        return
    for value in variables.values():
        for text in cast("list[object]", value) if isinstance(value, list) else [value]:
            try:
                asked = reference_in(text) if isinstance(text, str) else None
            except InvalidInputError:
                continue
            if asked is not None and asked.project == ("" if "project" in variables else own):
                yield asked
