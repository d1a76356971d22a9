"""Starts a measured program, and sends it orders."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

ROOT = Path(__file__).parents[2]
PATIENCE_S = 15.0
LONGEST_S = 300.0
"""Limit of one measurement. A peer that takes longer hangs."""

Figures = dict[str, float | None]
"""Measured values by name. None marks a value that this measurement does not give."""


class PeerFailed(Exception):
    """A peer ended, or reported an error of a measurement."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A program under `programs/`, and the Python that runs it.

    Args:
        module: the program's name.
        python: its interpreter.
        arguments: the program's command-line arguments.
        environment: variables in addition to this process's own environment.
    """

    module: str
    python: str = sys.executable
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] | None = None


class Running:
    """A started peer, which ends with the context."""

    def __init__(self, peer: Peer, display: Mapping[str, str]) -> None:
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115, closed on exit
        self._name = peer.module
        command = [peer.python, "-m", f"benchmarks.bridge.programs.{peer.module}"]
        self._process = subprocess.Popen(
            [*command, *peer.arguments],
            cwd=ROOT,
            env={**os.environ, **display, **(peer.environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            encoding="utf-8",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        # The peer ends when its input ends.
        with self._errors, self._process:
            try:
                assert self._process.stdin is not None
                self._process.stdin.close()
                self._process.wait(PATIENCE_S)
            except (OSError, subprocess.TimeoutExpired):
                self._process.kill()

    def ask(self, order: Mapping[str, object]) -> Figures:
        """Send an order to the peer. Returns the figures.

        Raises:
            PeerFailed: the peer ended, or the page did not get everything as it was sent.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        watch = threading.Timer(LONGEST_S, self._process.kill)
        watch.start()
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        finally:
            watch.cancel()
        if not answer:
            self._errors.seek(0)
            output = self._errors.read().decode("utf-8", "replace")[-2000:]
            raise PeerFailed(f"{self._name} ended. It said:\n{output}")
        reply = json.loads(answer)
        if "error" in reply:
            raise PeerFailed(f"{self._name}: {reply['error']}")
        figures: Figures = reply["figures"]
        return figures
