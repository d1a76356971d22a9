"""Edits of files that a running program watches."""

import tempfile
from pathlib import Path

from tests.command import ROOT


def save(path: Path, text: str) -> None:
    """Put a text in the place of a file's at once, so that no reader meets it empty.

    Vite takes an empty component for one that cannot be exchanged, and passes over a change that
    follows another within 50 ms: what a slow writer writes after that is never shown. The file is
    to lie in the folder of this tree, since only there it can be exchanged at once.
    """
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=ROOT / ".bench", delete=False
    ) as file:
        file.write(text)
    Path(file.name).replace(path)
