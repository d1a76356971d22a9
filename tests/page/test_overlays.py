"""Overlays of the page: scrolling dialogs, and popovers that get all keys."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.app import answer, ask, until
from tests.page.test_fake import page as page

pytestmark = pytest.mark.browser

SCROLL_TO_END = "each => { each.scrollTop = each.scrollHeight; return each.scrollTop; }"


def test_the_title_of_the_settings_stays_in_sight_while_they_scroll(page: Page) -> None:
    page.set_viewport_size({"width": 800, "height": 420})
    page.keyboard.press("Control+Comma")
    dialog = page.get_by_role("dialog", name="Settings")
    key = dialog.get_by_label("Key for Cloud")
    key.fill("sk-not-a-key-1234")
    key.press("Enter")
    expect(key).to_have_value("")
    dialog.get_by_role("tab", name="Models").click()
    page.get_by_role("tabpanel").hover()
    page.mouse.wheel(0, 5_000)
    until(page, "document.querySelector('[role=tabpanel]').scrollTop > 100")
    page.mouse.wheel(0, 5_000)
    assert dialog.evaluate(SCROLL_TO_END) == 0, "only the panel scrolls"
    close = dialog.get_by_role("button", name="Close")
    expect(dialog.get_by_role("heading", name="Settings")).to_be_in_viewport()
    expect(close).to_be_in_viewport()
    close.click()
    expect(dialog).to_be_hidden()


def test_keys_belong_to_the_list_of_models_while_it_is_open(page: Page) -> None:
    ask(page, "/rate 0\nhalf an answer\n/stall")
    expect(answer(page)).to_contain_text("half an answer")
    button = page.get_by_role("button", name="choose another model")
    button.click()
    panel = page.get_by_role("dialog", name="Models")
    panel.get_by_text("Cloud").first.click()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("searchbox")).not_to_be_focused()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(button).to_be_focused()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()


def test_a_press_on_its_own_button_or_elsewhere_closes_a_popover(page: Page) -> None:
    button = page.locator("button[aria-haspopup=dialog]").last
    panel = page.locator("[popover]")
    for close in (button, page.get_by_role("main").locator("header")):
        button.click()
        expect(panel).to_be_visible()
        close.click()
        expect(panel).to_have_count(0)


def test_scroll_bars_are_thin_and_have_no_arrow_buttons(page: Page) -> None:
    style = "(name) => getComputedStyle(document.body, name)"
    assert page.evaluate(f"({style})('::-webkit-scrollbar-button').display") == "none"
    assert page.evaluate(f"({style})('::-webkit-scrollbar').width") == "10px"
    standard = "[...document.querySelectorAll('*')].map((each) => getComputedStyle(each))"
    assert page.evaluate(f"{standard}.every((each) => each.scrollbarColor === 'auto')")
