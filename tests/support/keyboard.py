"""A person without a mouse: goes on with Tab until something is reached, and sees all the way where that is.

``Keyboard`` presses keys of a ``browser.Page`` and nothing else. Each stop on the way must be seen: it has
a size, stands in the window, and shows by an outline or its frame that keys go to it.
"""

from __future__ import annotations

import json

from tests.support.browser import Page
from tests.support.web_view import AT_REST

MOST_STOPS = 150
_NAME = """
((one) => {
  const labelled = one.getAttribute('aria-labelledby')?.split(' ')
    .map((id) => document.getElementById(id)?.innerText ?? '').join(' ');
  const told = one.getAttribute('aria-label') || labelled || one.labels?.[0]?.innerText;
  return (told || one.innerText || one.title || '').trim();
})
"""
# Of a field that is not seen itself (a choice drawn by its label), the label is what shows it.
_SEEN = """
((one) => {
  const shown = (of) => {
    const {outlineStyle, outlineWidth, outlineColor, borderColor} = getComputedStyle(of);
    const accent = getComputedStyle(document.documentElement).getPropertyValue('--accent').trim();
    const probe = document.createElement('i');
    probe.style.color = accent;
    document.body.append(probe);
    const accented = getComputedStyle(probe).color;
    probe.remove();
    const outlined = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1;
    return (outlined && !outlineColor.endsWith(', 0)')) || borderColor === accented;
  };
  const box = (of) => of.getBoundingClientRect();
  const large = (of) => box(of).width >= 8 && box(of).height >= 8;
  const across = (of) => box(of).right > 0 && box(of).left < innerWidth;
  const within = (of) => across(of) && box(of).bottom > 0 && box(of).top < innerHeight;
  const those = [one, one.nextElementSibling, one.parentElement];
  return those.some((of) => of && large(of) && within(of) && shown(of));
})
"""


class Keyboard:
    """``seen``: names of all stops so far, for whoever wants to know the way."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.seen: list[str] = []
        self.unseen: list[str] = []

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.press(key)

    def name(self) -> str:
        """Of what keys go to now."""
        return self.page.run(f"{_NAME}(document.activeElement)")

    def to(self, name: str, *, within: str = "body", backwards: bool = False) -> None:
        """On with Tab until what is called so, or begins so, in there."""
        ours = f"!!document.activeElement.closest({json.dumps(within)})"
        passed: list[str] = []
        for _ in range(MOST_STOPS):
            self.page.press("Tab", shift=backwards)
            here = self.name()
            passed.append(here)
            self._look()
            if here.startswith(name) and self.page.run(ours):
                return
        raise AssertionError(f"no way leads to {name!r} in {within}, only to {passed}")

    def take(self, name: str, *, within: str = "body", by: str = "Enter") -> None:
        """The link or button of this name."""
        self.to(name, within=within)
        self.press(by)

    def choose(self, name: str, *, step: str = "ArrowDown") -> None:
        """One of several that the arrows lead through, from the one where keys go to now."""
        for _ in range(MOST_STOPS):
            if self.name().startswith(name):
                return
            self.press(step)
            self._look()
        raise AssertionError(f"the arrows do not lead to {name!r}")

    def write(self, text: str) -> None:
        """Into the field where keys go to, in place of what is there."""
        self.page.run("document.activeElement.select()")
        self.page.do("Input.insertText", text=text)

    def _look(self) -> None:
        if self.page.run("document.activeElement === document.body"):
            return  # on the way round, past the last stop
        here = self.name()
        self.seen.append(here)
        seen = f"{_SEEN}(document.activeElement)"
        self.page.wait_for(f"{seen} || {AT_REST}")  # a frame comes gently
        if self.page.run(seen):
            return
        self.unseen.append(f"{here}: {self.page.run('document.activeElement.outerHTML.slice(0, 150)')}")
