"""Where the page is shown: a headless Chromium, or the web view of a real window."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from playwright.sync_api import Browser, Error, Page, Playwright, sync_playwright

SIZE = (1_000, 800)
PATIENCE_S = 30.0

Open = Callable[[], AbstractContextManager[Page]]

WINDOW = """
import sys, webview
webview.settings["REMOTE_DEBUGGING_PORT"] = int(sys.argv[1])
webview.create_window("bench", "about:blank", width=int(sys.argv[2]), height=int(sys.argv[3]))
webview.start()
"""


@contextmanager
def chromium() -> Iterator[tuple[Browser, Open]]:
    """A headless Chromium, the machine's or Playwright's, and a function that opens a page."""
    executable = os.environ.get("TIDEWIRE_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        # Without the sandbox, since the only page that it shows is our own, and root has none.
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])

        @contextmanager
        def new_page() -> Iterator[Page]:
            page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
            yield page
            page.close()

        try:
            yield browser, new_page
        finally:
            browser.close()


@contextmanager
def window() -> Iterator[tuple[Browser, Open]]:
    """A pywebview window without a screen, and a function that lends its only page."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    sandbox = {"QTWEBENGINE_DISABLE_SANDBOX": "1"} if root else {}
    program = subprocess.Popen(
        [sys.executable, "-c", WINDOW, str(port), *map(str, SIZE)],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", **sandbox},
        stderr=subprocess.DEVNULL,
    )
    try:
        with sync_playwright() as playwright:
            browser = _connected(playwright, f"http://127.0.0.1:{port}")
            page = browser.contexts[0].pages[0]

            @contextmanager
            def same_page() -> Iterator[Page]:
                yield page
                page.goto("about:blank")

            yield browser, same_page
    finally:
        program.terminate()
        program.wait()


def _connected(playwright: Playwright, address: str) -> Browser:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            browser = playwright.chromium.connect_over_cdp(address, no_defaults=True)
        except Error:
            if time.monotonic() > deadline:
                raise
        else:
            if browser.contexts[0].pages:
                return browser
            browser.close()
        time.sleep(0.1)
