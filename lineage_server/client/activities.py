"""Who did what to a model or a version: the question of ``activity``, for both twins."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from lineage_server.client import curation
from lineage_server.client.asking import Steps
from lineage_server.client.builders import names_a_model
from lineage_server.client.checking import checked
from lineage_server.client.registered import Activity, ModelVersion
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import shorten

if TYPE_CHECKING:
    from lineage_server.client.artifact import Artifact
    from lineage_server.client.client import Client

MOST = 500
_DEEDS = f"activity(first: {MOST}) {{ at by action target version alias reason before after }}"
ACTIVITY = f"""
query Done($ref: String!, $project: String!) {{
  node(uid: $ref, project: $project) {{
    __typename ... on RegisteredModel {{ {_DEEDS} }} ... on ModelVersion {{ {_DEEDS} }}
  }}
}}
"""
DOCUMENTS = {"Done": ACTIVITY}


@checked
def activity(client: Client, ref: str | Artifact | ModelVersion) -> Steps[list[Activity]]:
    if isinstance(ref, ModelVersion):
        return _activity(client, ref.uid)
    return _meant(client, client.start_of(ref))


def _meant(client: Client, ref: str) -> Steps[list[Activity]]:
    if names_a_model(ref):
        ref = (yield from curation.registered_model(client, ref)).uid
    return (yield from _activity(client, ref))


def _activity(client: Client, ref: str) -> Steps[list[Activity]]:
    node = (yield ACTIVITY, {"ref": ref, "project": client.config.project})["node"]
    if "activity" not in node:
        raise InvalidInputError(
            f"{shorten(ref)!r} is a {node['__typename']}; of models and their versions this is told",
            field="ref",
            allowed="a model such as model:churn, or a version such as model:churn@3",
        )
    found: list[dict[str, Any]] = node["activity"]
    return [_told(one) for one in found]


def _told(one: dict[str, Any]) -> Activity:
    said = {name: value for name, value in one.items() if name != "at"}
    return Activity(at=datetime.fromisoformat(one["at"]), **said)
