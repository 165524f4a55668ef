"""A client at a store that lies, stumbles, hangs or sends elsewhere: no harm is done, all arrives later."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lineage_server.client.transfer import bringing, exchange
from lineage_server.domain.errors import NotFoundError, UnavailableError
from tests.e2e.conftest import client_environment
from tests.e2e.test_uploads import client_of
from tests.support.faults import until
from tests.support.lying_store import LyingStore, Way
from tests.unit.client.test_hashing import tree

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningServer, StartServer
    from tests.support.s3_server import S3Server

pytestmark = pytest.mark.e2e

FILES = {"a": b"first " * 5_000, "b": b"second " * 5_000}
PROJECT = "lies"
REFUSED = {Way.BUSY, Way.HANGS, Way.ELSEWHERE}
"""Of a PUT, too; others befall only what is read."""


@pytest.fixture
def lying(s3_server: S3Server) -> Iterator[LyingStore]:
    with LyingStore(s3_server.url.replace("http:", "bolt:")) as one:
        yield one


@pytest.fixture
def server(
    start_server: StartServer, s3_server: S3Server, lying: LyingStore, tmp_path: Path
) -> RunningServer:
    s3_server.make_bucket(PROJECT)
    told = {"LINEAGE_ARTIFACTS__URL": f"s3://{PROJECT}/x", **s3_server.environment(lying.url)}
    return start_server(environment=client_environment(tmp_path / "server", **told))


def test_nothing_wrong_gets_a_name_and_all_arrives_in_the_end(
    server: RunningServer, lying: LyingStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "_SECONDS", 2.0)
    monkeypatch.setattr(bringing, "_PAUSES", (0.1, 0.1))
    for way in (way for way in Way if way is not Way.WELL):
        files = {name: data + way.name.encode() for name, data in FILES.items()}
        folder = tmp_path / way.name
        source = tree(folder / "source", files)
        with client_of(folder, server.url, PROJECT) as client:
            lying.way = way
            with client.start_run("maker") as run:
                made = run.produce(f"of {way.name}", source, type="dataset")
            if way in REFUSED:
                until(lambda client=client: "the store" in client.sync_status().trouble, 30, "a word on it")
                assert client.sync_status().uploads == 1
            lying.way = Way.WELL
            until(lambda client=client: client.sync_status().all_sent, 60, "the upload")
        # Elsewhere, where nobody has a copy. What there is to fetch is told well, what it is is not.
        shutil.rmtree(source)
        lying.places = ("objects",)
        out = folder / "out"
        with client_of(folder / "other", server.url, PROJECT) as client:
            lying.way = way
            with pytest.raises((NotFoundError, UnavailableError)):
                client.download(made.uid, out)
            assert not [path for path in out.rglob("*") if path.name in files]
            lying.way, lying.places = Way.WELL, ("objects", "incoming", "proven")
            client.download(made.uid, out)
        assert {path.name: path.read_bytes() for path in out.iterdir()} == files
    assert not lying.asked_elsewhere
