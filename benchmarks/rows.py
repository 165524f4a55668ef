"""What a benchmark hands back: rows with a figure, its peer and its target."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Engine = Literal["embedded", "neo4j", "-"]
_SIGNS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥"}


@dataclass(frozen=True, kw_only=True)
class Target:
    """A bound on the figure itself or on the ratio to the peer."""

    sign: Literal["<", "<=", ">", ">="]
    bound: float
    of: Literal["value", "ratio"] = "value"

    def met(self, value: float | None, ratio: float | None) -> bool | None:
        """None where there is nothing to compare."""
        actual = value if self.of == "value" else ratio
        if actual is None:
            return None
        return {
            "<": actual < self.bound,
            "<=": actual <= self.bound,
            ">": actual > self.bound,
            ">=": actual >= self.bound,
        }[self.sign]

    def text(self, unit: str) -> str:
        tail = f" {unit}" if self.of == "value" else "×"
        return f"{_SIGNS[self.sign]} {self.bound:,g}{tail}"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table. ``ratio`` is ours divided by the peer's; ``met`` None = no target."""

    name: str
    engine: Engine
    value: float | None
    unit: str
    peer: str = ""
    peer_value: float | None = None
    ratio: float | None = None
    target: str = ""
    met: bool | None = None
    note: str = ""

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def row(
    name: str,
    engine: Engine,
    value: float | None,
    unit: str,
    *,
    peer: str = "",
    peer_value: float | None = None,
    ratio: float | None = None,
    target: Target | None = None,
    note: str = "",
) -> Row:
    """A row; the ratio is worked out from both figures unless a paired one is given."""
    if ratio is None and value is not None and peer_value:
        ratio = value / peer_value
    return Row(
        name=name,
        engine=engine,
        value=value,
        unit=unit,
        peer=peer,
        peer_value=peer_value,
        ratio=ratio,
        target=target.text(unit) if target else "",
        met=target.met(value, ratio) if target else None,
        note=note,
    )


def paired_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    """Median of the ratios of turns that stood next to each other in time."""
    pairs = [a / b for a, b in zip(ours, theirs, strict=False) if b]
    return statistics.median(pairs) if pairs else None


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
