"""Prints the output of a command: lines of JSON, or text for a person."""

import json
import os
import re
import sys
from pathlib import Path
from typing import TextIO

from shell.errors import ShellError
from shell.support.text import CONTROLS

_UNESCAPED = re.compile(f"[{''.join(map(chr, CONTROLS))}]")
"""Control characters of terminals that `json.dumps` leaves unescaped."""


def check_target(path: Path) -> None:
    """Check that a file can be written, before the work whose result it gets.

    Raises:
        ShellError: it cannot be written.
    """
    if path.is_dir():
        raise ShellError(f"{path} is a folder. Name a file in it.")
    if path.exists() and not path.is_file():  # the result would replace a pipe or a device
        raise ShellError(f"{path} is not a file. Name another.")
    if not path.parent.is_dir():
        raise ShellError(f"There is no folder {path.parent}. Make it first, or name another.")
    if not os.access(path.parent, os.W_OK):
        raise ShellError(f"The folder {path.parent} cannot be written. Name another.")


def print_line(fields: object, text: str, *, as_json: bool) -> None:
    """Print fields as one line of JSON, or as the given text."""
    if as_json:
        dumped = json.dumps(fields, ensure_ascii=False)
        print(_UNESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", dumped), flush=True)
    else:
        print_text(text)


def print_text(text: str, stream: TextIO | None = None, end: str = "\n") -> None:
    """Print a text. Removes control characters on a terminal, but not in a pipe."""
    stream = stream or sys.stdout
    print(text.translate(CONTROLS) if stream.isatty() else text, end=end, file=stream, flush=True)
