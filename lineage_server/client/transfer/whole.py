"""The digest of a whole file while its parts arrive in any order: a thread follows those that are there."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence

from lineage_server.client.transfer.manifest import Piece

_CHUNK = 1024 * 1024


class Whole:
    """Of the file behind ``fd``, which stays open until ``digest`` or ``stop``."""

    def __init__(self, fd: int, pieces: Sequence[Piece]) -> None:
        self._fd = fd
        self._pieces = pieces
        self._there: set[int] = set()
        self._changed = threading.Condition()
        self._stopping = False
        self._digest = hashlib.sha256()
        self._thread = threading.Thread(target=self._follow, name="lineage-hash", daemon=True)
        self._thread.start()

    def arrived(self, piece: Piece) -> None:
        with self._changed:
            self._there.add(piece.start)
            self._changed.notify()

    def digest(self) -> str:
        """Once all have arrived."""
        self._thread.join()
        return self._digest.hexdigest()

    def stop(self) -> None:
        """Nobody wants to know any more."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def _follow(self) -> None:
        for piece in self._pieces:
            with self._changed:
                while piece.start not in self._there and not self._stopping:
                    self._changed.wait()
                if self._stopping:
                    return
            end = piece.start + piece.size
            for start in range(piece.start, end, _CHUNK):
                try:
                    data = os.pread(self._fd, min(_CHUNK, end - start), start)
                except OSError:
                    return  # its digest is then another one
                self._digest.update(data)
