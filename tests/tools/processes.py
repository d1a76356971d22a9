"""Finds the child processes of tools through /proc."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

from shell.tools.python.process import MARK


def tool_processes() -> list[int]:
    """Process ids of the running tool processes that this test process has started."""
    pids = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environ = (folder / "environ").read_bytes()
        except OSError:
            continue
        if MARK.encode() in environ and f"TIDEWIRE_TEST={os.getpid()}".encode() in environ:
            pids.append(int(folder.name))
    return pids


def is_running(pid: int) -> bool:
    """Whether a process is running. A zombie counts as ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def arguments_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text("utf-8").split("\0")


def until_now(condition: Callable[[], bool]) -> None:
    """Wait, without an event loop, until the condition holds: at most 60 s."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


async def until(condition: Callable[[], bool]) -> None:
    await asyncio.to_thread(until_now, condition)
