"""Signals that ask the program to end reach it, whatever its main thread does."""

import os
import signal
import sys
import threading

import pytest

from shell.support.signals import SHUTDOWN_SIGNALS, shutdown_signals
from tests.host_process import PATIENCE_S

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends signals to itself")


@pytest.mark.parametrize("number", SHUTDOWN_SIGNALS)
def test_a_signal_ends_the_wait(number: int) -> None:
    before = signal.getsignal(number)
    with shutdown_signals() as signals:
        assert not signals.is_set()
        os.kill(os.getpid(), number)
        assert signals.is_set()
        signals.wait()
    assert signal.getsignal(number) is before


def test_a_signal_reaches_a_wait_in_another_thread() -> None:
    with shutdown_signals() as signals:
        waiter = threading.Thread(target=signals.wait)
        waiter.start()
        os.kill(os.getpid(), signal.SIGTERM)
        waiter.join(PATIENCE_S)
        assert not waiter.is_alive()


def test_the_inner_of_two_hears_and_the_outer_goes_on() -> None:
    with shutdown_signals() as outer:
        with shutdown_signals() as inner:
            os.kill(os.getpid(), signal.SIGTERM)
            inner.wait()
        assert not outer.is_set()
        os.kill(os.getpid(), signal.SIGTERM)
        outer.wait()


def test_a_wait_can_be_ended_without_a_signal() -> None:
    with shutdown_signals() as signals:
        signals.wake()
        signals.wait()
    signals.wake()  # too late, and no error
