"""Saved views of the list of runs, as the contract shows them."""

from __future__ import annotations

import strawberry

from lineage_server.api.gql.scalars import Micros
from lineage_server.api.gql.types.payloads import Problem
from lineage_server.auth.principal import Permission, Principal
from lineage_server.domain.nodes import RunState
from lineage_server.tracking import views as domain


@strawberry.type
class SavedView:
    """A list of runs that somebody keeps by name, for themselves or for all of a project."""

    uid: str
    project: str
    name: str
    owner: str = strawberry.field(description="who keeps it, as issuer/subject")
    mine: bool
    deletable: bool = strawberry.field(
        description="whether you may delete it: yours, or a project's as its admin"
    )
    shared: bool = strawberry.field(description="seen by all who see the project")
    columns: list[str] | None = strawberry.field(description="null are the usual ones")
    text: str = strawberry.field(description="words, and comparisons such as m.loss<0.3")
    states: list[RunState]
    job: str = strawberry.field(description="uid; empty is any job")
    sort: str = strawberry.field(description="a column, after a minus the greatest first; empty as usual")
    created_at: Micros
    updated_at: Micros


@strawberry.type
class SaveViewPayload:
    problems: list[Problem]
    view: SavedView | None = None


@strawberry.type
class DeleteViewPayload:
    problems: list[Problem]
    view: SavedView | None = None


def view_of(one: domain.SavedView, principal: Principal) -> SavedView:
    shown = one.shown
    return SavedView(
        uid=one.uid,
        project=one.project,
        name=one.name,
        owner=one.owner,
        mine=one.owner == principal.actor,
        deletable=may_delete(one, principal),
        shared=one.shared,
        columns=None if shown.columns is None else list(shown.columns),
        text=shown.text,
        states=list(shown.states),
        job=shown.job,
        sort=shown.sort,
        created_at=Micros(one.created_at),
        updated_at=Micros(one.updated_at),
    )


def may_delete(one: domain.SavedView, principal: Principal) -> bool:
    """Those who left leave views behind that others see: admins clear them away."""
    return one.owner == principal.actor or principal.can(Permission.ADMIN, one.project)
