"""Kills a host with five streaming answers 1,000 times."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.soak.result import Check, Result
from tests.store.killing import MAX_TAIL_S, Outcome, killer

KILLS = 1_000
KILLS_OF_ONE_DIRECTORY = 50
LONGEST_REOPENING_S = 2.0


def kill() -> Result:
    """Check that acknowledged messages survive, and that answers lag at most 250 ms."""
    total = Outcome()
    for seed in range(KILLS // KILLS_OF_ONE_DIRECTORY):
        with tempfile.TemporaryDirectory() as folder, killer(Path(folder), seed) as killing:
            for _ in range(KILLS_OF_ONE_DIRECTORY):
                killing.kill()
            outcome = killing.outcome
        total.kills += outcome.kills
        total.acknowledged += outcome.acknowledged
        total.lost += outcome.lost
        total.corrupt += outcome.corrupt
        total.interrupted += outcome.interrupted
        total.still_streaming += outcome.still_streaming
        total.tail_s = max(total.tail_s, outcome.tail_s)
        total.reopened_s = max(total.reopened_s, outcome.reopened_s)
    broken = total.lost + total.corrupt + total.still_streaming
    quick = total.tail_s <= MAX_TAIL_S and total.reopened_s < LONGEST_REOPENING_S
    return Result(
        broken == 0 and quick,
        {
            "kills": total.kills,
            "acknowledged": total.acknowledged,
            "lost": total.lost,
            "corrupt": total.corrupt,
            "interrupted": total.interrupted,
            "longestTailMs": round(total.tail_s * 1000),
            "longestReopeningMs": round(total.reopened_s * 1000),
        },
    )


CHECKS: Mapping[str, Check] = {"kill": kill}
