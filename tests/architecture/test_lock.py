"""The lock fits the project file, is hashed, and names no address: every registry is as good."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from tests.architecture.sources import ROOT

LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PINNED = {name: block for name, block in re.findall(r"(?ms)^([a-z0-9][\w.-]*)==(.*?)(?=^[a-z0-9]|\Z)", LOCK)}


def test_everything_asked_for_is_locked() -> None:
    absent = [name for name in asked_for() if name not in PINNED]
    assert not absent, f"run `make lock`: {absent}"


def test_everything_locked_has_a_hash() -> None:
    bare = [name for name, block in PINNED.items() if "--hash=sha256:" not in block]
    assert not bare


def test_the_lock_names_no_address_and_no_folder() -> None:
    place = re.compile(r"://|file:| @ |^-")  # a line that begins with a dash is an option of pip's
    odd = [line for line in LOCK.splitlines() if place.search(line)]
    assert not odd


def asked_for() -> Iterator[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wishes = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    for group in (project["project"]["optional-dependencies"], project["dependency-groups"]):
        wishes += [wish for many in group.values() for wish in many]
    for wish in wishes:
        name = re.match(r"[\w.-]+", wish)
        assert name, wish
        yield re.sub(r"[-_.]+", "-", name[0]).lower()
