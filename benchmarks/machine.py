"""Where and when the figures were taken: a figure without its machine says little."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parent.parent
_PACKAGES = (
    "lineage-server",
    "arcadedb-embedded",
    "neo4j",
    "neo4j-rust-ext",
    "msgspec",
    "strawberry-graphql",
    "uvicorn",
)


def facts() -> dict[str, Any]:
    """Processor, cores, memory, system, versions, commit; the load is told apart, before and after."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "--short", "HEAD") + ("+" if _git("status", "--porcelain") else ""),
        "cpu": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "kernel": platform.release(),
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "neo4j_server": _neo4j_version(),
    }


def load_average() -> list[float]:
    """Processes that wanted a core over the last 1, 5 and 15 minutes."""
    return [round(x, 2) for x in os.getloadavg()]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next(
        (x.partition(":")[2].strip() for x in lines if x.startswith("model name")), platform.machine()
    )


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "-"


def _neo4j_version() -> str:
    """The one that the tests' Maven file names."""
    try:
        tree = ElementTree.parse(ROOT / "tests" / "support" / "pom.xml")
    except (OSError, ElementTree.ParseError):
        return "-"
    space = "{http://maven.apache.org/POM/4.0.0}"
    for dependency in tree.iter(f"{space}dependency"):
        if dependency.findtext(f"{space}artifactId") == "neo4j":
            return dependency.findtext(f"{space}version") or "-"
    return "-"


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", "--no-optional-locks", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()
