"""A whole visit without a mouse: every step works by the keyboard, and the focus is never lost."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.app import answer, ask, box, until, wait_for_end

FOCUSED = """
() => document.activeElement.getAttribute("aria-label") || document.activeElement.textContent
"""
FOCUS = "document.activeElement !== null && document.activeElement !== document.body"


def tab_to(page: Page, name: str, key: str = "Tab") -> None:
    """Press the key until an element with this name has the focus."""
    for _ in range(30):
        page.keyboard.press(key)
        if name in page.evaluate(FOCUSED):
            return
    raise AssertionError(f"{key} never came to {name}")


def test_a_visit_without_a_mouse(page: Page) -> None:
    keys = page.keyboard
    # Ask, with a second line.
    keys.type("the first line")
    keys.press("Shift+Enter")
    keys.type("and the kittiwake")
    keys.press("Enter")
    wait_for_end(page, 1)
    expect(answer(page)).to_contain_text("and the kittiwake")
    expect(box(page)).to_be_focused()

    # Change the question; the old one is a version.
    keys.press("ArrowUp")
    keys.press("Control+a")
    keys.type("another question")
    keys.press("Enter")
    wait_for_end(page, 2)
    expect(answer(page)).to_have_text("another question")
    until(page, FOCUS)
    tab_to(page, "Copy", "Shift+Tab")
    tab_to(page, "Regenerate", "ArrowRight")

    # Another model, and back.
    box(page).focus()
    tab_to(page, "choose another model")
    keys.press("Enter")
    panel = page.get_by_role("dialog", name="Models")
    expect(panel).to_be_visible()
    keys.press("Escape")
    expect(panel).to_have_count(0)
    expect(page.locator("button[aria-haspopup=dialog]:focus")).to_have_count(1)

    # A new chat, and stop in mid-answer.
    keys.press("Control+Shift+O")
    expect(page.locator(".message")).to_have_count(0)
    expect(box(page)).to_be_focused()
    keys.type("/stall")
    keys.press("Enter")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    keys.press("Escape")
    assert wait_for_end(page, 3)["cancelled"] is True
    expect(box(page)).to_be_focused()

    # Find the first one, and open it.
    keys.press("Control+k")
    keys.type("kittiwake")
    expect(page.locator("[data-hits] mark").first).to_have_text("kittiwake")
    keys.press("ArrowDown")
    keys.press("ArrowDown")  # the first hit is its title
    expect(page.locator("[data-hits] button:focus")).to_contain_text("and the kittiwake")
    keys.press("Enter")
    expect(page.locator("[data-found]")).to_contain_text("and the kittiwake")
    until(page, FOCUS)

    # Rename it, delete it, undo that.
    page.locator("nav").get_by_role("searchbox").focus()
    keys.press("Escape")
    keys.press("ArrowDown")
    expect(page.locator("[data-conversation]:focus")).to_have_count(1)
    keys.press("F2")
    keys.press("Control+a")
    keys.type("named by hand")
    keys.press("Enter")
    named = page.locator("[data-conversation]", has_text="named by hand")
    expect(named).to_be_focused()
    keys.press("Delete")
    expect(named).to_have_count(0)
    until(page, FOCUS)
    # Undo is offered once the host has replied, which may be after the list has changed.
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    keys.press("Control+z")
    expect(named).to_have_count(1)

    # Open the settings and close them.
    keys.press("Control+Comma")
    expect(page.get_by_role("dialog", name="Settings")).to_be_visible()
    keys.press("Escape")
    expect(page.get_by_role("dialog", name="Settings")).to_have_count(0)
    until(page, FOCUS)

    # Hide the sidebar and show it.
    keys.press("Control+b")
    expect(page.get_by_role("navigation")).to_have_count(0)
    keys.press("Control+b")
    expect(page.get_by_role("navigation")).to_be_visible()


def test_what_lies_over_the_page_has_its_keys(page: Page) -> None:
    keys = page.keyboard
    ask(page, "a word")
    wait_for_end(page, 1)
    ask(page, "another\n/stall")
    stop = page.get_by_role("button", name="Stop")
    expect(stop).to_be_visible()

    # In a dialog, a button disappears after it was pressed.
    keys.press("Control+Comma")
    dialog = page.get_by_role("dialog", name="Settings")
    dialog.get_by_role("tab", name="Shortcuts").click()
    field = dialog.get_by_role("button", name=re.compile("^Show or hide sidebar"))
    field.click()
    keys.press("Control+j")
    standard = dialog.get_by_role("button", name="Reset to default: Show or hide sidebar")
    standard.focus()
    keys.press("Enter")
    expect(standard).to_have_count(0)
    expect(dialog).to_be_focused()
    keys.press("Escape")
    expect(dialog).to_have_count(0)
    expect(stop).to_be_visible()

    # Nothing has the focus, and a popover is open.
    page.locator("header button[aria-haspopup=dialog]").click()
    expect(page.locator("[popover]")).to_be_visible()
    page.evaluate("document.activeElement.blur()")
    keys.press("Escape")
    expect(page.locator("[popover]")).to_be_hidden()
    expect(stop).to_be_visible()
    keys.press("Escape")
    assert wait_for_end(page, 2)["cancelled"] is True
