"""The data folder of the embedded engine: who may use it, and whether this engine may open it.

One folder belongs to one server process at a time (a lock), holds the password of its engine
(readable by the owner only), and remembers which engine wrote it, so that an older or unknown one
never touches the files. Nothing here starts a process; ``embedded.py`` does. All of it is blocking
file work: call it in a thread.

    lock  password  engine.json  engine.pid  engine.log  databases/  backup/  config/
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import secrets
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lineage_server.domain.errors import (
    ConflictError,
    InvalidInputError,
    LineageError,
    UnavailableError,
)
from lineage_server.domain.untyped import as_mapping

ENGINE = "arcadedb"

# Below this the engine may not even be able to write its log; it must not start into a full disk.
_MIN_FREE_BYTES = 64 * 1024 * 1024
# What the engine takes from its file as it stands there, and never shorter.
_PASSWORD = re.compile(r"[!-~]{8,256}")
_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS}


class EngineFolder:
    """A data folder, usable between ``open`` and ``close``."""

    def __init__(self, root: Path) -> None:
        # Absolute, because the engine runs in this folder and its command line is compared later.
        self.root = root.expanduser().absolute()
        self.log = self.root / "engine.log"
        self.pid_file = self.root / "engine.pid"
        self.password_file = self.root / "password"
        self.log_config = self.root / "logging.properties"
        self.databases = self.root / "databases"
        self._record = self.root / "engine.json"
        self._lock: int | None = None

    def open(self) -> None:
        """Create the folder if need be and take its lock; says what is wrong if that fails."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._take_lock()
            free = shutil.disk_usage(self.root).free
            if free < _MIN_FREE_BYTES:
                raise OSError(errno.ENOSPC, f"{free // 2**20} MB are free")
        except OSError as error:
            self.close()
            raise self.explain(error) from error

    def close(self) -> None:
        """Give the lock back; harmless when it was never taken."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def explain(self, error: OSError) -> LineageError:
        """The same failure in words that say what to do."""
        reason = error.strerror or str(error)
        if error.errno in _DISK_FULL:
            return UnavailableError(
                f"The disk that holds {self.root} is full ({reason}). Free at least "
                f"{_MIN_FREE_BYTES // 2**20} MB, or choose another data folder, and start again.",
                part="graph",
                retry_after_seconds=30.0,
            )
        if error.errno in _NOT_ALLOWED:
            return InvalidInputError(
                f"The data folder {self.root} cannot be written by user {os.getuid()} ({reason}). "
                f"Change its owner or permissions, or choose another data folder.",
                field="data_dir",
            )
        return InvalidInputError(
            f"The data folder {self.root} cannot be used ({reason}). Choose another data folder.",
            field="data_dir",
        )

    def password(self) -> str:
        """The engine's password: made at first use, kept where only the owner can read it."""
        try:
            kept = self.password_file.read_bytes().decode("ascii", "replace")
        except FileNotFoundError:
            kept = ""
        found = kept.strip()
        if not _PASSWORD.fullmatch(found):  # damaged: the engine takes a new one as well
            found = secrets.token_urlsafe(32)
        if found != kept:
            self._write_private(self.password_file, found)
        self.password_file.chmod(0o600)
        return found

    def prepare_start(self, log_config: str) -> None:
        """What is made anew before each start of the engine."""
        # It reads the password file only when it has no users: a restored or damaged users file
        # would lock us out of our own data. The password file is the only truth.
        (self.root / "config" / "server-users.jsonl").unlink(missing_ok=True)
        # One event log per start, never deleted by the engine; what it says is in engine.log too.
        shutil.rmtree(self.root / "log", ignore_errors=True)
        self._write_private(self.log_config, log_config)
        self.rotate_log()

    def admit(self, version: str) -> str:
        """Check that engine ``version`` may open this; answers the version it replaces, or "".

        A newer minor or patch version may, after a copy of the databases was put aside.
        """
        wrote = self._recorded_version()
        if wrote == version:
            return ""
        if wrote:
            self._check_upgrade(wrote, version)
            self._back_up(wrote)
        self._write_private(
            self._record,
            json.dumps({"engine": ENGINE, "version": version, "created_at": _now()}),
        )
        return wrote

    def remember_process(self, pid: int, started: str) -> None:
        """Note the running engine, so that a later server can recognise one left behind."""
        self._write_private(self.pid_file, json.dumps({"pid": pid, "started": started}))

    def remembered_process(self) -> tuple[int, str] | None:
        """The engine noted last, which may be long gone."""
        found = _read_json(self.pid_file)
        pid, started = found.get("pid"), found.get("started")
        return (pid, started) if isinstance(pid, int) and isinstance(started, str) else None

    def forget_process(self) -> None:
        """The noted engine has ended."""
        self.pid_file.unlink(missing_ok=True)

    def rotate_log(self, *, larger_than_bytes: int = 0) -> None:
        """Move the log aside as ``engine.log.1`` if it outgrew the limit.

        It is copied and cut, not renamed: a running engine keeps appending to the same file.
        """
        if self.log.exists() and self.log.stat().st_size > larger_than_bytes:
            shutil.copyfile(self.log, self.log.with_name("engine.log.1"))
            os.truncate(self.log, 0)

    def log_tail(self, *, lines: int = 12) -> str:
        """The last lines of the engine's log, for an error message."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - 8192))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return "(no log)"
        return "\n".join(text.strip().splitlines()[-lines:]) or "(empty log)"

    def _take_lock(self) -> None:
        lock = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(lock, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(lock)
            raise ConflictError(
                f"The data folder {self.root} is in use by process {holder}. Stop that server, "
                f"connect to it instead, or choose another data folder.",
                current=holder,
            ) from error
        self._lock = lock
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)

    def _recorded_version(self) -> str:
        found = _read_json(self._record)
        if not found:
            if self.databases.is_dir() and any(p.is_dir() for p in self.databases.iterdir()):
                raise ConflictError(
                    f"{self.root} holds databases, but {self._record.name} does not say which "
                    f"engine wrote them. Restore that file, or choose another data folder."
                )
            return ""
        engine, version = found.get("engine"), found.get("version")
        if engine != ENGINE or not isinstance(version, str) or not _numbers(version):
            raise ConflictError(
                f"The data in {self.root} was written by an unknown engine ({engine} {version}); "
                f"this server brings {ENGINE}. Use the server that wrote it, or choose another "
                f"data folder."
            )
        return version

    def _check_upgrade(self, wrote: str, installed: str) -> None:
        old, new = _numbers(wrote), _numbers(installed)
        if new < old:
            raise ConflictError(
                f"The data in {self.root} was written by {ENGINE} {wrote}; the installed "
                f"{installed} is older and could damage it. Install arcadedb-embedded {wrote} or "
                f"newer."
            )
        if new[0] != old[0]:
            raise ConflictError(
                f"The data in {self.root} was written by {ENGINE} {wrote}; the step to "
                f"{installed} is too large to make in place. Export with the old version and "
                f"import into a new folder."
            )

    def _back_up(self, wrote: str) -> None:
        """Keep one copy of the databases as the old engine left them."""
        if not self.databases.is_dir():
            return
        target = self.root / "backup" / f"databases-{wrote}"
        partial = target.with_name("partial")
        try:
            size = sum(p.stat().st_size for p in self.databases.rglob("*") if p.is_file())
            if shutil.disk_usage(self.root).free < size + _MIN_FREE_BYTES:
                raise OSError(errno.ENOSPC, f"the copy before the upgrade needs {size // 2**20} MB")
            shutil.rmtree(partial, ignore_errors=True)
            shutil.copytree(self.databases, partial)
            for older in target.parent.glob("databases-*"):
                shutil.rmtree(older)
            partial.rename(target)
        except OSError as error:
            raise self.explain(error) from error

    def _write_private(self, path: Path, text: str) -> None:
        """Replace the file as a whole (a crash leaves the old or the new one), mode 0600."""
        partial = path.with_name(path.name + ".new")
        try:
            partial.unlink(missing_ok=True)
            handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            partial.rename(path)
        except OSError as error:
            raise self.explain(error) from error


def _read_json(path: Path) -> dict[str, Any]:
    """The object in the file; empty when there is none or it is damaged."""
    try:
        return as_mapping(json.loads(path.read_text("utf-8")))
    except (FileNotFoundError, ValueError):
        return {}


def _numbers(version: str) -> tuple[int, ...]:
    """The version ("26.10.2") as numbers, a suffix ignored; empty when it is no version."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in found.group().split(".")) if found else ()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
