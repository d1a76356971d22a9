"""Restricts a window to its page's address, and counts the crashes of its page."""

import logging
import time
from collections import deque
from urllib.parse import urlsplit

from webview.window import Window

MAX_CRASHES = 3
"""After this many crashes within `CRASHES_S` only a person can reload the page."""
CRASHES_S = 60.0

_log = logging.getLogger(__name__)


def may_navigate(window: Window, url: str, *, main_frame: bool = True) -> bool:
    """Whether the page may navigate to `url`: only to its own address, only in the main frame."""
    allowed = main_frame and is_page_url(window, url)
    if not allowed:
        _log.warning("A navigation to another address was refused (%s)", url.partition(":")[0][:20])
    return allowed


def is_page_url(window: Window, url: str) -> bool:
    """Whether `url` is the address of the window's page. Query and fragment may differ."""
    return _without_query(url) == _without_query(window.original_url or "")


def _without_query(url: str) -> tuple[str, str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:  # such as an invalid host in brackets
        return "", "", url
    return parts.scheme, parts.netloc, parts.path or "/"


class Crashes:
    """Counts the crashes of one page's process."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=MAX_CRASHES)

    def count(self, reason: str) -> bool:
        """Count a crash and log its reason; returns whether to reload. A False resets the count."""
        now = time.monotonic()
        self._times.append(now)
        if len(self._times) < MAX_CRASHES or now - self._times[0] > CRASHES_S:
            _log.error("The page's process crashed (%s): the page is loaded again", reason)
            return True
        self._times.clear()
        _log.error("The page's process keeps crashing (%s): it is not reloaded again", reason)
        return False
