"""The contract is a file: the SDL is what the code says, and every committed operation runs.

Each operation runs against a real graph with a pinned number of Bolt round trips: a loader that is lost,
or a resolver that asks once a row, changes the number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from graphql import OperationDefinitionNode, OperationType, build_schema, parse, validate

from lineage_server.api.gql.documents import OPERATIONS, read_operations, sha256
from lineage_server.api.gql.limits import check_document, check_text
from lineage_server.api.gql.schema import build_schema as built
from lineage_server.api.gql.schema import sdl
from lineage_server.client.queries import DOCUMENTS
from lineage_server.domain.event_registry import ApprovalRequested
from lineage_server.domain.ids import now_micros
from lineage_server.graph.queries.webhooks import CREATE_WEBHOOK
from lineage_server.graph.round_trips import counting
from tests.contract.test_subscriptions import FOLLOWED
from tests.support.served import Served
from tests.support.stories import D2, EVALUATE, IRIS_1, IRIS_2, MODEL_1, PREPARE, TRAIN, story

SDL = OPERATIONS.parent / "schema.graphql"
TEXTS = read_operations()
TRAIN_UID = f"run:{TRAIN}"
HOOK = "webhook:default/one"
HOOKED = {
    "project": "default", "name": "one", "url": "http://127.0.0.1:9/x", "kinds": ["alias"], "nonce": "n",
    "key_id": "k", "created_at": 1, "created_by": "local/local",
}  # fmt: skip
HOOK_MADE = {
    "uid": HOOK, "properties": HOOKED, "audit": [], "turn": "webhooks:default",
    **{key: HOOKED[key] for key in ("project", "name", "url")},
}  # fmt: skip
VIEW = "view:default/one"
KEPT_VIEW = {"project": "default", "name": "one", "owner": "lineage/somebody", "shared": True}
SENT = "delivery:one"
DELIVERED = {
    "webhook": HOOK,
    "project": "default",
    "kind": "ping",
    "state": "failed",
    "attempts": 8,
    "at": now_micros(),
    "body": "{}",
}
TREE = "version:default/model/churn"
CODE = "code:default/r@5ec4e7+own.py"

# Queries of totals, which are known for a while once they were asked for.
KEPT = {"Runs", "Search", "Home"}
# Variables of each query, and the round trips it takes on a graph it has not been asked of before.
QUERIES: dict[str, tuple[dict[str, Any], int]] = {
    "Lineage": ({"start": [MODEL_1], "direction": "UPSTREAM", "view": "VERSION"}, 2),
    "LineageScene": ({"focus": MODEL_1}, 14),
    "RunScene": ({"uid": TRAIN_UID}, 3),
    "VersionScene": ({"of": "artifact:default/dataset/iris"}, 3),
    "LineageTimes": ({"focus": MODEL_1, "before": "2026-09-01T00:00:00Z"}, 28),
    "LineageVersus": ({"a": IRIS_1, "b": IRIS_2}, 18),
    "Impact": ({"of": IRIS_1}, 3),
    "Path": ({"start": IRIS_2, "end": MODEL_1}, 4),
    "LineageDiff": ({"a": IRIS_1, "b": IRIS_2}, 6),
    "CompareRuns": ({"runs": [TRAIN_UID, f"run:{EVALUATE}"]}, 4),
    "Repeats": ({"of": TRAIN_UID}, 4),
    "Cost": ({"of": MODEL_1}, 5),
    "Completeness": ({"of": MODEL_1}, 4),
    "LineageCounts": ({"of": MODEL_1}, 7),
    "Resolve": ({"ref": "dataset:iris@1"}, 1),
    "Version": ({"ref": "dataset:iris@1"}, 4),
    "VersionPage": ({"ref": "dataset:iris@1"}, 5),
    "VersionUse": ({"uid": IRIS_1}, 5),
    "Node": ({"uid": MODEL_1}, 1),
    "WatchGaps": ({}, 1),
    "MetricsOf": ({"uids": [TRAIN_UID, MODEL_1]}, 1),
    "Nodes": ({"uids": [MODEL_1, TRAIN_UID, "job:default/script/train", "run:" + "0" * 32]}, 1),
    "Run": ({"uid": TRAIN}, 4),
    "Surroundings": ({"uid": TRAIN}, 8),
    "Packages": ({"environment": f"env:default/{D2}"}, 2),
    "Code": ({"uid": CODE}, 2),
    "RunsOf": ({"uid": CODE}, 2),
    "Runs": ({"project": "default", "metrics": ["loss"], "params": ["lr"]}, 2),
    "RunCount": ({"project": "default"}, 2),
    "Jobs": ({"project": "default"}, 2),
    "Artifacts": ({"project": "default"}, 2),
    "Models": ({"project": "default"}, 2),
    "Deployments": ({"project": "default"}, 2),
    "Model": ({"uid": "model:default/churn"}, 3),
    "ModelPage": ({"uid": "model:default/churn", "project": "default"}, 11),
    "ModelsPage": ({"project": "default"}, 4),
    "ModelVersions": ({"model": "churn"}, 4),
    "Alias": ({"model": "churn", "name": "prod"}, 1),
    "AliasAt": ({"model": "churn", "name": "prod", "at": "2025-10-09T09:00:00Z"}, 1),
    "Approvals": ({"model": "churn"}, 3),
    "Activity": ({"of": "modelversion:default/churn@1"}, 4),
    "Webhooks": ({"project": "default"}, 1),
    "WebhookDeliveries": ({"project": "default", "webhook": HOOK}, 2),
    "SavedViews": ({"project": "default"}, 1),
    "DeploymentsOf": ({"version": "modelversion:default/churn@1"}, 2),
    "Artifact": ({"ref": "dataset:iris"}, 4),
    "Versions": ({"artifact": "dataset:iris"}, 1),
    "Search": ({"text": "iris"}, 3),
    "MetricHistory": ({"run": TRAIN}, 1),
    "MetricHistories": ({"runs": [TRAIN_UID], "keys": ["loss"]}, 2),
    "Projects": ({}, 1),
    "Project": ({"name": "default"}, 3),
    "Tokens": ({}, 2),
    "Audit": ({}, 1),
    "IngestStatus": ({}, 0),
    "AdminPage": ({}, 0),
    "RefusedEvents": ({}, 2),
    "Event": ({"id": "event-001"}, 1),
    "Home": ({"project": "default", "since": "2025-10-01T00:00:00Z"}, 7),
    "Today": ({"project": "default"}, 3),
    "Shell": ({}, 1),
    "Notifications": ({}, 1),
    "Me": ({}, 0),
    "Server": ({}, 0),
}
ASKED = next(f"approval:default/churn@{e.id}" for e in story() if isinstance(e, ApprovalRequested))
OUTSIDE = "version:default/dataset/outside@sha256:" + "3" * 64
MUTATIONS: dict[str, dict[str, Any]] = {
    "CreateProject": {"name": "fresh", "description": "new", "owner": "kim"},
    "UpdateProject": {"project": "default", "description": "other words"},
    "SetMember": {"project": "default", "subject": "max", "role": "EDITOR"},
    "CreateToken": {
        "name": "ci", "service": True, "subject": "ci", "scopes": [{"project": "default", "role": "EDITOR"}],
    },
    "SetTags": {"uid": TRAIN_UID, "tags": [{"key": "good", "value": "yes"}, {"key": "who", "value": None}]},
    "SetDescription": {"uid": TRAIN_UID, "description": "the one that counts"},
    "AddEdge": {"start": OUTSIDE, "end": MODEL_1, "reason": "seen it"},
    "RetractEdge": {"start": OUTSIDE, "end": MODEL_1, "reason": "it was another"},
    "DeleteNode": {"uid": TRAIN_UID, "reason": "test", "override": True},
    "RestoreNode": {"uid": TRAIN_UID},
    "EraseNode": {"uid": f"run:{EVALUATE}", "reason": "asked to"},
    "RegisterModel": {"project": "default", "name": "fresh", "description": "new", "card": "# Fresh"},
    "UpdateModel": {"project": "default", "model": "churn", "title": "Who leaves"},
    "CreateModelVersion": {
        "project": "default", "model": "churn", "origin": IRIS_1, "metrics": [{"key": "auc", "value": 0.7}],
    },
    "UpdateModelVersion": {
        "project": "default", "model": "churn", "version": "1", "metrics": [{"key": "auc", "value": 0.95}],
    },
    "SetModelState": {"uid": "model:default/fresh", "state": "ARCHIVED", "reason": "a try"},
    "SetHold": {"uid": IRIS_2, "hold": True, "reason": "evidence"},
    "SetTimeToLive": {"uid": IRIS_2, "ttlAt": "2030-01-01T00:00:00Z", "reason": "a try"},
    "SetAlias": {"project": "default", "model": "churn", "alias": "prod", "version": "1", "expected": ""},
    "DeleteAlias": {"project": "default", "model": "churn", "alias": "prod", "reason": "it was wrong"},
    "SetProtection": {"project": "default", "model": "churn", "alias": "prod", "movers": ["kim"]},
    "RequestApproval": {"project": "default", "model": "churn", "version": "1", "alias": "prod"},
    "DecideApproval": {"uid": ASKED, "verdict": "REJECTED", "comment": "no"},
    "ReportDeployment": {
        "project": "default", "version": "modelversion:default/churn@1", "name": "served", "endpoint": "http://a",
    },
    "CreateWebhook": {"project": "default", "name": "ci", "url": "https://ci.example/x", "kinds": ["ALIAS"]},
    "TestWebhook": {"project": "default", "webhook": HOOK},
    "UpdateWebhook": {"project": "default", "webhook": HOOK, "kinds": ["ALIAS", "APPROVAL"]},
    "ResendDelivery": {"project": "default", "delivery": SENT},
    "DeleteWebhook": {"project": "default", "webhook": HOOK},
    "SaveView": {"project": "default", "name": "best", "columns": ["state", "m.loss"], "sort": "m.loss"},
    "DeleteView": {"project": "default", "view": VIEW},
    "ReplayRefused": {},
    "RevokeToken": {},
}  # fmt: skip


def kind_of(text: str) -> OperationType:
    definition = parse(text).definitions[0]
    assert isinstance(definition, OperationDefinitionNode)
    return definition.operation


def test_the_committed_schema_is_what_the_code_says() -> None:
    assert SDL.read_text("utf-8") == sdl(), (
        "run: python -m lineage_server.api.gql.schema > graphql/schema.graphql"
    )


@pytest.mark.parametrize("name", TEXTS)
def test_operation_is_valid_and_alone_in_its_file(name: str) -> None:
    document = parse(TEXTS[name])
    assert not validate(build_schema(SDL.read_text("utf-8")), document)
    (definition,) = document.definitions
    assert isinstance(definition, OperationDefinitionNode)
    assert definition.name
    assert definition.name.value == name


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_the_client_asks_is_valid(name: str) -> None:
    document = parse(DOCUMENTS[name])
    assert not validate(build_schema(SDL.read_text("utf-8")), document)


@pytest.mark.parametrize("name", TEXTS)
def test_operation_keeps_to_the_limits_of_everybody(name: str) -> None:
    """They are trusted; that they also fit says that the limits are no hindrance."""
    document = parse(TEXTS[name])
    (definition,) = document.definitions
    assert isinstance(definition, OperationDefinitionNode)
    check_text(TEXTS[name])
    variables = QUERIES[name][0] if name in QUERIES else {"input": MUTATIONS.get(name)}
    check_document(built().core, document, variables, definition)


def test_every_operation_is_run_here() -> None:
    ran = {
        OperationType.QUERY: QUERIES.keys(),
        OperationType.MUTATION: MUTATIONS.keys(),
        OperationType.SUBSCRIPTION: FOLLOWED.keys(),
    }
    told = {kind: {name for name, text in TEXTS.items() if kind_of(text) is kind} for kind in ran}
    assert told == ran


async def test_every_query_runs_with_its_number_of_round_trips(served: Served) -> None:
    wrong: dict[str, tuple[int, int]] = {}
    await served.services.bolt.write(CREATE_WEBHOOK, HOOK_MADE)
    for name, (variables, _) in QUERIES.items():
        if name not in KEPT:  # Neo4j plans them for seconds, and a walk counts what it has the time for
            await served.ask(TEXTS[name], variables)
    for name, (variables, expected) in QUERIES.items():
        with counting() as trips:
            await served.ask(TEXTS[name], variables)
        if trips.count != expected:
            wrong[name] = (expected, trips.count)
    assert not wrong, f"name: (pinned, counted): {wrong}"


async def test_mutations_do_what_they_say(served: Served) -> None:
    async def do(name: str) -> dict[str, Any]:
        field = name[0].lower() + name[1:]
        return (await served.ask(TEXTS[name], {"input": MUTATIONS[name]}))[field]

    tags = {tag["key"]: tag["value"] for tag in (await do("SetTags"))["node"]["tags"]}
    assert tags == {"good": "yes"}
    assert (await do("SetDescription"))["node"]["description"] == "the one that counts"
    await do("AddEdge")
    edges = await served.ask(
        TEXTS["Lineage"], {"start": [MODEL_1], "direction": "UPSTREAM", "view": "VERSION"}
    )
    assert OUTSIDE in {edge["from"] for edge in edges["lineage"]["edges"]}
    await do("RetractEdge")
    edges = await served.ask(
        TEXTS["Lineage"], {"start": [MODEL_1], "direction": "UPSTREAM", "view": "VERSION"}
    )
    assert OUTSIDE not in {e["from"] for e in edges["lineage"]["edges"] if e["to"] == MODEL_1}
    assert (await do("DeleteNode"))["node"]["deletedAt"]
    runs = await served.ask(TEXTS["Runs"], {"project": "default"})
    assert TRAIN_UID not in {edge["node"]["uid"] for edge in runs["runs"]["edges"]}
    assert (await do("RestoreNode"))["node"]["deletedAt"] is None
    assert (await do("SetMember"))["member"] == {"subject": "max", "role": "EDITOR"}
    assert (await do("EraseNode"))["eventsRedacted"] > 0


async def test_only_what_is_stated_is_taken_back(served: Served) -> None:
    """An event may tell it before what it takes back; a person who mistook the ends is told so."""

    async def told(name: str, **given: str) -> tuple[str, str] | None:
        """Field and what is allowed of the problem, if there was one."""
        wanted = {"start": OUTSIDE, "end": MODEL_1, "reason": "seen it", **given}
        payload = (await served.ask(TEXTS[name], {"input": wanted}))[name[0].lower() + name[1:]]
        for problem in payload["problems"]:
            assert problem["code"] == "BAD_INPUT"
            return problem["field"], problem["allowed"]
        return None

    never = ("start", "the ends of a derivation that was stated with addEdge")
    assert await told("RetractEdge") == never
    assert await told("RetractEdge", start=IRIS_1) == never  # joined, but by a run
    assert await told("AddEdge", role="copy") is None
    assert await told("AddEdge", role="sample") is None
    assert await told("RetractEdge") == ("role", "copy, sample")
    assert await told("RetractEdge", role="copy") is None
    assert await told("RetractEdge", role="copy") == ("role", "sample")
    assert await told("RetractEdge", role="sample") is None
    assert await told("RetractEdge", role="sample") == never


async def test_the_same_wish_counts_again_later(served: Served) -> None:
    """Two equal mutations are two events: a, b, a ends with a."""
    for value in ("a", "b", "a"):
        given = {"uid": TRAIN_UID, "tags": [{"key": "flip", "value": value}]}
        node = (await served.ask(TEXTS["SetTags"], {"input": given}))["setTags"]["node"]
        assert {"key": "flip", "value": value} in node["tags"]


async def test_what_the_user_can_mend_is_a_problem_not_an_error(served: Served) -> None:
    cases = {
        "CreateProject": ({"name": "default"}, "CONFLICT"),
        "SetTags": ({"uid": TRAIN_UID, "tags": []}, "BAD_INPUT"),
        "AddEdge": ({"start": OUTSIDE, "end": MODEL_1, "reason": " "}, "BAD_INPUT"),
        "CreateToken": ({"name": "", "expiresAt": "2001-01-01T00:00:00Z"}, "BAD_INPUT"),
        "EraseNode": ({"uid": TRAIN_UID, "reason": ""}, "BAD_INPUT"),
    }
    for name, (given, code) in cases.items():
        field = name[0].lower() + name[1:]
        payload = (await served.ask(TEXTS[name], {"input": given}))[field]
        assert [problem["code"] for problem in payload["problems"]] == [code], name
        assert payload["problems"][0]["message"]


ASK: dict[str, Callable[[str, str], dict[str, Any]]] = {
    "sha256": lambda name, text: {"extensions": {"persistedQuery": {"sha256Hash": sha256(text)}}},
    "name": lambda name, text: {"operationName": name},
    "documentId": lambda name, text: {"documentId": sha256(text)},
    "documentId by name": lambda name, text: {"documentId": name},
}  # fmt: skip


@pytest.mark.parametrize("way", ASK)
async def test_persisted_operation_runs_without_its_text(served: Served, way: str) -> None:
    body = ASK[way]("Run", TEXTS["Run"])
    answer = (await served.post({**body, "variables": {"uid": TRAIN}})).json()
    assert answer["data"]["run"]["uid"] == TRAIN_UID


async def test_unknown_persisted_operation_is_not_found(served: Served) -> None:
    for body in (
        {"operationName": "Nothing"},
        {"extensions": {"persistedQuery": {"sha256Hash": "0" * 64}}},
        {"documentId": "x"},
    ):
        answer = (await served.post(body)).json()
        assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND", body
    answer = (await served.post({})).json()
    assert answer["errors"][0]["extensions"]["code"] == "BAD_INPUT"


async def test_metrics_of_many_runs_come_at_once_and_in_detail_where_one_looks_closer(
    served: Served,
) -> None:
    from lineage_server.domain.events import MetricsLogged

    now = now_micros()
    values: list[float | str] = [float(i % 7) for i in range(2_000)]
    values[777] = 1e9
    await served.record(
        MetricsLogged(
            id="a long curve", at=now, run=TRAIN, keys=["long"], series=[0] * 2_000,
            steps=list(range(2_000)), times=[now + i for i in range(2_000)], values=values,
        )
    )  # fmt: skip
    asked: dict[str, Any] = {"runs": [PREPARE, TRAIN_UID, TRAIN], "keys": ["long", "none"], "maxPoints": 100}
    prepare, train = (await served.ask(TEXTS["MetricHistories"], asked))["metricHistories"]
    assert (prepare["run"], prepare["series"], train["run"]) == (f"run:{PREPARE}", [], TRAIN_UID)
    (series,) = train["series"]
    assert (series["key"], series["total"], series["thinned"]) == ("long", 2_000, True)
    assert len(series["steps"]) <= 100
    assert 1e9 in series["values"]
    closer = {**asked, "fromStep": 760, "toStep": 800}
    (series,) = (await served.ask(TEXTS["MetricHistories"], closer))["metricHistories"][1]["series"]
    assert (series["steps"], series["total"], series["thinned"]) == (list(range(760, 801)), 41, False)
    for wrong in ({"keys": []}, {"runs": []}, {"maxPoints": 9}, {"maxPoints": 100_001}, {"runs": ["x"]}):
        answer = (await served.post({"query": TEXTS["MetricHistories"], "variables": asked | wrong})).json()
        assert answer["errors"][0]["extensions"]["code"] == "BAD_INPUT", wrong
    gone = asked | {"runs": [TRAIN, "0198c0de-0000-7000-8000-00000000dead"]}
    answer = (await served.post({"query": TEXTS["MetricHistories"], "variables": gone})).json()
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_metric_history_folds_and_thins(served: Served) -> None:
    from lineage_server.domain.events import MetricsLogged

    now = now_micros()
    values: list[float | str] = [float(i % 7) for i in range(2_000)]
    values[777], values[1_234] = 1e9, "NaN"
    for event_id in ("points", "points again"):  # two witnesses of the same points
        await served.record(
            MetricsLogged(
                id=event_id, at=now, run=TRAIN, keys=["curve"], series=[0] * 2_000,
                steps=list(range(2_000)), times=[now + i for i in range(2_000)], values=values,
            )
        )  # fmt: skip
    asked = {"run": TRAIN, "keys": ["curve"], "maxPoints": 100}
    (series,) = (await served.ask(TEXTS["MetricHistory"], asked))["metricHistory"]
    assert (series["total"], series["thinned"]) == (2_000, True)
    assert len(series["steps"]) == len(series["times"]) == len(series["values"]) <= 100
    assert series["values"][series["steps"].index(777)] == 1e9
    assert "NaN" in series["values"]
    assert (series["steps"][0], series["steps"][-1]) == (0, 1_999)
    asked["maxPoints"] = None  # type: ignore[assignment]
    (series,) = (await served.ask(TEXTS["MetricHistory"], asked))["metricHistory"]
    assert (len(series["steps"]), series["thinned"]) == (2_000, False)
