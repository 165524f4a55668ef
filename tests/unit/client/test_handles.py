"""Handles as people see them: one line of text, and a table in a notebook; names in them do nothing."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from typing import Any

import pytest

from lineage_server import (
    Alias,
    AliasMove,
    Artifact,
    AsyncArtifact,
    AsyncModelVersion,
    AsyncRun,
    Client,
    ModelVersion,
)
from lineage_server.client.origins import Origin
from lineage_server.domain.nodes import Column

EVIL = "<script>\x1b[2J\u202e"
IRIS = Artifact(
    name="iris", type="dataset", project="p", ordinal=3, digest="sha256:" + "a" * 64, size=1234, run="0198",
    columns=tuple(Column(name=f"column {n}", type="double", nullable=True) for n in range(60)),
)  # fmt: skip
CHURN = ModelVersion(
    model="churn", version="7", project="p", state="ready", aliases=("prod",), metrics={"auc": 0.9},
    signature={"inputs": [{"name": "petal", "type": "double"}], "outputs": "unknown"}, tags={"team": EVIL},
    card="# Churn\nWho leaves.", origin=IRIS, created_at=datetime(2026, 3, 3, tzinfo=UTC),
)  # fmt: skip
MOVED = AliasMove(at=datetime(2026, 3, 3, tzinfo=UTC), version="7", before="6", by="local/me", reason=EVIL)
PROD = Alias(name="prod", model="churn", project="p", version="7", protected=True, moves=(MOVED,))


def test_one_line_says_which_and_how_large() -> None:
    assert str(IRIS) == "dataset:iris@3  1.2 KiB  60 columns"
    assert (
        str(Artifact(name="x", type="file", project="p", digest=IRIS.digest)) == "file:x@sha256:" + "a" * 12
    )
    assert str(Artifact(name=EVIL, type="file", project="p")) == "file:<script>\\u001b[2J\\u202e"
    assert str(CHURN) == "model:churn@7  ready, prod"


def test_a_run_says_which_it_is(client: Client) -> None:
    run = client.start_run("train")
    assert str(run) == f"run train  {run.id}"
    assert f"<td>run:{run.id}</td>" in run._repr_mimebundle_()["text/html"]
    twin = AsyncRun(run)
    assert (str(twin), repr(twin), twin.name, twin.job) == (str(run), repr(run), "train", "train")
    assert twin._repr_mimebundle_() == run._repr_mimebundle_()


@pytest.mark.parametrize(("twin", "handle"), [(AsyncArtifact(IRIS), IRIS), (AsyncModelVersion(CHURN), CHURN)])
def test_handles_for_coroutines_are_shown_as_the_plain_ones(twin: Any, handle: Any) -> None:
    assert (repr(twin), str(twin)) == (repr(handle), str(handle))
    assert twin._repr_html_() == handle._repr_html_()
    assert twin._repr_mimebundle_() == handle._repr_mimebundle_()
    assert set(twin._repr_mimebundle_(exclude={"text/html"})) == {"text/plain"}


@pytest.mark.parametrize("handle", [IRIS, CHURN, PROD])
def test_notebooks_get_a_table_in_which_names_do_nothing(handle: Any) -> None:
    forms = handle._repr_mimebundle_()
    assert forms["text/plain"] == str(handle)
    assert forms["text/html"] == handle._repr_html_()
    ET.fromstring(f"<div>{forms['text/html'].replace('<br>', '<br/>')}</div>")
    assert "<script" not in forms["text/html"]
    assert "\x1b" not in forms["text/html"]
    assert set(handle._repr_mimebundle_(include={"text/plain"})) == {"text/plain"}
    assert set(handle._repr_mimebundle_(exclude={"text/plain"})) == {"text/html"}


@pytest.mark.parametrize(
    ("handle", "words"),
    [
        (IRIS, ("<b>dataset:iris@3", "<td>run:0198</td>", "columns (60)", "column 49", "and 10 more")),
        (CHURN, ("<td>auc</td><td>0.9</td>", "goes in (1)", "# Churn<br>Who leaves.", "dataset:iris@3")),
        (PROD, ("<b>model:churn@prod</b>", "history (1)", "local/me", "<td>protected</td><td>yes</td>")),
    ],
)
def test_what_is_known_stands_in_it(handle: Any, words: tuple[str, ...]) -> None:
    page = handle._repr_html_()
    assert [word for word in words if word not in page] == []
    assert "None" not in page


def test_an_origin_is_read_at_a_glance() -> None:
    """Not with all of its packages and changes, which are a thousand lines."""
    made = Origin(
        run="run:1", name="fit", project="p", state="complete", commit="4db72416dba0ffee", branch="main",
        uncommitted=True, diff="- a\n+ b\n" * 500, argv=("python", "fit it.py"), python="3.11.7",
        packages={f"package-{n}": "1" for n in range(126)}, gpu_count=8.0, gpu_product="H100",
    )  # fmt: skip
    assert str(made).splitlines() == [
        "run         fit (run:1)",
        "project     p",
        "state       complete",
        "commit      4db72416dba0 (main, uncommitted changes)",
        "command     python 'fit it.py'",
        "python      3.11.7",
        "packages    126",
        "gpus        8 × H100",
    ]
    assert "\x1b" not in str(Origin(run="run:1", name="\x1b[2J", project="p", packages={}))
