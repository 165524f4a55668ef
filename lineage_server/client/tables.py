"""``Tables``: whole lists of the server as Arrow tables, and search. For coroutines: ``aio_tables``.

What is asked and how it is read is in ``bulk``, what may be looked for in ``finding``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from datetime import date

    import pyarrow as pa

    from lineage_server.client.bulk import Read
    from lineage_server.client.client import Client
    from lineage_server.client.finding import Tags, Words
    from lineage_server.client.found import Found
    from lineage_server.client.run import Run


class Tables:
    """The half of ``Client`` that reads much at once; each call raises a domain error.

    What is looked for: ``text`` (words of name, description and tags), ``tag`` (``{"team": "vision"}``,
    ``"team=vision"`` or ``"team"``), ``state`` and ``kind``, conditions such as ``metric="auc>0.9"`` and
    ``param="lr<0.1"`` (each one or several, all must hold), ``by`` (who ran it: one or several, one of
    them), ``since`` and ``until``. ``sort="-auc"``: the greatest first. ``limit``: at most so many rows.
    ``project``: the client's unless named, ``"*"`` for all. ``wide=False`` keeps parameters, metrics and
    tags as maps instead of columns of their own.
    """

    def runs(
        self,
        *,
        text: str | None = None,
        state: Words = None,
        kind: Words = None,
        tag: Tags = None,
        param: Words = None,
        metric: Words = None,
        by: Words = None,
        since: date | str | None = None,
        until: date | str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        project: str | None = None,
        wide: bool = True,
    ) -> pa.Table:
        """Runs with ``params.…``, ``metrics.…`` and ``tags.…``, the newest first unless told otherwise:
        sorted by a metric, by ``param:lr``, or by started, ended, created, updated, name or duration."""
        from lineage_server.client import bulk

        find = bulk.given(
            text=text,
            state=state,
            kind=kind,
            tag=tag,
            param=param,
            metric=metric,
            by=by,
            since=since,
            until=until,
            sort=sort,
            limit=limit,
            project=project,
            wide=wide,
        )
        return self._read([bulk.runs(self._client.config, find)])

    def metrics(
        self,
        runs: str | Run | Iterable[str | Run] | pa.Table | None = None,
        keys: str | Iterable[str] | None = None,
        *,
        text: str | None = None,
        state: Words = None,
        kind: Words = None,
        tag: Tags = None,
        param: Words = None,
        metric: Words = None,
        by: Words = None,
        since: date | str | None = None,
        until: date | str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        project: str | None = None,
    ) -> pa.Table:
        """Points of ``runs`` (a run, ids, a table that ``runs()`` answered), or of those that are looked for
        (``limit`` counts runs): run, key, step, time and value, in that order. ``keys``: these metrics
        alone."""
        from lineage_server.client import bulk

        find = bulk.given(
            text=text,
            state=state,
            kind=kind,
            tag=tag,
            param=param,
            metric=metric,
            by=by,
            since=since,
            until=until,
            sort=sort,
            limit=limit,
            project=project,
        )
        return self._read(bulk.metrics(self._client.config, runs, keys, find))

    def edges(
        self,
        *,
        text: str | None = None,
        state: Words = None,
        kind: Words = None,
        tag: Tags = None,
        param: Words = None,
        metric: Words = None,
        by: Words = None,
        since: date | str | None = None,
        until: date | str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        project: str | None = None,
    ) -> pa.Table:
        """What runs that are looked for read and wrote (``limit`` counts runs), a row each: run, direction
        (``input`` or ``output``), version, project, kind, name, ordinal, digest, role, basis and at. In a row
        without a version, ``hidden`` says how many more lie where you may not look."""
        from lineage_server.client import bulk

        find = bulk.given(
            text=text,
            state=state,
            kind=kind,
            tag=tag,
            param=param,
            metric=metric,
            by=by,
            since=since,
            until=until,
            sort=sort,
            limit=limit,
            project=project,
        )
        return self._read([bulk.edges(self._client.config, find)])

    def artifacts(
        self,
        *,
        text: str | None = None,
        kind: Words = None,
        tag: Tags = None,
        sort: str | None = None,
        limit: int | None = None,
        project: str | None = None,
        wide: bool = True,
    ) -> pa.Table:
        """Artifacts, by name unless told otherwise; sorted by name, created or updated (written
        last)."""
        from lineage_server.client import bulk

        find = bulk.given(text=text, kind=kind, tag=tag, sort=sort, limit=limit, project=project, wide=wide)
        return self._read([bulk.artifacts(self._client.config, find)])

    def models(
        self,
        *,
        text: str | None = None,
        state: Words = None,
        tag: Tags = None,
        sort: str | None = None,
        limit: int | None = None,
        project: str | None = None,
        wide: bool = True,
    ) -> pa.Table:
        """Registered models and their aliases, by name unless told otherwise; sorted by name, created or
        updated (told of last, as are their versions and aliases)."""
        from lineage_server.client import bulk

        find = bulk.given(text=text, state=state, tag=tag, sort=sort, limit=limit, project=project, wide=wide)
        return self._read([bulk.models(self._client.config, find)])

    def versions(
        self,
        of: str,
        *,
        text: str | None = None,
        state: Words = None,
        tag: Tags = None,
        metric: Words = None,
        since: date | str | None = None,
        until: date | str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        project: str | None = None,
        wide: bool = True,
    ) -> pa.Table:
        """Versions of an artifact (``"dataset:iris"``) or of a registered model (``"churn"``) and the run
        that made each, the newest first unless told otherwise. Of an artifact they are sorted by ordinal,
        sealed, created, updated or size; of a model by number, created, updated or a metric."""
        from lineage_server.client import bulk

        find = bulk.given(
            text=text,
            state=state,
            tag=tag,
            metric=metric,
            since=since,
            until=until,
            sort=sort,
            limit=limit,
            project=project,
            wide=wide,
        )
        return self._read([bulk.versions(self._client.config, of, find)])

    def search(
        self, text: str, *, what: Words = None, limit: int = 100, project: str | None = None
    ) -> list[Found]:
        """Anything by words of its name, kind, description and tags, or by the first digits of its digest:
        the best match first, runs the newest first. ``what``: run, artifact, version, model, modelversion,
        deployment, job, project, one or several of them."""
        from lineage_server.client import found
        from lineage_server.client.asking import walk

        asked = self._client.config.project if project is None else project
        steps = found.search(text, what=what, limit=limit, project=asked)
        self._client.send_own()
        return walk(steps, self._client.graphql.run)

    @property
    def _client(self) -> Client:
        """What this is a half of."""
        return cast("Client", self)

    def _read(self, reads: Sequence[Read]) -> Any:
        from lineage_server.client import bulk

        self._client.send_own()
        graphql = self._client.graphql
        return bulk.table_from(reads, [graphql.fetch(read.path, read.query) for read in reads])
