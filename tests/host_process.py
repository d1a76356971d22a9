"""Runs a host under test as a process, reads its output and ends it in order."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from tests.command import INSTALLED

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 90.0
"""Timeout for a busy machine. On an idle one nothing here takes a tenth of it."""


class HostProcess:
    """Runs `python -m MODULE ARGUMENTS` for as long as the context lasts.

    SIGTERM ends the process, and its exit status must be `expected`. For the module `shell`, the
    command `installed` replaces `python -m shell` if it is not empty.
    """

    def __init__(
        self,
        *command: str,
        env: Mapping[str, str] | None = None,
        python: str = sys.executable,
        installed: Sequence[str] = INSTALLED,
        cwd: Path = ROOT,
    ) -> None:
        self._cwd = cwd
        own = installed if command[0] == "shell" and python == sys.executable else ()
        self._command = [*own, *command[1:]] if own else [python, "-m", *command]
        self._env = {**os.environ, **(env or {})}
        self.stderr_lines: list[str] = []
        """Lines of its standard error so far."""
        self.expected = 0
        """The exit status that the process must end with."""
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._line_arrived = threading.Condition()

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self._command,
            cwd=self._cwd,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        )
        out, err = self.process.stdout, self.process.stderr
        assert out is not None
        assert err is not None
        self._readers = [
            threading.Thread(target=self._read, args=(out, self._lines.put)),
            threading.Thread(target=self._read, args=(err, self._add_stderr_line)),
        ]
        for reader in self._readers:
            reader.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        status = self.stop() if self.process.poll() is None else self.process.returncode
        for reader in self._readers:
            reader.join()
        if error is None:
            assert status == self.expected, self.stderr_tail()
        else:
            error.add_note(f"The end of what the program said:\n{self.stderr_tail()}")

    def json_line(self) -> dict[str, object]:
        """The next line of its standard output, which is JSON."""
        try:
            line = self._lines.get(timeout=PATIENCE_S)
        except queue.Empty:
            raise AssertionError(f"it printed nothing:\n{self.stderr_tail()}") from None
        assert line, f"it ended without a word:\n{self.stderr_tail()}"
        parsed: dict[str, object] = json.loads(line)
        return parsed

    def wait_for(self, text: str, times: int = 1) -> None:
        """Wait until `times` lines of its standard error contain this text."""
        with self._line_arrived:
            reached = self._line_arrived.wait_for(lambda: self.count(text) >= times, PATIENCE_S)
        assert reached, f"it did not say {text!r} {times} times:\n{self.stderr_tail()}"

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send it a signal and wait for its exit status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Wait for its exit status."""
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"it did not end:\n{self.stderr_tail()}") from None

    def count(self, text: str) -> int:
        """How many lines of its standard error contain this text."""
        return sum(text in line for line in self.stderr_lines)

    def seconds_to_stop(self, number: int = signal.SIGTERM) -> float:
        """Stop it and return how long that took."""
        started_at = time.monotonic()
        self.stop(number)
        return time.monotonic() - started_at

    def stderr_tail(self) -> str:
        """The end of its standard error, for a failing test."""
        return "\n".join(self.stderr_lines[-30:])

    def _read(self, stream: IO[str], take: Callable[[str], None]) -> None:
        with stream:
            for line in stream:
                take(line.rstrip("\n"))
        take("")

    def _add_stderr_line(self, line: str) -> None:
        with self._line_arrived:
            self.stderr_lines.append(line)
            self._line_arrived.notify_all()
