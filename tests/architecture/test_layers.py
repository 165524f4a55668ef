"""Arrows point down, one home per library: the import contracts, and what they cannot express."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sources import PRODUCT, ROOT, Source, docstrings, imported, sources

CYPHER_HOME = "lineage_server/graph/queries"
CYPHER = re.compile(
    r"\b(MATCH|MERGE|CREATE)\s*\(|\bDETACH\s+DELETE\b|\bUNWIND\s+\S+\s+AS\b"
    r"|\b(CREATE|DROP)\s+(CONSTRAINT|\w*\s*INDEX)\b"
)
TASKS = ("lineage_server/tasks.py",)
STARTERS = {"create_task", "ensure_future"}


def test_imports_keep_to_the_contracts() -> None:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


def test_the_domain_needs_only_the_standard_library() -> None:
    known = sys.stdlib_module_names
    foreign = [
        f"{source.name}:{line} {module}"
        for source in sources("lineage_server")
        if source.within("lineage_server/domain")
        for module, line in imported(source)
        if module.partition(".")[0] not in known and not f"{module}.".startswith("lineage_server.domain.")
    ]
    assert not foreign, "\n".join(foreign)


def test_cypher_has_one_home() -> None:
    strays = [
        f"{source.name}:{line} {text}"
        for source in sources(*PRODUCT)
        if not source.within(CYPHER_HOME)
        for line, text in cypher_in(source)
    ]
    assert not strays, f"move these statements to {CYPHER_HOME}:\n" + "\n".join(strays)


def test_the_cypher_rule_sees_f_strings_and_not_docstrings() -> None:
    text = '"""MATCH (n) in words."""\nx = f"MERGE (n:{label})"\ny = "match (of the day)"\n'
    assert [line for line, _ in cypher_in(Source("x.py", text, ast.parse(text)))] == [2]


def cypher_in(source: Source) -> Iterator[tuple[int, str]]:
    words = docstrings(source)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in words:
            found = CYPHER.search(node.value)
            if found:
                yield node.lineno, found[0]


def test_tasks_are_started_in_one_place() -> None:
    """Elsewhere a task would have no name, owner or end; a TaskGroup has them, and is fine."""
    bare = [
        f"{source.name}:{line}"
        for source in sources(*PRODUCT)
        if not source.within(*TASKS)
        for line in bare_starts(source)
    ]
    assert not bare, "start these with lineage_server.tasks:\n" + "\n".join(bare)


def test_the_task_rule_sees_every_way() -> None:
    text = (
        "asyncio.create_task(x)\nloop.create_task(x)\nasyncio.get_running_loop().create_task(x)\n"
        "from asyncio import ensure_future\ngroup.create_task(x)\n"
    )
    assert sorted(bare_starts(Source("x.py", text, ast.parse(text)))) == [1, 2, 3, 4]


def bare_starts(source: Source) -> Iterator[int]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and node.module == "asyncio":
            if STARTERS & {alias.name for alias in node.names}:
                yield node.lineno
        elif isinstance(node, ast.Attribute) and node.attr in STARTERS:
            owner = ast.unparse(node.value).lower()
            if owner == "asyncio" or owner.endswith(("loop", "loop()")):
                yield node.lineno
