"""Values that came as JSON, from somebody who may have said anything."""

from __future__ import annotations

from typing import Any, cast


def as_mapping(value: object) -> dict[str, Any]:
    """The value if it is a JSON object, else an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
