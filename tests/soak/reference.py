"""The reference design's own renderer, a thousand times in each shell and surrounding."""

import tempfile
from collections import Counter
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

from tests.chromium import driver
from tests.e2e.app import KINDS, Kind
from tests.e2e.reference.renderer import CASES, rendering
from tests.soak.result import Check, Result

TIMES = 1_000
"""In each shell, over all cases in turns; once alone and once beside another stream."""
PATIENCE_MS = 30_000


def reference(kind: Kind, beside: bool) -> Callable[[], Result]:
    """The check for one shell; every run that is not whole is counted."""

    def check() -> Result:
        whole: Counter[str] = Counter()
        wrong: list[str] = []
        with (
            tempfile.TemporaryDirectory() as folder,
            driver() as playwright,
            rendering(kind, playwright, Path(folder)) as renderer,
        ):
            for number, case in enumerate(islice(cycle(CASES), TIMES)):
                if beside and number % 200 == 0:  # before its deadline
                    renderer.stop_beside()
                    renderer.stream_beside()
                found = renderer.run(case, PATIENCE_MS)
                if found is None:
                    whole[case] += 1
                else:
                    wrong.append(f"{number}: {found}")
        figures = {"runs": TIMES, "whole": whole.total(), **{case: whole[case] for case in CASES}}
        return Result(not wrong, {**figures, "first": wrong[0] if wrong else None})

    return check


CHECKS: dict[str, Check] = {
    f"{kind}-{'beside' if beside else 'alone'}": reference(kind, beside)
    for kind in KINDS
    for beside in (False, True)
}
