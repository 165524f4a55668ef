"""A look at a file, as it reads on a terminal and in a notebook: whatever the file holds does nothing."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from lineage_server import UnavailableError
from lineage_server.client.previews import Preview, preview_from

TABLE = Preview(
    path="a.parquet",
    size=2048,
    kind="table",
    columns=(
        {"name": "id", "type": "int64"},
        {"name": "꽃", "type": "string"},
        {"name": "x", "type": "double"},
    ),
    rows=((1, "장미", 0.5), (2, None, "nan")),
)


def told(**more: Any) -> bytes:
    one = {
        "path": "a", "size": 3, "kind": "text", "whole": True, "verified": True, "reason": "", "columns": [],
        "rows": [], "text": "abc", "media_type": "", "image": "",
    }  # fmt: skip
    return json.dumps({**one, **more}).encode()


def test_a_table_on_a_terminal() -> None:
    assert str(TABLE).splitlines() == [
        "a.parquet  2.0 KiB",
        "id  꽃    x",
        "1   장미  0.5",
        "2   –     nan",
        "the first 2 rows",
    ]
    assert TABLE.to_text(width=10).splitlines()[1:3] == ["id  꽃", "1   장미"]
    assert "and 1 more column" in TABLE.to_text(width=10)


def test_what_a_file_holds_is_shown_and_does_nothing() -> None:
    evil = Preview(
        path="<b>\x1b[2J", size=1, kind="table", whole=True, verified=False,
        columns=({"name": "<i>", "type": '"'},), rows=(("<script>\u202e",), ()),
    )  # fmt: skip
    page = evil._repr_mimebundle_()["text/html"]
    assert "<script" not in page
    assert "<i>" not in page
    assert "\x1b" not in page + str(evil)
    assert "\u202e" not in page + str(evil)
    assert "could be checked" in page
    text = Preview(path="a", size=10, kind="text", text="one\x07\ntwo\n")
    assert str(text).splitlines() == ["a  10 B", "one\\u0007", "two", "the first 9 B"]


def test_notebooks_get_images_as_they_are() -> None:
    image = preview_from({"content-type": "image/png", "x-lineage-path": "%EA%BD%83"}, b"\x89PNG", "")
    assert (image.path, image.size, image.whole) == ("꽃", 4, True)
    forms = image._repr_mimebundle_()
    assert base64.b64decode(forms["image/png"]) == b"\x89PNG"
    assert forms["text/plain"] == "꽃  4 B\nan image (image/png)"
    assert list(image._repr_mimebundle_(exclude=["image/png"])) == ["text/plain"]
    assert image.to_dict()["image"] == forms["image/png"]
    assert list(TABLE._repr_mimebundle_(include=["text/html"])) == ["text/html"]


def test_answers_that_are_none_are_told_as_such() -> None:
    assert preview_from({"content-type": "application/json"}, told(), "").text == "abc"
    why = preview_from({}, told(kind="none", reason="neither a table, nor an image, nor text"), "")
    assert str(why) == "a  3 B\nnot shown: neither a table, nor an image, nor text"
    for body in (b"<html>", b"[]", told(columns=[1]), told(rows=None)):
        with pytest.raises(UnavailableError, match="not as a lineage server's"):
            preview_from({}, body, "")
