"""Views of the list of runs that people keep by name: their own, and those that they share with a project.

A view is whose it is and what it is called: saved again, it is the same one with other contents. Not here:
who may do so (the API), and what its columns and words ask for (whoever shows the list).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lineage_server.domain import ids
from lineage_server.domain.errors import InvalidInputError, LimitError, NotFoundError
from lineage_server.domain.nodes import RunState
from lineage_server.graph.bolt import Bolt, Row
from lineage_server.graph.queries import views as q

MOST = 200
"""Views that a person keeps in a project, and those that a project shares."""
MOST_COLUMNS = 200
MOST_NAME = 100
MOST_TEXT = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """No ``columns``: the usual ones. ``sort``: a column, after a minus the greatest first."""

    columns: tuple[str, ...] | None = None
    text: str = ""
    states: tuple[RunState, ...] = ()
    job: str = ""
    sort: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """``owner`` as events name who sent them; one that is ``shared`` is seen by all who see the project."""

    uid: str
    project: str
    owner: str
    name: str
    shared: bool
    shown: Shown
    created_at: int
    updated_at: int


class Views:
    """The saved views in one graph."""

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt

    async def save(
        self, *, project: str, owner: str, name: str, shared: bool, shown: Shown, audit: Mapping[str, Any]
    ) -> SavedView:
        """The view of this name, made or changed; ``audit`` lacks the target."""
        name = _text(ids.clean_name(name, "name"), "name", MOST_NAME)
        uid = view_uid(project, owner, name)
        others = {"project": project, "owner": owner, "uid": uid}
        counted = (await self._bolt.read(q.COUNT_VIEWS, others))[0]
        if counted["own"] >= MOST or (shared and counted["shared"] >= MOST):
            whose = f"you keep {MOST} views in" if counted["own"] >= MOST else f"{MOST} views are shared in"
            raise LimitError(f"{whose} project {project!r}; nothing was changed. Delete some", limit=MOST)
        properties = {
            "project": project,
            "owner": owner,
            "name": name,
            "shared": shared,
            **_properties(shown),
        }
        told = [{**audit, "target": uid}]
        given = {"uid": uid, "properties": properties, "now": ids.now_micros(), "audit": told}
        return _view((await self._bolt.write(q.SAVE_VIEW, given))[0])

    async def get(self, project: str, uid: str, *, seen_by: str) -> SavedView:
        """Raises NotFoundError, also for what somebody else keeps for themselves."""
        rows = await self._bolt.read(q.GET_VIEW, {"project": project, "uid": uid, "owner": seen_by})
        if not rows:
            raise NotFoundError(f"view {ids.shorten(uid)!r} is not there (any more), or not yours to see")
        return _view(rows[0])

    async def list_views(self, project: str, *, seen_by: str) -> list[SavedView]:
        """Theirs and those that are shared, by name."""
        given = {"project": project, "owner": seen_by, "limit": 2 * MOST}
        return [_view(row) for row in await self._bolt.read(q.LIST_VIEWS, given)]

    async def delete(self, view: SavedView, *, audit: Mapping[str, Any]) -> None:
        await self._bolt.write(
            q.DELETE_VIEW, {"project": view.project, "uid": view.uid, "audit": [dict(audit)]}
        )


def view_uid(project: str, owner: str, name: str) -> str:
    return f"view:{project}/{uuid.uuid5(ids.CLUSTER_NAMESPACE, f'{owner} {name}')}"


def picture_of(shown: Shown) -> dict[str, Any]:
    """For the audit: what was said, without what was left out."""
    told = {
        "columns": None if shown.columns is None else list(shown.columns), "text": shown.text,
        "states": [str(state) for state in shown.states], "job": shown.job, "sort": shown.sort,
    }  # fmt: skip
    return {key: value for key, value in told.items() if value or (key == "columns" and value is not None)}


def _properties(shown: Shown) -> dict[str, Any]:
    """Raises InvalidInputError. What is empty is no property."""
    columns = shown.columns
    if columns is not None and len(columns) > MOST_COLUMNS:
        raise InvalidInputError(
            f"{len(columns)} columns are too many for a view; nothing was changed",
            field="columns",
            allowed=f"at most {MOST_COLUMNS}",
        )
    checked = None if columns is None else [ids.clean_name(one, "columns") for one in dict.fromkeys(columns)]
    return {
        # A list that is empty would be no property, either.
        "columns": checked if checked is None or checked else [""],
        "text": _text(shown.text, "text", MOST_TEXT) or None,
        "states": _distinct([str(state) for state in shown.states]),
        "job": ids.clean_name(shown.job, "job") if shown.job else None,
        "sort": ids.clean_name(shown.sort, "sort") if shown.sort else None,
    }


def _distinct(texts: Sequence[str]) -> list[str] | None:
    return list(dict.fromkeys(texts)) or None


def _text(text: str, field: str, most: int) -> str:
    if len(text) > most:
        raise InvalidInputError(
            f"{field} has {len(text)} characters; nothing was changed", field=field, allowed=f"at most {most}"
        )
    return text


def _view(row: Row) -> SavedView:
    columns = row["columns"]
    shown = Shown(
        columns=None if columns is None else tuple(filter(None, columns)),
        text=row["text"] or "",
        states=tuple(RunState(state) for state in row["states"] or ()),
        job=row["job"] or "",
        sort=row["sort"] or "",
    )
    told = {name: row[name] for name in SavedView.__slots__ if name not in ("shared", "shown")}
    return SavedView(**told, shared=bool(row["shared"]), shown=shown)
