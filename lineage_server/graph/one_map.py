"""Parameters as one map, for Neo4j.

Neo4j keeps a plan for each combination of what it knows of the parameters: their types, and how many figures
the lengths of texts and lists have. A lineage question takes it seconds to plan, so that the first with two
uids, the first of somebody who sees three projects and so on would each take seconds. Of a map it knows
nothing but that it is one: a statement is planned once.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any, LiteralString, cast

_NAME = "p"
_PARAMETER = re.compile(r"""('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`[^`]*`)|\$(\w+)""", re.DOTALL)
"""Quoted text, which stays as it is, or a parameter."""


def in_one_map(query: LiteralString, parameters: Mapping[str, Any]) -> tuple[LiteralString, dict[str, Any]]:
    """The same statement with its parameters as keys of one."""
    return (_rewritten(query), {_NAME: dict(parameters)}) if parameters else (query, {})


@functools.lru_cache(maxsize=1_000)
def _rewritten(query: LiteralString) -> LiteralString:
    told = _PARAMETER.sub(lambda found: found[1] or f"${_NAME}.{found[2]}", query)
    return cast("LiteralString", told)  # nothing but our own words are in it
