"""How long an edit of a component takes to reach browser and window, with all state kept."""

import os
import time
from collections.abc import Callable

from playwright.sync_api import Page

from tests.chromium import driver, headless, inside, windows
from tests.e2e.app import KINDS, Kind
from tests.page.developing import (
    Developing,
    begin,
    check_edit,
    check_kept,
    developing,
    edited,
)
from tests.soak.result import Check, Result

EDITS = 5
LONGEST_MS = 300.0


def measure(page: Page, work: Developing) -> Result:
    """Edit so many times; each counts from before the file is written to when the page shows it."""
    begin(page)
    check_edit(page, work, EDITS)  # the first makes Vite read its own parts
    took = []
    for number in range(EDITS):
        began = time.perf_counter()
        work.edit(number)
        page.wait_for_selector(edited(number))
        took.append((time.perf_counter() - began) * 1_000)
        check_kept(page)
    figures = {f"edit_{at + 1}_ms": round(ms) for at, ms in enumerate(took)}
    return Result(max(took) <= LONGEST_MS, {**figures, "limit_ms": LONGEST_MS})


def edits(kind: Kind) -> Callable[[], Result]:
    """The check for one of the two."""

    def check() -> Result:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        with driver() as playwright, developing(kind) as work:
            line = work.json_line()
            if kind == "window":
                with inside(playwright, str(line["debugUrl"])) as browser:
                    return measure(windows(browser)[0], work)
            with headless(playwright) as browser:
                page = browser.new_page()
                page.goto(str(line["url"]))
                return measure(page, work)

    return check


CHECKS: dict[str, Check] = {kind: edits(kind) for kind in KINDS}
