"""After a commit: senders get their verdicts, readers are told what changed, totals are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from lineage_server.changes import Change
from lineage_server.domain import ids
from lineage_server.ingest.ready import Ready
from lineage_server.ingest.verdicts import Entry, IngestCounters, Outcome, Verdict
from lineage_server.telemetry import IngestNumbers

if TYPE_CHECKING:
    from lineage_server.ingest.writer import IngestWriter


class Telling:
    """``publish`` is told what changed; ``resync`` a number of a batch up to which something changed that
    nobody here can name: other servers' batches, a rebuild, a batch of ours of which the answer got lost."""

    def __init__(
        self, publish: Callable[[Sequence[Change]], None], resync: Callable[[int], None] | None
    ) -> None:
        self.counters = IngestCounters()
        self._publish = publish
        self._resync = resync

    def committed(self, ready: Ready, seconds: float) -> None:
        """A batch is in the graph, or had nothing new."""
        counters = self.counters
        counters.batches += 1
        counters.last_batch_seconds = seconds
        self.others_wrote(ready.write.seq)
        if not ready.empty:
            counters.last_seq = ready.write.seq + 1
        counters.last_commit_at = ids.now_micros()
        counters.last_error = ""
        for entry in ready.entries:
            self._answer(entry)
        self._publish(ready.changes)

    def others_wrote(self, until: int) -> None:
        """Batches from our last one to ``until`` were not ours."""
        if until > self.counters.last_seq:
            self.counters.last_seq = until
            if self._resync is not None:
                self._resync(until)

    def failed(self, entries: Iterable[Entry], error: Exception) -> None:
        """Nothing of these is acknowledged."""
        for entry in entries:
            if not entry.request.done.done():
                entry.request.done.set_exception(error)

    def _answer(self, entry: Entry) -> None:
        counters = self.counters
        refusal = entry.refusal
        if refusal is not None:
            code = str(refusal["code"])
            if entry.kept:
                counters.refused += 1
                counters.by_code[code] = counters.by_code.get(code, 0) + 1
            entry.request.verdicts[entry.index] = Verdict(
                entry.index,
                Outcome.REFUSED,
                code,
                refusal["message"],
                bool(refusal["retriable"]),
                entry.current,
            )
        elif entry.request.verdicts[entry.index].outcome is Outcome.DUPLICATE:
            counters.duplicate += 1
        else:
            counters.accepted += 1
        request = entry.request
        request.open -= 1
        if request.open == 0 and not request.done.done():
            request.done.set_result(None)


def numbers_of(writer: IngestWriter) -> IngestNumbers:
    """What the writer's metrics show now."""
    counters = writer.counters
    return IngestNumbers(
        queue_events=writer.queue_depth,
        queue_bytes=writer.queued_bytes,
        accepted=counters.accepted,
        duplicate=counters.duplicate,
        refused=counters.refused,
        overloads=counters.overloads,
        retries=counters.retries,
        batches=counters.batches,
        last_batch_seconds=counters.last_batch_seconds,
        last_commit_at=counters.last_commit_at,
    )
