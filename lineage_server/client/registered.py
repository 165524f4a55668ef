"""Handles of the model registry: a model, a version of it, an alias with its history, an approval.

Plain data as the server told it; a version also gives its files. What is asked and how is in ``registry``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineage_server.client.artifact import Artifact
from lineage_server.client.checking import checked
from lineage_server.client.moments import FORMS, moment
from lineage_server.domain.errors import InvalidInputError, LimitError
from lineage_server.domain.ids import Reference, alias_uid, model_uid, model_version_uid

if TYPE_CHECKING:
    from lineage_server.client.client import Client

MOST_MOVES = 10_000
"""Moves of an alias that are asked for, the newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion:
    """A version of a registered model. ``origin``: the artifact version that it is of, None for one that
    lies elsewhere (``uri``); ``run``: id of the run that made it; ``signature``: what goes in, comes out."""

    model: str
    version: str
    project: str
    state: str = ""
    aliases: tuple[str, ...] = ()
    description: str = ""
    card: str = ""
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    metrics: Mapping[str, float] = field(default_factory=dict[str, float])
    signature: Mapping[str, Any] | None = None
    hold: bool = False
    uri: str = ""
    run: str = ""
    origin: Artifact | None = None
    created_at: datetime | None = None
    client: Client | None = field(default=None, repr=False, compare=False)

    @property
    def uid(self) -> str:
        """Its uid in the graph."""
        return model_version_uid(self.project, self.model, self.version)

    @property
    def ref(self) -> str:
        """What people type for it."""
        return str(Reference("model", self.model, self.version, self.project))

    @property
    def artifact(self) -> Artifact:
        """Handle of its files: of what it was made of, else of the place that was told."""
        if self.origin is not None:
            return self.origin
        return Artifact(
            name=self.model, type="model", project=self.project, uri=self.uri, registered=self.version,
            client=self.client,
        )  # fmt: skip

    @property
    def path(self) -> Path:
        """A file or folder of this machine with its content, see ``Artifact.path``."""
        return self.artifact.path

    @property
    def deployments(self) -> list[Deployment]:
        """Whatever ever served it, the newest first; asks the server, see ``Client.deployments``."""
        import lineage_server.client as default

        return self.client.deployments(self) if self.client is not None else default.deployments(self)

    @checked
    def download(
        self,
        to: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> Path:
        """Its files in the folder ``to``, see ``Client.download``."""
        return self.artifact.download(to, overwrite=overwrite, progress=progress)

    @checked
    def load(self, *, trust: bool = False) -> Any:
        """The model itself, see ``Artifact.load``."""
        return self.artifact.load(trust=trust)

    def __str__(self) -> str:
        told = ", ".join(word for word in (self.state, *self.aliases) if word)
        return f"{Reference('model', self.model, self.version)}{f'  {told}' if told else ''}"

    def _repr_html_(self) -> str:
        """For what knows no bundles: Marimo, documentation builders."""
        from lineage_server.client.render.handles import version_html

        return version_html(self)

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        """For notebooks."""
        from lineage_server.client.render.handles import forms

        return forms(self, self._repr_html_, include, exclude)

    def __getstate__(self) -> dict[str, Any]:
        """For another process, which has a client of its own."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "client"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, one in {**state, "client": None}.items():
            object.__setattr__(self, name, one)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A revision of an endpoint (``name``) that serves a model version, or served it until ``to_at``;
    ``endpoint`` is its address, ``traffic`` its share in percent, ``serves`` the uids of the versions."""

    uid: str
    name: str
    project: str
    cluster: str = ""
    revision: str = ""
    endpoint: str = ""
    state: str = ""
    traffic: float | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None
    serves: tuple[str, ...] = ()

    def __str__(self) -> str:
        until = f", ended {self.to_at.astimezone():%Y-%m-%d %H:%M:%S}" if self.to_at is not None else ""
        return f"{self.name}@{self.revision} on {self.cluster}{until}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredModel:
    """A model that has versions. ``aliases``: to which version each points, empty for none; ``highest``: the
    highest number among its versions; ``newest``: the newest one's name, also where that is no number;
    ``protected``, ``needs_approval``, ``movers``, ``approvers``: the rules for all of its aliases."""

    name: str
    project: str
    title: str = ""
    owner: str = ""
    state: str = ""
    description: str = ""
    card: str = ""
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])
    highest: int | None = None
    newest: str = ""
    protected: bool = False
    needs_approval: bool = False
    movers: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()
    created_at: datetime | None = None

    @property
    def uid(self) -> str:
        """Its uid in the graph."""
        return model_uid(self.project, self.name)

    @property
    def ref(self) -> str:
        """What people type for it."""
        return str(Reference("model", self.name, "", self.project))

    def __str__(self) -> str:
        count = f"{self.highest or 0} version{'' if self.highest == 1 else 's'}"
        if self.highest is None and self.newest:
            count = f"newest {self.newest}"
        told = (word for word in (self.state, count, self.title) if word)
        return f"{Reference('model', self.name)}  {', '.join(told)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasMove:
    """That an alias began to point to a version, or (empty) to none, ``before`` that to another one. ``by``:
    who moved it, as issuer/subject; ``approval``: the uid of the one it took, if it did."""

    at: datetime
    version: str
    before: str = ""
    by: str = ""
    reason: str = ""
    approval: str = ""
    source: str = ""
    event: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A name of a version, as ``model:churn@prod``. ``version`` is what it points to now, empty for none;
    ``moves`` are all that are known, the newest first; ``movers``: who may move it, ``approvers``:
    whose approval counts, empty for all who may write."""

    name: str
    model: str
    project: str
    version: str = ""
    protected: bool = False
    needs_approval: bool = False
    movers: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()
    moves: tuple[AliasMove, ...] = ()

    @property
    def uid(self) -> str:
        """Its uid in the graph."""
        return alias_uid(self.project, self.model, self.name)

    @property
    def ref(self) -> str:
        """What people type for it."""
        return str(Reference("model", self.model, self.name, self.project))

    @checked
    def at(self, when: date | str) -> AliasMove | None:
        """The move that counted at a time: its ``version`` is what the alias pointed to then; None where it
        pointed nowhere."""
        told = moment(when, "when")
        if told is None:
            raise InvalidInputError("when is None", field="when", allowed=FORMS)
        then = datetime.fromisoformat(told)
        found = next((move for move in self.moves if move.at <= then), None)
        if found is None and len(self.moves) >= MOST_MOVES:
            raise LimitError(
                f"{self.ref} was moved more than {MOST_MOVES} times, and no further back than "
                f"{self.moves[-1].at.isoformat()} is known here; ask GraphQL: alias {{ asOf }}",
                limit=MOST_MOVES,
                actual=len(self.moves),
            )
        return found if found is not None and found.version else None

    def __str__(self) -> str:
        from lineage_server.client.render.registry import history_of

        return history_of(self)

    def _repr_html_(self) -> str:
        """For what knows no bundles: Marimo, documentation builders."""
        from lineage_server.client.render.handles import alias_html

        return alias_html(self)

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        """For notebooks."""
        from lineage_server.client.render.handles import forms

        return forms(self, self._repr_html_, include, exclude)


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """That somebody (``by``, as issuer/subject) did something to a model or a version: ``action`` as GraphQL
    calls it (``setAlias``, ``setModelState`` …), ``target``: uid of what it was done to, ``reason``: why."""

    at: datetime
    by: str
    action: str
    target: str
    version: str = ""
    alias: str = ""
    reason: str = ""
    before: Mapping[str, Any] = field(default_factory=dict[str, Any])
    after: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __str__(self) -> str:
        from lineage_server.client.render.registry import deed_of

        return deed_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A verdict on a model version, or (``state`` pending) the request for one. ``asker`` and ``by`` as
    issuer/subject: who asked, and who decided."""

    uid: str
    model: str
    version: str
    project: str
    alias: str = ""
    state: str = ""
    verdict: str = ""
    question: str = ""
    comment: str = ""
    asker: str = ""
    by: str = ""
    requested_at: datetime | None = None
    decided_at: datetime | None = None
    used_at: datetime | None = None

    def __str__(self) -> str:
        what = str(Reference("model", self.model, self.version))
        meant = f" as {self.alias}" if self.alias else ""
        return f"{what}{meant}: {self.state}{f' by {self.by}' if self.by else ''}"
