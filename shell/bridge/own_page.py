"""Loads the page of another program: a folder with an `index.html` and all that it loads."""

import re
from functools import partial
from pathlib import Path

from shell.bridge.appearance import Appearance
from shell.bridge.page import Page, PageMissing, Transport, load_folder, read_asset

BRIDGE = (Path(__file__).parents[1] / "page", "bridge.js")
"""The page's half of the bridge, served as `/bridge.js` unless the page has a file of that name."""
_BEFORE_META = re.compile(rb"\A(?:.*?<head\b[^>]*>|\s*<!doctype[^>]*>)?", re.I | re.S)


def load_own_page(folder: Path) -> Page:
    """Load every file of a folder, and `bridge.js` beside them.

    Raises:
        PageMissing: there is no such page, or the bridge's own script was not built.
    """
    assets = load_folder(folder)
    index = assets.pop("/index.html", None)
    if index is None:
        raise PageMissing(f"There is no index.html in {folder}. Build the page first")
    built, name = BRIDGE
    if f"/{name}" not in assets:
        try:
            assets[f"/{name}"] = read_asset(built, name)
        except OSError as error:
            raise PageMissing(f"{name} is not in {built}: build it with dev.py") from error
    return Page(assets, partial(_index, index.body))


def _index(html: bytes, transport: Transport, appearance: Appearance) -> bytes:
    """Add a `meta` element that names the transport to the host."""
    meta = f'<meta name="tidewire-transport" content="{transport}">'.encode()
    return _BEFORE_META.sub(lambda before: before[0] + meta, html, count=1)
