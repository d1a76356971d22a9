"""A part of what `dev.py soak bridge` does to the windows and the logs."""

import pytest
from playwright.sync_api import Page, Playwright

from tests.soak.bridge import is_flat, most_held
from tests.window.endurance import open_and_close, push_and_reload


@pytest.mark.window
def test_pushes_and_reloads_leave_nothing_behind(playwright: Playwright) -> None:
    endured = push_and_reload(playwright, pushes=5_000, reloads=10, seed=4)
    assert endured.wrong == 0
    assert endured.pushes >= 5_000
    assert is_flat(endured.growth), endured


@pytest.mark.window
def test_a_push_leaves_no_object_behind(page: Page) -> None:
    """PySide lets a string that a script comes to live for ever."""
    held = [
        page.evaluate(
            """async () => {
              for (let left = 1000; left > 0; left -= 1) await toy.patient("toy.echo", "word");
              return toy.patient("toy.objects");
            }"""
        )
        for _ in range(4)
    ]
    assert held[3] - held[1] < 500, held


@pytest.mark.window
def test_closed_windows_leave_nothing_behind(playwright: Playwright) -> None:
    growth = open_and_close(playwright, 10)
    assert is_flat(growth), growth


def test_logs_leave_nothing_behind() -> None:
    most, left = most_held(runs=50, tokens=2_000)
    assert most < 5_000_000
    assert left < 50_000
