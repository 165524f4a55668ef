"""Batching of questions within one operation: many resolvers ask for one uid, the graph is asked once.

A ``Loader`` collects what is asked within one turn of the event loop and fetches it together. Its
fetches are tasks of the operation, so they end with it: a question nobody waits for any more is
stopped on the graph, too. One loader a question, built anew for each operation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Generic, TypeVar

from lineage_server.domain.edges import EdgeType
from lineage_server.domain.nodes import Node
from lineage_server.tasks import Tasks
from lineage_server.tracking.executions import Execution
from lineage_server.tracking.filters import Page
from lineage_server.tracking.parts import LinkPage, Wanted
from lineage_server.tracking.service import Tracking

K = TypeVar("K")
V = TypeVar("V")
Scope = frozenset[str] | None


class Loader(Generic[K, V]):
    """One question that can be asked for many keys at once."""

    def __init__(self, name: str, tasks: Tasks, fetch: Callable[[list[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._name = name
        self._tasks = tasks
        self._fetch = fetch
        self._waiting: dict[K, asyncio.Future[V | None]] = {}

    async def load(self, key: K) -> V | None:
        """The answer for one key, None where there is none."""
        future = self._waiting.get(key)
        if future is None:
            loop = asyncio.get_running_loop()
            if not self._waiting:
                loop.call_soon(self._dispatch)
            future = self._waiting[key] = loop.create_future()
        # Shielded: one caller that gives up must not cancel it for the others.
        return await asyncio.shield(future)

    def _dispatch(self) -> None:
        batch, self._waiting = self._waiting, {}
        try:
            self._tasks.start(f"load {self._name}", self._answer(batch), ends=True)
        except RuntimeError:  # the operation is over
            for future in batch.values():
                future.cancel()

    async def _answer(self, batch: dict[K, asyncio.Future[V | None]]) -> None:
        try:
            found = await self._fetch(list(batch))
            for key, future in batch.items():
                if not future.done():
                    future.set_result(found.get(key))
        except Exception as error:  # noqa: BLE001 – handed on to all who asked
            for future in batch.values():
                if not future.done():
                    future.set_exception(error)
                    future.exception()  # seen, even if whoever asked is gone
        finally:
            for future in batch.values():
                future.cancel()


class Loaders:
    """All loaders of one operation."""

    def __init__(self, tracking: Tracking, scope: Scope) -> None:
        self._tasks = tasks = Tasks("graphql")
        parts = tracking.parts
        self.nodes: Loader[str, Node] = Loader("nodes", tasks, partial(tracking.nodes, scope=scope))
        self.producers: Loader[str, str] = Loader(
            "producers", tasks, partial(tracking.producers, scope=scope)
        )
        self.aliases: Loader[str, list[str]] = Loader(
            "aliases", tasks, partial(tracking.aliases, scope=scope)
        )
        registry = tracking.registry
        self.model_aliases: Loader[str, list[Node]] = Loader(
            "aliases of models", tasks, partial(registry.aliases, scope=scope)
        )
        self.newest: Loader[str, Node] = Loader(
            "newest versions", tasks, partial(registry.newest, scope=scope)
        )
        self.origins: Loader[str, Node] = Loader("origins", tasks, partial(registry.origins, scope=scope))
        self.registrations: Loader[str, list[Node]] = Loader(
            "registrations", tasks, partial(registry.registrations, scope=scope)
        )
        self.deployments: Loader[str, list[Node]] = Loader(
            "deployments", tasks, partial(registry.deployments, scope=scope)
        )
        self.served: Loader[str, list[Node]] = Loader("served", tasks, partial(registry.served, scope=scope))
        self.runs: Loader[Wanted, Page[Node]] = Loader("runs", tasks, partial(parts.runs, scope=scope))
        self.surroundings: Loader[str, dict[EdgeType, list[str]]] = Loader(
            "surroundings", tasks, partial(parts.surroundings, scope=scope)
        )
        self.executions: Loader[str, Execution] = Loader(
            "executions", tasks, partial(tracking.executions.of, scope=scope)
        )
        self.determined: Loader[str, Execution] = Loader(
            "executions with ancestors", tasks,
            partial(tracking.executions.of, scope=scope, with_ancestors=True),
        )  # fmt: skip
        self.diffs: Loader[str, str] = Loader("diffs", tasks, partial(parts.diffs, scope=scope))
        self.packages: Loader[str, dict[str, str]] = Loader(
            "packages", tasks, partial(parts.packages, scope=scope)
        )
        self.versions: Loader[Wanted, Page[Node]] = Loader(
            "versions", tasks, partial(parts.versions, scope=scope)
        )
        self.inputs: Loader[Wanted, LinkPage] = Loader(
            "inputs", tasks, partial(parts.links, scope=scope, inputs=True)
        )
        self.outputs: Loader[Wanted, LinkPage] = Loader(
            "outputs", tasks, partial(parts.links, scope=scope, inputs=False)
        )

    async def stop(self) -> None:
        """Give up what is still being asked."""
        await self._tasks.stop(timeout_seconds=1.0)
