"""kill -9 at random moments of answers that call tools. A thousand kills are a long check."""

import sys
import tempfile
from pathlib import Path

import pytest

from tests.store.calls_killing import kill_hosts
from tests.store.power import memory

KILLS = 30
LONGEST_S = 20.0
"""Limit on opening a store on a busy machine. The long check has the strict limit."""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL and no fork")
def test_kills_repeat_no_call_and_lose_no_decision() -> None:
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        outcome = kill_hosts(Path(folder), KILLS, 1)
    assert outcome.faults == []
    assert outcome.kills == KILLS
    assert outcome.begun >= 2 * KILLS // 3
    assert outcome.decided >= KILLS // 3
    assert outcome.lost > 0, "some were killed while a tool ran"
    assert outcome.reopened_s < LONGEST_S
