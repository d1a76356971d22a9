"""Starts a server, and ends it with everything that it has started when the host is gone.

The host passes the reading end of a pipe. Its first line says what to start, and its end, however
the host ends, is the order to stop. The server has the guard's standard streams, so nothing stands
between it and the host. This file is run by itself and imports only Python's own library.
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
"""How long a server may take to end by itself, once its standard input has ended."""
TERMINATE_S = 0.3
NOT_STARTED = 127
_ADOPT_DESCENDANTS = 36
"""PR_SET_CHILD_SUBREAPER: what the server leaves behind becomes a child of this process."""


def main(arguments: Sequence[str]) -> NoReturn:
    """Guard one server.

    Args:
        arguments: the number of the pipe's reading end.
    """
    control = int(arguments[0])
    plan = json.loads(_first_line(control))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_ADOPT_DESCENDANTS, 1)
    waking, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # A handler, because a signal that is ignored would be ignored by the server as well.
        signal.signal(number, lambda *_: None)
    try:
        server = subprocess.Popen(  # noqa: S603, a person has agreed to exactly this command
            plan["argv"], env=plan["environment"], cwd=plan["folder"]
        )
    except (OSError, ValueError) as error:
        print(f"{plan['argv'][0]} cannot be started: {error}", file=sys.stderr, flush=True)
        os._exit(NOT_STARTED)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    ended = _wait(server, [control, waking], None)
    if not ended and not _wait(server, [waking], EXIT_S):
        server.terminate()
        _wait(server, [waking], TERMINATE_S)
    _end_all(server)
    status = server.returncode
    os._exit(status if status >= 0 else 128 - status)


def _first_line(control: int) -> bytes:
    line = bytearray()
    while not line.endswith(b"\n"):
        piece = os.read(control, 65_536)
        if not piece:
            os._exit(0)  # the host has ended before it said what to start
        line += piece
    return bytes(line)


def _wait(server: "subprocess.Popen[bytes]", handles: list[int], longest_s: float | None) -> bool:
    """Wait for the end of the server, of the time, or of the pipe. False if the server runs on."""
    until = None if longest_s is None else time.monotonic() + longest_s
    while server.poll() is None:
        left = None if until is None else until - time.monotonic()
        if left is not None and left <= 0:
            return False
        ready, _, _ = select.select(handles, [], [], left)
        for handle in ready:
            if not os.read(handle, 65_536):
                return False
    return True


def _end_all(server: "subprocess.Popen[bytes]") -> None:
    """Kill what still runs. Elsewhere than on Linux that is the group, and this process with it."""
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
    following = {os.getpid()}
    while following:
        following = {each for each, parent in parents.items() if parent in following} - found
        found |= following
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
