"""``lineage put``, ``get`` and ``cache``: what they say, what they leave, and how they end."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lineage_server import Client
from lineage_server.client.config import load_config
from tests.e2e.conftest import LINEAGE, client_environment

if TYPE_CHECKING:
    from tests.e2e.conftest import RunLineage, RunningServer

pytestmark = pytest.mark.e2e

NOWHERE = "http://127.0.0.1:9"
LITTLE_ROOM = """
import os, resource, sys

resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_what_is_put_can_be_got(lineage: RunLineage, tmp_path: Path) -> None:
    project = "transfers"
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("a.csv", "b.csv"):
        (folder / name).write_text(f"x\n{name}\n")
    done = lineage("put", "team/iris", "data", "--tag", "owner=me", LINEAGE_PROJECT=project)
    assert (done.code, done.err, done.out) == (0, "", "dataset:team/iris@1  16 B, kept by the server\n")
    again = lineage("put", "team/iris", "data", "--json", LINEAGE_PROJECT=project)
    told = json.loads(again.out)
    assert (told["ordinal"], told["size"], told["storedAt"] is not None) == (1, 16, True)

    got = lineage("get", "dataset:team/iris@1", LINEAGE_PROJECT=project)
    assert (got.code, got.err, got.out) == (0, "", f"{tmp_path / 'iris'}\n")
    assert sorted(path.name for path in (tmp_path / "iris").iterdir()) == ["a.csv", "b.csv"]
    (tmp_path / "iris" / "a.csv").write_text("mine")
    refused = lineage("get", f"{project}/dataset:team/iris", "-o", "iris")
    assert refused.code == 5
    assert "a.csv is there already, with other content" in refused.err
    assert (tmp_path / "iris" / "a.csv").read_text() == "mine"
    over = lineage("get", f"{project}/dataset:team/iris", "-o", "iris", "--overwrite", "--json")
    assert json.loads(over.out)["path"] == str(tmp_path / "iris")
    assert (tmp_path / "iris" / "a.csv").read_text() == "x\na.csv\n"


def test_a_name_is_told_as_it_was_given(lineage: RunLineage, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    for name, words in (
        ("", "error: name is empty; allowed: 1 to 500 characters"),
        (" x", "error: name ' x' begins or ends with white space"),
        ("a\nb", r"error: name 'a\nb' has control characters"),
        ("x" * 501, "error: name has 501 characters, at most 500 are allowed; it begins 'xxx"),
    ):
        answer = lineage("put", name, "a", LINEAGE_PROJECT="transfers-names")
        assert (answer.code, answer.out) == (2, "")
        assert answer.err.startswith(words)
    longest = lineage("put", "x" * 500, "a", LINEAGE_PROJECT="transfers-names")
    assert (longest.code, longest.err) == (0, "")


def test_how_they_fail(lineage: RunLineage, tmp_path: Path) -> None:
    project = "transfers-wrong"
    (tmp_path / "a").write_text("a")
    for line, code, words in (
        ("put iris nowhere", 4, "there is no file or folder nowhere"),
        ("put iris a --type thing", 2, "allowed:"),
        ("put iris a --tag x", 2, "allowed: KEY=VALUE"),
        ("get dataset:nothing", 4, ""),
        ("get iris", 2, ""),
    ):
        answer = lineage(*line.split(), LINEAGE_PROJECT=project)
        assert (answer.code, answer.out) == (code, ""), answer
        assert words in answer.err
    there = lineage("put", "far", "s3://bucket/key", LINEAGE_PROJECT=project)
    assert there.out == "dataset:far@1  recorded at s3://bucket/key; the server does not keep its bytes\n"
    far = lineage("get", "dataset:far", LINEAGE_PROJECT=project)
    assert far.code == 8
    assert "are at s3://bucket/key; only where they are was recorded" in far.err
    away = lineage("put", "late", "a", url=NOWHERE, LINEAGE_PROJECT=project)
    assert away.code == 7
    assert "send the rest with: lineage sync" in away.err
    assert lineage("sync").code == 0
    assert lineage("get", "dataset:late", "-o", "late", LINEAGE_PROJECT=project).code == 0
    assert (tmp_path / "late" / "a").read_text() == "a"


def test_what_could_not_be_uploaded_is_no_success(
    lineage: RunLineage, running_server: RunningServer, tmp_path: Path
) -> None:
    project = "transfers-unsent"
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(2_000):
        (folder / f"{number}").write_bytes(b"1")
    # The journal finds room on its disk, the list of 2,000 files does not.
    told = client_environment(tmp_path, running_server.url, LINEAGE_CAPTURE="none", LINEAGE_PROJECT=project)
    done = subprocess.run(
        [sys.executable, "-c", LITTLE_ROOM, LINEAGE, "put", "many", "many"],
        env=told, cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (5, "")
    assert "is recorded, its bytes were not uploaded: [Errno 27] File too large" in done.stderr
    kept = (tmp_path / "home/.local/share/lineage/journal/uploads/failed.jsonl").read_text()
    assert [json.loads(line)["name"] for line in kept.splitlines()] == ["many"]
    # With room it is sent, though it is recorded already.
    again = lineage("put", "many", "many", LINEAGE_PROJECT=project)
    assert (again.code, again.out) == (0, "dataset:many@1  2.0 KiB, kept by the server\n")


def test_the_cache_is_looked_after(
    lineage: RunLineage, running_server: RunningServer, tmp_path: Path
) -> None:
    project = "transfers-cache"
    assert lineage("cache", "ls").out.startswith("0 B of 10.0 GiB in ")
    for name, data in (("one", b"1" * 1000), ("two", b"2" * 2000)):
        (tmp_path / name).write_bytes(data)
        assert lineage("put", name, name, LINEAGE_PROJECT=project).code == 0
        (tmp_path / name).unlink()
    told = client_environment(tmp_path, running_server.url, LINEAGE_CAPTURE="none")
    with Client(config=load_config(environ=told, project=project)) as client:
        one = client.get("dataset:one").path
        # What this process has been handed stays, whatever others do.
        assert json.loads(lineage("cache", "clear", "--json").out) == []
        assert one.read_bytes() == b"1" * 1000
        listed = json.loads(lineage("cache", "ls", "--json").out)["items"]
        assert [(item["size"], item["inUse"], item["uid"]) for item in listed] == [
            (1000 + len(client.get("dataset:one").uid), True, client.get("dataset:one").uid)
        ]
    done = _in_a_process(told, project, "dataset:two")
    assert lineage("cache", "verify").out == "2 downloads right, 0 wrong\n"
    os.chmod(done, 0o600)
    done.write_bytes(b"?" * 2000)
    verified = lineage("cache", "verify").out
    assert "is not what it was: deleted" in verified
    assert "1 download right, " in verified
    assert not done.exists()
    assert _in_a_process(told, project, "dataset:two").read_bytes() == b"2" * 2000
    assert len(lineage("cache", "ls").out.splitlines()) == 4
    tight = lineage("cache", "clear", "--json")
    assert [item["digest"] for item in json.loads(tight.out)] == [_sha(b"2" * 2000)]


def _sha(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _in_a_process(told: dict[str, str], project: str, ref: str) -> Path:
    """Where its content is; nobody uses it then."""
    code = "import sys, lineage_server as lineage; print(lineage.get(sys.argv[1]).path)"
    done = subprocess.run(
        [sys.executable, "-c", code, ref],
        env={**told, "LINEAGE_PROJECT": project}, capture_output=True, text=True, timeout=50, check=True,
    )  # fmt: skip
    return Path(done.stdout.strip())
