"""What people look at: texts, figures, images and tables as files, of which one can tell what they are."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lineage_server.client.aio import AsyncClient
from lineage_server.client.client import Client
from lineage_server.client.pictures import figure_as_file, image_as_file, png_of, text_as_file
from lineage_server.domain.errors import InvalidInputError, NotFoundError
from tests.unit.client.stub import StubServer

PNG = b"\x89PNG\r\n\x1a\n and more"


class Matplotlibs:
    """A figure as matplotlib's: it draws into what it is given."""

    def savefig(self, out: Any, *, format: str, bbox_inches: str) -> None:
        assert (format, bbox_inches) == ("png", "tight")
        out.write(PNG)


class Axes:
    figure = Matplotlibs()


class Plotlys:
    def to_html(self, full_html: bool = True, include_plotlyjs: str | bool = True) -> str:
        return f"<html>{include_plotlyjs}"


class Altairs:
    def to_html(self) -> str:
        return "<html>é"


class Writers:
    def write_html(self, file: Any) -> None:
        file.write("<html>")


class Pillows:
    def save(self, out: Any, *, format: str) -> None:
        assert format == "PNG"
        out.write(PNG)


class Broken:
    def save(self, out: Any, *, format: str) -> None:
        raise OSError("cannot write mode F as PNG")


def written(value: Any, folder: Path) -> tuple[str, bytes]:
    """Name and bytes of the file that it becomes."""
    held = value.held
    held.write(folder / "it")
    return held.name, (folder / "it").read_bytes()


@pytest.mark.parametrize(
    ("as_file", "name", "value", "file", "data", "kind"),
    [
        (text_as_file, "notes", "é", "notes.txt", "é".encode(), "text/plain"),
        (text_as_file, "notes.md", "# é", "notes.md", "# é".encode(), "text/markdown"),
        (text_as_file, "a/page.HTML", "<p>", "page.html", b"<p>", "text/html"),
        (text_as_file, "run.log", "", "run.log", b"", "text/plain"),
        (figure_as_file, "loss", Matplotlibs(), "loss.png", PNG, "image/png"),
        (figure_as_file, "loss", Axes(), "loss.png", PNG, "image/png"),
        (figure_as_file, "loss", Plotlys(), "loss.html", b"<html>cdn", "text/html"),
        (figure_as_file, "loss.html", Altairs(), "loss.html", "<html>é".encode(), "text/html"),
        (figure_as_file, "loss", Writers(), "loss.html", b"<html>", "text/html"),
        (image_as_file, "cat", Pillows(), "cat.png", PNG, "image/png"),
        (image_as_file, "cat", PNG, "cat.png", PNG, "image/png"),
        (image_as_file, "cat.jpeg", b"\xff\xd8\xff1", "cat.jpg", b"\xff\xd8\xff1", "image/jpeg"),
    ],
)  # fmt: skip
def test_each_is_a_file_of_its_kind(
    as_file: Callable[[str, Any], Any],
    name: str,
    value: Any,
    file: str,
    data: bytes,
    kind: str,
    tmp_path: Path,
) -> None:
    made, facts = as_file(name, value)
    assert written(made, tmp_path) == (file, data)
    assert facts == {"media_type": kind}


def pixels_in(png: bytes) -> np.ndarray[Any, Any]:
    """Read as the format's description says, by other means than it was written."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, chunks = 8, dict[bytes, bytes]()
    while at < len(png):
        (size,) = struct.unpack_from(">I", png, at)
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        assert struct.unpack_from(">I", png, at + 8 + size)[0] == zlib.crc32(kind + data)
        chunks[kind] = data
        at += 12 + size
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    width, height, depth, colour, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    channels = {0: 1, 2: 3, 6: 4}[colour]
    assert (depth, rest) == (8, [0, 0, 0])
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, 1 + width * channels)
    assert not lines[:, 0].any()
    return lines[:, 1:].reshape(height, width, channels)


@pytest.mark.parametrize("shape", [(3, 2), (3, 2, 1), (3, 2, 3), (3, 2, 4), (1, 1)])
def test_pixels_come_back_as_they_were(shape: tuple[int, ...]) -> None:
    some = np.random.default_rng(7).integers(0, 256, shape, np.uint8)
    for array in (some, some[::-1], np.asfortranarray(some)):
        assert (pixels_in(png_of(array)) == array.reshape(*shape[:2], -1)).all()


def test_fractions_and_booleans_are_pixels_too() -> None:
    assert pixels_in(png_of(np.array([[0.0, 0.5, 1.0]]))).ravel().tolist() == [0, 128, 255]
    assert pixels_in(png_of(np.array([[True, False]]))).ravel().tolist() == [255, 0]


@pytest.mark.parametrize(
    ("as_file", "value", "words"),
    [
        (image_as_file, np.zeros((2, 2, 2), np.uint8), "shape (2, 2, 2)"),
        (image_as_file, np.zeros(4, np.uint8), "shape (4,)"),
        (image_as_file, np.zeros((0, 4), np.uint8), "shape (0, 4)"),
        (image_as_file, np.zeros((2, 2), np.int64), "int64"),
        (image_as_file, np.array([[0.5, 7.0]]), "0 to 1"),
        (image_as_file, np.array([[np.nan]]), "0 to 1"),
        (image_as_file, b"BM", "begin like no PNG"),
        (image_as_file, {"a": 1}, "a dict"),
        (image_as_file, Broken(), "cannot write mode F"),
        (figure_as_file, 3, "3 (int)"),
        (figure_as_file, object(), "a object"),
    ],
)
def test_what_is_none_is_refused_with_what_would_do(
    as_file: Callable[[str, Any], Any], value: Any, words: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        as_file("x", value)
    assert words in refused.value.message
    assert "path" in refused.value.allowed


async def test_runs_their_children_and_coroutines_log_them(client: Client, stub: StubServer) -> None:
    with client.start_run("train") as run:
        run.log_text("notes.md", "# better", step=3, metadata={"by": "kim"})
        run.log_text("report:why", "because")
        run.log_figure("loss", Matplotlibs(), description="falls")
        same = [run.log_image("cat", np.zeros((2, 2), np.uint8)) for _ in range(2)]
        run.log_table("rows", [{"a": 1}], type="report")
        with run.child("part") as part:
            part.log_image("dog", PNG, step=0)
    told = [(o["name"], o["type"], o.get("metadata")) for o in stub.run(run.id)["outputs"]]
    assert told == [
        ("notes.md", "file", {"media_type": "text/markdown", "step": 3, "by": "kim"}),
        ("why", "report", {"media_type": "text/plain"}),
        ("loss", "figure", {"media_type": "image/png"}),
        ("cat", "figure", {"media_type": "image/png"}),
        ("cat", "figure", {"media_type": "image/png"}),
        ("rows", "report", None),
    ]
    assert same[0].digest == same[1].digest
    assert stub.run(part.id)["outputs"][0]["metadata"] == {"media_type": "image/png", "step": 0}
    async with AsyncClient(client=client).start_run("aside") as aside:
        await aside.log_text("notes", "text")
        await aside.log_figure("f", Plotlys())
        await aside.log_image("i", Pillows())
        await aside.log_table("t", {"a": [1, 2]})
    kinds = [(o["name"], o["type"]) for o in stub.run(aside.id)["outputs"]]
    assert kinds == [("notes", "file"), ("f", "figure"), ("i", "figure"), ("t", "table")]


def test_wrong_calls_say_what_is_meant(client: Client, make_client: Callable[..., Client]) -> None:
    run = client.start_run("train")
    for call, field in (
        (lambda: run.log_text("t", 3), "text"),  # pyright: ignore[reportArgumentType]
        (lambda: run.log_text(3, "t"), "name"),  # pyright: ignore[reportArgumentType]
        (lambda: run.log_text("t", "t", step="x"), "step"),  # pyright: ignore[reportArgumentType]
        (lambda: run.log_text("t", "t", type="picture"), "type"),
        (lambda: run.log_table("t", 3), "table"),
        (lambda: run.log_text("t", "t", metadata=3), "metadata"),  # pyright: ignore[reportArgumentType]
    ):
        with pytest.raises(InvalidInputError) as refused:
            call()
        assert refused.value.field == field
    for text in ("plain text", "line\nline", "x" * 5000, "nul\0"):
        with pytest.raises(NotFoundError, match=r"run\.log_text\(name, text\)"):
            run.produce("t", text)
    off = make_client(LINEAGE_MODE="disabled").start_run("off")
    assert off.log_figure("x", object()).name == "x"
    run.finish(0)


def test_an_object_with_nothing_but_the_capsule_interface_is_a_frame(
    client: Client, stub: StubServer
) -> None:
    import pyarrow

    table: Any = pyarrow.table({"petal": [1.4, 4.7], "kind": ["a", None]})

    class Stream:
        """What any library may hand out: a stream of Arrow, nothing else."""

        __slots__ = ()

        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return table.__arrow_c_stream__(requested_schema)

    with client.start_run("train") as run:
        read = run.use(Stream(), name="iris", type="dataset")
        made = run.log_table("flowers", Stream())
        known = run.produce("known", table)
    assert read.digest == made.digest == known.digest
    assert [(column.name, column.type) for column in made.columns] == [
        ("petal", "double"),
        ("kind", "string"),
    ]
    assert stub.run(run.id)["outputs"][0]["stats"]["rows"] == 2
