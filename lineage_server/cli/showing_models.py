"""What ``show`` tells of registered models and their versions, beside what it tells of everything."""

from __future__ import annotations

import json
from typing import Any, cast

from lineage_server.cli.output import bold, one_line, say, say_facts, say_table, short_time
from lineage_server.domain.untyped import as_mapping

OF_MODEL = """
title owner state card highest protected needsApproval movers approvers modelAliases: aliases { name version }
"""
OF_VERSION = """
model version state hold uri card signature aliases metrics { key value }
origin { uid name kind ordinal project }
deployments { uid project name cluster revision endpoint state traffic fromAt toAt }
"""
VERSIONS = """
query VersionsOf($model: String!) {
  modelVersions(model: $model, first: 20) {
    edges { node { uid version state createdAt description aliases metrics { key value } } } hasMore
  }
}
"""


def model_facts(node: dict[str, Any]) -> dict[str, object]:
    """Facts that only these have."""
    origin = node.get("origin")
    facts: dict[str, object] = {"title": node.get("title")}
    if "modelAliases" in node:
        facts["aliases"] = ", ".join(
            f"{one['name']} → {one['version'] or '–'}" for one in node["modelAliases"]
        )
        facts["movers"] = ", ".join(node["movers"])
        facts["approvers"] = ", ".join(node["approvers"])
        facts["moves"] = "with an approval" if node["needsApproval"] else ""
    if origin:
        facts["made of"] = f"{origin['kind']}:{origin['name']}@{origin['ordinal']}"
    return {name: value for name, value in facts.items() if value}


def say_model(told: dict[str, Any]) -> None:
    """Metrics, what goes in and comes out, versions; the card comes last."""
    node = told["node"]
    if node.get("metrics"):
        _say_part("metrics")
        say_facts({one["key"]: one["value"] for one in node["metrics"]})
    for side, title in (("inputs", "goes in"), ("outputs", "comes out")):
        columns = as_mapping(node.get("signature")).get(side)
        if columns:
            _say_part(title)
            _say_columns(columns)
    if node.get("deployments"):
        _say_deployments(node["deployments"])
    example = as_mapping(node.get("signature")).get("example")
    if isinstance(example, list) and example:
        _say_part("example")
        _say_example(cast("list[Any]", example))
    page = told.get("modelVersions")
    if page and page["edges"]:
        _say_versions(page)
    if node.get("card"):
        _say_part("card")
        for line in str(node["card"]).splitlines():
            say(one_line(line) if line.strip() else "")


def _say_columns(columns: Any) -> None:
    rows = [as_mapping(row) for row in (cast("list[Any]", columns) if isinstance(columns, list) else ())]
    if rows and all("name" in row for row in rows):
        say_table(["column", "type"], [(row["name"], row.get("type")) for row in rows])
    else:
        say(one_line(cast("object", columns)))


_SERVED = ("deployment", "cluster", "revision", "from", "to", "traffic %", "endpoint")


def _say_deployments(found: list[dict[str, Any]]) -> None:
    """What serves it, and whatever did."""
    _say_part("served by")
    rows = [
        (
            one["name"], one["cluster"], one["revision"], short_time(one["fromAt"]),
            short_time(one["toAt"]) if one["toAt"] else "now", one["traffic"], one["endpoint"],
        )
        for one in found
    ]  # fmt: skip
    say_table(list(_SERVED), rows, whole=("deployment",), spare=("traffic %", "cluster", "endpoint"))


def _say_example(rows: list[Any]) -> None:
    if all(isinstance(row, dict) for row in rows):
        names = list(dict.fromkeys(name for row in rows for name in row))
        say_table(names, [[_cell(row.get(name)) for name in names] for row in rows])
    else:
        for row in rows:
            say(one_line(_cell(row)))


def _cell(value: object) -> object:
    return value if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False)


def _say_versions(page: dict[str, Any]) -> None:
    _say_part("versions")
    rows = [version_row(edge["node"]) for edge in page["edges"]]
    say_table(list(VERSION_COLUMNS), rows, whole=("version",), spare=("metrics", "made", "description"))
    if page["hasMore"]:
        say(f"and more than these {len(rows)}")


VERSION_COLUMNS = ("version", "state", "aliases", "made", "metrics", "description")


def version_row(node: dict[str, Any]) -> tuple[object, ...]:
    """One of them in a table."""
    metrics = ", ".join(f"{one['key']}={one_line(one['value'])}" for one in node["metrics"])
    return (
        node["version"],
        str(node["state"] or "").lower(),
        ", ".join(node["aliases"]),
        short_time(node["createdAt"]),
        metrics,
        node["description"],
    )


def _say_part(title: str) -> None:
    say()
    say(bold(title))
