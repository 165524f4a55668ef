"""What of a recipe is there now, on this machine and at the server: looked at; nothing is changed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lineage_server.client import git
from lineage_server.client.command import packages_of, program_of
from lineage_server.client.contents import local_place
from lineage_server.client.hashing import hash_path
from lineage_server.client.remembered import Remembered
from lineage_server.client.reproducing.recipe import Link, Recipe
from lineage_server.client.transfer.cache import Cache
from lineage_server.client.verifying import Finding
from lineage_server.client.verifying import look as look_at
from lineage_server.domain.errors import LineageError
from lineage_server.domain.ids import listed
from lineage_server.domain.secrets import GONE

if TYPE_CHECKING:
    from lineage_server.client.client import Client


@dataclass(frozen=True, slots=True)
class Missing:
    """``part``: command, code, changes, inputs …"""

    part: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """Where the bytes of an input are: ``original`` (where it was recorded), ``cache``, ``store`` (of the
    server), ``address`` (of somewhere else, where that version lies now), ``unseen`` (the same, but it cannot
    be told what lies there), ``drifted`` or ``gone``."""

    link: Link
    where: str
    place: Path | None = None

    @property
    def is_there(self) -> bool:
        return self.where in ("original", "cache", "store", "address", "unseen")


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """``checkout``: top of a repository here that has the commit. ``packages``: those that differ, as
    ``name: recorded → here``; ``around``: what differs and does not hinder."""

    checkout: Path | None
    changes: str
    inputs: tuple[Input, ...]
    missing: tuple[Missing, ...]
    around: tuple[str, ...]
    packages: tuple[str, ...]


def look(client: Client, recipe: Recipe, repo: Path) -> Needs:
    """``repo``: a folder of the repository."""
    checkout, changes, code = _code(recipe, repo)
    inputs = tuple(_input(client, link) for link in recipe.inputs)
    around, packages = _environment(client, recipe)
    missing = [*_command(client, recipe), *code, *_inputs(recipe, inputs)]
    return Needs(
        checkout=checkout,
        changes=changes,
        inputs=inputs,
        missing=tuple(missing),
        around=tuple(around),
        packages=tuple(packages),
    )


# --- code --------------------------------------------------------------------------------------


def _code(recipe: Recipe, repo: Path) -> tuple[Path | None, str, list[Missing]]:
    """The checkout, what is to be done for uncommitted changes, and what is missing."""
    origin = recipe.origin
    if not origin.commit:
        return None, "", list(_script(recipe))
    top = git.git(repo, "rev-parse", "--show-toplevel")
    if not is_commit(origin.commit):
        return None, "", [Missing("code", f"{origin.commit!r} is no commit of git")]
    if not top or git.git(Path(top), "cat-file", "-t", origin.commit) != "commit":
        why = f"which is not in {top}" if top else f"and {repo} is in no repository"
        text = (
            f"commit {origin.commit[:12]} of {origin.repo}, {why}: fetch it, or name a checkout with --repo"
        )
        return None, "", [Missing("code", text)]
    checkout = Path(top)
    changes = _changes(recipe, checkout)
    if origin.dirty_digest and not changes:
        why = "the uncommitted changes: they were not recorded as a whole, and this checkout has others"
        return checkout, "", [Missing("changes", why)]
    return checkout, changes, []


def is_commit(text: str) -> bool:
    """Whether it is a commit's id, and no option or name."""
    return 7 <= len(text) <= 64 and all(sign in "0123456789abcdef" for sign in text)


def _changes(recipe: Recipe, checkout: Path) -> str:
    """Where uncommitted changes can be had: ``recorded`` or of this ``checkout``; empty: there are none, or
    nowhere."""
    origin = recipe.origin
    if not origin.dirty_digest:
        return ""
    if git.git(checkout, "rev-parse", "HEAD") == origin.commit:
        digest, _ = git.changes(checkout, wanted=False)
        if digest == origin.dirty_digest:
            return "checkout"
    whole = origin.diff and git.CUT not in origin.diff and GONE not in origin.diff
    new = [line for line in origin.diff.splitlines() if line.startswith(git.NEW)]
    return "recorded" if whole and not new else ""


def _script(recipe: Recipe) -> Iterator[Missing]:
    """Outside any repository only the script that was started is known, by its content."""
    place = script_of(recipe)
    if place is None:
        if not recipe.command:
            yield Missing("code", "neither a commit nor the script that was started is known")
        return
    if recipe.entry_digest and _digest_of(None, place) != recipe.entry_digest:
        yield Missing("code", f"the script {place}: it has changed since, or is not there")


def script_of(recipe: Recipe) -> Path | None:
    """The script that was started, where it was."""
    entry = recipe.origin.entry
    return Path(recipe.folder or "/") / entry if entry and not entry.startswith("module:") else None


# --- command, environment ----------------------------------------------------------------------


def _command(client: Client, recipe: Recipe) -> Iterator[Missing]:
    if not recipe.command:
        yield Missing("command", "the command was not captured")
        return
    if recipe.has_secrets:
        yield Missing(
            "command", f"words of the command were taken out as secrets when it was recorded ({GONE})"
        )
    word = recipe.command[0]
    found = shutil.which(word, path=client.config.environ.get("PATH"))
    if found is None and not ("/" in word and not word.startswith("/")):
        yield Missing("command", f"there is no command {word!r} here")


def _environment(client: Client, recipe: Recipe) -> tuple[list[str], list[str]]:
    """What differs in words, and package by package."""
    origin = recipe.origin
    around: list[str] = []
    image = origin.image_digest or origin.image
    if image:
        around.append(f"it ran in the image {image}")
    if not (recipe.command and origin.python):
        return around, []
    program = program_of(recipe.command, client.config.environ, 0, Path(recipe.folder or "/"))
    if not program.python:
        return around, []
    version, packages = packages_of(program.python, Path("/"))
    if version and version != origin.python:
        around.append(f"Python {origin.python} → {version}")
    known = origin.packages
    differing = [
        f"{name}: {known.get(name, 'not there')} → {packages.get(name, 'not there')}"
        for name in sorted({*known, *packages}, key=str.lower)
        if known.get(name) != packages.get(name)
    ]
    if known and differing:
        around.append(f"{len(differing)} packages differ")
    return around, differing if known else []


# --- inputs ------------------------------------------------------------------------------------


_AT_ADDRESS = {
    Finding.SAME: "address", Finding.UNKNOWN: "unseen", Finding.DRIFTED: "drifted", Finding.GONE: "gone",
}  # fmt: skip


def _input(client: Client, link: Link) -> Input:
    place = local_place(link.uri, client.config.volumes)
    drifted = False
    if place is not None and place.is_absolute() and place.exists():
        if link.digest and _digest_of(Remembered(client.config.cache_dir), place) == link.digest:
            return Input(link=link, where="original", place=place)
        drifted = True
    cache = Cache(client.config.cache_dir, client.config.cache_bytes, shares=True)
    if link.digest.startswith("sha256:") and cache.kept(link.digest) is not None:
        return Input(link=link, where="cache", place=place)
    if link.stored:
        return Input(link=link, where="store", place=place)
    if link.uri and place is None:
        return Input(link=link, where=_AT_ADDRESS[look_at(link.uri, link.digest, {}, client.config).finding])
    return Input(link=link, where="drifted" if drifted else "gone", place=place)


def _digest_of(remembered: Remembered | None, place: Path) -> str:
    try:
        return hash_path(place, remembered, in_parts=True).digest
    except LineageError:
        return ""


def _inputs(recipe: Recipe, inputs: Sequence[Input]) -> Iterator[Missing]:
    for one in inputs:
        title, place = one.link.title, one.place or one.link.uri or "anywhere"
        if one.where == "drifted":
            yield Missing(
                "inputs", f"{title}: what is at {place} is not what it was, and it is not in the store"
            )
        elif one.where == "gone":
            yield Missing("inputs", f"{title}: it is not at {place}, and not in the store")
    inferred = [one.link.title for one in inputs if one.link.inferred]
    if inferred:
        yield Missing("inputs", f"which version it read is only inferred of {listed(inferred)}")
    if recipe.unseen or not recipe.whole:
        yield Missing(
            "inputs", "there are more runs, inputs or outputs than are looked at, or not yours to see"
        )
