"""The keys of the window itself: full screen, close, quit."""

from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from tests.e2e.app import box, running, until

pytestmark = pytest.mark.window


def test_keys_fill_the_screen_close_a_window_and_end_the_program(
    playwright: Playwright, tmp_path: Path
) -> None:
    with running("window", playwright, tmp_path) as app:
        first = app.page()
        with first.context.expect_page() as opened:
            first.keyboard.press("Control+Shift+N")
        second = opened.value
        expect(box(second)).to_be_focused()
        second.keyboard.press("F11")
        until(second, "window.innerHeight === screen.height")
        second.keyboard.press("F11")
        until(second, "window.innerHeight < screen.height")
        with second.expect_event("close"):
            second.keyboard.press("Control+w")
        expect(box(first)).to_be_visible()
        first.keyboard.press("Control+q")
        assert app.program.wait() == 0
