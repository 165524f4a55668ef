"""Small files that introduce themselves: docstrings, budgets of lines, names that say something."""

from __future__ import annotations

import ast
import statistics

from tests.architecture.sources import ALL, PRODUCT, ROOT, functions, sources

FILE_LIMIT = 600
FILE_WITHOUT_REASON = 400
FUNCTION_LIMIT = 60
MEDIAN_LIMIT = 150

# Product files over FILE_WITHOUT_REASON lines, and why one file is better than two.
LONG_FOR_A_REASON: dict[str, str] = {}

VAGUE = {"util", "utils", "common", "helper", "helpers", "manager", "managers", "misc"}


def test_every_module_has_a_docstring() -> None:
    silent = [s.name for s in sources(*ALL) if not ast.get_docstring(s.tree)]
    assert not silent, f"say in a module docstring what belongs there and what does not: {silent}"


def test_no_file_is_too_long() -> None:
    long = {s.name: s.lines for s in sources(*ALL) if s.lines > FILE_LIMIT}
    assert not long, f"over {FILE_LIMIT} lines, split them: {long}"


def test_long_files_have_a_reason() -> None:
    long = {s.name: s.lines for s in sources(*PRODUCT) if s.lines > FILE_WITHOUT_REASON}
    unexplained = {name: lines for name, lines in long.items() if not LONG_FOR_A_REASON.get(name)}
    assert not unexplained, (
        f"over {FILE_WITHOUT_REASON} lines, split them or say why in LONG_FOR_A_REASON: {unexplained}"
    )
    outdated = sorted(LONG_FOR_A_REASON.keys() - long.keys())
    assert not outdated, f"no longer long, take them out of LONG_FOR_A_REASON: {outdated}"


def test_most_files_are_short() -> None:
    for folders in (PRODUCT, ALL):
        median = statistics.median(source.lines for source in sources(*folders))
        assert median <= MEDIAN_LIMIT, f"{folders}: the median file has {median} lines"


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{source.name}:{function.lineno} {function.name}: {length} lines"
        for source in sources(*ALL)
        for function in functions(source)
        if (length := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LIMIT
    ]
    assert not long, f"over {FUNCTION_LIMIT} lines:\n" + "\n".join(long)


def test_no_module_has_a_vague_name() -> None:
    vague = [s.name for s in sources(*ALL) if VAGUE & set(s.name.removesuffix(".py").split("/"))]
    assert not vague, f"name them after what is in them: {vague}"


def test_the_contract_folder_holds_no_python() -> None:
    """With an ``__init__.py`` in it, ``graphql/`` would shadow graphql-core."""
    assert not sorted((ROOT / "graphql").rglob("*.py"))
