"""The program as a process: how it is started, stopped and looked at from outside."""

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
"""How an installed program is started, when it is to be tested in the place of this tree."""
COMMAND = INSTALLED or [sys.executable, "-P", "-m", "shell"]
LONGEST_S = 120.0
"""A process that takes longer than this hangs."""


def environment(**changes: str | None) -> dict[str, str]:
    """Our own environment without what would change the program, and with `changes`."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("TIDEWIRE_")}
    own["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), own.get("PYTHONPATH")]))
    for name, value in changes.items():
        own.pop(name, None)
        if value is not None:
            own[name] = value
    return own


@dataclass(frozen=True)
class Result:
    """What a finished process left behind."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, object]]:
        """Its output, a JSON object a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    def is_one_sentence(self, *words: str) -> bool:
        """Whether stderr is one line that names these things, and no traceback."""
        line = self.err.strip()
        return "\n" not in line and "Traceback" not in line and all(word in line for word in words)


def run(*arguments: str, text: str | None = None, **changes: str | None) -> Result:
    """Run the program to its end, with `text` on its stdin."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        input=(text or "").encode(),
        capture_output=True,
        env=environment(**changes),
        timeout=LONGEST_S,
        check=False,
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


class Program:
    """A running process of the program. `mark` is in its environment and in its children's."""

    def __init__(self, process: "subprocess.Popen[str]", mark: str, err: IO[str]) -> None:
        self.process = process
        self.mark = mark
        self._err = err

    def line(self) -> dict[str, object]:
        """Its next line of output, as JSON."""
        assert self.process.stdout is not None
        text = self.process.stdout.readline()
        assert text, self.complaints()
        found: dict[str, object] = json.loads(text)
        return found

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def complaints(self) -> str:
        """What it has written to stderr so far."""
        self._err.seek(0)
        return self._err.read()

    def rest(self) -> Result:
        """What it still writes, up to its end."""
        assert self.process.stdout is not None
        patience = threading.Timer(LONGEST_S, self.process.kill)
        patience.start()
        out = self.process.stdout.read()
        status = self.process.wait()
        patience.cancel()
        return Result(status, out, self.complaints())

    def stop(self, number: int = signal.SIGTERM) -> tuple[Result, float]:
        """Ask it to end; returns what it left and how many seconds it took."""
        began = time.monotonic()
        self.send(number)
        result = self.rest()
        return result, time.monotonic() - began

    def family(self) -> set[int]:
        """The process ids of it and all its descendants, adopted or not. (Linux)"""
        found: set[int] = set()
        for directory in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if self.mark.encode() in (directory / "environ").read_bytes():
                    found.add(int(directory.name))
        return found


@contextlib.contextmanager
def started(*arguments: str, **changes: str | None) -> Iterator[Program]:
    """The program, running; killed with its children at the end of the context."""
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
            for pid in program.family() if sys.platform == "linux" else ():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.kill()
