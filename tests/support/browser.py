"""A real browser, driven over its own debugging protocol: Debian's Chromium, or any that is on the PATH.

``browsing(folder)`` gives a page that opens addresses, runs JavaScript and remembers what went wrong in
it and which addresses it asked for. ``python -m tests.support.browser`` installs one where there is none
and Debian's packages can be had (by root); elsewhere it says what to do, and the tests are skipped.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
START_SECONDS = 50.0
PATIENCE_SECONDS = 30.0
KEYS = {
    "Tab": (9, ""), "Enter": (13, "\r"), "Escape": (27, ""), " ": (32, " "),
    "End": (35, ""), "Home": (36, ""), "ArrowLeft": (37, ""), "ArrowUp": (38, ""),
    "ArrowRight": (39, ""), "ArrowDown": (40, ""),
}  # fmt: skip
"""What the browser acts on: the number of a key, and what it types."""
OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-extensions",
    "--disable-sync", "--remote-debugging-port=0",
)  # fmt: skip
MISSING = f"none of {', '.join(NAMES)} is on the PATH; install Chromium, or run `make test` as root on Debian"
PACKAGES = ("chromium", "fonts-noto-cjk")
INSTALL_SECONDS = 900


def is_there() -> bool:
    """Whether a browser can be started here."""
    return _program() is not None


def _program() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Page:
    """One tab. ``complaints``: exceptions, errors on the console and refused or failed loads."""

    def __init__(self, socket: ClientConnection, address: str) -> None:
        self.address = address
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self._socket = socket
        self._number = 0
        self._workers: list[tuple[str, dict[str, Any]]] | None = None
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.do(f"{domain}.enable")

    def do(self, method: str, **params: Any) -> dict[str, Any]:
        """One command and its result."""
        number = self._send(method, params)
        while True:
            told = json.loads(self._socket.recv(timeout=PATIENCE_SECONDS))
            if told.get("id") == number:
                assert "error" not in told, (method, told["error"])
                return told["result"]
            if "method" in told:  # else the late answer of a command that nobody waits for any more
                self._note(told["method"], told["params"])

    def _send(self, method: str, params: dict[str, Any], **to: str) -> int:
        """Without waiting for its answer, which has this number."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params, **to}))
        return self._number

    def hear_workers(self, *, first: str = "", blocked: Sequence[str] = ()) -> None:
        """Until ``clear``, note also what workers ask for and complain of. Each runs ``first`` before its own
        script, and gets nothing from addresses that are ``blocked``."""
        self._workers = [(f"{domain}.enable", {}) for domain in ("Runtime", "Log", "Network")]
        self._workers += [("Network.setBlockedURLs", {"urls": list(blocked)})] if blocked else []
        self._workers += [("Runtime.evaluate", {"expression": first})] if first else []
        self.do("Target.setAutoAttach", autoAttach=True, waitForDebuggerOnStart=True, flatten=True)

    def _note(self, event: str, told: dict[str, Any]) -> None:
        if event == "Target.attachedToTarget":
            if not told["waitingForDebugger"]:
                return  # of a page before, which is on its way out, and says again what it complained of
            for method, params in (*(self._workers or ()), ("Runtime.runIfWaitingForDebugger", {})):
                self._send(method, params, sessionId=told["sessionId"])
        elif event == "Network.requestWillBeSent":
            self.asked.append(told["request"]["url"])
        elif event == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.complaints.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")
        elif event == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(told["exceptionDetails"])[:2000])
        elif event == "Runtime.consoleAPICalled" and told["type"] == "error":
            self.complaints.append(json.dumps(told["args"])[:2000])

    def run(self, script: str) -> Any:
        """What an expression of JavaScript comes to."""
        done = self._evaluated(script)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def _evaluated(self, script: str) -> dict[str, Any]:
        return self.do("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)

    def wait_for(self, script: str) -> Any:
        """Until an expression is true; it is not as long as what it asks of is not there yet."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            done = self._evaluated(script)
            absent = done.get("exceptionDetails", {}).get("exception", {}).get("className") == "TypeError"
            assert absent or "exceptionDetails" not in done, done
            if not absent and (value := done["result"].get("value")):
                return value
            assert time.monotonic() < deadline, (script, done, self.run("document.body.innerText"))
            time.sleep(0.05)

    def open(self, url: str) -> None:
        self.do("Page.navigate", url="about:blank")  # else a change of the fragment alone loads nothing
        self.do("Page.navigate", url=url)
        place = url.partition("?")[0]  # what is asked for there, the page may write anew at once
        self.wait_for(f"location.href.startsWith({place!r}) && document.readyState === 'complete'")

    def clear(self) -> None:
        """Forget what was: an empty page in a window of 1440 × 900, no cookies, nothing kept or told, and
        no way back, of which a tab keeps 50 steps."""
        self.do("Page.navigate", url="about:blank")
        self.wait_for("location.href === 'about:blank'")
        if self._workers is not None:
            self.do("Target.setAutoAttach", autoAttach=False, waitForDebuggerOnStart=False, flatten=True)
            self._workers = None
        self.do("Page.resetNavigationHistory")
        self.do("Network.clearBrowserCookies")
        for origin in {"/".join(url.split("/")[:3]) for url in self.asked if url.startswith("http")}:
            self.do("Storage.clearDataForOrigin", origin=origin, storageTypes="local_storage")
        self.look(1440, 900)
        self.complaints.clear()
        self.asked.clear()

    def click(self, found: str) -> None:
        """What an expression of JavaScript finds, once it is there and may be pressed: in one go, for it may
        be drawn anew."""
        self.wait_for(f"((one) => !!one && !one.disabled && (one.click(), true))({found})")

    def type(self, selector: str, text: str) -> None:
        """Into a field, once it is there, in place of what is there: in one go, for a form that opens leads
        keys to one of its fields a moment later."""
        typed = f"document.execCommand('insertText', false, {json.dumps(text)})"
        self.wait_for(
            f"((field) => !!field && (field.focus(), field.select(), {typed}, true))"
            f"(document.querySelector({selector!r}))"
        )

    def press(self, key: str, *, control: bool = False, shift: bool = False) -> None:
        """As on a keyboard, with what the browser itself does about it."""
        number, text = KEYS.get(key, (0, ""))
        held = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": number}
        held["modifiers"] = 2 * control + 8 * shift
        down = {"type": "keyDown", "text": text} if text and not control else {"type": "rawKeyDown"}
        for told in (down, {"type": "keyUp"}):
            self.do("Input.dispatchKeyEvent", **held, **told)

    def drag(self, begin: tuple[float, float], end: tuple[float, float], *, steps: int = 5) -> None:
        """The left button of a mouse pressed, moved and let go, between two places of the window."""
        (x, y), (to_x, to_y) = begin, end
        told = {"button": "left", "buttons": 1, "clickCount": 1}
        self.do("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        self.do("Input.dispatchMouseEvent", type="mousePressed", x=x, y=y, **told)
        for at in range(1, steps + 1):
            share = at / steps
            place = {"x": x + (to_x - x) * share, "y": y + (to_y - y) * share}
            self.do("Input.dispatchMouseEvent", type="mouseMoved", **place, **told)
        self.do("Input.dispatchMouseEvent", type="mouseReleased", x=to_x, y=to_y, **told)

    def look(self, width: int, height: int, *, dark: bool = False) -> bytes:
        """A picture (PNG) of the page in a window of this size."""
        self.do("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                mobile=False)  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.do("Emulation.setEmulatedMedia", features=[scheme])
        return base64.b64decode(self.do("Page.captureScreenshot")["data"])


@contextlib.contextmanager
def another_tab(page: Page) -> Iterator[Page]:
    """Beside that one, in the same browser: with the same cookies."""
    host, _, own = page.address.rpartition("/")
    made = page.do("Target.createTarget", url="about:blank")["targetId"]
    assert made != own
    with connect(f"{host}/{made}", max_size=None, open_timeout=START_SECONDS, ping_interval=None) as socket:
        yield Page(socket, f"{host}/{made}")
    page.do("Target.closeTarget", targetId=made)


@contextlib.contextmanager
def browsing(folder: Path) -> Iterator[Page]:
    """A browser with a new profile in ``folder``, until the block is left."""
    program = _program()
    if program is None:
        pytest.skip(f"no browser: {MISSING}")
    profile = folder / "browser"
    with subprocess.Popen(
        [program, *OPTIONS, f"--user-data-dir={profile}", "about:blank"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            address = _tab(profile, process)
            with connect(address, max_size=None, open_timeout=START_SECONDS, ping_interval=None) as socket:
                yield Page(socket, address)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _tab(profile: Path, process: subprocess.Popen[bytes]) -> str:
    """The address of its first tab."""
    import urllib.request

    deadline = time.monotonic() + START_SECONDS
    told = profile / "DevToolsActivePort"
    while not (told.exists() and "\n" in told.read_text()):
        assert process.poll() is None, f"the browser ended with {process.returncode}"
        assert time.monotonic() < deadline, "the browser does not start"
        time.sleep(0.05)
    port = told.read_text().split()[0]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=START_SECONDS) as answer:
        return next(tab["webSocketDebuggerUrl"] for tab in json.load(answer) if tab["type"] == "page")


def install() -> None:
    """See that there is a browser; raises ``SystemExit`` with what to do where there can be none."""
    if _program() is not None:
        return
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        sys.exit(MISSING)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (("update",), ("install", "--yes", "--no-install-recommends", *PACKAGES)):
        done = subprocess.run(
            [apt, "-qq", *words],
            env=environment, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False,
        )  # fmt: skip
        if done.returncode:
            sys.exit(f"Chromium cannot be installed here: {done.stderr.strip()[-500:]}")


if __name__ == "__main__":
    install()


class Browser:
    """One tab for all tests of the web view; a new one where the former broke down under its test."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._open, self._count = folder, contextlib.ExitStack(), 0
        self._page: Page | None = None

    def page(self) -> Page:
        if self._page is not None:
            try:
                self._page.clear()
            except (ConnectionClosed, TimeoutError):
                self.close()
        if self._page is None:
            self._count += 1
            folder = self._folder / str(self._count)
            folder.mkdir()
            self._page = self._open.enter_context(browsing(folder))
            self._page.clear()
        return self._page

    def close(self) -> None:
        self._page = None
        with contextlib.suppress(ConnectionClosed, TimeoutError):
            self._open.close()
