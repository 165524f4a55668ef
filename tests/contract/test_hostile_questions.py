"""Every question about a thing of another project has the answer of what does not exist.

The schema is walked: each argument of each query field either names something and is tried here, or is
known to name nothing; a new one has to be put on one of the two sides. The owner's answers differ, so
none of the comparisons is between two answers that would be the same in any case.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, get_named_type, is_leaf_type
from graphql.type import is_required_argument

from lineage_server.api.gql.documents import read_operations
from lineage_server.api.gql.schema import build_schema
from lineage_server.domain.ids import event_uid
from tests.support.hostile import run_event, sent, some_run
from tests.support.served import Served
from tests.support.stories import D1, D2, IRIS_1, MODEL_1, PREPARE, TRAIN

SCHEMA = build_schema().core
FIELDS = SCHEMA.query_type.fields if SCHEMA.query_type else {}
HOOK = "webhook:default/of the test"
"""Until it is made."""
MINE = "version:other/dataset/mine@" + D1
IRIS, ANY_IRIS = "default/dataset:iris", "dataset:iris"
# What the name of something is replaced by, to name as long what is not there.
WORDS = {
    TRAIN: "0198c0de-0000-7000-8000-00000000dead",
    D2: D2.replace("2", "7"),
    "iris": "isir",
    "default": "missing",
    "churn": "nruhc",
    "prod": "dorp",
}

NAMES_NOTHING = frozenset(
    "direction view maxDepth kinds filter asOf knownAt budget after first column up down groupBy bestMetric "
    "higherIsBetter k orderBy labels keys mine maxPoints fromStep toStep includeRevoked states".split()
)
# They open what is in the picture already, under the name that it has there.
NAMED_THERE = frozenset({"runScene.opened"})
# Field and argument (or any field's): the thing of default that it asks for.
THINGS: dict[str, Any] = {
    "start": IRIS_1, "lineage.start": [IRIS_1], "end": IRIS_1, "focus": IRIS_1, "of": MODEL_1, "a": IRIS_1,
    "b": IRIS_1, "ref": IRIS, "uid": IRIS_1, "run.uid": TRAIN, "uids": [IRIS_1], "run": TRAIN,
    "opened": [f"={IRIS_1}"], "runScene.uid": f"run:{TRAIN}",
    "versionScene.of": "artifact:default/dataset/iris",
    "artifact": IRIS, "project": "default", "projects": ["default"], "name": "default", "text": "iris",
    "event.id": event_uid("default", "event-000"), "model": "churn", "alias.name": "prod",
    "audit.target": IRIS_1, "webhook": HOOK, "runs": [f"run:{TRAIN}", f"run:{PREPARE}"],
}  # fmt: skip
# The other arguments that a field needs: the asking side's own thing, or what a project gives a meaning.
BESIDE: dict[str, Any] = {
    "modelVersions.project": {"model": "churn"}, "alias.project": {"model": "churn", "name": "prod"},
    "alias.model": {"name": "prod"}, "alias.name": {"model": "churn"}, "webhooks.project": {},
    "savedViews.project": {},
    "webhookDeliveries.project": {"webhook": HOOK},
    "webhookDeliveries.webhook": {"project": "default"},
    "path.end": {"start": MINE}, "path.start": {"end": MINE},
    "lineageDiff.a": {"b": MINE}, "lineageDiff.b": {"a": MINE},
    "lineageScene.opened": {"focus": MINE},
    "lineage.project": {"start": [ANY_IRIS]}, "lineageScene.project": {"focus": ANY_IRIS},
    "path.project": {"start": ANY_IRIS, "end": ANY_IRIS},
    "lineageDiff.project": {"a": ANY_IRIS, "b": ANY_IRIS},
    "node.project": {"uid": ANY_IRIS}, "nodes.project": {"uids": [ANY_IRIS]},
    "version.project": {"ref": ANY_IRIS}, "artifact.project": {"ref": ANY_IRIS},
    "resolve.project": {"ref": ANY_IRIS}, "versions.project": {"artifact": ANY_IRIS},
    "metricHistories.runs": {"keys": ["loss"]},
    "compareRuns.project": {"runs": [ANY_IRIS + "@1", "model:churn@1"]},
    "search.project": {"text": "iris"}, "event.project": {"id": "event-000"},
    **{f"{name}.project": {"of": ANY_IRIS} for name in ("impact", "cost", "completeness", "lineageCounts")},
    "repeats.project": {"of": "model:churn@1"},
}  # fmt: skip


def cases() -> Iterator[tuple[str, Any]]:
    """Field and argument, and what it is to ask for."""
    for name, field in FIELDS.items():
        for argument in field.args:
            case = f"{name}.{argument}"
            if argument not in NAMES_NOTHING and case not in NAMED_THERE:
                thing = THINGS.get(case, THINGS.get(argument))
                assert thing is not None, f"{case}: say what it names, or that it names nothing"
                yield case, thing
    yield "search.text", D2


def selection(kind: Any, depth: int = 3) -> str:
    """Everything that can be asked of a type without arguments, a few levels down; no clocks."""
    if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        return ""
    told = ["__typename"]
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if name == "plan" or any(is_required_argument(one) for one in field.args.values()):
            continue
        if is_leaf_type(inner):
            told.append(name)
        elif depth > 1 and (inside := selection(inner, depth - 1)):
            told.append(name + inside)
    return " { " + " ".join(told) + " }"


def literal(value: Any) -> str:
    return json.dumps(value)


def asked(case: str, thing: Any) -> str:
    name, _, argument = case.partition(".")
    given = {**BESIDE.get(case, {}), argument: thing}
    told = ", ".join(f"{key}: {literal(value)}" for key, value in given.items())
    return f"{{ {name}({told}){selection(get_named_type(FIELDS[name].type))} }}"


def absent(text: str) -> str:
    for real, made_up in WORDS.items():
        text = text.replace(real, made_up)
    return text


# Neo4j plans every statement when it first sees it.
@pytest.mark.timeout(300)
async def test_a_question_about_a_foreign_thing_is_one_about_nothing(guarded: Served) -> None:
    token = await guarded.service_token(other="admin")
    root = await guarded.token("root", platform_admin=True)
    mine = run_event("mine", project="other", run=some_run("mine"))
    mine["outputs"] = [{"name": "mine", "type": "dataset", "digest": D1}]
    assert (await sent(guarded, [json.dumps(mine).encode()], token=token)).accepted == 1
    described = {"uid": IRIS_1, "description": "so that there is something in the audit"}
    await guarded.ask(read_operations()["SetDescription"], {"input": described}, root)

    hook = {"project": "default", "name": "ci", "url": "https://ci.example/x", "kinds": ["ALIAS"]}
    made = await guarded.ask(read_operations()["CreateWebhook"], {"input": hook}, root)
    view = {"project": "default", "name": "seen by all", "shared": True}
    await guarded.ask(read_operations()["SaveView"], {"input": view}, root)
    hook_uid = made["createWebhook"]["webhook"]["uid"]

    wrong: dict[str, Any] = {}
    vacuous: list[str] = []
    for case, thing in cases():
        there = asked(case, thing).replace(HOOK, hook_uid)
        nowhere = asked(case, json.loads(absent(json.dumps(thing)))).replace(HOOK, hook_uid)
        foreign, nothing = [json.dumps(await guarded.answer(one, {}, token)) for one in (there, nowhere)]
        if absent(foreign) != absent(nothing):
            wrong[case] = (foreign[:500], nothing[:500])
        own, nothing = [json.dumps(await guarded.answer(one, {}, root)) for one in (there, nowhere)]
        if absent(own) == absent(nothing) or '"BAD_INPUT"' in own:
            vacuous.append(f"{case}: {own[:300]}")
    assert not wrong, json.dumps(wrong, indent=1)
    assert not vacuous, vacuous
