"""The child processes of tools, as the system knows them."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

from shell.tools.python.process import MARK


def marked() -> list[int]:
    """The processes of tools that are running on this machine, of this test's process alone."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environ = (folder / "environ").read_bytes()
        except OSError:
            continue
        if MARK.encode() in environ and f"TIDEWIRE_TEST={os.getpid()}".encode() in environ:
            found.append(int(folder.name))
    return found


def is_running(pid: int) -> bool:
    """Whether a process has not ended; one that its parent has not collected has."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def arguments_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text("utf-8").split("\0")


def until_now(holds: Callable[[], bool]) -> None:
    """Wait, without a loop."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


async def until(holds: Callable[[], bool]) -> None:
    await asyncio.to_thread(until_now, holds)
