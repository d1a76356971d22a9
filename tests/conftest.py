"""What all tests share: Hypothesis finds the same examples every time, and is in no hurry.

A suite that fails on some days is not believed on the others; new examples are what the long
checks are for. A busy machine is not a defect, so no example has a deadline.
"""

import logging
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("suite", deadline=None, derandomize=True, database=None)
settings.load_profile("suite")

# A shell starts what it runs in the background with Ctrl+C ignored, and every program that a test
# starts would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)  # xdist looks for groups in a hook of the same name
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say what stays together when `dev.py test` runs two processes of tests: a file, and in the
    journeys a shell, since each shell is one running program.
    """
    for item in items:
        shells = [mark.name for mark in item.iter_markers() if mark.name in ("browser", "window")]
        journeys = item.path.parent.name == "e2e"
        group = f"e2e {shells[0]}" if journeys and shells else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(autouse=True)
def logs_of_one_test() -> Iterator[None]:
    """A command that runs inside a test sets up the logs of the whole process."""
    loggers = [logging.getLogger(), logging.getLogger("shell")]
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
