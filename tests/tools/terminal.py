"""Runs the program on a pseudo-terminal."""

import contextlib
import os
import select
import subprocess
import time
from collections.abc import Iterator
from typing import Self

from tests.command import COMMAND, LONGEST_S, environment


class Terminal:
    """A process of the program whose streams are one terminal.

    Args:
        arguments: those of the command.
        out: the file descriptor of its standard output, instead of the terminal.
        changes: changes of the environment.
    """

    def __init__(self, *arguments: str, out: int | None = None, **changes: str | None) -> None:
        self._primary, secondary = os.openpty()

        def take_streams() -> None:
            os.login_tty(secondary)
            if out is not None:
                os.dup2(out, 1)

        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            env=environment(**changes),
            preexec_fn=take_streams,
            pass_fds=[secondary] if out is None else [secondary, out],
        )
        os.close(secondary)
        self.output = ""

    def until(self, words: str) -> str:
        """Wait until the terminal shows these words. Returns all output so far."""
        for piece in self._pieces():
            self.output += piece
            if words in self.output:
                return self.output
        raise AssertionError(f"{words!r} is not in {self.output!r}")

    def enter(self, text: str) -> None:
        os.write(self._primary, text.encode())

    def wait_for_exit(self) -> int:
        """Read to the end of the output. Returns the exit status."""
        for piece in self._pieces():
            self.output += piece
        return self.process.wait(LONGEST_S)

    def _pieces(self) -> Iterator[str]:
        end = time.monotonic() + LONGEST_S
        while time.monotonic() < end:
            if not select.select([self._primary], [], [], 1)[0]:
                continue
            try:
                piece = os.read(self._primary, 65_536)
            except OSError:  # the other side is closed
                return
            yield piece.decode("utf-8", "replace").replace("\r\n", "\n")
        raise AssertionError(f"it hangs: {self.output!r}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        os.close(self._primary)
