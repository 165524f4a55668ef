"""How long a page takes to show what came of an act: for all benchmarks in a browser."""

from __future__ import annotations

import time

from tests.support.browser import Page

SMOOTH = 33.4
"""Two frames of a screen of 60 Hz, in milliseconds."""
GIVE_UP_MS = 20_000
READ_SECONDS = 0.5
_UNTIL = """
new Promise((done, failed) => {
  const began = performance.now();
  const over = setTimeout(() => failed(new Error('it never came')), GIVE_UP);
  const look = () => {
    if (!(READY)) return requestAnimationFrame(look);
    requestAnimationFrame(() => { clearTimeout(over); done(performance.now() - began); });
  };
  DO;
  look();
})
"""


def timed(page: Page, act: str, ready: str) -> float:
    """Milliseconds from an act until there is a picture of what came of it; both are JavaScript."""
    script = _UNTIL.replace("READY", ready).replace("GIVE_UP", str(GIVE_UP_MS)).replace("DO", act)
    return float(page.run(script))


def read() -> None:
    """A look at what has just appeared: nobody clicks on it sooner."""
    time.sleep(READ_SECONDS)
