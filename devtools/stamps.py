"""Stamps record the sources of a build step, so that it runs again only after a change."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path


class Stamp:
    """A file that records the state of source files when a step used them.

    A check compares sizes and times first, and contents only if those differ. As a context, the
    stamp is removed on entry and written on exit, unless the work inside failed.
    """

    def __init__(self, file: Path, sources: Iterable[Path]) -> None:
        self._file = file
        self._sources = sorted(sources)
        self._recorded: dict[str, object] = {}

    def is_fresh(self) -> bool:
        """Whether the sources are unchanged since the stamp was written."""
        try:
            known = json.loads(self._file.read_text("utf-8"))
            if known["look"] == self._stats():
                return True
            if known["content"] != self._content():
                return False
            self._write({"look": self._stats(), "content": known["content"]})
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return True

    def __enter__(self) -> None:
        # Recorded before the work, so that the next check finds a file changed during the work.
        self._recorded = {"look": self._stats(), "content": self._content()}
        self._file.unlink(missing_ok=True)

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self._write(self._recorded)

    def _write(self, known: dict[str, object]) -> None:
        temporary = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        temporary.write_text(json.dumps(known), "utf-8")
        temporary.replace(self._file)

    def _stats(self) -> list[list[object]]:
        stats = [(path, path.stat() if path.exists() else None) for path in self._sources]
        return [[str(path), *((s.st_size, s.st_mtime_ns) if s else ())] for path, s in stats]

    def _content(self) -> str:
        parts = [f"{path}\0{sha256(path) if path.exists() else ''}" for path in self._sources]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def sha256(path: Path) -> str:
    """Return the file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tree(folder: Path) -> list[Path]:
    """List every file under a folder, except hidden ones."""
    found: list[Path] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(parent, name) for name in names if not name.startswith(".")]
    return found
