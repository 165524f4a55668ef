"""``Questions``: what a client asks its server. What is sent and how it is read is in ``queries``,
``answers`` and ``origins``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from lineage_server.client.artifact import Artifact
from lineage_server.client.checking import checked
from lineage_server.client.run import Run

if TYPE_CHECKING:
    from lineage_server.client.answers import Answer
    from lineage_server.client.config import Config
    from lineage_server.client.graphql import GraphQL
    from lineage_server.client.origins import Origin
    from lineage_server.client.outbox import Outbox
    from lineage_server.client.registered import Alias, ModelVersion, RegisteredModel
    from lineage_server.client.view import LineageView

SECONDS_FOR_OWN = 15.0
"""A question waits for what was told before it; a server that has just started may take that long."""


class Questions:
    """The half of ``Client`` that asks; each question raises a domain error."""

    config: Config
    graphql: GraphQL
    outbox: Outbox | None

    def lineage(
        self,
        ref: str | Run | Artifact | ModelVersion,
        direction: str = "both",
        *,
        depth: int | None = None,
        view: str = "version",
        as_of: date | str | None = None,
        known_at: date | str | None = None,
        column: str | None = None,
    ) -> LineageView:
        """What ``ref`` was made from and what came of it; raises a domain error.

        ``depth`` counts artifact steps (None: as far as the server goes by itself). ``as_of``: as it
        was then; ``known_at``: as it was known then. ``view``: of ``version``s, ``logical`` (jobs and
        artifacts) or ``field`` (columns, one ``column`` if it is named).
        """
        from lineage_server.client import queries

        start = self.start_of(ref)
        asked = queries.lineage_variables(
            start, project=self.config.project, direction=direction, depth=depth, view=view, as_of=as_of,
            known_at=known_at, column=column,
        )  # fmt: skip
        self.send_own()
        data = self.graphql.run(queries.LINEAGE, asked)
        return queries.view_from(data, direction=direction)

    def origin(self, ref: str | Run | Artifact | ModelVersion) -> Origin:
        """The run that made ``ref`` (or the run itself), with its code, packages, image and GPUs; raises a
        domain error."""
        from lineage_server.client import origins

        start = self.start_of(ref)
        self.send_own()
        run = origins.run_in(
            self.graphql.run(origins.ORIGIN, {"ref": start, "project": self.config.project}), start
        )
        pages = origins.Pages(run["environment"] or {})
        while asked := pages.asked():
            pages.add(self.graphql.run(origins.MORE_PACKAGES, asked))
        return origins.origin_of(run, pages.found)

    @checked
    def start_of(self, ref: str | Run | Artifact | ModelVersion | RegisteredModel | Alias) -> str:
        """What to ask the server for."""
        if isinstance(ref, Run):
            return f"run:{ref.id}"
        if isinstance(ref, Artifact):
            return ref.uid or ref.ref
        return ref if isinstance(ref, str) else ref.uid

    def impact(
        self,
        ref: str | Run | Artifact | ModelVersion,
        *,
        as_of: date | str | None = None,
        known_at: date | str | None = None,
    ) -> Answer:
        """What is touched if ``ref`` is bad: endpoints, aliases, what is held, and whom to tell; raises a
        domain error. ``as_of``, ``known_at``: as in ``lineage``."""
        return self._ask("impact", {"of": self.start_of(ref)}, as_of, known_at)

    def path(
        self,
        start: str | Run | Artifact | ModelVersion,
        end: str | Run | Artifact | ModelVersion,
        *,
        k: int = 3,
        as_of: date | str | None = None,
        known_at: date | str | None = None,
    ) -> Answer:
        """How two things are connected: at most ``k`` ways, the shortest first; raises a domain error."""
        return self._ask("path", self.ends_of(start, end, k), as_of, known_at)

    @checked
    def ends_of(
        self, start: str | Run | Artifact | ModelVersion, end: str | Run | Artifact | ModelVersion, k: int
    ) -> dict[str, Any]:
        """What to ask the server for a path between."""
        return {"start": self.start_of(start), "end": self.start_of(end), "k": int(k)}

    def cost(
        self,
        ref: str | Run | Artifact | ModelVersion,
        *,
        as_of: date | str | None = None,
        known_at: date | str | None = None,
    ) -> Answer:
        """What ``ref`` and all it was made from cost, each run once; raises a domain error."""
        return self._ask("cost", {"of": self.start_of(ref)}, as_of, known_at)

    def completeness(
        self,
        ref: str | Run | Artifact | ModelVersion,
        *,
        as_of: date | str | None = None,
        known_at: date | str | None = None,
    ) -> Answer:
        """How far what is known of the making of ``ref`` can be trusted; raises a domain error."""
        return self._ask("completeness", {"of": self.start_of(ref)}, as_of, known_at)

    def diff(
        self,
        before: str | Run | Artifact | ModelVersion,
        after: str | Run | Artifact | ModelVersion,
        *,
        as_of: date | str | None = None,
        known_at: date | str | None = None,
    ) -> Answer:
        """Why two things differ, with all they were made from, the first cause first; raises a domain error.
        Which files of two versions differ says ``Artifact.diff``."""
        return self._ask("diff", self.sides_of(before, after), as_of, known_at)

    @checked
    def sides_of(
        self, before: str | Run | Artifact | ModelVersion, after: str | Run | Artifact | ModelVersion
    ) -> dict[str, Any]:
        """What to ask the server for a difference of."""
        return {"a": self.start_of(before), "b": self.start_of(after)}

    @checked
    def compare(self, refs: Sequence[str | Run | Artifact], *, everything: bool = False) -> Answer:
        """What distinguishes 2 to 200 runs (or the runs that made these versions): parameters, metrics, what
        they read and wrote, code and environment; only what differs, unless ``everything`` is wanted. Raises
        a domain error."""
        from lineage_server.client import answers, comparisons

        starts = [self.start_of(ref) for ref in comparisons.listed(refs)]
        table = comparisons.Table(starts, everything=everything, project=self.config.project)
        self.send_own()
        while asked := table.asked():
            table.add(self.graphql.run(comparisons.COMPARE, asked))
        return table.answer(answers.titles_in(self.graphql.run(answers.TITLES, {"uids": table.versions})))

    def _ask(
        self, question: str, told: dict[str, Any], as_of: date | str | None, known_at: date | str | None
    ) -> Answer:
        from lineage_server.client import answers

        asked = answers.variables(told, project=self.config.project, as_of=as_of, known_at=known_at)
        self.send_own()
        data = self.graphql.run(answers.QUESTIONS[question], asked)[question]
        uids = answers.uids_in(data)
        titles = answers.titles_in(self.graphql.run(answers.TITLES, {"uids": uids}))
        return answers.Answer(question=question, data=data, titles=titles)

    def gql(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Ask GraphQL; the ``data`` of the answer, or the domain error it holds."""
        return self.graphql.run(query, variables)

    def send_own(self) -> None:
        """Before a question: what was told until now is there; uploads do not matter to it."""
        if self.outbox is not None:
            self.outbox.flush(SECONDS_FOR_OWN)
