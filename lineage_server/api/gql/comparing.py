"""Query fields about several runs: what distinguishes them, and whether the same runs made the same."""

from __future__ import annotations

import asyncio

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.lists import MAX_REFERENCES
from lineage_server.api.gql.questions import is_uid, uid_of
from lineage_server.api.gql.types import comparisons as shown
from lineage_server.api.gql.types.fingerprints import Repeats, repeats_shown
from lineage_server.domain import ids
from lineage_server.domain.edges import EdgeType
from lineage_server.domain.errors import InvalidInputError, NotFoundError
from lineage_server.domain.ids import DEFAULT_PROJECT
from lineage_server.domain.nodes import Label, Run
from lineage_server.tracking import comparison, parts
from lineage_server.tracking.determinants import step_of
from lineage_server.tracking.executions import Execution
from lineage_server.tracking.filters import check_first
from lineage_server.tracking.fingerprint import fingerprint_of
from lineage_server.tracking.repeats import MOST_LOOKED_AT, repeats_of

Ctx = Info[Context, None]
_MADE = frozenset({Label.ARTIFACT_VERSION, Label.MODEL_VERSION})


@strawberry.type
class ComparisonQueries:
    @strawberry.field(
        description="What distinguishes 2 to 200 runs, by uid or reference; a version means the run that "
        "made it"
    )
    async def compare_runs(
        self, info: Ctx, runs: list[str], project: str = DEFAULT_PROJECT
    ) -> shown.RunComparison:
        comparison.check_runs(len(runs))
        uids = await runs_meant(info, runs, project)
        comparison.check_distinct(runs, uids)
        found = await asyncio.gather(
            *(_execution(info, uid, text) for uid, text in zip(uids, runs, strict=True))
        )
        return shown.comparison_shown(comparison.Comparison(found))

    @strawberry.field(
        description="Runs with the same fingerprint as a run (or as the one that made a version), and "
        "whether they made the same",
        metadata={"cost": 1_000},
    )
    async def repeats(self, info: Ctx, of: str, first: int = 20, project: str = DEFAULT_PROJECT) -> Repeats:
        check_first(first)
        (uid,) = await runs_meant(info, [of], project)
        own = _found(await context_of(info).loaders.determined.load(uid), of)
        # Without a whole fingerprint there is nothing to compare, and nothing more to ask for.
        known = fingerprint_of(own).complete
        others, more = await _of_the_same_code(info, own) if known else ([], False)
        return repeats_shown(repeats_of(own, others, more=more), first)


async def _execution(info: Ctx, uid: str, text: str) -> Execution:
    return _found(await context_of(info).loaders.executions.load(uid), text)


def _found(found: Execution | None, text: str) -> Execution:
    if found is None:
        raise NotFoundError(f"{ids.shorten(text)!r} is not there, or not yours to see")
    return found


async def _of_the_same_code(info: Ctx, own: Execution) -> tuple[list[Execution], bool]:
    """Other runs that used what the run used, the newest first; and whether there are more. Of a run whose
    code is that of one above it: the same part of other runs of this code."""
    loaders = context_of(info).loaders
    around = await loaders.surroundings.load(own.determinants.code.facts.run.uid) or {}
    wanted = [
        parts.runs_of(code, EdgeType.USED_CODE, first=MOST_LOOKED_AT)
        for code in around.get(EdgeType.USED_CODE, ())
    ]
    pages = [page for page in await asyncio.gather(*map(loaders.runs.load, wanted)) if page is not None]
    more = any(page.has_more for page in pages)
    for _ in range(own.generation):
        above = list(dict.fromkeys(node.uid for page in pages for node in page.items))
        more = more or len(above) > MOST_LOOKED_AT
        below = [
            parts.runs_of(uid, EdgeType.CHILD_OF, first=MOST_LOOKED_AT) for uid in above[:MOST_LOOKED_AT]
        ]
        pages = [page for page in await asyncio.gather(*map(loaders.runs.load, below)) if page is not None]
        more = more or any(page.has_more for page in pages)
    nodes = {node.uid: node for page in pages for node in page.items if node.uid != own.uid}
    others = list(nodes)
    if own.generation:
        step = step_of(own.facts.run)
        others = [uid for uid, node in nodes.items() if isinstance(node, Run) and step_of(node) == step]
    found = await asyncio.gather(*map(loaders.determined.load, others[:MOST_LOOKED_AT]))
    more = more or len(others) > MOST_LOOKED_AT
    return [one for one in found if one is not None], more


async def runs_meant(info: Ctx, texts: list[str], project: str) -> list[str]:
    """The uid of the run that each text means; raises NotFoundError, InvalidInputError."""
    references = [text for text in texts if not is_uid(text)]
    if len(references) > MAX_REFERENCES:
        raise InvalidInputError(
            f"at most {MAX_REFERENCES} references at once; uids may be more", field="runs"
        )
    return list(await asyncio.gather(*(_run_meant(info, text, project) for text in texts)))


async def _run_meant(info: Ctx, text: str, project: str) -> str:
    uid = await uid_of(info, text, project)
    label = ids.label_of(uid)
    if label is Label.RUN:
        return ids.run_uid(ids.clean_run_id(uid.removeprefix("run:")))
    if label not in _MADE:
        raise InvalidInputError(
            f"{ids.shorten(text)!r} is neither a run nor a version that a run made",
            field="runs",
            allowed="run:<uuid>, or a version such as model:churn@7",
        )
    maker = await context_of(info).loaders.producers.load(uid)
    if maker is None:
        raise NotFoundError(f"no run is known that made {ids.shorten(text)!r}, or it is not yours to see")
    return maker
