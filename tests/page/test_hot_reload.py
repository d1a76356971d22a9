"""With `dev.py web`, an edit of a component reaches browser and window without loss of state.

`python -m tests.soak hot_reload` measures how long that takes.
"""

import socket
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Playwright, expect

from tests.chromium import inside, new_page, windows
from tests.e2e.app import answer, ask, box
from tests.page.developing import begin, check_edit, developing

EDITS = 3


def is_closed(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", urlsplit(url).port or 0)) != 0


@pytest.mark.browser
def test_an_edit_reaches_the_browser_with_its_state(browser: Browser) -> None:
    with developing("browser") as work:
        url = str(work.json_line()["url"])
        page = new_page(browser)
        page.goto(url)
        begin(page)
        for number in range(EDITS):
            check_edit(page, work, number)
        # The host is reachable too: it answers a message through Vite's address.
        ask(page, "and goes out")
        expect(answer(page)).to_have_text("and goes out")

        # An open tab reconnects to the restarted host by itself, and so does a reloaded one.
        work.change_python()
        restarted_url = str(work.json_line()["url"])
        assert urlsplit(restarted_url).port == urlsplit(url).port
        page.evaluate("window.llm.ready()")
        ask(page, "and goes on")
        expect(answer(page)).to_have_text("and goes on")
        assert page.evaluate("window.sameLoad") is True
        page.reload()
        expect(box(page)).to_be_visible()
        page.evaluate("window.llm.ready()")
        page.close()

        assert work.interrupt() == 130
        assert is_closed(url)


@pytest.mark.window
def test_an_edit_reaches_the_window_with_its_state(
    playwright: Playwright, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    with developing("window") as work:
        debug_url = str(work.json_line()["debugUrl"])
        with inside(playwright, debug_url) as browser:
            (page,) = windows(browser)
            begin(page)
            for number in range(EDITS):
                check_edit(page, work, number)
        assert work.interrupt() == 130
        assert is_closed(debug_url)
