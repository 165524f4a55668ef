"""Which runs a process has begun and not ended: ``<journal>.open``, beside its journal.

Only a process that dies without a word leaves open runs there; whoever finds its journal free ends
them (``gone``). Also there: which server the process speaks to, as whom.
"""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lineage_server.domain.untyped import as_mapping

if TYPE_CHECKING:
    from lineage_server.client.config import Config

SUFFIX = ".open"
_BEGIN_ANEW_BYTES = 64 << 10
"""A file of this size with no open run in it begins anew."""
_ASK_SECONDS = 5.0
_STARTED = 19
"""Of the words behind a program's name in ``/proc/<pid>/stat``; the first is its state."""


@dataclass(slots=True)
class Opened:
    """What such a file says. ``projects``: by run. ``commands``: processes that runs stand for, as
    ``process_mark`` says them."""

    server: str = ""
    projects: dict[str, str] = field(default_factory=dict[str, str])
    ended: set[str] = field(default_factory=set[str])
    commands: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def runs(self) -> set[str]:
        """Begun and not ended."""
        return self.projects.keys() - self.ended

    @property
    def lives(self) -> bool:
        """Whether a command that one of them stands for is still there."""
        marks = (self.commands.get(run, "") for run in self.runs)
        return any(is_there(mark) for mark in marks if mark)


class Openings:
    """The file of this process. Nothing here raises: without it, a run whose process is killed stays
    open."""

    def __init__(self, journal: Path, config: Config) -> None:
        self._path = path_of(journal)
        self._config = config
        self._runs: set[str] = set()
        self._bytes = 0

    def add(self, run: str, project: str, command: int = 0) -> None:
        """A run has begun; ``command``: the process that it stands for, if that is another."""
        self._runs.add(run)
        told = {"run": run, "project": project}
        self._write(told | {"command": process_mark(command)} if command else told)

    def remove(self, run: str) -> None:
        """It has ended."""
        self._runs.discard(run)
        if self._runs or self._bytes < _BEGIN_ANEW_BYTES:
            self._write({"ended": run})
            return
        with suppress(OSError):
            os.truncate(self._path, 0)
            self._bytes = 0

    def _write(self, told: dict[str, str]) -> None:
        lines = [told] if self._bytes else [{"server": server_mark(self._config)}, told]
        data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        with suppress(OSError):
            fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                self._bytes += os.write(fd, data)
            finally:
                os.close(fd)


def path_of(journal: Path) -> Path:
    return journal.with_suffix(SUFFIX)


def read(journal: Path) -> Opened:
    """What the file beside a journal says; nothing where there is none."""
    opened = Opened()
    with suppress(OSError):
        for line in path_of(journal).read_bytes().splitlines():
            with suppress(ValueError, RecursionError):
                told = as_mapping(json.loads(line))
                _take(opened, {key: value for key, value in told.items() if isinstance(value, str)})
    return opened


def _take(opened: Opened, told: dict[str, str]) -> None:
    if "run" in told and "project" in told:
        opened.projects[told["run"]] = told["project"]
        opened.commands[told["run"]] = told.get("command", "")
    elif "ended" in told:
        opened.ended.add(told["ended"])
    elif "server" in told:
        opened.server = told["server"]


def server_mark(config: Config) -> str:
    """Tells servers and tokens apart, and none of them."""
    import hashlib

    return hashlib.sha256(f"{config.url}\n{config.token}".encode()).hexdigest()[:16] if config.url else ""


def is_there(mark: str) -> bool:
    """Whether a process with this mark lives."""
    number = mark.partition(" ")[0]
    return number.isdecimal() and process_mark(int(number)) == mark


def process_mark(pid: int) -> str:
    """A process, told apart from others that had or will have its number; empty where it is gone."""
    with suppress(OSError, IndexError):
        words = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return "" if words[0] in "ZX" else f"{pid} {words[_STARTED]} {boot}"
    if Path("/proc/self/stat").exists():
        return ""
    with suppress(OSError, subprocess.SubprocessError):
        asked = ["ps", "-o", "lstart=", "-p", str(pid)]
        done = subprocess.run(asked, capture_output=True, text=True, timeout=_ASK_SECONDS, check=False)
        return f"{pid} {done.stdout.strip()}" if done.stdout.strip() else ""
    return ""
