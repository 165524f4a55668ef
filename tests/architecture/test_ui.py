"""The web view's layout: no feature knows another, what is shared knows no feature, files are small."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from lineage_server.domain.nodes import RunState
from lineage_server.tracking.fingerprint import Lack
from tests.architecture.sources import ROOT

UI = ROOT / "ui"
SRC = UI / "src"
GENERATED = SRC / "gql"
SHARED = ("components", "lib", "locales")
FILE_LIMIT = 400
KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(\.(module|test|worker|d))?\.(tsx?|css|json)")
IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*["']([^"']+)["']""")


def files() -> list[Path]:
    return sorted(path for path in SRC.rglob("*") if path.is_file() and not path.is_relative_to(GENERATED))


def imports(file: Path) -> Iterator[str]:
    """What a file takes from ours, as paths below ``src``."""
    for told in IMPORT.findall(file.read_text("utf-8")):
        if told.startswith("@/"):
            yield told[2:]
        elif told.startswith("."):
            yield str((file.parent / told).resolve().relative_to(SRC))


def test_no_feature_imports_another_and_nothing_shared_imports_a_feature() -> None:
    wrong: list[str] = []
    for file in files():
        if file.suffix not in (".ts", ".tsx"):
            continue
        here = file.relative_to(SRC).parts
        for there in (Path(told).parts for told in imports(file)):
            up = there[0] == "app" and here[0] != "app"
            other = there[0] == "features" and here[0] == "features" and here[:2] != there[:2]
            if up or other or (there[0] == "features" and here[0] in SHARED):
                wrong.append(f"{'/'.join(here)} imports {'/'.join(there)}")
    assert not wrong, "shared below features, features below app:\n" + "\n".join(wrong)


def test_files_are_small_named_alike_and_never_barrels() -> None:
    long = {
        str(file.relative_to(ROOT)): lines
        for file in files()
        if "locales" not in file.parts and (lines := len(file.read_text("utf-8").splitlines())) > FILE_LIMIT
    }
    assert not long, f"over {FILE_LIMIT} lines, split them: {long}"
    odd = [str(file.relative_to(ROOT)) for file in files() if not KEBAB.fullmatch(file.name)]
    assert not odd, f"kebab-case, please: {odd}"
    assert not [file for file in files() if file.stem == "index"]


def test_every_page_and_every_part_of_it_is_looked_at() -> None:
    """In both languages, in all themes and widths: by the tests that go through all pages."""
    from tests.support.web_world import PAGES

    paths = re.findall(r"""path: "/([a-z]+)(/\$uid)?",""", (SRC / "app" / "router.tsx").read_text("utf-8"))
    assert len(paths) > 10
    known = {path.partition("?")[0].replace("{run}", "$uid") for path in PAGES}
    assert {f"{name}{uid}" for name, uid in paths if name != "p"} - known == set()
    parts: set[str] = set()
    for file in SRC.glob("features/*/*-search.ts"):
        for names in re.findall(
            r"const (?:\w+_)?(?:VIEWS|TABS|FORMS) = \[([^]]+)\]", file.read_text("utf-8")
        ):
            usual, *others = re.findall(r'"(\w+)"', names)
            parts |= {*others} | ({usual} if file.parent.name == "lineage" else set())
    assert len(parts) > 20
    shown = {word for path in PAGES for word in re.findall(r"[?&](?:view|tab)=(\w+)", path)}
    assert parts - shown == set(), "add their addresses to tests/support/web_world.py"


def test_types_of_answers_are_generated_only() -> None:
    """Written by hand they would go on to be believed when the contract changes."""
    own = [
        str(file.relative_to(ROOT))
        for file in files()
        if re.search(
            r"""\b(?:gql|graphql)`|["'`]\s*(?:query|mutation|subscription)\s+\w+\s*[({]""",
            file.read_text("utf-8"),
        )
    ]
    assert not own, f"operations belong into graphql/operations: {own}"


def test_every_message_is_used() -> None:
    said = "\n".join(file.read_text("utf-8") for file in files() if file.suffix in (".ts", ".tsx"))
    whole = set(re.findall(r"""["'`]([\w.]+)["'`]""", said))
    begun = tuple(re.findall(r"`([\w.]+\.)\$\{", said))
    ids = json.loads((SRC / "locales" / "en.json").read_text("utf-8"))
    unused = [one for one in ids if one not in whole and not one.startswith(begun)]
    assert not unused, f"nobody says these: {unused}"


@pytest.mark.parametrize(("begin", "kind"), [("run.lack.", Lack), ("state.", RunState)])
def test_what_the_server_names_has_words(begin: str, kind: type[StrEnum]) -> None:
    ids = json.loads((SRC / "locales" / "en.json").read_text("utf-8"))
    assert [one for one in kind if begin + one.lower() not in ids] == []


@pytest.mark.parametrize("folder", ["ui", "tests/support/azurite"])
def test_the_lock_of_packages_names_no_address(folder: str) -> None:
    text = (ROOT / folder / "package-lock.json").read_text("utf-8")
    assert "://" not in text, "npm adds addresses of funding and licences, which nothing needs: take them out"
    lock = json.loads(text)
    packages = {name: told for name, told in lock["packages"].items() if name}
    assert not [name for name, told in packages.items() if "://" in told.get("resolved", "")]
    assert not [name for name, told in packages.items() if not told.get("integrity")]


def test_what_is_shipped_may_be_shipped() -> None:
    lock = json.loads((UI / "package-lock.json").read_text("utf-8"))
    allowed = set("MIT ISC BSD-2-Clause BSD-3-Clause Apache-2.0 0BSD CC0-1.0 Unlicense".split())
    wrong = {
        name: told.get("license")
        for name, told in lock["packages"].items()
        if name
        and not told.get("dev")
        and not allowed & set(re.findall(r"[\w.-]+", told.get("license", "")))
        # Data of a build tool, which a package names as if it were needed to run.
        and name != "node_modules/caniuse-lite"
    }
    assert not wrong, wrong
