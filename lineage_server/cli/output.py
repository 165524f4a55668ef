"""How the commands write: tables, facts, JSON, messages.

Results go to standard output, everything about the work itself to standard error, so a result can
always be piped. A table fits the terminal: what says least is left out, then the widest columns give
way, last those that are of no use when cut (uids are there to be copied); in a pipe nothing is cut.
Widths are those on screen; what people recorded is shown without signs that move a terminal's cursor.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Any

from lineage_server.cli.environment import wants_colour
from lineage_server.client.render.words import bytes_told, cut, padded, safe, width_of
from lineage_server.domain.errors import LineageError

_BOLD, _DIM, _PLAIN = "\033[1m", "\033[2m", "\033[0m"
_RED, _GREEN, _YELLOW = "\033[31m", "\033[32m", "\033[33m"
_GAP = "  "
_LEAST_COLUMN = 4
_READABLE_COLUMN = 8
_PROSE = 100


class ReaderGoneError(Exception):
    """Whoever read our output has seen enough (head, less). Typer would make a failure of the
    BrokenPipeError itself, so it does not get to see one."""


class UnwrittenError(LineageError):
    """Standard output takes no more: what was to be done is done, only its result is not shown."""


def ready_streams() -> None:
    """Streams that take every text: a letter that their encoding lacks becomes '?', and what was closed
    before we began takes everything and shows nothing."""
    for name in ("stdout", "stderr"):
        stream: Any = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  for as long as we run
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def say(text: str = "", *, at_once: bool = False) -> None:
    """A line of the result; ``at_once`` where more takes its time."""
    with _written():
        print(text, flush=at_once)


def finish() -> None:
    """What was said is with who reads it."""
    with _written():
        sys.stdout.flush()


@contextmanager
def _written() -> Generator[None]:
    try:
        yield
    except BrokenPipeError:
        raise ReaderGoneError from None
    except OSError as error:
        raise UnwrittenError(f"the result cannot be written: {error.strerror or error}") from None


def note(text: str) -> None:
    """A line about the work."""
    print(_harmless(text), file=sys.stderr, flush=True)


def fail(text: str) -> None:
    """What went wrong."""
    print(f"{_paint('error:', _RED, sys.stderr)} {_harmless(text)}", file=sys.stderr, flush=True)


def _harmless(text: str) -> str:
    """What is told may hold a name that would move the cursor."""
    return "\n".join(map(safe, text.split("\n")))


def say_json(value: object) -> None:
    """The result for programs: one JSON document, two blanks deep, letters as they are."""
    say(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def say_json_items(
    head: Mapping[str, object],
    name: str,
    items: Iterable[object],
    tail: Callable[[], Mapping[str, object]] = dict,
) -> None:
    """One JSON document of any length: ``items`` under their ``name``, one a line, as they come; before them
    ``head``, after them what ``tail`` answers then. Nothing is said before the first item is known."""
    walk = iter(items)
    first = list(islice(walk, 1))
    say("{")
    for key, value in head.items():
        say(f"  {_json(key)}: {_json(value)},")
    say(f"  {_json(name)}: [")
    before = ""
    for item in chain(first, walk):
        if before:
            say(f"    {before},")
        before = _json(item)
    if before:
        say(f"    {before}")
    after = [f"  {_json(key)}: {_json(value)}" for key, value in tail().items()]
    say("  ]" + "".join(f",\n{line}" for line in after) + "\n}")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def bold(text: str) -> str:
    """Headings on a terminal that shows colour."""
    return _paint(text, _BOLD, sys.stdout)


def dim(text: str) -> str:
    """What may be overlooked."""
    return _paint(text, _DIM, sys.stdout)


def mark(ok: bool, *, warning: bool = False) -> str:
    """A word, not a colour alone: it must be told apart without colours too."""
    if ok and warning:
        return _paint("warn", _YELLOW, sys.stdout)
    return _paint("ok  ", _GREEN, sys.stdout) if ok else _paint("FAIL", _RED, sys.stdout)


def _paint(text: str, code: str, stream: Any) -> str:
    return f"{code}{text}{_PLAIN}" if stream.isatty() and wants_colour() else text


# --- widths ----------------------------------------------------------------------------------


def terminal_width() -> int | None:
    """Columns of the terminal; None in a pipe, where nothing is to be cut."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


# --- shapes ----------------------------------------------------------------------------------


def say_table(
    head: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    width: int | None = None,
    whole: Collection[str] = (),
    spare: Sequence[str] = (),
) -> None:
    """Columns side by side, one row a line. Where a terminal has not the room, ``spare`` columns are left
    out, the first of them first, and those of ``whole`` are cut last."""
    cells = [[one_line(cell) for cell in row] for row in rows]
    wanted = [max(width_of(row[i]) for row in [list(head), *cells]) for i in range(len(head))]
    total = width or terminal_width()
    shown = _shown(head, wanted, total, whole=whole, spare=spare)
    widths = fit(
        [wanted[i] for i in shown], total, whole={at for at, i in enumerate(shown) if head[i] in whole}
    )
    say(bold(_line([head[i] for i in shown], widths)))
    for row in cells:
        say(_line([row[i] for i in shown], widths))


def _shown(
    head: Sequence[str],
    wanted: Sequence[int],
    total: int | None,
    *,
    whole: Collection[str],
    spare: Sequence[str],
) -> list[int]:
    """Places of the columns that are shown: without so many of the spare ones that the others fit."""
    shown = list(range(len(head)))
    for name in spare:
        least = [wanted[i] if head[i] in whole else min(wanted[i], _READABLE_COLUMN) for i in shown]
        if total is None or sum(least) + len(_GAP) * (len(shown) - 1) <= total:
            break
        shown.remove(head.index(name))
    return shown


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join(padded(cell, width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def fit(wanted: Sequence[int], total: int | None, *, whole: Collection[int] = ()) -> list[int]:
    """Widths whose sum fits: the widest column gives way first, none below a readable rest; those at the
    places of ``whole`` only when the others have done so."""
    widths = list(wanted)
    if total is None or not widths:
        return widths
    room = total - len(_GAP) * (len(widths) - 1)
    others = [i for i in range(len(widths)) if i not in whole]
    for giving, least in ((others, _READABLE_COLUMN), (range(len(widths)), _LEAST_COLUMN)):
        while sum(widths) > room and giving:
            widest = max(giving, key=lambda i: widths[i])
            if widths[widest] <= least:
                break
            widths[widest] -= 1
    return widths


def say_facts(facts: Mapping[str, object]) -> None:
    """Name and value, one a line; empty values are left out."""
    shown = {name: one_line(value) for name, value in facts.items() if value not in (None, "", [], {})}
    column = max((width_of(name) for name in shown), default=0)
    total = terminal_width()
    for name, value in shown.items():
        room = max(_LEAST_COLUMN, total - column - len(_GAP)) if total else None
        say(f"{dim(padded(name, column))}{_GAP}{cut(value, room) if room else value}")


def say_entry(name: str, value: str, meaning: str) -> None:
    """A setting: what it is called and set to, and below what it does, in as many lines as it needs."""
    total = terminal_width() or _PROSE
    line = f"{name} = {safe(value)}".rstrip()
    say(cut(line, total) if terminal_width() else line)
    say(textwrap.fill(meaning, max(20, total), initial_indent="    ", subsequent_indent="    "))


def one_line(value: object) -> str:
    """A value as people read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (dict, list)):
        return safe(json.dumps(value, ensure_ascii=False, default=str))
    return safe(" ".join(str(value).split()))


def local_time(text: str | None) -> str:
    """An RFC 3339 time in the clock of who reads it; seconds are enough."""
    if not text:
        return ""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def short_time(text: str | None) -> str:
    """The same for a table: on a terminal, where columns are few, without the date of today and without
    the seconds of other days."""
    full = local_time(text)
    if terminal_width() is None or not full:
        return full
    date, _, clock = full.partition(" ")
    today = datetime.now(UTC).astimezone().strftime("%Y-%m-%d")
    return clock if date == today else f"{date} {clock[:5]}".rstrip()


def duration(start: str | None, end: str | None) -> str:
    """Between two RFC 3339 times."""
    if not start or not end:
        return ""
    seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    if seconds < 0:
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def counted(count: int, word: str) -> str:
    """``1 journal``, ``2 journals``."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def size(count: int | None) -> str:
    """Bytes in units that people read."""
    return "" if count is None else bytes_told(count)
