"""``up`` (a laptop: graph, server and, if wanted, the sample) and ``serve`` (production).

Both run the server in this process until SIGINT or SIGTERM. The embedded engine is a child of the
server and ends with it, also when the server is killed (``graph/embedded_process.py``).
"""

from __future__ import annotations

import shlex
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lineage_server.cli.output import bold, note, say
from lineage_server.domain.errors import ConflictError, InvalidInputError

if TYPE_CHECKING:
    from lineage_server.cli.laptop import Companion
    from lineage_server.settings import Settings


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(up)
    app.command()(serve)


def up(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on (LINEAGE_HTTP__HOST; 127.0.0.1).")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port, 0 = any free one (LINEAGE_HTTP__PORT; 8080).")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder of the graph (LINEAGE_DATA_DIR; ~/.local/share/lineage).")
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Then run the sample project against it.")] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Open no browser.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Write the server's log, too.")] = False,
) -> None:
    """Start everything on this machine: graph and server.

    Serves until Ctrl+C; the data stays for the next start.
    """
    began = time.monotonic()
    settings = _settings(host, port, data_dir)
    check_port(settings.http.host, settings.http.port)

    from lineage_server.cli.laptop import Companion

    companion = Companion(settings.data_path, demo=demo, browser=not no_browser)

    def ready(address: str) -> None:
        say(bold(f"lineage is ready at {address}") + f"  (after {time.monotonic() - began:.1f} s)")
        say(f"  data      {settings.data_path}")
        if settings.auth.mode == "token":
            _tell_the_first_admin(settings.data_path)
        companion.begin(address)

    # The terminal belongs to the sample and its tree; the log speaks up when something is wrong.
    level = settings.log.level if _was_set(settings, "level") else "INFO" if verbose else "WARNING"
    _run(settings, level=level, form=settings.log.format, ready=ready, companion=companion)
    note("stopped; the data stays for the next start")


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (LINEAGE_HTTP__HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (LINEAGE_HTTP__PORT).")] = None,
) -> None:
    """Run the server alone, in production.

    Settings come from the environment, the log is JSON lines.
    """
    settings = _settings(host, port, None)
    check_port(settings.http.host, settings.http.port)
    form = settings.log.format if _was_set(settings, "format") else "json"

    def ready(address: str) -> None:
        import logging

        logging.getLogger(__name__).info("listening on %s", address)

    _run(settings, level=settings.log.level, form=form, ready=ready)


def _settings(host: str | None, port: int | None, data_dir: Path | None) -> Settings:
    from lineage_server.settings import load

    http = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    overrides: dict[str, Any] = {"http": http} if http else {}
    if data_dir is not None:
        overrides["data_dir"] = data_dir
    return load(overrides)


def _tell_the_first_admin(data_path: Path) -> None:
    """How whoever may read the file speaks to the server; gone with the file."""
    from lineage_server.auth.access import ADMIN_TOKEN_FILE

    file = data_path / ADMIN_TOKEN_FILE
    if file.is_file():
        say(f"  token     export LINEAGE_TOKEN=$(cat {shlex.quote(str(file))})")


def _was_set(settings: Settings, name: str) -> bool:
    return name in settings.log.model_fields_set


def _run(
    settings: Settings,
    *,
    level: str,
    form: Any,
    ready: Callable[[str], None],
    companion: Companion | None = None,
) -> None:
    _stop_with_the_terminal()
    try:
        from lineage_server.app import build_app
        from lineage_server.app import serve as serve_app
        from lineage_server.telemetry import start_logging
    except ModuleNotFoundError as missing:
        raise InvalidInputError(
            f"the server is not installed here ({missing.name} is missing); nothing was started. "
            "Install it with: pip install 'lineage-server[server]'"
        ) from missing
    start_logging(level=level, form=form)
    app = build_app(settings)
    try:
        serve_app(
            settings,
            ready=_telling(app, ready, companion),
            stopping=companion.leave if companion is not None else None,
            app=app,
        )
    finally:
        if companion is not None:
            companion.end()


def _telling(app: Any, ready: Callable[[str], None], companion: Companion | None) -> Callable[[str], None]:
    """Hand the companion the token that was just made, if one was, before it begins."""

    def told(address: str) -> None:
        first_admin = app.state.server.first_admin
        if companion is not None and first_admin is not None:
            companion.token = first_admin.text
        ready(address)
        sys.stdout.flush()

    return told


def _stop_with_the_terminal() -> None:
    """A closed terminal is a wish to stop, in the same orderly way as Ctrl+C; not under nohup."""
    hang_up = getattr(signal, "SIGHUP", None)
    if hang_up is None or threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(hang_up) is not signal.SIG_IGN:
        signal.signal(hang_up, lambda _signal, _frame: signal.raise_signal(signal.SIGTERM))


def check_port(host: str, port: int) -> None:
    """Say that the port is taken before the engine is started for nothing; raises ConflictError."""
    if not port:
        return
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise InvalidInputError(
            f"{host!r} is not an address of this machine ({error.strerror}); nothing was started",
            field="host",
        ) from None
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if isinstance(error, PermissionError):
                raise InvalidInputError(
                    f"port {port} is not yours to use ({error.strerror}); nothing was started. "
                    "Choose one above 1023 with --port",
                    field="port",
                ) from None
            raise _taken(host, port) from None


def _taken(host: str, port: int) -> ConflictError:
    version = _server_at(host, port)
    if version:
        whose = f"a lineage server that runs already (version {version})"
        then = f"Use that one, or start another with --port {port + 1} and its own folder: --data-dir"
    else:
        whose = "another program"
        then = f"Choose another one with --port {port + 1}, or --port 0 for any free one"
    return ConflictError(
        f"port {port} on {host} is in use by {whose}; nothing was started. {then}", current=f"{host}:{port}"
    )


def _server_at(host: str, port: int) -> str:
    """Most often it is a server that was forgotten: its version, empty where it is another program."""
    import http.client
    import json

    try:
        connection = http.client.HTTPConnection(host, port, timeout=1)
        connection.request("GET", "/version")
        found = json.loads(connection.getresponse().read(4096))
        connection.close()
        return str(found["version"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return ""
