"""Texts, figures and images as files: what ``log_text``, ``log_figure`` and ``log_image`` record.

Their libraries are known by what they offer, not by name: what has ``savefig`` (matplotlib, seaborn),
``to_html`` or ``write_html`` (plotly, altair) is a figure, what has ``save`` (Pillow) or is an array of
pixels is an image. Arrays become PNG here, always in the same way: equal pixels are an equal version,
whatever is installed.
"""

from __future__ import annotations

import inspect
import io
import os
import struct
import zlib
from collections.abc import Callable
from importlib import import_module
from pathlib import PurePath
from typing import Any, NamedTuple

from lineage_server.client.arrays import is_array
from lineage_server.client.checking import told
from lineage_server.client.contents import content_of_bytes
from lineage_server.domain.errors import InvalidInputError

_PNG = b"\x89PNG\r\n\x1a\n"
_COLOURS = {1: 0, 3: 2, 4: 6}
"""PNG's type of colour by channels: grey, RGB, RGBA."""
_MOST_PIXELS = 1 << 28
_TEXTS = {
    ".md": "text/markdown", ".html": "text/html", ".htm": "text/html", ".csv": "text/csv",
    ".json": "application/json", ".yaml": "application/yaml", ".yml": "application/yaml",
    ".xml": "application/xml", ".svg": "image/svg+xml",
}  # fmt: skip
_SIGNS = (
    (_PNG, ".png", "image/png"),
    (b"\xff\xd8\xff", ".jpg", "image/jpeg"),
    (b"GIF8", ".gif", "image/gif"),
    (b"RIFF", ".webp", "image/webp"),
)


class Picture(NamedTuple):
    """What is recorded: something that ``produce`` takes, and facts about it."""

    value: Any
    facts: dict[str, Any]


def text_as_file(name: str, text: str) -> Picture:
    """A text in UTF-8, of the kind that the ending of its name says."""
    ending = PurePath(name).suffix.lower()
    kind = _TEXTS.get(ending, "text/plain")
    return _file(text.encode("utf-8", "surrogatepass"), name, ending or ".txt", kind)


def figure_as_file(name: str, figure: Any) -> Picture:
    """A figure as PNG or HTML; raises InvalidInputError for what can be neither."""
    if isinstance(figure, str | os.PathLike):
        return Picture(figure, {})
    if not hasattr(figure, "savefig") and hasattr(getattr(figure, "figure", None), "savefig"):
        figure = figure.figure  # axes, and grids of seaborn
    if callable(getattr(figure, "savefig", None)):
        data = _written("figure", figure, lambda out: figure.savefig(out, format="png", bbox_inches="tight"))
        return _file(data, name, ".png", "image/png")
    for method in ("to_html", "write_html"):
        if callable(getattr(figure, method, None)):
            return _file(_html(figure, method), name, ".html", "text/html")
    raise InvalidInputError(
        f"figure is {told(figure)}",
        field="figure",
        allowed="a figure with savefig (matplotlib, seaborn), to_html or write_html (plotly, altair), or the "
        "path of a file that it was saved to",
    )


def image_as_file(name: str, image: Any) -> Picture:
    """An image as PNG (bytes of PNG, JPEG, GIF and WebP as they are); raises InvalidInputError."""
    if isinstance(image, str | os.PathLike):
        return Picture(image, {})
    if isinstance(image, bytes | bytearray):
        data = bytes(image)
        for sign, ending, kind in _SIGNS:
            if data.startswith(sign):
                return _file(data, name, ending, kind)
        raise _no_image("bytes that begin like no PNG, JPEG, GIF or WebP")
    if is_array(image):
        return _file(png_of(image), name, ".png", "image/png")
    if callable(getattr(image, "save", None)):
        data = _written("image", image, lambda out: image.save(out, format="PNG"))
        return _file(data, name, ".png", "image/png")
    raise _no_image(told(image))


def png_of(pixels: Any) -> bytes:
    """Height × width of grey, or × 1, 3 or 4 channels: integers of 8 bits, booleans, or fractions from 0
    to 1. Raises InvalidInputError."""
    numpy = import_module("numpy")
    array: Any = numpy.asarray(pixels.detach().cpu() if hasattr(pixels, "detach") else pixels)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in _COLOURS or not array.size or array.size > _MOST_PIXELS:
        raise _no_image(f"an array of shape {tuple(getattr(pixels, 'shape', ()))}")
    if array.dtype == bool:
        array = array.astype(numpy.uint8) * 255
    elif array.dtype.kind == "f":
        if not bool(((array >= 0) & (array <= 1)).all()):
            raise _no_image("fractions that are not all from 0 to 1")
        array = numpy.rint(array * 255).astype(numpy.uint8)
    elif array.dtype != numpy.uint8:
        raise _no_image(f"an array of {array.dtype}")
    height, width, channels = array.shape
    # Before each line its filter: none.
    lines = numpy.zeros((height, 1 + width * channels), numpy.uint8)
    lines[:, 1:] = array.reshape(height, width * channels)
    head = struct.pack(">IIBBBBB", width, height, 8, _COLOURS[channels], 0, 0, 0)
    body = zlib.compress(lines.tobytes(), 6)
    return _PNG + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _html(figure: Any, method: str) -> bytes:
    write: Callable[..., Any] = getattr(figure, method)
    more: dict[str, Any] = {}
    try:
        if "include_plotlyjs" in inspect.signature(write).parameters:
            more["include_plotlyjs"] = "cdn"  # else three megabytes in each
    except (TypeError, ValueError):
        pass
    if method == "to_html":
        return str(write(**more)).encode("utf-8", "surrogatepass")
    out = io.StringIO()
    write(out, **more)
    return out.getvalue().encode("utf-8", "surrogatepass")


def _written(what: str, value: object, write: Callable[[io.BytesIO], object]) -> bytes:
    out = io.BytesIO()
    try:
        write(out)
    except (TypeError, ValueError, OSError, KeyError) as error:
        raise InvalidInputError(
            f"this {type(value).__name__} can not be written as PNG: {error}",
            field=what,
            allowed="the path of a file that it was saved to",
        ) from None
    return out.getvalue()


def _file(data: bytes, name: str, ending: str, kind: str) -> Picture:
    stem = PurePath(name).stem or "value"
    return Picture(content_of_bytes(data, stem + ending), {"media_type": kind})


def _no_image(what: str) -> InvalidInputError:
    return InvalidInputError(
        f"image is {what}",
        field="image",
        allowed="an image of Pillow, an array of height × width (× 1, 3 or 4) in uint8, bool or fractions "
        "from 0 to 1, bytes of a PNG, JPEG, GIF or WebP, or the path of a file",
    )
