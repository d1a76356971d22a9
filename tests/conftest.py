"""What all tests share: Hypothesis finds the same examples every time, and is in no hurry.

A suite that fails on some days is not believed on the others; new examples are what the long
checks are for. A busy machine is not a defect, so no example has a deadline.
"""

import logging
import os
import re
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

_SHELL = re.compile(r"[\[-](browser|window)[\]-]")

settings.register_profile("suite", deadline=None, derandomize=True, database=None)
settings.load_profile("suite")

# A shell starts what it runs in the background with Ctrl+C ignored, and every program that a test
# starts would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Programs ask the login shell for its PATH. One with start-up files of its own may take seconds.
os.environ["SHELL"] = "/bin/sh"


class Groups(LoadScopeScheduling):  # type: ignore[misc]
    """Keeps together what belongs together when `dev.py test` runs several processes of tests: a
    file, and in the journeys half of a shell's files, which share one running program.

    (The marks `xdist_group` do nothing under pytest 9.2: pytest-xdist issue 1386.)
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        shell = _SHELL.search(nodeid) if file.startswith("tests/e2e/") else None
        return f"e2e {shell[1]} {file < 'tests/e2e/test_m'}" if shell else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Groups | None:
    """The scheduler for `--dist loadscope`."""
    return Groups(config, log) if config.getoption("dist") == "loadscope" else None


@pytest.fixture(autouse=True)
def logs_of_one_test() -> Iterator[None]:
    """A command that runs inside a test sets up the logs of the whole process."""
    loggers = [logging.getLogger(), logging.getLogger("shell")]
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
