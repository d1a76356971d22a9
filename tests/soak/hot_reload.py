"""Measures how long an edit of a component takes to reach the page, which must keep its state."""

import os
import time
from collections.abc import Callable

from playwright.sync_api import Page

from tests.chromium import driver, headless, inside, new_page, windows
from tests.e2e.app import KINDS, Kind
from tests.page.developing import (
    Developing,
    begin,
    check_edit,
    check_state,
    developing,
    edit_selector,
)
from tests.soak.result import Check, Result

EDITS = 5
LONGEST_MS = 300.0


def measure(page: Page, work: Developing) -> Result:
    """Measure five edits, each from before the file is written until the page shows it."""
    begin(page)
    check_edit(page, work, EDITS)  # the first makes Vite read its own parts
    delays_ms = []
    for number in range(EDITS):
        started_at = time.perf_counter()
        work.edit(number)
        page.wait_for_selector(edit_selector(number))
        delays_ms.append((time.perf_counter() - started_at) * 1_000)
        check_state(page)
    figures = {f"edit_{number + 1}_ms": round(ms) for number, ms in enumerate(delays_ms)}
    return Result(max(delays_ms) <= LONGEST_MS, {**figures, "limit_ms": LONGEST_MS})


def edits(kind: Kind) -> Callable[[], Result]:
    """The check for one of the two shells."""

    def check() -> Result:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        with driver() as playwright, developing(kind) as work:
            line = work.json_line()
            if kind == "window":
                with inside(playwright, str(line["debugUrl"])) as browser:
                    return measure(windows(browser)[0], work)
            with headless(playwright) as browser:
                page = new_page(browser)
                page.goto(str(line["url"]))
                return measure(page, work)

    return check


CHECKS: dict[str, Check] = {kind: edits(kind) for kind in KINDS}
