"""`dev.py web`: an edit of a component reaches the browser and the window, and all state is kept.

How soon, is measured by `python -m tests.soak hot_reload`.
"""

import socket
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Playwright, expect

from tests.chromium import inside, windows
from tests.e2e.app import answer, ask, box
from tests.page.developing import begin, check_edit, developing

EDITS = 3


def nobody_listens(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", urlsplit(url).port or 0)) != 0


@pytest.mark.browser
def test_an_edit_reaches_the_browser_with_its_state(browser: Browser) -> None:
    with developing("browser") as work:
        url = str(work.json_line()["url"])
        page = browser.new_page()
        page.goto(url)
        begin(page)
        for number in range(EDITS):
            check_edit(page, work, number)
        # The host is there as well: what is typed is answered, through Vite's own address.
        ask(page, "and goes out")
        expect(answer(page)).to_have_text("and goes out")

        # A tab that is open finds its new host by itself, and so does one that is reloaded.
        work.change_python()
        again = str(work.json_line()["url"])
        assert urlsplit(again).port == urlsplit(url).port
        page.evaluate("window.llm.ready()")
        ask(page, "and goes on")
        expect(answer(page)).to_have_text("and goes on")
        assert page.evaluate("window.sameLoad") is True
        page.reload()
        expect(box(page)).to_be_visible()
        page.evaluate("window.llm.ready()")
        page.close()

        assert work.interrupt() == 130
        assert nobody_listens(url)


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
        assert nobody_listens(debug_url)
