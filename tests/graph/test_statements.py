"""Every Cypher statement of the product is understood by both engines."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest

from lineage_server.graph import queries
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.queries.schema import CONSTRAINTS, INDEXES, META_CONSTRAINT

# Parts that the writer puts together; it EXPLAINs what it makes of them (tests of the writer).
FRAGMENTS = {
    "ingest": ("GUARD", "NEW_", "SET_", "UNION"),
}
NOT_EXPLAINED = {*CONSTRAINTS, *INDEXES, META_CONSTRAINT}
"""Schema commands have no plan; that both engines take them is tested by running them."""


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


def _all() -> dict[str, str]:
    out: dict[str, str] = {}
    for module in pkgutil.iter_modules(queries.__path__):
        loaded = importlib.import_module(f"{queries.__name__}.{module.name}")
        for name in vars(loaded):
            if name.startswith("_") or name.startswith(FRAGMENTS.get(module.name, ())):
                continue
            out.update(_statements(f"{module.name}.{name}", getattr(loaded, name)))
    return out


# Planning 100 statements anew takes Neo4j 20 s on a busy machine.
@pytest.mark.timeout(300)
async def test_every_statement_is_explained(graph: Bolt) -> None:
    statements = {name: text for name, text in _all().items() if text not in NOT_EXPLAINED}
    assert len(statements) > 50
    refused: dict[str, str] = {}
    for name, text in statements.items():
        if text.startswith(("SHOW", "TERMINATE")):
            continue
        try:
            await graph.write(f"EXPLAIN {text}")  # pyright: ignore[reportArgumentType]
        except Exception as error:  # noqa: BLE001 (all of them are to be named)
            refused[name] = str(error)
    assert not refused
