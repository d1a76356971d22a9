"""Settings of all tests: Hypothesis uses the same examples every time and has no deadline.

Random examples would make the suite fail on some days only. The long checks look for new ones. A
busy machine is not a defect, so no example has a deadline.
"""

import logging
import os
import re
import signal
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

_SHELL = re.compile(r"[\[-](browser|window)[\]-]")

settings.register_profile("suite", deadline=None, derandomize=True, database=None)
settings.load_profile("suite")

# By default Hypothesis also draws the constants of the modules that are loaded, and these depend on
# the tests before.
providers._get_local_constants = Constants

# A shell starts background jobs with SIGINT ignored, and `nohup` its command with SIGHUP. Every
# program that a test starts would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
if sys.platform != "win32":
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Programs ask the login shell for its PATH. A shell with start-up files may take seconds.
os.environ["SHELL"] = "/bin/sh"


class Groups(LoadScopeScheduling):  # type: ignore[misc]
    """Keeps related tests in one process when `dev.py test` runs several processes.

    Those are the tests of one file, and of the journeys in a browser or a window each half of the
    files, which share a running program.

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
    """Restore the levels of the loggers, which a command that runs inside a test changes."""
    loggers = [logging.getLogger(), logging.getLogger("shell")]
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
