"""Simulates 5,000 power cuts while conversations are written."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.soak.result import Check, Result
from tests.store.power import Outcome, cut_often, memory

CUTS = 5_000
CUTS_PER_RUN = 25


def power() -> Result:
    """Check that acknowledged messages survive, and that no file is damaged."""
    total = Outcome()
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        for seed in range(CUTS // CUTS_PER_RUN):
            outcome = cut_often(Path(folder) / str(seed), CUTS_PER_RUN, seed)
            total.cuts += outcome.cuts
            total.lost += outcome.lost
            total.corrupt += outcome.corrupt
            total.promises += outcome.promises
    return Result(
        total.lost == 0 and total.corrupt == 0,
        {
            "cuts": total.cuts,
            "acknowledged": total.promises,
            "lost": total.lost,
            "corrupt": total.corrupt,
        },
    )


CHECKS: Mapping[str, Check] = {"power": power}
