"""No page shows a text that was never marked: in a language of brackets, each stands in them."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from tests.e2e.conftest import Recording, RunningServer
from tests.support.browser import Page
from tests.support.web_view import check
from tests.support.web_world import furnish, hangul

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

# What people, programs and Intl said, not this page: names, code, times, figures, other languages.
DATA = "bdi, code, pre, kbd, time, [lang]:not(html), [data-value], datalist, title, .react-flow__attribution"
LOOSE = f"""
(() => {{
  const brackets = (text) => text.replace(/⟦[^⟦⟧]*⟧/g, '').replace(/⟦[^⟦⟧]*⟧/g, '');
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const whole = new Map();
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {{
    const own = node.parentElement;
    if (own.closest({DATA!r} + ', script, style, noscript, option[value]:not([value=""])')) continue;
    whole.set(own, (whole.get(own) ?? '') + node.textContent);
  }}
  const texts = [...whole.values()];
  for (const one of document.querySelectorAll('[aria-label], [placeholder], [title]'))
    for (const name of ['aria-label', 'placeholder', 'title'])
      if (one.hasAttribute(name) && !one.closest({DATA!r})) texts.push(one.getAttribute(name));
  return [...new Set(texts.filter((text) => /[A-Za-z]{{2}}/.test(brackets(text))))];
}})()
"""
BRAND = {"Lineage", "CSV", "UID"}
"""The same in all languages."""
LATIN = re.compile(r"[A-Za-z]{2}")
MEASURE = re.compile(r"( · )?[\d.,]+ (sec|min|hr|byte|[kMG]B)( [\d.,]+ (sec|min))?")
TOLD_APART = re.compile(r" · (?:[A-Z][a-z]{2} \d+, \d{4}, [\d:]+\s[AP]M|[\da-f-]{8,})$")
"""What is added to the name of one of several runs of it: when it began, or how its id begins."""


def known(text: str, project: str) -> bool:
    """What is no text of the page's own: a name, or a measure or a time that Intl said."""
    named = TOLD_APART.sub("", text)
    return text in BRAND or project in text or MEASURE.fullmatch(text) is not None or not LATIN.search(named)


def test_no_page_has_a_text_that_was_never_marked(
    page: Page, running_server: RunningServer, recording: Recording
) -> None:
    url, project = running_server.url, f"words-{uuid4().hex[:8]}"
    with recording(project) as client:
        world = furnish(client, url, hangul)
    page.open(f"{url}/p/{project}")
    page.run("localStorage.setItem('lineage.language', 'pseudo')")
    try:
        found: dict[str, list[str]] = {}
        for path, shown in world.pages():
            page.open(f"{url}/p/{project}/{path}")
            page.wait_for(f"!!document.querySelector('main :is({shown})')")
            if loose := [one for one in page.run(LOOSE) if not known(one, project)]:
                found[path] = loose
        assert not found, "\n".join(f"{where}: {loose}" for where, loose in found.items())
    finally:
        page.run("localStorage.removeItem('lineage.language')")
    check(page, url)
