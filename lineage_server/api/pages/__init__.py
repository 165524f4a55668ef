"""What a browser is shown without the web view: what the server offers, and GraphQL's own page.

What it offers is at ``/start``, and at ``/`` too where the web view was not built.

The files lie beside this one. Nothing is loaded from outside, and the browser is told to refuse it if
it were. The pages are open without a token: they hold nothing but what every copy of this program holds.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from string import Template

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from lineage_server import __version__
from lineage_server.api.static import is_built, page
from lineage_server.auth.access import is_loopback
from lineage_server.settings import HttpSettings

_FOLDER = Path(__file__).parent
_EVENTS = (_FOLDER.parents[2] / "docs" / "events.md", _FOLDER.parents[1] / "static" / "events.md")
"""In a checkout, and in what is built from one."""
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
}
_ASK = '<li><a href="/graphql"><strong>GraphQL</strong><span>ask in the browser</span></a></li>'
_NO_VIEW = """<p class="lead" role="note"><strong>This server was installed without its web view.</strong>
Nothing else is missing. In a checkout, <code>make run</code> builds it, or says why it cannot.</p>"""


def has_graphql_page(http: HttpSettings) -> bool:
    """Whether GraphQL has a page for people."""
    return http.graphiql == "on" or (http.graphiql == "auto" and is_loopback(http.host))


def page_routes(http: HttpSettings) -> list[Route]:
    """The page of what there is, which leads to GraphQL's page where there is one; what both are made of."""
    ask = _ASK if has_graphql_page(http) else ""
    view = "" if is_built() else _NO_VIEW
    start = Template(_text("start.html")).substitute(version=__version__, ask=ask, view=view)

    async def show(_request: Request) -> Response:
        return _page(start)

    async def first(request: Request) -> Response:
        return page(request) if is_built() else _page(start)

    async def events(_request: Request) -> Response:
        return PlainTextResponse(next(path for path in _EVENTS if path.exists()).read_text("utf-8"))

    parts = [path for path in _FOLDER.iterdir() if path.suffix in _TYPES]
    return [
        Route("/", first),
        Route("/start", show),
        Route("/docs/events", events),
        *(_part(path) for path in parts),
    ]


def graphql_page() -> Response:
    """Where GraphQL can be asked by hand."""
    return _page(_text("graphql.html"))


def _part(path: Path) -> Route:
    content, media_type = path.read_bytes(), _TYPES[path.suffix]

    async def show(_request: Request) -> Response:
        return Response(content, media_type=media_type, headers=_HEADERS)

    return Route(f"/pages/{path.name}", show)


def _page(text: str) -> Response:
    return Response(text, media_type="text/html", headers=_HEADERS)


@cache
def _text(name: str) -> str:
    return (_FOLDER / name).read_text("utf-8")
