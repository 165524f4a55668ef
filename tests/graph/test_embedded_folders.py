"""The folder of an embedded engine: damaged, of somebody else, of another version, or full."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lineage_server.domain.errors import ConflictError, InvalidInputError, UnavailableError
from lineage_server.graph import embedded_folder
from lineage_server.graph.embedded_folder import EngineFolder
from lineage_server.graph.embedded_process import end_stale_engine, process_start
from tests.support.engines import engine_in, rows_of

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]


async def test_damaged_small_files_cost_no_data(tmp_path: Path) -> None:
    """Whatever stands in them: what the engine keeps is found again, and only its owner may read it."""
    async with engine_in(tmp_path) as address:
        await rows_of(address, "CREATE (:Probe {number: 1})")
    garbage = b"\xff\x00\xfe{" * 50
    parts = ("password", "password.new", "engine.pid", "lock", "engine.json.new", "config/server-users.jsonl")
    told = {"password": address.password.encode() + b"\r\n", "engine.pid": b'{"pid": -1, "started": "1"}'}
    damages: tuple[dict[str, bytes], ...] = (told, dict.fromkeys(parts, garbage))
    for damage in damages:
        for name, content in damage.items():
            (tmp_path / name).write_bytes(content)
        (tmp_path / "password").chmod(0o644)
        async with engine_in(tmp_path) as address:
            found = await rows_of(address, "MATCH (n:Probe) RETURN n.number AS number")
            assert found == [{"number": 1}]
            assert (tmp_path / "password").read_text() == address.password
        assert stat.S_IMODE((tmp_path / "password").stat().st_mode) == 0o600


async def test_folder_in_the_place_of_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "password").mkdir()
    with pytest.raises(InvalidInputError, match="cannot be used"):
        await engine_in(tmp_path).start()
    (tmp_path / "password").rmdir()
    again = EngineFolder(tmp_path)
    again.open()  # the lock was given back
    again.close()


async def test_second_user_of_the_folder_is_refused_with_the_holder(tmp_path: Path) -> None:
    first, second = EngineFolder(tmp_path), EngineFolder(tmp_path)
    first.open()
    with pytest.raises(ConflictError, match=f"in use by process {os.getpid()}") as refused:
        second.open()
    assert refused.value.current == str(os.getpid())
    first.close()
    second.open()
    second.close()


def _look_alike(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", *arguments])


def test_engine_left_behind_is_ended_only_if_it_is_ours(tmp_path: Path) -> None:
    folder = EngineFolder(tmp_path)
    ours = (f"-Darcadedb.server.rootPath={folder.root}", "com.arcadedb.server.ArcadeDBServer")
    foreign = _look_alike("com.arcadedb.server.ArcadeDBServer", "-Darcadedb.server.rootPath=/other")
    orphan = _look_alike(*ours, "end")
    try:
        folder.remember_process(foreign.pid, process_start(foreign.pid))
        assert end_stale_engine(folder, patience_seconds=0.1) == ""
        assert foreign.poll() is None

        folder.remember_process(orphan.pid, "another start time")
        assert end_stale_engine(folder, patience_seconds=0.1) == ""
        assert orphan.poll() is None

        folder.remember_process(orphan.pid, process_start(orphan.pid))
        assert "was ended" in end_stale_engine(folder, patience_seconds=0.1)
        assert orphan.wait(5) == -signal.SIGTERM
        assert folder.remembered_process() is None
    finally:
        for process in (foreign, orphan):
            process.kill()
            process.wait()


def test_upgrade_keeps_a_copy_and_downgrade_is_refused(tmp_path: Path) -> None:
    folder = EngineFolder(tmp_path)
    assert folder.admit("26.10.2") == ""
    assert folder.admit("26.10.2") == ""
    record = json.loads((tmp_path / "engine.json").read_text())
    assert (record["engine"], record["version"]) == ("arcadedb", "26.10.2")

    (folder.databases / "lineage").mkdir(parents=True)
    (folder.databases / "lineage" / "data").write_text("old")
    with pytest.raises(ConflictError, match=r"26\.9\.9 is older"):
        folder.admit("26.9.9")
    with pytest.raises(ConflictError, match="too large"):
        folder.admit("27.1.1")
    assert folder.admit("26.10.3") == "26.10.2"
    (folder.databases / "lineage" / "data").write_text("new")
    assert (tmp_path / "backup/databases-26.10.2/lineage/data").read_text() == "old"
    assert folder.admit("26.11.1") == "26.10.3"
    assert [p.name for p in (tmp_path / "backup").iterdir()] == ["databases-26.10.3"]


def test_data_of_an_unknown_engine_is_refused(tmp_path: Path) -> None:
    folder = EngineFolder(tmp_path)
    (folder.databases / "lineage").mkdir(parents=True)
    with pytest.raises(ConflictError, match="does not say which engine"):
        folder.admit("26.10.2")
    (tmp_path / "engine.json").write_text('{"engine": "other", "version": "1.0"}')
    with pytest.raises(ConflictError, match=r"unknown engine \(other 1\.0\)"):
        folder.admit("26.10.2")


def test_unusable_folder_and_full_disk_say_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInputError, match="another data folder"):
        EngineFolder(tmp_path / "file").open()
    denied = EngineFolder(tmp_path).explain(PermissionError(13, "Permission denied"))
    assert "owner or permissions" in denied.message

    usage = shutil.disk_usage(tmp_path)._replace(free=1024 * 1024)

    def almost_full(_: Path) -> Any:
        return usage

    monkeypatch.setattr(embedded_folder.shutil, "disk_usage", almost_full)
    with pytest.raises(UnavailableError, match=r"is full \(1 MB are free\)\. Free at least"):
        EngineFolder(tmp_path).open()
    monkeypatch.undo()
    folder = EngineFolder(tmp_path)
    folder.open()  # the failed attempt gave the lock back
    folder.close()
