"""Search: anything by its words, or by the first digits of a digest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lineage_server.client.asking import Steps
from lineage_server.client.checking import check, told
from lineage_server.client.finding import Words, words_in
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import clean_project, shorten
from lineage_server.domain.nodes import LABEL_OF, Label

SEARCH = """
query Search($text: String!, $project: String, $labels: [String!], $first: Int!, $after: String!) {
  search(text: $text, project: $project, labels: $labels, first: $first, after: $after) {
    edges { node { uid label name kind project description } }
    hasMore
    pageInfo { endCursor }
  }
}
"""
DOCUMENTS = {"Search": SEARCH}
_PAGE = 500
_SEARCHED = ("project", "model", "modelversion", "deployment", "artifact", "job", "run", "version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One thing that was searched for; ``what`` it is: run, artifact, version, model, …"""

    uid: str
    what: str
    name: str
    kind: str
    project: str
    description: str


def search(text: object, *, what: Words, limit: object, project: object) -> Steps[list[Found]]:
    """Pages until there are ``limit``; raises InvalidInputError."""
    if not isinstance(text, str) or not text.strip():
        raise InvalidInputError(
            f"text is {told(text)}", field="text", allowed="words to search for, as one text"
        )
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise InvalidInputError(f"limit is {told(limit)}", field="limit", allowed="a number, 1 or more")
    check("project", project)
    labels = (
        None if what is None else [str(_label(word)) for word in words_in(what, "what", ", ".join(_SEARCHED))]
    )
    variables = {
        "text": text,
        "project": None if project == "*" else clean_project(str(project)),
        "labels": labels,
    }
    return _pages(variables, limit)


def _pages(variables: dict[str, Any], limit: int) -> Steps[list[Found]]:
    found: list[Found] = []
    after = ""
    while True:
        first = min(_PAGE, limit - len(found))
        page = (yield SEARCH, {**variables, "first": first, "after": after})["search"]
        found += _found(edge["node"] for edge in page["edges"])
        after = page["pageInfo"]["endCursor"]
        if not page["hasMore"] or len(found) >= limit:
            return found


def _found(nodes: Iterable[dict[str, Any]]) -> list[Found]:
    return [
        Found(
            what=node["uid"].partition(":")[0], **{key: node[key] for key in Found.__slots__ if key != "what"}
        )
        for node in nodes
    ]


def _label(word: str) -> Label:
    name = word.strip().lower()
    if name not in _SEARCHED:
        raise InvalidInputError(
            f"what {shorten(word, 40)!r} is nothing that is searched",
            field="what",
            allowed=", ".join(_SEARCHED),
        )
    return LABEL_OF[name]
