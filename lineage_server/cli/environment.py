"""What the command line takes from, and hands on to, the environment of processes.

No settings are read here: those of the server are in ``settings.py``, those of the client in
``client/config.py``. This is only what belongs to a terminal and to starting a child process.
"""

from __future__ import annotations

import os
from collections.abc import Mapping


def child_environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    """Our environment with ``changes`` (None takes one out), for a process that we start."""
    merged = {**os.environ, **changes}  # noqa: TID251 (handed on as it is, nothing is read from it)
    return {name: value for name, value in merged.items() if value is not None}


def wants_colour() -> bool:
    """Whether people allow colour at all (https://no-color.org); the caller checks for a terminal."""
    seen = os.environ  # noqa: TID251 (a convention of terminals, not a setting of ours)
    return not seen.get("NO_COLOR") and seen.get("TERM") != "dumb"


def has_screen() -> bool:
    """Whether a browser could show anything here: not over ssh, nor on a server without a display."""
    seen = os.environ  # noqa: TID251 (a fact about the session, not a setting of ours)
    if seen.get("SSH_CONNECTION"):
        return False
    return os.name == "nt" or bool(
        seen.get("DISPLAY") or seen.get("WAYLAND_DISPLAY") or os.uname().sysname == "Darwin"
    )
