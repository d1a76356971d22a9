"""Axe: what axe-core finds wrong on a page, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from playwright.sync_api import Page

from tests.host_process import ROOT

SOURCE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
Impact = Literal["minor", "moderate", "serious", "critical"]
GRAVE: frozenset[Impact] = frozenset({"serious", "critical"})

RUN = """
async (rules) => {
  const { violations } = await axe.run(document, {
    resultTypes: ["violations"], ...(rules.length > 0 && { runOnly: rules }),
  });
  return violations.flatMap(({ id, impact, nodes }) => nodes.map(({ html, any, all, none }) => ({
    rule: id, impact, html: html.slice(0, 160),
    why: [...any, ...all, ...none].map(({ message }) => message).join(" "),
  })));
}
"""


@dataclass(frozen=True)
class Fault:
    """One element that breaks one rule."""

    rule: str
    impact: Impact
    html: str
    why: str


def faults(page: Page, *rules: str) -> Sequence[Fault]:
    """Everything that axe finds on the page as it is now, or what breaks these rules.

    The page's policy allows no script of anybody else's, so that axe comes by the debugging
    protocol, which no policy is about.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(f"() => {{ {SOURCE.read_text('utf-8')} }}")
    found = [Fault(**each) for each in page.evaluate(RUN, list(rules))]
    assert {fault.impact for fault in found} <= set(get_args(Impact)), found
    return found


def grave(page: Page, *rules: str) -> Sequence[Fault]:
    """The serious and the critical ones."""
    return [fault for fault in faults(page, *rules) if fault.impact in GRAVE]
