"""What a version consists of is told without fetching it: from Python, and by ``lineage show``."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pyarrow as pa
import pytest

from lineage_server import Client, NotFoundError
from lineage_server.client.config import load_config
from tests.e2e.conftest import client_environment

if TYPE_CHECKING:
    from tests.e2e.conftest import RunLineage, RunningServer

pytestmark = pytest.mark.e2e

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.fixture
def project() -> str:
    return f"looks-{uuid4().hex[:12]}"


@pytest.fixture
def client(running_server: RunningServer, project: str, tmp_path: Path) -> Iterator[Client]:
    environment = client_environment(tmp_path, running_server.url, LINEAGE_CAPTURE="none")
    with Client(config=load_config(environ=environment, project=project)) as made:
        yield made


@pytest.fixture
def say(lineage: RunLineage, project: str) -> Any:
    """Runs a line; answers what was said."""

    def run(line: str, code: int = 0) -> str:
        answer = lineage(*shlex.split(line), LINEAGE_PROJECT=project)
        assert answer.code == code, answer
        return answer.err if code else answer.out

    return run


def folder_of(place: Path, **files: bytes) -> Path:
    place.mkdir()
    for name, data in files.items():
        (place / name).write_bytes(data)
    return place


def test_a_look_at_a_file(client: Client, say: Any, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "data", picture=PNG, text=b"one\ntwo\n")
    (folder / "table.csv").write_text("a,b\n1,x\n")
    with client.start_run("make") as run:
        made = run.produce("mixed", folder)
        frame = run.produce("frame", pa.table({"a": [1, 2], "b": ["x", None]}))
        model = run.log_model(folder / "text", name="words", register=True, aliases=["prod"])
    image = made.preview()
    assert (image.kind, image.path, image.image) == ("image", "picture", PNG)
    assert made.preview("table.csv").rows == (("1", "x"),)
    assert frame.preview().rows == ((1, "x"), (2, None))
    assert client.get("model:words@prod").preview().text == "one\ntwo\n"
    assert client.get(client.model_version("model:words@prod")).digest == model.digest
    with pytest.raises(NotFoundError, match="has no file 'nowhere'"):
        made.preview("nowhere")
    with client.start_run("not kept") as run:
        away = run.produce("away", folder / "text", upload=False)
    with pytest.raises(NotFoundError, match="are not kept here; its uri"):
        away.preview()

    assert say("show dataset:mixed@1 --preview table.csv") == "table.csv  8 B\na  b\n1  x\n"
    told = json.loads(say("show dataset:mixed text --preview --json"))
    assert (told["path"], told["kind"], told["text"]) == ("text", "text", "one\ntwo\n")
    assert say("show model:words@prod --preview").splitlines() == ["text  8 B", "one", "two"]
    assert "a path with --preview or with --files" in say("show dataset:mixed text", 2)
    assert "is a Run, not a version" in say(f"show run:{run.id} --preview", 4)


def test_files_of_versions_and_what_changed(client: Client, say: Any, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "data", a=b"1", b=b"22", c=b"333")
    with client.start_run("make") as run:
        first = run.produce("many", folder)
        assert client.flush(30)  # what is changed before it is sent, is not kept
        (folder / "a").unlink()
        (folder / "b").write_bytes(b"2222")
        (folder / "d.csv").write_bytes(b"x\n1\n")
        second = run.produce("many", folder)
        away = run.produce("away", folder, upload=False)
    assert client.flush(30)
    assert [(one.path, one.size) for one in first.files] == [("a", 1), ("b", 2), ("c", 3)]
    assert [one.path for one in second.files.matching("*.csv", "b")] == ["b", "d.csv"]
    assert list(away.files) == list(second.files)  # from where it lies
    with pytest.raises(NotFoundError, match=r"matches \*\.txt"):
        list(second.files.matching("*.txt"))
    changes = first.diff(second)
    assert [f"{one.kind} {one.path}" for one in changes] == ["removed a", "changed b", "added d.csv"]
    assert (changes.counts.same, changes.counts.bytes_added, changes.counts.bytes_removed) == (1, 8, 3)

    lines = say("show dataset:many@1 --files").splitlines()
    assert [line.split()[-1] for line in lines[:3]] == ["a", "b", "c"]
    assert lines[3] == "3 files, 6 B"
    told = json.loads(say("show dataset:many --files *.csv --json"))
    assert [(one["path"], one["size"]) for one in told["files"]] == [("d.csv", 4)]
    assert say("diff dataset:many@1 dataset:many@2 --files").splitlines() == [
        "- a  1 B", "~ b  2 B → 4 B", "+ d.csv  4 B",
        "1 added, 1 removed, 1 changed, 1 the same; 8 B new, 3 B gone",
    ]  # fmt: skip
    told = json.loads(say("diff dataset:many@1 dataset:many@2 --files --json"))
    assert told["counts"]["changed"] == 1
    assert told["changes"][0] == {
        "kind": "removed", "path": "a", "after": None,
        "before": {"path": "a", "size": 1, "sha256": next(iter(first.files)).sha256, "link": ""},
    }  # fmt: skip
