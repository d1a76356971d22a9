"""Starts a server, and ends it with all its processes when the host has ended.

The host passes the reading end of a pipe. Its first line is the server's command as JSON. When the
host ends in whatever way, the pipe closes and the guard stops the server. The server inherits the
guard's standard streams, so its messages go to the host directly. This file runs as a script and
imports only the standard library.
"""

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

EXIT_S = 0.6
"""How long a server may take to end by itself after its standard input has closed."""
TERMINATE_S = 0.3
"""How long a server may take to end after SIGTERM."""
NOT_STARTED = 127
_ADOPT_DESCENDANTS = 36
"""PR_SET_CHILD_SUBREAPER: orphaned processes of the server become children of this process."""


def main(arguments: Sequence[str]) -> NoReturn:
    """Guard one server.

    Args:
        arguments: the file descriptor of the pipe's reading end.
    """
    control = int(arguments[0])
    plan = json.loads(_first_line(control))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_ADOPT_DESCENDANTS, 1)
    wake_reader, wake_writer = os.pipe()
    os.set_blocking(wake_writer, False)
    signal.set_wakeup_fd(wake_writer, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # An empty handler and not SIG_IGN, because the server would inherit SIG_IGN.
        signal.signal(number, lambda *_: None)
    try:
        server = subprocess.Popen(  # noqa: S603, a person has agreed to exactly this command
            plan["argv"], env=plan["environment"], cwd=plan["folder"]
        )
    except (OSError, ValueError) as error:
        print(f"{plan['argv'][0]} cannot be started: {error}", file=sys.stderr, flush=True)
        os._exit(NOT_STARTED)
    null_device = os.open(os.devnull, os.O_RDWR)
    os.dup2(null_device, 0)
    os.dup2(null_device, 1)
    has_ended = _wait(server, [control, wake_reader], None)
    if not has_ended and not _wait(server, [wake_reader], EXIT_S):
        server.terminate()
        _wait(server, [wake_reader], TERMINATE_S)
    _end_all(server)
    status = server.returncode
    os._exit(status if status >= 0 else 128 - status)


def _first_line(control: int) -> bytes:
    line = bytearray()
    while not line.endswith(b"\n"):
        piece = os.read(control, 65_536)
        if not piece:
            os._exit(0)  # the host has ended before it sent a command
        line += piece
    return bytes(line)


def _wait(server: "subprocess.Popen[bytes]", handles: list[int], longest_s: float | None) -> bool:
    """Wait until the server ends, the time is over, or the pipe closes. False if it still runs."""
    deadline = None if longest_s is None else time.monotonic() + longest_s
    while server.poll() is None:
        left_s = None if deadline is None else deadline - time.monotonic()
        if left_s is not None and left_s <= 0:
            return False
        ready, _, _ = select.select(handles, [], [], left_s)
        for handle in ready:
            if not os.read(handle, 65_536):
                return False
    return True


def _end_all(server: "subprocess.Popen[bytes]") -> None:
    """Kill all descendants on Linux, and elsewhere the process group, with this process."""
    if sys.platform != "linux":
        if server.poll() is None:
            server.kill()
            server.wait()
        os.killpg(0, signal.SIGKILL)
    while True:
        for process in _descendants():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        try:
            process, status = os.waitpid(-1, 0)
        except ChildProcessError:
            return
        if process == server.pid and server.returncode is None:
            server.returncode = os.waitstatus_to_exitcode(status)


def _descendants() -> set[int]:
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            if fields[0] != "Z":
                parents[int(folder.name)] = int(fields[1])
    found: set[int] = set()
    children = {os.getpid()}
    while children:
        children = {each for each, parent in parents.items() if parent in children} - found
        found |= children
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
