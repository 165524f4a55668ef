"""What serves a model version: the questions of ``deploy`` and ``deployments``, for both twins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lineage_server.client import registry, standing
from lineage_server.client.asking import Steps
from lineage_server.client.checking import checked
from lineage_server.client.registered import Deployment, ModelVersion
from lineage_server.client.registrations import model_named
from lineage_server.client.registry_answers import check, time_of
from lineage_server.client.withholding import withheld
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import clean_project, model_uid

if TYPE_CHECKING:
    from lineage_server.client.artifact import Artifact
    from lineage_server.client.client import Client

_DEPLOYMENT = "uid project name cluster revision endpoint state traffic fromAt toAt serves"
DEPLOY = f"""
mutation Deploy($input: ReportDeploymentInput!) {{
  reportDeployment(input: $input) {{
    deployment {{ {_DEPLOYMENT} }} problems {{ code message field allowed current }}
  }}
}}
"""
DEPLOYED = f"""
query Deployed($uid: String!) {{
  node(uid: $uid) {{ ... on ModelVersion {{ deployments {{ {_DEPLOYMENT} }} }} }}
}}
"""
DEPLOYMENTS = f"""
query DeploymentsIn($project: String, $first: Int!, $after: String!) {{
  deployments(
    project: $project, orderBy: {{ by: CREATED, direction: DESC }}, first: $first, after: $after
  ) {{ edges {{ node {{ {_DEPLOYMENT} }} }} hasMore pageInfo {{ endCursor }} }}
}}
"""
DOCUMENTS = {"Deploy": DEPLOY, "Deployed": DEPLOYED, "DeploymentsIn": DEPLOYMENTS}
_PAGE = 200


@checked
@withheld("deploy {version} as {name}", standing.deployed)
def deploy(
    client: Client,
    version: str | ModelVersion,
    name: str,
    *,
    endpoint: str | None,
    cluster: str,
    revision: str | None,
    traffic: float | None,
    ended: bool,
    project: str | None,
) -> Steps[Deployment]:
    told: dict[str, Any] = {"name": name, "cluster": cluster, "ended": ended}
    told |= {"endpoint": endpoint} if endpoint is not None else {}
    told |= {"traffic": traffic} if traffic is not None else {}
    told |= {"revision": revision} if revision is not None else {}
    owner = clean_project(project) if project is not None else None
    return _deploy(client, version, told, owner)


def _deploy(
    client: Client, version: str | ModelVersion, told: Mapping[str, Any], project: str | None
) -> Steps[Deployment]:
    meant = yield from registry.version_meant(client, version)
    given = {"version": meant.uid, "project": project or meant.project, **told}
    payload = (yield DEPLOY, {"input": given})["reportDeployment"]
    check(payload)
    return _deployment(payload["deployment"])


@checked
def deployments(
    client: Client,
    ref: str | Artifact | ModelVersion | None,
    *,
    model: str | None,
    project: str | None,
) -> Steps[list[Deployment]]:
    owner = clean_project(project) if project is not None else client.config.project
    if ref is None:
        return _deployments_in(
            owner, model_uid(*model_named(model, owner, "model")) if model is not None else ""
        )
    if model is not None or project is not None:
        raise InvalidInputError(
            "deployments are asked for of a version, or of a model or project",
            field="model" if model is not None else "project",
            allowed="ref alone, or model and project without it",
        )
    return _deployments(client, ref if isinstance(ref, ModelVersion) else client.start_of(ref))


def _deployments_in(project: str, model: str) -> Steps[list[Deployment]]:
    """All of a project, page by page; of a model, those that serve or served a version of it."""
    versions = model.replace("model:", "modelversion:", 1) + "@"
    out: list[Deployment] = []
    asked: dict[str, Any] = {"project": project, "first": _PAGE, "after": ""}
    while True:
        page = (yield DEPLOYMENTS, dict(asked))["deployments"]
        told = [_deployment(edge["node"]) for edge in page["edges"]]
        out += [one for one in told if not model or any(uid.startswith(versions) for uid in one.serves)]
        if not page["hasMore"]:
            return out
        asked["after"] = page["pageInfo"]["endCursor"]


def _deployments(client: Client, ref: str | ModelVersion) -> Steps[list[Deployment]]:
    meant = yield from registry.version_meant(client, ref)
    node = (yield DEPLOYED, {"uid": meant.uid})["node"]
    return [_deployment(one) for one in node["deployments"]]


def _deployment(told: Mapping[str, Any]) -> Deployment:
    words = ("uid", "project", "name", "cluster", "revision", "endpoint", "state", "traffic")
    return Deployment(
        **{key: told[key] for key in words},
        from_at=time_of(told["fromAt"]),
        to_at=time_of(told["toAt"]),
        serves=tuple(told["serves"]),
    )
