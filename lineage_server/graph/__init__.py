"""The graph behind one Bolt address: driver, embedded engine, schema, reading, writing.

The only package that knows Neo4j's driver and Cypher. What belongs elsewhere: what the facts
mean (``domain``), merging them (``ingest``), questions over them (``lineage``, ``tracking``).
"""

from __future__ import annotations

import sys
from importlib import import_module


def _import_driver_lean() -> None:
    """Import the driver without the data-frame libraries it would load for its own extras.

    neo4j 6 imports pandas, numpy and pyarrow where they are installed, for result types
    that we never ask for: seconds of start-up. A None in ``sys.modules`` is Python's way
    to say "not installed" for the moment.
    """
    hidden = [name for name in ("pandas", "numpy", "pyarrow") if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # pyright: ignore[reportArgumentType,reportCallIssue]
    try:
        import_module("neo4j")
    finally:
        for name in hidden:
            sys.modules.pop(name, None)


_import_driver_lean()
