"""Ranks of a distributed job: which one a process is, and what all of them call the runs that they share.

Every rank starts the same program, and only rank 0 begins its runs. The others find their ids by themselves,
from what launchers tell all ranks of one start and nobody else: the n-th run of each has the same one.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineage_server.domain.ids import CLUSTER_NAMESPACE, clean_run_id

if TYPE_CHECKING:
    from lineage_server.client.config import Config

logger = logging.getLogger("lineage_server.client")

_RANKS = (
    # Global before local, each with how many there are. Slurm sets its own for `salloc` shells too, where
    # it is 0, and says of the step (not of the whole allocation) how many tasks it has.
    ("RANK", "WORLD_SIZE"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("PMI_RANK", "PMI_SIZE"),
    ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS"),
    ("LOCAL_RANK", "LOCAL_WORLD_SIZE"),
)
_OWN_RANK = re.compile(r"--?\w*[-_]?rank(=.*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rank:
    """One of ``of`` processes."""

    number: int = 0
    of: int = 1


ALONE = Rank()
"""Where there is no distributed job."""


def rank_in(env: Mapping[str, str]) -> Rank:
    """Which rank a process with this environment is."""
    for name, size in _RANKS:
        number = _whole(env, name)
        if number is not None:
            return Rank(number, max(_whole(env, size) or 1, number + 1))
    return ALONE


def _whole(env: Mapping[str, str], name: str) -> int | None:
    text = env.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() else None


def start_in(env: Mapping[str, str]) -> str:
    """What the launcher tells all ranks of one start of a job, and nobody else; empty where it tells nothing
    of the kind: an address to meet at, or a job's name, is the next start's as well."""
    return _torchrun(env) or _open_mpi(env) or _slurm(env)


def _torchrun(env: Mapping[str, str]) -> str:
    if env.get("GROUP_WORLD_SIZE") == "1" and (file := env.get("TORCHELASTIC_ERROR_FILE", "")):
        # <folder of this start>/attempt_<n>/<local rank>/error.json: new with each start and each attempt.
        attempt = os.path.dirname(os.path.dirname(file))
        return _joined("torchrun", attempt, *_of(env, "TORCHELASTIC_RUN_ID", "MASTER_ADDR", "MASTER_PORT"))
    if env.get("TORCHELASTIC_RUN_ID", "none") == "none":
        return ""  # of a static meeting of several machines
    # Of several machines each counts the attempts by itself, so they are left out.
    return _joined("torchrun", *_of(env, "TORCHELASTIC_RUN_ID", "MASTER_ADDR", "MASTER_PORT"))


def _open_mpi(env: Mapping[str, str]) -> str:
    if "OMPI_COMM_WORLD_RANK" not in env:
        return ""
    # Version 4 numbers its jobs by 16 bits; where its head listens makes them one of a kind. Version 5 names
    # them after the head's host and process.
    job = _of(env, "OMPI_MCA_ess_base_jobid", "OMPI_MCA_orte_hnp_uri", "PMIX_NAMESPACE")
    return _joined("mpi", *job) if any(job) else ""


def _slurm(env: Mapping[str, str]) -> str:
    """Of a job step of several tasks: what an allocation's own shell starts has none, one after the other."""
    if not (env.get("SLURM_JOB_ID") and env.get("SLURM_STEP_ID")):
        return ""
    if (_whole(env, "SLURM_STEP_NUM_TASKS") or 1) < 2:
        return ""
    names = "SLURM_CLUSTER_NAME", "SLURM_JOB_ID", "SLURM_STEP_ID", "SLURM_RESTART_COUNT"
    return _joined("slurm", *_of(env, *names))


def _of(env: Mapping[str, str], *names: str) -> list[str]:
    return [env.get(name, "") for name in names]


def _joined(*words: str) -> str:
    return "\0".join(words)


def _program(argv: Sequence[str]) -> str:
    """The command line but for what says which rank this is: one job step may run several programs."""
    told: list[str] = []
    left_out = False
    for word in argv:
        if left_out and not word.startswith("-"):
            left_out = False
            continue
        own = _OWN_RANK.fullmatch(word)
        left_out = own is not None and own[1] is None
        if own is None:
            told.append(word)
    return _joined(*told)


@dataclass(frozen=True, slots=True)
class RunId:
    """``id`` is empty where any will do, or of a rank above 0: where none is known. ``launched``: it is the
    one that LINEAGE_RUN_ID named. ``under``: the run that it is a part of, by which it was counted."""

    id: str = ""
    launched: bool = False
    under: str | None = None


class RunIds:
    """Ids for the runs of this process, in the order in which it begins them. Thread-safe."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._launched = config.run_id
        # Who launched the whole job knows its start, too.
        self._start = start_in(config.environ) or config.run_id or config.parent_run
        self._program = _program(sys.argv)
        self._process = os.getpid()
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._warned = False

    def take(self, parent: str | None) -> RunId:
        """Of the next run, which may be part of ``parent``."""
        with self._lock:
            launched, self._launched = self._launched, ""
            if launched:
                return RunId(clean_run_id(launched), launched=True)
            # What a rank forks begins runs of its own, which no other rank has.
            if self._config.rank.of < 2 or not self._start or os.getpid() != self._process:
                return RunId()
            under = parent or ""
            self._counts[under] += 1
            words = self._start, self._program, under, str(self._counts[under])
            return RunId(str(uuid.uuid5(CLUSTER_NAMESPACE, _joined(*words))), under=under)

    def next(self) -> str:
        """What ``take`` will answer for a run by itself."""
        taken = self.take(None)
        self.put_back(taken)
        return taken.id

    def put_back(self, taken: RunId) -> None:
        """It was not begun: the next one has it."""
        with self._lock:
            if taken.launched:
                self._launched = taken.id
            elif taken.under is not None:
                self._counts[taken.under] -= 1

    def outer(self, taken: RunId | None = None) -> str | None:
        """The run that those of a launched process belong to: the launched one, which has its own."""
        if (taken is not None and taken.launched) or not self._config.run_id:
            return self._config.parent_run or None
        return self._config.run_id

    def warn_of_none(self) -> None:
        """Say once that this rank does not know which run it is part of."""
        if self._warned or self._config.mode == "disabled":
            return
        self._warned = True
        logger.warning(
            "lineage: rank %d of %d does not know the id of the run that rank 0 begins, so nothing that it "
            "reads or makes is recorded. Give all ranks of a start the same new one "
            "(LINEAGE_RUN_ID=<a UUID>), or start all of them by one command: lineage run -- <launcher> …",
            self._config.rank.number,
            self._config.rank.of,
        )
