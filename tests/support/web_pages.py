"""What a person does on a page of the web view: presses what has a name, fills in what has a label."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Generator

from tests.support.browser import Page


def press(page: Page, name: str, within: str = "main") -> None:
    """The button, link or tab of this name."""
    page.click(button(name, within))


def button(name: str, within: str = "main") -> str:
    """What finds the button, link or tab of this name."""
    return (
        f"[...document.querySelectorAll('{within} :is(button, a, [role=tab])')]"
        f".find((one) => one.textContent.trim() === {json.dumps(name)})"
    )


COUNTING = """
window.sent = 0;
((ask) => { window.fetch = (...told) => {
  window.sent += String(told[1]?.body).includes('mutation') ? 1 : 0;
  return ask(...told);
}; })(window.fetch)
"""
"""Counts in `window.sent` how often a page asks for a change."""


QUESTIONS = """
window.questions = [];
window.unanswered = 0;
((ask) => { window.fetch = (...told) => {
  const query = /graphql/.test(told[0]) && JSON.parse(told[1].body).query;
  const name = query ? /(?:query|mutation) (\\w+)/.exec(query)[1] : String(told[0]);
  window.questions.push({name, at: performance.now()});
  window.unanswered += 1;
  return ask(...told).finally(() => { window.unanswered -= 1; });
}; })(window.fetch);
"""
"""Keeps what a page asks for by name and when, other addresses as they are; and how much of it waits for an
answer."""


@contextlib.contextmanager
def with_first(page: Page, script: str) -> Generator[None]:
    """Pages that are opened in the block run this before their own scripts."""
    told = page.do("Page.addScriptToEvaluateOnNewDocument", source=script)["identifier"]
    try:
        yield
    finally:
        page.do("Page.removeScriptToEvaluateOnNewDocument", identifier=told)


def asked_for(page: Page, name: str, times: int) -> None:
    """Until that question of `QUESTIONS` was asked so often, and all were answered."""
    asked = f"window.questions.filter(({{name}}) => name === {json.dumps(name)}).length"
    page.wait_for(f"{asked} >= {times} && window.unanswered === 0")


PLAIN = "Object.defineProperty(navigator, 'clipboard', {value: undefined}); true"
"""Takes away from a page what it has not where it comes by plain http from another machine."""


def click_twice(page: Page, found: str) -> None:
    """What an expression of JavaScript finds, once it is there, by a hand that trembles."""
    page.wait_for(f"((one) => !!one && !one.disabled && (one.click(), one.click(), true))({found})")


def choose(page: Page, selector: str, value: str) -> None:
    """An option of a field, as a person would, once it can be chosen."""
    page.wait_for(f"{_options(selector)}.includes({json.dumps(value)})")
    _set(page, selector, "HTMLSelectElement", value)


def _options(selector: str) -> str:
    return f"[...document.querySelector({json.dumps(selector)}).options].map((one) => one.value)"


def slide(page: Page, selector: str, value: float) -> None:
    """A slider, as a person would."""
    _set(page, selector, "HTMLInputElement", str(value))


def _set(page: Page, selector: str, kind: str, value: str) -> None:
    page.run(
        f"((one) => {{ Object.getOwnPropertyDescriptor({kind}.prototype, 'value').set.call(one, "
        f"{json.dumps(value)}); one.dispatchEvent(new Event('change', {{bubbles: true}})) }})"
        f"(document.querySelector({json.dumps(selector)}))"
    )


def fill(page: Page, label: str, text: str) -> None:
    """The field of this label in the form that is open."""
    found = (
        f"[...document.querySelectorAll('[role=dialog] label')].find((one) => "
        f"one.textContent.replace(' *', '') === {json.dumps(label)})?.htmlFor"
    )
    page.wait_for(f"!!{found}")
    page.type(f"#{page.run(f'CSS.escape({found})')}", text)


def send(page: Page, name: str) -> None:
    """The button that sends the open form, once that is there and sends nothing else any more."""
    sends = "document.querySelector('[role=dialog] [type=submit]')"
    page.wait_for(f"{sends}.textContent === {json.dumps(name)} && !{sends}.disabled")
    page.click(sends)


def gone(page: Page) -> None:
    """Until no form is open."""
    page.wait_for("!document.querySelector('[role=dialog]')")
