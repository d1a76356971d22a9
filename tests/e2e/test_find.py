"""Finding words in the whole open conversation, by the keyboard alone."""

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.app import ask, box, until, wait_for_end

QUESTIONS = 17
"""So many questions and answers are more than a page shows at first."""
IN_VIEW = """() => {
  const [range] = [...CSS.highlights.get("found")];
  const { top, bottom } = range.getBoundingClientRect();
  const frame = document.querySelector("[role=log]").getBoundingClientRect();
  return top > frame.top && bottom < frame.bottom;
}"""
ADDRESS = """performance.getEntriesByType("resource")
  .map(({ name }) => name).find((name) => name.includes("/PART-"))"""


@pytest.mark.parametrize(
    ("keys", "part", "role", "name"),
    [
        ("Control+f", "FindBar", "textbox", "Find in this conversation"),
        ("Control+k", "SearchResults", "searchbox", "Search"),
        ("Control+Shift+m", "ModelPanel", "combobox", "Search models"),
    ],
)
def test_letters_right_after_a_key_go_to_the_field_that_it_asks_for(
    page: Page, keys: str, part: str, role: Literal["textbox", "searchbox", "combobox"], name: str
) -> None:
    page.reload()
    expect(box(page)).to_be_focused()
    # The idle page preloads this part.
    address = ADDRESS.replace("PART", part)
    until(page, f"{address} !== undefined")
    page.evaluate(f"async () => void await import({address})")
    page.keyboard.press(keys)
    page.keyboard.type("tide")
    expect(page.get_by_role(role, name=name)).to_have_value("tide")
    expect(box(page)).to_have_value("")


def test_words_are_found_in_messages_that_were_not_there_yet(page: Page) -> None:
    for number in range(QUESTIONS):
        ask(page, "/rate 0\nA **shearwater** at noon" if number == 0 else f"/rate 0\nGull {number}")
        wait_for_end(page, number + 1)
    page.reload()
    expect(box(page)).to_be_focused()
    expect(page.get_by_role("log").get_by_text("shearwater at noon")).to_have_count(0)
    page.keyboard.press("Control+f")
    bar = page.get_by_role("search")
    field = bar.get_by_role("textbox")
    expect(field).to_be_focused()
    # The answer draws "shearwater" bold, so the phrase begins in one element and ends in another.
    page.keyboard.type("Shearwater at")
    expect(bar.get_by_role("status")).to_have_text("1 of 1")
    until(page, f"({IN_VIEW})()")
    field.fill("gull 3")
    expect(bar.get_by_role("status")).to_have_text("2 of 2")
    page.keyboard.press("Enter")
    expect(bar.get_by_role("status")).to_have_text("1 of 2")
    page.keyboard.press("Shift+Enter")
    expect(bar.get_by_role("status")).to_have_text("2 of 2")
    until(page, f"({IN_VIEW})()")
    field.fill("gull")
    expect(bar.get_by_role("status")).to_have_text("32 of 32")
    # Enter presses the button that has the focus.
    bar.get_by_role("button", name="Previous match").press("Enter")
    expect(bar.get_by_role("status")).to_have_text("31 of 32")
    field.fill("albatross")
    expect(bar.get_by_role("status")).to_have_text("Not found")
    page.keyboard.press("Escape")
    expect(bar).to_have_count(0)
    expect(box(page)).to_be_focused()
    assert page.evaluate("CSS.highlights.size") == 0


def test_a_toast_lies_over_no_message_and_not_over_the_box(page: Page) -> None:
    ask(page, "/rate 0\n" + "The tide comes in at noon.\n\n" * 40)
    wait_for_end(page, 1)
    page.get_by_role("button", name="Conversation actions").click()
    page.get_by_role("menuitem", name="Copy as Markdown").click()
    toast = page.get_by_label("Notifications").locator("> div")
    expect(toast).to_be_visible()
    over = toast.evaluate(
        """(toast) => {
          const { top, bottom } = toast.getBoundingClientRect();
          return ["[role=log]", "form", "header"].filter((selector) => {
            const other = document.querySelector(`main ${selector}`).getBoundingClientRect();
            return other.top < bottom - 1 && other.bottom > top + 1;
          });
        }"""
    )
    assert over == []
