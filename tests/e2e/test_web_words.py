"""No page shows a text that was never marked: in a language of brackets, each stands in them."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from tests.e2e.conftest import Recording, RunningServer
from tests.support.browser import Page
from tests.support.web_view import check

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

# What people, programs and Intl said, not this page: names, code, times, figures, other languages.
DATA = "bdi, code, pre, kbd, time, [lang]:not(html), [data-value], datalist, title, .react-flow"
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
BRAND = {"Lineage"}
NAMES = {"look", "seen"}
DURATION = re.compile(r"[\d.,]+ (sec|min|hr)")
PAGES = {
    "": "h1", "runs": "tbody tr", "artifacts": "tbody tr", "artifact?of=dataset:seen": "tbody tr",
    "artifact?of=dataset:seen&view=schema": "tbody tr", "artifact?of=dataset:seen&view=files": "tbody tr",
    "artifact?of=dataset:seen&view=use": "h2", "models": "tbody tr", "model?of=model:{project}/m": "tbody tr",
    "model?of=model:{project}/m&view=aliases": "tbody tr",
    "model?of=model:{project}/m&view=approvals": "h2", "search?q=seen": "tbody tr", "projects": "tbody tr",
    "settings": "h2, tbody", "settings?view=tokens": "h2, tbody", "settings?view=audit": "h2, tbody",
    "settings?view=webhooks": "h2", "admin": "tbody tr", "admin?view=retention": "tbody tr",
    "admin?view=gaps": "h2",
}  # fmt: skip


def known(text: str, project: str) -> bool:
    """What is no text of the page's own: a name, or a duration that Intl said."""
    return text in BRAND | NAMES or project in text or DURATION.fullmatch(text) is not None


def test_no_page_has_a_text_that_was_never_marked(
    page: Page, running_server: RunningServer, recording: Recording
) -> None:
    url, project = running_server.url, f"words-{uuid4().hex[:8]}"
    with recording(project) as client:
        with client.start_run("look", job="look") as run:
            seen = run.produce("seen", {"n": [1, 2]}, type="dataset")
        assert client.flush(20.0)
        client.register("m", seen, aliases="prod")
    page.open(f"{url}/p/{project}")
    page.run("localStorage.setItem('lineage.language', 'pseudo')")
    try:
        found: dict[str, list[str]] = {}
        for path, shown in PAGES.items():
            page.open(f"{url}/p/{project}/{path.format(project=project)}")
            page.wait_for(f"!!document.querySelector('main :is({shown})')")
            if loose := [one for one in page.run(LOOSE) if not known(one, project)]:
                found[path] = loose
        assert found == {}
    finally:
        page.run("localStorage.removeItem('lineage.language')")
    check(page, url)
