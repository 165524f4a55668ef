"""PyTorch, Lightning and Transformers for the tests: gigabytes, so in an environment of their own.

It lies in the XDG cache under the digest of ``requirements.txt`` and is made once a machine.
``requirements.txt`` is compiled as ``make lock`` does it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.cached import made_once

_HERE = Path(__file__).parent
_REQUIREMENTS = _HERE / "requirements.txt"
PROGRAM = _HERE / "fits.py"


class TorchUnavailableError(Exception):
    """The environment cannot be made here; the message says why."""


def interpreter() -> Path:
    """Its Python; the environment is made where it is not there yet."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = made_once("torch", _REQUIREMENTS.read_bytes() + version.encode(), _make)
    return folder / "bin" / "python"


def _make(folder: Path) -> None:
    uv = str(Path(sys.executable).with_name("uv"))
    base = getattr(sys, "_base_executable", "") or sys.executable
    _run(uv, "venv", "--quiet", "--relocatable", "--python", base, str(folder))
    _run(
        uv, "pip", "install", "--quiet", "--python", str(folder / "bin" / "python"),
        "--require-hashes", "-r", str(_REQUIREMENTS),
    )  # fmt: skip


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise TorchUnavailableError(f"PyTorch for the tests cannot be had here: {done.stderr.strip()[-500:]}")


if __name__ == "__main__":
    try:
        interpreter()
    except TorchUnavailableError as missing:
        sys.exit(str(missing))
