"""``Reproduction``: what doing a run again takes, and the verdict once it was done.

The one door of this package: ``reproduce`` looks, and does it if that is wanted. Whatever comes of an
attempt is told of a run of its own that names the original, so it is seen from both.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineage_server.client import builders
from lineage_server.client.checking import checked
from lineage_server.client.launching import Watch, launch, waiting
from lineage_server.client.reproducing.needs import Input, Needs, look
from lineage_server.client.reproducing.recipe import Recipe, family_of, recipe_of
from lineage_server.client.reproducing.scratch import CannotError, prepare
from lineage_server.client.reproducing.verdict import Verdict, judged
from lineage_server.domain.errors import InvalidInputError, NotSupportedError
from lineage_server.domain.event_parts import ReproductionFact
from lineage_server.domain.nodes import Reproduced

if TYPE_CHECKING:
    from lineage_server.client.client import Client

_SENT_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """What doing a run again takes (``recipe``), what of it is there now (``needs``), and the ``verdict``
    once it was done. Printed, it is text for people."""

    recipe: Recipe
    needs: Needs
    verdict: Verdict | None = None

    @property
    def possible(self) -> bool:
        """Whether nothing that is known to be needed is missing."""
        return not self.needs.missing

    @checked
    def to_text(self, *, width: int = 100) -> str:
        """For a terminal, in so many columns where values allow it."""
        from lineage_server.client.render.reproducing import text_of

        return text_of(self, width)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        recipe, needs = self.recipe, self.needs
        origin = asdict(recipe.origin)
        return {
            "run": recipe.run,
            "name": recipe.name,
            "project": recipe.project,
            "canRun": recipe.launched,
            "command": list(recipe.command),
            "folder": recipe.folder,
            "code": {key: origin[key] for key in ("repo", "commit", "entry", "dirty_digest", "diff")},
            "environment": {key: origin[key] for key in ("python", "lock_digest", "image", "image_digest")},
            "packages": dict(recipe.origin.packages),
            "parameters": {member.name: dict(member.params) for member in recipe.family if member.params},
            "seeds": recipe.seeds,
            "fingerprint": dict(recipe.fingerprint),
            "repeats": {key: recipe.repeats[key] for key in ("repeats", "differing", "isPartial", "reason")},
            "inputs": [_input(one) for one in needs.inputs],
            "missing": [asdict(one) for one in needs.missing],
            "around": list(needs.around),
            "packagesThatDiffer": list(needs.packages),
            "verdict": asdict(self.verdict) if self.verdict is not None else None,
        }

    @checked
    def to_json(self, *, indent: int | None = 2) -> str:
        """JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)

    def __str__(self) -> str:
        return self.to_text()

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        """For notebooks."""
        from lineage_server.client.render.bundle import lines

        return lines(self.to_text, include, exclude)


def _input(one: Input) -> dict[str, Any]:
    link = one.link
    told = {"role": link.role, "uid": link.uid, "name": link.title, "digest": link.digest, "size": link.size}
    return {**told, "bytes": one.where, "place": link.uri}


def reproduce(
    client: Client,
    ref: str,
    *,
    perform: bool,
    repo: Path,
    folder: Path | None,
    tolerance: float,
    watch: Watch = waiting,
) -> Reproduction:
    """See ``Client.reproduce``; ``watch`` is who hears of it when it is to be stopped."""
    if not 0 <= tolerance < 1:
        raise InvalidInputError(f"tolerance is {tolerance}", field="tolerance", allowed="0 to less than 1")
    recipe = recipe_of(client, ref)
    found = Reproduction(recipe=recipe, needs=look(client, recipe, repo))
    if not perform:
        return found
    if not recipe.launched:
        raise NotSupportedError(
            f"run {recipe.name} ({recipe.run}) was not begun by 'lineage run -- COMMAND', and only such runs "
            "are done again; nothing was run. 'lineage reproduce' without --run says what it takes"
        )
    config = replace(client.config, project=recipe.project, run_id="", parent_run="")
    with type(client)(config=config) as own, _scratch(folder) as scratch:
        return replace(found, verdict=_done(own, found, scratch, tolerance, watch))


@contextmanager
def _scratch(folder: Path | None) -> Generator[Path]:
    """An empty folder: one that stays, or one that goes."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise InvalidInputError(
                f"{folder} is not empty; nothing was run", field="folder", allowed="an empty or a new folder"
            )
        yield folder.resolve()
        return
    made = Path(tempfile.mkdtemp(prefix="lineage-reproduce-")).resolve()
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _done(client: Client, found: Reproduction, scratch: Path, tolerance: float, watch: Watch) -> Verdict:
    recipe, needs = found.recipe, found.needs
    try:
        if needs.missing:
            raise CannotError("; ".join(f"{one.part}: {one.text}" for one in needs.missing))
        place = prepare(client, recipe, needs, scratch)
        try:
            done = launch(
                client, place.command, watch=watch, name=recipe.name, job=recipe.job, folder=place.folder,
                scratch=scratch, reproduces=recipe.run.removeprefix("run:"),
            )  # fmt: skip
        except OSError as error:
            raise CannotError(f"{place.command[0]!r} cannot be run: {error.strerror}") from None
    except CannotError as error:
        return _told(client, recipe, Verdict(verdict=Reproduced.FAILED, reason=str(error)))
    client.flush(_SENT_SECONDS)
    client.sync()  # of processes that the command began and that could not send all
    after = family_of(client, done.run.uid)
    return _told(client, recipe, judged(recipe.family, after, tolerance=tolerance, around=_around(needs)))


def _around(needs: Needs) -> Sequence[str]:
    return [*needs.around, *needs.packages[:20]]


def _told(client: Client, recipe: Recipe, verdict: Verdict) -> Verdict:
    """Attached to the run that did it, or to one that only says why none could; both name the original."""
    fact = ReproductionFact(
        of=recipe.run.removeprefix("run:"),
        verdict=verdict.verdict,
        differences=list(verdict.differences),
        reason=verdict.reason,
    )
    run_id = verdict.run.removeprefix("run:")
    if not run_id:
        run = client.start_run(f"reproduce {recipe.name}"[:200], job="reproduce", capture="none")
        run_id = run.id
        run.fail(verdict.reason, timeout=0)
    client.report(builders.run_told(run_id, project=recipe.project, reproduction=fact))
    client.flush(_SENT_SECONDS)
    return replace(verdict, run=f"run:{run_id}")
