"""Cursors of lineage answers: opaque text that continues a walk, or one node whose edges were cut.

A cursor pins what was known at the first page, so that later writes neither repeat nor skip
anything. It holds only what the question's author has seen.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import asdict, dataclass

from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import clean_uid
from lineage_server.graph.read_lineage import edge_types
from lineage_server.provenance.production import UNLIMITED

MAX_SKIP = 1_000_000
"""A later page walks past all earlier ones: an end to what a made-up cursor can ask for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """``skip`` entries were shown; with ``uid``, of that node's edges of ``type`` in ``direction`` within
    ``reach`` (``production.py``)."""

    skip: int = 0
    known_at: int = 0
    question: str = ""
    uid: str = ""
    type: str = ""
    direction: str = ""
    reach: int = UNLIMITED

    def encode(self) -> str:
        told = {key: value for key, value in asdict(self).items() if value != _UNTOLD[key]}
        text = json.dumps(told, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


_UNTOLD = asdict(Cursor())


def decode(text: str) -> Cursor:
    """Read a cursor that we gave out; raises InvalidInputError."""
    try:
        padded = text + "=" * (-len(text) % 4)
        cursor = Cursor(**json.loads(base64.urlsafe_b64decode(padded.encode())))
        ours = _is_ours(cursor)
    except (ValueError, TypeError, binascii.Error, RecursionError, InvalidInputError) as error:
        raise _refused() from error
    if not ours:
        raise _refused()
    return cursor


def _is_ours(cursor: Cursor) -> bool:
    """Whether we may have given it out; raises InvalidInputError for what is no uid."""
    numbers = (cursor.skip, cursor.known_at, cursor.reach)
    words = (cursor.question, cursor.uid, cursor.type, cursor.direction)
    if any(type(n) is not int for n in numbers) or any(type(w) is not str for w in words):
        return False
    if not (0 <= cursor.skip <= MAX_SKIP and 0 <= cursor.known_at < 1 << 63):
        return False
    if abs(cursor.reach) > UNLIMITED:
        return False
    if not cursor.uid:
        return not cursor.type and not cursor.direction
    return cursor.type in edge_types(cursor.direction, clean_uid(cursor.uid))


def _refused() -> InvalidInputError:
    return InvalidInputError(
        "this is no cursor of a lineage answer", field="after", allowed="a cursor from an earlier answer"
    )
