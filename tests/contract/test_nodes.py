"""Single nodes through GraphQL: what several witnesses told of them, key by key."""

from __future__ import annotations

from typing import Any

from tests.contract.test_operations import TEXTS
from tests.support.served import Served
from tests.support.stories import D1, IRIS_1, TRAIN, at

SHOWN: dict[str, dict[str, Any]] = {
    f"run:{TRAIN}": {
        "facts": {"git": "new", "host": {"cpus": 2}, "gone": 2, "pod": ["a", None]},
        "resources": {"cpu": 2, "memory": "2Gi"},
        "usage": {"cpu_seconds": 2.5, "gpu_seconds": 3.0},
        "by": "actor:cluster/system:serviceaccount:a/b",
        "by_name": "system:serviceaccount:a/b",
    },
    "job:default/script/train": {"facts": {"steps": [1, 2]}},
    "artifact:default/dataset/iris": {"facts": {"source": "web", "seen": 2}},
    IRIS_1: {"metadata": {"rows": 10, "y": 1}, "facts": {"a": 1, "b": 2}},
    "project:default": {"labels": {"tier": "2", "zone": "b"}, "facts": {"quota": {"gpus": 8}}},
    "model:default/churn": {
        "title": "Churn",
        "owner": "kim",
        "external_id": "7",
        "state": "ready",
        "facts": {"a": 1, "b": 0},
    },
    "modelversion:default/churn@1": {"external_id": "8", "facts": {"a": 2}},
    "deployment:default/local/churn-api@1": {"facts": {"a": 1, "replicas": 2}},
    "gpu:GPU-1": {"facts": {"memory_gib": 79, "sms": 132}},
    f"env:default/{D1}": {"title": "own"},
    "actor:local/kim": {"title": "Kim Doe", "facts": {"team": "a"}},
    "actor:local/gone": {"erased": True},
    "intent:default/submit": {
        "action": "start",
        "target": f"run:{TRAIN}",
        "requester": "actor:local/kim",
        "requester_name": "kim",
        "state": "complete",
        "reason": "done",
        "ended_at": at(7),
        "facts": {"spec": {"gpus": 1}, "tries": 2, "seen": True},
    },
    "intent:default/hidden": {"action": "delete", "state": "failed", "ended_at": at(6), "erased": True},
}


async def test_node_shows_the_last_word_on_each_key(served: Served) -> None:
    for uid, shown in SHOWN.items():
        node = (await served.ask(TEXTS["Node"], {"uid": uid}))["node"]
        assert not node["stub"], uid
        told = {key: node["properties"].get(key) for key in shown}
        assert told == shown, uid
        if node["__typename"] == "ContextNode":
            kept = node["properties"].keys() - {"rid", "product", "lock_digest", "image"}
            assert kept == shown.keys(), uid
