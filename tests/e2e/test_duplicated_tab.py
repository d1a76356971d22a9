"""A duplicated tab inherits the storage of the first tab, and takes a new id."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.chromium import wait_until_ready
from tests.e2e.app import answer, ask, running

pytestmark = pytest.mark.browser


def tab_id(page: Page) -> str:
    return str(page.evaluate("sessionStorage.getItem('tidewire.tab')"))


def test_a_duplicated_tab_works_beside_the_first(playwright: Playwright, tmp_path: Path) -> None:
    with running("browser", playwright, tmp_path) as app:
        page = app.page()
        with page.expect_popup() as opened:
            page.evaluate("() => { window.open('/'); }")
        second_page = opened.value
        wait_until_ready(second_page)
        assert tab_id(second_page) != tab_id(page)
        ask(second_page, "high water")
        expect(answer(second_page)).to_have_text("high water")
        # Both keep their ids over a reload.
        ids = [tab_id(page), tab_id(second_page)]
        for each in (page, second_page):
            each.reload()
            wait_until_ready(each)
        assert [tab_id(page), tab_id(second_page)] == ids
