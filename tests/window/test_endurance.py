"""A short form of `dev.py soak bridge`."""

import pytest
from playwright.sync_api import Page, Playwright

from tests.soak.bridge import is_flat, measure_logs
from tests.window.endurance import open_and_close, push_and_reload


@pytest.mark.window
def test_pushes_and_reloads_leave_nothing_behind(playwright: Playwright) -> None:
    result = push_and_reload(playwright, pushes=5_000, reloads=10, seed=4)
    assert result.wrong_streams == 0
    assert result.pushes >= 5_000
    assert is_flat(result.growth), result


@pytest.mark.window
def test_a_push_leaves_no_object_behind(page: Page) -> None:
    """PySide never frees a string that is the result of a script."""
    object_counts = [
        page.evaluate(
            """async () => {
              for (let left = 1000; left > 0; left -= 1) await toy.patient("toy.echo", "word");
              return toy.patient("toy.objects");
            }"""
        )
        for _ in range(4)
    ]
    assert object_counts[3] - object_counts[1] < 500, object_counts


@pytest.mark.window
def test_closed_windows_leave_nothing_behind(playwright: Playwright) -> None:
    growth = open_and_close(playwright, 10)
    assert is_flat(growth), growth


def test_logs_leave_nothing_behind() -> None:
    peak_bytes, remaining_bytes = measure_logs(runs=50, tokens=2_000)
    assert peak_bytes < 5_000_000
    assert remaining_bytes < 50_000
