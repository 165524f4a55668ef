"""What the planners of events share: a node that is referred to, and what is said of it."""

from __future__ import annotations

from typing import Any

from lineage_server.domain import ids
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.events import Event
from lineage_server.domain.nodes import Label
from lineage_server.ingest.facts import Clock, NodeFacts
from lineage_server.ingest.values import clean_tags


def reference(uid: str, label: Label, clock: Clock, identity: dict[str, Any]) -> NodeFacts:
    """A node that an event only refers to: made as a stub where it is not there yet."""
    return NodeFacts(uid, label, clock, identity, False)


def tell(node: NodeFacts, **values: Any) -> None:
    """Values that were stated; None means nothing was said."""
    for key, value in values.items():
        if value is not None:
            node.values[key] = value


def describe(node: NodeFacts, event: Event) -> None:
    """Tags and facts, of whichever event has them."""
    node.values.update(clean_tags(getattr(event, "tags", None)))
    node.note_map("facts", getattr(event, "facts", None))


def check_owner(uid: str, project: str, field: str) -> None:
    """Raises InvalidInputError for a uid of another project than the event's."""
    owner = ids.project_of(uid)
    if owner and owner != project:
        raise InvalidInputError(
            f"{ids.shorten(uid)!r} belongs to project {owner!r}, the event to {project!r}", field=field
        )
