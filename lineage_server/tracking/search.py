"""Search by words, or by the first digits of a digest: one list over labels that are stored apart.

First what has a name, best match first; then runs, the newest first, since there may be a hundred
thousand, too many to rank. A cursor says in which of the two parts its row stands.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace

from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import label_of
from lineage_server.domain.nodes import Label, Node
from lineage_server.graph.read_tracking import Listed, Place, TrackingReader
from lineage_server.tracking.filters import (
    ListFilter,
    Order,
    Page,
    Scope,
    cursor_parts,
    no_cursor,
    page_of,
    selection,
    words_of,
)
from lineage_server.tracking.listing import Listing

SEARCHED = (
    *(Label.PROJECT, Label.REGISTERED_MODEL, Label.MODEL_VERSION, Label.DEPLOYMENT),
    *(Label.ARTIFACT, Label.JOB, Label.RUN, Label.ARTIFACT_VERSION),
)
_MARK = "search"
_RUNS = 3
"""The rank of runs: after all others."""
_DIGEST = re.compile(r"(?:([a-z0-9]+):)?([0-9a-f]{6,128})")


async def search(
    reader: TrackingReader,
    listing: Listing,
    text: str,
    *,
    scope: Scope,
    labels: Sequence[Label],
    first: int,
    after: str,
) -> Page[Node]:
    """One page; raises InvalidInputError."""
    words = words_of(text)
    if not words:
        raise InvalidInputError("there is nothing to search for", field="text", allowed="some words")
    digest = _DIGEST.fullmatch(text.strip().lower())
    among_runs, place = _decode(after)
    named, runs = await asyncio.gather(
        reader.search(
            scope,
            text=" ".join(words),
            words=words,
            labels=[] if among_runs else labels,
            digest=f"{digest[1] or 'sha256'}:{digest[2]}" if digest else "",
            limit=first + 1,
            after=place,
        ),
        listing.page(
            selection(Label.RUN, scope, ListFilter(text=text)),
            Order(),
            first=first,
            after=place if among_runs else None,
        )
        if Label.RUN in labels
        else _nothing(),
    )
    return page_of([*named, *(Listed(r.node, replace(r.place, rank=_RUNS)) for r in runs)], first, _MARK)


def _decode(after: str) -> tuple[bool, Place | None]:
    """Whether the page begins among the runs, and after which place there or before."""
    if not after:
        return False, None
    rank, value, uid = cursor_parts(after, _MARK)
    label = label_of(uid)
    if rank == _RUNS and label is Label.RUN and (value is None or isinstance(value, int)):
        return True, Place(rank=2 if value is None else 0, value=value, uid=uid)
    if 0 <= rank < _RUNS and label in SEARCHED and label is not Label.RUN and isinstance(value, int):
        return False, Place(rank=rank, value=value, uid=uid)
    raise no_cursor()


async def _nothing() -> list[Listed]:
    return []
