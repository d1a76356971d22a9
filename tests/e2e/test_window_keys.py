"""The keyboard shortcuts of the window itself: full screen, close, quit."""

import contextlib
from pathlib import Path

import pytest
from playwright.sync_api import Error, Playwright, expect

from shell.bridge.desktop.window_state import FILE, WindowState, write_placement
from tests.e2e.app import box, running, until

pytestmark = pytest.mark.window


def test_keys_fill_the_screen_close_a_window_and_end_the_program(
    playwright: Playwright, tmp_path: Path
) -> None:
    write_placement(tmp_path / FILE, WindowState(500, 500))
    with running("window", playwright, tmp_path) as app:
        first = app.page()
        with first.context.expect_page() as opened:
            first.keyboard.press("Control+Shift+N")
        second = opened.value
        expect(box(second)).to_be_focused()
        second.keyboard.press("F11")
        until(second, "innerHeight === screen.height")
        second.keyboard.press("F11")
        until(second, "innerHeight === 500")
        with second.expect_event("close"), contextlib.suppress(Error):  # no page is there at keyup
            second.keyboard.press("Control+w")
        expect(box(first)).to_be_visible()
        with contextlib.suppress(Error):
            first.keyboard.press("Control+q")
        assert app.program.wait() == 0
