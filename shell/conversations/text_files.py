"""Turns a text file of a message into fenced text, which every model can read.

Models differ in the files that they take, servers even more; words they all take. So a text file
goes as its name and its words, whatever the model; only what is not text stays a file.
"""

import base64
import binascii
import re

from shell.contract import FilePart, TextPart

_RUNS = re.compile("`{3,}")


def fenced(part: FilePart) -> TextPart | None:
    """The name and the text of a file, fenced; None for a file that is not text."""
    if not part.media_type.startswith("text/"):
        return None
    try:
        words = base64.b64decode(part.data).decode("utf-8", "replace")
    except binascii.Error:
        words = ""
    # Not validated: a file may be longer than what is typed into one message.
    return TextPart.model_construct(text=f"{part.name}\n{fence(words)}")


def fence(words: str) -> str:
    """A text between two lines of backticks."""
    # Longer than any run inside, so that the text cannot end its own fence.
    longest = max((len(run) for run in _RUNS.findall(words)), default=2)
    line = "`" * (longest + 1)
    return f"{line}\n{words.rstrip()}\n{line}\n"
