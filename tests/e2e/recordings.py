"""Saves and opens recordings of answers like a user, in a browser and in a window."""

from pathlib import Path

from playwright.sync_api import Locator, Page

from tests.e2e.app import App

CAPTURE_COPIES = "navigator.clipboard.writeText = async (text) => { window.copied = text; }"
"""Stores copied text in a variable, because a page in a window may not read the clipboard."""


def answer_menu(page: Page, item: str) -> None:
    """Choose an item of the newest answer's menu by the keyboard."""
    page.get_by_role("button", name="More about this answer").last.press("Enter")
    page.get_by_role("menuitem", name=item).press("Enter")


def save_recording(page: Page, app: App, to: Path) -> Path:
    """Save the newest answer's recording like a user; returns its path."""
    if app.kind == "browser":
        with page.expect_download() as download:
            answer_menu(page, "Save recording")
        download.value.save_as(to)
        return to
    answer_menu(page, "Save recording")
    notice = page.get_by_text("Saved to ").last.inner_text()
    return Path(notice.removeprefix("Saved to ").strip())


def open_recording(page: Page, path: Path) -> Locator:
    """Open a recording; returns the viewer, which plays it."""
    page.get_by_role("button", name="Menu", exact=True).click()
    page.get_by_role("menuitem", name="Open recording").click()
    viewer = page.get_by_role("dialog", name="Recording")
    viewer.locator("input[type=file]").set_input_files(path)
    return viewer
