"""Options that several commands share, so that they read and mean the same everywhere."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from lineage_server.domain.errors import InvalidInputError

AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON, for programs.")]
Project = Annotated[
    str,
    typer.Option("--project", "-p", help="Project; by default LINEAGE_PROJECT, else 'default' (lists: all)."),
]
AsOf = Annotated[
    str, typer.Option("--as-of", help="As it had happened by then: 2026-05-01, 2026-05-01T12:00:00Z.")
]


KnownAt = Annotated[str, typer.Option("--known-at", help="As it was known then; a time as for --as-of.")]


def project_of(told: str) -> str:
    """The project that references without one are in."""
    from lineage_server.client.config import load_config

    return load_config(project=told or None).project


def project_to_list(told: str) -> str | None:
    """The project that a list keeps to; None = all that may be seen."""
    from lineage_server.client.config import load_config

    config = load_config(project=told or None)
    return config.project if told or config.environ.get("LINEAGE_PROJECT", "").strip() else None


def moment(text: str, option: str) -> datetime | None:
    """A time as people type it, in their own clock unless it says otherwise; a date is its first moment."""
    if not text:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInputError(
            f"{text!r} is not a time", field=option, allowed="2026-05-01 or 2026-05-01T12:00:00Z"
        ) from None
    return when if when.tzinfo else when.astimezone()
