"""Verdicts on what was done again, and where the scratch folder ends."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

import lineage_server
from lineage_server.client import seeds
from lineage_server.client.client import Client
from lineage_server.client.command import packages_of
from lineage_server.client.origins import Origin
from lineage_server.client.reproducing.needs import is_commit, look
from lineage_server.client.reproducing.recipe import Link, Member, Recipe
from lineage_server.client.reproducing.scratch import CannotError, inside
from lineage_server.client.reproducing.verdict import judged
from tests.unit.client.stub import StubServer

ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64


def link(name: str, digest: str, kind: str = "model") -> Link:
    return Link(
        role=name, uid=f"version:p/{kind}/{name}@{digest}", name=name, kind=kind, project="p", ordinal=1,
        digest=digest, uri="", size=None, stored=True, inferred=False,
    )  # fmt: skip


def member(uid: str = "run:1", **told: Any) -> Member:
    known: dict[str, Any] = {
        "name": "fit", "state": "complete", "params": {"lr": 0.1}, "metrics": {"loss": 0.5},
        "inputs": (link("raw", ONE, "dataset"),), "outputs": (link("net", ONE),), "unseen": 0,
    }  # fmt: skip
    return Member(uid=uid, **{**known, **told})


def test_the_same_is_the_same_whatever_the_order() -> None:
    before = [member(metrics={"loss": 1}), member("run:2", metrics={"loss": 2})]
    after = [member("run:3", metrics={"loss": 2}), member("run:4", metrics={"loss": 1.0})]
    found = judged(before, after, tolerance=0)
    assert (found.verdict, found.differences, found.run) == ("same", (), "run:3")
    assert judged(before, after, tolerance=0, around=["numpy: 1 → 2"]).reason == "around it: numpy: 1 → 2"


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ({"outputs": (link("net", TWO),)}, f"output model:net as net: {ONE[:19]}… → {TWO[:19]}…"),
        ({"outputs": ()}, f"output model:net as net: {ONE[:19]}… → nothing"),
        ({"inputs": (link("raw", TWO, "dataset"),)}, f"input dataset:raw as raw: {ONE[:19]}… → {TWO[:19]}…"),
        ({"metrics": {"loss": 0.6}}, "metric loss of fit: 0.5 → 0.6"),
        ({"metrics": {}}, "metric loss of fit: 0.5 → nothing"),
        ({"metrics": {"loss": "NaN"}}, "metric loss of fit: 0.5 → NaN"),
        ({"params": {"lr": True}}, "parameter lr of fit: 0.1 → True"),
    ],
)
def test_what_differs_is_named(told: dict[str, Any], line: str) -> None:
    found = judged([member()], [member("run:2", **told)], tolerance=0)
    assert (found.verdict, found.differences) == ("differs", (line,))


def test_metrics_may_lie_as_far_apart_as_is_allowed() -> None:
    near = member("run:2", metrics={"loss": 0.5000001})
    assert judged([member()], [near], tolerance=0).verdict == "differs"
    assert judged([member()], [near], tolerance=1e-6).verdict == "same"


def test_what_the_runs_made_for_one_another_is_no_input() -> None:
    before = [member(outputs=(link("mid", ONE),)), member("run:2", inputs=(link("mid", ONE),), outputs=())]
    after = [
        member("run:3", outputs=(link("mid", TWO),)),
        member("run:4", inputs=(link("mid", TWO),), outputs=()),
    ]
    (line,) = judged(before, after, tolerance=0).differences
    assert line.startswith("output model:mid")


def test_another_end_and_nothing_to_compare_are_no_verdict() -> None:
    failed = judged([member()], [member("run:2", state="failed")], tolerance=0)
    assert (failed.verdict, failed.reason) == ("failed", "it ended as failed, the original as complete")
    silent = member(metrics={}, outputs=())
    assert judged([silent], [silent], tolerance=0).verdict == "failed"


def test_many_differences_are_cut() -> None:
    metrics = {f"m{n:03d}": n for n in range(300)}
    changed = {key: value + 1 for key, value in metrics.items()}
    found = judged([member(metrics=metrics)], [member("run:2", metrics=changed)], tolerance=0)
    assert (len(found.differences), found.differences[-1]) == (201, "and 100 more")


@pytest.mark.parametrize(
    "text", ["", "abc", "--upload-pack=x", "HEAD", "main", "a" * 65, "ABCDEF0", "0123456g"]
)
def test_what_is_no_commit_never_reaches_git(text: str) -> None:
    assert not is_commit(text)
    assert is_commit("0123456789abcdef")


def test_places_outside_the_folder_are_refused(tmp_path: Path) -> None:
    top = tmp_path / "top"
    top.mkdir()
    (top / "out").symlink_to(tmp_path)
    assert inside(top, PurePosixPath("a/b")) == top / "a" / "b"
    for below in ("../x", "out/x", "a/../../x"):
        with pytest.raises(CannotError, match="leads out"):
            inside(top, PurePosixPath(below))


@pytest.fixture
def unseeded() -> Iterator[None]:
    """As a process that has set no seed; what is set here does not outlast the test."""
    seeds.standing.clear()
    yield
    seeds.standing.clear()


def test_a_seed_is_set_and_recorded(default: Client, stub: StubServer, unseeded: None) -> None:
    with default.start_run("x") as run:
        assert lineage_server.seed(7) == 7
        first = random.random()
        if "numpy" in sys.modules:
            drawn = sys.modules["numpy"].random.random()
            lineage_server.seed(7)
            assert sys.modules["numpy"].random.random() == drawn
    assert default.flush(10)
    assert stub.run(run.id)["params"] == {"seed": 7}
    lineage_server.seed(7)  # of no run: set all the same
    assert random.random() == first


def test_what_ran_around_it_then_and_is_other_now_is_told(default: Client, tmp_path: Path) -> None:
    """The packages of the interpreter that the command starts, its version, and the image."""
    here = packages_of(sys.executable, tmp_path)[1]
    then = {**here, "numpy": "0.1", "gone-since": "1.0"}
    del then["pytest"]
    origin = Origin(
        run="run:1", name="fit", project="p", python="3.1.4", packages=then, image="trainer:7",
        image_digest="trainer@sha256:12",
    )  # fmt: skip
    told = Recipe(
        asked="run:1", run="run:1", name="fit", project="p", job="fit", launched=True,
        command=(sys.executable, "fit.py"), folder=str(tmp_path), root="", entry_digest="", origin=origin,
        fingerprint={}, repeats={}, family=(), whole=True,
    )  # fmt: skip
    found = look(default, told, tmp_path)
    version = ".".join(map(str, sys.version_info[:3]))
    assert found.around == (
        "it ran in the image trainer@sha256:12", f"Python 3.1.4 → {version}", "3 packages differ",
    )  # fmt: skip
    assert found.packages == (
        "gone-since: 1.0 → not there",
        f"numpy: 0.1 → {here['numpy']}",
        f"pytest: not there → {here['pytest']}",
    )
    same = look(default, replace(told, origin=replace(origin, python=version, packages=here)), tmp_path)
    assert (same.around, same.packages) == (("it ran in the image trainer@sha256:12",), ())


def test_a_seed_set_before_is_recorded_by_the_runs_that_begin(
    default: Client, stub: StubServer, unseeded: None
) -> None:
    @lineage_server.track
    def fit(rate: float) -> float:
        return rate

    lineage_server.seed(7)
    with default.start_run("first", params={"rate": 0.1}) as first, first.child("part") as part:
        pass
    fit(0.5)
    with default.start_run("says its own", params={"seed": 1}) as own:
        pass
    with default.start_run("of another process", capture="none") as other:
        pass
    with default.start_run("sets another") as later:
        lineage_server.seed(8)
    with default.start_run("after it") as last:
        pass
    assert default.flush(10)
    told = {run.name: stub.run(run.id).get("params") or {} for run in (first, part, own, other, later, last)}
    assert told == {
        "first": {"rate": 0.1, "seed": 7}, "part": {}, "says its own": {"seed": 1}, "of another process": {},
        "sets another": {"seed": 8}, "after it": {"seed": 8},
    }  # fmt: skip
    assert {"rate": 0.5, "seed": 7} in [event.get("params") for event in stub.of_type("run")]
