"""Keeps the lists of tools, so that they can be offered before their servers run."""

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
    """A file that may be lost: then the servers are asked again."""

    def __init__(self, data: Path) -> None:
        self._path = data / FILE
        self._lists: _Lists | None = None

    def find(self, server: str, identity: str) -> list[Tool] | None:
        """The tools that a server had last; None if it was another server, or never asked."""
        kept = self._all().get(server)
        return kept[1] if kept is not None and kept[0] == identity else None

    def keep(self, server: str, identity: str, tools: Sequence[Tool]) -> None:
        """Keep the tools of a server, unless the disk is full."""
        entry = (identity, list(tools))
        if self._all().get(server) != entry:
            self._write({**self._all(), server: entry})

    def forget(self, server: str) -> None:
        """Forget the tools of a server that was removed."""
        if server in self._all():
            self._write({name: kept for name, kept in self._all().items() if name != server})

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
