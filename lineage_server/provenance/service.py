"""The door to all lineage questions; transports and the command line know only this class.

Every method takes ``scope``: the projects the caller may see, None for all. Times are microseconds
since the epoch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lineage_server.domain.ids import DEFAULT_PROJECT
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.read_lineage import LineageReader, Sight
from lineage_server.graph.read_lineage_facts import LineageFacts
from lineage_server.graph.read_scenes import SceneReader
from lineage_server.provenance import (
    compare,
    completeness,
    cost,
    fields,
    impact,
    paths,
    references,
    scene,
    steps,
    totals,
    traverse,
    version_tree,
)
from lineage_server.provenance.ancestry import WIDE
from lineage_server.provenance.answers import Budget, LineageAnswer, LineageQuestion, View
from lineage_server.provenance.boxes import Scene

Scope = frozenset[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """By whom (``scope``), as of when, and at what price at most."""

    scope: Scope
    as_of: int | None = None
    known_at: int | None = None
    budget: Budget = WIDE

    @property
    def sight(self) -> Sight:
        return Sight(scope=self.scope, as_of=self.as_of, known_at=self.known_at)


class LineageService:
    """Answers from one graph; safe for concurrent use. ``opaque_key`` should be the same on all
    replicas, so that stubs of hidden nodes keep their names."""

    def __init__(self, bolt: Bolt, *, opaque_key: bytes = b"") -> None:
        self._reader = LineageReader(bolt, opaque_key=opaque_key)
        self._facts = LineageFacts(bolt)
        self._scenes = SceneReader(self._reader)

    async def resolve(
        self,
        reference: str,
        *,
        scope: Scope,
        project: str = DEFAULT_PROJECT,
        as_of: int | None = None,
        known_at: int | None = None,
    ) -> str:
        """The uid that a reference (or uid) means; an artifact without a version means its latest."""
        sight = Sight(scope=scope, as_of=as_of, known_at=known_at)
        return await references.resolve(self._reader, self._facts, reference, sight=sight, project=project)

    async def lineage(self, question: LineageQuestion, *, scope: Scope) -> LineageAnswer:
        """What made this, what came of it: one page of a walk."""
        if question.view is View.FIELD:
            return await fields.field_lineage(self._reader, self._facts, question, scope=scope)
        return await traverse.lineage(self._reader, question, scope=scope)

    async def scene(self, question: scene.SceneQuestion, *, scope: Scope) -> Scene:
        """The same made ready for drawing."""
        return await scene.lineage_scene(self._reader, self._facts, question, scope=scope)

    async def steps(self, question: steps.StepsQuestion, *, scope: Scope) -> Scene:
        """The steps of a run, drawn as lineage is."""
        return await steps.run_scene(self._reader, self._scenes, question, scope=scope)

    async def versions(self, question: version_tree.VersionsQuestion, *, scope: Scope) -> Scene:
        """The versions of one thing and what each was derived from, drawn as lineage is."""
        return await version_tree.version_tree(self._reader, self._scenes, question, scope=scope)

    async def impact(self, uid: str, asked: Asked) -> impact.ImpactAnswer:
        """What breaks if this is bad."""
        return await impact.impact(self._reader, self._facts, uid, asked.sight, budget=asked.budget)

    async def path(self, start: str, end: str, asked: Asked, *, k: int = 3) -> paths.PathAnswer:
        """How these are connected."""
        return await paths.path(self._reader, start, end, asked.sight, k=k, budget=asked.budget)

    async def diff(self, a: str, b: str, asked: Asked) -> compare.DiffAnswer:
        """Why these two are different."""
        return await compare.lineage_diff(self._reader, self._facts, a, b, asked.sight, budget=asked.budget)

    async def cost(self, uid: str, asked: Asked) -> cost.CostAnswer:
        """What this cost, with all that led to it; figures of the runs are today's."""
        return await cost.cost(self._reader, self._facts, uid, asked.sight, budget=asked.budget)

    async def completeness(self, uid: str, asked: Asked) -> completeness.CompletenessAnswer:
        """How complete what we know about this is."""
        return await completeness.completeness(
            self._reader, self._facts, uid, asked.sight, budget=asked.budget
        )

    async def counts(self, uid: str, asked: Asked, *, max_depth: int | None = None) -> totals.LineageCounts:
        """How much lies on each side of this."""
        return await totals.counts(self._reader, uid, asked.sight, max_depth=max_depth, budget=asked.budget)

    async def aliases(self, uids: Iterable[str], sight: Sight) -> dict[str, list[str]]:
        """Aliases that point, or pointed at the asked time, to model versions among ``uids``, by uid."""
        models = [uid for uid in uids if uid.startswith("modelversion:")]
        out: dict[str, list[str]] = {}
        if models:
            for target in await self._facts.aliases(models, sight):
                out.setdefault(target.target, []).append(target.alias)
        return out
