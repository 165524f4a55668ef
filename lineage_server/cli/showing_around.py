"""What ``show`` tells of what lies around a thing: inputs and outputs of a run, neighbours of a version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lineage_server.cli.output import bold, say, say_table, size
from lineage_server.client.view import ViewNode


def say_part(title: str) -> None:
    """A heading."""
    say()
    say(bold(title))


def say_links(title: str, page: dict[str, Any] | None) -> None:
    """What a run read or wrote; what others may not let one see is at least counted."""
    links = [edge["node"] for edge in page["edges"]] if page else []
    hidden = page["hidden"] if page else 0
    if not links and not hidden:
        return
    say_part(title)
    if links:
        rows = [
            (_title(link["version"]), link["role"], size(link["version"]["size"]), _doubt(link["basis"]))
            for link in links
        ]
        say_table(["what", "as", "size", ""], rows)
    if page and page["hasMore"]:
        say(f"and more than these {len(links)}")
    if hidden:
        say(f"and {hidden} in projects that you may not see")


def _doubt(basis: str) -> str:
    return basis if basis == "inferred" else ""


def _title(head: dict[str, Any]) -> str:
    return ViewNode(
        uid=head["uid"],
        label=head["label"],
        name=head["name"],
        kind=head["kind"],
        ordinal=head["ordinal"],
    ).title


def say_neighbours(neighbours: Sequence[dict[str, Any]]) -> None:
    """What it was made from, and what it was used for."""
    for side, title in (("upstream", "made from"), ("downstream", "used for")):
        nodes = [ViewNode(**one) for one in neighbours if one["side"] == side]
        if nodes:
            say_part(title)
            # A version's title is what one types for it; its uid would fill the screen.
            uids = ["" if node.label == "ArtifactVersion" else node.uid for node in nodes]
            rows = [(node.title, node.notes, uid) for node, uid in zip(nodes, uids, strict=True)]
            say_table(["what", "state", "uid"], rows, whole=("uid",))
