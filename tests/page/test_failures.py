"""When a part of the page fails, the rest of it stays visible."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, Route, expect

from tests.e2e.app import answer, ask, box, running
from tests.page.test_fake import page as page

pytestmark = pytest.mark.browser


def refuse(route: Route) -> None:
    """Abort a request, both a preload and a later one."""
    route.abort()


def ask_and_wait(page: Page) -> None:
    """Ask a question and wait for its complete answer."""
    ask(page, "/rate 0\nhigh water at noon")
    expect(answer(page)).to_have_text("high water at noon")


def test_settings_that_cannot_be_loaded_leave_the_conversation_in_sight(
    playwright: Playwright, tmp_path: Path
) -> None:
    with running("browser", playwright, tmp_path) as app:
        page = app.page()
        page.route("**/*Dialog-*", refuse)
        page.reload()
        ask_and_wait(page)
        app.program.stop()
        page.keyboard.press("Control+Comma")
        dialog = page.get_by_role("dialog", name="Settings")
        expect(dialog.get_by_role("alert")).to_contain_text("Couldn't load this")
        expect(answer(page)).to_have_text("high water at noon")
        dialog.get_by_role("button", name="Close").click()
        expect(dialog).not_to_be_visible()
        expect(answer(page)).to_be_visible()


@pytest.mark.parametrize(
    ("keys", "name"), [("Control+Comma", "Settings"), ("Control+Slash", "Keyboard shortcuts")]
)
def test_a_dialog_is_loaded_by_another_try(page: Page, keys: str, name: str) -> None:
    page.route("**/*Dialog-*", refuse)
    page.reload()
    ask_and_wait(page)
    page.keyboard.press(keys)
    retry = page.get_by_role("dialog").get_by_role("button", name="Try again")
    retry.click()
    expect(retry).to_be_visible()
    page.unroute("**/*Dialog-*", refuse)
    retry.click()
    dialog = page.get_by_role("dialog", name=name)
    expect(dialog.get_by_role("heading", level=3).first).to_be_visible()
    sheets = "[...document.styleSheets].every((each) => each.cssRules.length > 0)"
    assert page.evaluate(sheets), "every style sheet is there"
    assert page.evaluate("document.styleSheets.length") > 1, "some came with the dialogs"
    expect(answer(page)).to_have_text("high water at noon")


def test_a_page_that_fails_as_a_whole_says_so_and_can_be_tried_again(page: Page) -> None:
    broken = "window.known = matchMedia; matchMedia = () => { throw new Error('a defect'); };"
    page.add_init_script(broken)
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("Your conversations are safe")
    page.evaluate("matchMedia = known")
    page.get_by_role("button", name="Try again").click()
    expect(box(page)).to_be_visible()
