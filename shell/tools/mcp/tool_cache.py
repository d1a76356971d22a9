"""Keeps the lists of tools, so that they can be offered before their servers run."""

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from shell.support.files import replace_file

if TYPE_CHECKING:
    from mcp_types import Tool as ListedTool

FILE = "mcp-tools.json"


class ToolCache:
    """A file that may be lost: then the servers are asked again.

    Args:
        folder: the data directory.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lists: dict[str, dict[str, object]] | None = None

    def find(self, server: str, identity: str) -> "list[ListedTool] | None":
        """The tools that a server had last; None if it was another server, or never asked."""
        kept = self._all().get(server)
        if not isinstance(kept, dict) or kept.get("identity") != identity:
            return None
        from mcp_types import Tool as ListedTool

        listed = kept.get("tools")
        try:
            return TypeAdapter(list[ListedTool]).validate_python(listed)
        except ValueError:
            return None

    def keep(self, server: str, identity: str, tools: "Sequence[ListedTool]") -> None:
        """Keep the tools of a server, unless the disk is full."""
        listed = [each.model_dump(mode="json", by_alias=True, exclude_none=True) for each in tools]
        entry: dict[str, object] = {"identity": identity, "tools": listed}
        if self._all().get(server) != entry:
            self._write({**self._all(), server: entry})

    def forget(self, server: str) -> None:
        """Forget the tools of a server that was removed."""
        if server in self._all():
            self._write({name: kept for name, kept in self._all().items() if name != server})

    def _all(self) -> dict[str, dict[str, object]]:
        if self._lists is None:
            self._lists = {}
            with contextlib.suppress(OSError, ValueError):
                found = json.loads(self._path.read_bytes())
                self._lists = found if isinstance(found, dict) else {}
        return self._lists

    def _write(self, lists: dict[str, dict[str, object]]) -> None:
        self._lists = lists
        with contextlib.suppress(OSError):
            replace_file(self._path, json.dumps(lists).encode())
