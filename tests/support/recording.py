"""A Python client in a process of its own that records as much as it is told, when it is told.

Step ``n`` sets one tag and logs one metric point, so that what the client recorded can be counted:
``check_recorded`` asks the server for it. Not here: what the fault is (the tests), how the graph is
counted (``faults.py``).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support import faults

_SCRIPT = """
import json, sys, time

name, project, finish_seconds, skew_seconds = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
if skew_seconds:
    true_time_ns, true_time = time.time_ns, time.time
    time.time_ns = lambda: true_time_ns() + skew_seconds * 10**9
    time.time = lambda: true_time() + skew_seconds

import lineage_server as lineage

run = lineage.start_run(name, project=project)
print(json.dumps(run.id), flush=True)
number = 0
for line in sys.stdin:
    for _ in range(int(line)):
        run.set_tags({f"tag-{number}": "set"})
        run.log({"loss": float(number)}, step=number)
        number += 1
    print(json.dumps(number), flush=True)
print(json.dumps(run.finish(timeout=finish_seconds)), flush=True)
"""


@dataclass(frozen=True)
class Ending:
    """How the client ended: whether all was delivered, and what it said to its user."""

    delivered: bool
    said: str


class Recording:
    """The process; ``record`` answers once the client's calls have returned."""

    def __init__(
        self,
        environment: Mapping[str, str],
        name: str,
        project: str,
        *,
        finish_seconds: float = 30.0,
        skew_seconds: int = 0,
    ) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _SCRIPT, name, project, str(finish_seconds), str(skew_seconds)],
            env={**environment, "LINEAGE_CAPTURE": "none"},
            cwd=environment["HOME"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.steps = 0
        self.run: str = self._next()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def record(self, steps: int) -> None:
        """So many steps more."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        self.steps = self._next()

    def finish(self) -> Ending:
        """End the run and the process, which must end well whatever became of its server."""
        out, said = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, said
        return Ending(json.loads(out), said)

    def _next(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            _, said = self.process.communicate(timeout=10)
            raise AssertionError(f"the client ended with code {self.process.returncode}:\n{said}")
        return json.loads(line)


_RECORDED = """
query ($uid: String!, $run: String!) {
  run(uid: $uid) { state tags { key } }
  metricHistory(run: $run, keys: ["loss"], maxPoints: null) { steps values }
}
"""


def check_recorded(url: str, client: Recording, *, state: str = "COMPLETE") -> None:
    """Every step that the client recorded is there, once, in order, and nothing else."""
    found = faults.ask(url, _RECORDED, {"uid": f"run:{client.run}", "run": client.run})
    assert found["run"]["state"] == state
    assert {tag["key"] for tag in found["run"]["tags"]} == {f"tag-{n}" for n in range(client.steps)}
    (series,) = found["metricHistory"]
    assert series["steps"] == list(range(client.steps))
    assert series["values"] == [float(n) for n in range(client.steps)]


def journals(folder: Path) -> list[Path]:
    """What the clients of a home still have to send."""
    return sorted((folder / "home" / ".local" / "share" / "lineage" / "journal").glob("*.jsonl"))


def sync(command: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """``lineage sync``, which must end well, or with 2 where something is refused; its report."""
    done = subprocess.run(
        [command, "sync", "--json"],
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in (0, 2), done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (2 if report["refused"] else 0), done.stderr
    return report
