"""Chromium for tests: headless on its own, or the one inside a window, by remote debugging."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # The suggestions below the address bar are a page in each window, and more work than ours.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup",
)
PATIENCE_MS = 60_000
"""Timeout of each step in a page. Other work may keep all processors busy."""
expect.set_options(timeout=PATIENCE_MS)


_shared: dict[Playwright, Browser] = {}
"""The shared browser of each Playwright. To start one takes longer than most tests do."""


@contextmanager
def driver() -> Iterator[Playwright]:
    """Playwright for as long as the context lasts. Its event loop would disturb async tests."""
    with sync_playwright() as playwright:
        try:
            yield playwright
        finally:
            if browser := _shared.pop(playwright, None):
                browser.close()


@contextmanager
def headless(playwright: Playwright, *arguments: str) -> Iterator[Browser]:
    """A headless Chromium: the machine's, or else the one that Playwright installed.

    The contexts that were opened in it are closed at the end. Tests share one browser, but one
    with additional `arguments` for its command line is started anew.
    """
    browser = None if arguments else _shared.get(playwright)
    if browser is None or not browser.is_connected():
        browser = _launched(playwright, *arguments)
        if not arguments:
            _shared[playwright] = browser
    before = browser.contexts
    try:
        yield browser
    finally:
        for context in browser.contexts:
            if context not in before:
                context.close()
        if arguments:
            browser.close()


def new_page(parent: Browser | BrowserContext) -> Page:
    """Open a page whose steps wait as long as a busy machine may need. Playwright's own limit is
    half of that.
    """
    page = parent.new_page()
    page.set_default_timeout(PATIENCE_MS)
    return page


def with_profile(playwright: Playwright, folder: Path) -> BrowserContext:
    """A Chromium with its profile in this folder. The caller closes it."""
    return playwright.chromium.launch_persistent_context(
        folder, executable_path=_path(), chromium_sandbox=_has_sandbox(), args=[*QUIET]
    )


def _launched(playwright: Playwright, *arguments: str) -> Browser:
    return playwright.chromium.launch(
        executable_path=_path(), chromium_sandbox=_has_sandbox(), args=[*QUIET, *arguments]
    )


def _path() -> str | None:
    return os.environ.get("TIDEWIRE_CHROMIUM") or shutil.which("chromium")


def _has_sandbox() -> bool:
    """Whether Chromium can use its sandbox, with which it refuses to start as root."""
    return not hasattr(os, "geteuid") or os.geteuid() != 0


@contextmanager
def inside(playwright: Playwright, debug_url: str) -> Iterator[Browser]:
    """The Chromium inside our windows. Closing it only ends the debugging connection."""
    browser = playwright.chromium.connect_over_cdp(debug_url, no_defaults=True)
    try:
        yield browser
    finally:
        browser.close()


def windows(browser: Browser) -> list[Page]:
    """One page for each open window."""
    return browser.contexts[0].pages


READY = "() => window.llm.ready().then(() => true, () => false)"


def wait_until_ready(page: Page) -> None:
    """Wait until the page is drawn and connected to its host.

    Before that there may be no `window.llm`: the page's script waits for the texts of its language
    and continues after the load event.
    """
    expect(page.get_by_role("textbox").first).to_be_visible()
    # The promise rejects when the host is slow, while the page keeps trying.
    page.wait_for_function(READY, polling=100, timeout=60_000)
