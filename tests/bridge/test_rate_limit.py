"""Rate limits of calls, and the wait that a refused call gets."""

import pytest

from shell.bridge.caller import LOADS_AT_ONCE, STANDARD, Caller, CallLimits
from shell.bridge.feed import MAX_WAITING_BYTES
from shell.bridge.rate_limit import RateLimit
from shell.errors import LimitReached


class Clock:
    """A clock that the test sets."""

    seconds = 100.0

    def now(self) -> float:
        return self.seconds


def waits_after(limit: RateLimit, tries: int) -> list[int]:
    """The wait in milliseconds that each refused call gets."""
    waits_ms = []
    for _ in range(tries):
        try:
            limit.take()
        except LimitReached as error:
            waits_ms.append(error.retry_after_ms or 0)
    return waits_ms


def test_so_many_at_once_and_so_many_a_second() -> None:
    clock = Clock()
    limit = RateLimit(10, 30, clock.now)
    assert len(waits_after(limit, 50)) == 20
    clock.seconds += 1
    assert len(waits_after(limit, 50)) == 40
    clock.seconds += 1_000
    assert len(waits_after(limit, 50)) == 20, "no more than so many are saved up"


def test_those_who_are_refused_are_told_to_come_one_after_another() -> None:
    clock = Clock()
    limit = RateLimit(10, 1, clock.now)
    assert waits_after(limit, 4) == [100, 200, 300]
    clock.seconds += 0.2
    assert waits_after(limit, 2) == [100]


def test_calls_do_not_use_up_what_a_new_load_needs() -> None:
    caller = Caller("window-1")
    with pytest.raises(LimitReached, match="Too many calls in a short time"):
        _admit(caller, 2 * STANDARD.at_once, hello=False)
    caller.admit(hello=True)
    with pytest.raises(LimitReached, match="Too many calls in a short time"):
        _admit(caller, 2 * LOADS_AT_ONCE, hello=True)


def test_the_limits_of_a_caller_can_be_chosen() -> None:
    caller = CallLimits(at_once=5, a_second=0.001).caller("window-1")
    _admit(caller, 5, hello=False)
    with pytest.raises(LimitReached, match="Too many calls in a short time"):
        caller.admit(hello=False)
    caller.admit(hello=True)
    for invalid in ({"at_once": 0}, {"a_second": 0}, {"unanswered": 0}):
        with pytest.raises(ValueError, match="could make no call"):
            CallLimits(**invalid)


def test_a_page_that_takes_no_replies_is_asked_to_wait() -> None:
    caller = Caller("window-1")
    caller.feed.open("load-1")
    caller.feed.reply("load-1", "x" * MAX_WAITING_BYTES)
    with pytest.raises(LimitReached, match="not been fetched"):
        caller.admit(hello=False)
    assert caller.feed.next() is not None
    caller.admit(hello=False)


def _admit(caller: Caller, times: int, *, hello: bool) -> None:
    for _ in range(times):
        caller.admit(hello=hello)
