"""What surrounds runs, through GraphQL: code, packages, image, devices, volumes, other runs; and back."""

from __future__ import annotations

from typing import Any

import pytest

from lineage_server.domain.edges import Source
from lineage_server.domain.event_parts import ActorFact, CodeFact, EnvironmentFact, GpuFact
from lineage_server.domain.events import (
    ModelVersionReported,
    NodeDeleted,
    OutputFact,
    ProjectReported,
    RunReported,
)
from lineage_server.domain.ids import new_run_id, now_micros
from lineage_server.domain.nodes import JobKind, RunState
from lineage_server.graph.round_trips import counting
from tests.contract.test_operations import TEXTS
from tests.support.served import Served
from tests.support.stories import at

IMAGE, LOCK = "sha256:" + "a" * 64, "sha256:" + "b" * 64
PACKAGES = {"numpy": "2.1.0", "Torch": "2.9.0", "pandas": "2.3.0"}
CODE = CodeFact(repo="r", commit="c1", branch="topic", dirty_digest="d", entry="train.py", diff="+ line")
HOST = {"name": "box", "os": "Linux", "machine": "x86_64", "cpus": 8, "memory_bytes": 1 << 40, "pid": 7}


def run(run_id: str, started: float = 0, **told: Any) -> RunReported:
    """An event of its own, in project ``lab`` unless told otherwise."""
    told = {"project": "lab", "state": RunState.COMPLETE, **told}
    return RunReported(id=new_run_id(), at=now_micros(), run=run_id, started_at=at(started), **told)


def installed(digest: str, packages: dict[str, str]) -> EnvironmentFact:
    return EnvironmentFact(lock_digest=LOCK, python="3.11.4", packages=packages, digest=digest)


async def record_one(served: Served) -> dict[str, str]:
    """A run that a client and a watcher saw, and runs related to it; their ids."""
    ids = {name: new_run_id() for name in ("train", "parent", "first", "before", "board", "again")}
    await served.record(
        *(run(ids[name], name=name) for name in ("parent", "first", "before")),
        run(
            ids["train"], name="train", parent=ids["parent"], retry_of=ids["first"], code=CODE,
            resumed_from=ids["before"], environment=installed("sha256:" + "1" * 64, PACKAGES),
            gpu=GpuFact(product="H200", count=2, devices=["GPU-b", "GPU-a"], memory_bytes=141 << 30),
            actor=ActorFact(subject="kim", name="Kim"), resources={"cpu": 4}, usage={"cpu_seconds": 9.5},
            facts={"argv": ["python", "train.py"], "cwd": "/w", "host": HOST, "cluster": {"kfp_run": "k"}},
        ),
        run(
            ids["train"], source=Source.WATCHER, node="n1", cluster="c1", volumes=["data", "cache"],
            environment=EnvironmentFact(image="registry/train:1", image_digest=IMAGE),
            code=CodeFact(entry="entrypoint.sh"),
        ),
        run(ids["board"], name="board", kind=JobKind.TENSORBOARD, boards=[ids["train"], ids["parent"]]),
        run(ids["again"], name="again", retry_of=ids["train"]),
    )  # fmt: skip
    return ids


def names(page: dict[str, Any]) -> list[str]:
    return [edge["node"]["name"] for edge in page["edges"]]


async def test_a_run_tells_what_all_its_witnesses_saw(served: Served) -> None:
    ids = await record_one(served)
    told = (await served.ask(TEXTS["Surroundings"], {"uid": ids["train"]}))["run"]
    code = {key: told["code"][key] for key in ("repo", "commit", "branch", "entry", "dirtyDigest")}
    assert code == {
        "repo": "r", "commit": "c1", "branch": "topic", "dirtyDigest": "d", "entry": "entrypoint.sh",
    }  # fmt: skip
    environment, image = told["environment"], told["image"]
    assert (environment["python"], environment["lockDigest"]) == ("3.11.4", LOCK)
    assert environment["packageCount"] == 3
    assert (image["image"], image["imageDigest"]) == ("registry/train:1", IMAGE)
    assert image["uid"] != environment["uid"]
    gpus = [(gpu["name"], gpu["product"], gpu["memoryBytes"]) for gpu in told["gpus"]]
    assert sorted(gpus) == [("GPU-a", "H200", 141 << 30), ("GPU-b", "H200", 141 << 30)]
    assert [(node["name"], node["cluster"]) for node in told["clusterNodes"]] == [("n1", "c1")]
    assert sorted((v["name"], v["cluster"]) for v in told["volumes"]) == [("cache", "c1"), ("data", "c1")]
    related = {key: (told[key] or {}).get("name") for key in ("parent", "retryOf", "resumedFrom")}
    assert related == {"parent": "parent", "retryOf": "first", "resumedFrom": "before"}
    pages = {key: names(told[key]) for key in ("boards", "boardFor", "retries", "resumedBy")}
    assert pages == {"boards": ["board"], "boardFor": [], "retries": ["again"], "resumedBy": []}
    assert (told["argv"], told["workingDirectory"], told["by"]) == (
        ["python", "train.py"],
        "/w",
        "Kim",
    )
    assert told["host"] == {("memoryBytes" if k == "memory_bytes" else k): v for k, v in HOST.items()}
    assert told["clusterIds"] == [{"key": "kfp_run", "value": "k"}]
    assert (told["resources"], told["usage"], told["cluster"]) == ({"cpu": 4}, {"cpu_seconds": 9.5}, "c1")
    board = (await served.ask(TEXTS["Surroundings"], {"uid": ids["board"]}))["run"]
    assert sorted(names(board["boardFor"])) == ["parent", "train"]
    nothing = {key: board[key] for key in ("code", "environment", "image", "host", "parent", "retryOf")}
    assert not any(nothing.values())
    before = (await served.ask(TEXTS["Surroundings"], {"uid": ids["before"]}))["run"]
    assert names(before["resumedBy"]) == ["train"]
    node = (await served.ask(TEXTS["Code"], {"uid": told["code"]["uid"]}))["node"]
    assert node["diff"] == "+ line"


async def test_packages_come_in_pages_and_by_name(served: Served) -> None:
    ids = await record_one(served)
    told = (await served.ask(TEXTS["Surroundings"], {"uid": ids["train"]}))["run"]
    asked: dict[str, Any] = {"environment": told["environment"]["uid"], "first": 2}
    one = (await served.ask(TEXTS["Packages"], asked))["node"]["packages"]
    assert (names(one), one["hasMore"], one["totalCount"]) == (["numpy", "pandas"], True, 3)
    asked["after"] = one["pageInfo"]["endCursor"]
    two = (await served.ask(TEXTS["Packages"], asked))["node"]["packages"]
    assert [edge["node"] for edge in two["edges"]] == [{"name": "Torch", "version": "2.9.0"}]
    assert not two["hasMore"]
    picked = (await served.ask(TEXTS["Packages"], {**asked, "after": "", "names": ["torch", "no"]}))["node"]
    assert (names(picked["packages"]), picked["packages"]["totalCount"]) == (["Torch"], 1)
    for wrong in ({"first": 0}, {"after": "x"}):
        refused = await served.refused(TEXTS["Packages"], {**asked, **wrong})
        assert refused["extensions"]["code"] == "BAD_INPUT"


async def test_runs_of_one_commit_keep_what_is_their_own(served: Served) -> None:
    """One lock file and one commit, but packages, branch and entry of each run's own."""
    ids = [new_run_id(), new_run_id()]
    for index, run_id in enumerate(ids):
        code = CodeFact(repo="r", commit="c2", branch=f"b{index}", dirty_digest="d2", entry=f"e{index}.py")
        env = installed(f"sha256:{index:064x}", {"numpy": f"2.{index}"})
        await served.record(run(run_id, code=code, environment=env))
    told = [(await served.ask(TEXTS["Surroundings"], {"uid": run_id}))["run"] for run_id in ids]
    assert len({one["code"]["uid"] for one in told}) == 1
    assert [(one["code"]["branch"], one["code"]["entry"]) for one in told] == [
        ("b0", "e0.py"),
        ("b1", "e1.py"),
    ]
    versions: list[str] = []
    for one in told:
        page = (await served.ask(TEXTS["Packages"], {"environment": one["environment"]["uid"]}))["node"]
        versions += [edge["node"]["version"] for edge in page["packages"]["edges"]]
    assert versions == ["2.0", "2.1"]


PAGE = """
query($first: Int!) { runs(project: "many", first: $first, orderBy: {by: NAME, direction: ASC}) { edges {
  node {
    uid code { commit diff } environment { packageCount packages(first: 1) { edges { node { name } } } }
    image { image } gpus { name } clusterNodes { name }
    volumes { name runs(first: 1) { edges { node { uid } } } }
    parent { name } retryOf { name } boards { edges { node { uid } } }
  }
} } }
"""


async def test_surroundings_of_many_runs_are_asked_at_once(served: Served) -> None:
    parent = new_run_id()
    many = [
        run(
            new_run_id(), index, name=str(index), project="many", parent=parent,
            volumes=["v"], node="n", code=CODE,
            environment=installed(f"sha256:{index:064x}", {"a": "1", "b": "2"}),
            gpu=GpuFact(devices=[f"GPU-{index}"]),
        )
        for index in range(8)
    ]  # fmt: skip
    await served.record(run(parent, -1, project="many", name="parent"), *many)
    counts: list[int] = []
    answer: dict[str, Any] = {}
    for first in (1, 8):
        with counting() as trips:
            answer = await served.ask(PAGE, {"first": first})
        counts.append(trips.count)
    # The runs; their surroundings, the nodes these are, diffs, packages, runs of volumes, boards.
    assert counts == [7, 7]
    nodes = [edge["node"] for edge in answer["runs"]["edges"]]
    assert [node["gpus"] for node in nodes] == [[{"name": f"GPU-{index}"}] for index in range(8)]
    newest = nodes[7]["uid"]
    for node in nodes:
        assert (node["parent"]["name"], node["code"]["diff"]) == ("parent", "+ line")
        assert node["environment"]["packageCount"] == 2
        assert [edge["node"]["uid"] for edge in node["volumes"][0]["runs"]["edges"]] == [newest]


@pytest.mark.parametrize("uid", ["gpu:GPU-shared", "node:c1/shared", "volume:lab/c1/shared"])
async def test_runs_of_a_thing_come_newest_first_page_by_page(served: Served, uid: str) -> None:
    told: dict[str, Any] = {
        "gpu": GpuFact(devices=["GPU-shared"]), "node": "shared", "cluster": "c1", "volumes": ["shared"],
    }  # fmt: skip
    ids = [new_run_id() for _ in range(4)]
    await served.record(*(run(one, 10 - place, **told) for place, one in enumerate(ids)))
    stub = RunReported(id="no start", at=now_micros(), project="lab", run=new_run_id(), **told)
    gone = f"run:{ids[1]}"
    await served.record(stub, NodeDeleted(id="gone", at=now_micros(), project="lab", uid=gone))
    seen: list[str] = []
    after, more = "", True
    while more:
        node = (await served.ask(TEXTS["RunsOf"], {"uid": uid, "first": 2, "after": after}))["node"]
        seen += [edge["node"]["uid"] for edge in node["runs"]["edges"]]
        after, more = node["runs"]["pageInfo"]["endCursor"], node["runs"]["hasMore"]
    assert seen == [f"run:{ids[0]}", f"run:{ids[2]}", f"run:{ids[3]}", f"run:{stub.run}"]


async def test_what_lies_in_another_project_stays_there(guarded: Served) -> None:
    """Devices and machines belong to all: who may see a run sees what it ran on, and not who else did."""
    parent, theirs, mine = new_run_id(), new_run_id(), new_run_id()
    told: dict[str, Any] = {"gpu": GpuFact(product="H200", devices=["GPU-s"]), "node": "s", "cluster": "c1"}
    env = EnvironmentFact(image="secret-image")
    await guarded.record(
        *(ProjectReported(id=name, at=now_micros(), project=name) for name in ("lab", "mine", "third")),
        run(parent, name="secret parent"),
        run(theirs, name="secret run", volumes=["secret"], environment=env, code=CODE, **told),
        run(mine, project="mine", name="mine", parent=parent, retry_of=theirs, boards=[theirs], **told),
    )
    token = await guarded.service_token(mine="viewer")
    answer = await guarded.answer(TEXTS["Surroundings"], {"uid": mine}, token)
    shown = answer["data"]["run"]
    assert [gpu["product"] for gpu in shown["gpus"]] == ["H200"]
    assert [node["name"] for node in shown["clusterNodes"]] == ["s"]
    assert not any(shown[key] for key in ("parent", "retryOf", "resumedFrom", "code", "image"))
    assert names(shown["boardFor"]) == []
    assert "secret" not in str(answer)
    for uid in ("gpu:GPU-s", "node:c1/s"):
        answer = await guarded.answer(TEXTS["RunsOf"], {"uid": uid}, token)
        node = answer["data"]["node"]
        assert (node["project"], names(node["runs"])) == ("", ["mine"])
        assert "'lab'" not in str(answer)
        given = {"uid": uid, "tags": [{"key": "k", "value": "v"}]}
        # Whoever was the first to tell of it has no more right to it than others who see it.
        for who in (
            token,
            await guarded.service_token(lab="admin"),
            await guarded.service_token(mine="admin"),
        ):
            refused = await guarded.refused(TEXTS["SetTags"], {"input": given}, who)
            assert refused["extensions"]["code"] == "FORBIDDEN"
            assert "'lab'" not in refused["message"]
        both = await guarded.service_token(mine="viewer", lab="viewer")
        node = (await guarded.ask(TEXTS["RunsOf"], {"uid": uid}, both))["node"]
        assert sorted(names(node["runs"])) == ["mine", "secret run"]
    third = await guarded.service_token(third="viewer")
    for uid in ("gpu:GPU-s", "node:c1/s"):
        given = {"uid": uid, "tags": [{"key": "k", "value": "v"}]}
        refused = await guarded.refused(TEXTS["SetTags"], {"input": given}, third)
        assert refused["extensions"]["code"] == "NOT_FOUND"
    unseen = ["gpu:GPU-s", "node:c1/s", "volume:lab/c1/secret", "env:lab/secret-image", "code:lab/r@c1+d"]
    for uid in unseen:
        for text in (TEXTS["RunsOf"], TEXTS["Code"]):
            refused = await guarded.refused(text, {"uid": uid}, third)
            assert refused["extensions"]["code"] == "NOT_FOUND", uid


async def test_facts_that_no_client_of_ours_told_do_no_harm(served: Served) -> None:
    odd = new_run_id()
    facts = {"argv": "no list", "host": {"cpus": 1 << 40, "memory_bytes": "much", "name": 3}, "cluster": [1]}
    await served.record(run(odd, facts=facts))
    told = (await served.ask(TEXTS["Surroundings"], {"uid": odd}))["run"]
    nothing = {"os": "", "machine": "", "cpus": None, "memoryBytes": None, "pid": None}
    assert told["host"] == {"name": "3", **nothing}
    assert (told["argv"], told["clusterIds"]) == ([], [])


async def test_difference_of_two_runs_tells_code_packages_image_and_gpu(served: Served) -> None:
    """Each run is told of by a client and, later, by a watcher who knows the image only."""
    pair = [new_run_id(), new_run_id()]
    for index, one in enumerate(pair):
        code = CodeFact(repo="r", commit=f"c{index}", dirty_digest="d" * index, entry="train.py")
        env = installed(f"sha256:{index:064x}", {"numpy": f"2.{index}", "same": "1"})
        gpu = GpuFact(product=("A100", "H200")[index], count=1, devices=[f"GPU-d{index}"])
        image = EnvironmentFact(image="img", image_digest=f"sha256:{index + 8:064x}")
        output = OutputFact(name="m", type="model", digest=f"sha256:{index + 1:064x}")
        await served.record(
            run(one, job="train", code=code, environment=env, gpu=gpu, outputs=[output]),
            run(
                one, source=Source.WATCHER, environment=image, code=CodeFact(entry="sh"), node=f"n{index}"
            ),
        )  # fmt: skip
    asked = {"a": f"run:{pair[0]}", "b": f"run:{pair[1]}"}
    told = (await served.ask(TEXTS["LineageDiff"], asked))["lineageDiff"]
    (difference,) = (one for one in told["differences"] if one["before"]["uid"] == f"run:{pair[0]}")
    changes = {c["field"]: (c["before"], c["after"]) for c in difference["changes"]}
    assert changes == {
        "code.commit": ("c0", "c1"),
        "code.dirty_digest": ("", "d"),
        "env.packages.numpy": ("2.0", "2.1"),
        "env.image_digest": (f"sha256:{8:064x}", f"sha256:{9:064x}"),
        "gpu.product": ("A100", "H200"),
    }
    assert told["firstByDependency"]["before"]["uid"] == f"run:{pair[0]}"


MADE_BY = "query($uid: String!) { node(uid: $uid) { ... on ModelVersion { run { name code { commit } } } } }"


async def test_a_registered_version_names_the_run_that_made_it(guarded: Served) -> None:
    origin = "version:lab/model/net@sha256:" + "e" * 64
    output = OutputFact(name="net", type="model", digest=origin.partition("@")[2])
    maker = run(new_run_id(), name="maker", code=CODE, outputs=[output])
    later = RunReported(
        id="later", at=maker.at + 1, project="lab", run=new_run_id(), name="later", outputs=[output]
    )
    await guarded.record(
        ProjectReported(id="mine", at=now_micros(), project="mine"),
        maker,
        later,
        *(
            ModelVersionReported(
                id=f"{project} 1", at=now_micros(), project=project, model="m", version="1", origin=origin
            )
            for project in ("lab", "mine")
        ),
    )
    both = await guarded.service_token(lab="viewer", mine="viewer")
    for project in ("lab", "mine"):
        node = (await guarded.ask(MADE_BY, {"uid": f"modelversion:{project}/m@1"}, both))["node"]
        assert node["run"] == {"name": "maker", "code": {"commit": "c1"}}
    mine = await guarded.service_token(mine="viewer")
    node = (await guarded.ask(MADE_BY, {"uid": "modelversion:mine/m@1"}, mine))["node"]
    assert node["run"] is None
