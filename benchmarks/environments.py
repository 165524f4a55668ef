"""Peers that cannot share our environment get one of their own, in the XDG cache, made once.

It lies under the digest of its requirements. Where it cannot be made, the rows come without a peer.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path


class PeerMissingError(Exception):
    """A peer cannot be had here; the message says why."""


def environment(name: str, requirements: Path, interpreter: str) -> Path:
    """The interpreter of the environment, made where it is not there yet."""
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lineage-server"
    folder = cache / f"{name}-{digest}"
    python = folder / "bin" / "python"
    if (folder / ".complete").exists():
        return python
    cache.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        raise PeerMissingError("uv is not installed")
    _run([uv, "venv", "--quiet", "--python", interpreter, str(folder)])
    install = [uv, "pip", "install", "--quiet", "--python", str(python), "--require-hashes"]
    _run([*install, "-r", str(requirements)])
    (folder / ".complete").touch()
    return python


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeerMissingError(f"{command[1]}: {done.stderr.strip()[-300:]}")
