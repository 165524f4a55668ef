"""Bulk reads: the whole of a list as Arrow, page by page, and what is wrong with a question told before."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pyarrow
import pytest

from lineage_server.client.aio import AsyncClient
from lineage_server.client.client import Client
from lineage_server.client.config import load_config
from lineage_server.domain.errors import InvalidInputError, NotFoundError, UnavailableError
from lineage_server.domain.event_parts import InputFact, OutputFact
from lineage_server.domain.events import MetricsLogged, ProjectReported, RunReported
from lineage_server.domain.ids import now_micros
from lineage_server.domain.nodes import RunState
from lineage_server.tracking import bulk
from lineage_server.tracking.bulk import Bulk
from tests.support.served import Served
from tests.support.stories import D1, PREPARE, TRAIN

pa: Any = pyarrow
RUNS = [f"0198c0de-0000-7000-8000-00000000000{n}" for n in range(7)]
UIDS = [f"run:{run}" for run in RUNS]


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PAGE", 2)
    monkeypatch.setattr(bulk, "_POINTS_AT_ONCE", 5)


async def table(served: Served, name: str, token: str = "", **asked: Any) -> Any:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    answer = await served.http.get(f"/api/v1/bulk/{name}", params=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/vnd.apache.arrow.stream"
    with pa.ipc.open_stream(answer.content) as stream:
        return stream.read_all()


async def record_runs(served: Served) -> None:
    """Seven runs, the later the better; points from two witnesses, and one that is no number."""
    now = now_micros()
    await served.record(ProjectReported(id="lots", project="lots"))
    for place, run in enumerate(RUNS):
        await served.record(
            RunReported(
                id=f"lots {run}", at=now + place, project="lots", run=run, job="fit", name=f"fit {place}",
                state=RunState.COMPLETE if place else RunState.FAILED, started_at=now + place,
                ended_at=now + place + 1_500_000, params={"lr": 0.5, "depth": place, "on": True, "way": "7"},
                tags={"team": "vision"},
            ),
            MetricsLogged(
                id=f"points {run}", at=now, project="lots", run=run, keys=["auc", "loss"], series=[0, 1, 1],
                steps=[0, 0, 1], times=[now, now, now + 1], values=[place / 10, float("nan"), 2.5],
            ),
            MetricsLogged(
                id=f"again {run}", at=now, project="lots", run=run, keys=["loss"], series=[0],
                steps=[0], times=[now], values=[3.5],
            ),
        )  # fmt: skip


async def test_runs_come_whole_as_the_list_has_them(served: Served) -> None:
    await record_runs(served)
    better = {"key": "auc", "op": "GT", "value": 0.15}
    asked = {
        "filter": json.dumps({"states": ["COMPLETE"], "metrics": [better]}),
        "orderBy": json.dumps({"metric": "auc"}),
    }
    found = await table(served, "runs", project="lots", **asked)
    assert found["uid"].to_pylist() == UIDS[:1:-1]
    first = found.slice(0, 1).to_pylist()[0]
    assert (first["name"], first["job_name"], first["state"]) == ("fit 6", "fit", "complete")
    assert first["duration_seconds"] == 1.5
    assert {key: json.loads(text) for key, text in first["params"]} == {
        "lr": 0.5, "depth": 6, "on": True, "way": "7"
    }  # fmt: skip
    assert dict(first["metrics"]) == {"auc": 0.6, "loss": 2.5}
    assert dict(first["tags"]) == {"team": "vision"}
    cut = await table(served, "runs", project="lots", limit="3", **asked)
    assert cut.equals(found.slice(0, 3))
    everything = await table(served, "runs")
    assert {*UIDS, f"run:{TRAIN}"} <= set(everything["uid"].to_pylist())
    none = await table(served, "runs", project="lots", filter='{"text": "nothing of this"}')
    assert (none.num_rows, none.schema) == (0, found.schema)


async def test_points_come_once_by_run_key_and_step(served: Served) -> None:
    await record_runs(served)
    found = await table(served, "metrics", project="lots", orderBy='{"by": "NAME", "direction": "ASC"}')
    rows = [tuple(row.values()) for row in found.drop_columns(["time"]).to_pylist()]
    assert rows == [
        row
        for place, uid in enumerate(UIDS)
        for row in ((uid, "auc", 0, place / 10), (uid, "loss", 0, 3.5), (uid, "loss", 1, 2.5))
    ]
    named = await table(served, "metrics", run=[UIDS[5], UIDS[1]], key="auc")
    assert [(row["run"], row["value"]) for row in named.to_pylist()] == [(UIDS[5], 0.5), (UIDS[1], 0.1)]
    assert (await table(served, "metrics", run=UIDS[0], key="nowhere")).num_rows == 0


def read(name: str, role: str = "") -> InputFact:
    return InputFact(name=name, role=role, digest=D1)


async def test_what_runs_read_and_wrote_comes_as_rows(guarded: Served) -> None:
    await record_runs(guarded)
    far = InputFact(project="secret", name="far", digest=D1)
    await guarded.record(
        ProjectReported(id="secret", project="secret"),
        RunReported(
            id="reads", at=now_micros(), project="lots", run=RUNS[0],
            inputs=[*(read(f"part {n}", role="part") for n in range(5)), far],
            outputs=[OutputFact(name="net", type="model", digest=D1, role="best")],
        ),
        RunReported(id="writes", at=now_micros(), project="lots", run=RUNS[1], inputs=[read("part 0")]),
    )  # fmt: skip
    viewer = await guarded.service_token(lots="viewer")
    found = await table(guarded, "lineage", viewer, project="lots")
    rows = [(r["run"], r["direction"], r["name"], r["role"], r["hidden"]) for r in found.to_pylist()]
    assert sorted(rows, key=str) == sorted(
        [
            *((UIDS[0], "input", f"part {n}", "part", 0) for n in range(5)),
            (UIDS[0], "input", None, None, 1),
            (UIDS[0], "output", "net", "best", 0),
            (UIDS[1], "input", "part 0", "part 0", 0),
        ],
        key=str,
    )
    net = next(r for r in found.to_pylist() if r["name"] == "net")
    assert (net["version"], net["kind"], net["ordinal"], net["digest"], net["basis"]) == (
        f"version:lots/model/net@{D1}", "model", 1, D1, "declared",
    )  # fmt: skip
    root = await guarded.service_token(lots="viewer", secret="viewer")
    whole = await table(guarded, "lineage", root, project="lots")
    assert (whole.num_rows, sum(whole["hidden"].to_pylist())) == (8, 0)
    one = await table(guarded, "lineage", viewer, project="lots", filter='{"text": "fit 1"}')
    assert set(one["run"].to_pylist()) == {UIDS[1]}


LISTS = """{ artifacts { edges { node { uid name kind versionCount } } }
  models { edges { node { uid highest aliases { name version } } } }
  versions(artifact: "dataset:iris") { edges { node { uid ordinal digest run { uid } columns { name } } } }
  modelVersions(model: "churn") { edges { node { uid number state aliases metrics { key value } } } } }"""


async def test_the_other_lists_say_what_graphql_says(served: Served) -> None:
    told = await served.ask(LISTS)
    nodes = {name: [edge["node"] for edge in page["edges"]] for name, page in told.items()}
    artifacts = await table(served, "artifacts")
    assert [tuple(one.values()) for one in nodes["artifacts"]] == [
        (r["uid"], r["name"], r["kind"], r["version_count"]) for r in artifacts.to_pylist()
    ]
    models = await table(served, "models")
    assert [
        (m["uid"], m["highest"], [(a["name"], a["version"]) for a in m["aliases"] if a["version"]])
        for m in nodes["models"]
    ] == [(r["uid"], r["highest"], r["aliases"]) for r in models.to_pylist()]
    versions = await table(served, "versions", artifact="dataset:iris")
    assert [
        (v["uid"], v["ordinal"], v["digest"], (v["run"] or {}).get("uid"), v["columns"])
        for v in nodes["versions"]
    ] == [
        (r["uid"], r["ordinal"], r["digest"], r["run"], [{"name": c["name"]} for c in r["columns"]])
        for r in versions.to_pylist()
    ]
    assert f"run:{PREPARE}" in versions["run"].to_pylist()
    registered = await table(served, "versions", model="churn")
    assert [
        (v["uid"], v["number"], v["state"], v["aliases"], [(m["key"], m["value"]) for m in v["metrics"]])
        for v in nodes["modelVersions"]
    ] == [(r["uid"], r["number"], r["state"], r["aliases"], r["metrics"]) for r in registered.to_pylist()]
    assert min(len(page) for page in nodes.values()) > 0


WRONG = [
    ("runs", {"filter": "{"}, "filter", "not JSON"),
    ("runs", {"filter": '{"statez": []}'}, "filter", "statez"),
    ("runs", {"filter": '{"states": ["DONE"]}'}, "filter", "DONE"),
    ("runs", {"filter": '{"startedAfter": "soon"}'}, None, "not a time"),
    ("runs", {"filter": '{"metrics": [{"key": "auc", "op": "CONTAINS", "value": 1}]}'}, "metrics", "numbers"),
    ("runs", {"orderBy": '{"by": "SIZE"}'}, "orderBy", "SIZE"),
    ("runs", {"orderBy": '{"by": "NAME", "metric": "auc"}'}, "orderBy", "one order"),
    ("artifacts", {"filter": '{"kinds": ["data"]}'}, "kinds", "data"),
    ("runs", {"filters": "{}"}, "filters", "no parameter"),
    ("runs", {"key": "auc"}, "key", "no parameter"),
    ("runs", {"limit": "0"}, "limit", "limit is '0'"),
    ("runs", {"limit": "9" * 99}, "limit", "limit is"),
    ("runs", {"filter": ["{}", "{}"]}, "filter", "twice"),
    ("metrics", {"run": UIDS[0], "filter": "{}"}, "filter", "named"),
    ("metrics", {"run": "version:a/b/c@1"}, "run", "no run's uid"),
    ("metrics", {"run": [f"run:{n}" for n in range(1_001)]}, "run", "1001 runs"),
    ("versions", {}, "artifact", "one artifact"),
    ("versions", {"artifact": "dataset:iris", "model": "churn"}, "artifact", "one artifact"),
    ("versions", {"artifact": "iris of mine"}, "", "iris of mine"),
]


async def test_what_is_wrong_is_told_with_what_is_allowed(served: Served) -> None:
    for name, asked, field, words in WRONG:
        answer = await served.http.get(f"/api/v1/bulk/{name}", params=asked)
        told = answer.json()
        assert (answer.status_code, told["error"]) == (400, "BAD_INPUT"), (name, asked, told)
        assert words in told["message"], (name, asked, told)
        assert name == "versions" or told["details"].get("allowed"), (name, asked, told)
        assert not field or told["details"]["field"] == field, (name, asked, told)
    for name, asked in (
        ("runs", {"project": "nowhere", "filter": "{}"}),
        ("metrics", {"run": "run:0198c0de-0000-7000-8000-00000000dead"}),
        ("versions", {"artifact": "dataset:nowhere"}),
        ("versions", {"model": "nowhere"}),
    ):
        answer = await served.http.get(f"/api/v1/bulk/{name}", params=asked)
        if asked.get("project"):  # open to all: a project without anything in it
            assert answer.status_code == 200
        else:
            assert (answer.status_code, answer.json()["error"]) == (404, "NOT_FOUND"), asked


async def test_without_a_project_only_what_one_may_see_comes(guarded: Served) -> None:
    await record_runs(guarded)
    theirs = await guarded.service_token(lots="viewer")
    assert sorted((await table(guarded, "runs", theirs))["uid"].to_pylist()) == UIDS
    for asked in ({"run": f"run:{TRAIN}"}, {"project": "default"}):
        headers = {"authorization": f"Bearer {theirs}"}
        answer = await guarded.http.get("/api/v1/bulk/metrics", params=asked, headers=headers)
        assert answer.status_code == 404
    assert (await guarded.http.get("/api/v1/bulk/runs")).status_code == 401


async def test_half_a_list_says_that_it_is_one(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    await record_runs(served)
    page, asked = Bulk._page, list[str]()

    async def failing(self: Bulk, *told: Any) -> Any:
        asked.append("a page")
        if len(asked) == 3:
            raise UnavailableError("the graph is away", part="graph")
        return await page(self, *told)

    monkeypatch.setattr(Bulk, "_page", failing)
    answer = await served.http.get("/api/v1/bulk/runs", params={"project": "lots"})
    stream = pa.ipc.open_stream(answer.content)
    assert [stream.read_next_batch().num_rows for _ in range(2)] == [2, 2]
    batch, told = stream.read_next_batch_with_custom_metadata()
    assert batch.num_rows == 0
    assert json.loads(told[b"lineage-error"])["error"] == "UNAVAILABLE"
    assert not answer.content.endswith(b"\xff\xff\xff\xff\x00\x00\x00\x00")


@contextlib.asynccontextmanager
async def client_of(served: Served, folder: Path) -> AsyncGenerator[AsyncClient]:
    """Its questions go to the application in this process."""
    environment = {"HOME": str(folder), "LINEAGE_URL": "http://127.0.0.1", "LINEAGE_JOURNAL_DIR": str(folder)}
    client = Client(config=load_config(environ={**environment, "LINEAGE_MODE": "offline"}))
    client.graphql._async[asyncio.get_running_loop()] = served.http
    yield AsyncClient(client=client)
    await asyncio.to_thread(client.close, 0)


async def test_the_client_reads_lists_as_tables(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record_runs(served)
    monkeypatch.setattr("lineage_server.client.bulk._RUNS_AT_ONCE", 3)
    async with client_of(served, tmp_path) as client:
        found = await client.runs(metric="auc>=0.3", param="way=7", sort="-auc", project="lots")
        assert found["uid"].to_pylist() == UIDS[:2:-1]
        assert found["params.depth"].to_pylist() == [6, 5, 4, 3]
        assert [str(found.schema.field(f"params.{key}").type) for key in ("depth", "lr", "on", "way")] == [
            *("int64", "double", "bool", "string")
        ]
        assert found["tags.team"].to_pylist() == ["vision"] * 4
        # Named in any way, in several requests.
        ways: list[Any] = [found, found["uid"].to_pylist(), RUNS[:2:-1], found.to_pandas()]
        for runs in ways:
            points = await client.metrics(runs, "auc")
            assert points["value"].to_pylist() == [0.6, 0.5, 0.4, 0.3]
            assert points["run"].to_pylist() == UIDS[:2:-1]
        assert (await client.metrics([])).num_rows == 0
        looked_for = await client.metrics(keys=["loss"], state="failed", project="lots")
        assert looked_for["value"].to_pylist() == [3.5, 2.5]
        edges = await client.edges()
        assert set(edges["direction"].to_pylist()) == {"input", "output"}
        assert (await client.artifacts(kind="model"))["name"].to_pylist()
        assert (await client.models(text="churn")).num_rows == 1
        assert (await client.versions("dataset:iris", sort="ordinal", limit=1))["ordinal"].to_pylist() == [1]
        assert (await client.versions("churn", wide=False))["aliases"].to_pylist()
        hits = await client.search("fit", what=["run", "job"], limit=3, project="lots")
        assert [(hit.what, hit.name) for hit in hits] == [("job", "fit"), ("run", "fit 6"), ("run", "fit 5")]
        assert len(await client.search("fit", project="*")) == 8
        everywhere = await client.runs(project="*", wide=False)
        assert {*UIDS, f"run:{TRAIN}"} <= set(everywhere["uid"].to_pylist())
        assert {"", "gone"} < set(everywhere["by"].to_pylist())
        assert set((await client.runs(by="gone", project="*"))["by"].to_pylist()) == {"gone"}
        assert (await client.metrics(by="nobody", project="*")).num_rows == 0
        assert (await client.edges(by="nobody", project="*")).num_rows == 0
        for wrong, field in (
            (client.runs(metric="auc>high"), "metric"),
            (client.runs(limit=0), "limit"),
            (client.versions("dataset:iris", metric="auc>1"), "metric"),
            (client.runs(wide="no"), "wide"),  # pyright: ignore[reportArgumentType]
            (client.metrics(found, text="x"), "text"),
            (client.metrics(3), "runs"),  # pyright: ignore[reportArgumentType]
            (client.versions(""), "of"),
            (client.search(" "), "text"),
            (client.search("x", what="thing"), "what"),
            (client.search("x", limit=0), "limit"),
            (client.versions("data:iris"), "type"),
        ):
            with pytest.raises(InvalidInputError) as refused:
                await wrong
            assert refused.value.field == field
            assert refused.value.allowed
        with pytest.raises(NotFoundError):
            await client.versions("nowhere")
        monkeypatch.setattr(Bulk, "_beside", _breaking(Bulk._beside))
        with pytest.raises(UnavailableError, match="the graph is away"):
            await client.runs(project="lots")


def _breaking(asked: Any) -> Any:
    calls = list[str]()

    async def call(self: Bulk, *told: Any) -> Any:
        calls.append("once")
        if len(calls) == 2:
            raise UnavailableError("the graph is away", part="graph")
        return await asked(self, *told)

    return call


async def test_a_client_that_goes_away_stops_the_work(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record_runs(served)
    page, asked, began, never = Bulk._page, list[str](), asyncio.Event(), asyncio.Event()

    async def counted(self: Bulk, *told: Any) -> Any:
        asked.append("a page")
        return await page(self, *told)

    monkeypatch.setattr(Bulk, "_page", counted)
    messages = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop()
        await began.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            began.set()
            await never.wait()

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
        "method": "GET", "path": "/api/v1/bulk/runs", "raw_path": b"/api/v1/bulk/runs",
        "query_string": b"project=lots", "headers": [(b"host", b"127.0.0.1")], "scheme": "http",
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "root_path": "",
    }  # fmt: skip
    await served.app(scope, receive, send)
    assert asked == ["a page"]
