"""A folder to do a run again in: the commit, its uncommitted changes, the inputs that lay beside the code.

Nothing outside that folder is written to, whatever names and links say; the checkout that the commit comes
from is only read.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from lineage_server.client import git
from lineage_server.client.reproducing.needs import Input, Needs, script_of
from lineage_server.client.reproducing.recipe import Recipe
from lineage_server.client.resolve import version_of_uid
from lineage_server.domain.errors import LineageError

if TYPE_CHECKING:
    from lineage_server.client.client import Client

_CLONE_SECONDS = 600.0


class CannotError(Exception):
    """It cannot be done here; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where to run what."""

    folder: Path
    command: tuple[str, ...]


def prepare(client: Client, recipe: Recipe, needs: Needs, scratch: Path) -> Place:
    """Fill the empty folder ``scratch``; raises CannotError."""
    root = _root(recipe, needs)
    top = scratch / (root.name or "work")
    if needs.checkout is not None:
        _clone(needs.checkout, top, recipe.origin.commit)
        if recipe.origin.dirty_digest:
            _change(recipe, needs.checkout, top)
    else:
        top.mkdir()
        _copy_script(recipe, root, top)
    below = _below(Path(recipe.folder), root) if recipe.folder else PurePosixPath()
    folder = inside(top, below or PurePosixPath())
    folder.mkdir(parents=True, exist_ok=True)
    for one in needs.inputs:
        _bring(client, one, root, top)
    return Place(folder=folder, command=_moved(recipe, root, top, folder))


def _root(recipe: Recipe, needs: Needs) -> Path:
    """What stood where the scratch folder stands now."""
    if recipe.root:
        return Path(recipe.root)
    if needs.checkout is not None and recipe.folder and Path(recipe.folder).is_relative_to(needs.checkout):
        return needs.checkout
    return Path(recipe.folder or "/work")


def _below(path: Path, root: Path) -> PurePosixPath | None:
    """The way from ``root`` to ``path``; None where it does not lie below."""
    if ".." in path.parts or not path.is_relative_to(root):
        return None
    return PurePosixPath(path.relative_to(root).as_posix())


def inside(top: Path, below: PurePosixPath) -> Path:
    """A place in the scratch folder; raises CannotError where a link of the commit's leads out of it."""
    place = top / below
    if not place.resolve().is_relative_to(top.resolve()):
        raise CannotError(f"{below} leads out of the folder that it is to be done in")
    return place


# --- code --------------------------------------------------------------------------------------


def _clone(checkout: Path, top: Path, commit: str) -> None:
    """The commit alone, with the address of the original's origin: it is captured with the new run."""
    said = git.run_git(
        checkout, "clone", "--quiet", "--shared", "--no-checkout", "--template=", "--",
        str(checkout), str(top), seconds=_CLONE_SECONDS,
    )  # fmt: skip
    done = said is not None and said.returncode == 0
    if done:
        said = git.run_git(top, "checkout", "--quiet", "--detach", commit, seconds=_CLONE_SECONDS)
        done = said is not None and said.returncode == 0
    if not done:
        why = said.stderr.decode("utf-8", "replace").strip() if said else "git is not there, or took too long"
        raise CannotError(f"commit {commit[:12]} could not be checked out: {why}")
    address = git.git(checkout, "config", "--get", "remote.origin.url")
    git.git(top, *(("remote", "set-url", "origin", address) if address else ("remote", "remove", "origin")))


def _change(recipe: Recipe, checkout: Path, top: Path) -> None:
    """Uncommitted changes as they were, proved by their digest."""
    here = git.git(checkout, "rev-parse", "HEAD") == recipe.origin.commit
    recorded = recipe.origin.diff.partition(git.NEW)[0].encode()
    for patch, new in (
        (git.difference(checkout, "--binary"), git.new_files(checkout)) if here else (b"", []),
        (recorded, []),
    ):
        if patch:
            git.run_git(top, "apply", "--whitespace=nowarn", "-", told=patch)
        for name in new:
            _copy_new(checkout, top, PurePosixPath(os.fsdecode(name)))
        if git.changes(top, wanted=False)[0] == recipe.origin.dirty_digest:
            return
        git.git(top, "reset", "--quiet", "--hard")
        git.git(top, "clean", "-fdq")
    raise CannotError(
        "its uncommitted changes can't be had any more: neither here nor from what was recorded"
    )


def _copy_new(checkout: Path, top: Path, name: PurePosixPath) -> None:
    source, target = checkout / name, inside(top, name)
    if source.is_file() and not source.is_symlink():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        shutil.copymode(source, target)


def _copy_script(recipe: Recipe, root: Path, top: Path) -> None:
    script = script_of(recipe)
    below = _below(script, root) if script is not None else None
    if script is None or below is None:
        return  # a program of the machine, which stays where it is
    target = inside(top, below)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(script, target)
    shutil.copymode(script, target)


# --- inputs ------------------------------------------------------------------------------------


def _bring(client: Client, one: Input, root: Path, top: Path) -> None:
    """What lay beside the code lies there again; what lay elsewhere is read from there, or by reference."""
    below = _below(one.place, root) if one.place is not None else None
    if below is None:
        return  # read from there, or brought by the client of the command, which names the version
    artifact = version_of_uid(one.link.uid)
    if artifact is None:
        raise CannotError(f"{one.link.uid} is no version")
    target = inside(top, below)
    try:
        source = one.place if one.where == "original" and one.place else client.download(artifact)
    except LineageError as error:
        raise CannotError(f"{one.link.title} could not be fetched: {error}") from None
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, copy_function=shutil.copyfile, symlinks=True, dirs_exist_ok=True)
    else:
        shutil.copyfile(source, target)


# --- command -----------------------------------------------------------------------------------


def _moved(recipe: Recipe, root: Path, top: Path, folder: Path) -> tuple[str, ...]:
    """The command's words, places below the old root as places here. A program that is not part of the code
    (of a virtual environment beside it) stays where it is."""
    first, *rest = recipe.command
    below = _below(Path(recipe.folder or "/") / first, root) if "/" in first else None
    if below is not None:
        own = top / below
        first = str(own if own.exists() else Path(recipe.folder or "/") / first)
    old, new = f"{root}/", f"{top}/"
    return first, *(word.replace(old, new) if len(root.parts) > 1 else word for word in rest)
