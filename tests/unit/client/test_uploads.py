"""What becomes of uploads that cannot even be begun: counted, told, and kept with the reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lineage_server.client.client import Client
from lineage_server.client.transfer.jobs import FOLDER, SUFFIX


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
