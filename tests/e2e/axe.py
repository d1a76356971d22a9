"""Runs axe-core on a page and returns the accessibility faults that it finds."""

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
    """All faults on the current page, or only those of these rules.

    The page's content policy forbids foreign scripts. It does not apply to the debugging protocol,
    by which axe is injected.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(f"() => {{ {SOURCE.read_text('utf-8')} }}")
    faults_found = [Fault(**each) for each in page.evaluate(RUN, list(rules))]
    assert {fault.impact for fault in faults_found} <= set(get_args(Impact)), faults_found
    return faults_found


def grave(page: Page, *rules: str) -> Sequence[Fault]:
    """The serious and the critical ones."""
    return [fault for fault in faults(page, *rules) if fault.impact in GRAVE]
