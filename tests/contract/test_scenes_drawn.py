"""Pictures beside lineage: steps of a run in the order of their data, versions with what they came from."""

from __future__ import annotations

from typing import Any

from lineage_server.api.gql.documents import read_operations
from lineage_server.domain.event_registry import ModelReported, ModelVersionReported
from lineage_server.domain.events import (
    EdgeAsserted,
    Event,
    InputFact,
    OutputFact,
    ProjectReported,
    RunReported,
)
from lineage_server.domain.nodes import RunState
from tests.support.served import Served

TEXTS = read_operations()
ALL, LOAD, CLEAN, TRAIN, JUDGE, AGAIN, FOLD = (f"0198c0de-0000-7000-8000-0000000001{n:02}" for n in range(7))
RAW, TIDY, MODEL, OTHER = ("sha256:" + n * 64 for n in "1234")


def step(run: str, *, of: str = ALL, reads: str = "", writes: str = "", **more: Any) -> RunReported:
    """``reads``, ``writes``: names of what has the digest of the same name."""
    inputs = [InputFact(name=name, digest=DIGESTS[name]) for name in reads.split()]
    outputs = [OutputFact(name=name, digest=DIGESTS[name]) for name in writes.split()]
    told: dict[str, Any] = {"state": RunState.COMPLETE, "job": f"job {run[-2:]}", **more}
    return RunReported(
        id=f"{run} {reads}", run=run, parent=of or None, inputs=inputs, outputs=outputs, **told
    )


DIGESTS = {"raw": RAW, "tidy": TIDY, "model": MODEL, "other": OTHER}
PIPELINE: list[Event] = [
    RunReported(id="all", run=ALL, job="all", state=RunState.RUNNING),
    step(LOAD, writes="raw"),
    step(CLEAN, reads="raw", writes="tidy"),
    step(TRAIN, reads="tidy", writes="model", state=RunState.FAILED),
    step(AGAIN, reads="tidy", writes="model", retry_of=TRAIN),
    step(JUDGE, reads="tidy other", state=RunState.RUNNING),
    step(FOLD, of=TRAIN, reads="tidy"),
]


def uid(run: str) -> str:
    return f"run:{run}"


async def drawn(served: Served, name: str, token: str = "", **asked: Any) -> dict[str, Any]:
    field = name[0].lower() + name[1:]
    return (await served.ask(TEXTS[name], asked, token))[field]


def lines(scene: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Ends by the last two digits, or the name, and the type."""

    def short(box: str) -> str:
        return box[-2:] if box.startswith("run:") else box

    return {(short(one["from"]), short(one["to"]), one["type"]) for one in scene["edges"]}


async def test_steps_stand_in_the_order_of_the_data_between_them(served: Served) -> None:
    await served.record(*PIPELINE)
    scene = await drawn(served, "RunScene", uid=uid(ALL))
    assert lines(scene) == {
        ("00", "01", "CHILD_OF"),  # to what nothing leads to
        ("01", "02", "DATA"),
        ("02", "03", "DATA"),
        ("02", "04", "DATA"),
        ("02", "05", "DATA"),
        ("03", "05", "RETRY_OF"),
    }
    boxes = {one["node"]["uid"][-2:]: one for one in scene["nodes"]}
    assert {name: (box["depth"], box["status"]) for name, box in boxes.items()} == {
        "00": (0, "running"), "01": (1, "complete"), "02": (2, "complete"), "03": (3, "failed"),
        "04": (3, "running"), "05": (4, "complete"),
    }  # fmt: skip
    assert (scene["focus"], scene["isPartial"]) == (uid(ALL), False)
    (named,) = [one["roles"] for one in scene["edges"] if one["from"] == uid(LOAD)]
    assert named == ["raw"]
    # A step with steps of its own says so, and shows them when it is opened.
    assert (boxes["03"]["hiddenDown"], boxes["04"]["hiddenDown"]) == (1, 0)
    opened = await drawn(served, "RunScene", uid=uid(ALL), opened=[uid(TRAIN), uid(ALL)])
    assert lines(opened) - lines(scene) == {("03", "06", "CHILD_OF"), ("02", "06", "DATA")}
    assert all(one["hiddenDown"] == 0 for one in opened["nodes"])
    assert opened["version"] != scene["version"]


async def test_many_like_steps_are_one_stack_and_what_has_no_room_is_told(served: Served) -> None:
    trials = [f"0198c0de-0000-7000-8000-0000000002{n:02}" for n in range(8)]
    told = [step(one, reads="tidy", job="trial") for one in trials]
    await served.record(*PIPELINE[:3], *told)
    scene = await drawn(served, "RunScene", uid=uid(ALL))
    (group,) = scene["groups"]
    assert (group["count"], group["states"], group["name"]) == (8, {"complete": 8}, "trial")
    apart = await drawn(served, "RunScene", uid=uid(ALL), groupBy="NONE")
    assert len(apart["nodes"]) == 11
    few = await drawn(served, "RunScene", uid=uid(ALL), groupBy="NONE", budget={"nodes": 5})
    assert len(few["nodes"]) == 5
    assert (few["isPartial"], few["reason"]) == (True, "nodes")


async def test_data_that_goes_in_a_circle_leaves_no_step_out(served: Served) -> None:
    await served.record(
        RunReported(id="all", run=ALL, job="all"),
        step(LOAD, reads="tidy", writes="raw"),
        step(CLEAN, reads="raw", writes="tidy"),
    )
    told = lines(await drawn(served, "RunScene", uid=uid(ALL)))
    assert {("01", "02", "DATA"), ("02", "01", "DATA")} < told
    assert len([one for one in told if one[2] == "CHILD_OF"]) == 1


async def test_only_what_one_may_see_is_drawn_by_name(guarded: Served) -> None:
    hidden = step(JUDGE, reads="tidy")
    object.__setattr__(hidden, "project", "secret")
    await guarded.record(ProjectReported(id="secret", project="secret"), *PIPELINE[:3], hidden)
    token = await guarded.service_token(default="viewer")
    scene = await drawn(guarded, "RunScene", token, uid=uid(ALL))
    (opaque,) = [one["node"] for one in scene["nodes"] if one["node"]["hidden"]]
    assert opaque["name"] == opaque["jobName"] == ""
    assert JUDGE not in str(scene)
    foreign = await guarded.service_token(other="admin")
    raw = {"of": "artifact:default/dataset/raw"}
    for name, asked in (("RunScene", {"uid": uid(ALL)}), ("VersionScene", raw)):
        error = await guarded.refused(TEXTS[name], asked, foreign)
        assert error["extensions"]["code"] == "NOT_FOUND"


async def test_versions_stand_with_what_the_run_read_that_made_them(served: Served) -> None:
    second, third = "sha256:" + "5" * 64, "sha256:" + "6" * 64
    raw = f"version:default/dataset/raw@{RAW}"
    tidy = [f"version:default/dataset/tidy@{one}" for one in (TIDY, second, third)]
    await served.record(
        step(LOAD, writes="raw"),
        step(CLEAN, reads="raw", writes="tidy"),
        # The second was made from the first, the third by somebody who said from which.
        RunReported(
            id="mend", run=JUDGE, job="mend", state=RunState.COMPLETE,
            inputs=[InputFact(name="tidy", digest=TIDY)], outputs=[OutputFact(name="tidy", digest=second)],
        ),
        RunReported(
            id="typed", run=FOLD, job="typed", state=RunState.COMPLETE,
            outputs=[OutputFact(name="tidy", digest=third)],
        ),
        EdgeAsserted(id="said", start=tidy[0], end=tidy[2], reason="typed from it"),
    )  # fmt: skip
    scene = await drawn(served, "VersionScene", of="artifact:default/dataset/tidy")
    thing = "artifact:default/dataset/tidy"
    assert lines(scene) == {
        (thing, tidy[0], "VERSION_OF"),
        (raw, tidy[0], "VIA"),
        (tidy[0], tidy[1], "VIA"),
        (tidy[0], tidy[2], "DERIVED"),
    }
    assert next(one["roles"] for one in scene["edges"] if one["to"] == tidy[1]) == ["mend"]
    sides = {one["node"]["uid"]: (one["side"], one["depth"]) for one in scene["nodes"]}
    assert sides == {
        thing: ("BOTH", 0), raw: ("UPSTREAM", 1), tidy[0]: ("DOWNSTREAM", 1),
        tidy[1]: ("DOWNSTREAM", 2), tidy[2]: ("DOWNSTREAM", 2),
    }  # fmt: skip
    few = await drawn(served, "VersionScene", of=thing, budget={"nodes": 3})
    assert {one["node"]["uid"] for one in few["nodes"]} == {thing, *tidy[1:]}
    assert (few["isPartial"], few["reason"]) == (True, "nodes")
    assert {one["node"]["uid"][-1]: one["hiddenUp"] for one in few["nodes"]} == {"y": 0, "5": 1, "6": 1}


async def test_a_models_versions_show_which_was_trained_on_from_which(served: Served) -> None:
    base = f"version:default/dataset/model@{MODEL}"
    tuned = f"version:default/dataset/other@{OTHER}"
    await served.record(
        step(CLEAN, writes="tidy"),
        step(TRAIN, reads="tidy", writes="model"),
        step(AGAIN, reads="model", writes="other"),
        ModelReported(id="m", model="fits"),
        ModelVersionReported(id="1", model="fits", version="1", origin=base),
        ModelVersionReported(id="2", model="fits", version="2", origin=tuned),
        ModelVersionReported(id="3", model="fits", version="3", uri="s3://somewhere"),
    )
    scene = await drawn(served, "VersionScene", of="model:default/fits")
    one, two, three = (f"modelversion:default/fits@{n}" for n in (1, 2, 3))
    assert lines(scene) == {
        ("model:default/fits", one, "VERSION_OF"),
        ("model:default/fits", three, "VERSION_OF"),
        (f"version:default/dataset/tidy@{TIDY}", one, "VIA"),
        (one, two, "VIA"),
    }


async def test_what_has_no_steps_or_versions_says_what_has(served: Served) -> None:
    for name, asked, field in (
        ("RunScene", {"uid": "artifact:default/dataset/raw"}, "run"),
        ("RunScene", {"uid": uid(ALL), "opened": ["job:default/script/x"]}, "opened"),
        ("RunScene", {"uid": uid(ALL), "opened": [uid(ALL)] * 51}, "opened"),
        ("VersionScene", {"of": uid(ALL)}, "of"),
    ):
        error = await served.refused(TEXTS[name], asked)
        assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_INPUT", field)
