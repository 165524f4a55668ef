"""Why two things differ, for people: each thing stands once, with what changed of it below."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lineage_server.client.render.words import cut, padded, safe, short, width_of

if TYPE_CHECKING:
    from lineage_server.client.answers import Answer

_INDENT = " " * 9
_ARROW = " → "
_NOTHING = "–"


def lines_of(answer: Answer, width: int) -> Iterator[str]:
    """The first cause, then all that differs, at most ``width`` columns wide."""
    # Of what is no version kind and name say more than its title.
    titles = {uid: title for uid, title in answer.titles.items() if uid.startswith("version:")}
    if answer["firstByDependency"]:
        yield f"first cause: {_in_words(answer['firstByDependency'], titles)}"
        yield ""
    yield from differences(answer["differences"], titles, width)
    if not answer["differences"]:
        yield "nothing differs"
    same = answer["same"]
    yield "1 thing is the same in both" if same == 1 else f"{same} things are the same in both"


def differences(found: Sequence[Mapping[str, Any]], titles: Mapping[str, str], width: int) -> Iterator[str]:
    """The lines, at most ``width`` columns wide; ``titles`` are the short names of versions."""
    for one in found:
        yield cut(f"{one['kind'].lower():<7}  {_name(one, titles)}", width)
        changes = [[_line(c["field"]), *_sides(c, titles)] for c in one["changes"]]
        column = max((width_of(change[0]) for change in changes), default=0)
        column = min(column, width // 3)
        for field, before, after in changes:
            line = f"{_INDENT}{padded(field, column)}  {before}{_ARROW}{after}"
            if width_of(line) <= width:
                yield line
            else:
                for text in (field, f"  {before}", f"{_ARROW[1:]}{after}"):
                    yield cut(_INDENT + text, width)


def _sides(change: Mapping[str, str], titles: Mapping[str, str]) -> tuple[str, str]:
    before, after = (
        _line(", ".join(titles.get(word) or short(word) for word in change[side].split(", ")))
        for side in ("before", "after")
    )
    return before or _NOTHING, after or _NOTHING


def _name(difference: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    """A name alone would not tell a version that was added from one that is the same in both."""
    nodes = [node for node in (difference["before"], difference["after"]) if node]
    versions = [titles[node["uid"]] for node in nodes if node["uid"] in titles]
    if len(versions) == len(nodes):
        return _line(_ARROW.join(dict.fromkeys(versions)))
    node = nodes[-1]
    return _line(f"{node['kind']} {node['name']}")


def _in_words(difference: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    changes = [(_line(c["field"]), *_sides(c, titles)) for c in difference["changes"][:3]]
    told = ", ".join(f"{field}: {before}{_ARROW}{after}" for field, before, after in changes)
    return f"{_name(difference, titles)} {difference['kind'].lower()}" + (f" ({told})" if told else "")


def _line(text: str) -> str:
    return safe(" ".join(text.split()))
