"""The web view: one page and its parts, as the build made them (``ui/build.mjs``), compressed already.

Parts bear a digest in their names and are kept by browsers for ever; the page itself is asked for each
time, so that a new version is seen at once. Every address that is none of the server's own answers the
page to a browser that goes there: its router knows what is meant. Nobody needs to log in for these: they
hold nothing but what every copy of this program holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

BUILT = Path(__file__).parents[1] / "static" / "ui"
OWN = tuple("/api /ajax-api /apis /assets /docs /graphql /livez /metrics /pages /readyz /v1 /version".split())
"""First parts of addresses that are never the page's, also where nothing answers to them."""

_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
}
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_POLICY = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob:; "
        "font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
}
# A worker is not held to the policy of its page, but to that of its own script.
_KEPT = {"cache-control": "public, max-age=31536000, immutable", **_POLICY}
_PAGE = {"cache-control": "no-cache", "cross-origin-opener-policy": "same-origin", **_POLICY}
_ALWAYS = {"referrer-policy": "no-referrer", "vary": "accept-encoding", "x-content-type-options": "nosniff"}
_UNBUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Lineage server</title>
<h1>This server was installed without its web view</h1>
<p>Nothing else is missing: see <a href="/start">what it offers</a>. In a checkout, <code>make run</code>
builds the web view; its output says why it could not.</p>
</html>
"""


def is_built(folder: Path | None = None) -> bool:
    """Whether this installation has the web view."""
    return ((folder or BUILT) / "index.html").is_file()


def install(app: Starlette, folder: Path | None = None) -> None:
    """Register the page and its parts with an application; call it once all else is registered."""
    app.router.routes.extend(_parts(folder))
    app.router.default = _page_for_browsers(app.router.default, folder)


def _parts(folder: Path | None) -> list[Route]:
    place = (folder or BUILT) / "assets"

    async def part(request: Request) -> Response:
        name = request.path_params["name"]
        file = place / name
        if Path(name).suffix not in _TYPES or not file.is_file():
            # An open page of the version before asks for parts that are gone.
            return Response("there is no such part; load the page anew\n", 404, media_type="text/plain")
        return _answer(request, file, _KEPT)

    return [Route("/assets/{name}", part)]


def _page_for_browsers(otherwise: ASGIApp, folder: Path | None) -> ASGIApp:
    """What answers to addresses that no route knows: to a browser the page, else ``otherwise``."""
    place = folder or BUILT

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if not _goes_there(scope):
            return await otherwise(scope, receive, send)
        return await page(Request(scope, receive), place)(scope, receive, send)

    return answer


def page(request: Request, folder: Path | None = None) -> Response:
    """The page, or, in an installation without it, the word that it is missing."""
    place = folder or BUILT
    if not is_built(place):
        return HTMLResponse(_UNBUILT, 503)
    return _answer(request, place / "index.html", _PAGE)


def _goes_there(scope: Scope) -> bool:
    """Whether a person's browser opens this address as a page."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        return False
    path = scope["path"]
    if any(path == own or path.startswith(f"{own}/") for own in OWN):
        return False
    return "text/html" in Request(scope).headers.get("accept", "")


@dataclass(frozen=True, slots=True)
class _Stored:
    """One file in the forms in which it lies there: plain, and by encoding."""

    plain: bytes
    encoded: dict[str, bytes]


@cache
def _stored(file: Path, _changed: int) -> _Stored:
    forms = {name: file.with_name(file.name + suffix) for name, suffix in _ENCODINGS}
    return _Stored(
        file.read_bytes(), {name: path.read_bytes() for name, path in forms.items() if path.is_file()}
    )


def _answer(request: Request, file: Path, headers: dict[str, str]) -> Response:
    """A file in the smallest form that the browser takes."""
    stored = _stored(file, file.stat().st_mtime_ns)
    taken = {word.split(";")[0].strip() for word in request.headers.get("accept-encoding", "").split(",")}
    chosen = next((name for name in stored.encoded if name in taken), "")
    told = {**_ALWAYS, **headers, **({"content-encoding": chosen} if chosen else {})}
    content = stored.encoded[chosen] if chosen else stored.plain
    return Response(content, media_type=_TYPES[file.suffix], headers=told)
