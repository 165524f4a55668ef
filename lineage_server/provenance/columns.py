"""Which columns a version is known to have: by its schema, by what they were made from, by what was made of
them. Asked only where the field view found nothing, to say why."""

from __future__ import annotations

from collections.abc import Sequence

from lineage_server.domain.errors import NotFoundError
from lineage_server.domain.ids import listed, shorten
from lineage_server.graph.read_lineage import Sight
from lineage_server.graph.read_lineage_facts import LineageFacts
from lineage_server.provenance.answers import MAX_PER_NODE
from lineage_server.provenance.walk import Deadline

NONE_KNOWN = "no_columns"
_MOST_NAMES = 20


async def why_nothing(
    facts: LineageFacts, uids: Sequence[str], column: str, sight: Sight, deadline: Deadline
) -> str:
    """``NONE_KNOWN`` or nothing; raises NotFoundError for a column that none of these versions has."""
    known = await _columns_of(facts, uids, sight, deadline)
    if column and not known:
        raise NotFoundError(
            f"no columns of {shorten(uids[0])!r} are known: neither its schema was told, nor what its "
            "columns were made from"
        )
    if column and column not in known:
        raise NotFoundError(no_column(column, list(known)))
    return "" if known else NONE_KNOWN


def no_column(column: str, names: Sequence[str]) -> str:
    """What to say of a column that is none of these."""
    return f"there is no column {shorten(column)!r}; there are: {listed(names, _MOST_NAMES)}"


async def _columns_of(
    facts: LineageFacts, uids: Sequence[str], sight: Sight, deadline: Deadline
) -> dict[str, None]:
    """Names in the order of the schema, then those that only lineage tells of."""
    known: dict[str, None] = {}
    for told in (await facts.version_facts(uids, sight)).values():
        known.update((column.name, None) for column in told.columns)
        known.update((name, None) for name in told.stated)
    for upstream in (True, False):
        edges = await facts.fields(
            uids, sight, upstream=upstream, fan=MAX_PER_NODE, timeout_seconds=deadline.remaining_seconds()
        )
        for edge in edges:
            for made, sources in (edge.sources or {}).items():
                known.update((name, None) for name in ([made] if upstream else [s[0] for s in sources]))
    return known
