"""A tab made from another inherits its storage, and takes an id of its own."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.chromium import wait_until_ready
from tests.e2e.app import answer, ask, running

pytestmark = pytest.mark.browser


def tab_of(page: Page) -> str:
    return str(page.evaluate("sessionStorage.getItem('tidewire.tab')"))


def test_a_duplicated_tab_works_beside_the_first(playwright: Playwright, tmp_path: Path) -> None:
    with running("browser", playwright, tmp_path) as app:
        page = app.page()
        with page.expect_popup() as opened:
            page.evaluate("() => { window.open('/'); }")
        other = opened.value
        wait_until_ready(other)
        assert tab_of(other) != tab_of(page)
        ask(other, "high water")
        expect(answer(other)).to_have_text("high water")
        # Both keep their ids over a reload.
        ids = [tab_of(page), tab_of(other)]
        for each in (page, other):
            each.reload()
            wait_until_ready(each)
        assert [tab_of(page), tab_of(other)] == ids
