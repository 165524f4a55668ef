"""What distinguishes runs, as the contract shows it."""

from __future__ import annotations

import strawberry

from lineage_server.api.gql.scalars import Json, real
from lineage_server.api.gql.types.base import page_shown
from lineage_server.api.gql.types.listing import Connection
from lineage_server.api.gql.types.runs import Run, run_of
from lineage_server.tracking import comparison as domain
from lineage_server.tracking.comparison import ComparedPart

strawberry.enum(ComparedPart)


@strawberry.type
class ComparedRow:
    """One thing that was told of any of the runs."""

    part: ComparedPart
    name: str = strawberry.field(description="key, role or package")
    differs: bool
    values: list[Json | None] = strawberry.field(
        description="in the order of the runs, null where nothing was told; of inputs and outputs the uid of "
        "the version, or of all versions in that role"
    )


@strawberry.type
class RunComparison:
    """Runs side by side."""

    runs: list[Run]
    differing: int = strawberry.field(description="rows in which the runs differ")
    same: int = strawberry.field(description="rows that are the same in all runs")
    is_partial: bool
    reason: str
    own: strawberry.Private[domain.Comparison]

    @strawberry.field(
        description="rows in which the runs differ, or all; at most 20,000 values a page, however many rows "
        "are asked for"
    )
    def rows(self, everything: bool = False, first: int = 100, after: str = "") -> Connection[ComparedRow]:
        page = self.own.page(everything=everything, first=first, after=after)

        async def count() -> int:
            return self.differing + (self.same if everything else 0)

        return page_shown(page, after, _row, count)


def comparison_shown(value: domain.Comparison) -> RunComparison:
    return RunComparison(
        runs=[run_of(run) for run in value.runs],
        differing=value.differing,
        same=value.same,
        is_partial=value.unseen > 0,
        reason=f"{value.unseen} inputs and outputs are not compared: of a run only the first hundred of "
        "each, and none of projects that you may not see"
        if value.unseen
        else "",
        own=value,
    )


def _row(row: domain.ComparedRow) -> ComparedRow:
    values = [None if one is None else Json(_shown(one)) for one in row.values]
    return ComparedRow(part=row.part, name=row.name, differs=row.differs, values=values)


def _shown(value: object) -> object:
    """NaN and infinities as JSON can say them."""
    return real(value) if isinstance(value, float) else value
