"""What a command line runs: which script, and which Python runs it.

Read from its words and from the first lines of files, as the kernel, a shell and Python read them.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

from lineage_server.client.place import Program, working_folder

_PYTHON = re.compile(r"(?:python|pypy)[\d.]*t?(?:\.exe)?")
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "fish"})
_PASSING_ON = frozenset({"env", "nohup", "nice", "ionice", "time", "timeout", "setsid", "stdbuf"})
"""They run the rest of their words, in the same environment."""
_HEAD_BYTES = 1024
_LONG_SHEBANG = re.compile(rb"'''exec' \"?(/[^\"\n]+?)\"? \"\$0\"")
"""How installers write the path of an interpreter that is too long for a first line, or has blanks."""
_ASK_SECONDS = 10.0
_ASK = """
import sys
sys.path[:] = filter(None, sys.path)  # the working folder is no place of packages
import json, platform
from importlib.metadata import distributions
found = {}
for one in distributions():
    try:
        found.setdefault(one.metadata["Name"], one.version)
    except Exception:
        pass
print(json.dumps([platform.python_version(), found]))
"""


def program_of(
    command: Sequence[str], environ: Mapping[str, str], pid: int = 0, folder: Path | None = None
) -> Program:
    """The program that runs as process ``pid``, in ``folder`` or where we are."""
    began, folder = time.time_ns(), folder or working_folder()
    entry, python = _looked_at(list(command), environ.get("PATH"), folder)
    return Program(folder=folder, entry=entry, argv=tuple(command), python=python, pid=pid, began=began)


def _looked_at(words: list[str], search: str | None, folder: Path) -> tuple[str, str]:
    """Entry and interpreter."""
    words = _passed_on(words, search)
    path = shutil.which(words[0], path=search) or ""
    if _PYTHON.fullmatch(Path(words[0]).name):
        return _python_entry(words[1:], folder), path
    if Path(words[0]).name in _SHELLS:
        return _shell_entry(words[1:], folder), ""
    # A launcher's script says more than the launcher: torchrun train.py.
    script = next((w for w in words[1:] if w.endswith(".py") and (folder / w).is_file()), path)
    return str(folder / script) if script else "", _python_of_script(path, search) if path else ""


def _passed_on(words: list[str], search: str | None) -> list[str]:
    rest = words
    while rest and Path(rest[0]).name in _PASSING_ON:
        rest = rest[1:]
        while rest and (rest[0].startswith("-") or "=" in rest[0] or not shutil.which(rest[0], path=search)):
            rest = rest[1:]
    return rest or words


def _python_entry(words: Sequence[str], folder: Path) -> str:
    """As Python reads its options: ``-m`` and ``-c`` end them, some take a value."""
    rest = iter(words)
    for word in rest:
        if word == "--check-hash-based-pycs":
            next(rest, "")
        if word.startswith("--"):
            continue
        if not word.startswith("-"):
            return str(folder / word)
        if word == "-":
            return ""
        for at, letter in enumerate(word[1:], 2):
            if letter == "c":
                return ""
            if letter in "mWX":
                value = word[at:] or next(rest, "")
                if letter == "m":
                    return f"module:{value}"
                break
    return ""


def _shell_entry(words: Sequence[str], folder: Path) -> str:
    rest = iter(words)
    for word in rest:
        if not word.startswith(("-", "+")):
            return str(folder / word)
        if "c" in word and not word.startswith("--"):
            return ""
        if word.endswith("o"):
            next(rest, "")
    return ""


def _python_of_script(path: str, search: str | None) -> str:
    """The interpreter that a script's first lines name; empty where that is no Python."""
    try:
        with Path(path).open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return ""
    if not head.startswith(b"#!"):
        return ""
    long = _LONG_SHEBANG.search(head)
    words = [long[1].decode()] if long else head[2:].partition(b"\n")[0].decode("utf-8", "replace").split()
    words = _passed_on(words, search)
    if not words or not _PYTHON.fullmatch(Path(words[0]).name):
        return ""
    return shutil.which(words[0], path=search) or ""


def packages_of(python: str, folder: Path) -> tuple[str, dict[str, str]]:
    """Version and distributions of an interpreter, asked in a process of it; empty where it does not say."""
    with suppress(OSError, subprocess.SubprocessError, ValueError):
        done = subprocess.run(
            [python, "-c", _ASK], cwd=folder, capture_output=True, timeout=_ASK_SECONDS, check=True,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        version, found = cast("tuple[str, dict[str, str]]", json.loads(done.stdout))
        return version, dict(sorted(found.items()))
    return "", {}
