"""Runs a program while it is written: Vite for the page, and the host anew after each change."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from shell.embed import DEV_SECRET, DEV_URL
from shell.program.node import find_vite

LOOK_S = 0.3


def develop(folder: Path, *, window: bool) -> int:
    """Run until Ctrl-C, or until the window is closed; returns the exit status.

    An edit of the page keeps its state. After an edit of Python the types are written anew, and
    tabs find the new host by themselves.

    Raises:
        ShellError: there is no Node, or the page's packages are not installed.
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
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # nothing may stay behind
    with contextlib.ExitStack() as stack:
        serve = [*vite, "--clearScreen", "false", *place]
        page = _start(stack, serve, folder / "page", env)
        while page.poll() is None and not _listening(page_port):
            time.sleep(0.05)
        seen, program = None, None
        with contextlib.suppress(KeyboardInterrupt):
            while page.poll() is None:
                if seen != (seen := _times(folder)):
                    _stop(program)
                    # A mistake in it is told by the program's own start.
                    types = [sys.executable, "-m", "tidewire_bridge", "types"]
                    subprocess.run(types, cwd=folder, stdout=sys.stderr, check=False)  # noqa: S603
                    program = _start(stack, command, folder, env)
                    command += [] if window or "--no-open" in command else ["--no-open"]
                elif window and program is not None and program.poll() == 0:
                    return 0
                time.sleep(LOOK_S)
    return 130


def _start(
    stack: contextlib.ExitStack, command: list[str], folder: Path, env: dict[str, str]
) -> subprocess.Popen[bytes]:
    # Standard output belongs to the host, whose lines of JSON others read.
    out = sys.stderr if command[0] != sys.executable else None
    process = subprocess.Popen(command, cwd=folder, env=env, stdout=out)  # noqa: S603 - its own
    stack.callback(_stop, process)
    return process


def _stop(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None and process.poll() is None:
        process.terminate()
        process.wait()


def _times(folder: Path) -> dict[Path, int]:
    return {
        path: path.stat().st_mtime_ns
        for path in folder.rglob("*.py")
        if not {"node_modules", ".venv", "dist", "build"} & {*path.relative_to(folder).parts}
    }


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
