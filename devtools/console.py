"""Messages of `dev.py` to the person at the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Failure(Exception):
    """A step failed; the message is a sentence for the person at the terminal."""

    status = 1


class WrongUsage(Failure):
    """The command line is wrong."""

    status = 2


def print_note(text: str) -> None:
    """Print a line for the person to standard error: standard output belongs to the program."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Print what a step does, and how long it took."""
    print_note(f"{title} ...")
    began = time.monotonic()
    yield
    print_note(f"{title}: done in {time.monotonic() - began:.0f} s")


def refuse_arguments(arguments: list[str]) -> None:
    """Raise WrongUsage if arguments are left that the command does not take."""
    if arguments:
        raise WrongUsage(f"This command takes no argument {arguments[0]!r}: see dev.py --help.")
