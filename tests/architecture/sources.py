"""What the architecture tests look at: our Python files, read and parsed once.

A package or folder that does not exist yet has no files; its rules apply as soon as it has one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("lineage_server", "watchers")
ALL = (*PRODUCT, "tests", "benchmarks")


@dataclass(frozen=True)
class Source:
    """One Python file; ``name`` is its path in the repository."""

    name: str
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        return self.text.count("\n")

    def within(self, *places: str) -> bool:
        """Whether it lies in one of these folders, or is one of these files."""
        return any(self.name == place or self.name.startswith(f"{place}/") for place in places)


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """All Python files of these top-level folders, in order of name."""
    return tuple(_read(path) for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))


def functions(source: Source) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imported(source: Source) -> Iterator[tuple[str, int]]:
    """Every module that the file imports, anywhere in it, with the line."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", node.lineno


def docstrings(source: Source) -> set[int]:
    """Identities of the constants that are docstrings, attribute docstrings included."""
    return {
        id(node.value)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


@cache
def _read(path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    return Source(path.relative_to(ROOT).as_posix(), text, ast.parse(text, filename=str(path)))
