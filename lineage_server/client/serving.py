"""What serves a model version: the questions of ``deploy`` and ``deployments``, for both twins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lineage_server.client import registry
from lineage_server.client.asking import Steps
from lineage_server.client.checking import checked
from lineage_server.client.registered import Deployment, ModelVersion
from lineage_server.client.registry_answers import check, time_of
from lineage_server.domain.ids import clean_project

if TYPE_CHECKING:
    from lineage_server.client.artifact import Artifact
    from lineage_server.client.client import Client

_DEPLOYMENT = "uid project name cluster revision endpoint state traffic fromAt toAt"
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
DOCUMENTS = {"Deploy": DEPLOY, "Deployed": DEPLOYED}


@checked
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
def deployments(client: Client, ref: str | Artifact | ModelVersion) -> Steps[list[Deployment]]:
    return _deployments(client, ref if isinstance(ref, ModelVersion) else client.start_of(ref))


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
    )
