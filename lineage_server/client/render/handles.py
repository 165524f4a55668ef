"""Artifacts, runs, models' versions and aliases in a notebook: what is known of one, as a table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from lineage_server.client.render.bundle import bundle, html_text
from lineage_server.client.render.words import bytes_told
from lineage_server.domain.untyped import as_mapping

if TYPE_CHECKING:
    from lineage_server.client.artifact import Artifact
    from lineage_server.client.registered import Alias, ModelVersion
    from lineage_server.client.run import Run

_MOST_ROWS = 50
_Table = tuple[Sequence[str], Iterable[Sequence[object]]]


def forms(
    handle: object,
    html: Callable[[], str],
    include: Collection[str] | None,
    exclude: Collection[str] | None,
) -> dict[str, str]:
    """Its line of text, and the table."""
    return bundle({"text/plain": lambda: str(handle), "text/html": html}, include, exclude)


def artifact_html(artifact: Artifact) -> str:
    """What is known of a version, and its columns."""
    facts = {
        "project": artifact.project,
        "size": "" if artifact.size is None else bytes_told(artifact.size),
        "digest": artifact.digest,
        "place": artifact.uri,
        "made by": f"run:{artifact.run}" if artifact.run else "",
    }
    columns = [(column.name, column.type) for column in artifact.columns]
    return _card(str(artifact), facts, {"columns": (("column", "type"), columns)})


def run_html(run: Run) -> str:
    """Which one it is."""
    return _card(str(run), {"project": run.project, "job": run.job, "uid": run.uid}, {})


def version_html(version: ModelVersion) -> str:
    """What is known of a model's version: facts, metrics, what goes in and comes out, its card."""
    facts = {
        "project": version.project,
        "description": version.description,
        "made of": str(version.origin) if version.origin is not None else version.uri,
        "made by": f"run:{version.run}" if version.run else "",
        "tags": ", ".join(f"{key}={value}" for key, value in version.tags.items()),
        "hold": "yes" if version.hold else "",
        "since": version.created_at,
    }
    tables: dict[str, _Table] = {"metrics": (("metric", "value"), list(version.metrics.items()))}
    for side, title in (("inputs", "goes in"), ("outputs", "comes out")):
        told: object = as_mapping(version.signature).get(side)
        listed = cast("list[object]", told) if isinstance(told, list) else []
        columns = [as_mapping(one) for one in listed]
        rows = [(one.get("name", ""), one.get("type", "")) for one in columns]
        tables[title] = (("column", "type"), rows)
    card = "<br>".join(html_text(line) for line in version.card.splitlines())
    return _card(str(version), facts, tables) + (f"<p>{card}</p>" if card else "")


def alias_html(alias: Alias) -> str:
    """What it points to, and its moves, the newest first."""
    facts = {
        "project": alias.project,
        "points to": alias.version or "nothing",
        "protected": "yes" if alias.protected else "",
        "moves": "with an approval" if alias.needs_approval else "",
        "movers": ", ".join(alias.movers),
    }
    moves = [(move.at, move.before, move.version, move.by, move.reason) for move in alias.moves]
    tables: dict[str, _Table] = {"history": (("at", "from", "to", "by", "reason"), moves)}
    return _card(f"model:{alias.model}@{alias.name}", facts, tables)


def _card(title: str, facts: Mapping[str, object], tables: Mapping[str, _Table]) -> str:
    """A heading, facts that are not empty, and tables that are not."""
    known = [(name, value) for name, value in facts.items() if value not in (None, "")]
    parts = [f"<b>{html_text(title)}</b>", _table((), known)]
    for name, (head, rows) in tables.items():
        all_rows = list(rows)
        if all_rows:
            parts.append(f"<details><summary>{html_text(name)} ({len(all_rows)})</summary>")
            parts.append(_table(head, all_rows[:_MOST_ROWS]))
            left = len(all_rows) - _MOST_ROWS
            parts.append(f"<p>and {left} more</p></details>" if left > 0 else "</details>")
    return "".join(parts)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    first = "".join(f"<th>{html_text(name)}</th>" for name in head)
    lines = [f"<tr>{first}</tr>"] if head else []
    lines += ["<tr>" + "".join(f"<td>{html_text(cell)}</td>" for cell in row) + "</tr>" for row in rows]
    return f"<table>{''.join(lines)}</table>"
