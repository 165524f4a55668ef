"""Downloads that are cut off: whoever is killed, goes away or has no room, nothing wrong gets a name, and the
same again goes on from there."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lineage_server import Artifact, Client, NotFoundError, UnavailableError
from lineage_server.client.config import load_config
from lineage_server.client.hashing import PART
from lineage_server.client.transfer.exchange import Exchange
from tests.e2e.conftest import client_environment
from tests.support import disks
from tests.support.faults import until

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningServer, StartServer

pytestmark = pytest.mark.e2e

PARTS = 16
LARGE = b"".join(os.urandom(64) * (PART // 64) for _ in range(PARTS)) + b"end"
GET = "import sys, lineage_server as lineage; print(lineage.download(sys.argv[1], sys.argv[2] or None))"


def client_of(folder: Path, url: str, project: str, **more: str) -> Client:
    told = client_environment(folder, url, LINEAGE_CAPTURE="none", **more)
    return Client(config=load_config(environ=told, project=project))


def keep(folder: Path, url: str, project: str, name: str, value: Any) -> Artifact:
    """Produced and uploaded; what it was made of is gone then."""
    with client_of(folder, url, project) as client:
        with client.start_run("maker") as run:
            made = run.produce(name, value, type="dataset")
        assert client.sync_status().all_sent
    if isinstance(value, Path):
        shutil.rmtree(value) if value.is_dir() else value.unlink()
    return made


def large(folder: Path, url: str, project: str) -> Artifact:
    source = folder / "source"
    source.mkdir()
    (source / "large").write_bytes(LARGE)
    (source / "small").write_bytes(b"small")
    return keep(folder, url, project, "large", source)


def check_large(out: Path) -> None:
    assert (out / "large").read_bytes() == LARGE
    assert (out / "small").read_bytes() == b"small"
    assert sorted(path.name for path in out.iterdir()) == ["large", "small"]


def getting(folder: Path, url: str, ref: str, to: Path | str, **more: str) -> subprocess.Popen[str]:
    """Another process that downloads."""
    told = client_environment(folder, url, LINEAGE_CAPTURE="none", **more)
    return subprocess.Popen(
        [sys.executable, "-c", GET, ref, str(to)],
        env=told, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def arrived(out: Path) -> int:
    """Bytes in hidden parts."""
    with contextlib.suppress(FileNotFoundError):
        return sum(path.stat().st_blocks * 512 for path in out.glob(".lineage-*.part"))
    return 0


@pytest.fixture
def by_wire(start_server: StartServer, tmp_path: Path) -> RunningServer:
    """Its clients share no folder with it."""
    told = client_environment(tmp_path / "server-user", LINEAGE_ARTIFACTS__DIRECT="false")
    return start_server(environment=told)


def test_a_killed_download_goes_on_from_where_it_was(
    by_wire: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = "faults-get-kill"
    made = large(tmp_path, by_wire.url, project)
    out = tmp_path / "out"
    killed = getting(tmp_path, by_wire.url, made.uid, out)
    until(lambda: arrived(out) > 10 * PART or killed.poll() is not None, 60, "some parts arriving")
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL, "it was quicker than the kill"
    assert not (out / "large").exists()
    assert arrived(out)
    fetched: list[str] = []
    whole = Exchange.get

    def get(self: Exchange, url: str) -> Generator[bytes]:
        fetched.append(url)
        return whole(self, url)

    monkeypatch.setattr(Exchange, "get", get)
    with client_of(tmp_path, by_wire.url, project) as client:
        client.download(made.uid, out)
    check_large(out)
    assert 0 < len(fetched) <= PARTS - 2, "what had arrived was not fetched again"


def test_a_killed_server_costs_what_was_on_its_way(
    start_server: StartServer, by_wire: RunningServer, tmp_path: Path
) -> None:
    project = "faults-get-server"
    made = large(tmp_path, by_wire.url, project)
    out = tmp_path / "out"
    process = getting(tmp_path, by_wire.url, made.uid, out)
    until(lambda: arrived(out) > 2 * PART or process.poll() is not None, 60, "some parts arriving")
    for one in by_wire.family():
        with contextlib.suppress(Exception):
            one.kill()
    _, err = process.communicate(timeout=90)
    assert process.returncode == 1
    assert "UnavailableError" in err
    assert "does not answer" in err
    assert not (out / "large").exists()
    told = client_environment(tmp_path / "server-user", LINEAGE_ARTIFACTS__DIRECT="false")
    server = start_server(environment=told)
    again = getting(tmp_path, server.url, made.uid, out)
    assert again.communicate(timeout=90)[1] == ""
    check_large(out)


def test_two_processes_fetch_one_thing_once(by_wire: RunningServer, tmp_path: Path) -> None:
    """Into one folder, and into one cache."""
    project = "faults-get-two"
    made = large(tmp_path, by_wire.url, project)
    for to in (tmp_path / "out", ""):
        both = [getting(tmp_path, by_wire.url, made.uid, to) for _ in range(3)]
        said = [process.communicate(timeout=120) for process in both]
        assert [err for _, err in said] == ["", "", ""]
        (place,) = {out for out, _ in said}
        check_large(Path(place.strip()))


def test_processes_that_begin_at_once_find_a_folder_of_many_files_whole_in_one_cache(
    running_server: RunningServer, tmp_path: Path
) -> None:
    """As the ranks of a job do; whoever is done first meets no parts of files of the others."""
    project, source = "faults-get-many", tmp_path / "many"
    source.mkdir()
    for number in range(1500):
        (source / f"{number}").write_bytes(os.urandom(20_000))
    made = keep(tmp_path, running_server.url, project, "many", source)
    told = client_environment(tmp_path, running_server.url, LINEAGE_CAPTURE="none")
    look = "import os, sys, lineage_server as l; print(len(os.listdir(l.get(sys.argv[1]).path)))"
    ranks = [
        subprocess.Popen(
            [sys.executable, "-c", look, made.uid],
            env=told, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    assert [rank.communicate(timeout=120) for rank in ranks] == [("1500\n", "")] * 4


def test_a_store_that_is_away_and_back(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    made = large(tmp_path, server.url, "faults-get-away")
    store, aside = server.data_dir / "artifacts", server.data_dir / "aside"
    store.rename(aside)
    with client_of(tmp_path, server.url, "faults-get-away") as client:
        with pytest.raises((UnavailableError, NotFoundError)):
            client.download(made.uid, tmp_path / "out")
        assert not (tmp_path / "out" / "large").exists()
        aside.rename(store)
        client.download(made.uid, tmp_path / "out")
    check_large(tmp_path / "out")


@pytest.mark.parametrize("direct", ["true", "false"])
def test_wrong_bytes_at_the_store_are_told_and_never_named(
    start_server: StartServer, tmp_path: Path, direct: str
) -> None:
    told = client_environment(tmp_path / "server-user", LINEAGE_ARTIFACTS__DIRECT=direct)
    server = start_server(environment=told)
    made = large(tmp_path, server.url, "faults-get-wrong")
    first = next(
        iter(sorted((server.data_dir / "artifacts" / "objects").rglob("*"), key=_size, reverse=True))
    )
    was = first.read_bytes()
    first.chmod(0o600)
    first.write_bytes(b"?" + was[1:])
    with client_of(tmp_path, server.url, "faults-get-wrong") as client:
        with pytest.raises(NotFoundError, match="lost or spoilt"):
            client.download(made.uid, tmp_path / "out")
        with pytest.raises(NotFoundError, match="lost or spoilt"):
            _ = client.get(made.uid).path
        assert not (tmp_path / "out" / "large").exists()
        first.write_bytes(was)
        client.download(made.uid, tmp_path / "out")
        check_large(client.get(made.uid).path)
    check_large(tmp_path / "out")


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def test_a_full_disk_is_told_and_what_arrived_is_used(running_server: RunningServer, tmp_path: Path) -> None:
    if disks.mounting().no_right or disks.mounting().impossible:
        pytest.skip(disks.mounting().told)
    made = large(tmp_path, running_server.url, "faults-get-full")
    with (
        disks.small_disk(tmp_path / "small", 400) as disk,
        client_of(tmp_path, running_server.url, "faults-get-full") as client,
    ):
        (disk.folder / "other").write_bytes(b"\0" * (250 << 20))
        out = disk.folder / "out"
        with pytest.raises(UnavailableError, match="disk is full"):
            client.download(made.uid, out)
        assert not (out / "large").exists()
        (disk.folder / "other").unlink()
        client.download(made.uid, out)
        check_large(out)


def test_older_downloads_make_room_on_a_full_disk_and_those_in_use_stay(
    running_server: RunningServer, tmp_path: Path
) -> None:
    if disks.mounting().no_right or disks.mounting().impossible:
        pytest.skip(disks.mounting().told)
    url, project = running_server.url, "faults-cache-full"
    for number in range(4):
        (tmp_path / f"part{number}").write_bytes(os.urandom(3 << 20))
        keep(tmp_path, url, project, f"part{number}", tmp_path / f"part{number}")
    with disks.small_disk(tmp_path / "small", 8) as disk:
        for number in range(2):
            got = getting(
                tmp_path,
                url,
                f"dataset:part{number}@1",
                "",
                LINEAGE_CACHE_DIR=str(disk.folder),
                LINEAGE_PROJECT=project,
            )
            assert got.communicate()[1] == ""
        with client_of(tmp_path, url, project, LINEAGE_CACHE_DIR=str(disk.folder)) as client:
            place = client.get("dataset:part2@1").path
            assert len(list((disk.folder / "files").iterdir())) == 2
            assert client.get("dataset:part3@1").path.stat().st_size == place.stat().st_size == 3 << 20
            with pytest.raises(UnavailableError, match="disk is full"):
                client.get("dataset:part0@1").path  # noqa: B018
            assert place.stat().st_size == 3 << 20


@pytest.mark.slow
@pytest.mark.timeout(500)
def test_100_000_files_in_bounded_memory_and_time(start_server: StartServer, tmp_path: Path) -> None:
    source = tmp_path / "many"
    for number in range(100_000):
        if number % 1000 == 0:
            (source / str(number // 1000)).mkdir(parents=True)
        (source / str(number // 1000) / f"{number}.txt").write_bytes(str(number % 5000).encode())
    server = start_server()
    made = keep(tmp_path, server.url, "faults-get-many", "many", source)
    out = tmp_path / "out"
    with client_of(tmp_path, server.url, "faults-get-many") as client:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.monotonic()
        client.download(made.uid, out)
        took = time.monotonic() - began
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert sum(len(names) for _, _, names in os.walk(out)) == 100_000
    assert (out / "99" / "99999.txt").read_bytes() == b"4999"
    assert took < 120, took
    assert grown < 200_000, f"{grown} KiB"
