"""How a page is found quickly: windows for newest-first lists, bounds for sorted ones.

Both are guesses that are checked: a page that came back full is exact, whatever the guess was; one
that did not is asked again with a wider guess, and at last without any. What was learned (how dense
runs lie in time, where the last page ended) makes the next guess, so a list that is looked at again
costs one small question.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from lineage_server.domain.ids import now_micros
from lineage_server.graph.queries.clauses import Clause
from lineage_server.graph.queries.window import FOREVER
from lineage_server.graph.read_tracking import Listed, Place, Selection, TrackingReader
from lineage_server.tracking.filters import Order, SortBy

_DAY = 86_400_000_000
_FIRST_WINDOW = _DAY
_WINDOWS = 3
_EMPTY_WINDOWS = 2
_WIDER = 16
_SLACK = 2
_REMEMBERED = 1_000
_LEAST_SAMPLE = 400
_SAMPLE_SHARE = 0.05
_ON_TIME = frozenset({Clause.ALIVE, Clause.SINCE, Clause.UNTIL})
_THINNING = frozenset(Clause) - _ON_TIME
_THINNED = 8


@dataclass(frozen=True, slots=True)
class _Density:
    """Of one list: the newest start seen, and how much time a row takes. ``few``: not even a page."""

    newest: int
    micros_a_row: float
    few: bool = False


@dataclass(frozen=True, slots=True)
class _Window:
    """Starts within ``[low, high]``; ``span``: what of it runs are expected in. All in microseconds."""

    low: int
    high: int
    span: int
    number: int = 1

    @classmethod
    def under(cls, top: int, high: int, span: int, number: int = 1) -> _Window:
        # Nothing starts before 1970, and engines count to 2^63.
        return cls(max(0, top - span), high, span, number)

    def below(self, *, found: int, missing: int) -> _Window | None:
        """The one below, as wide as what this one held lets expect; None where all the rest is as good."""
        wider = _SLACK * missing / found if found else _WIDER
        if self.low == 0 or wider > _WIDER or self.number >= (_WINDOWS if found else _EMPTY_WINDOWS):
            return None
        top = self.low - 1
        return _Window.under(top, top, int(self.span * wider) + 1, self.number + 1)


class _Hints:
    """What was learned of the last lists, the oldest forgotten first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Any] = OrderedDict()

    def find(self, key: str) -> Any:
        return self._kept.get(key)

    def keep(self, key: str, value: Any) -> None:
        self._kept[key] = value
        self._kept.move_to_end(key)
        while len(self._kept) > _REMEMBERED:
            self._kept.popitem(last=False)

    def forget(self, key: str) -> None:
        self._kept.pop(key, None)


class Listing:
    """Finds pages; remembers hints, never rows."""

    def __init__(self, reader: TrackingReader) -> None:
        self._reader = reader
        self._hints = _Hints()

    async def page(
        self, selection: Selection, order: Order, *, first: int, after: Place | None
    ) -> list[Listed]:
        """Up to ``first`` + 1 rows: the one too many says that there is more."""
        limit = first + 1
        if selection.scope is not None and not selection.scope:
            return []
        if order.by is SortBy.STARTED and order.descending:
            return await self._newest(selection, limit, after)
        if order.by is SortBy.METRIC and (after is None or after.rank == 0):
            found = await self._bounded(selection, order, limit, after)
            if found is not None:
                return found
        rows = await self._reader.sorted(
            selection, order.property, descending=order.descending, limit=limit, after=after
        )
        self._note_bound(selection, order, rows, limit, after)
        return rows

    # --- newest first --------------------------------------------------------------------------

    async def _newest(self, selection: Selection, limit: int, after: Place | None) -> list[Listed]:
        rows: list[Listed] = []
        here = after
        window = self._first_window(selection, limit, after)
        while window is not None:
            found = await self._reader.newest(
                selection, low=window.low, high=window.high, limit=limit - len(rows), after=here
            )
            rows += found
            if len(rows) >= limit:
                self._learn(selection, rows, after)
                return rows
            # Nothing of this window is left: go on below it (no uid sorts after this one).
            here = Place(rank=0, value=window.low, uid="\U0010ffff")
            window = window.below(found=len(found), missing=limit - len(rows))
        # The rest, and what has not started yet, which no window finds.
        rows += await self._reader.sorted(
            selection, str(SortBy.STARTED), descending=True, limit=limit - len(rows), after=here
        )
        self._learn(selection, rows, after, few=len(rows) < limit)
        return rows

    def _first_window(self, selection: Selection, limit: int, after: Place | None) -> _Window | None:
        """None where windows would find nothing, or not even a page."""
        known = self._density(selection)
        if (after is not None and after.rank > 0) or (known is not None and known.few):
            return None
        high = FOREVER if after is None else int(max(0, min(after.value, FOREVER)))
        if known is None:  # if today holds nothing, one such guess is enough
            return _Window.under(min(high, now_micros()), high, _FIRST_WINDOW, _EMPTY_WINDOWS)
        return _Window.under(min(high, known.newest), high, int(known.micros_a_row * limit * _SLACK) + 1)

    def _density(self, selection: Selection) -> _Density | None:
        """Of this list, else of the same scope without conditions, supposed to be some times denser."""
        known: _Density | None = self._hints.find(_density_key(selection))
        if known is not None or not _THINNING & set(selection.clauses):
            return known
        plain = Selection(label=selection.label, scope=selection.scope, clauses=(Clause.ALIVE,))
        dense: _Density | None = self._hints.find(_density_key(plain))
        if dense is None or dense.few:
            return dense
        return _Density(dense.newest, dense.micros_a_row * _THINNED)

    def _learn(
        self, selection: Selection, rows: list[Listed], after: Place | None, *, few: bool = False
    ) -> None:
        started = [row.place.value for row in rows if row.place.rank == 0]
        key = _density_key(selection)
        if few and after is None:
            self._hints.keep(key, _Density(0, 0.0, few=True))
        elif len(started) > 1:
            known: _Density | None = self._hints.find(key)
            newest = started[0] if after is None or known is None else known.newest
            self._hints.keep(key, _Density(newest, (started[0] - started[-1]) / (len(started) - 1)))

    # --- sorted by a metric ----------------------------------------------------------------------

    async def _bounded(
        self, selection: Selection, order: Order, limit: int, after: Place | None
    ) -> list[Listed] | None:
        """A full page of numbers beyond a guessed bound; None where the guess did not hold."""
        key = _bound_key(selection, order, limit, after)
        bound = self._hints.find(key)
        if bound is None:
            bound = _guess(await self._reader.sample(selection, order.property), order, limit, after)
        if bound is None:
            return None
        rows = await self._reader.bounded(
            selection,
            order.property,
            bound=bound,
            descending=order.descending,
            limit=limit,
            after=after,
        )
        if len(rows) < limit:
            self._hints.forget(key)
            return None
        self._note_bound(selection, order, rows, limit, after)
        return rows

    def _note_bound(
        self, selection: Selection, order: Order, rows: list[Listed], limit: int, after: Place | None
    ) -> None:
        if order.by is SortBy.METRIC and len(rows) >= limit and rows[-1].place.rank == 0:
            self._hints.keep(_bound_key(selection, order, limit, after), rows[-1].place.value)


def _guess(sample: list[Any], order: Order, limit: int, after: Place | None) -> float | None:
    """A value with some share of the rows before it; None where sorting all is as good."""
    numbers = [v for v in sample if isinstance(v, int | float) and not isinstance(v, bool) and v == v]
    if len(numbers) < _LEAST_SAMPLE:
        return None
    numbers.sort(reverse=order.descending)
    if after is not None:
        beyond = [v for v in numbers if (v < after.value if order.descending else v > after.value)]
        numbers = beyond or numbers[-1:]
    return numbers[min(len(numbers) - 1, int(len(sample) * _SAMPLE_SHARE))]


def _density_key(selection: Selection) -> str:
    """Conditions on time move the window, they do not thin the rows."""
    thinning = {k: v for k, v in selection.parameters.items() if k not in _ON_TIME}
    clauses = [clause for clause in selection.clauses if clause in _THINNING]
    return "newest:" + _text([_scope_key(selection), clauses, thinning])


def _bound_key(selection: Selection, order: Order, limit: int, after: Place | None) -> str:
    place = None if after is None else [after.value, after.uid]
    about = [_scope_key(selection), selection.clauses, dict(selection.parameters)]
    return "bound:" + _text([about, order.property, order.descending, limit, place])


def _scope_key(selection: Selection) -> list[str] | None:
    return None if selection.scope is None else sorted(selection.scope)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
