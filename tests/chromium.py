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
# Other work may keep both cores busy: what a test expects may take its time.
expect.set_options(timeout=60_000)


_shared: dict[Playwright, Browser] = {}
"""One browser for each Playwright: its start is more work than what most tests do in it."""


@contextmanager
def driver() -> Iterator[Playwright]:
    """Playwright, for as long as the context lasts: its loop would be in the way of async tests."""
    with sync_playwright() as playwright:
        try:
            yield playwright
        finally:
            if browser := _shared.pop(playwright, None):
                browser.close()


@contextmanager
def headless(playwright: Playwright, *arguments: str) -> Iterator[Browser]:
    """A Chromium: the machine's, else the one that Playwright has installed. What is opened in it
    is closed at the end. Takes more arguments for its command line; then it is one of its own.
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


def with_profile(playwright: Playwright, folder: Path) -> BrowserContext:
    """A Chromium that keeps its profile in a folder, to be closed by the caller."""
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
    """Chromium refuses to start with it as root."""
    return not hasattr(os, "geteuid") or os.geteuid() != 0


@contextmanager
def inside(playwright: Playwright, debug_url: str) -> Iterator[Browser]:
    """The Chromium inside our windows. Closing it only lets go of it."""
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
    """Wait until the page is drawn and knows its host.

    What it is asked before that may find no `window.llm`: its script waits for the texts of its
    language and goes on after the load event.
    """
    expect(page.get_by_role("textbox").first).to_be_visible()
    # It rejects when the host is slow, and the page goes on trying.
    page.wait_for_function(READY, polling=100, timeout=60_000)
