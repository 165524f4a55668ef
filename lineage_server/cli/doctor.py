"""``lineage doctor``: looks at everything that must be right, and says what to do where it is not.

Each check is a function that answers findings; none of them changes anything. A check that does not
apply (no server installed on a machine that only logs) says so and counts as right.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import typer

from lineage_server import __version__
from lineage_server.cli.options import AsJson
from lineage_server.cli.output import counted, mark, say, say_json
from lineage_server.domain.errors import LineageError

_LEAST_PYTHON = (3, 11)
_PATIENCE_SECONDS = 3.0
_SKEW_SECONDS = 5.0
_FREE_BYTES = 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; ``advice`` is what to do, empty where all is well. ``warning``: nothing is
    broken, but something is to be done."""

    name: str
    ok: bool
    text: str
    advice: str = ""
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Reached:
    """What the server at the client's address said."""

    url: str
    version: str = ""
    skew_seconds: float = 0.0
    parts: dict[str, Any] | None = None
    trouble: str = ""


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(doctor)


def doctor(as_json: AsJson = False) -> int:
    """Check this machine and the server, and say what to do.

    Looks at Python, engine, folders, port, server, clock, token and journal; 1 if something is wrong; what
    only waits is a warning.
    """
    findings: list[Finding] = []
    for finding in _all():
        findings.append(finding)
        if not as_json:
            # At once: some checks take their time.
            say(f"{mark(finding.ok, warning=finding.warning)} {finding.name:<9} {finding.text}", at_once=True)
            if finding.advice:
                say(f"               → {finding.advice}", at_once=True)
    if as_json:
        say_json([asdict(finding) for finding in findings])
    return 0 if all(finding.ok for finding in findings) else 1


def _all() -> Iterator[Finding]:
    yield python()
    yield from server_parts()
    client = client_settings()
    yield client
    if not client.ok:
        return
    reached = reach()
    yield server(reached)
    if not reached.trouble:
        yield graph(reached)
        yield clock(reached)
        yield token()
    yield journal()


def python(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """New enough."""
    text = f"{'.'.join(map(str, version))} on {platform.system()} ({sys.executable})"
    if version >= _LEAST_PYTHON:
        return Finding("python", True, text)
    return Finding("python", False, text, "install Python 3.11 or newer")


def server_parts() -> Iterator[Finding]:
    """What ``lineage up`` needs on this machine."""
    if find_spec("pydantic_settings") is None or find_spec("uvicorn") is None:
        yield Finding("settings", True, "only the client is installed here; it needs no settings")
        return
    from lineage_server.settings import load

    try:
        settings = load()
    except LineageError as error:
        yield Finding("settings", False, str(error), "mend it; 'lineage settings' lists what there is")
        return
    yield Finding("settings", True, "can be read")
    if settings.graph.uri:
        yield Finding("engine", True, f"not used: the graph is at {settings.graph.uri}")
    else:
        yield engine()
    yield folder(settings.data_path)
    yield port(settings.http.host, settings.http.port)


def engine() -> Finding:
    """The embedded engine is whole and its Java runs."""
    from lineage_server.graph.embedded_process import find_engine

    try:
        install = find_engine()
        subprocess.run([install.java, "-version"], capture_output=True, timeout=30, check=True)
    except LineageError as error:
        return Finding("engine", False, error.message, "pip install --force-reinstall arcadedb-embedded")
    except (OSError, subprocess.SubprocessError) as error:
        return Finding(
            "engine",
            False,
            f"its Java does not run: {error}",
            "reinstall arcadedb-embedded on this machine (its wheel fits one kind of processor)",
        )
    return Finding("engine", True, f"ArcadeDB {install.version} with its own Java")


def folder(path: Path) -> Finding:
    """Where the server keeps its data."""
    return _place(
        "folder", path, setting="LINEAGE_DATA_DIR", full="the graph stops taking events when it is full"
    )


def _place(name: str, path: Path, *, setting: str, full: str) -> Finding:
    """A folder, or where it will be made, can be written and has room."""
    there = path
    while not os.path.lexists(there) and there != there.parent:  # nor where nobody may look
        there = there.parent
    if not os.path.isdir(there) or not os.access(there, os.W_OK | os.X_OK):
        return Finding(
            name,
            False,
            f"{path} cannot be written by you",
            f"change its owner, or set {setting} to another folder",
        )
    import shutil

    free = shutil.disk_usage(there).free
    text = f"{path} can be written, {free // 2**20} MiB are free"
    if free < _FREE_BYTES:
        return Finding(name, False, text, f"free some space: {full}")
    return Finding(name, True, text)


def port(host: str, number: int) -> Finding:
    """Free for ``lineage up``, or used by our own server."""
    from lineage_server.cli.serving import check_port

    try:
        check_port(host, number)
    except LineageError as error:
        ours = "lineage server" in error.message
        return Finding(
            "port",
            ours,
            f"{number} on {host} is used by {'a lineage server' if ours else 'another program'}",
            "" if ours else f"start with --port {number + 1}, or set LINEAGE_HTTP__PORT",
        )
    return Finding("port", True, f"{number} on {host} is free")


def client_settings() -> Finding:
    """What clients of this machine are told can be read; without it no server can be asked."""
    from lineage_server.client.config import load_config

    try:
        load_config()
    except LineageError as error:
        return Finding("client", False, str(error), "mend it; 'lineage settings' lists what there is")
    return Finding("client", True, "its settings can be read")


def reach() -> Reached:
    """Ask the server that clients of this machine speak to; needs no token."""
    from lineage_server.client.config import load_config

    url = load_config().url.rstrip("/")
    if not url:
        return Reached("", trouble="clients are told to work without a server")
    try:
        before = time.time()
        with urllib.request.urlopen(f"{url}/version", timeout=_PATIENCE_SECONDS) as answer:
            now = (before + time.time()) / 2
            version = str(json.load(answer)["version"])
            date = answer.headers.get("date", "")
    except (OSError, ValueError, KeyError, TypeError) as error:
        return Reached(url, trouble=_reason(error))
    skew = 0.0
    with suppress(ValueError, TypeError):
        # The header is cut to whole seconds: half a second is the better guess.
        skew = now - parsedate_to_datetime(date).timestamp() - 0.5
    return Reached(url, version, skew, _parts(url))


def _parts(url: str) -> dict[str, Any] | None:
    try:
        with urllib.request.urlopen(f"{url}/readyz?verbose", timeout=_PATIENCE_SECONDS * 2) as answer:
            return dict(json.load(answer)["parts"])
    except urllib.error.HTTPError as refused:  # 503 brings the same body
        with suppress(ValueError, KeyError, TypeError):
            return dict(json.load(refused)["parts"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"answers, but not as a lineage server (HTTP {error.code})"
    if not isinstance(error, OSError):
        return "answers, but not as a lineage server"
    inner: object = getattr(error, "reason", error)
    return f"does not answer ({getattr(inner, 'strerror', None) or inner})"


def server(reached: Reached) -> Finding:
    """Somebody answers, in a version that we understand."""
    if reached.trouble:
        return Finding(
            "server",
            False,
            f"{reached.url} {reached.trouble}".strip(),
            "start one with 'lineage up', or set LINEAGE_URL to where it runs; "
            "what is logged meanwhile is kept, 'lineage sync' sends it",
        )
    text = f"{reached.url} answers, version {reached.version}"
    if reached.version.split(".")[:2] != __version__.split(".")[:2]:
        return Finding(
            "server", False, f"{text}; this client is {__version__}", "bring both to the same minor version"
        )
    return Finding("server", True, text)


def graph(reached: Reached) -> Finding:
    """The server's parts say that they are ready."""
    if reached.parts is None:
        return Finding(
            "graph", False, "the server does not say whether it is ready", "look at the server's log"
        )
    away = {name: part for name, part in reached.parts.items() if not part.get("ok")}
    if away:
        text = "; ".join(f"{name}: {part.get('detail')}" for name, part in away.items())
        return Finding("graph", False, text, "nothing is lost: clients send again once it is back")
    details = "; ".join(f"{name}: {part.get('detail')}" for name, part in reached.parts.items())
    return Finding("graph", True, details)


def clock(reached: Reached) -> Finding:
    """Ours and the server's agree: lineage is ordered by the time of events."""
    where = "ahead of" if reached.skew_seconds > 0 else "behind"
    text = f"{abs(reached.skew_seconds):.1f} s {where} the server's"
    if abs(reached.skew_seconds) > _SKEW_SECONDS:
        return Finding(
            "clock", False, text, "set this machine's clock (NTP): events are ordered by their time"
        )
    return Finding("clock", True, "agrees with the server's")


def token() -> Finding:
    """The server takes what we show it."""
    from lineage_server.client.shortcuts import gql

    try:
        me = gql("{ me { subject } }")["me"]
    except LineageError as error:
        return Finding("token", False, error.message, "set LINEAGE_TOKEN to a token of yours")
    return Finding("token", True, f"you are {me['subject']}")


def journal() -> Finding:
    """What runs tell can be written down, and nothing of it waits or was refused."""
    from lineage_server.client.config import load_config
    from lineage_server.client.syncing import leftovers

    folder = load_config().journal_dir
    place = _place(
        "journal", folder, setting="LINEAGE_JOURNAL_DIR", full="what runs tell has nowhere to wait otherwise"
    )
    if not place.ok:
        return place
    # Those of living processes are sent by these.
    try:
        waiting = sum(not left.busy for left in leftovers(folder))
    except LineageError as error:
        return Finding("journal", False, error.message, "set LINEAGE_JOURNAL_DIR to another folder")
    if waiting:
        verb = "wait" if waiting > 1 else "waits"
        text = f"{counted(waiting, 'journal')} {verb} to be sent in {folder}"
        return Finding("journal", True, text, "run 'lineage sync'", warning=True)
    if refused := len(list(folder.glob("*.refused"))):
        return Finding(
            "journal",
            False,
            f"the server refused events of {counted(refused, 'journal')}, they are kept in {folder}",
            "each line of *.refused says why; 'lineage sync' tries again what lacked a project, a right or"
            " the time to be true, or delete the files",
        )
    return Finding("journal", True, f"nothing waits in {folder}")
