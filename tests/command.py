"""Starts, stops and inspects the program as a process."""

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]
INSTALLED = shlex.split(os.environ.get("TIDEWIRE_TEST_COMMAND", ""))
"""The command of an installed program to test instead of this tree."""
COMMAND = INSTALLED or [sys.executable, "-P", "-m", "shell"]
LONGEST_S = 120.0
"""A process that takes longer than this hangs."""


def environment(**changes: str | None) -> dict[str, str]:
    """Our own environment with `changes`, without variables that affect the program."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("TIDEWIRE_")}
    own["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), own.get("PYTHONPATH")]))
    for name, value in changes.items():
        own.pop(name, None)
        if value is not None:
            own[name] = value
    return own


@dataclass(frozen=True)
class Result:
    """Exit status and output of a finished process."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, object]]:
        """Its output, a JSON object a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    def is_one_sentence(self, *words: str) -> bool:
        """Whether stderr is one line that contains these words, and no traceback."""
        line = self.err.strip()
        return "\n" not in line and "Traceback" not in line and all(word in line for word in words)


def run(*arguments: str, text: str | None = None, **changes: str | None) -> Result:
    """Run the program to its end, with `text` on its stdin."""
    completed = subprocess.run(
        [*COMMAND, *arguments],
        input=(text or "").encode(),
        capture_output=True,
        env=environment(**changes),
        timeout=LONGEST_S,
        check=False,
    )
    return Result(completed.returncode, completed.stdout.decode(), completed.stderr.decode())


class Program:
    """A running process of the program. Its environment and its children's contain `mark`."""

    def __init__(self, process: "subprocess.Popen[str]", mark: str, err: IO[str]) -> None:
        self.process = process
        self.mark = mark
        self._err = err

    def line(self) -> dict[str, object]:
        """Its next line of output, as JSON."""
        assert self.process.stdout is not None
        text = self.process.stdout.readline()
        assert text, self.stderr_text()
        record: dict[str, object] = json.loads(text)
        return record

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def stderr_text(self) -> str:
        """What it has written to stderr so far."""
        self._err.seek(0)
        return self._err.read()

    def finish(self) -> Result:
        """Read its remaining output and wait for its exit."""
        assert self.process.stdout is not None
        kill_timer = threading.Timer(LONGEST_S, self.process.kill)
        kill_timer.start()
        out = self.process.stdout.read()
        status = self.process.wait()
        kill_timer.cancel()
        return Result(status, out, self.stderr_text())

    def stop(self, number: int = signal.SIGTERM) -> tuple[Result, float]:
        """Send it a signal; returns its result and how many seconds the exit took."""
        started_at = time.monotonic()
        self.send(number)
        result = self.finish()
        return result, time.monotonic() - started_at

    def process_ids(self) -> set[int]:
        """The process ids of it and all its descendants, adopted or not. (Linux)"""
        pids: set[int] = set()
        for directory in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if self.mark.encode() in (directory / "environ").read_bytes():
                    pids.add(int(directory.name))
        return pids


@contextlib.contextmanager
def started(*arguments: str, **changes: str | None) -> Iterator[Program]:
    """Start the program; it and its children are killed at the end of the context."""
    mark = f"mark-{uuid.uuid4()}"
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as err,
        subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
            env=environment(TEST_MARK=mark, **changes),
        ) as process,
    ):
        program = Program(process, mark, err)
        try:
            yield program
        finally:
            for pid in program.process_ids() if sys.platform == "linux" else ():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.kill()
