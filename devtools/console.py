"""What `dev.py` tells the person at the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Failure(Exception):
    """What could not be done, in a sentence for the person at the terminal."""

    status = 1


class WrongUsage(Failure):
    """A command line that makes no sense."""

    status = 2


def say(text: str) -> None:
    """Print a line for the person; standard output belongs to the program."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    say(f"{title} ...")
    began = time.monotonic()
    yield
    say(f"{title}: done in {time.monotonic() - began:.0f} s")


def no_more(arguments: list[str]) -> None:
    """Refuse arguments that a command has no use for."""
    if arguments:
        raise WrongUsage(f"This command takes no argument {arguments[0]!r}: see dev.py --help.")
