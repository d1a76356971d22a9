"""Runs twice: in headless Chromium, and in the real window."""

from playwright.sync_api import Page, expect


def test_the_page_shows_the_readings(tidewire_page: Page) -> None:
    tidewire_page.get_by_role("button", name="Measure").click()
    expect(tidewire_page.get_by_role("status")).to_have_text("5 readings, mean 1.2 m")
