"""Every page in both languages and both themes: no violation of the rules of accessible pages."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.e2e.conftest import Recording, RunningServer
from tests.support.browser import Page
from tests.support.web_view import AT_REST, AXE, FITS, VIOLATIONS, check
from tests.support.web_world import furnish, hangul

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

COLOURS = VIOLATIONS.replace("{resultTypes:", "{runOnly: ['color-contrast'], resultTypes:")
"""All that another theme may change."""


# English, which most tests look at, too, only at the width of a desk.
@pytest.mark.parametrize(("language", "widths"), [("ko", (1440, 768, 360)), ("en", (1440,))])
def test_every_page(
    page: Page, running_server: RunningServer, recording: Recording, language: str, widths: tuple[int, ...]
) -> None:
    url, project = running_server.url, f"every-{uuid4().hex[:8]}"
    with recording(project) as client:
        world = furnish(client, url, hangul)
    page.open(f"{url}/p/{project}")
    page.run(f"localStorage.setItem('lineage.language', {language!r})")
    wrong: dict[str, list[str]] = {}
    for path, shown in world.pages():
        page.look(1440, 900)
        page.open(f"{url}/p/{project}/{path}")
        page.wait_for(f"!!document.querySelector('main :is({shown})')")
        page.run(AXE.read_text("utf-8") + ";0")
        for width in widths:
            for dark, rules in ((False, VIOLATIONS), (True, COLOURS)):
                page.look(width, 900, dark=dark)
                page.wait_for(FITS)
                page.wait_for(AT_REST)
                if found := page.run(rules):
                    wrong[f"{path} at {width}, {'dark' if dark else 'light'}"] = found
    page.run("localStorage.removeItem('lineage.language')")
    assert not wrong, "\n".join(f"{where}: {what}" for where, what in wrong.items())
    assert page.run("document.documentElement.lang") == language
    check(page, url)
