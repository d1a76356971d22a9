"""The page from right to left: directional icons are mirrored, and popovers keep their place."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, Playwright

from tests.e2e.screens import mirrored, show_screen

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(playwright: Playwright) -> Iterator[Page]:
    with mirrored(playwright) as app:
        yield app.page()


def horizontal_extent(element: Locator) -> tuple[float, float]:
    """The left and the right edge of an element."""
    box = element.bounding_box()
    assert box is not None
    return box["x"], box["x"] + box["width"]


def test_what_points_along_the_line_is_turned(page: Page) -> None:
    show_screen(page, "versions")
    icons = {
        name: page.get_by_role("button", name=name).first.locator("svg")
        for name in ("Hide sidebar", "Previous version", "Next version", "Send")
    }
    direction = {
        name: icon.evaluate("icon => new DOMMatrix(getComputedStyle(icon).transform).a")
        for name, icon in icons.items()
    }
    mirrored_icons = {name: across for name, across in direction.items() if name != "Send"}
    assert set(mirrored_icons.values()) == {-1}
    assert direction["Send"] == 1


def test_what_a_conversation_took_stands_below_its_button(page: Page) -> None:
    show_screen(page, "spending")
    start, end = horizontal_extent(page.locator("[popover]"))
    left, right = horizontal_extent(page.locator("header button[aria-haspopup=dialog]"))
    assert start < (left + right) / 2 < end
