"""Prints what a command says: lines of JSON, or text for a person."""

import json
import sys
from typing import TextIO

from shell.support.text import CONTROLS


def print_line(fields: object, text: str, *, as_json: bool) -> None:
    """Print fields as one line of JSON, or the text that stands for them."""
    if as_json:
        print(json.dumps(fields), flush=True)
    else:
        print_text(text)


def print_text(text: str, stream: TextIO | None = None, end: str = "\n") -> None:
    """Print a text. What others wrote must not control a terminal; a pipe gets it unchanged."""
    stream = stream or sys.stdout
    print(text.translate(CONTROLS) if stream.isatty() else text, end=end, file=stream, flush=True)
