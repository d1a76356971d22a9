"""Measures the processor time of the idle program over a minute.

An answer with code, a table and mathematics is open, the sidebar too, and the message box has the
focus.
"""

import os
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from playwright.sync_api import expect

from tests.chromium import driver
from tests.e2e.app import KINDS, Kind, box, running
from tests.e2e.screens import MARKDOWN, ask_and_finish
from tests.soak.result import Check, Result

MINUTE_S = 60.0
IDLE_DELAY_S = 10.0
"""Wait before the measurement, in which the program finishes its deferred work."""
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
            ask_and_finish(MARKDOWN)(page)
            expect(page.get_by_role("navigation")).to_be_visible()
            expect(box(page)).to_be_focused()
            host = app.program.process.pid
            time.sleep(IDLE_DELAY_S)
            before, started_at = processor_s(os.getpid()), time.monotonic()
            time.sleep(MINUTE_S)
            elapsed_s, after = time.monotonic() - started_at, processor_s(os.getpid())
        by_name: dict[str, float] = {}
        for pid, (name, seconds) in after.items():
            if name == "node":
                continue  # drives the test
            spent = 100 * (seconds - before.get(pid, (name, 0.0))[1]) / elapsed_s
            name_percent = f"{'host' if pid == host else name}_percent"
            by_name[name_percent] = round(by_name.get(name_percent, 0.0) + spent, 2)
        total = round(sum(by_name.values()), 2)
        return Result(total <= MOST_PERCENT, {"percent": total, **by_name})

    return check


def processor_s(parent: int) -> Mapping[int, tuple[str, float]]:
    """All descendants of a process, with their names and seconds of processor time."""
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
    family = {parent}
    while children := {pid for pid, above in parents.items() if above in family} - family:
        family |= children
    return {pid: spent[pid] for pid in family - {parent}}


CHECKS: dict[str, Check] = {kind: idle(kind) for kind in KINDS}
