"""Prints the output of a command: lines of JSON, or text for a person."""

import json
import sys
from typing import TextIO

from shell.support.text import CONTROLS


def print_line(fields: object, text: str, *, as_json: bool) -> None:
    """Print fields as one line of JSON, or as the given text."""
    if as_json:
        print(json.dumps(fields), flush=True)
    else:
        print_text(text)


def print_text(text: str, stream: TextIO | None = None, end: str = "\n") -> None:
    """Print a text. Removes control characters on a terminal, but not in a pipe."""
    stream = stream or sys.stdout
    print(text.translate(CONTROLS) if stream.isatty() else text, end=end, file=stream, flush=True)
