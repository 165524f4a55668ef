"""What becomes of uploads that cannot be begun (counted, told, kept with the reason), or whose URLs end."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from lineage_server.client.client import Client
from lineage_server.client.hashing import hash_path
from lineage_server.client.transfer.exchange import Asked, Exchange, ExpiredError
from lineage_server.client.transfer.jobs import FOLDER, SUFFIX, Job
from lineage_server.client.transfer.send import send
from lineage_server.domain.errors import UnavailableError


def places(client: Client) -> Path:
    """Where uploads of this client wait, without the ending of the first one's names."""
    assert client.outbox is not None
    journal = client.outbox.journal.path
    return journal.parent / FOLDER / f"{journal.stem}.000001"


@pytest.mark.parametrize("ending", [".data", ".new"])
def test_what_finds_no_room_to_wait_in_is_counted_and_kept(
    lonely: Client, caplog: pytest.LogCaptureFixture, ending: str
) -> None:
    """Neither a value's bytes nor the list of what to send can be written: something else lies there."""
    first = places(lonely)
    first.with_suffix(f".000001{ending}").mkdir(parents=True)
    run = lonely.start_run("maker")
    made = run.produce("value", b"bytes")
    status = lonely.sync_status()
    assert (status.uploads, status.uploads_failed) == (0, 1)
    assert "Is a directory" in status.failure
    assert f"other:value@{made.digest[:19]} is recorded and not uploaded" in caplog.text
    told = json.loads((first.parent / "failed.jsonl").read_text())
    assert (told["name"], told["digest"], told["reason"]) == ("value", made.digest, status.failure)
    assert not list(first.parent.glob(f"*{SUFFIX}"))
    # The next one is tried again, and waits.
    run.produce("value", b"bytes")
    assert (lonely.sync_status().uploads, lonely.sync_status().uploads_failed) == (1, 1)


def test_a_disk_that_takes_no_list_leaves_no_half_of_it(
    lonely: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, *arguments: object, **named: object) -> None:
        self.write_bytes(b"{")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    lonely.start_run("maker").produce("value", b"bytes")
    assert lonely.sync_status().uploads_failed == 1
    assert [path.name for path in places(lonely).parent.iterdir()] == ["failed.jsonl"]


# --- signed URLs that end ----------------------------------------------------------------------------


class ShortLived:
    """A store whose URLs end after a few uses, though each time new ones are given; ``lives`` 0: at once."""

    def __init__(self, lives: int) -> None:
        self.lives, self.left, self.asked = lives, 0, 0
        self.there: set[str] = set()
        self._lock = threading.Lock()

    def ask(self, project: str, objects: Mapping[str, int], methods: Sequence[str]) -> Asked:
        self.left, self.asked = self.lives, self.asked + 1
        missing = [name for name in objects if name not in self.there]
        return Asked("url", missing, urls={name: name for name in missing})

    def put_url(self, url: str, headers: Mapping[str, str], size: int, data: Iterable[bytes]) -> None:
        assert sum(map(len, data)) == size
        with self._lock:
            if not self.left:
                raise ExpiredError("the store refuses a signed URL with 403: Request has expired")
            self.left -= 1
            self.there.add(url)

    def commit(self, project: str, kind: str, name: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
        return {"uid": name}


def job_of(folder: Path, files: int) -> Job:
    folder.mkdir()
    for number in range(files):
        (folder / f"{number}").write_bytes(b"%d" % number)
    hashed = hash_path(folder, in_parts=True)
    assert hashed.entries is not None
    return Job(
        project="p", type="dataset", name="many", kind="folder", digest=hashed.digest, source=folder,
        entries=hashed.entries,
    )  # fmt: skip


def test_urls_that_end_again_and_again_are_renewed_while_something_arrives(tmp_path: Path) -> None:
    job, store = job_of(tmp_path / "many", 60), ShortLived(3)
    assert send(job, cast("Exchange", store), lambda count: None) == {"uid": "many"}
    assert len(store.there) == 60
    assert store.asked == 20


def test_urls_that_end_at_once_are_not_renewed_for_ever(tmp_path: Path) -> None:
    store = ShortLived(0)
    with pytest.raises(UnavailableError, match="after they were sent"):
        send(job_of(tmp_path / "many", 3), cast("Exchange", store), lambda count: None)
    assert store.asked == 5
