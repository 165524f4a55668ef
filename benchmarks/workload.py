"""Executions as wire events: two inputs sampled from the last 50 outputs, one output, one job.

The same shape goes to ML Metadata (``mlmd_worker.py``). Lines are put together from text, since
whoever makes them shares the cores with the server; an event is what the client sends for a run
that reads two versions and writes one, digests included.
"""

from __future__ import annotations

import random
import secrets
import time
from collections import deque
from dataclasses import dataclass

from lineage_server.domain.ids import new_run_id, version_uid

RECENT = 50
NAMES = 10
"""Names of artifacts that the job writes versions of, in turn."""

_INPUT = '{"name":"%s","digest":"%s","role":"%s"}'
_EVENT = (
    '{"type":"run","project":"%s","id":"%s","at":%d,"run":"%s","name":"%s","job":"train","kind":"training",'
    '"state":"complete","started_at":%d,"ended_at":%d,"inputs":[%s],'
    '"outputs":[{"name":"%s","digest":"%s","uri":"s3://bucket/%s","size":1048576}]}'
)


@dataclass(frozen=True, slots=True)
class Output:
    """A version that was written."""

    name: str
    digest: str


class Executions:
    """Makes executions of one project; ``acknowledged`` says which outputs may be read next."""

    def __init__(self, project: str = "bench") -> None:
        self.project = project
        self.recent: deque[Output] = deque(maxlen=RECENT)
        self.made = 0
        self._salt = secrets.token_hex(16)
        self._random = random.Random(7)

    def line(self) -> tuple[str, Output]:
        """One event and the version it makes."""
        self.made += 1
        run = new_run_id()
        name = f"table-{self.made % NAMES}"
        output = Output(name, f"sha256:{self._salt}{self.made:032x}")
        chosen = self._random.sample(self.recent, 2) if len(self.recent) >= 2 else []
        inputs = ",".join(
            _INPUT % (one.name, one.digest, role)
            for one, role in zip(chosen, ("left", "right"), strict=False)
        )
        now = time.time_ns() // 1000
        text = _EVENT % (
            *(self.project, run, now, run, f"train-{self.made}", now - 1_000_000, now, inputs),
            *(name, output.digest, output.digest[7:]),
        )
        return text, output

    def acknowledged(self, output: Output) -> None:
        self.recent.append(output)

    def batch(self, size: int) -> bytes:
        """Lines of a request; an execution may read what an earlier one of the same batch wrote."""
        lines: list[str] = []
        for _ in range(size):
            text, output = self.line()
            lines.append(text)
            self.recent.append(output)
        return "\n".join(lines).encode()

    def uid(self, output: Output) -> str:
        return version_uid(self.project, "dataset", output.name, output.digest)
