"""Derivations that a person states, and takes back."""

from __future__ import annotations

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.inputs.changes import AddEdgeInput, RetractEdgeInput
from lineage_server.api.gql.mutations.recording import record, seen_node
from lineage_server.api.gql.permissions import MayWrite
from lineage_server.api.gql.scalars import Micros
from lineage_server.api.gql.types.payloads import (
    MENDABLE,
    AddEdgePayload,
    RetractEdgePayload,
    StatedEdge,
    problem_of,
)
from lineage_server.domain.edges import COLUMNS
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.events import EdgeAsserted, EdgeRetracted
from lineage_server.domain.ids import clean_name, listed, shorten

Ctx = Info[Context, None]


class MayWriteTheEnd(MayWrite):
    """WRITE in the project of the version that was made; the other end need only be visible."""

    arguments = ("end",)


@strawberry.type
class EdgeMutations:
    @strawberry.mutation(permission_classes=[MayWriteTheEnd], description="State a derivation, and why")
    async def add_edge(self, info: Ctx, input: AddEdgeInput) -> AddEdgePayload:
        context = context_of(info)
        project = await _project_of_end(context, input)
        try:
            _check_reason(input.reason)
            event = EdgeAsserted(
                project=project, start=input.start, end=input.end, role=input.role, reason=input.reason
            )
            after = {**_ends(input), "reason": input.reason}
            sent = await record(context, event, "addEdge", input.end, after=after)
        except MENDABLE as error:
            return AddEdgePayload(problems=[problem_of(error)])
        return AddEdgePayload(problems=[], edge=_stated(input, sent.at))

    @strawberry.mutation(
        permission_classes=[MayWriteTheEnd], description="Take a stated derivation back; history keeps it"
    )
    async def retract_edge(self, info: Ctx, input: RetractEdgeInput) -> RetractEdgePayload:
        context = context_of(info)
        project = await _project_of_end(context, input)
        try:
            _check_reason(input.reason)
            await _check_stated(context, input)
            event = EdgeRetracted(
                project=project, start=input.start, end=input.end, role=input.role, reason=input.reason
            )
            before, after = _ends(input), {"reason": input.reason}
            sent = await record(context, event, "retractEdge", input.end, before=before, after=after)
        except MENDABLE as error:
            return RetractEdgePayload(problems=[problem_of(error)])
        return RetractEdgePayload(problems=[], edge=_stated(input, sent.at))


async def _project_of_end(context: Context, input: AddEdgeInput | RetractEdgeInput) -> str:
    """Both ends must be there to see; the edge belongs to the project of its end."""
    await seen_node(context, input.start)
    return (await seen_node(context, input.end)).project


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidInputError("a stated derivation needs a reason", field="reason", allowed="some words")


async def _check_stated(context: Context, input: RetractEdgeInput) -> None:
    """An event may tell it before what it takes back; who asks for it here means what is there."""
    stated = await context.tracking.stated_roles(input.start, input.end, scope=context.scope)
    own = [role for role in stated if not role.startswith(COLUMNS)]
    if clean_name(input.role, "role") not in own:
        raise InvalidInputError(
            f"no derivation with the role {shorten(input.role)!r} between these two is stated now; "
            "nothing was changed",
            field="role" if own else "start",
            allowed=listed(own) if own else "the ends of a derivation that was stated with addEdge",
        )


def _ends(input: AddEdgeInput | RetractEdgeInput) -> dict[str, str]:
    return {"start": input.start, "end": input.end, "role": input.role}


def _stated(input: AddEdgeInput | RetractEdgeInput, at: int) -> StatedEdge:
    return StatedEdge(from_=input.start, to=input.end, role=input.role, reason=input.reason, at=Micros(at))
