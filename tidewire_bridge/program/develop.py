"""Runs a program in development: Vite for the page, and a new host after each change."""

import contextlib
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from shell.embed import DEV_SECRET, DEV_URL
from tidewire_bridge.program.node import find_vite

POLL_S = 0.3
"""Interval at which the program's files are checked for changes."""
_COLOR = re.compile(rb"\x1b\[[\d;]*m")
_PROXY_ERROR = re.compile(rb"\[vite\].* ws proxy (socket )?error")
_OF_AN_ERROR = re.compile(rb"\s+at |\w*Error\b|\s*$")
_OF_TESTS = re.compile(r"test_.*|.*_test\.py|conftest\.py")
"""Files that no program imports."""


def develop(folder: Path, *, window: bool) -> int:
    """Run until Ctrl-C, or until the window is closed.

    Returns the exit status: 0 after the window, 130 after Ctrl-C, or that of Vite.

    An edit of the page keeps its state. After an edit of Python the types are written again, and
    tabs reconnect to the new host by themselves.

    Raises:
        ShellError: Node or the page's packages are not installed.
    """
    vite = find_vite(folder)
    page_port, host_port = _free_ports(2)
    page_url = f"http://127.0.0.1:{page_port}"
    place = ["--host", "127.0.0.1", "--port", str(page_port), "--strictPort"]
    env = {
        **os.environ,
        DEV_URL: page_url,
        DEV_SECRET: secrets.token_urlsafe(32),
        "TIDEWIRE_HOST": f"http://127.0.0.1:{host_port}",
    }
    command = [sys.executable, "app.py"]
    command += ["--debug-port", "0"] if window else ["serve", "--port", str(host_port)]
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # end the child processes, too
    with contextlib.ExitStack() as stack:
        serve = [*vite, "--clearScreen", "false", *place]
        page = _start_vite(stack, serve, folder / "page", env)
        seen, program = None, None
        try:
            while page.poll() is None and not _listening(page_port):
                time.sleep(0.05)
            while page.poll() is None:
                if seen != (seen := program_files(folder)):
                    _stop(program)
                    program = None
                    if _types(folder):  # else the error is printed, and the next change may fix it
                        program = subprocess.Popen(command, cwd=folder, env=env)  # noqa: S603
                        if not window and "--no-open" not in command:
                            command.append("--no-open")
                elif window and program is not None and program.poll() == 0:
                    return 0
                time.sleep(POLL_S)
        except KeyboardInterrupt:
            return 130
        finally:
            _stop(program)
    return page.returncode


def _start_vite(
    stack: contextlib.ExitStack, command: list[str], folder: Path, env: dict[str, str]
) -> subprocess.Popen[bytes]:
    """Start Vite, with all its output on stderr: the program prints lines of JSON to stdout."""
    color = {"FORCE_COLOR": "1"} if sys.stderr.isatty() else {}
    process = subprocess.Popen(  # noqa: S603 - its own
        command, cwd=folder, env=env | color, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )

    reader = threading.Thread(target=_copy_lines, args=(process.stdout,), name="vite")
    reader.start()
    stack.callback(reader.join)
    stack.callback(_stop, process)
    return process


def _copy_lines(lines: IO[bytes]) -> None:
    with lines:
        for line in without_proxy_errors(lines):
            sys.stderr.buffer.write(line)
            sys.stderr.buffer.flush()


def without_proxy_errors(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Leave out Vite's errors about connections that fail while the program restarts. The page
    reconnects, and the program itself prints why it does not start.
    """
    skips = False
    for line in lines:
        plain = _COLOR.sub(b"", line)
        if _PROXY_ERROR.search(plain):
            skips = True
        elif not (skips and _OF_AN_ERROR.match(plain)):
            skips = False
            yield line


def _types(folder: Path) -> bool:
    """Write the page's types; False when the program cannot be imported."""
    command = [sys.executable, "-m", "tidewire_bridge", "types"]
    return subprocess.run(command, cwd=folder, stdout=sys.stderr, check=False).returncode == 0  # noqa: S603


def _stop(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None and process.poll() is None:
        process.terminate()
        process.wait()


def program_files(folder: Path) -> dict[Path, int]:
    """List the files whose change restarts the program, with their times in nanoseconds."""
    return {
        path: _changed_at(path)
        for path in folder.rglob("*.py")
        if not _OF_TESTS.fullmatch(path.name)
        and not {"node_modules", ".venv", "dist", "build"} & {*path.relative_to(folder).parts}
    }


def _changed_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:  # an editor is just replacing it
        return 0


def _free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def _listening(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
