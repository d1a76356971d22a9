"""Keeps a window at its one address, and counts the crashes of its page."""

import logging
import time
from collections import deque
from urllib.parse import urlsplit

from webview.window import Window

MAX_CRASHES = 3
"""After this many within `CRASHES_S` the page is not loaded again until a person reloads it."""
CRASHES_S = 60.0

_log = logging.getLogger(__name__)


def may_navigate(window: Window, url: str, *, main_frame: bool = True) -> bool:
    """Whether the page may go there: only to its own address, and only in the main frame. Query and
    fragment may differ.
    """
    allowed = main_frame and is_home(window, url)
    if not allowed:
        _log.warning("The page was not let go to another address (%s)", url.partition(":")[0][:20])
    return allowed


def is_home(window: Window, url: str) -> bool:
    """Whether it is the window's address. Query and fragment may differ."""
    return _place(url) == _place(window.original_url or "")


def _place(url: str) -> tuple[str, str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:  # a host in brackets that is none
        return "", "", url
    return parts.scheme, parts.netloc, parts.path or "/"


class Crashes:
    """Counts the crashes of one page's process."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=MAX_CRASHES)

    def one_more(self, how: str) -> bool:
        """Count a crash and log how the process ended; returns whether to load the page again. A
        False resets the count.
        """
        now = time.monotonic()
        self._times.append(now)
        if len(self._times) < MAX_CRASHES or now - self._times[0] > CRASHES_S:
            _log.error("The page's process crashed (%s): the page is loaded again", how)
            return True
        self._times.clear()
        _log.error("The page's process keeps crashing (%s): it is left alone", how)
        return False
