"""Fresh pages of one running program: what a check does on each of them."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page

from tests.chromium import driver
from tests.e2e.app import Kind, running


def fresh_pages(kind: Kind, times: int) -> Iterator[Page]:
    """So many pages, each with everything of the one before it forgotten."""
    with (
        tempfile.TemporaryDirectory() as folder,
        driver() as playwright,
        running(kind, playwright, Path(folder)) as app,
    ):
        for _ in range(times):
            yield app.page()
