"""Subscriptions over the schema's own stream, and once over real transports."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from lineage_server.api.gql.context import Context
from lineage_server.api.gql.documents import read_operations
from lineage_server.api.gql.schema import Schema, build_schema
from lineage_server.auth.principal import LOCAL, Principal
from lineage_server.domain.events import (
    AliasSet,
    InputFact,
    MetricsLogged,
    ModelVersionReported,
    OutputFact,
    RunReported,
)
from lineage_server.domain.ids import new_run_id, now_micros
from lineage_server.domain.nodes import RunState
from lineage_server.tracking.service import Tracking
from tests.support.served import Served
from tests.support.stories import D1, D3, MODEL_1, TRAIN

TEXTS = read_operations()
TRAIN_UID = f"run:{TRAIN}"
# Long, because Neo4j plans the statements of a walk when it first sees them: some seconds.
PATIENCE_SECONDS = 30
STRANGER = Principal(subject="stranger", roles={})
FOLLOWED: dict[str, dict[str, Any]] = {
    "RunChanged": {"uid": TRAIN_UID},
    "RunsChanged": {"project": "default"},
    "ModelsChanged": {"project": "default"},
    "ArtifactsChanged": {"project": "default"},
    "LineageChanged": {"uid": MODEL_1},
    "MetricPoints": {"run": TRAIN},
    "IngestStatusChanged": {},
    "NotificationsChanged": {},
}
"""Every subscription, with variables that something can be followed by."""


@contextlib.asynccontextmanager
async def following(
    served: Served, name: str, variables: dict[str, Any], principal: Principal = LOCAL
) -> AsyncGenerator[Any]:
    """Answers of a subscription; the first ``anext`` is already under way when this is entered."""
    schema: Schema = build_schema()
    services = served.services
    context = Context(services=services, tracking=Tracking(services.bolt), asking=principal)
    stream = await schema.stream(TEXTS[name], variables, context)
    async with contextlib.aclosing(stream):
        yield stream


async def first_of(served: Served, stream: Any) -> asyncio.Task[Any]:
    """Begin to listen; returns when the subscription exists, or has answered."""
    task = asyncio.create_task(anext(stream))
    await served.followed(task.done)
    return task


def event_of(run: str, **more: Any) -> RunReported:
    return RunReported(id=new_run_id(), at=now_micros(), run=run, **more)


async def test_run_changed_brings_the_run(served: Served) -> None:
    async with following(served, "RunChanged", {"uid": TRAIN_UID}) as stream:
        first = await first_of(served, stream)
        await served.record(event_of(TRAIN, reason="because", metrics={"late": 1.5}))
        async with asyncio.timeout(PATIENCE_SECONDS):
            notice = (await first).data["runChanged"]
    assert notice["kind"] == "CHANGED"
    assert {"key": "late", "value": 1.5} in notice["run"]["metrics"]


async def test_runs_changed_tells_only_its_project(served: Served) -> None:
    async with following(served, "RunsChanged", {"project": "default"}) as stream:
        first = await first_of(served, stream)
        await served.record(event_of(new_run_id(), project="elsewhere", name="not ours"))
        mine = new_run_id()
        await served.record(event_of(mine, name="ours"))
        async with asyncio.timeout(PATIENCE_SECONDS):
            notice = (await first).data["runsChanged"]
    assert [change["uid"] for change in notice["changes"]] == [f"run:{mine}"]


async def test_models_changed_tells_of_versions_and_aliases_of_its_project(served: Served) -> None:
    async with following(served, "ModelsChanged", {"project": "default"}) as stream:
        first = await first_of(served, stream)
        await served.record(
            event_of(new_run_id(), name="no model"),
            ModelVersionReported(
                id=new_run_id(), at=now_micros(), project="elsewhere", model="m", version="1"
            ),
            ModelVersionReported(id=new_run_id(), at=now_micros(), project="default", model="m", version="1"),
        )
        async with asyncio.timeout(PATIENCE_SECONDS):
            notice = (await first).data["modelsChanged"]
        assert {change["uid"] for change in notice["changes"]} == {
            "model:default/m",
            "modelversion:default/m@1",
        }
        second = asyncio.ensure_future(anext(stream))
        await served.record(
            AliasSet(
                id=new_run_id(), at=now_micros(), project="default", model="m", alias="prod", version="1"
            )
        )
        async with asyncio.timeout(PATIENCE_SECONDS):
            notice = (await second).data["modelsChanged"]
        assert "alias:default/m@prod" in {change["uid"] for change in notice["changes"]}


async def test_artifacts_changed_tells_of_versions_and_their_readers_in_its_project(served: Served) -> None:
    made = OutputFact(name="leaves", digest=D1)
    uid = f"version:default/dataset/leaves@{D1}"
    async with following(served, "ArtifactsChanged", {"project": "default"}) as stream:
        first = await first_of(served, stream)
        await served.record(
            event_of(new_run_id(), name="nothing made"),
            event_of(new_run_id(), project="elsewhere", outputs=[made]),
            event_of(new_run_id(), outputs=[made]),
        )
        async with asyncio.timeout(PATIENCE_SECONDS):
            notice = (await first).data["artifactsChanged"]
        assert {change["uid"] for change in notice["changes"]} == {"artifact:default/dataset/leaves", uid}
        second = asyncio.ensure_future(anext(stream))
        await served.record(event_of(new_run_id(), inputs=[InputFact(name="leaves", digest=D1)]))
        async with asyncio.timeout(PATIENCE_SECONDS):
            notice = (await second).data["artifactsChanged"]
        assert (uid, "linked") in {(change["uid"], change["kind"]) for change in notice["changes"]}


async def test_metric_points_bring_all_then_only_new_ones(served: Served) -> None:
    async with following(served, "MetricPoints", {"run": TRAIN, "keys": ["loss"]}) as stream:
        async with asyncio.timeout(PATIENCE_SECONDS):
            (series,) = (await anext(stream)).data["metricPoints"]["series"]
        assert series["steps"] == [0, 1, 2]
        assert series["values"] == ["NaN", 0.9, 0.8]
        following_one = await first_of(served, stream)
        now = now_micros()
        await served.record(
            MetricsLogged(
                id=new_run_id(), at=now, run=TRAIN, keys=["loss"], series=[0], steps=[3], times=[now],
                values=[0.7],
            )
        )  # fmt: skip
        async with asyncio.timeout(PATIENCE_SECONDS):
            (series,) = (await following_one).data["metricPoints"]["series"]
    assert (series["steps"], series["values"]) == ([3], [0.7])


async def test_lineage_changed_sees_new_neighbours(served: Served) -> None:
    async with following(served, "LineageChanged", {"uid": MODEL_1, "depth": 2}) as stream:
        first = await first_of(served, stream)
        reader = new_run_id()
        await served.record(event_of(reader, inputs=[InputFact(name="churn", type="model", digest=D3)]))
        await served.record(event_of(TRAIN, reason="looked at again"))
        async with asyncio.timeout(PATIENCE_SECONDS):
            notice = (await first).data["lineageChanged"]
    assert notice["changes"]


async def test_lineage_changed_tells_of_a_new_reader(served: Served) -> None:
    async with following(served, "LineageChanged", {"uid": MODEL_1}) as stream:
        first = asyncio.create_task(anext(stream))
        await asyncio.sleep(0)  # what happens before its surroundings are known is told, too
        reader = new_run_id()
        await served.record(event_of(reader, inputs=[InputFact(name="churn", type="model", digest=D3)]))
        async with asyncio.timeout(PATIENCE_SECONDS):
            notice = (await first).data["lineageChanged"]
    # Also of the reader itself, if it was there when the surroundings were looked at.
    assert (MODEL_1, "linked") in {(change["uid"], change["kind"]) for change in notice["changes"]}


async def test_ingest_status_ticks(served: Served) -> None:
    async with following(served, "IngestStatusChanged", {}) as stream, asyncio.timeout(PATIENCE_SECONDS):
        assert (await anext(stream)).data["ingestStatus"]["accepted"] > 0
        assert (await anext(stream)).data


@pytest.mark.parametrize("name", [name for name in FOLLOWED if "$resync" in TEXTS[name]])
async def test_who_asks_for_it_is_told_first_that_the_stream_is_there(served: Served, name: str) -> None:
    """From then on nothing is missed: what happens before the next question is told."""
    async with (
        following(served, name, {**FOLLOWED[name], "resync": True}) as stream,
        asyncio.timeout(PATIENCE_SECONDS),
    ):
        (begun,) = (await anext(stream)).data.values()
        assert begun["kind"] == "RESYNC"
        reader = InputFact(name="churn", type="model", digest=D3)
        failed = event_of(new_run_id(), inputs=[reader], state=RunState.FAILED)
        version = ModelVersionReported(project="default", model="churn", version=name)
        await served.record(event_of(TRAIN, reason=name), failed, version)
        (told,) = (await anext(stream)).data.values()
        assert told["kind"] == "CHANGED"


async def test_every_subscription_answers(served: Served) -> None:
    for name, variables in FOLLOWED.items():
        async with following(served, name, variables) as stream:
            first = await first_of(served, stream)
            reader = InputFact(name="churn", type="model", digest=D3)
            failed = event_of(new_run_id(), inputs=[reader], state=RunState.FAILED)
            version = ModelVersionReported(project="default", model="churn", version=name)
            await served.record(event_of(TRAIN, reason=name), failed, version)
            async with asyncio.timeout(PATIENCE_SECONDS):
                answer = await first
        assert not answer.errors, name
        assert all(answer.data.values()), name


@pytest.mark.parametrize("name", [name for name, variables in FOLLOWED.items() if variables])
async def test_a_stranger_follows_nothing(served: Served, name: str) -> None:
    async with (
        following(served, name, FOLLOWED[name], STRANGER) as stream,
        asyncio.timeout(PATIENCE_SECONDS),
    ):
        result = await anext(stream)
    assert [error.extensions["code"] for error in result.errors] == ["NOT_FOUND"]


async def test_stream_ends_with_the_server(served: Served) -> None:
    async with following(served, "RunsChanged", {"project": "default"}) as stream:
        first = await first_of(served, stream)
        served.services.changes.close()
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert (await first).data["runsChanged"]["kind"] == "RECONNECT"
            with pytest.raises(StopAsyncIteration):
                await anext(stream)


async def test_server_sent_events_are_a_fallback(served: Served) -> None:
    body = {"query": TEXTS["Me"]}
    response = await served.http.post("/graphql", json=body, headers={"accept": "text/event-stream"})
    assert response.headers["content-type"].startswith("text/event-stream")
    assert '"subject":"local"' in response.text.replace(" ", "")
    assert "event: complete" in response.text
