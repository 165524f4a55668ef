"""What a command line runs: the script and the Python, as kernel, shell and Python would read it."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from lineage_server.client.command import packages_of, program_of

PYTHON = sys.executable
PATH = f"{Path(PYTHON).parent}:/usr/bin:/bin"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "a b").mkdir()
    for name, text in {
        "train.py": "#!/usr/bin/env -S python3 -u\n",
        "launch": f"#!{PYTHON}\n",
        "long": f"#!/bin/sh\n'''exec' \"{PYTHON}\" \"$0\" \"$@\"\n' '''\n",
        "prepare.sh": "#!/bin/bash\n",
        "solve": "\x7fELF\n",
    }.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("line", "entry", "python"),
    [
        ("python train.py --lr 0.1", "train.py", True),
        ("python3 -u -W ignore -Xdev train.py", "train.py", True),
        ("python -m pkg.train --lr 1", "module:pkg.train", True),
        ("python -Imtrain", "module:train", True),
        ("python -c 'print()' train.py", "", True),
        ("python - train.py", "", True),
        ("python --check-hash-based-pycs never train.py", "train.py", True),
        ("env -u HOME A=1 nice -n 10 python train.py", "train.py", True),
        ("./train.py", "train.py", True),
        ("./launch --nodes 2 train.py", "train.py", True),
        ("./launch", "launch", True),
        ("./long", "long", True),
        ("./prepare.sh train", "prepare.sh", False),
        ("bash -e -o pipefail prepare.sh", "prepare.sh", False),
        ("sh -ec 'echo a'", "", False),
        ("./solve", "solve", False),
        ("env", "/usr/bin/env", False),
        ("no-such-command", "", False),
    ],
)
def test_entry_and_interpreter(folder: Path, line: str, entry: str, python: bool) -> None:
    program = program_of(shlex.split(line), {"PATH": PATH}, pid=7)
    assert program.entry == (
        entry if entry.startswith(("module:", "/")) or not entry else str(folder / entry)
    )
    assert bool(program.python) == python
    assert (program.folder, program.argv, program.pid) == (folder, tuple(shlex.split(line)), 7)


def test_an_interpreter_that_does_not_answer_is_none(folder: Path) -> None:
    assert "pytest" in packages_of(PYTHON, folder)[1]
    for odd in ("/bin/false", "/bin/echo", str(folder / "gone")):
        assert packages_of(odd, folder) == ("", {})
