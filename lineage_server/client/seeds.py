"""The seed that stands in this process: set by ``seeding``, recorded by whatever run begins.

A module of its own, so that runs begin without loading random numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

standing: list[int] = []
"""The one set last, if any; a forked child goes on with it, as with the random numbers."""


def with_seed(params: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Parameters of a run that begins here, with the seed that stands, unless they say one."""
    return {"seed": standing[0], **(params or {})} if standing else params
