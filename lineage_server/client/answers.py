"""The questions ``impact``, ``path``, ``cost``, ``completeness``, ``diff``: documents, and what comes back.

Pure: who asks is ``questions`` and ``aio``; how an answer is put into words is in ``render.answers``.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from lineage_server.client.checking import checked
from lineage_server.client.moments import moment
from lineage_server.client.view import ViewNode
from lineage_server.domain import ids
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.nodes import LABEL_OF, Label

_WHEN = "$asOf: DateTime, $knownAt: DateTime, $project: String!"
_ARGUMENTS = "asOf: $asOf, knownAt: $knownAt, project: $project"
_AFFECTED = "node { uid label name kind state version deletedAt } distance path live"
_SHARE = "runs gpuSeconds wallSeconds gpuSecondsByProduct usage estimated unknown"
_CHANGED = "before { uid name kind } after { uid name kind } changes { field before after }"
QUESTIONS: dict[str, str] = {
    "impact": f"""
query Impact($of: String!, {_WHEN}) {{
  impact(of: $of, {_ARGUMENTS}) {{
    start counts hidden isPartial reason
    deployments {{ {_AFFECTED} }} holds {{ {_AFFECTED} }}
    aliases {{ alias model project target protected distance path }}
    owners {{ project owner nodes }}
  }}
}}
""",
    "path": f"""
query Path($start: String!, $end: String!, $k: Int!, {_WHEN}) {{
  path(start: $start, end: $end, k: $k, {_ARGUMENTS}) {{
    from to relation isPartial reason
    paths {{ uids edges {{ from to type role at basis }} }}
  }}
}}
""",
    "cost": f"""
query Cost($of: String!, {_WHEN}) {{
  cost(of: $of, {_ARGUMENTS}) {{
    start own {{ {_SHARE} }} ancestry {{ {_SHARE} }} failed {{ {_SHARE} }} hiddenRuns isPartial reason
  }}
}}
""",
    "completeness": f"""
query Completeness($of: String!, {_WHEN}) {{
  completeness(of: $of, {_ARGUMENTS}) {{
    start score facts counts findings {{ kind uid text }} isPartial reason
  }}
}}
""",
    "diff": f"""
query Diff($a: String!, $b: String!, {_WHEN}) {{
  diff: lineageDiff(a: $a, b: $b, {_ARGUMENTS}) {{
    a b same isPartial reason
    differences {{ kind depth at {_CHANGED} }} firstByDependency {{ kind {_CHANGED} }}
  }}
}}
""",
}
TITLES = """
query Titles($uids: [String!]!) {
  nodes(uids: $uids) {
    uid label name kind
    ... on ArtifactVersion { ordinal } ... on ModelVersion { version } ... on Deployment { version: revision }
  }
}
"""
MOST_TITLES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the server answers to a ``question``, by GraphQL's names: ``answer["isPartial"]``.

    ``titles`` are the short names of the uids in it. Printed, it is text for people.
    """

    question: str
    data: Mapping[str, Any]
    titles: Mapping[str, str]

    def __getitem__(self, name: str) -> Any:
        return self.data[name]

    def title(self, uid: str) -> str:
        """The short name of a thing in it; its uid where it has none."""
        return self.titles.get(uid, uid)

    @checked
    def to_text(self, *, width: int = 100) -> str:
        """For a terminal, in so many columns where names allow it."""
        from lineage_server.client.render.answers import text_of

        return text_of(self, width)

    def to_dict(self) -> dict[str, Any]:
        """For JSON: as GraphQL answers it."""
        return dict(self.data)

    @checked
    def to_json(self, *, indent: int | None = 2) -> str:
        """JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)

    def __str__(self) -> str:
        return self.to_text()

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        """For notebooks."""
        from lineage_server.client.render.bundle import lines

        return lines(self.to_text, include, exclude)


def variables(
    told: Mapping[str, Any], *, project: str, as_of: date | str | None, known_at: date | str | None
) -> dict[str, Any]:
    """Variables of a question, without those left to the server; raises InvalidInputError."""
    times = {"asOf": moment(as_of, "as_of"), "knownAt": moment(known_at, "known_at")}
    return {**told, "project": project, **{name: when for name, when in times.items() if when is not None}}


def uids_in(data: object) -> list[str]:
    """The things that an answer speaks of."""
    return list(dict.fromkeys(_uids(data)))[:MOST_TITLES]


def _uids(data: object) -> Iterator[str]:
    if isinstance(data, str):
        # Several may stand in one text, as in what a run read.
        for word in (data, *(data.split(", ") if ", " in data else ())):
            if _is_uid(word):
                yield word
    elif isinstance(data, Mapping):
        for name, value in cast("Mapping[str, object]", data).items():
            if name not in ("text", "role", "reason", "owner"):
                yield from _uids(value)
    elif isinstance(data, list):
        for value in cast("list[object]", data):
            yield from _uids(value)


def _is_uid(word: str) -> bool:
    """Fields and parameters are texts, too (``version``, ``model: large``), which the server refuses."""
    if word.partition(":")[0] not in LABEL_OF:
        return False
    try:
        if ids.clean_uid(word) in (Label.REGISTERED_MODEL, Label.JOB):
            ids.parse_reference(word)  # Which these may be as well.
    except InvalidInputError:
        return False
    return True


def titles_in(data: Mapping[str, Any]) -> dict[str, str]:
    """From the answer to TITLES."""
    return {node["uid"]: _title(node) for node in data["nodes"] if node}


def _title(node: Mapping[str, Any]) -> str:
    if node["label"] == "Deployment":
        return f"{node['name']}@{node['version']}"
    return ViewNode(**node).title
