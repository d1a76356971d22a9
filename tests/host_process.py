"""HostProcess: a host under test as a process: what it says, and its orderly end."""

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
"""For a busy machine; nothing here takes a tenth of it on a quiet one."""


class HostProcess:
    """`python -m MODULE ARGUMENTS`, as a context: SIGTERM ends it, and its status must be 0.

    For `shell`, `installed` takes the place of `python -m shell` where there is one.
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
        self.said: list[str] = []
        """Lines of its standard error so far."""
        self.expected = 0
        """The status that it is to end with."""
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._heard = threading.Condition()

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
            threading.Thread(target=self._read, args=(err, self._hear)),
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
            assert status == self.expected, self.last_words()
        else:
            error.add_note(f"The end of what the program said:\n{self.last_words()}")

    def json_line(self) -> dict[str, object]:
        """The next line of its standard output, which is JSON."""
        try:
            line = self._lines.get(timeout=PATIENCE_S)
        except queue.Empty:
            raise AssertionError(f"it printed nothing:\n{self.last_words()}") from None
        assert line, f"it ended without a word:\n{self.last_words()}"
        parsed: dict[str, object] = json.loads(line)
        return parsed

    def wait_for(self, words: str, times: int = 1) -> None:
        """Wait until lines of its standard error have had these words so many times."""
        with self._heard:
            found = self._heard.wait_for(lambda: self.count(words) >= times, PATIENCE_S)
        assert found, f"it did not say {words!r} {times} times:\n{self.last_words()}"

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end and wait for its exit status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Wait for its exit status."""
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"it did not end:\n{self.last_words()}") from None

    def count(self, words: str) -> int:
        """How many lines of its standard error have these words."""
        return sum(words in line for line in self.said)

    def seconds_to_stop(self, number: int = signal.SIGTERM) -> float:
        """Ask it to end; how long that took."""
        began = time.monotonic()
        self.stop(number)
        return time.monotonic() - began

    def last_words(self) -> str:
        """The end of its standard error, for a failing test."""
        return "\n".join(self.said[-30:])

    def _read(self, stream: IO[str], take: Callable[[str], None]) -> None:
        with stream:
            for line in stream:
                take(line.rstrip("\n"))
        take("")

    def _hear(self, line: str) -> None:
        with self._heard:
            self.said.append(line)
            self._heard.notify_all()
