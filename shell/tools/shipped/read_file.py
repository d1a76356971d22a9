"""Reads text files in the folders that a person has chosen."""

import itertools
import os
import stat
import sys
from pathlib import Path

from shell.tools import tool

FOLDERS = [Path(folder) for folder in sys.argv[1:]]
MAX_BYTES = 2_000_000
MAX_ENTRIES = 1_000


@tool(reads=True, brings=True, sends=False)
def read_file(path: str) -> str:
    """Read a text file, or list a folder.

    Args:
        path: an absolute path, or one below a folder that may be read; "." lists these folders
    """
    if not FOLDERS:
        raise PermissionError("No folder may be read. A person chooses one: tools folder add DIR")
    if path.strip() in ("", "."):
        return "\n".join(str(folder) for folder in FOLDERS)
    found = next(filter(None, (_real(folder / path) for folder in FOLDERS)), None)
    if found is None:
        raise PermissionError("There is no such file in the folders that may be read.")
    if found.is_dir():
        names = (entry.name + "/" * entry.is_dir() for entry in os.scandir(found))
        return "\n".join(sorted(itertools.islice(names, MAX_ENTRIES))) or "The folder is empty."
    descriptor = os.open(found, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        # Another program may have put a link in the place of the file since the check above.
        if _real(found) != found or not os.path.samestat(status, found.lstat()):
            raise PermissionError("The file has been replaced meanwhile.")
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("Only files and folders can be read.")
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(f"The file is larger than {MAX_BYTES // 1_000_000} MB.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ValueError("The file is no text in UTF-8.")
    return text


def _real(path: Path) -> Path | None:
    """The path without links and `..`; None if it is not there, or not in a chosen folder."""
    real = Path(os.path.realpath(path))
    is_inside = any(real.is_relative_to(folder) for folder in FOLDERS)
    return real if is_inside and real.exists() else None
