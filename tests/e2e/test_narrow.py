"""Narrow windows and large text: content wraps, moves inward, or opens above."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, Playwright, Route, expect

from shell.contract import PreferencesChange
from shell.settings import SettingsFile
from tests.e2e.app import answer, running, until
from tests.e2e.screens import NARROW, WIDE, show_screen

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with running("browser", playwright, tmp_path_factory.mktemp("narrow")) as app:
        yield app.page()


@pytest.fixture(scope="module")
def large(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page with large text."""
    data = tmp_path_factory.mktemp("large")
    SettingsFile(data).change(PreferencesChange(text_size="large"))
    with running("browser", playwright, data) as app:
        yield app.page()


def show_narrow(page: Page, name: str) -> None:
    show_screen(page, name)
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})


def lines(element: Locator) -> int:
    """The number of lines of an element's text."""
    return int(
        element.evaluate(
            "element => { const range = document.createRange(); range.selectNodeContents(element);"
            " return new Set([...range.getClientRects()].map(({ top }) => top)).size; }"
        )
    )


def test_every_button_of_an_error_has_its_words_in_one_line(page: Page) -> None:
    show_narrow(page, "key-error")
    buttons = page.locator(".error button").all()
    assert {button.inner_text(): lines(button) for button in buttons} == {
        "Set API key": 1,
        "Ask the local model": 1,
        "Choose another model": 1,
        "Retry": 1,
    }


def test_a_popover_stays_off_the_edge_when_the_window_becomes_narrow(page: Page) -> None:
    show_screen(page, "tool-menu")
    popover = page.locator("[popover]:popover-open")
    wide = popover.bounding_box()
    page.set_viewport_size({"width": NARROW[0], "height": WIDE[1]})
    assert wide is not None

    until(
        page,
        f"""(() => {{
          const popover = document.querySelector("[popover]:popover-open");
          const {{ width, right }} = popover.getBoundingClientRect();
          return Math.abs(width - {wide["width"]}) < 1 && right < {NARROW[0]};
        }})()""",
    )


def test_a_popover_whose_content_comes_later_is_where_the_room_is(page: Page) -> None:
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    held_routes: list[Route] = []
    page.route("**/ModelPanel-*", lambda route: held_routes.append(route))
    page.reload()
    # An error of an earlier answer may offer another model, too.
    button = page.locator("[data-models]")
    button.click()
    popover = page.locator("[popover]:popover-open")
    expect(popover).to_be_visible()
    for route in held_routes:
        route.continue_()
    expect(popover.get_by_role("option").first).to_be_visible()
    panel, anchor = popover.bounding_box(), button.bounding_box()
    assert panel is not None
    assert anchor is not None
    assert panel["y"] + panel["height"] < anchor["y"]


CUT_OFF = """
row => [...row.querySelectorAll(":scope > * button")].filter((button) => {
  const [outer, inner] = [row, button].map((one) => one.getBoundingClientRect());
  return button.checkVisibility({ visibilityProperty: true })
    && (inner.left < outer.left - 1 || inner.right > Math.min(outer.right, innerWidth) + 1
      || inner.bottom > outer.bottom + 1);
}).map(({ title }) => title)
"""
"""The visible buttons that are not entirely inside their row."""


def stop_writing(page: Page) -> None:
    """Stop the answer once it has text, because an empty answer has no Copy button."""
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(answer(page)).to_contain_text("The tide comes")
    page.get_by_role("button", name="Stop").click()


def test_actions_without_room_are_in_the_menu_of_their_row(large: Page) -> None:
    show_narrow(large, "streaming")
    stop_writing(large)
    row = large.get_by_role("toolbar", name="Answer actions")
    regenerate = row.get_by_role("button", name="Regenerate")
    large.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    regenerate.click()
    stop_writing(large)
    expect(row.get_by_role("group", name="Version 2 of 2")).to_be_visible()
    expect(regenerate).to_be_visible()
    large.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    expect(regenerate).to_have_count(0)
    expect(row.get_by_role("button", name="Copy")).to_be_visible()
    assert row.evaluate(CUT_OFF) == []

    more = row.get_by_role("button", name="More about this answer")
    more.press("Enter")
    items = large.get_by_role("menuitem")
    expect(items.filter(has_text="Regenerate")).to_be_focused()
    expect(items.filter(has_text="Ask for a shorter answer")).to_be_visible()
    expect(items.filter(has_text="Show wire")).to_be_visible()
    large.keyboard.press("Enter")
    stop_writing(large)
    expect(row.get_by_role("group", name="Version 3 of 3")).to_be_visible()
    row.get_by_role("button", name="Copy").focus()
    large.keyboard.press("End")
    expect(more).to_be_focused()

    large.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    expect(regenerate).to_be_visible()
    assert row.evaluate(CUT_OFF) == []
