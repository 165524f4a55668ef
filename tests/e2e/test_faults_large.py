"""Too much at once for the real server: a bomb of a gigabyte, events of ten megabytes."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx2
import psutil
import pytest

from tests.support.faults import EVENTS, event, lines, send, stored

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningServer

pytestmark = pytest.mark.e2e

MIB = 1 << 20
GROWTH_BYTES = 160 * MIB
"""The intake's own bound of an inflated body (64 MiB), twice while it is joined, and some slack."""


class Memory:
    """The highest resident size of a process between ``with`` and its end, beyond that at the start."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._ended = threading.Event()
        self._before = self._process.memory_info().rss
        self.growth = 0

    def __enter__(self) -> Memory:
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(5)

    def _watch(self) -> None:
        while not self._ended.wait(0.005):
            self.growth = max(self.growth, self._process.memory_info().rss - self._before)


def bomb(block: bytes) -> Iterator[bytes]:
    """A gigabyte in one gzip member, made piece by piece; a flushed block may be repeated as it is."""
    packer = zlib.compressobj(9, wbits=31)
    yield packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    for _ in range(1024 * MIB // len(block) - 1):
        yield again


@pytest.mark.parametrize("block", [bytes(MIB), b'{"type":"run"}\n' * 70_000, b'{"a":' * 200_000])
def test_bomb_of_a_gigabyte_is_refused_with_bounded_memory(
    running_server: RunningServer, block: bytes
) -> None:
    with (
        Memory(running_server.process.pid) as memory,
        httpx2.Client(base_url=running_server.url, timeout=40) as http,
    ):
        headers = {"content-encoding": "gzip"}
        answer = http.post(EVENTS, content=bomb(block), headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (413, "LIMIT")
        assert answer.json()["details"]["limit"] == 64 * MIB
    assert memory.growth < GROWTH_BYTES
    assert send(running_server.url, [event("after-bomb", 0)])["refused"] == 0


def test_events_of_ten_megabytes_are_refused_alone(running_server: RunningServer) -> None:
    large = event("large", 1, description="x" * 10_000_000)
    with (
        Memory(running_server.process.pid) as memory,
        httpx2.Client(base_url=running_server.url, timeout=40) as http,
    ):
        body = lines([event("large", 0), large, event("large", 2)])
        told = http.post(EVENTS, content=body).json()
        assert (told["accepted"], told["refused"]) == (2, 1)
        (verdict,) = told["events"]
        assert (verdict["index"], verdict["code"]) == (1, "LIMIT")
        assert "10000" in verdict["message"]
        assert http.post(EVENTS, content=body * 2).status_code == 413
    assert memory.growth < GROWTH_BYTES
    found = stored(running_server.graph, "large")
    found.check("large", [0, 2])
    assert len(found.events) == 2
