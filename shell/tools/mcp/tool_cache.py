"""Caches the lists of tools, so that they can be offered before their servers run."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from shell.support.files import replace_file
from shell.tools.base import Tool

FILE = "mcp-tools.json"
_Lists = dict[str, tuple[str, list[Tool]]]
"""By the name of a server: its identity and its tools."""
_LISTS: TypeAdapter[_Lists] = TypeAdapter(_Lists)


class ToolCache:
    """A cache file. If it is lost, the servers list their tools again."""

    def __init__(self, data: Path) -> None:
        self._path = data / FILE
        self._lists: _Lists | None = None

    def find(self, server: str, identity: str) -> list[Tool] | None:
        """The tools that a server had last. None if its identity has changed or it has no entry."""
        entry = self._all().get(server)
        return entry[1] if entry is not None and entry[0] == identity else None

    def store(self, server: str, identity: str, tools: Sequence[Tool]) -> None:
        """Store the tools of a server. A failed write is ignored."""
        entry = (identity, list(tools))
        if self._all().get(server) != entry:
            self._write({**self._all(), server: entry})

    def forget(self, server: str) -> None:
        """Delete the tools of a server that was removed."""
        if server in self._all():
            self._write({name: entry for name, entry in self._all().items() if name != server})

    def _all(self) -> _Lists:
        if self._lists is None:
            self._lists = {}
            with contextlib.suppress(OSError, ValidationError):
                self._lists = _LISTS.validate_json(self._path.read_bytes())
        return self._lists

    def _write(self, lists: _Lists) -> None:
        self._lists = lists
        with contextlib.suppress(OSError):
            replace_file(self._path, _LISTS.dump_json(lists))
