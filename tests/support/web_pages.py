"""What a person does on a page of the web view: presses what has a name, fills in what has a label."""

from __future__ import annotations

import json

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


PLAIN = "Object.defineProperty(navigator, 'clipboard', {value: undefined}); true"
"""Takes away from a page what it has not where it comes by plain http from another machine."""


def click_twice(page: Page, found: str) -> None:
    """What an expression of JavaScript finds, once it is there, by a hand that trembles."""
    page.wait_for(f"!!{found}")
    page.run(f"((one) => {{ one.click(); one.click(); }})({found})")


def choose(page: Page, selector: str, value: str) -> None:
    """An option of a field, as a person would."""
    _set(page, selector, "HTMLSelectElement", value)


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
    """The button that sends the open form."""
    assert page.run("document.querySelector('[role=dialog] [type=submit]').textContent") == name
    page.run("document.querySelector('[role=dialog] [type=submit]').click()")


def gone(page: Page) -> None:
    """Until no form is open."""
    page.wait_for("!document.querySelector('[role=dialog]')")
