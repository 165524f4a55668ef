"""Webhooks in the web view, sent for real: made, tried out, changed, paused, deleted; in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.e2e.conftest import StartServer, client_environment
from tests.support.browser import Page, browsing
from tests.support.lineage_view import click
from tests.support.web_pages import COUNTING, button, click_twice, fill, gone, press, send
from tests.support.web_view import SCRIPT, TEXT, build, check, check_access

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

ROWS = "[...document.querySelectorAll('main section table')].map((one) => one.tBodies[0].rows.length)"
REFUSED = "document.querySelector('[role=dialog] [role=alert]')"


class _Receiver(BaseHTTPRequestHandler):
    """Answers 500 the first time, then 204."""

    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, _Server)
        body = self.rfile.read(int(self.headers["content-length"]))
        server.got.append((self.path, self.headers["x-lineage-signature"], body))
        self.send_response(500 if len(server.got) == 1 else 204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


class _Server(ThreadingHTTPServer):
    got: list[tuple[str, str | None, bytes]]


@pytest.fixture
def receiver() -> Iterator[_Server]:
    server = _Server(("127.0.0.1", 0), _Receiver)
    server.got = []
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_webhook_is_made_tried_changed_paused_and_deleted(
    start_server: StartServer, tmp_path: Path, receiver: _Server
) -> None:
    build()
    told = client_environment(
        tmp_path / "user",
        LINEAGE_WEBHOOKS__ALLOWED_NETWORKS="127.0.0.0/8",
        LINEAGE_WEBHOOKS__KEY="a key of this test",
        LINEAGE_WEBHOOKS__RETRY_SECONDS="1",
    )
    server = start_server(environment=told)
    target = f"http://127.0.0.1:{receiver.server_port}"
    with browsing(tmp_path) as page:
        page.open(f"{server.url}/p/default/settings?view=webhooks")
        make(page, target)
        try_out(page)
        send_elsewhere(page, target, receiver)
        pause_and_delete(page)
        check(page, server.url)


TRIES = "document.querySelector('[data-delivery] [data-value]').textContent"


def make(page: Page, target: str) -> None:
    """One with all kinds but deletions; its secret is shown once."""
    page.wait_for(f"{TEXT}.includes('No webhooks yet')")
    press(page, "Make a webhook")
    fill(page, "Name", SCRIPT)
    fill(page, "Address", "https://user@example.org/")
    check_access(page)
    send(page, "Make")
    page.wait_for(f"{REFUSED}?.innerText.includes('nothing was changed')")
    fill(page, "Address", f"{target}/first")
    page.run("document.querySelectorAll('[role=dialog] input[type=checkbox]')[4].click()")
    send(page, "Make")
    page.wait_for("document.querySelector('[role=dialog] pre')?.textContent.startsWith('whsec_')")
    check_access(page)
    secret = page.run("document.querySelector('[role=dialog] pre').textContent")
    page.run("document.querySelector('[role=dialog] header button').click()")
    gone(page)
    page.wait_for(f"{TEXT}.includes('alias approval state version') && {TEXT}.includes('/first')")
    assert secret not in page.run("document.documentElement.outerHTML"), "it is shown once"


def try_out(page: Page) -> None:
    """A ping, which comes through at the second try."""
    click_twice(page, "document.querySelector('[aria-label^=\"Send a ping to\"]')")
    page.wait_for("!!document.querySelector('[data-delivery=delivered]')")
    assert page.run(TRIES) == "2", "after 500"
    assert "hook=webhook" in page.run("location.search")
    check_access(page)
    press(page, "Look")
    page.wait_for("document.querySelector('[role=dialog] pre')?.textContent.includes('\"ping\"')")
    check_access(page)
    page.run("document.querySelector('[role=dialog] header button').click()")
    gone(page)


def send_elsewhere(page: Page, target: str, receiver: _Server) -> None:
    """What was sent is sent again, to another address."""
    click(page, "Change <img")
    fill(page, "Address", f"{target}/second")
    send(page, "Save")
    gone(page)
    page.wait_for(f"{TEXT}.includes('/second')")
    click_twice(page, button("Send again"))
    page.wait_for(f"{TRIES} === '1'")
    page.wait_for("!!document.querySelector('[data-delivery=delivered]')")
    assert [path for path, _, _ in receiver.got] == ["/first", "/first", "/second"]
    assert len({body for _, _, body in receiver.got}) == 1, "the same under its id"


def pause_and_delete(page: Page) -> None:
    """Nothing is sent to one that sleeps."""
    page.run(COUNTING)
    click_twice(page, button("Pause"))
    page.wait_for(f"{TEXT}.includes('off')")
    assert page.run("!document.querySelector('[aria-label^=\"Send a ping\"]') && window.sent === 1")
    check_access(page)
    click(page, "Resume")
    page.wait_for("!!document.querySelector('[aria-label^=\"Send a ping\"]')")
    click(page, "Delete <img")
    check_access(page)
    send(page, "Delete")
    gone(page)
    page.wait_for(f"{TEXT}.includes('No webhooks yet')")
