"""Fingerprints: what is part of them, what is not, and when one is incomplete."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lineage_server.domain.nodes import ArtifactVersion, Label, Run
from lineage_server.domain.seeds import seeds_of
from lineage_server.graph.read_lineage_facts import RunFacts
from lineage_server.graph.read_tracking_parts import Link
from lineage_server.tracking.executions import Execution
from lineage_server.tracking.fingerprint import Fingerprint, FingerprintPart, fingerprint_of

ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64
FACTS = {
    "argv": ["/usr/bin/python3", "/w/train.py", "--seed", "7"],
    "cwd": "/w",
    "host": {"machine": "x86_64"},
}


def link(role: str, digest: str, basis: str = "declared") -> Link:
    uid = f"version:p/dataset/{role}@{digest or 'run:0'}"
    version = ArtifactVersion(uid=uid, label=Label.ARTIFACT_VERSION, project="p", name=role, digest=digest)
    return Link(version=version, role=role, at=0, basis=basis)


def run_of(**told: Any) -> Run:
    return Run(**{"uid": "run:1", "label": Label.RUN, "project": "p", "name": "train", **told})


def execution(
    *, params: Any = None, facts: Any = None, code: Any = None, environment: Any = None, installed: str = ONE,
    gpu: str = "", gpus: float | None = None, spec: str = "", run: Any = None, **told: Any,
) -> Execution:  # fmt: skip
    """Of which all is known, unless told otherwise."""
    known = RunFacts(
        run=run_of(
            params={"lr": 0.1} if params is None else params,
            gpu_count=gpus,
            properties={"facts": FACTS if facts is None else facts, "spec_digest": spec},
            **run or {},
        ),
        code={"commit": "c1", "repo": "r", "entry": "train.py"} if code is None else code,
        environment=environment or {},
        installed=installed,
        gpu_product=gpu,
    )
    return Execution(facts=known, **{"inputs": (link("a", ONE), link("b", TWO)), **told})


def test_all_that_is_known_makes_a_complete_one() -> None:
    found = fingerprint_of(execution())
    assert (found.complete, found.missing) == (True, ())
    assert found.digest.startswith("sha256:")
    assert set(found.parts) == set(FingerprintPart)
    assert found.seeds == {"seed": "7"}


@pytest.mark.parametrize(
    ("other", "part"),
    [
        ({"code": {"commit": "c2"}}, FingerprintPart.CODE),
        ({"code": {"commit": "c1", "dirty_digest": "d"}}, FingerprintPart.CODE),
        ({"installed": TWO}, FingerprintPart.ENVIRONMENT),
        ({"environment": {"image_digest": TWO}}, FingerprintPart.ENVIRONMENT),
        ({"environment": {"lock_digest": TWO}}, FingerprintPart.ENVIRONMENT),
        ({"params": {"lr": 0.2}}, FingerprintPart.PARAMETERS),
        ({"params": {"lr": 0.1, "on": True}}, FingerprintPart.PARAMETERS),
        ({"inputs": (link("a", TWO), link("b", ONE))}, FingerprintPart.INPUTS),
        ({"facts": {**FACTS, "argv": ["python3", "/w/train.py", "--seed", "8"]}}, FingerprintPart.COMMAND),
        ({"facts": {**FACTS, "host": {"machine": "aarch64"}}}, FingerprintPart.RESOURCES),
        ({"gpu": "H200"}, FingerprintPart.RESOURCES),
        ({"gpus": 2.0}, FingerprintPart.RESOURCES),
        ({"params": {"lr": 0.1, "seed": 8}}, FingerprintPart.PARAMETERS),
        ({"spec": TWO}, FingerprintPart.COMMAND),
        ({"inputs": (link("a", ONE), link("b", TWO), link("c", ONE))}, FingerprintPart.INPUTS),
        ({"inputs": (link("a", ONE), link("c", TWO))}, FingerprintPart.INPUTS),
        ({"facts": {**FACTS, "cell": {"number": 1, "text": "x = 1"}}}, FingerprintPart.CODE),
    ],
)
def test_what_determines_a_run_changes_its_part_and_no_other(
    other: dict[str, Any], part: FingerprintPart
) -> None:
    one, changed = fingerprint_of(execution()), fingerprint_of(execution(**other))
    assert one.digest != changed.digest
    assert {each for each in FingerprintPart if one.parts[each] != changed.parts[each]} == {part}


@pytest.mark.parametrize(
    "other",
    [
        {"code": {"commit": "c1", "repo": "git@another/fork", "entry": "train.py"}},
        {"inputs": (link("b", TWO), link("a", ONE))},
        {"facts": {**FACTS, "argv": ["python3", "/home/me/train.py", "--seed", "7"], "cwd": "/home/me/"}},
        {"facts": {**FACTS, "host": {"machine": "x86_64", "name": "another", "pid": 7}}},
        {"facts": {**FACTS, "env": {"A": "1"}, "cluster": {"kfp_run": "7"}, "entry_digest": TWO}},
        {"code": {"commit": "c1", "branch": "other", "diff": "+1"}},
        {"outputs": (link("net", ONE),)},
        {"run": {"name": "another", "metrics": {"loss": 1.0}, "tags": {"a": "b"}, "started_at": 7}},
        {"run": {"job": "job:p/script/another", "attempt": 2, "description": "x", "uid": "run:9"}},
    ],
)
def test_what_does_not_determine_a_run_changes_nothing(other: dict[str, Any]) -> None:
    assert fingerprint_of(execution()) == fingerprint_of(execution(**other))


def test_numbers_are_compared_by_value_and_flags_are_none() -> None:
    def digest(value: object) -> str:
        return fingerprint_of(execution(params={"a": value})).digest

    assert digest(3) == digest(3.0)
    assert len({digest(value) for value in (1, True, "1", 1.5, float("inf"))}) == 5


@pytest.mark.parametrize(
    ("told", "part", "words"),
    [
        ({"code": {}}, FingerprintPart.CODE, "neither the commit"),
        ({"installed": ""}, FingerprintPart.ENVIRONMENT, "neither packages"),
        ({"installed": "", "environment": {"image": "img:1"}}, FingerprintPart.ENVIRONMENT, "image img:1"),
        ({"facts": {"host": {"machine": "m"}}, "code": {"commit": "c"}}, FingerprintPart.COMMAND, "command"),
        ({"facts": {**FACTS, "argv": ["x", "--token=***"]}}, FingerprintPart.COMMAND, "secrets"),
        ({"facts": {"argv": ["x"]}}, FingerprintPart.RESOURCES, "neither its machine"),
        ({"inputs": (link("a", ""),)}, FingerprintPart.INPUTS, "of a no digest"),
        ({"inputs": (link("a", ONE, "inferred"),)}, FingerprintPart.INPUTS, "only inferred"),
        ({"unversioned": ("raw",)}, FingerprintPart.INPUTS, "of raw no version"),
        ({"unseen_inputs": 3}, FingerprintPart.INPUTS, "3 more"),
    ],
)
def test_what_is_missing_is_said(told: dict[str, Any], part: FingerprintPart, words: str) -> None:
    found = fingerprint_of(execution(**told))
    assert [one.part for one in found.missing] == [part]
    assert words in found.missing[0].text
    assert not found.complete
    assert part not in found.parts


def test_facts_that_are_no_facts_do_no_harm() -> None:
    for facts in (
        "x",
        [1],
        {"argv": "x", "host": 3, "cwd": [1]},
        {"argv": [1, None], "host": {"machine": 2}},
    ):
        assert fingerprint_of(execution(facts=facts)).digest


def test_a_script_outside_any_repository_is_known_by_its_content() -> None:
    facts = {**FACTS, "entry_digest": ONE}
    known = fingerprint_of(execution(code={"entry": "/w/train.py"}, facts=facts))
    other = fingerprint_of(execution(code={"entry": "/w/train.py"}, facts={**facts, "entry_digest": TWO}))
    assert known.complete
    assert known.parts[FingerprintPart.CODE] != other.parts[FingerprintPart.CODE]


def test_cells_are_known_by_their_text() -> None:
    """Wherever they stand; of one outside any repository it is not known what ran before it."""

    def found(number: int, text: str, **code: Any) -> Fingerprint:
        facts = {**FACTS, "cell": {"number": number, "text": text}}
        return fingerprint_of(execution(facts=facts, code=code))

    assert found(1, "fit()", commit="c1") == found(7, "fit()", commit="c1")
    assert found(1, "fit()", commit="c1").digest != found(1, "fit(2)", commit="c1").digest
    alone = found(1, "fit()")
    assert [(one.part, one.text) for one in alone.missing] == [
        (FingerprintPart.CODE, "only its cell is known, not what ran before it")
    ]
    assert alone.digest != found(1, "fit(2)").digest


# --- runs that are part of others ----------------------------------------------------------------


def child(*, params: Any = None, above: Execution | None = None, **told: Any) -> Execution:
    """A step that has captured nothing itself."""
    run = {"uid": "run:2", "name": "fold", **told.pop("run", {})}
    parent = execution() if above is None else above
    known = {"facts": {}, "code": {}, "installed": "", **told}
    found = execution(params=params or {}, run=run, **known)
    return replace(found, ancestors=(parent.facts, *parent.ancestors))


def test_a_step_has_from_its_parent_what_it_did_not_capture() -> None:
    parent, found = fingerprint_of(execution()), fingerprint_of(child())
    assert found.complete
    for part in ("CODE", "ENVIRONMENT", "RESOURCES", "PARAMETERS"):
        assert found.parts[FingerprintPart(part)] == parent.parts[FingerprintPart(part)]
    # It is part of that command, and another than its siblings.
    assert found.parts[FingerprintPart.COMMAND] != parent.parts[FingerprintPart.COMMAND]
    assert found.digest != fingerprint_of(child(run={"name": "other"})).digest
    assert found.digest == fingerprint_of(child(run={"uid": "run:3"})).digest
    assert found.seeds == {"seed": "7"}


@pytest.mark.parametrize(
    "above",
    [
        {"code": {"commit": "c2"}}, {"code": {"commit": "c1", "dirty_digest": "d"}}, {"installed": TWO},
        {"environment": {"image_digest": TWO}}, {"environment": {"lock_digest": TWO}}, {"gpu": "H200"},
        {"params": {"lr": 0.2}}, {"facts": {**FACTS, "argv": ["python3", "/w/train.py", "--seed", "8"]}},
    ],
)  # fmt: skip
def test_what_determines_the_parent_determines_its_steps(above: dict[str, Any]) -> None:
    assert fingerprint_of(child(above=execution(**above))).digest != fingerprint_of(child()).digest


@pytest.mark.parametrize(
    "own",
    [
        {"code": {"commit": "c2"}}, {"installed": TWO}, {"environment": {"image_digest": TWO}},
        {"gpu": "H200"}, {"params": {"lr": 0.3}}, {"facts": {"argv": ["python3", "fold.py"]}}, {"spec": TWO},
        {"facts": {"host": {"machine": "aarch64"}}}, {"inputs": ()},
    ],
)  # fmt: skip
def test_what_a_step_has_captured_itself_counts(own: dict[str, Any]) -> None:
    assert fingerprint_of(child(**own)).digest != fingerprint_of(child()).digest


def test_what_a_step_reads_is_its_own() -> None:
    above = execution(inputs=(link("c", TWO),))
    assert fingerprint_of(child(above=above)) == fingerprint_of(child())


def test_a_step_with_a_command_of_its_own_is_told_nothing_by_its_parent() -> None:
    own = {"facts": {"argv": ["python3", "fold.py"]}, "params": {"k": 1}}
    above = execution(params={"lr": 0.7}, facts={**FACTS, "argv": ["sh", "all.sh"]})
    assert fingerprint_of(child(**own, above=above)) == fingerprint_of(child(**own))
    renamed = fingerprint_of(child(**own, run={"name": "other"}))
    assert renamed == fingerprint_of(child(**own))


def test_steps_of_steps_go_up_as_far_as_it_takes() -> None:
    deep = child(above=child(params={"fold": 1}), run={"name": "epoch"})
    assert fingerprint_of(deep).complete
    assert deep.determinants.params == {"lr": 0.1, "fold": 1}
    assert deep.determinants.steps == ("fold", "epoch")
    other = child(above=child(params={"fold": 2}), run={"name": "epoch"})
    assert fingerprint_of(deep).digest != fingerprint_of(other).digest


def test_an_image_by_name_is_another_than_the_parents() -> None:
    found = fingerprint_of(child(environment={"image": "img:1"}))
    assert [one.part for one in found.missing] == [FingerprintPart.ENVIRONMENT]


def test_a_deleted_run_is_no_ground_for_anything() -> None:
    one = execution()
    gone = replace(one, facts=replace(one.facts, run=replace(one.facts.run, deleted_at=1)))
    assert not fingerprint_of(gone).complete


@pytest.mark.parametrize(
    ("params", "command", "seeds"),
    [
        ({"seed": 1, "model.random_state": 2, "np-seed": 0, "lr": 3}, [],
         {"model.random_state": 2, "np-seed": 0, "seed": 1}),
        ({"seeded": 1, "proceeds": 2, "seed": "None", "random_state": ""}, [], {}),
        ({}, ["python", "t.py", "--seed", "7", "--random-state=8", "train.seed=9"],
         {"random-state": "8", "seed": "7", "train.seed": "9"}),
        ({"seed": 1}, ["python", "t.py", "--seed", "7"], {"seed": 1}),
        ({}, ["python", "t.py", "--seed"], {}),
        ({}, ["python", "t.py", "--seed", "--fast"], {}),
        ({}, [], {}),
    ],
)  # fmt: skip
def test_seeds_are_found_by_their_names(
    params: dict[str, Any], command: list[str], seeds: dict[str, Any]
) -> None:
    assert seeds_of(params, command) == seeds
