"""How large a run is, and on which engines: what every benchmark is handed."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.rows import Engine


@dataclass(frozen=True)
class Context:
    """``turn_seconds``: how long each side is measured in a turn; ``turns``: how often."""

    engines: tuple[Engine, ...]
    full: bool

    @property
    def turns(self) -> int:
        return 9 if self.full else 5

    @property
    def turn_seconds(self) -> float:
        return 5.0 if self.full else 2.0

    @property
    def size(self) -> str:
        return "full" if self.full else "short"
