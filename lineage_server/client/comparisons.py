"""The question ``compare``: the document, and how its pages become one ``Answer``.

Pure: who asks is ``questions`` and ``aio``; how it is put into words is in ``render.comparing``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from lineage_server.client.answers import MOST_TITLES, Answer
from lineage_server.client.render.comparing import several
from lineage_server.domain.errors import InvalidInputError

COMPARE = """
query Compare($runs: [String!]!, $everything: Boolean!, $first: Int!, $after: String!, $project: String!) {
  compareRuns(runs: $runs, project: $project) {
    runs { uid name project job state startedAt endedAt }
    rows(everything: $everything, first: $first, after: $after) {
      edges { node { part name differs values } } hasMore pageInfo { endCursor }
    }
    differing same isPartial reason
  }
}
"""
_MOST_ROWS, _MOST_VALUES = 500, 8_000
"""Of a page: what the server lets one ask for at once."""
_OF_VERSIONS = frozenset({"INPUT", "OUTPUT"})


def listed(refs: object) -> list[Any]:
    """The things to compare; raises InvalidInputError for what is no list of them."""
    kind = type(refs).__name__
    if isinstance(refs, Iterable) and not isinstance(refs, str | bytes | dict):
        return [*cast("Iterable[Any]", refs)]
    raise InvalidInputError(
        f"refs is of type {kind}",
        field="refs",
        allowed="a list of 2 to 200 runs, or of versions that runs made",
    )


class Table:
    """A comparison, gathered page by page until ``asked`` for no more."""

    def __init__(self, starts: Sequence[str], *, everything: bool, project: str) -> None:
        first = max(1, min(_MOST_ROWS, _MOST_VALUES // max(1, len(starts))))
        self._variables: dict[str, Any] = {
            "runs": list(starts), "everything": everything, "first": first, "project": project,
        }  # fmt: skip
        self._data: dict[str, Any] = {}
        self._rows: list[dict[str, Any]] = []
        self._after: str | None = ""

    def asked(self) -> dict[str, Any] | None:
        """Variables of COMPARE; None when all rows are there."""
        return None if self._after is None else {**self._variables, "after": self._after}

    def add(self, data: Mapping[str, Any]) -> None:
        """The answer to COMPARE."""
        compared = data["compareRuns"]
        page = compared["rows"]
        self._rows += [edge["node"] for edge in page["edges"]]
        self._data = {**compared, "rows": self._rows}
        self._after = page["pageInfo"]["endCursor"] if page["hasMore"] else None

    @property
    def versions(self) -> list[str]:
        """What was read and written in those rows, as far as short names can be asked for at once."""
        found = dict.fromkeys(
            uid
            for row in self._rows
            if row["part"] in _OF_VERSIONS
            for value in row["values"]
            for uid in several(value)
        )
        return list(found)[:MOST_TITLES]

    def answer(self, titles: Mapping[str, str]) -> Answer:
        """All of it; ``titles`` are the short names of the versions."""
        return Answer(question="compare", data=self._data, titles=titles)
