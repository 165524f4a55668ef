"""A page of the web view on paper: it is printed, and the words of its sheets are read back."""

from __future__ import annotations

import base64
import re
import unicodedata
import zlib

from tests.support.browser import Page

_OBJECT = re.compile(rb"(?:^|\n)(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
_STREAM = re.compile(rb"stream\n(.*)\nendstream", re.DOTALL)
_FONT = re.compile(rb"/(F\d+) (\d+) 0 R")
_DRAWN = re.compile(rb"/(F\d+) [\d.]+ Tf|<([0-9A-Fa-f]+)> ?Tj|(ET)")
_SECTION = re.compile(rb"beginbf(char|range)\n(.*?)endbf", re.DOTALL)


def printed(page: Page) -> list[str]:
    """The words on each sheet, in the order in which they are drawn."""
    told = base64.b64decode(page.do("Page.printToPDF", printBackground=True)["data"])
    objects = {int(number): body for number, body in _OBJECT.findall(told)}
    sheets = [body for body in objects.values() if re.search(rb"/Type /Page\b", body)]
    # A font draws some letters as one, such as those of "fi".
    return [unicodedata.normalize("NFKC", _words(sheet, objects)) for sheet in sheets]


def _words(sheet: bytes, objects: dict[int, bytes]) -> str:
    fonts = {name: _letters(objects[int(at)], objects) for name, at in _FONT.findall(sheet)}
    said: list[str] = []
    font: dict[int, str] = {}
    for name, glyphs, end in _DRAWN.findall(_content(objects[_reference(b"Contents", sheet)])):
        if name:
            font = fonts[name]
        elif end:
            said.append(" ")
        else:
            said += [font.get(int(glyphs[at : at + 4], 16), "") for at in range(0, len(glyphs), 4)]
    return "".join(said)


def _letters(font: bytes, objects: dict[int, bytes]) -> dict[int, str]:
    """The letter of each glyph."""
    if b"/ToUnicode" not in font:
        return {}
    found: dict[int, str] = {}
    for kind, lines in _SECTION.findall(_content(objects[_reference(b"ToUnicode", font)])):
        for line in lines.splitlines():
            first, *rest = (bytes.fromhex(one.decode()) for one in re.findall(rb"<(\w+)>", line))
            start, letter = int.from_bytes(first), rest[-1].decode("utf-16-be")
            last = int.from_bytes(rest[0]) if kind == b"range" else start
            for glyph in range(start, last + 1):
                found[glyph] = letter[:-1] + chr(ord(letter[-1]) + glyph - start)
    return found


def _reference(key: bytes, body: bytes) -> int:
    found = re.search(rb"/" + key + rb" (\d+) 0 R", body)
    assert found, (key, body[:200])
    return int(found[1])


def _content(body: bytes) -> bytes:
    found = _STREAM.search(body)
    assert found
    return zlib.decompress(found[1]) if b"/FlateDecode" in body else found[1]
