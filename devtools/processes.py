"""Starts the processes of `dev.py` and ends them with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from devtools.console import Failure

ROOT = Path(__file__).resolve().parents[1]
WINDOWS = os.name == "nt"

LOG_TAIL_LINES = 25


class Children:
    """The child processes of this launcher. All of them end with it."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[str]] = []
        self._lock = threading.Lock()
        self._closed = False
        self._prefix: list[str] | None = None

    def start(
        self,
        *command: str,
        quiet: bool = False,
        env: dict[str, str] | None = None,
        stdout: TextIO | None = None,
    ) -> subprocess.Popen[str]:
        """Start a process.

        Args:
            command: the program and its arguments.
            quiet: whether it gets no input and a pipe for its output.
            env: variables to add to the environment.
            stdout: the file for its standard output; None for ours.
        """
        with self._lock:
            if self._closed:
                raise Failure("Interrupted.")
            if self._prefix is None:
                # On Linux the kernel then ends the children of a launcher that was killed.
                prefix = ["setpriv", "--pdeathsig", "TERM", "--"]
                self._prefix = prefix if output_of(*prefix, "echo", "works") else []
            process = subprocess.Popen(
                [*self._prefix, *command],
                cwd=ROOT,
                env={**os.environ, **({"NO_COLOR": "1"} if quiet else {}), **(env or {})},
                stdin=subprocess.DEVNULL if quiet else None,
                stdout=subprocess.PIPE if quiet else stdout,
                stderr=subprocess.STDOUT if quiet else None,
                encoding="utf-8",
                errors="replace",
            )
            self._started.append(process)
        return process

    def run_quietly(self, title: str, *command: str, env: dict[str, str] | None = None) -> str:
        """Run to the end and return the output; Failure with its last lines if it failed."""
        process = self.start(*command, quiet=True, env=env)
        output, _ = process.communicate()
        if process.returncode != 0:
            tail = "".join(f"\n    {line}" for line in output.splitlines()[-LOG_TAIL_LINES:])
            raise Failure(f"{title}: failed (exit {process.returncode}). Its last lines:{tail}")
        return output

    def follow(
        self, *command: str, env: dict[str, str] | None = None, stdout: TextIO | None = None
    ) -> int:
        """Run to the end on this terminal, and return the exit status."""
        process = self.start(*command, env=env, stdout=stdout)
        try:
            return process.wait()
        except (KeyboardInterrupt, SystemExit) as reason:
            # A terminal sends Ctrl-C to the child too. A second signal would disturb its shutdown.
            is_keyboard = isinstance(reason, KeyboardInterrupt)
            is_signaled = is_keyboard and sys.stdin and sys.stdin.isatty()
            if not is_signaled and not WINDOWS:
                process.send_signal(signal.SIGINT)
            self.stop(process, patience=10)
            raise

    def stop(self, process: subprocess.Popen[str], patience: float = 0) -> None:
        """End a process: wait `patience` seconds, then terminate it, after 3 s kill it."""
        for seconds, end in ((patience, process.terminate), (3, process.kill)):
            with suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
                return
            end()
        process.wait()

    def end(self) -> None:
        """End every process, and start none from now on."""
        with self._lock:
            self._closed = True
        for process in self._started:
            self.stop(process)


def join_windows_job() -> None:
    """On Windows, put this process and its children into a Job object that ends with it."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateJobObjectW.restype = ctypes.c_void_p
        kernel.GetCurrentProcess.restype = ctypes.c_void_p
        job = ctypes.c_void_p(kernel.CreateJobObjectW(None, None))
        # JOBOBJECT_EXTENDED_LIMIT_INFORMATION, its LimitFlags KILL_ON_JOB_CLOSE.
        limits = ctypes.create_string_buffer(144 if sys.maxsize > 2**32 else 112)
        ctypes.c_uint32.from_buffer(limits, 16).value = 0x2000
        kernel.SetInformationJobObject(job, 9, limits, len(limits))
        kernel.AssignProcessToJobObject(job, ctypes.c_void_p(kernel.GetCurrentProcess()))


def output_of(*command: str) -> str:
    """Return the output of a short command; empty if it is missing or fails."""
    try:
        return subprocess.run(
            command, capture_output=True, encoding="utf-8", timeout=20, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""


def run_together(children: Children, *steps: Callable[[], object]) -> None:
    """Run several steps at once; the first failure ends them all."""
    from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

    with ThreadPoolExecutor(len(steps)) as pool:
        try:
            pending = {pool.submit(step) for step in steps}
            while pending:  # in short waits, since Windows does not interrupt an endless one
                finished, pending = wait(pending, 0.5, FIRST_EXCEPTION)
                for future in finished:
                    future.result()
        except BaseException:
            children.end()
            raise
