"""What ``ls versions`` and ``ls deployments`` are of: a registered model, a version of one, an artifact."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from lineage_server.cli.showing import RESOLVE
from lineage_server.client.builders import reference_in
from lineage_server.domain.errors import InvalidInputError, NotFoundError
from lineage_server.domain.ids import model_uid, shorten

_KNOWN = "query Known($uids: [String!]!) { nodes(uids: $uids) { uid } }"
_PAGE = 200
_MODEL, _VERSION = "model:", "modelversion:"

Ask = Callable[[str, dict[str, Any]], dict[str, Any]]


class Served(NamedTuple):
    """A model (``version`` empty) or a version of it, whose deployments are asked for, by uid."""

    model: str
    version: str = ""

    def by(self, deployment: Mapping[str, Any]) -> bool:
        """Whether it serves or served that."""
        if self.version:
            return self.version in deployment["serves"]
        beginning = self.model.replace(_MODEL, _VERSION, 1) + "@"
        return any(str(uid).startswith(beginning) for uid in deployment["serves"])


def registered(ask: Ask, of: str, project: str) -> str:
    """The uid of the registered model that is meant: ``churn``, ``team-a/churn`` or with ``model:``, also a
    uid. Empty for an artifact, and for a model that nobody has registered; raises NotFoundError for a bare
    name of none."""
    named = _uids(of, project)
    known = [one for one in ask(_KNOWN, {"uids": named})["nodes"] if one is not None] if named else []
    if not known and ":" not in of:
        raise NotFoundError(
            f"{_missing(of, project)}. Of an artifact say what it is, too: dataset:{of}, file:{of} and so on"
        )
    return str(known[0]["uid"]) if known else ""


def _uids(of: str, project: str) -> list[str]:
    """Uids that a text may mean, the likeliest first: names may have strokes, too."""
    asked = reference_in(of)
    if ":" in of and (asked is None or asked.kind != "model"):
        return []
    name, owner = (of, "") if asked is None else (asked.name, asked.project)
    uids = [model_uid(owner or project, name)]
    if "/" in name:
        uids.insert(0 if of.startswith(_MODEL) else 1, _MODEL + name)
    return uids


def _missing(name: str, project: str) -> str:
    return f"project {project!r} has no registered model {shorten(name)!r}; 'lineage ls models' lists them"


def served(ask: Ask, of: str, project: str) -> Served:
    """Whose deployments are asked for; raises a domain error."""
    asked = reference_in(of)
    if of.startswith(_VERSION) or (asked is not None and asked.kind == "model" and asked.selector):
        meant = str(ask(RESOLVE, {"ref": of, "project": project})["resolve"])
        if meant.startswith(_VERSION):
            return Served("", meant)
    elif model := registered(ask, of, project):
        return Served(model)
    if asked is not None and asked.kind == "model":
        raise NotFoundError(_missing(asked.name, asked.project or project))
    raise InvalidInputError(
        f"{shorten(of)!r} is no registered model, and deployments serve nothing else",
        field="of",
        allowed="churn, team-a/churn, model:churn, or of one version model:churn@3",
    )


def deployments_of(ask: Ask, document: str, variables: Mapping[str, Any], what: Served) -> dict[str, Any]:
    """A page of those that serve or served it."""
    first, asked = int(variables["first"]), {**variables, "first": _PAGE, "after": ""}
    found: list[dict[str, Any]] = []
    while True:
        page = ask(document, dict(asked))["deployments"]
        found += [edge for edge in page["edges"] if what.by(edge["node"])]
        if len(found) > first or not page["hasMore"]:
            return {"edges": found[:first], "hasMore": len(found) > first}
        asked["after"] = page["pageInfo"]["endCursor"]
