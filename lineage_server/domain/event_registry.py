"""Events of the model registry, of serving and of control; the closed set is ``events.EVENT_TYPES``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from lineage_server.domain.event_parts import ActorFact, Event
from lineage_server.domain.nodes import IntentAction, ModelState, RunState


@dataclass(frozen=True, kw_only=True)
class ModelReported(Event):
    """A registered model, known for good by the name it had first; ``title`` is what it is called
    now, ``external_id`` what another registry calls it. Custom properties are facts."""

    type: ClassVar[str] = "model"

    model: str
    title: str | None = None
    owner: str | None = None
    external_id: str | None = None
    state: ModelState | None = None
    description: str | None = None
    tags: dict[str, str | None] | None = None
    facts: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class ModelVersionReported(Event):
    """A version of a registered model; ``origin`` is the uid of its artifact version.

    An empty ``version`` is filled in when the event is accepted, before it is stored: the version
    that this origin has already, else the number after the highest one.
    """

    type: ClassVar[str] = "model.version"

    model: str
    version: str = ""
    origin: str | None = None
    uri: str | None = None
    run: str | None = None
    state: ModelState | None = None
    external_id: str | None = None
    description: str | None = None
    tags: dict[str, str | None] | None = None
    facts: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class AliasSet(Event):
    """An alias points to a version from ``at`` on; a null version clears it.

    Whoever does not know the version's number yet names its ``origin``; the number is filled in when
    the event is accepted.
    """

    type: ClassVar[str] = "model.alias"

    model: str
    alias: str
    version: str | None = None
    origin: str | None = None
    protected: bool | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class ApprovalGiven(Event):
    """A verdict on a model version, with a comment."""

    type: ClassVar[str] = "model.approval"

    model: str
    version: str
    verdict: str
    approver: str
    comment: str = ""
    alias: str = ""


@dataclass(frozen=True, kw_only=True)
class DeploymentReported(Event):
    """A revision of an endpoint and the model version it serves; ``traffic`` in percent."""

    type: ClassVar[str] = "deployment"

    name: str
    revision: str = "1"
    cluster: str = "local"
    endpoint: str | None = None
    state: str | None = None
    traffic: float | None = None
    from_at: int | None = None
    to_at: int | None = None
    model: str | None = None
    version: str | None = None
    model_project: str = ""
    model_uri: str | None = None
    method: str | None = None
    confidence: float | None = None
    routes_to: list[str] = field(default_factory=list[str])
    facts: dict[str, Any] | None = None


# --- control ---------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class IntentReported(Event):
    """A wish that something be created, started, stopped or deleted, and what came of it.

    ``key``: idempotency key, unique in the project: the same key is the same wish. ``target``: uid
    of the run, job or deployment meant. ``requester``: for whom. ``state`` moves only forward, as
    a run's does: declared, queued, running, then how it ended.
    """

    type: ClassVar[str] = "intent"

    key: str
    action: IntentAction
    target: str | None = None
    requester: ActorFact | None = None
    state: RunState | None = None
    reason: str | None = None
    facts: dict[str, Any] | None = None
