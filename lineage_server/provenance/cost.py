"""The question ``cost``: what the distinct set of runs behind a thing used; a diamond counts once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lineage_server.domain.nodes import Label
from lineage_server.graph.read_lineage import LineageReader, Sight
from lineage_server.graph.read_lineage_facts import SIBLINGS_CAP, LineageFacts, RunCost
from lineage_server.provenance.ancestry import WIDE, Ancestry, ancestry
from lineage_server.provenance.answers import Budget, Direction, Plan

_MAX_RETRIES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CostShare:
    """Sums over some runs. ``unknown``: runs of which nobody said what GPUs they held."""

    runs: int = 0
    gpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    gpu_seconds_by_product: Mapping[str, float]
    usage: Mapping[str, float]
    estimated: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CostAnswer:
    """``own``: the runs that made the thing itself; ``ancestry``: all distinct runs up to it, own
    ones included; ``failed``: failed siblings and attempts of those, in neither of the two."""

    start: str
    own: CostShare
    ancestry: CostShare
    failed: CostShare
    hidden_runs: int
    is_partial: bool
    reason: str
    plan: Plan


async def cost(
    reader: LineageReader, facts: LineageFacts, uid: str, sight: Sight, *, budget: Budget = WIDE
) -> CostAnswer:
    """Walk upstream to the end, then ask each run once."""
    side = await ancestry(reader, uid, Direction.UPSTREAM, sight, budget=budget)
    runs = [node.head.uid for node in side.of_label(Label.RUN)]
    costs = await side.in_time(lambda: facts.costs(runs, sight), {})
    failed, capped = await side.in_time(lambda: _failed(facts, runs, sight), ({}, False))
    own = _own_runs(side)
    hidden = sum(node.head.hidden and node.head.label is Label.RUN for node in side.nodes)
    return CostAnswer(
        start=side.start,
        own=_sum(value for run, value in costs.items() if run in own),
        ancestry=_sum(costs.values()),
        failed=_sum(failed.values()),
        hidden_runs=hidden,
        is_partial=side.is_partial or capped or hidden > 0,
        reason=side.reason or ("siblings" if capped else "hidden" if hidden else ""),
        plan=side.plan,
    )


def _own_runs(side: Ancestry) -> set[str]:
    return {side.start} | {
        edge.start for edge in side.edges if edge.type == "OUTPUT" and edge.end == side.start
    }


async def _failed(facts: LineageFacts, runs: list[str], sight: Sight) -> tuple[dict[str, RunCost], bool]:
    """Failed children of the same parents, and earlier attempts as far back as they go."""
    known = set(runs)
    out: dict[str, RunCost] = {}
    asking = runs
    for _ in range(_MAX_RETRIES):
        if not asking:
            return out, False
        found = await facts.failed_siblings(asking, sight)
        fresh = {run: value for run, value in found.items() if run not in known}
        out |= fresh
        known |= fresh.keys()
        asking = list(fresh)
        if len(found) >= SIBLINGS_CAP:
            return out, True
    return out, True


def _sum(costs: Iterable[RunCost]) -> CostShare:
    products: dict[str, float] = {}
    usage: dict[str, float] = {}
    runs = estimated = unknown = 0
    gpu = wall = 0.0
    for one in costs:
        runs += 1
        wall += one.wall_seconds
        estimated += one.estimated
        if one.gpu_seconds is None:
            unknown += 1
        else:
            gpu += one.gpu_seconds
            products[one.gpu_product] = products.get(one.gpu_product, 0.0) + one.gpu_seconds
        for key, value in one.usage.items():
            usage[key] = usage.get(key, 0.0) + value
    return CostShare(
        runs=runs,
        gpu_seconds=gpu,
        wall_seconds=wall,
        gpu_seconds_by_product={product: seconds for product, seconds in products.items() if seconds},
        usage=usage,
        estimated=estimated,
        unknown=unknown,
    )
