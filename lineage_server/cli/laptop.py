"""What ``lineage up`` does beside serving: the sample, the browser, and a faster next start.

All of it waits for the server and must never hold it up, so it runs in one thread of its own; the
server's loop stays in the main thread. ``end`` leaves nothing running.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import subprocess
import sys
import threading
import webbrowser
from pathlib import Path
from shutil import which

from lineage_server.cli.demo import sample_command
from lineage_server.cli.environment import child_environment, has_screen
from lineage_server.cli.output import note, say

_END_SECONDS = 5.0
_QUIET_SECONDS = 20.0


class Companion:
    """One start of ``lineage up``: ``begin`` once the server answers, ``leave`` when it begins to stop,
    ``end`` when it has."""

    def __init__(self, data_dir: Path, *, demo: bool, browser: bool) -> None:
        self.token = ""
        self._data_dir = data_dir
        self._demo = demo
        self._browser = browser
        self._over = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None

    def begin(self, address: str) -> None:
        """Called on the server's loop: returns at once."""
        self._thread = threading.Thread(
            target=self._work, args=(address,), name="beside the server", daemon=True
        )
        self._thread.start()

    def leave(self) -> None:
        """The server is about to stop, and the sample must not find it gone: returns at once."""
        if self._over.is_set():
            return
        self._over.set()
        with self._guard:
            if self._child is not None and self._child.poll() is None:
                self._child.terminate()

    def end(self) -> None:
        """Stop whatever still runs."""
        self.leave()
        child = self._child
        if child is not None:
            try:
                child.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        if self._thread is not None:
            self._thread.join(_END_SECONDS)

    def _work(self, address: str) -> None:
        self._tell_how_to_reach(address)
        if self._demo:
            self._run_sample(address)
        if self._browser and sys.stdout.isatty() and has_screen() and not self._over.is_set():
            webbrowser.open(address)
        if not self._over.is_set():
            say("\nPress Ctrl+C to stop.")
            sys.stdout.flush()
        # Not while somebody looks at the first answers: it takes a core for some seconds.
        if not self._over.wait(_QUIET_SECONDS):
            self._speed_up_next_start()

    def _tell_how_to_reach(self, address: str) -> None:
        from lineage_server.client.config import DEFAULT_URL

        say(f"  GraphQL   {address}/graphql")
        if which("lineage") is None and (activate := Path(sys.executable).with_name("activate")).is_file():
            say(f"  commands  source {_as_seen_from_here(activate)}")
        if address != DEFAULT_URL:
            say(f"  clients   export LINEAGE_URL={address}")
        sys.stdout.flush()

    def _run_sample(self, address: str) -> None:
        say("\nrunning the sample project (real training, some seconds) …")
        sys.stdout.flush()
        told = {"LINEAGE_URL": address}
        if self.token:
            told["LINEAGE_TOKEN"] = self.token
        with self._guard:
            if self._over.is_set():
                return
            # A session of its own: Ctrl+C reaches only us, and we stop it in good order.
            self._child = subprocess.Popen(
                sample_command(self._data_dir / "sample", parent=os.getpid()),
                env=child_environment(told),
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        code = self._child.wait()
        if code and not self._over.is_set():
            note(f"the sample ended with code {code}; the server goes on. Again: lineage demo")

    def _speed_up_next_start(self) -> None:
        """Build the engine's start cache once, at the lowest priority; it is only speed."""
        from lineage_server.domain.errors import LineageError
        from lineage_server.graph.embedded import build_start_cache, default_cache_dir

        async def build() -> None:
            building = asyncio.current_task()
            assert building is not None
            loop = asyncio.get_running_loop()

            def watch() -> None:
                if self._over.is_set():
                    building.cancel()
                else:
                    loop.call_later(0.2, watch)

            watch()
            await build_start_cache(default_cache_dir())

        try:
            with contextlib.suppress(asyncio.CancelledError):
                asyncio.run(build())
        except LineageError as error:
            logging.getLogger(__name__).info("no start cache: %s", error.message)


def _as_seen_from_here(path: Path) -> Path:
    """What one types for it in this folder."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
