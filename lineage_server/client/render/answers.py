"""Answers to questions as text; ``compare`` is in ``comparing``, ``diff`` in ``differing``."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lineage_server.client.render import comparing, differing
from lineage_server.client.render.words import cut, safe, width_of

if TYPE_CHECKING:
    from lineage_server.client.answers import Answer

_MOST = 20
_GAP = "  "
_RELATIONS = {
    "DOWNSTREAM": "{start} went into {end}",
    "UPSTREAM": "{start} was made from {end}",
    "COMMON_ANCESTOR": "{start} and {end} come from the same things",
    "SAME": "{start} and {end} are the same",
    "NONE": "{start} and {end} are not connected",
}
_LABELS: dict[str, str] = {
    "ArtifactVersion": "version",
    "ModelVersion": "registered model",
    "Deployment": "endpoint",
}
_DOUBTS: dict[str, str] = {
    "WATCH_GAP": "gap in watching", "INFERRED_INPUT": "inferred input", "UNKNOWN_INPUT": "unknown input",
    "MISSING_DIGEST": "no digest", "STUB": "never described", "HIDDEN": "hidden", "NO_PRODUCER": "a source",
    "UNFINISHED": "not finished",
}  # fmt: skip


def text_of(answer: Answer, width: int) -> str:
    """The lines, at most ``width`` columns wide where names allow it."""
    lines = list(_TEXTS[answer.question](answer, width))
    if answer["isPartial"]:
        lines.append(f"incomplete: {safe(answer['reason']) or 'a limit was met'}")
    # Tables fit already; what is longer is a sentence.
    return "\n".join(
        textwrap.fill(safe(line), max(width, 20)) if width_of(line) > width else safe(line) for line in lines
    )


def _impact(answer: Answer, width: int) -> Iterator[str]:
    start = answer.title(answer["start"])
    endpoints, aliases, holds = answer["deployments"], answer["aliases"], answer["holds"]
    live = sum(one["live"] for one in endpoints)
    touched = f"{_count(live, 'live endpoint')} and {_count(len(aliases), 'alias', 'es')}"
    yield f"if {start} is bad, it touches {touched}"
    rows = [
        (
            answer.title(one["node"]["uid"]),
            one["node"]["state"],
            _steps(one),
            _through(answer, one["path"][:-1]),
        )
        for one in endpoints
    ]
    yield from _part("endpoints", ("endpoint", "state", "away", "through"), rows, width)
    rows = [
        (
            f"{one['model'].rpartition('/')[2]}@{one['alias']}",
            "protected" if one["protected"] else "",
            _steps(one),
            _through(answer, one["path"]),
        )
        for one in aliases
    ]
    yield from _part("aliases", ("alias", "", "away", "through"), rows, width)
    rows = [(answer.title(one["node"]["uid"]), "held", _steps(one), "") for one in holds]
    yield from _part("held", ("what", "", "away", ""), rows, width)
    owners = [(one["owner"] or "nobody named", one["project"], str(one["nodes"])) for one in answer["owners"]]
    yield from _part("whom to tell", ("owner", "project", "things"), owners, width)
    counts: dict[str, int] = answer["counts"]
    words = [_count(n, _LABELS.get(label, label.lower())) for label, n in counts.items()]
    hidden = f", {answer['hidden']} in projects that you may not see" if answer["hidden"] else ""
    yield ""
    yield f"came of it in all: {', '.join(words) or 'nothing'}{hidden}"


def _steps(one: Mapping[str, Any]) -> str:
    return _count(one["distance"], "step")


def _through(answer: Answer, path: Sequence[str]) -> str:
    """The last thing on the way, which is what one would look at or take back."""
    return answer.title(path[-1]) if len(path) > 1 else ""


def _path(answer: Answer, width: int) -> Iterator[str]:
    paths = answer["paths"]
    names = {"start": answer.title(answer["from"]), "end": answer.title(answer["to"])}
    shown = f"; {len(paths)} ways, the shortest first" if len(paths) > 1 else ""
    yield _RELATIONS.get(answer["relation"], "{start}, {end}").format(**names) + shown
    if answer["relation"] == "SAME":
        return
    for path in paths:
        edges = {frozenset((edge["from"], edge["to"])): edge for edge in path["edges"]}
        yield ""
        heads = [answer.title(uid) for uid in path["uids"]]
        column = min(max(map(width_of, heads)) + 4, width * 2 // 3)
        yield heads[0]
        for before, uid, head in zip(path["uids"], path["uids"][1:], heads[1:], strict=False):
            edge = edges.get(frozenset((before, uid)), {})
            arrow = "→" if edge.get("to") == uid else "←"
            yield f"{_padded(f'{arrow} {head}', column)}{_role(edge)}".rstrip()


def _role(edge: Mapping[str, Any]) -> str:
    words = [f"as {edge['role']}" if edge.get("role") else ""]
    words.append("inferred" if edge.get("basis") == "inferred" else "")
    return ", ".join(filter(None, words))


def _cost(answer: Answer, width: int) -> Iterator[str]:
    yield f"what {answer.title(answer['start'])} cost; each run counts once"
    shares = (
        ("made by", answer["own"]),
        ("all before it, too", answer["ancestry"]),
        ("failed tries, apart", answer["failed"]),
    )
    rows = [
        (
            name,
            str(share["runs"]),
            _time(share["wallSeconds"]) if share["runs"] else "",
            _gpu_time(share),
            ", ".join(f"{product} {_time(s)}" for product, s in share["gpuSecondsByProduct"].items()),
        )
        for name, share in shares
    ]
    yield from _part("", ("", "runs", "time", "GPU time", "of it"), rows, width)
    whole = answer["ancestry"]
    if whole["usage"]:
        yield ""
        yield from _table([(name, f"{value:.6g}") for name, value in whole["usage"].items()], width)
    doubts = [
        f"{_count(whole['unknown'], 'run')} did not tell of GPUs" if whole["unknown"] else "",
        f"{_count(whole['estimated'], 'run')} estimated" if whole["estimated"] else "",
        f"{_count(answer['hiddenRuns'], 'run')} may not be seen by you" if answer["hiddenRuns"] else "",
    ]
    if any(doubts):
        yield ""
        yield ", ".join(filter(None, doubts))


def _gpu_time(share: Mapping[str, Any]) -> str:
    if not share["runs"]:
        return ""
    return _time(share["gpuSeconds"]) if share["runs"] > share["unknown"] else "not known"


def _completeness(answer: Answer, width: int) -> Iterator[str]:
    share = f"{answer['score']:.0%}" if answer["score"] in (0, 1) else f"{answer['score']:.1%}"
    yield f"{answer.title(answer['start'])}: {share} of {_count(answer['facts'], 'fact')} are without doubt"
    if not answer["findings"]:
        yield "nothing that made it is in doubt"
        return
    findings: list[dict[str, str]] = answer["findings"]
    rows = [
        (_DOUBTS.get(one["kind"], one["kind"]), answer.title(one["uid"]), one["text"]) for one in findings
    ]
    total = sum(answer["counts"].values())
    yield from _part("", ("doubt", "where", "why"), rows, width, total=max(total, len(rows)))


_TEXTS: dict[str, Callable[[Answer, int], Iterator[str]]] = {
    "impact": _impact, "path": _path, "cost": _cost, "completeness": _completeness,
    "compare": comparing.lines_of, "diff": differing.lines_of,
}  # fmt: skip


# --- shapes ------------------------------------------------------------------------------------


def _part(
    title: str, head: Sequence[str], rows: Sequence[Sequence[str]], width: int, total: int | None = None
) -> Iterator[str]:
    """A title and a table; nothing where there are no rows."""
    if not rows:
        return
    yield ""
    if title:
        yield title
    yield from _table([head, *rows[:_MOST]], width)
    more = (total or len(rows)) - min(len(rows), _MOST)
    if more > 0:
        yield f"and {more} more"


def _table(rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Columns side by side; those that say nothing are left out, and the widest give way to fit."""
    used = [i for i in range(len(rows[0])) if any(row[i] for row in rows[1:] or rows)]
    cells = [[safe(row[i]) for i in used] for row in rows]
    widths = [max(width_of(row[i]) for row in cells) for i in range(len(used))]
    while sum(widths) + len(_GAP) * (len(widths) - 1) > width and max(widths, default=0) > 8:
        widths[widths.index(max(widths))] -= 1
    for row in cells:
        yield _GAP.join(_padded(cell, w) for cell, w in zip(row, widths, strict=True)).rstrip()


def _padded(text: str, width: int) -> str:
    short = cut(text, width)
    return short + " " * (width - width_of(short))


def _count(count: int, word: str, ending: str = "s") -> str:
    return f"{count} {word}{'' if count == 1 else ending}"


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"
