"""Stamps remember what something was made from, so that it is made again only after a change."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path


class Stamp:
    """Remembers what some files contained when something was made from them.

    Sizes and times are compared first, contents only where those differ. As a context it
    is removed on entry, and written on exit unless the work inside failed.
    """

    def __init__(self, file: Path, sources: Iterable[Path]) -> None:
        self._file = file
        self._sources = sorted(sources)
        self._noted: dict[str, object] = {}

    def fresh(self) -> bool:
        """Whether the sources are what they were when the stamp was written."""
        try:
            known = json.loads(self._file.read_text("utf-8"))
            if known["look"] == self._look():
                return True
            if known["content"] != self._content():
                return False
            self._write({"look": self._look(), "content": known["content"]})
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return True

    def __enter__(self) -> None:
        # Noted before the work, so that a file changed during the work is seen next time.
        self._noted = {"look": self._look(), "content": self._content()}
        self._file.unlink(missing_ok=True)

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self._write(self._noted)

    def _write(self, known: dict[str, object]) -> None:
        temporary = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        temporary.write_text(json.dumps(known), "utf-8")
        temporary.replace(self._file)

    def _look(self) -> list[list[object]]:
        stats = [(path, path.stat() if path.exists() else None) for path in self._sources]
        return [[str(path), *((s.st_size, s.st_mtime_ns) if s else ())] for path, s in stats]

    def _content(self) -> str:
        parts = [f"{path}\0{sha256(path) if path.exists() else ''}" for path in self._sources]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def sha256(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tree(folder: Path) -> list[Path]:
    """Every file under a folder, hidden ones left out."""
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place, name) for name in names if not name.startswith(".")]
    return found
