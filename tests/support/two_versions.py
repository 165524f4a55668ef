"""A story of two versions: what they were made from, as what they are registered, where one of them serves.

raw@1 → prepare → clean@1 → train r1 → model@1 → registered 1 (prod) → endpoint
raw@2 → prepare → clean@2 → train r2 → model@2 → registered 2
"""

from __future__ import annotations

import json

from tests.support.graphs import GraphSpec

SECOND = 1_000_000


class Story(GraphSpec):
    """The graph of the module's docstring; attributes are uids."""

    def __init__(self) -> None:
        super().__init__()
        self.node("project:p", "p", name="p", owner="ann")
        self.node("project:q", "q", name="q", owner="quentin")
        for name in ("raw", "clean"):
            self.node(f"artifact:p/dataset/{name}", name=name, kind="dataset")
        self.raw = [self._version("raw", i) for i in (1, 2)]
        self.clean = [self._version("clean", i, schema=json.dumps([{"name": "x"}])) for i in (1, 2)]
        self.model = [self._version("net", i, kind="model") for i in (1, 2)]
        self.prepare = [self._run(10 + i, "prepare", [self.raw[i]], [self.clean[i]]) for i in (0, 1)]
        lr = ({"p.lr": 0.1}, {"p.lr": 0.2})
        self.train = [self._run(20 + i, "train", [self.clean[i]], [self.model[i]], **lr[i]) for i in (0, 1)]
        self.node("model:p/churn", name="churn")
        self.registered = [self._register(i) for i in (0, 1)]
        self.endpoint = self.node(
            "deployment:q/c/shop@1", "q", name="shop", revision="1", endpoint="shop", from_at=90, cluster="c"
        )
        self.edge("DEPLOYED_AS", self.registered[0], self.endpoint)
        self.alias = self.node(
            "alias:p/churn@prod", alias="prod", model="model:p/churn", target=self.registered[0]
        )
        self.edge("POINTS_TO", self.alias, self.registered[0], valid_from=1, valid_to=None)

    def _version(self, name: str, ordinal: int, **more: object) -> str:
        told = {
            "ordinal": ordinal,
            "sealed_at": ordinal * 100,
            "digest": f"sha256:{name.encode().hex()}{ordinal}{0:049d}",
        }
        return self.version(f"{name}#{ordinal}", **{**told, **more})  # pyright: ignore[reportArgumentType]

    def _run(self, number: int, job: str, inputs: list[str], outputs: list[str], **more: object) -> str:
        told = {
            "job": f"job:p/training/{job}",
            "job_name": job,
            "started_at": number * SECOND,
            "ended_at": (number + 2) * SECOND,
            "gpu_seconds": float(number),
            "gpu_product": "H200",
            "cluster": "c",
            "usage": json.dumps({"cpu_seconds": 1.5}),
        }
        return self.step(number, inputs, outputs, at=number, **{**told, **more})

    def _register(self, index: int) -> str:
        uid = f"modelversion:p/churn@{index + 1}"
        self.node(
            uid, name="churn", version=str(index + 1), model="model:p/churn", created_at=index + 1, rid=index
        )
        self.edge("REGISTERED_AS", self.model[index], uid)
        return uid
