"""Options that several commands share, so that they read and mean the same everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from lineage_server.domain.errors import InvalidInputError

AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON, for programs.")]
Project = Annotated[
    str,
    typer.Option("--project", "-p", help="Project; by default LINEAGE_PROJECT, else 'default' (lists: all)."),
]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="As it had happened by then: 2026-05-01, 2026-05-01T12:00:00Z."),
]
KnownAt = Annotated[
    str | None, typer.Option("--known-at", help="As it was known then; a time as for --as-of.")
]


def project_of(told: str) -> str:
    """The project that references without one are in."""
    from lineage_server.client.config import load_config

    return load_config(project=told or None).project


def elsewhere(missing: str, arguments: Iterable[str]) -> str:
    """What else to try where something was missed in a project that nobody had named."""
    if any(one.startswith(("-p", "--project")) for one in arguments) or project_to_list("") is not None:
        return ""
    here = project_of("")
    asked = f":{here}/" in missing or f"project {here!r}" in missing
    return "; -p PROJECT asks in another project" if asked else ""


def project_to_list(told: str) -> str | None:
    """The project that a list keeps to; None = all that may be seen."""
    from lineage_server.client.config import load_config

    config = load_config(project=told or None)
    return config.project if told or config.environ.get("LINEAGE_PROJECT", "").strip() else None


def pairs_of(pairs: list[str], field: str, form: str) -> dict[str, str]:
    """Values of an option that is KEY=VALUE; raises InvalidInputError."""
    split = [pair.partition("=") for pair in pairs]
    wrong = next((key for key, sign, _ in split if not (key and sign)), None)
    if wrong is not None:
        raise InvalidInputError(f"{field} {wrong!r} has no value", field=field, allowed=form)
    return {key: value for key, _, value in split}
