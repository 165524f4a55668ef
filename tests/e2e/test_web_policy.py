"""The policy that every page is sent with, as a browser holds to it: no page, and no worker, wants what it
forbids."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.e2e.conftest import Recording, RunningServer
from tests.support.browser import Page
from tests.support.web_view import check
from tests.support.web_world import furnish

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

REFUSALS = """
window.refused = [];
addEventListener('securitypolicyviolation', ({effectiveDirective, blockedURI, sourceFile, lineNumber}) =>
  window.refused.push(`${effectiveDirective}: ${blockedURI} in ${sourceFile}:${lineNumber}`));
"""
FOREIGN = """
fetch('http://localhost:9/elsewhere').catch(() => 0);
document.head.append(Object.assign(document.createElement('style'), {textContent: 'main {color: red}'}));
document.body.insertAdjacentHTML('beforeend', '<b style="color: red" onclick="window.hacked = 1"></b>');
document.body.append(Object.assign(document.createElement('img'), {src: 'http://localhost:9/a.png'}));
document.head.append(Object.assign(document.createElement('script'), {textContent: 'window.hacked = 1'}));
"""
"""What only somebody who has broken in would do."""
FORBIDDEN = {
    "connect-src", "img-src", "script-src-attr", "script-src-elem", "style-src-attr", "style-src-elem",
}  # fmt: skip


def word(field: str) -> str:
    return f"{field} & <b style='color: red'>more</b>"


def test_no_page_wants_what_its_policy_forbids(
    page: Page, running_server: RunningServer, recording: Recording
) -> None:
    url, project = running_server.url, f"policy-{uuid4().hex[:8]}"
    with recording(project) as client:
        world = furnish(client, url, word)
    page.hear_workers()
    watching = page.do("Page.addScriptToEvaluateOnNewDocument", source=REFUSALS)["identifier"]
    wrong: dict[str, list[str]] = {}
    try:
        for path, shown in world.pages():
            page.open(f"{url}/p/{project}/{path}")
            page.wait_for(f"!!document.querySelector('main :is({shown})')")
            if found := page.run("window.refused"):
                wrong[path] = found
        check(page, url)
        assert any("/layout.worker" in asked for asked in page.asked), "with the workers"
        # What it forbids is held back, or the above says nothing.
        page.run(f"{{ {FOREIGN} }}")
        page.wait_for("window.refused.length >= 6")
        assert {told.partition(":")[0] for told in page.run("window.refused")} >= FORBIDDEN
        assert page.run("window.hacked === undefined")
    finally:
        page.do("Page.removeScriptToEvaluateOnNewDocument", identifier=watching)
    assert not wrong, "\n".join(f"{where}: {what}" for where, what in wrong.items())
