"""What git says of a folder: without prompts, pagers or locks, and nothing where it says nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from lineage_server.client.scrub import scrub_text

CUT, NEW = "\n… cut: ", "# new: "
"""How a difference that is kept says that it is not whole, and which files are new."""
_DIFF_BYTES = 256 * 1024
_SECONDS = 10.0
_MOST_NEW, _MOST_NAMED, _NEW_BYTES = 2_000, 100, 1 << 20
_CLOCK_NS = 10_000_000
"""By how much times of files lag behind the clock."""


def git(folder: Path, *words: str) -> str:
    """What it answers, without the blanks around; empty where it fails."""
    return git_bytes(folder, *words).decode("utf-8", "replace").strip()


def git_bytes(folder: Path, *words: str) -> bytes:
    """The same as it comes."""
    done = run_git(folder, *words)
    return done.stdout if done is not None and done.returncode == 0 else b""


def run_git(
    folder: Path, *words: str, told: bytes = b"", seconds: float = _SECONDS
) -> subprocess.CompletedProcess[bytes] | None:
    """None where there is no git, or it takes too long; ``told`` comes to its standard input."""
    tool = shutil.which("git")
    if tool is None:
        return None
    # No optional locks: reading must not disturb a git command of the user's. No hooks, prompts or pager.
    command = [
        tool,
        "-c",
        "core.fsmonitor=false",
        "-c",
        f"core.hooksPath={os.devnull}",
        "--no-optional-locks",
    ]
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    env["GIT_TERMINAL_PROMPT"] = "0"
    try:
        return subprocess.run(
            [*command, *words], cwd=folder, env=env, input=told, capture_output=True, timeout=seconds,
            check=False,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None


def new_files(root: Path) -> list[bytes]:
    """Those that git neither knows nor ignores."""
    told = git_bytes(root, "ls-files", "-z", "--others", "--exclude-standard")
    return [name for name in told.split(b"\0") if name]


def difference(root: Path, *more: str) -> bytes:
    """What differs from the commit, in files that git knows."""
    return git_bytes(root, "diff", "HEAD", "--no-color", "--no-ext-diff", "--no-textconv", *more)


def changes(root: Path, *, wanted: bool, began: int = 0) -> tuple[str, str]:
    """Digest of what differs from the commit (new files by content), and the difference, capped. New files
    written since ``began`` (nanoseconds, 0: whenever) are what a run makes, not what it was made from."""
    diff, new = difference(root), new_files(root)[:_MOST_NEW]
    if began:
        new = [name for name in new if not _written_since(root / os.fsdecode(name), began)]
    if not diff and not new:
        return "", ""
    digest = hashlib.sha256(diff)
    for name in new:
        digest.update(b"\0" + name + b"\0")
        path = root / os.fsdecode(name)
        with suppress(OSError):
            if path.is_file() and path.stat().st_size <= _NEW_BYTES:
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    text = ""
    if wanted:
        text = scrub_text(diff[:_DIFF_BYTES].decode("utf-8", "replace"))
        if len(diff) > _DIFF_BYTES:
            text += f"{CUT}{len(diff)} bytes in all\n"
        if new:
            text += "".join(f"{NEW}{name.decode('utf-8', 'replace')}\n" for name in new[:_MOST_NAMED])
    return "sha256:" + digest.hexdigest(), text


def _written_since(path: Path, began: int) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return True  # it is gone again
    # Anybody may set the one time; the other one alone tells of renaming, too.
    return min(found.st_mtime_ns, found.st_ctime_ns) > began - _CLOCK_NS
