"""One large file to an S3 server: by a program of a user, straight to the store, against boto3's own
``upload_file``. Both with their defaults, each in a process of its own, connected before it is timed.

The S3 server is moto's on loopback, which keeps everything itself: of the time a good part is its own.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.bytes import by_user, fill
from benchmarks.context import Context
from benchmarks.mlflow_server import said
from benchmarks.rows import Row, Target, paired_ratio, row
from benchmarks.servers import lineage_server
from tests.support.s3_server import S3Server

BUCKET = "bench"
MOST_MB = 200
UPLOAD = """
import sys, time
import boto3
client = boto3.client("s3")
client.list_buckets()
began = time.perf_counter()
client.upload_file(sys.argv[1], sys.argv[2], "theirs")
print(time.perf_counter() - began)
"""


def run(context: Context) -> Iterator[Row]:
    store = S3Server()
    store.start()
    try:
        store.make_bucket(BUCKET)
        told = {**store.environment(), "LINEAGE_ARTIFACTS__URL": f"s3://{BUCKET}/artifacts"}
        with (
            lineage_server("embedded", environment=told) as server,
            tempfile.TemporaryDirectory(prefix="lineage-bench-s3-") as folder,
        ):
            source = Path(folder) / "large"
            mebibytes = 1024 if context.full else 128
            ours: list[float] = []
            theirs: list[float] = []
            peaks: list[float] = []
            for _ in range(context.turns):
                fill(source, mebibytes)
                sent = by_user(server, Path(folder), "put", "large", source)
                ours.append(sent.seconds)
                peaks.append(sent.peak_mb)
                command = [sys.executable, "-c", UPLOAD, str(source), BUCKET]
                theirs.append(said(command, {**os.environ, **store.environment()})[0])
                for key in store.keys(BUCKET):
                    store.remove(BUCKET, key)
            yield from _rows(mebibytes, ours, theirs, peaks)
    finally:
        store.stop()


def _rows(mebibytes: int, ours: list[float], theirs: list[float], peaks: list[float]) -> Iterator[Row]:
    yield row(
        f"upload {mebibytes:,} MiB to S3", "embedded", statistics.median(ours), "s",
        peer="boto3, upload_file", peer_value=statistics.median(theirs),
        ratio=paired_ratio(theirs, ours), target=Target(sign=">=", bound=1, of="ratio"),
        note="the ratio is how many times faster",
    )  # fmt: skip
    yield row(
        f"upload {mebibytes:,} MiB to S3: the most memory of the client", "embedded", max(peaks), "MB",
        target=Target(sign="<", bound=MOST_MB),
    )  # fmt: skip
