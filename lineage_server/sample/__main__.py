"""``python -m lineage_server.sample``: run the sample project against the server of LINEAGE_URL."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

from lineage_server.client.client import Client
from lineage_server.domain.errors import LineageError
from lineage_server.sample import presence


def main() -> int:
    """Run it unless it stands there, then print where to look and the tree of the chosen model."""
    parser = argparse.ArgumentParser(prog="lineage_server.sample")
    parser.add_argument("--folder", type=Path, default=None, help="where its files go and stay")
    parser.add_argument("--parent", type=int, default=0, help="end when this process has ended")
    asked = parser.parse_args()
    if asked.parent:
        threading.Thread(target=_end_with, args=(asked.parent,), daemon=True).start()
    folder = asked.folder or Path(tempfile.gettempdir()) / "lineage-sample"
    try:
        with Client(project=presence.PROJECT) as client:
            _make_stand(client, folder)
            tree = client.lineage(presence.CHOSEN, "upstream", depth=6).to_text()
        _say(f"\nproject demo; the chosen model is {presence.CHOSEN}, made like this:\n")
        _say(tree)
        _say("\nask on: lineage lineage model:tumour --project demo")
        _say("        lineage diff model:tumour@1 model:tumour@2 --project demo")
    except ImportError as missing:
        _complain(f"the sample needs {missing.name}: pip install 'lineage-server[sample]'")
        return 2
    except LineageError as error:
        _complain(error.message)
        return error.exit_code
    return 0


def _make_stand(client: Client, folder: Path) -> None:
    """Recorded once: what was taken out is brought back, only what never was there is run."""
    back = presence.bring_back(client)
    if back:
        _say(f"the sample was taken out; its {back} nodes are back")
    if presence.is_there(client):
        _say("the sample stands there; 'lineage demo --remove' takes it out")
        return
    from lineage_server.sample.project import run_project

    run_project(client, folder, _say)


def _say(text: str) -> None:
    print(text, flush=True)


def _complain(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
