"""What it takes to do a run again, and the verdict, as text."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lineage_server.client.render.words import safe, width_of

if TYPE_CHECKING:
    from lineage_server.client.reproducing.reproduction import Reproduction

_MOST = 20
_WHERE = {
    "original": "where it was recorded", "cache": "in the cache", "store": "in the server's store",
    "address": "at its address, the same", "unseen": "at its address, not looked at",
    "drifted": "MISSING: something else is there now",
    "gone": "MISSING",
}  # fmt: skip
_VERDICTS = {
    "same": "the same: outputs and metrics are those of the original",
    "differs": "it differs:",
    "failed": "it could not be reproduced:",
}


def text_of(told: Reproduction, width: int) -> str:
    """The lines, at most ``width`` columns wide where values allow it."""
    lines: list[str] = []
    for line in _lines(told):
        if width_of(line) <= width or line.startswith("command"):
            lines.append(line)  # a command is there to be copied
        else:
            lines += textwrap.wrap(line, max(width, 40), subsequent_indent=" " * 14)
    return "\n".join(lines)


def _lines(told: Reproduction) -> Iterator[str]:
    recipe, needs = told.recipe, told.needs
    yield f"to do run {safe(recipe.name)} again ({recipe.run}) takes"
    facts = {
        "command": safe(shlex.join(recipe.command)),
        "in": safe(recipe.folder),
        "code": _code(told),
        "changes": _changes(told),
        **_environment(told),
        "parameters": _pairs({k: v for member in recipe.family for k, v in member.params.items()}),
        "seeds": _pairs(recipe.seeds) or "none is known",
        "fingerprint": _fingerprint(recipe.fingerprint),
    }
    for name, value in facts.items():
        if value:
            yield f"{name:<12}  {value}"
    for one in needs.inputs:
        title, role = safe(one.link.title), safe(one.link.role)
        size = f", {one.link.size} bytes" if one.link.size is not None else ""
        yield f"{'input':<12}  {title} as {role}, {one.link.digest[:19]}…{size}: {_WHERE[one.where]}"
    for text in needs.around:
        yield f"{'around it':<12}  {safe(text)}"
    for text in needs.packages[:_MOST]:
        yield f"{'package':<12}  {safe(text)}"
    if len(needs.packages) > _MOST:
        yield f"{'package':<12}  and {len(needs.packages) - _MOST} more"
    yield from _ending(told)


def _ending(told: Reproduction) -> Iterator[str]:
    recipe, verdict = told.recipe, told.verdict
    differing = recipe.repeats["differing"]
    yield ""
    if differing:
        yield (
            f"{differing} other run{'s' if differing > 1 else ''} with this fingerprint made something else: "
            "chance, time, or what no input names has a part in it"
        )
    if verdict is not None:
        failed = verdict.verdict == "failed"
        yield _VERDICTS[verdict.verdict] + (f" {safe(verdict.reason)}" if failed else "")
        for line in verdict.differences:
            yield f"  {safe(line)}"
        if verdict.reason and not failed:
            yield safe(verdict.reason)
        yield f"recorded as {verdict.run}"
        return
    for one in told.needs.missing:
        yield f"{'missing':<12}  {one.part}: {safe(one.text)}"
    if recipe.launched:
        yield (
            "nothing that is known to be needed is missing; --run does it"
            if told.possible
            else ("it cannot be done here before that is there")
        )
    else:
        yield "it was not begun by 'lineage run', so --run does not do it: begin the command yourself"


def _code(told: Reproduction) -> str:
    origin, checkout = told.recipe.origin, told.needs.checkout
    if not origin.commit:
        return f"script {safe(origin.entry)}, {told.recipe.entry_digest[:19]}…" if origin.entry else ""
    return f"commit {origin.commit} of {safe(origin.repo)}" + (f", in {checkout}" if checkout else "")


def _changes(told: Reproduction) -> str:
    digest = told.recipe.origin.dirty_digest
    if not digest:
        return "none uncommitted" if told.recipe.origin.commit else ""
    where = {"checkout": "as in this checkout", "recorded": "as recorded"}.get(told.needs.changes, "MISSING")
    return f"uncommitted, {digest[:19]}…: {where}"


def _environment(told: Reproduction) -> dict[str, str]:
    origin = told.recipe.origin
    python = [f"Python {origin.python}" if origin.python else ""]
    python.append(f"{len(origin.packages)} packages" if origin.packages else "")
    python.append(f"lock {origin.lock_digest[:19]}…" if origin.lock_digest else "")
    image = " ".join(word for word in (origin.image, origin.image_digest) if word)
    gpu = f"{origin.gpu_count or 1:g} × {origin.gpu_product}" if origin.gpu_product else ""
    return {"environment": ", ".join(filter(None, python)), "image": safe(image), "GPUs": safe(gpu)}


def _fingerprint(told: Mapping[str, Any]) -> str:
    if told["complete"]:
        return str(told["digest"])
    return "incomplete: " + "; ".join(safe(one["text"]) for one in told["missing"])


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{safe(key)}={safe(str(value))}" for key, value in sorted(values.items()))
