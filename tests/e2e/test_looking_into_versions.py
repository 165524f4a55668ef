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

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

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
    assert "allowed: with --preview" in say("show dataset:mixed text", 2)
    assert "is a Run, not a version" in say(f"show run:{run.id} --preview", 4)
