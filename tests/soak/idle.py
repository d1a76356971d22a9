"""What the program takes when nobody does anything: its processor time over a minute.

An answer with code, a table and mathematics is open, and so is the sidebar; the box has the focus.
"""

import os
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from playwright.sync_api import expect

from tests.chromium import driver
from tests.e2e.app import KINDS, Kind, box, running
from tests.e2e.screens import MARKDOWN, answered
from tests.soak.result import Check, Result

MINUTE_S = 60.0
SETTLE_S = 10.0
"""What is put off until nobody waits for it is done by then."""
MOST_PERCENT = 1.0
"""Of one core, all processes together."""


def idle(kind: Kind) -> Callable[[], Result]:
    """The check for one of the two shells."""

    def check() -> Result:
        with (
            tempfile.TemporaryDirectory() as folder,
            driver() as playwright,
            running(kind, playwright, Path(folder)) as app,
        ):
            page = app.page()
            answered(MARKDOWN)(page)
            expect(page.get_by_role("navigation")).to_be_visible()
            expect(box(page)).to_be_focused()
            host = app.program.process.pid
            time.sleep(SETTLE_S)
            before, began = processor_s(os.getpid()), time.monotonic()
            time.sleep(MINUTE_S)
            took, after = time.monotonic() - began, processor_s(os.getpid())
        by_name: dict[str, float] = {}
        for pid, (name, seconds) in after.items():
            if name == "node":
                continue  # drives the test
            spent = 100 * (seconds - before.get(pid, (name, 0.0))[1]) / took
            place = f"{'host' if pid == host else name}_percent"
            by_name[place] = round(by_name.get(place, 0.0) + spent, 2)
        whole = round(sum(by_name.values()), 2)
        return Result(whole <= MOST_PERCENT, {"percent": whole, **by_name})

    return check


def processor_s(parent: int) -> Mapping[int, tuple[str, float]]:
    """Every process below this one, with its name and the seconds of processor time it took."""
    parents: dict[int, int] = {}
    spent: dict[int, tuple[str, float]] = {}
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            head, _, tail = (directory / "stat").read_text().rpartition(")")
        except OSError:
            continue  # ended meanwhile
        fields = tail.split()
        pid = int(directory.name)
        parents[pid] = int(fields[1])
        ticks = int(fields[11]) + int(fields[12])
        spent[pid] = (head.partition("(")[2], ticks / os.sysconf("SC_CLK_TCK"))
    found = {parent}
    while grown := {pid for pid, above in parents.items() if above in found} - found:
        found |= grown
    return {pid: spent[pid] for pid in found - {parent}}


CHECKS: dict[str, Check] = {kind: idle(kind) for kind in KINDS}
