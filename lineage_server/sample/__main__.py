"""``python -m lineage_server.sample``: run the sample project against the server of LINEAGE_URL."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from lineage_server.client.client import Client
from lineage_server.domain.errors import LineageError
from lineage_server.sample import presence


def main() -> int:
    """Run it unless it stands there, then print the tree of the chosen model and what else to ask."""
    parser = argparse.ArgumentParser(prog="lineage_server.sample")
    parser.add_argument("--folder", type=Path, default=None, help="where its files go and stay")
    parser.add_argument("--parent", type=int, default=0, help="end when this process has ended")
    asked = parser.parse_args()
    if asked.parent:
        threading.Thread(target=_end_with, args=(asked.parent,), daemon=True).start()
        signal.signal(signal.SIGTERM, _end_quietly)
    try:
        with Client(project=presence.PROJECT) as client:
            _make_stand(client, asked.folder or client.config.journal_dir.with_name("sample"))
            tree = client.lineage(presence.CHOSEN, "upstream", depth=6).to_text()
            corrected_at = presence.find(client).corrected_at()
    except ImportError as missing:
        _complain(f"the sample needs {missing.name}: pip install 'lineage-server[sample]'")
        return 2
    except LineageError as error:
        _complain(error.message)
        return error.exit_code
    _say(f"\nproject demo; the chosen model is {presence.CHOSEN}, made like this:\n")
    _say(tree)
    _say(_QUESTIONS.format(corrected_at=corrected_at))
    return 0


_BAD = "lineage lineage dataset:measurements@1 --down -p demo"
_QUESTIONS = f"""
ask on:
  what came of the bad delivery?  {_BAD}
  and before it was corrected?    {_BAD} --as-of {{corrected_at}}
  why do the two models differ?   lineage diff model:tumour@1 model:tumour@2 -p demo
  what serves now?                lineage show model:{presence.MODEL}@{presence.ALIAS} -p demo"""


def _make_stand(client: Client, folder: Path) -> None:
    """Recorded once: what was taken out is brought back, only what never was there is run."""
    found = presence.find(client)
    back = presence.bring_back(client, found)
    if not back and not found.stands:
        _run(client, folder, _say)
        return
    if not back:
        _say("the sample stands there; 'lineage demo --remove' takes it out")
        return
    _say(f"the sample was taken out; its {back} nodes are back, and its files are written again …")
    # Trained anew, to the same content, and recorded by nobody.
    with Client(project=presence.PROJECT, mode="disabled") as silent:
        _run(silent, folder, lambda _: None)


def _run(client: Client, folder: Path, say: Callable[[str], None]) -> None:
    from lineage_server.sample.project import run_project

    run_project(client, folder, say)


def _say(text: str) -> None:
    print(text, flush=True)


def _end_quietly(*_: object) -> None:
    """The server that started us stops, too: what it takes no more is in the journal, and no news."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    sys.exit(128 + signal.SIGTERM)


def _complain(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
