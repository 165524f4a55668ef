"""Edge types, the ends they may have, and which of them lineage walks.

Every walked edge is drawn along the data flow, so one direction means downstream.
Each edge is *anchored* at the end that is written together with it (a run for its inputs
and outputs): an anchor's degree stays small where the other end may be a hub.

Belonging to a job, an artifact or a project is an indexed property of the node, not an
edge (docs/decisions/0002): such edges would all end in the same few hubs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lineage_server.domain.nodes import Label


class EdgeType(StrEnum):
    """Relationship types of the graph."""

    INPUT_TO = "INPUT_TO"
    OUTPUT = "OUTPUT"
    REGISTERED_AS = "REGISTERED_AS"
    DEPLOYED_AS = "DEPLOYED_AS"
    DERIVED = "DERIVED"
    ROUTES_TO = "ROUTES_TO"
    SAME_AS = "SAME_AS"
    FEEDS = "FEEDS"
    READS = "READS"
    CHILD_OF = "CHILD_OF"
    RETRY_OF = "RETRY_OF"
    RESUMED_FROM = "RESUMED_FROM"
    BY = "BY"
    USED_CODE = "USED_CODE"
    USED_ENV = "USED_ENV"
    MOUNTS = "MOUNTS"
    ON_NODE = "ON_NODE"
    ON_GPU = "ON_GPU"
    POINTS_TO = "POINTS_TO"
    BOARD_FOR = "BOARD_FOR"
    REPRODUCES = "REPRODUCES"


class Source(StrEnum):
    """Who witnessed a fact."""

    CLIENT = "client"
    WATCHER = "watcher"
    OPENLINEAGE = "openlineage"
    MLFLOW = "mlflow"
    REGISTRY = "registry"
    CONTROL = "control"
    UI = "ui"
    SYSTEM = "system"


class Basis(StrEnum):
    """How a fact is known; the first of these wins where two witnesses tell of one edge."""

    OBSERVED = "observed"
    DECLARED = "declared"
    INFERRED = "inferred"


BASIS_RANK: dict[str, str] = {Basis.OBSERVED: "0", Basis.DECLARED: "1", Basis.INFERRED: "2"}


@dataclass(frozen=True, slots=True)
class EdgeRule:
    """Allowed ends of an edge type and the end it is anchored at."""

    type: EdgeType
    starts: frozenset[Label]
    ends: frozenset[Label]
    anchored_at_start: bool
    walked: bool


def _rule(
    kind: EdgeType, start: Label, end: Label, *, at_start: bool, walked: bool = False
) -> tuple[EdgeType, EdgeRule]:
    return kind, EdgeRule(kind, frozenset({start}), frozenset({end}), at_start, walked)


RULES: dict[EdgeType, EdgeRule] = dict(
    [
        _rule(EdgeType.INPUT_TO, Label.ARTIFACT_VERSION, Label.RUN, at_start=False, walked=True),
        _rule(EdgeType.OUTPUT, Label.RUN, Label.ARTIFACT_VERSION, at_start=True, walked=True),
        _rule(
            EdgeType.REGISTERED_AS, Label.ARTIFACT_VERSION, Label.MODEL_VERSION, at_start=False, walked=True
        ),
        _rule(EdgeType.DEPLOYED_AS, Label.MODEL_VERSION, Label.DEPLOYMENT, at_start=False, walked=True),
        _rule(EdgeType.DERIVED, Label.ARTIFACT_VERSION, Label.ARTIFACT_VERSION, at_start=False, walked=True),
        _rule(EdgeType.ROUTES_TO, Label.DEPLOYMENT, Label.DEPLOYMENT, at_start=True, walked=True),
        _rule(EdgeType.SAME_AS, Label.ARTIFACT_VERSION, Label.ARTIFACT_VERSION, at_start=False),
        _rule(EdgeType.READS, Label.RUN, Label.ARTIFACT, at_start=True),
        _rule(EdgeType.CHILD_OF, Label.RUN, Label.RUN, at_start=True),
        _rule(EdgeType.RETRY_OF, Label.RUN, Label.RUN, at_start=True),
        _rule(EdgeType.RESUMED_FROM, Label.RUN, Label.RUN, at_start=True),
        _rule(EdgeType.BY, Label.RUN, Label.ACTOR, at_start=True),
        _rule(EdgeType.USED_CODE, Label.RUN, Label.CODE_REF, at_start=True),
        _rule(EdgeType.USED_ENV, Label.RUN, Label.ENVIRONMENT, at_start=True),
        _rule(EdgeType.MOUNTS, Label.RUN, Label.VOLUME, at_start=True),
        _rule(EdgeType.ON_NODE, Label.RUN, Label.NODE, at_start=True),
        _rule(EdgeType.ON_GPU, Label.RUN, Label.GPU, at_start=True),
        _rule(EdgeType.BOARD_FOR, Label.RUN, Label.RUN, at_start=True),
        _rule(EdgeType.REPRODUCES, Label.RUN, Label.RUN, at_start=True),
        _rule(EdgeType.POINTS_TO, Label.ALIAS, Label.MODEL_VERSION, at_start=True),
    ]
)
"""One rule an edge type. FEEDS is derived from the others and has no rule of its own."""

WALKED: tuple[EdgeType, ...] = tuple(r.type for r in RULES.values() if r.walked)
COLUMNS = "columns:"
"""Role of the DERIVED edges that follow from a run's stated columns: this and the run's uid."""
