"""What a command writes: passed on as it comes, and kept for the log of its run.

Where we write to a terminal, the command sees one, too. Of much that is written the beginning and the end
are kept; what a progress bar has written over is not.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import sys
import termios
import threading
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, field

from lineage_server.client.scrub import scrub_text

HEAD_BYTES = 1024 * 1024
TAIL_BYTES = 4 * 1024 * 1024
_PIECE = 64 * 1024
_LAST_WORDS_SECONDS = 2.0
"""What the command has started may go on writing when it has ended itself; that is not waited for."""
_CONTROL = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])|[\x00-\x08\x0b-\x1f\x7f]"
)
_WRITTEN_OVER = re.compile(r"[^\n]*\r(?=[^\n])")


@dataclass
class Console:
    """Of one command: ``streams()`` are what it gets as output and errors, ``text()`` is what it wrote."""

    _head: bytearray = field(default_factory=bytearray)
    _tail: deque[bytes] = field(default_factory=deque[bytes])
    _in_tail: int = 0
    _left_out: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextlib.contextmanager
    def streams(self) -> Generator[tuple[int, int]]:
        """File descriptors for the start of the command; all is passed on when the block has ended."""
        out, err = sys.__stdout__, sys.__stderr__
        targets = [stream.fileno() if stream else os.open(os.devnull, os.O_WRONLY) for stream in (out, err)]
        shared = all(os.isatty(one) for one in targets)
        pairs = [_opened(targets[0])] * 2 if shared else [_opened(one) for one in targets]
        pumps = [
            threading.Thread(target=self._pump, args=(ours, target), name="lineage-console", daemon=True)
            for (ours, _), target in zip(pairs[:1] if shared else pairs, targets, strict=False)
        ]
        for pump in pumps:
            pump.start()
        try:
            yield pairs[0][1], pairs[1][1]
        finally:
            for _, theirs in set(pairs):
                os.close(theirs)
            for pump in pumps:
                pump.join(_LAST_WORDS_SECONDS)

    def text(self) -> str:
        """As somebody would read it, without secrets of known shapes."""
        with self._lock:
            head, tail, missing = bytes(self._head), b"".join(self._tail), self._left_out
        gap = f"\n… {missing:,} bytes are left out …\n".encode() if missing else b""
        told = (head + gap + tail).decode("utf-8", "replace").replace("\r\n", "\n")
        return scrub_text(_CONTROL.sub("", _WRITTEN_OVER.sub("", told)))

    def _pump(self, ours: int, target: int) -> None:
        with open(ours, "rb", buffering=0) as stream:
            while piece := _read(stream.fileno()):
                self._keep(piece)
                try:
                    _write(target, piece)
                except OSError:
                    return  # nobody reads us any more, which the command is to feel as well

    def _keep(self, piece: bytes) -> None:
        with self._lock:
            room = HEAD_BYTES - len(self._head)
            self._head += piece[:room]
            if rest := piece[room:]:
                self._tail.append(rest)
                self._in_tail += len(rest)
            while self._in_tail > TAIL_BYTES:
                gone = len(self._tail.popleft())
                self._in_tail -= gone
                self._left_out += gone


def _opened(target: int) -> tuple[int, int]:
    """Our end and the command's: of a terminal as large as ``target``, or of a pipe."""
    if not os.isatty(target):
        return os.pipe()
    ours, theirs = pty.openpty()
    with contextlib.suppress(OSError):
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, fcntl.ioctl(target, termios.TIOCGWINSZ, bytes(8)))
    modes = termios.tcgetattr(theirs)
    modes[1] &= ~termios.OPOST  # our own terminal ends the lines
    termios.tcsetattr(theirs, termios.TCSANOW, modes)
    return ours, theirs


def _read(source: int) -> bytes:
    try:
        return os.read(source, _PIECE)
    except OSError:  # how the end of a terminal is told
        return b""


def _write(target: int, piece: bytes) -> None:
    while piece:
        piece = piece[os.write(target, piece) :]
