"""What a client is told by its surroundings: address, token, project, mode, folders, switches.

The only module of the client that reads the environment; everything else gets values. Standard
library only, since it is loaded by ``import lineage_server`` users in every process.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from lineage_server.client.ranks import ALONE, Rank, rank_in
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import DEFAULT_PROJECT, clean_project, shorten, watched_run_id

DEFAULT_URL = "http://127.0.0.1:8080"
MODES = ("online", "offline", "disabled")
UPLOADS = ("auto", "always", "never")
PROGRESS = ("auto", "never")
CAPTURES = ("git", "diff", "entry", "argv", "packages", "image", "host", "gpu", "cluster", "address")
"""What is captured by itself; each word switches one thing. ``address``: of addresses that are read or made,
which version lies there, as their place tells it (ETag, commit …)."""


class Setting(NamedTuple):
    """One environment variable of the client."""

    env: str
    default: str
    help: str


CLIENT_SETTINGS: tuple[Setting, ...] = (
    Setting("LINEAGE_URL", DEFAULT_URL, "address of the server"),
    Setting("LINEAGE_TOKEN", "", "token sent as bearer; empty = none"),
    Setting("LINEAGE_PROJECT", DEFAULT_PROJECT, "project of runs that name none"),
    Setting(
        "LINEAGE_MODE",
        "online",
        "online: send; offline: only write the journal, 'lineage sync' sends it; disabled: do nothing",
    ),
    Setting("LINEAGE_JOURNAL_DIR", "~/.local/share/lineage/journal", "folder of the journals (honours XDG)"),
    Setting(
        "LINEAGE_UPLOAD",
        "auto",
        "whether the bytes of what runs produce go to the server: auto: where it has a store; always: wait "
        "for one that has; never: they stay where they are",
    ),
    Setting(
        "LINEAGE_UPLOAD_WAIT",
        "3600",
        "most seconds that the end of a run waits for its uploads, as long as they move on",
    ),
    Setting(
        "LINEAGE_PROGRESS",
        "auto",
        "how far downloads and uploads are: auto: bars on a terminal and in a notebook, else a line now and "
        "then; never: nothing",
    ),
    Setting(
        "LINEAGE_CACHE_DIR", "~/.cache/lineage", "folder of downloads and remembered digests (honours XDG)"
    ),
    Setting(
        "LINEAGE_CACHE_MB",
        "10240",
        "most MiB of downloads that stay in the cache, besides what is in use; what was not used for longest "
        "goes first, and makes room on a full disk",
    ),
    Setting(
        "LINEAGE_CAPTURE",
        ",".join(CAPTURES),
        "what runs capture by themselves, separated by commas; 'none' = nothing, '-diff' = all but that; "
        "'address' asks addresses (s3://…) which version lies there",
    ),
    Setting("LINEAGE_CAPTURE_ENV", "", "names of environment variables to record, '*' at the end matches"),
    Setting("LINEAGE_RUN_ID", "", "id of the first run of the process; set by launchers"),
    Setting(
        "LINEAGE_CLUSTER",
        "",
        "cluster that this process runs in, as its watcher calls it; with LINEAGE_WORKLOAD_UID the first run "
        "of the process is the one that the watcher records",
    ),
    Setting(
        "LINEAGE_WORKLOAD_UID",
        "",
        "Kubernetes uid of the watched workload (metadata.uid of the job, trial or step) that this process "
        "is",
    ),
    Setting("LINEAGE_PARENT_RUN", "", "run that runs of this process are children of; set by 'lineage run'"),
    Setting(
        "LINEAGE_VOLUMES",
        "",
        "where claims are mounted here, as 'claim=/folder,…': what lies there is told as pvc://claim/path, "
        "which means the same wherever else the claim is mounted",
    ),
    Setting(
        "LINEAGE_SCRATCH",
        "",
        "folder of whose files no places are recorded, since it goes again; set by 'lineage reproduce'",
    ),
    Setting(
        "LINEAGE_REPRODUCES",
        "",
        "run that is done again here, to compare: runs, artifacts and metrics are recorded, models, aliases "
        "and what else is curated stay as they are; set by 'lineage reproduce'",
    ),
)
"""Every variable the client reads of its own; ids of Kubernetes, Slurm and others are in ``capture``."""


def present_settings(environ: Mapping[str, str] | None = None) -> list[tuple[Setting, str]]:
    """Each with its present value; of a token only that there is one."""
    env = os.environ if environ is None else environ

    def value(setting: Setting) -> str:
        told = env.get(setting.env, "").strip()
        return "********" if told and setting.env == "LINEAGE_TOKEN" else told or setting.default

    return [(setting, value(setting)) for setting in CLIENT_SETTINGS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A client's settings, complete."""

    url: str = DEFAULT_URL
    token: str = field(default="", repr=False)
    project: str = DEFAULT_PROJECT
    mode: str = "online"
    journal_dir: Path = Path()
    cache_dir: Path = Path()
    cache_bytes: int = 10_240 << 20
    upload: str = "auto"
    upload_wait: float = 3600.0
    show_progress: bool = True
    capture: frozenset[str] = frozenset(CAPTURES)
    capture_env: tuple[str, ...] = ()
    run_id: str = ""
    parent_run: str = ""
    scratch: Path | None = None
    reproduces: str = ""
    volumes: Mapping[str, Path] = field(default_factory=dict[str, Path])
    rank: Rank = ALONE
    environ: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)


def load_config(
    *,
    url: str | None = None,
    token: str | None = None,
    project: str | None = None,
    mode: str | None = None,
    journal_dir: str | os.PathLike[str] | None = None,
    capture: str | None = None,
    show_progress: bool | None = None,
    environ: Mapping[str, str] | None = None,
) -> Config:
    """Arguments first, then the environment, then the defaults; raises InvalidInputError."""
    env = dict(os.environ if environ is None else environ)

    def told(value: str | None, name: str, default: str) -> str:
        return value if value is not None else env.get(name, "").strip() or default

    mode = told(mode, "LINEAGE_MODE", "online").lower()
    if mode not in MODES:
        raise InvalidInputError(
            f"LINEAGE_MODE {shorten(mode)!r} is not a mode", field="mode", allowed=", ".join(MODES)
        )
    upload = _one_of(told(None, "LINEAGE_UPLOAD", "auto"), "upload", UPLOADS)
    shown = _one_of(told(None, "LINEAGE_PROGRESS", "auto"), "progress", PROGRESS)
    home = Path(env.get("HOME") or os.path.expanduser("~"))
    return Config(
        url=_clean_url(told(url, "LINEAGE_URL", DEFAULT_URL)),
        token=_clean_token(told(token, "LINEAGE_TOKEN", "")),
        project=clean_project(told(project, "LINEAGE_PROJECT", DEFAULT_PROJECT)),
        mode=mode,
        journal_dir=_journal_dir(journal_dir, env, home),
        cache_dir=_cache_dir(env, home),
        cache_bytes=int(_number(told(None, "LINEAGE_CACHE_MB", "10240"), "cache_mb") * (1 << 20)),
        upload=upload,
        upload_wait=_number(told(None, "LINEAGE_UPLOAD_WAIT", "3600"), "upload_wait"),
        show_progress=shown != "never" if show_progress is None else show_progress,
        capture=captures(told(capture, "LINEAGE_CAPTURE", "all")),
        capture_env=tuple(n for raw in env.get("LINEAGE_CAPTURE_ENV", "").split(",") if (n := raw.strip())),
        run_id=env.get("LINEAGE_RUN_ID", "").strip() or _watched_run(env),
        parent_run=env.get("LINEAGE_PARENT_RUN", "").strip(),
        scratch=Path(scratch).resolve() if (scratch := env.get("LINEAGE_SCRATCH", "").strip()) else None,
        reproduces=env.get("LINEAGE_REPRODUCES", "").strip(),
        volumes=_volumes(env.get("LINEAGE_VOLUMES", "")),
        rank=rank_in(env),
        environ=env,
    )


def _watched_run(env: Mapping[str, str]) -> str:
    """Id of the run that a watcher records of this process; empty where none is known to."""
    cluster, uid = (env.get(name, "").strip() for name in ("LINEAGE_CLUSTER", "LINEAGE_WORKLOAD_UID"))
    if uid and not cluster:
        raise InvalidInputError(
            "LINEAGE_WORKLOAD_UID says which workload this is, but not of which cluster",
            field="workload_uid",
            allowed="together with LINEAGE_CLUSTER, the cluster's name",
        )
    return watched_run_id(cluster, uid) if uid else ""


def _one_of(text: str, name: str, words: tuple[str, ...]) -> str:
    if (word := text.lower()) not in words:
        raise InvalidInputError(
            f"LINEAGE_{name.upper()} has {shorten(word)!r}", field=name, allowed=", ".join(words)
        )
    return word


def _number(text: str, name: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 <= number < 1 << 63:
        raise InvalidInputError(
            f"LINEAGE_{name.upper()} {shorten(text)!r} is no number",
            field=name,
            allowed="a number, 0 or more",
        )
    return number


def _volumes(text: str) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for pair in filter(None, (raw.strip() for raw in text.split(","))):
        claim, _, folder = (word.strip() for word in pair.partition("="))
        if not claim or "/" in claim or not os.path.isabs(folder):
            raise InvalidInputError(
                f"LINEAGE_VOLUMES has {shorten(pair)!r}",
                field="volumes",
                allowed="claim=/folder,claim=/folder",
            )
        found[claim] = Path(folder)
    return found


def _clean_url(url: str) -> str:
    url = url.strip().rstrip("/")
    if url and not url.startswith(("http://", "https://")):
        raise InvalidInputError(
            f"LINEAGE_URL {shorten(url)!r} is not an address",
            field="url",
            allowed="http://host:port or https://host",
        )
    return url


def _clean_token(token: str) -> str:
    """A header takes printable ASCII only; what is wrong with a secret is not repeated."""
    token = token.strip()
    if not (token.isascii() and token.isprintable()):
        raise InvalidInputError(
            "LINEAGE_TOKEN has characters that no token has",
            field="token",
            allowed="a token as the server printed it, such as lin_…",
        )
    return token


def _journal_dir(told: str | os.PathLike[str] | None, env: Mapping[str, str], home: Path) -> Path:
    named = os.fspath(told) if told is not None else env.get("LINEAGE_JOURNAL_DIR", "")
    if named:
        return Path(named).expanduser().absolute()
    return Path(env.get("XDG_DATA_HOME") or home / ".local" / "share") / "lineage" / "journal"


def _cache_dir(env: Mapping[str, str], home: Path) -> Path:
    named = env.get("LINEAGE_CACHE_DIR", "")
    if named:
        return Path(named).expanduser().absolute()
    return Path(env.get("XDG_CACHE_HOME") or home / ".cache") / "lineage"


def captures(text: str) -> frozenset[str]:
    """Read a list of switches: ``git,argv``, ``none``, ``all`` or ``-diff,-gpu``."""
    words = [w for raw in text.lower().split(",") if (w := raw.strip())]
    every = frozenset(CAPTURES)
    bad = [w for w in words if w.lstrip("-") not in {*every, "all", "none"}]
    if bad:
        raise InvalidInputError(
            f"LINEAGE_CAPTURE has {shorten(bad[0])!r}",
            field="capture",
            allowed=f"all, none, or of {', '.join(CAPTURES)}, with '-' in front to leave one out",
        )
    wanted = {w for w in words if not w.startswith("-")}
    if "none" in wanted:
        return frozenset()
    chosen = every if not wanted or "all" in wanted else frozenset(wanted)
    return chosen - {w[1:] for w in words if w.startswith("-")}
