"""Edits of files that a running program watches."""

import tempfile
from pathlib import Path

from tests.command import ROOT


def save(path: Path, text: str) -> None:
    """Replace a file's text atomically, so that no reader sees the file empty.

    Vite cannot hot-replace an empty component, and ignores a change that follows another within
    50 ms, so that it would never show the text of a slow writer. The file must be in the file
    system of this tree, because only there it can be replaced atomically.
    """
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=ROOT / ".bench", delete=False
    ) as file:
        file.write(text)
    Path(file.name).replace(path)
