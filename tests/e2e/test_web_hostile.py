"""What people write is only shown: a name that would run as a script, in every field, on every page."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.e2e.conftest import Recording, RunningServer
from tests.support.browser import Page
from tests.support.web_view import SCRIPT, check
from tests.support.web_world import furnish

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

NAMED = {"", "runs", "compare", "artifacts", "artifact", "models", "model", "search"}
"""Pages of things that people have named."""
MADE = "document.querySelectorAll('main script, main img[src=x], [onerror]').length"


def test_what_would_run_is_a_name_on_every_page(
    page: Page, running_server: RunningServer, recording: Recording
) -> None:
    url, project = running_server.url, f"hostile-{uuid4().hex[:8]}"
    with recording(project) as client:
        world = furnish(client, url, lambda field: f"{SCRIPT} {field}")
    for path, shown in world.pages():
        page.open(f"{url}/p/{project}/{path}")
        page.wait_for(f"!!document.querySelector('main :is({shown})')")
        if path.partition("?")[0].partition("/")[0] in NAMED:  # shown as it was written, and not left out
            page.wait_for(f"document.querySelector('main').textContent.includes({SCRIPT!r})")
        assert page.run(MADE) == 0, path
    check(page, url)
