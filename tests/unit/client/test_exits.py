"""A program that is left by an exit has failed unless its code is 0: wherever the run is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.client.stub import StubServer
from tests.unit.client.test_sync import start

# Whole processes, which a busy machine starts slowly.

OPEN = """
run = lineage.start_run("train")
print(run.id, flush=True)
{script}
"""
BLOCK = """
with lineage.start_run("train") as run:
    print(run.id, flush=True)
    {script}
"""
FUNCTION = """
def main():
    run = lineage.start_run("train")
    print(run.id, flush=True)
    {script}
main()
"""
CLIENT = """
with lineage.Client() as client:
    print(client.start_run("train").id, flush=True)
    {script}
"""
TRACKED = """
@lineage.track
def train():
    print(lineage.current_run().id, flush=True)
    {script}
train()
"""
ASYNC = """
import asyncio
@lineage.track
async def train():
    print(lineage.current_run().id, flush=True)
    {script}
asyncio.run(train())
"""
PROGRAMS = pytest.mark.parametrize(
    "program",
    [OPEN, BLOCK, FUNCTION, CLIENT, TRACKED, ASYNC],
    ids=["open", "block", "function", "client", "tracked", "async"],
)
FAILED = "failed"
Told = tuple[Any, Any, Any]
COMPLETE: Told = ("complete", None, None)
NOBODY_HEARD = "left by SystemExit with a code that is not known: only sys.exit tells it"


def left(program: str, script: str, journal_dir: Path, stub: StubServer) -> tuple[Told, int]:
    """State, reason and exit code as told, and the exit code that the process had."""
    text = "import sys\nimport lineage_server as lineage\n" + program.replace("{script}", script)
    process = start(text, journal_dir, LINEAGE_URL=stub.url)
    out, err = process.communicate(timeout=50)
    assert out, err
    told = stub.run(out.split()[0])
    return (told["state"], told.get("reason"), told.get("exit_code")), process.returncode


@PROGRAMS
@pytest.mark.parametrize(
    ("script", "code", "told"),
    [
        ("sys.exit(7)", 7, (FAILED, "SystemExit: 7", 7)),
        ("sys.exit('no data, password=hunter2')", 1, (FAILED, "SystemExit: no data, password=***", 1)),
        ("exit(7)", 7, (FAILED, "SystemExit: 7", 7)),
        ("sys.exit()", 0, ("complete", None, 0)),
    ],
)
def test_an_exit_is_recorded_with_its_code(
    program: str, script: str, code: int, told: Told, journal_dir: Path, stub: StubServer
) -> None:
    assert left(program, script, journal_dir, stub) == (told, code)


@pytest.mark.parametrize(
    "program", [OPEN, BLOCK, CLIENT, TRACKED], ids=["open", "block", "client", "tracked"]
)
@pytest.mark.parametrize(
    ("script", "code", "told"),
    [
        ("raise SystemExit(7)", 7, (FAILED, "SystemExit: 7", 7)),
        ("raise SystemExit('no data')", 1, (FAILED, "SystemExit: no data", 1)),
        ("raise SystemExit(0)", 0, ("complete", None, 0)),
        ("raise SystemExit", 0, ("complete", None, 0)),
    ],
)
def test_so_is_one_that_is_raised(
    program: str, script: str, code: int, told: Told, journal_dir: Path, stub: StubServer
) -> None:
    assert left(program, script, journal_dir, stub) == (told, code)


@pytest.mark.parametrize(
    ("script", "code", "told"),
    [
        ("sys.exit(0)", 0, ("complete", None, 0)),
        ("sys.exit(None)", 0, ("complete", None, 0)),
        ("sys.exit(True)", 1, (FAILED, "SystemExit: True", 1)),
        ("sys.exit('')", 1, (FAILED, "SystemExit", 1)),
        ("sys.exit((1, 2))", 1, (FAILED, "SystemExit: (1, 2)", 1)),
        ("sys.exit(-1)", 255, (FAILED, "SystemExit: -1", 255)),
        ("quit(3)", 3, (FAILED, "SystemExit: 3", 3)),
        ("try: sys.exit(7)\nfinally: print('tidy')", 7, (FAILED, "SystemExit: 7", 7)),
        # An exit that was caught is none.
        ("try: sys.exit(7)\nexcept SystemExit: pass", 0, COMPLETE),
        ("try: raise SystemExit(7)\nexcept SystemExit: pass", 0, COMPLETE),
        (
            "try: exit(7)\nexcept SystemExit: raise ValueError('no') from None",
            1,
            (FAILED, "ValueError: no", None),
        ),
        # One of another thread is that thread's.
        ("import threading; threading.Thread(target=sys.exit, args=(3,)).start()", 0, COMPLETE),
        # Nobody is told of its code; that it was no regular end is seen.
        ("def f(): raise SystemExit(7)\nf()", 7, (FAILED, NOBODY_HEARD, None)),
    ],
)
def test_a_run_that_nobody_ended_ends_as_the_program_does(
    script: str, code: int, told: Told, journal_dir: Path, stub: StubServer
) -> None:
    assert left(OPEN, script, journal_dir, stub) == (told, code)


@pytest.mark.parametrize("words", [[], ["-m"]], ids=["script", "module"])
@pytest.mark.parametrize(
    ("last", "state"), [("pass", "complete"), ("sys.exit(3)", FAILED), ("1 / 0", FAILED)]
)
def test_scripts_and_modules_end_alike(
    words: list[str], last: str, state: str, journal_dir: Path, stub: StubServer, tmp_path: Path
) -> None:
    (tmp_path / "training.py").write_text(
        "import sys\nimport lineage_server as lineage\nprint(lineage.start_run('train').id)\n" + last + "\n"
    )
    how = [*words, "training" if words else "training.py"]
    outer = (
        f"import os, sys; os.chdir({str(tmp_path)!r}); os.execv(sys.executable, [sys.executable, *{how!r}])"
    )
    process = start(outer, journal_dir, LINEAGE_URL=stub.url)
    out, err = process.communicate(timeout=50)
    assert out, err
    assert stub.run(out.split()[0])["state"] == state
