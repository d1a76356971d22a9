"""Reloads in the middle of answers, at random moments, in the browser and in the window."""

import random
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.chromium import driver
from tests.e2e.app import KINDS, Kind, running
from tests.e2e.test_reload import reload_in_mid_answer
from tests.soak.result import Check, Result

TIMES = 50
"""Reloads in each of the two."""


def reloads(kind: Kind) -> Callable[[], Result]:
    """The check for one of the two; every wrong answer is counted, not only the first."""

    def check() -> Result:
        wrong: list[str] = []
        with (
            tempfile.TemporaryDirectory() as folder,
            driver() as playwright,
            running(kind, playwright, Path(folder)) as app,
        ):
            for seed in range(TIMES):
                page = app.page()
                try:
                    reload_in_mid_answer(page, random.Random(seed))  # noqa: S311, to repeat it
                except AssertionError as error:
                    wrong.append(f"{seed}: {str(error)[:200]}")
                app.leave(page)
        first = wrong[0] if wrong else None
        return Result(not wrong, {"reloads": TIMES, "wrong": len(wrong), "first": first})

    return check


CHECKS: dict[str, Check] = {kind: reloads(kind) for kind in KINDS}
