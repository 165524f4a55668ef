"""The examples of ``docs/events.md`` run as they stand; only the server's address is the test's own."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import httpx2
import pytest

from tests.e2e.conftest import StartServer

pytestmark = pytest.mark.e2e

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "events.md").read_text("utf-8")
EXAMPLE = re.compile(r"```sh\n(.*?)```\n\n```json\n(.*?)```", re.DOTALL)


def test_examples_get_the_answers_that_are_shown(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    examples = EXAMPLE.findall(TEXT)
    assert len(examples) == TEXT.count("```sh\n") == 3
    for command, shown in examples:
        done = subprocess.run(
            ["bash", "-c", command.replace("http://127.0.0.1:8080", server.url)],
            cwd=tmp_path, capture_output=True, text=True, timeout=30, check=True,
        )  # fmt: skip
        assert "".join(done.stdout.split()) == "".join(shown.split()), command
    asked = '{ lineage(start: ["model:classifier"]) { nodes { node { name } } } }'
    with httpx2.Client(base_url=server.url, timeout=30) as http:
        answer = http.post("/graphql", json={"query": asked}).json()
        schema = http.get("/api/v1/events/schema").json()
    assert {one["node"]["name"] for one in answer["data"]["lineage"]["nodes"]} == {
        "classifier",
        "train",
        "iris",
    }
    assert schema["$defs"]["RunReported"]["required"] == ["type", "run"]
