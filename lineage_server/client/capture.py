"""What a run tells of itself without being asked: code, command, packages, machine, cluster ids.

Runs in the background, each part switchable (``LINEAGE_CAPTURE``). A part that fails is left out:
capturing never disturbs the run. Environment variables only by allow-list; secrets are scrubbed.
Not here: who calls it (``run``), what scrubbing knows (``scrub``).
"""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import shutil
import socket
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from lineage_server.client.command import packages_of
from lineage_server.client.config import Config
from lineage_server.client.git import changes, git
from lineage_server.client.place import Program
from lineage_server.client.scrub import scrub_argv, scrub_named, scrub_text
from lineage_server.domain.events import CodeFact, EnvironmentFact, GpuFact
from lineage_server.domain.ids import shorten
from lineage_server.domain.secrets import scrub_uri

logger = logging.getLogger("lineage_server.client")

CELL_CHARACTERS = 16 * 1024
_ENTRY_BYTES = 16 << 20
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pixi.lock", "conda-lock.yml",
          "requirements.lock")  # fmt: skip
_CLUSTER_IDS = {
    # Ours, set by the watcher's webhook or by hand through the downward API, then the platforms' own.
    "kubernetes_pod": ("POD_NAME", "MY_POD_NAME", "K_POD"),
    "kubernetes_namespace": ("POD_NAMESPACE", "MY_POD_NAMESPACE"),
    "kubernetes_pod_uid": ("POD_UID", "MY_POD_UID"),
    "kubernetes_node": ("NODE_NAME", "MY_NODE_NAME"),
    "kfp_run": ("KFP_RUN_ID", "ARGO_WORKFLOW_UID"),
    "kfp_run_name": ("KFP_RUN_NAME", "ARGO_WORKFLOW_NAME", "WORKFLOW_ID"),
    "katib_trial": ("KATIB_TRIAL_NAME",),
    "notebook": ("NB_PREFIX",),
    "slurm_job": ("SLURM_JOB_ID",),
    "slurm_array_task": ("SLURM_ARRAY_TASK_ID",),
    "slurm_cluster": ("SLURM_CLUSTER_NAME",),
    "torchelastic_run": ("TORCHELASTIC_RUN_ID",),
    "ray_job": ("RAY_JOB_ID",),
    "world_size": ("WORLD_SIZE", "SLURM_NTASKS", "OMPI_COMM_WORLD_SIZE"),
}
_NVIDIA = ("/proc/driver/nvidia", "/dev/nvidiactl", "/dev/dxg")
_IMAGE_DIGEST = ("LINEAGE_IMAGE_DIGEST", "IMAGE_DIGEST", "CONTAINER_IMAGE_DIGEST")
_IMAGE = ("LINEAGE_IMAGE", "CONTAINER_IMAGE", "IMAGE_NAME")


@dataclass(slots=True)
class Captured:
    """What was found, as fields of ``RunReported``."""

    code: CodeFact | None = None
    environment: EnvironmentFact | None = None
    gpu: GpuFact | None = None
    facts: dict[str, Any] = field(default_factory=dict[str, Any])

    def told(self) -> dict[str, Any]:
        """As arguments of the event; empty where nothing was found."""
        fields = {"code": self.code, "environment": self.environment, "gpu": self.gpu, "facts": self.facts}
        return {name: value for name, value in fields.items() if value}


def capture(config: Config, program: Program) -> Captured:
    """Everything that ``config.capture`` switches on; raises nothing."""
    found = Captured()
    for part in (_code, _environment, _command, _host, _gpus, _cluster, _allowed_variables):
        _guarded(part, found, config, program)
    return found


_Part = Callable[[Captured, Config, Program], None]


def _guarded(part: _Part, found: Captured, config: Config, program: Program) -> None:
    try:
        part(found, config, program)
    except Exception as error:  # noqa: BLE001 - the guard of capturing: a strange machine must not fail a run
        logger.info(
            "lineage: %s was not captured: %s: %s", part.__name__.strip("_"), type(error).__name__, error
        )


# --- code ------------------------------------------------------------------------------


def _code(found: Captured, config: Config, program: Program) -> None:
    shown, folder = program.entry if "entry" in config.capture else "", program.folder
    if shown:
        _digest_of_entry(found, folder / shown)
    if program.cell is not None and "entry" in config.capture:
        text = scrub_text(program.cell.text)
        found.facts["cell"] = {"number": program.cell.number, "text": shorten(text, CELL_CHARACTERS)}
    start = folder
    if program.python is None and shown.endswith((".py", ".ipynb")) and Path(shown).is_absolute():
        start = Path(shown).parent
    top = git(start, "rev-parse", "--show-toplevel") if "git" in config.capture else ""
    if not top:
        if shown:
            found.code = CodeFact(entry=_relative(shown, folder))
        return
    root = Path(top)
    if "argv" in config.capture:
        found.facts["root"] = str(root)
    dirty, diff = changes(root, wanted="diff" in config.capture, began=program.began)
    found.code = CodeFact(
        repo=scrub_uri(git(root, "config", "--get", "remote.origin.url")) or root.name,
        commit=git(root, "rev-parse", "HEAD"),
        branch=git(root, "symbolic-ref", "--short", "-q", "HEAD"),
        dirty_digest=dirty,
        diff=diff,
        entry=_relative(shown, root),
    )


def _digest_of_entry(found: Captured, path: Path) -> None:
    """Of a script outside any repository nothing else tells what was in it."""
    if path.is_file() and path.stat().st_size <= _ENTRY_BYTES:
        found.facts["entry_digest"] = "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


def _relative(entry: str, root: Path) -> str:
    with suppress(ValueError, OSError):
        return Path(entry).resolve().relative_to(root.resolve()).as_posix()
    return entry


# --- environment -----------------------------------------------------------------------


def _environment(found: Captured, config: Config, program: Program) -> None:
    env = config.environ
    image = "image" in config.capture
    python, packages = _python(program) if "packages" in config.capture else ("", {})
    lock = _lock_digest(program.folder) if python else ""
    text = "\n".join((python, lock, *(f"{name}=={version}" for name, version in sorted(packages.items()))))
    fact = EnvironmentFact(
        image=_first(env, _IMAGE) if image else "",
        image_digest=_first(env, _IMAGE_DIGEST) if image else "",
        lock_digest=lock,
        python=python,
        packages=packages,
        digest="sha256:" + hashlib.sha256(text.encode()).hexdigest() if python else "",
    )
    if fact != EnvironmentFact():
        found.environment = fact


def _python(program: Program) -> tuple[str, dict[str, str]]:
    """The version of the Python that runs the program, and what is installed for it; empty without one."""
    if program.python is None:
        return platform.python_version(), installed()
    return packages_of(program.python, program.folder) if program.python else ("", {})


@cache
def installed() -> dict[str, str]:
    """Installed distributions and their versions; once a process."""
    out: dict[str, str] = {}
    for one in distributions():
        with suppress(KeyError, OSError, ValueError, TypeError, AttributeError):
            name = str(one.metadata["Name"])
            out.setdefault(name, one.version)  # the first on the path is the one that is imported
    return dict(sorted(out.items()))


def _lock_digest(folder: Path) -> str:
    """Of the nearest lock file, no higher than the repository's root."""
    for place in (folder, *folder.parents):
        for name in _LOCKS:
            path = place / name
            if path.is_file():
                return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
        if (place / ".git").exists():
            break
    return ""


def _first(env: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((env[name] for name in names if env.get(name)), "")


# --- command, machine, cluster ---------------------------------------------------------


def _command(found: Captured, config: Config, program: Program) -> None:
    if "argv" in config.capture:
        found.facts["argv"] = scrub_argv(program.argv)[:200]
        found.facts["cwd"] = str(program.folder)


def _host(found: Captured, config: Config, program: Program) -> None:
    if "host" not in config.capture:
        return
    found.facts["host"] = {
        "name": socket.gethostname(),
        "os": platform.platform(terse=True),
        "machine": platform.machine(),
        "cpus": _usable_cpus(),
        "memory_bytes": _memory(),
        "pid": program.pid,
    }


def _usable_cpus() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _memory() -> int:
    """What this process may use: the container's bound, else the machine's."""
    with suppress(OSError, ValueError):
        return int(Path("/sys/fs/cgroup/memory.max").read_text())
    with suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return 0


def _gpus(found: Captured, config: Config, program: Program) -> None:
    # The tool can be there without a driver, and is slow to say so.
    if "gpu" not in config.capture or not any(Path(sign).exists() for sign in _NVIDIA):
        return
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return
    query = [tool, "--query-gpu=uuid,name,memory.total,driver_version", "--format=csv,noheader,nounits"]
    done = subprocess.run(
        query, capture_output=True, text=True, timeout=5, check=False, stdin=subprocess.DEVNULL
    )
    rows = [[cell.strip() for cell in line.split(",")] for line in done.stdout.splitlines()]
    rows = _visible([row for row in rows if len(row) == 4], config.environ.get("CUDA_VISIBLE_DEVICES"))
    if done.returncode == 0 and rows:
        found.gpu = GpuFact(
            product=rows[0][1],
            count=len(rows),
            devices=[row[0] for row in rows],
            memory_bytes=int(rows[0][2]) << 20 if rows[0][2].isdecimal() else None,
        )
        found.facts["gpu"] = {"driver": rows[0][3], "memory_mib": rows[0][2]}


def _visible(rows: list[list[str]], told: str | None) -> list[list[str]]:
    """As CUDA reads it: by number or by the beginning of the UUID; what follows a word that is none is not
    seen."""
    if told is None:
        return rows
    out: list[list[str]] = []
    for word in map(str.strip, told.split(",")):
        fitting = (row for i, row in enumerate(rows) if word and (word == str(i) or row[0].startswith(word)))
        row = next(fitting, None)
        if row is None:
            break
        out.append(row)
    return out


def _cluster(found: Captured, config: Config, program: Program) -> None:
    if "cluster" not in config.capture:
        return
    env = config.environ
    ids = {name: value for name, tried in _CLUSTER_IDS.items() if (value := _first(env, tried))}
    if "KUBERNETES_SERVICE_HOST" in env:
        # A pod's host name is its name, unless somebody said otherwise.
        ids.setdefault("kubernetes_pod", env.get("HOSTNAME", ""))
        with suppress(OSError):
            space = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
            ids.setdefault("kubernetes_namespace", space.read_text().strip())
    if ids:
        found.facts["cluster"] = ids


def _allowed_variables(found: Captured, config: Config, program: Program) -> None:
    chosen = {
        name: scrub_named(name, value)
        for name, value in sorted(config.environ.items())
        if any(fnmatchcase(name, pattern) for pattern in config.capture_env)
    }
    if chosen:
        found.facts["env"] = chosen
