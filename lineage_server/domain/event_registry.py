"""Events of the model registry, of serving and of control; the closed set is ``events.EVENT_TYPES``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from lineage_server.domain.event_parts import ActorFact, Event
from lineage_server.domain.nodes import IntentAction, ModelState, RunState


@dataclass(frozen=True, kw_only=True)
class ModelReported(Event):
    """A registered model, known for good by the name it had first; ``title`` is what it is called
    now, ``external_id`` what another registry calls it. Custom properties are facts. ``expected_card`` is
    judged when the event is accepted, never again."""

    type: ClassVar[str] = "model"

    model: str  # its name, for good
    title: str | None = None  # what it is called now
    owner: str | None = None  # subject who answers for it
    external_id: str | None = None  # what another registry calls it
    state: ModelState | None = None  # where it is in its life
    unless_used: bool = False  # only if no alias points to it and nothing runs it, see node.deleted
    reason: str = ""  # why its state is set; archived without one, it is as if unless_used were set
    description: str | None = None  # for people
    card: str | None = None  # for people who want to know more, Markdown
    expected_card: str | None = None  # only if its card has this SHA-256, or, where empty, there is none
    tags: dict[str, str | None] | None = None  # merged key by key, null removes one
    facts: dict[str, Any] | None = None  # anything else, merged key by key, null removes one


@dataclass(frozen=True, kw_only=True)
class ModelVersionReported(Event):
    """A version of a registered model; ``origin`` is the uid of its artifact version.

    An empty ``version`` is filled in when the event is accepted, before it is stored: the version
    that this origin has already, else the number after the highest one. ``unless_taken`` is judged then,
    too, and never again.
    """

    type: ClassVar[str] = "model.version"

    model: str  # the model's name
    version: str = ""  # its name; empty = the next number
    origin: str | None = None  # uid of the artifact version that was registered
    uri: str | None = None  # where it lies
    run: str | None = None  # UUID of the run that made it
    state: ModelState | None = None  # where it is in its life
    unless_used: bool = False  # only if no alias points to it and nothing runs it, see node.deleted
    reason: str = ""  # why its state is set; archived without one, it is as if unless_used were set
    hold: bool | None = None  # must not be removed
    unless_taken: bool = False  # only if nothing else of the model has that name, but the same thing may
    external_id: str | None = None  # what another registry calls it
    description: str | None = None  # for people
    card: str | None = None  # for people who want to know more, Markdown
    metrics: dict[str, float | str] | None = None  # how good it is, merged key by key
    signature: dict[str, Any] | None = None  # what goes in and comes out, free in form
    tags: dict[str, str | None] | None = None  # merged key by key, null removes one
    facts: dict[str, Any] | None = None  # anything else, merged key by key, null removes one


@dataclass(frozen=True, kw_only=True)
class AliasSet(Event):
    """An alias points to a version from ``at`` on; a null version clears it.

    Whoever does not know the version's number yet names its ``origin``; the number is filled in when
    the event is accepted. ``expected``, ``unless_taken`` and protection are judged then, never again.
    """

    type: ClassVar[str] = "model.alias"

    model: str  # the model's name
    alias: str  # such as prod
    version: str | None = None  # what it points to from now on; null clears it
    origin: str | None = None  # uid of the artifact version, in place of version
    expected: str | None = None  # only if it points to this version, or, where empty, to none
    unless_taken: bool = False  # a new one only if no version is called that, now or by its number later
    approval: str | None = None  # uid of the approval that a protected alias moves with
    reason: str = ""  # why


@dataclass(frozen=True, kw_only=True)
class ProtectionSet(Event):
    """Who may move an alias, or any alias of a model, whether that takes an approval, and whose.

    Without protection whoever may write in the project may.
    """

    type: ClassVar[str] = "model.protection"

    model: str  # the model's name
    alias: str = ""  # such as prod; empty = every alias of the model
    protected: bool = True  # false lifts it
    approval: bool = True  # each move needs an approval, by somebody else than who asked for it
    movers: list[str] = field(default_factory=list[str])  # who may, as issuer/subject; empty = all writers
    approvers: list[str] = field(default_factory=list[str])  # whose approval counts; empty = all writers
    reason: str = ""  # why


@dataclass(frozen=True, kw_only=True)
class ApprovalRequested(Event):
    """Somebody, namely who sends it, asks for a verdict on a model version."""

    type: ClassVar[str] = "model.approval.request"

    model: str  # the model's name
    version: str  # the version's
    alias: str = ""  # that is to point to it
    comment: str = ""  # for people


@dataclass(frozen=True, kw_only=True)
class ApprovalGiven(Event):
    """A verdict on a model version, with a comment. What a protected alias moves with is the verdict of
    who sent this event, whoever it names."""

    type: ClassVar[str] = "model.approval"

    model: str  # the model's name
    version: str  # the version's
    verdict: str  # approved, rejected, withdrawn (by who asked) or, where nobody did, any other word
    approver: str  # subject who says so
    comment: str = ""  # for people
    alias: str = ""  # for which it is meant
    request: str | None = None  # uid of the approval that was requested; it is decided once


@dataclass(frozen=True, kw_only=True)
class DeploymentReported(Event):
    """A revision of an endpoint and the model version it serves; ``traffic`` in percent."""

    type: ClassVar[str] = "deployment"

    name: str  # the endpoint's
    revision: str = "1"  # of the endpoint
    cluster: str = "local"  # where it runs
    endpoint: str | None = None  # its address
    state: str | None = None  # as its platform says it
    traffic: float | None = None  # percent
    from_at: int | None = None  # serves since; the earliest that was told wins
    to_at: int | None = None  # served until
    model: str | None = None  # name of the registered model
    version: str | None = None  # that it serves
    model_project: str = ""  # the model's; empty = the event's
    model_uri: str | None = None  # what it loads, as its platform says it
    method: str | None = None  # how the model version was found out
    confidence: float | None = None  # of that, 0 to 1
    routes_to: list[str] = field(default_factory=list[str])  # uids of deployments it hands requests to
    facts: dict[str, Any] | None = None  # anything else, merged key by key, null removes one


# --- control ---------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class IntentReported(Event):
    """A wish that something be created, started, stopped or deleted, and what came of it.

    ``key``: idempotency key, unique in the project: the same key is the same wish. ``target``: uid
    of the run, job or deployment meant. ``requester``: for whom. ``state`` moves only forward, as
    a run's does: declared, queued, running, then how it ended.
    """

    type: ClassVar[str] = "intent"

    key: str  # unique in the project: the same key is the same wish
    action: IntentAction  # what is wished for
    target: str | None = None  # uid of the run, job or deployment meant
    requester: ActorFact | None = None  # for whom
    state: RunState | None = None  # moves only forward, as a run's
    reason: str | None = None  # of the state
    facts: dict[str, Any] | None = None  # anything else, merged key by key, null removes one
