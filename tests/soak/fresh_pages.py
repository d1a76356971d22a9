"""Gives a check fresh pages of one running program."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page

from tests.chromium import driver
from tests.e2e.app import Kind, running


def fresh_pages(kind: Kind, times: int) -> Iterator[Page]:
    """Yield a page `times` times, each time with an empty conversation and state."""
    with (
        tempfile.TemporaryDirectory() as folder,
        driver() as playwright,
        running(kind, playwright, Path(folder)) as app,
    ):
        for _ in range(times):
            yield app.page()
