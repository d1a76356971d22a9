"""Dates of times that the system cannot convert."""

import time
from collections.abc import Callable

import pytest

from shell.store.exchange import render
from shell.store.exchange.portable import PortableConversation
from shell.store.tables import MAX_TIME_MS
from shell.support.dates import format_date

YEAR_3000_S = 32_535_215_999
"""The last second that Windows converts."""


def as_windows_does(
    convert: Callable[[float], time.struct_time],
) -> Callable[[float], time.struct_time]:
    def limited(seconds: float) -> time.struct_time:
        if seconds > YEAR_3000_S:
            raise OSError(22, "Invalid argument")
        return convert(seconds)

    return limited


@pytest.mark.parametrize("milliseconds", [YEAR_3000_S * 1_000 + 1_000, MAX_TIME_MS])
def test_windows_gets_dates_after_the_year_3000(
    monkeypatch: pytest.MonkeyPatch, milliseconds: int
) -> None:
    year = "9999" if milliseconds == MAX_TIME_MS else "3001"
    for name in ("localtime", "gmtime"):
        monkeypatch.setattr(time, name, as_windows_does(getattr(time, name)))
    assert format_date(milliseconds).startswith(f"{year}-")
    portable = PortableConversation("a", "t", milliseconds, milliseconds)
    assert format_date(0) == time.strftime("%Y-%m-%d %H:%M", time.localtime(0))
    assert f"*{year}-" in "".join(render.markdown([portable]))
