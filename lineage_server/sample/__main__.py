"""``python -m lineage_server.sample``: run the sample project against the server of LINEAGE_URL."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

from lineage_server.domain.errors import LineageError


def main() -> int:
    """Run it, then print where to look and the tree of the chosen model."""
    parser = argparse.ArgumentParser(prog="lineage_server.sample")
    parser.add_argument("--folder", type=Path, default=None, help="where its files go and stay")
    parser.add_argument("--parent", type=int, default=0, help="end when this process has ended")
    asked = parser.parse_args()
    if asked.parent:
        threading.Thread(target=_end_with, args=(asked.parent,), daemon=True).start()
    folder = asked.folder or Path(tempfile.gettempdir()) / "lineage-sample"
    try:
        from lineage_server.sample.project import run_project, tree_of

        chosen = run_project(folder, _say)
        _say(f"\nproject demo; the chosen model is {chosen}, made like this:\n")
        _say(tree_of(chosen))
        _say("\nask on: lineage lineage model:tumour --project demo")
        _say("        lineage diff model:tumour@1 model:tumour@2 --project demo")
    except ImportError as missing:
        _say(f"the sample needs {missing.name}: pip install 'lineage-server[sample]'")
        return 2
    except LineageError as error:
        _say(error.message)
        return error.exit_code
    return 0


def _say(text: str) -> None:
    print(text, flush=True)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
