"""Ten thousand runs leave nothing behind."""

import logging

import pytest

from tests.engine.short_runs import short_runs

pytestmark = pytest.mark.anyio


@pytest.mark.shows("B38", "D37", "D33", "B10")
async def test_ten_thousand_runs_leave_no_slot_and_no_memory(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(
        logging.CRITICAL, "shell.inference.run"
    )  # what is captured would be memory held
    active, early, late = await short_runs(10_000, seed=7)
    assert active == 0
    assert late - early < 800, f"8,000 runs left {late - early} blocks of memory"
