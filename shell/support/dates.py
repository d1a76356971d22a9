"""Formats times as dates."""

import time
from datetime import datetime, timedelta


def format_date(milliseconds: int) -> str:
    """Format a time since the epoch as the local date and minute: 2026-12-01 09:30.

    It is in UTC after the year 3000 on Windows, which converts no such time.
    """
    try:
        moment = time.localtime(milliseconds / 1000)
    except (OSError, OverflowError):
        moment = (datetime(1970, 1, 1) + timedelta(milliseconds=milliseconds)).timetuple()  # noqa: DTZ001
    return time.strftime("%Y-%m-%d %H:%M", moment)
