"""Turns a text file of a message into fenced text, which every model can read.

Models and servers differ in the files that they accept, but all accept text. So a text file is sent
as its name and its text, whatever the model. Other files are sent as files.
"""

import base64
import binascii

from shell.contract import FilePart, TextPart
from shell.store.messages import markdown_text


def fenced(part: FilePart) -> TextPart | None:
    """The name of a text file and its text in a code fence; None for any other file."""
    if not part.media_type.startswith("text/"):
        return None
    try:
        text = base64.b64decode(part.data).decode("utf-8", "replace")
    except binascii.Error:
        text = ""
    # Not validated: a file may be longer than a message may be.
    return TextPart.model_construct(text=f"{part.name}\n{fence(text)}")


def fence(text: str) -> str:
    """Put a text into a code fence, two lines of backticks that the text cannot close."""
    return f"{markdown_text.fenced(text.rstrip())}\n"
