"""What distinguishes runs, through GraphQL: rows by part, pages, bounds, and what one may not see."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from lineage_server.api.gql.limits import check_document
from lineage_server.api.gql.schema import build_schema
from lineage_server.client.comparisons import COMPARE as COMPARING
from lineage_server.client.comparisons import Table
from lineage_server.domain.event_parts import CodeFact, EnvironmentFact, GpuFact, InputFact, OutputFact
from lineage_server.domain.events import ModelVersionReported, ProjectReported, RunReported
from lineage_server.domain.ids import new_run_id, now_micros
from lineage_server.domain.nodes import RunState
from lineage_server.graph.round_trips import counting
from tests.contract.test_operations import TEXTS
from tests.support.served import Served
from tests.support.stories import at

COMPARE = TEXTS["CompareRuns"]
ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64


def run(run_id: str, **told: Any) -> RunReported:
    """An event of its own, in project ``lab`` unless told otherwise."""
    told = {"project": "lab", "state": RunState.COMPLETE, "started_at": at(0), **told}
    return RunReported(id=new_run_id(), at=now_micros(), run=run_id, **told)


def installed(digest: str, **packages: str) -> EnvironmentFact:
    return EnvironmentFact(python="3.11.4", packages=packages, digest=digest)


async def compared(served: Served, runs: list[str], token: str = "", **more: Any) -> dict[str, Any]:
    return (await served.ask(COMPARE, {"runs": runs, **more}, token))["compareRuns"]


def rows(answer: dict[str, Any]) -> dict[tuple[str, str], list[Any]]:
    nodes = [edge["node"] for edge in answer["rows"]["edges"]]
    return {(node["part"], node["name"]): node["values"] for node in nodes}


async def a_pair(served: Served) -> list[str]:
    """Two runs of a training that differ in one thing of each part, and have one of each in common."""
    ids = [new_run_id(), new_run_id()]
    for index, one in enumerate(ids):
        await served.record(
            run(
                one, name=f"train {index}", job="train",
                params={"lr": (0.1, 0.2)[index], "depth": (3, 3.0)[index], "on": (True, 1)[index]},
                metrics={"loss": (0.5, "NaN")[index], "same": "NaN"},
                inputs=[InputFact(name="iris", role="train", digest=(ONE, TWO)[index]),
                        InputFact(name="test", digest=ONE)],
                outputs=[OutputFact(name="net", type="model", digest=(TWO, ONE)[index])],
                code=CodeFact(repo="r", commit=f"c{index}", entry="train.py", dirty_digest="d" * index),
                environment=installed(f"sha256:{index:064x}", numpy=f"2.{index}", pandas="2.3"),
                gpu=GpuFact(product=("A100", "H200")[index], count=1),
                resources={"cpu": 4 + index, "memory": "2Gi"},
                facts={"argv": ["python", "train.py", "--fast"][: 3 - index], "host": {"machine": "x86_64"}},
            )
        )  # fmt: skip
    return ids


async def test_each_part_of_two_runs_is_compared(served: Served) -> None:
    ids = await a_pair(served)
    answer = await compared(served, [f"run:{one}" for one in ids])
    version = "version:lab/{}@{}".format
    assert rows(answer) == {
        ("PARAMETER", "lr"): [0.1, 0.2],
        ("PARAMETER", "on"): [True, 1],
        ("METRIC", "loss"): [0.5, "NaN"],
        ("INPUT", "train"): [version("dataset/iris", ONE), version("dataset/iris", TWO)],
        ("OUTPUT", "net"): [version("model/net", TWO), version("model/net", ONE)],
        ("CODE", "command"): ["python train.py --fast", "python train.py"],
        ("CODE", "commit"): ["c0", "c1"],
        ("CODE", "uncommitted"): [None, "d"],
        ("PACKAGE", "numpy"): ["2.0", "2.1"],
        ("RESOURCE", "asked for cpu"): [4, 5],
        ("RESOURCE", "gpu"): ["A100", "H200"],
    }
    assert list(rows(answer)) == sorted(rows(answer), key=lambda key: PARTS.index(key[0]))
    assert [one["name"] for one in answer["runs"]] == ["train 0", "train 1"]
    assert (answer["isPartial"], answer["differing"]) == (False, 11)
    everything = await compared(served, [f"run:{one}" for one in ids], everything=True)
    assert len(rows(everything)) == answer["differing"] + answer["same"]
    assert rows(everything)["PARAMETER", "depth"] == [3, 3.0]
    assert rows(everything)["INPUT", "test"] == [version("dataset/test", ONE)] * 2
    assert rows(everything)["RESOURCE", "machine"] == ["x86_64"] * 2


PARTS = ("PARAMETER", "METRIC", "INPUT", "OUTPUT", "CODE", "ENVIRONMENT", "PACKAGE", "RESOURCE")


async def test_versions_mean_the_runs_that_made_them(served: Served) -> None:
    ids = await a_pair(served)
    origin = f"version:lab/model/net@{TWO}"
    await served.record(
        ModelVersionReported(
            id="v7", at=now_micros(), project="lab", model="churn", version="7", origin=origin
        )
    )
    for first in (origin, "lab/model:churn@7", "lab/model:net@1"):
        answer = await compared(served, [first, f"run:{ids[1]}"])
        assert [one["uid"] for one in answer["runs"]] == [f"run:{one}" for one in ids], first


async def test_several_versions_in_one_role_are_one_value(served: Served) -> None:
    one, two = new_run_id(), new_run_id()
    parts = [InputFact(name=name, role="part", digest=ONE) for name in ("a", "b")]
    await served.record(run(one, inputs=parts), run(two, inputs=parts[:1]))
    answer = await compared(served, [f"run:{one}", f"run:{two}"])
    a, b = (f"version:lab/dataset/{name}@{ONE}" for name in ("a", "b"))
    assert rows(answer)["INPUT", "part"] == [[a, b], a]


async def test_two_hundred_runs_in_one_call_page_by_page(served: Served) -> None:
    """With as many round trips as two; each row comes once, whatever the size of the page."""
    ids = [new_run_id() for _ in range(200)]
    for start in range(0, 200, 50):
        await served.record(
            *(
                run(one, params={f"p{key:02d}": (key + index) % 7 for key in range(40)}, metrics={"m": index})
                for index, one in enumerate(ids[start : start + 50], start)
            )
        )
    uids = [f"run:{one}" for one in ids]
    with counting() as trips:
        answer = await compared(served, uids, first=60)
    # Runs with code and environment; what they read; what they wrote; what they read without a version.
    assert trips.count == 4
    assert (answer["differing"], answer["same"], answer["rows"]["hasMore"]) == (41, 0, False)
    whole = rows(answer)
    assert whole["METRIC", "m"] == list(range(200))
    seen: dict[tuple[str, str], list[Any]] = {}
    after, more = "", True
    while more:
        page = await compared(served, uids, first=7, after=after)
        assert not rows(page).keys() & seen.keys()
        seen |= rows(page)
        after, more = page["rows"]["pageInfo"]["endCursor"], page["rows"]["hasMore"]
    assert seen == whole
    for wrong in ([*uids, f"run:{new_run_id()}"], uids[:1], []):
        refused = await served.refused(COMPARE, {"runs": wrong, "first": 10})
        assert refused["extensions"]["code"] == "BAD_INPUT"
        assert refused["extensions"]["allowed"] == "2 to 200 runs"


@pytest.mark.parametrize("count", [2, 16, 17, 200, 300])
def test_what_the_client_asks_fits_however_many_runs_there_are(count: int) -> None:
    asked = Table([f"run:{n}" for n in range(count)], everything=True, project="p").asked()
    document = parse(COMPARING)
    (definition,) = document.definitions
    assert isinstance(definition, OperationDefinitionNode)
    check_document(build_schema().core, document, asked, definition)


async def test_a_page_holds_no_more_values_than_it_may(served: Served) -> None:
    ids = [new_run_id(), new_run_id()]
    wide = [{f"p{key:04d}": key + index for key in range(5_000)} for index in range(2)]
    await served.record(*(run(one, params=told) for one, told in zip(ids, wide, strict=True)))
    answer = await compared(served, [f"run:{one}" for one in ids], first=500)
    assert (len(rows(answer)), answer["rows"]["hasMore"]) == (500, True)
    assert answer["differing"] == 5_000


async def test_links_beyond_the_first_hundred_are_said_to_be_left_out(served: Served) -> None:
    one, two = new_run_id(), new_run_id()
    many = [InputFact(name=f"part {number:03d}", digest=ONE) for number in range(103)]
    await served.record(run(one, inputs=many), run(two))
    answer = await compared(served, [f"run:{one}", f"run:{two}"])
    assert answer["isPartial"]
    assert answer["reason"].startswith("3 inputs and outputs are not compared")


@pytest.mark.parametrize(
    ("runs", "code", "words"),
    [
        (["run:{0}", "run:{0}"], "BAD_INPUT", "are one run"),
        (["run:{0}", "lab/model:net@1"], "BAD_INPUT", "are one run"),
        (["run:{0}", "run:0198c0de-0000-7000-8000-00000000dead"], "NOT_FOUND", "not there"),
        (["run:{0}", "run:nonsense"], "BAD_INPUT", "UUID"),
        (["run:{0}", "job:lab/script/train"], "BAD_INPUT", "neither a run nor a version"),
        (["run:{0}", "lab/dataset:iris@1"], "NOT_FOUND", "no run is known that made"),
        (["run:{0}", "dataset:a\u0007"], "BAD_INPUT", "control characters"),
        (["run:{0}", ""], "BAD_INPUT", "not a reference"),
        ([f"x:{number}" for number in range(51)], "BAD_INPUT", "at most 50 references"),
    ],
)
async def test_what_cannot_be_compared_is_said(
    served: Served, runs: list[str], code: str, words: str
) -> None:
    (first, _) = await a_pair(served)
    refused = await served.refused(COMPARE, {"runs": [text.replace("{0}", first) for text in runs]})
    assert refused["extensions"]["code"] == code, refused
    assert words in refused["message"]


@pytest.mark.parametrize(
    "wrong", [{"first": 0}, {"first": 501}, {"after": "x"}, {"after": "WyJ4IiwxLCJhIiwiYiJd"}]
)
async def test_pages_that_are_none_are_refused(served: Served, wrong: dict[str, Any]) -> None:
    ids = await a_pair(served)
    refused = await served.refused(COMPARE, {"runs": [f"run:{one}" for one in ids], **wrong})
    assert refused["extensions"]["code"] == "BAD_INPUT"


async def test_what_lies_in_another_project_is_counted_not_shown(guarded: Served) -> None:
    theirs, mine, other = new_run_id(), new_run_id(), new_run_id()
    secret = InputFact(name="secret", project="lab", digest=ONE)
    await guarded.record(
        *(ProjectReported(id=name, at=now_micros(), project=name) for name in ("lab", "mine")),
        run(theirs, outputs=[OutputFact(name="secret", digest=ONE)]),
        run(mine, project="mine", inputs=[secret]),
        run(other, project="mine", params={"a": 1}),
    )
    token = await guarded.service_token(mine="viewer")
    answer = await compared(guarded, [f"run:{mine}", f"run:{other}"], token)
    assert rows(answer) == {("PARAMETER", "a"): [None, 1]}
    assert answer["reason"].startswith("1 inputs and outputs")
    assert "secret" not in str(answer)
    refused = await guarded.refused(COMPARE, {"runs": [f"run:{mine}", f"run:{theirs}"]}, token)
    assert refused["extensions"]["code"] == "NOT_FOUND"
