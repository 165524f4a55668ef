"""The lineage view in a browser: what is in its picture, and how one acts on it."""

from __future__ import annotations

import json

from tests.support.browser import Page

CARDS = "[...document.querySelectorAll('[data-id] bdi[title]')].map((one) => one.title)"
ROWS = "[...document.querySelectorAll('[role=treegrid] tbody th bdi')].map((one) => one.textContent)"
STILL = """
new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() =>
  done(!document.querySelector('main [aria-busy=true]')))))
"""
"""What one sees is what was asked for: nothing of it is on its way."""
SAVED = """
(() => { const made = URL.createObjectURL.bind(URL); window.saved = [];
  URL.createObjectURL = (blob) => (window.saved.push(blob), made(blob)); return true; })()
"""
"""Keeps what the page hands to the browser as files."""


def cards(page: Page) -> list[str]:
    """Titles of the cards that are drawn, sorted; once none is on its way."""
    page.wait_for(STILL)
    return sorted(page.run(CARDS))


def wait_for_cards(page: Page, *titles: str) -> None:
    """Until exactly these are drawn."""
    page.wait_for(f"String({CARDS}.toSorted()) === {json.dumps(','.join(sorted(titles)))}")


def click(page: Page, words: str, among: str = "button, a, [role=menuitem], label") -> None:
    """What says these words, or begins with them; waits until it is there."""
    found = (
        f"[...document.querySelectorAll({json.dumps(among)})].find((one) => "
        f"(one.getAttribute('aria-label') ?? one.textContent).trim().startsWith({json.dumps(words)}))"
    )
    page.click(found)


def look_at(page: Page, title: str, *, other: bool = False) -> None:
    """The card with this title; ``other`` as the other end of a way."""
    card = f"document.querySelector('[data-id] bdi[title={json.dumps(title)}]').closest('button')"
    page.wait_for(
        f"{card}.dispatchEvent(new MouseEvent('click', {{bubbles: true, shiftKey: {json.dumps(other)}}}))"
    )


def saved(page: Page, name: str, among: str = "[role=menuitem]") -> str:
    """What an item of the menu of exports (or a button) hands over, as text; ``page.run(SAVED)`` was
    before."""
    page.run("window.saved.length = 0")
    click(page, name, among)
    page.wait_for("window.saved.length > 0")
    return page.run("window.saved.at(-1).text()")
