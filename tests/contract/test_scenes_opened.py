"""Scenes that were opened further: one question for all that a picture shows."""

from __future__ import annotations

from typing import Any

from lineage_server.api.gql.documents import read_operations
from tests.support.served import Served
from tests.support.stories import EVALUATE, IRIS_2, MODEL_1, PREPARE_AGAIN, TRAIN

SCENE = read_operations()["LineageScene"]


async def scene(served: Served, **asked: Any) -> dict[str, Any]:
    told = (await served.ask(SCENE, {"focus": MODEL_1, "up": 1, "down": 0, **asked}))["lineageScene"]
    told["uids"] = {one["node"]["uid"] for one in told["nodes"]}
    return told


def hidden(told: dict[str, Any], uid: str, side: str) -> int:
    return next(one[side] for one in told["nodes"] if one["node"]["uid"] == uid)


async def test_an_opened_box_shows_what_lies_one_step_beyond_it(served: Served) -> None:
    narrow = await scene(served)
    assert {IRIS_2, f"run:{TRAIN}"} <= narrow["uids"]
    assert hidden(narrow, IRIS_2, "hiddenUp") > 0
    wide = await scene(served, opened=[f"<{IRIS_2}", f"<{IRIS_2}"])
    assert f"run:{PREPARE_AGAIN}" in wide["uids"] - narrow["uids"]
    assert hidden(wide, IRIS_2, "hiddenUp") == 0
    assert (f"run:{PREPARE_AGAIN}", IRIS_2) in {(line["from"], line["to"]) for line in wide["edges"]}
    assert wide["version"] != narrow["version"]


async def test_a_box_is_opened_three_steps_at_once(served: Served) -> None:
    opened: list[str] = [f"<{MODEL_1}"]
    for _ in range(2):
        told = await scene(served, up=0, opened=opened)
        opened += [f"<{one['node']['uid']}" for one in told["nodes"] if one["hiddenUp"]]
    step_by_step = await scene(served, up=0, opened=opened)
    at_once = await scene(served, up=0, opened=[f"<<<{MODEL_1}"])
    assert at_once["uids"] == step_by_step["uids"] > (await scene(served))["uids"]
    error = await served.refused(SCENE, {"focus": MODEL_1, "opened": [f"<<<<{MODEL_1}"]})
    assert error["extensions"]["allowed"] == "at most 3 steps"


async def test_a_box_is_brought_in_with_the_path_to_it(served: Served) -> None:
    told = await scene(served, up=0, opened=[f"={IRIS_2}", f"=run:{EVALUATE}"])
    assert {MODEL_1, f"run:{TRAIN}", IRIS_2, f"run:{EVALUATE}"} <= told["uids"]
    sides = {one["node"]["uid"]: one["side"] for one in told["nodes"]}
    assert (sides[IRIS_2], sides[f"run:{EVALUATE}"]) == ("UPSTREAM", "DOWNSTREAM")
    lines = {(line["from"], line["to"]) for line in told["edges"]}
    assert {(IRIS_2, f"run:{TRAIN}"), (f"run:{TRAIN}", MODEL_1)} <= lines


async def test_what_is_not_there_any_more_is_left_out(served: Served) -> None:
    plain = await scene(served)
    gone = await scene(served, opened=["<run:" + "0" * 32, "=run:" + "0" * 32])
    assert gone["version"] == plain["version"]


async def test_what_opens_no_box_is_refused(served: Served) -> None:
    for opened in (["model"], ["<"], [f"<{IRIS_2}"] * 51):
        error = await served.refused(SCENE, {"focus": MODEL_1, "opened": opened})
        assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_INPUT", "opened")
