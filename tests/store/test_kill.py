"""kill -9 at random moments while five answers stream. A thousand kills, and the limit on how far
the text on disk may be behind, are a long check.
"""

import sys
import tempfile
from pathlib import Path

import pytest

from tests.store.killing import killer
from tests.store.power import memory

KILLS = 15
LONGEST_S = 20.0
"""Limit on opening a store on a busy machine. The long check has the strict limit."""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL and no fork")
def test_kills_at_random_moments_lose_nothing(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(dir=memory()) as folder, killer(Path(folder), 1) as killing:
        for _ in range(KILLS):
            killing.kill()
        outcome = killing.outcome
    assert (outcome.lost, outcome.corrupt) == (0, 0), outcome.notes
    assert outcome.still_streaming == 0
    assert outcome.interrupted > 0
    assert outcome.acknowledged >= KILLS // 2
    assert outcome.reopened_s < LONGEST_S
