"""The journal: nothing acknowledged too early, nothing lost, nothing raised."""

from __future__ import annotations

import errno
import json
import logging
import os
from pathlib import Path

import pytest

from lineage_server.client import journal as journals
from lineage_server.client.journal import Journal, ack_path, read_ack, read_lines


def line(n: int, kind: str = "run") -> bytes:
    return json.dumps({"type": kind, "id": f"e{n}"}, separators=(",", ":")).encode() + b"\n"


def drain(journal: Journal, *, most_events: int = 500, most_bytes: int = 1_000_000) -> list[bytes]:
    out: list[bytes] = []
    while (batch := journal.next_batch(most_events=most_events, most_bytes=most_bytes)) is not None:
        out += batch.lines
        journal.acknowledge(batch)
    return out


def test_nothing_is_made_before_something_is_written(journal_dir: Path) -> None:
    journal = Journal(journal_dir)
    journal.append([])
    journal.close()
    assert not journal_dir.exists()


def test_lines_come_back_in_order_and_the_file_goes_when_all_is_acknowledged(journal_dir: Path) -> None:
    journal = Journal(journal_dir)
    lines = [line(n) for n in range(1203)]
    journal.append(lines[:700])
    journal.append(lines[700:])
    assert journal.path.read_bytes() == b"".join(lines)
    assert drain(journal, most_events=100) == lines
    assert not journal.pending
    journal.close()
    assert list(journal_dir.iterdir()) == []


def test_what_is_not_acknowledged_stays(journal_dir: Path) -> None:
    journal = Journal(journal_dir)
    lines = [line(n) for n in range(10)]
    journal.append(lines)
    batch = journal.next_batch(most_events=4, most_bytes=10_000)
    assert batch is not None
    journal.acknowledge(batch)
    journal.close()
    size = journal.path.stat().st_size
    done = read_ack(journal.path, size)
    assert journal.path.read_bytes()[done:] == b"".join(lines[4:])


def test_a_line_longer_than_a_batch_is_read_whole(journal_dir: Path) -> None:
    journal = Journal(journal_dir)
    lines = [line(1), b'{"type":"run","id":"' + b"x" * 50_000 + b'"}\n', line(2)]
    journal.append(lines)
    assert drain(journal, most_bytes=100) == lines


@pytest.mark.parametrize("mark", [b"", b"garbage", b"99999999999999999999", b"-1"])
def test_a_mark_that_makes_no_sense_means_send_again(journal_dir: Path, mark: bytes) -> None:
    journal_dir.mkdir()
    path = journal_dir / "a.jsonl"
    path.write_bytes(line(1))
    ack_path(path).write_bytes(mark)
    assert read_ack(path, path.stat().st_size) == 0


def test_a_torn_tail_is_handed_out_as_it_is(journal_dir: Path) -> None:
    journal_dir.mkdir()
    path = journal_dir / "a.jsonl"
    path.write_bytes(line(1) + b'{"type":"ru')
    fd = os.open(path, os.O_RDONLY)
    size = path.stat().st_size
    lines, end = read_lines(fd, 0, size, most_events=500, most_bytes=10_000)
    assert lines == [line(1)]
    lines, end = read_lines(fd, end, size, most_events=500, most_bytes=10_000)
    assert (lines, end) == ([b'{"type":"ru'], size)
    os.close(fd)


def test_a_large_acknowledged_journal_begins_anew(journal_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "RESTART_BYTES", 200)
    journal = Journal(journal_dir)
    seen: list[bytes] = []
    lines = [line(n) for n in range(60)]
    for n in range(0, 60, 10):
        journal.append(lines[n : n + 10])
        seen += drain(journal)
    assert seen == lines
    assert journal.path.stat().st_size < 200 + 10 * len(line(10))
    journal.append([line(99)])
    assert drain(journal) == [line(99)]


class FullDisk:
    """``os.write`` that takes ``room`` bytes and no more, writing halves like a real one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
        self.room = room
        self._write = os.write
        monkeypatch.setattr(journals.os, "write", self)

    def __call__(self, fd: int, data: bytes) -> int:
        if self.room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        part = data[: min(len(data), self.room)]
        self.room -= len(part)
        return self._write(fd, part)


def test_a_full_disk_warns_once_and_loses_nothing(
    journal_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    journal = Journal(journal_dir)
    lines = [line(n) for n in range(30)]
    journal.append(lines[:10])
    disk = FullDisk(monkeypatch, room=len(line(10)) + 5)
    with caplog.at_level(logging.WARNING):
        for n in range(10, 30):
            journal.append([lines[n]])
    assert [r.levelname for r in caplog.records] == ["WARNING"]
    assert "disk is full" in caplog.text
    # No torn line in the middle: what did not fit as a whole is not in the file.
    assert journal.path.read_bytes() == b"".join(lines[:11])
    assert journal.waiting == 19
    assert drain(journal, most_events=7) == lines, "memory is sent too, after the file"
    disk.room = 1 << 20
    journal.close()
    assert list(journal_dir.iterdir()) == []


def test_once_there_is_room_again_memory_goes_to_disk_in_order(
    journal_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(journal_dir)
    disk = FullDisk(monkeypatch, room=0)
    lines = [line(n) for n in range(5)]
    journal.append(lines[:3])
    disk.room = 1 << 20
    journal.append(lines[3:])
    assert journal.waiting == 0
    assert journal.path.read_bytes() == b"".join(lines)


def test_beyond_the_bound_metrics_are_dropped_and_counted_first(
    journal_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "WAITING_BYTES", 100)
    FullDisk(monkeypatch, room=0)
    journal = Journal(journal_dir)
    metric = b'{"type":"metrics","id":"m"}\n'
    journal.append([metric] * 10)
    assert (journal.waiting, journal.dropped) == (3, 7)
    journal.append([line(1)])
    assert (journal.waiting, journal.dropped) == (4, 7)


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal = Journal(tmp_path / "file" / "journal")
    journal.append([line(1)])
    assert drain(journal) == [line(1)]
    journal.close()
