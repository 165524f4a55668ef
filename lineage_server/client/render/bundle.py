"""Forms for notebooks: of those that can be made, the ones that a front end wants."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from html import escape

from lineage_server.client.render.words import safe


def bundle(
    makers: Mapping[str, Callable[[], str]],
    include: Collection[str] | None,
    exclude: Collection[str] | None,
) -> dict[str, str]:
    """By media type; none is made that is not wanted."""
    return {
        kind: make()
        for kind, make in makers.items()
        if (not include or kind in include) and not (exclude and kind in exclude)
    }


def lines(
    text: Callable[[], str], include: Collection[str] | None, exclude: Collection[str] | None
) -> dict[str, str]:
    """Of what is told in lines, as a terminal shows them."""

    def html() -> str:
        return f"<pre>{chr(10).join(map(html_text, text().split(chr(10))))}</pre>"

    return bundle({"text/plain": text, "text/html": html}, include, exclude)


def html_text(text: object) -> str:
    """Escaped, one line; what XML cannot hold at all is replaced."""
    return escape("".join(c if c not in "\ufffe\uffff" else "\ufffd" for c in safe(str(text))), quote=True)
