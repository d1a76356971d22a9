"""Stores what a person decided about tools: which are on, and which verdicts hold for good.

The file is one of those that only the owner can read. One that is not valid is left as it is: it
may say that a tool is never allowed. Until a person mends or deletes it, every call is asked about
and no choice is kept.
"""

import contextlib
import difflib
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shell.contract import Flag, GrantSummary, Pattern, Verdict
from shell.errors import Reason, StorageFailed
from shell.support.file_lock import file_lock
from shell.support.files import reason, replace_file
from shell.support.ids import epoch_ms
from shell.tools.base import Arguments, Tool
from shell.tools.permissions import allows, fits

FILE = "tools.json"
MAX_GRANTS = 1_000
MAX_SUMMARY = 20_000
"""Characters of a definition that are kept with a grant."""
UNREADABLE = (
    "tools.json, which has your verdicts about tools, cannot be read ({}), so every call is asked "
    "about. Mend the file in the data directory, or delete it to begin anew."
)
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
    summary: str = ""
    """The definition as a person can compare it with a later one, as far as it is kept."""

    def holds_for(self, tool: Tool, *, trusts_edits: bool = False) -> bool:
        """Whether it is for this tool. A refusal outlives a change of the tool; a permission does
        where the person trusts the files that they edit.
        """
        same = (self.tool, self.source) == (tool.name, tool.source)
        outlives = self.verdict == "deny" or (trusts_edits and tool.kind == "python")
        return same and (outlives or self.definition == tool.definition)

    def difference(self, known: list[Tool]) -> str | None:
        """What has changed of the tool since, as lines that begin with - or +.

        None if it is gone, or if nothing of it changed that a person is told.
        """
        now = next((t for t in known if (t.name, t.source) == (self.tool, self.source)), None)
        if now is None or not self.summary:
            return None
        before, after = self.summary.splitlines(), now.summary[:MAX_SUMMARY].splitlines()
        lines = difflib.unified_diff(before, after, lineterm="", n=1)
        return "\n".join(line for line in lines if line[:2] not in ("--", "++", "@@")) or None

    def fits(self, arguments: Arguments) -> bool:
        """Whether it is for these arguments."""
        found = fits if self.verdict == "deny" else allows
        return found(self.pattern, arguments)


class ServerChoice(BaseModel):
    """What a person has decided about a server of MCP."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = False
    consent: str = ""
    """The identity of the command or address that may be started or contacted."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Literal[1] = 1
    enabled: dict[str, bool] = Field(default_factory=dict)
    """By the source and the name of a tool, `SOURCE/NAME`. What is not here is as it came."""
    folders: list[str] = Field(default_factory=list)
    """Which folders `read_file` may read; absolute, without links."""
    servers: dict[str, ServerChoice] = Field(default_factory=dict)
    flags: dict[str, list[Flag]] = Field(default_factory=dict)
    """Flags that a person has set for a tool, besides those that it has; keys as in `enabled`."""
    grants: Annotated[list[Grant], Field(max_length=MAX_GRANTS)] = Field(default_factory=list)


class ToolChoices:
    """Reads the file again whenever another process has changed it.

    Args:
        folder: the data directory; nothing is written there before the first choice.
    """

    def __init__(self, folder: Path) -> None:
        self.trusts_edits = False
        """Whether grants hold for a person's own file after a change. Never stored: it ends with
        the program.
        """
        self._path = folder / FILE
        self._seen: tuple[int, int] | None = None
        self._file = _File()
        self._problem: str | None = None

    @property
    def problem(self) -> str | None:
        """Why the file cannot be read; None if it can, or if nothing was chosen yet."""
        self._now()
        return self._problem

    def is_enabled(self, tool: Tool) -> bool:
        """Whether models may be told of the tool. Those that ship with the program begin off."""
        return self._now().enabled.get(_key(tool), tool.kind != "builtin")

    def enable(self, tool: Tool, enabled: bool) -> None:
        """Switch a tool on or off.

        Raises:
            StorageFailed: it cannot be kept.
        """
        with self._writing() as file:
            file.enabled[_key(tool)] = enabled

    def server(self, name: str) -> ServerChoice:
        """What was decided about a server; nothing is allowed by default."""
        return self._now().servers.get(name, ServerChoice())

    def set_server(
        self, name: str, *, enabled: bool | None = None, consent: str | None = None
    ) -> None:
        """Switch a server on or off, or keep to what a person has agreed.

        Raises:
            StorageFailed: it cannot be kept.
        """
        given = {"enabled": enabled, "consent": consent}
        update = {key: value for key, value in given.items() if value is not None}
        with self._writing() as file:
            known = file.servers.get(name, ServerChoice())
            file.servers[name] = known.model_copy(update=update)

    def forget_server(self, name: str) -> None:
        """Forget what was decided about a server and its tools. Grants are suspended without it.

        Raises:
            StorageFailed: it cannot be forgotten.
        """
        ours = f"{name}/"
        with self._writing() as file:
            file.servers.pop(name, None)
            file.enabled = {k: v for k, v in file.enabled.items() if not k.startswith(ours)}
            file.flags = {k: v for k, v in file.flags.items() if not k.startswith(ours)}

    def raised(self, tool: Tool) -> list[Flag]:
        """The flags that a person has set for a tool besides its own."""
        return self._now().flags.get(_key(tool), [])

    def flagged(self, tool: Tool) -> Tool:
        """The tool with the flags that a person has set besides its own."""
        raised = self.raised(tool)
        return replace(
            tool,
            reads=tool.reads or "reads" in raised,
            brings=tool.brings or "brings" in raised,
            sends=tool.sends or "sends" in raised,
        )

    def set_flags(self, tool: Tool, flags: list[Flag]) -> None:
        """Set flags of a tool besides those that it has.

        Raises:
            StorageFailed: it cannot be kept.
        """
        with self._writing() as file:
            file.flags[_key(tool)] = flags

    def folders(self) -> list[str]:
        """The folders that `read_file` may read."""
        return self._now().folders

    def choose_folder(self, folder: Path) -> str:
        """Let a folder be read; returns it as it is kept.

        Raises:
            StorageFailed: it cannot be kept.
        """
        kept = str(folder.resolve())
        with self._writing() as file:
            file.folders = [*filter(kept.__ne__, file.folders), kept]
        return kept

    def drop_folder(self, folder: Path) -> str | None:
        """Let a folder be read no more; returns it as it was kept, or None if it was not.

        Raises:
            StorageFailed: it cannot be kept.
        """
        names = (str(folder.absolute()), str(folder.resolve()))
        kept = next((each for each in self.folders() if each in names), None)
        if kept is not None:
            with self._writing() as file:
                file.folders = [*filter(kept.__ne__, file.folders)]
        return kept

    def verdicts(self, tool: Tool, arguments: Arguments) -> list[Verdict]:
        """The verdicts for a call, of grants that are not suspended."""
        found = [
            grant
            for grant in self._now().grants
            if self._holds(grant, tool) and grant.fits(arguments)
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
            summary=tool.summary[:MAX_SUMMARY],
        )
        with self._writing() as file:
            file.grants.append(made)
            if len(file.grants) > MAX_GRANTS:  # the oldest goes, but not what is never allowed
                allowed = (grant for grant in file.grants if grant.verdict == "allow")
                file.grants.remove(next(allowed, file.grants[0]))

    def grants(self, known: list[Tool]) -> list[GrantSummary]:
        """All kept verdicts, the newest first.

        Args:
            known: the tools as they are now; a grant for what is not there is suspended.

        Raises:
            StorageFailed: they cannot be read.
        """

        def summary(grant: Grant) -> GrantSummary:
            facts = {name: kept for name, kept in grant if name not in ("definition", "summary")}
            suspended = not any(self._holds(grant, tool) for tool in known)
            difference = grant.difference(known) if suspended else None
            return GrantSummary(**facts, scope="always", suspended=suspended, difference=difference)

        return [summary(grant) for grant in reversed(self._readable().grants)]

    def revoke(self, grant_id: str) -> bool:
        """Forget a kept verdict. False: there is none with this id.

        Raises:
            StorageFailed: it cannot be forgotten.
        """
        known = any(grant.id == grant_id for grant in self._readable().grants)
        if known:
            with self._writing() as file:
                file.grants = [grant for grant in file.grants if grant.id != grant_id]
        return known

    # --- inside -----------------------------------------------------------------------------

    def _holds(self, grant: Grant, tool: Tool) -> bool:
        return grant.holds_for(tool, trusts_edits=self.trusts_edits)

    def _now(self) -> _File:
        try:
            stat = self._path.stat()
            seen = (stat.st_mtime_ns, stat.st_size)
            if seen != self._seen:
                self._file = _File.model_validate_json(self._path.read_bytes())
                self._seen = seen
                self._problem = None
        except FileNotFoundError:
            self._file, self._seen, self._problem = _File(), None, None
        except (OSError, ValidationError) as error:
            why = reason(error) if isinstance(error, OSError) else "it is not valid"
            self._file, self._seen, self._problem = _File(), None, UNREADABLE.format(why)
        return self._file

    def _readable(self) -> _File:
        """The file as it is now.

        Raises:
            StorageFailed: it cannot be read.
        """
        file = self._now()
        if self._problem is not None:
            raise StorageFailed(self._problem, reason=Reason.VERDICTS_UNREADABLE)
        return file

    @contextlib.contextmanager
    def _writing(self) -> Iterator[_File]:
        """A copy of the file, which is written at the end."""
        try:
            with file_lock(self._path):
                file = self._readable().model_copy(deep=True)
                yield file
                replace_file(self._path, file.model_dump_json(indent=2).encode())
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
        # A note; the verdict does not depend on it.
        with contextlib.suppress(StorageFailed), self._writing() as file:
            file.grants = [
                grant.model_copy(update={"used_at": now}) if grant.id in stale else grant
                for grant in file.grants
            ]


def _key(tool: Tool) -> str:
    return f"{tool.source}/{tool.name}"
