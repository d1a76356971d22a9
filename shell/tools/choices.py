"""Stores what a person decided about tools: which are on, and which verdicts hold for good.

The file is one of those that only the owner can read. A file that is not valid is renamed, never
overwritten, and until then nothing is allowed.
"""

import contextlib
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shell.contract import GrantSummary, Pattern, Verdict
from shell.errors import StorageFailed
from shell.support.file_lock import file_lock
from shell.support.files import free_path, reason, replace_file
from shell.support.ids import epoch_ms
from shell.tools.base import Arguments, Tool
from shell.tools.permissions import fits

FILE = "tools.json"
MAX_GRANTS = 1_000
USED_EVERY_MS = 60_000
"""How exactly the last use of a grant is kept."""


class Grant(BaseModel):
    """A verdict that holds for every conversation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    tool: str
    source: str
    definition: str
    """The hash of the tool's definition for which it was given."""
    verdict: Verdict
    pattern: Pattern = Field(default_factory=dict)
    created_at: int
    used_at: int | None = None

    def holds_for(self, tool: Tool) -> bool:
        """Whether it is for this tool. Only a refusal outlives a change of the tool."""
        same = (self.tool, self.source) == (tool.name, tool.source)
        return same and (self.verdict == "deny" or self.definition == tool.definition)

    def fits(self, arguments: Arguments) -> bool:
        """Whether it is for these arguments. Nobody has allowed one that it does not name."""
        is_known = not self.pattern or arguments.keys() <= self.pattern.keys()
        return (self.verdict == "deny" or is_known) and fits(self.pattern, arguments)


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    enabled: dict[str, bool] = Field(default_factory=dict)
    """By the source and the name of a tool, `SOURCE/NAME`. What is not here is as it came."""
    folders: list[str] = Field(default_factory=list)
    """Which folders `read_file` may read; absolute, without links."""
    grants: Annotated[list[Grant], Field(max_length=MAX_GRANTS)] = Field(default_factory=list)


class ToolChoices:
    """Reads the file again whenever another process has changed it.

    Args:
        folder: the data directory; nothing is written there before the first choice.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._seen: tuple[int, int] | None = None
        self._file = _File()

    def is_enabled(self, tool: Tool) -> bool:
        """Whether models may be told of the tool. Those that ship with the program begin off."""
        return self._now().enabled.get(_key(tool), tool.kind != "builtin")

    def enable(self, tool: Tool, enabled: bool) -> None:
        """Switch a tool on or off.

        Raises:
            StorageFailed: it cannot be kept.
        """
        self._change(lambda file: {"enabled": {**file.enabled, _key(tool): enabled}})

    def folders(self) -> list[str]:
        """The folders that `read_file` may read."""
        return self._now().folders

    def choose_folder(self, folder: Path) -> str:
        """Let a folder be read; returns it as it is kept.

        Raises:
            StorageFailed: it cannot be kept.
        """
        kept = str(folder.resolve())
        self._change(lambda file: {"folders": [*filter(kept.__ne__, file.folders), kept]})
        return kept

    def drop_folder(self, folder: Path) -> str | None:
        """Let a folder be read no more; returns it as it was kept, or None if it was not.

        Raises:
            StorageFailed: it cannot be kept.
        """
        names = (str(folder.absolute()), str(folder.resolve()))
        kept = next((each for each in self.folders() if each in names), None)
        if kept is not None:
            self._change(lambda file: {"folders": [*filter(kept.__ne__, file.folders)]})
        return kept

    def verdicts(self, tool: Tool, arguments: Arguments) -> list[Verdict]:
        """The verdicts for a call, of grants that are not suspended."""
        found = [
            grant for grant in self._now().grants if grant.holds_for(tool) and grant.fits(arguments)
        ]
        self._note_use({grant.id for grant in found})
        return [grant.verdict for grant in found]

    def add(self, tool: Tool, verdict: Verdict, pattern: Pattern) -> None:
        """Keep a verdict for a tool as it is defined now.

        Raises:
            StorageFailed: it cannot be kept.
        """
        made = Grant(
            id=secrets.token_hex(4),
            tool=tool.name,
            source=tool.source,
            definition=tool.definition,
            verdict=verdict,
            pattern=pattern,
            created_at=epoch_ms(),
        )

        def added(file: _File) -> dict[str, object]:
            grants = [*file.grants, made]
            if len(grants) > MAX_GRANTS:  # the oldest goes, but not what is never allowed
                grants.remove(next((g for g in grants if g.verdict == "allow"), grants[0]))
            return {"grants": grants}

        self._change(added)

    def grants(self, known: list[Tool]) -> list[GrantSummary]:
        """All kept verdicts, the newest first.

        Args:
            known: the tools as they are now; a grant for what is not there is suspended.
        """
        return [
            GrantSummary(
                id=grant.id,
                tool=grant.tool,
                source=grant.source,
                scope="always",
                pattern=grant.pattern,
                verdict=grant.verdict,
                suspended=not any(grant.holds_for(tool) for tool in known),
                created_at=grant.created_at,
                used_at=grant.used_at,
            )
            for grant in reversed(self._now().grants)
        ]

    def revoke(self, grant_id: str) -> bool:
        """Forget a kept verdict. False: there is none with this id.

        Raises:
            StorageFailed: it cannot be forgotten.
        """
        known = any(grant.id == grant_id for grant in self._now().grants)
        if known:
            self._change(lambda file: {"grants": [g for g in file.grants if g.id != grant_id]})
        return known

    # --- inside -----------------------------------------------------------------------------

    def _now(self) -> _File:
        try:
            stat = self._path.stat()
            seen = (stat.st_mtime_ns, stat.st_size)
            if seen != self._seen:
                self._file = _File.model_validate_json(self._path.read_bytes())
                self._seen = seen
        except FileNotFoundError:
            self._file, self._seen = _File(), None
        except OSError:
            self._file = _File()  # nothing is allowed that cannot be read
        except ValidationError:
            with contextlib.suppress(OSError):
                self._path.rename(free_path(self._path.with_name("tools-invalid.json")))
            self._file, self._seen = _File(), None
        return self._file

    def _change(self, change: Callable[[_File], dict[str, object]]) -> None:
        try:
            with file_lock(self._path):
                file = self._now()
                changed = _File.model_validate({**dict(file), **change(file)})
                replace_file(self._path, changed.model_dump_json(indent=2).encode())
        except OSError as error:
            text = f"{self._path} cannot be written ({reason(error)}); nothing was changed."
            raise StorageFailed(text) from None

    def _note_use(self, used: set[str]) -> None:
        now = epoch_ms()
        stale = {
            grant.id
            for grant in self._file.grants
            if grant.id in used and now - (grant.used_at or 0) > USED_EVERY_MS
        }
        if not stale:
            return

        def note(file: _File) -> dict[str, object]:
            return {
                "grants": [
                    grant.model_copy(update={"used_at": now}) if grant.id in stale else grant
                    for grant in file.grants
                ]
            }

        with contextlib.suppress(StorageFailed):  # a note; the verdict does not depend on it
            self._change(note)


def _key(tool: Tool) -> str:
    return f"{tool.source}/{tool.name}"
