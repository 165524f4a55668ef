"""Every Cypher statement that the product can send is understood by both engines.

Constants are found in the modules; of each function that makes statements this file says for what it is
called. A function nobody names here fails the test: it would send what no engine has seen.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest

from lineage_server.domain.edges import RULES
from lineage_server.domain.nodes import PREFIX, Label
from lineage_server.graph import queries
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.queries import (
    clauses,
    events,
    ingest,
    lineage_parts,
    tracking,
    tracking_parts,
    window,
)
from lineage_server.graph.queries.clauses import Clause
from lineage_server.graph.queries.schema import (
    ANNOTATED_VERSIONS,
    CONSTRAINTS,
    DROP_PROJECT_STARTED,
    INDEXES,
    META_CONSTRAINT,
    NUMBERS,
)
from lineage_server.graph.write import GraphWriter, WriteBatch, WriteSession
from lineage_server.tracking.service import LISTED

# Blocks of the writer's statements, which are explained as it puts them together.
FRAGMENTS = {"ingest": ("GUARD", "NEW_", "SET_", "UNION")}
NOT_EXPLAINED = {
    *CONSTRAINTS,
    *INDEXES,
    *NUMBERS,
    ANNOTATED_VERSIONS,
    DROP_PROJECT_STARTED,
    META_CONSTRAINT,
    clauses.SCOPE,
}
"""Schema commands have no plan; that both engines take them is tested by running them."""
BOTH = (False, True)


def _statements(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if " " in value:  # else it is a name, such as a label
            yield name, value
    elif isinstance(value, Mapping):
        for key, inner in cast("Mapping[Any, Any]", value).items():
            yield from _statements(f"{name}[{key}]", inner)
    elif isinstance(value, tuple):
        for index, inner in enumerate(cast("tuple[Any, ...]", value)):
            yield from _statements(f"{name}[{index}]", inner)


def _modules() -> list[ModuleType]:
    names = [module.name for module in pkgutil.iter_modules(queries.__path__)]
    return [importlib.import_module(f"{queries.__name__}.{name}") for name in names]


def _constants() -> Iterator[tuple[str, str]]:
    for module in _modules():
        short = module.__name__.rpartition(".")[2]
        for name, value in vars(module).items():
            if not name.startswith("_") and not name.startswith(FRAGMENTS.get(short, ())):
                yield from _statements(f"{short}.{name}", value)


def _lists() -> Iterator[tuple[str, str]]:
    """Each condition alone, all of them with each label and each way to sort."""
    every = tuple(Clause)
    ways = [(a, b, c) for a in BOTH for b in BOTH for c in BOTH]
    asked = [
        *((Label.RUN, every, way) for way in ways),
        *((label, every, ways[0]) for label in LISTED),
        (Label.RUN, (), ways[0]),
    ]
    for label, wanted, (descending, resumed, everything) in asked:
        told: dict[str, Any] = {"descending": descending, "resumed": resumed, "everything": everything}
        yield "bounded_list", tracking.bounded_list(label, wanted, **told)
        yield "sorted_list", tracking.sorted_list(label, wanted, **told)
        yield "by duration", tracking.sorted_list(label, wanted, duration=True, **told)
        yield "sample", tracking.sample(label, wanted, everything=everything)
        yield "count_of", tracking.count_of(label, wanted, everything=everything)
        yield "newest_in_window", tracking.newest_in_window(wanted, resumed=resumed)
        yield "brief bounded_list", tracking.bounded_list(label, wanted, brief=True, **told)
        yield "brief sorted_list", tracking.sorted_list(label, wanted, brief=True, **told)
        yield "brief newest", tracking.newest_in_window(wanted, resumed=resumed, brief=True)
        yield "versions_of", tracking_parts.versions_of(wanted, descending=descending)
    for clause in Clause:
        yield f"with {clause}", tracking.count_of(Label.RUN, (clause,), everything=False)


def _nodes_and_search() -> Iterator[tuple[str, str]]:
    for labels in (*((label,) for label in Label), tuple(Label)):
        yield "nodes_by_uid", tracking.nodes_by_uid(labels)
    for labels in (*((label,) for label in tracking.SEARCHED), tuple(tracking.SEARCHED)):
        for digest in BOTH:
            yield "search", tracking.search(labels, digest=digest)


def _wipes() -> Iterator[tuple[str, str]]:
    for label in Label:
        yield "wipe", events.wipe(label)


async def _writes() -> list[tuple[str, str]]:
    """Each block alone, each family, all blocks at once; each look-up alone, each family, all."""
    sent: list[tuple[str, str]] = []
    together: list[frozenset[str]] = []

    async def note(statement: str, parameters: Mapping[str, Any], **limits: float) -> list[dict[str, Any]]:
        together.append(frozenset(parameters["b"]))
        sent.append((f"writer: {' '.join(sorted(parameters['b']))[:80]}", statement))
        return []

    async def commit(statement: str, parameters: Mapping[str, Any], **limits: float) -> list[dict[str, Any]]:
        await note(statement, parameters)
        return [{"ok": True}]

    await GraphWriter(cast("Bolt", SimpleNamespace(read=note, write=commit))).warm()
    session = WriteSession(note, commit)
    uids = [f"{prefix}:x" for prefix in PREFIX.values()]
    await session.load(uids, uids)
    for uid in uids:
        await session.load([uid], [])
        await session.load([], [uid])
    # So many different blocks that the writer takes the statement with all there are.
    await session.commit(WriteBatch(rows={f"set_{label}": [{}] for label in Label}))
    assert together[-1] >= {f"set_{label}" for label in Label} | {f"new_{kind}" for kind in RULES}
    for name in sorted(together[-1]):
        await session.commit_family(WriteBatch(), frozenset({name}))
    return sent


MADE: dict[Callable[..., Any], Callable[[], Iterator[tuple[str, str]]]] = {
    **dict.fromkeys(
        (tracking.newest_in_window, tracking.sorted_list, tracking.bounded_list, tracking.sample), _lists
    ),
    **dict.fromkeys((tracking.count_of, tracking_parts.versions_of), _lists),
    **dict.fromkeys((tracking.nodes_by_uid, tracking.search), _nodes_and_search),
    events.wipe: _wipes,
}
"""What makes whole statements."""
OF_THE_WRITER = (ingest.new_node, ingest.set_node, ingest.new_edge, ingest.set_edge, ingest.block)
LOOK_UPS = (ingest.load_full, ingest.load_known)
OF_CLAUSES = (clauses.all_of, clauses.ranked, clauses.joined, window.holds)
OF_WALKS = (
    *(lineage_parts.head, lineage_parts.edge, lineage_parts.same, lineage_parts.window),
    *(lineage_parts.newest, lineage_parts.order, lineage_parts.arrow, lineage_parts.across),
)


def test_every_function_is_called_here() -> None:
    found = {
        value
        for module in _modules()
        for name, value in vars(module).items()
        if callable(value)
        and not name.startswith("_")
        and not inspect.isclass(value)
        and getattr(value, "__module__", "") == module.__name__
    }
    assert found == MADE.keys() | {*OF_THE_WRITER, *LOOK_UPS, *OF_CLAUSES, *OF_WALKS}


# Planning some hundred statements anew takes Neo4j half a minute on a busy machine.
@pytest.mark.timeout(300)
async def test_every_statement_is_explained(graph: Bolt) -> None:
    told = [
        *_constants(),
        *(one for make in dict.fromkeys(MADE.values()) for one in make()),
        *await _writes(),
    ]
    statements = {text: name for name, text in told if text not in NOT_EXPLAINED}
    assert len(statements) > 200
    refused: dict[str, str] = {}
    for text, name in statements.items():
        if text.startswith(("SHOW", "TERMINATE")):
            continue
        try:
            await graph.write(f"EXPLAIN {text}")  # pyright: ignore[reportArgumentType]
        except Exception as error:  # noqa: BLE001 (all of them are to be named)
            refused[name] = str(error)
    assert not refused
