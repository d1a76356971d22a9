"""Stores a person's choices about tools: which are on, and the permanent verdicts.

Only the owner can read the file. A file that is not valid is left as it is, because it may say that
a tool is never allowed. Until a person repairs or deletes it, every call needs approval and no
choice is stored.
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
from shell.errors import Reason, StorageFailed, StorageUnavailable
from shell.support.file_lock import file_lock
from shell.support.files import file_errors, reason, replace_file
from shell.support.ids import epoch_ms
from shell.tools.base import Arguments, Tool
from shell.tools.permissions import allows, fits

FILE = "tools.json"
MAX_GRANTS = 1_000
MAX_SUMMARY = 20_000
"""Most characters of a tool's definition that a grant stores."""
UNREADABLE = (
    "tools.json, which stores your decisions about tools, cannot be read ({}), so every call needs "
    "your approval. Repair the file in the data directory, or delete it to decide again."
)
USE_INTERVAL_MS = 60_000
"""The stored time of a grant's last use is updated at most this often."""


class Grant(BaseModel):
    """A verdict that holds for every conversation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    tool: str
    source: str
    definition: str
    """The hash of the tool's definition that the person saw."""
    verdict: Verdict
    pattern: Pattern = Field(default_factory=dict)
    created_at: int
    used_at: int | None = None
    summary: str = ""
    """The beginning of the definition as text, which a person can compare with a later one."""

    def holds_for(self, tool: Tool, *, trusts_edits: bool = False) -> bool:
        """Whether the grant is for this tool. A refusal stays valid when the tool changes. A
        permission does so only for the person's own files, while they trust their edits.
        """
        is_same_tool = (self.tool, self.source) == (tool.name, tool.source)
        outlives = self.verdict == "deny" or (trusts_edits and tool.kind == "python")
        return is_same_tool and (outlives or self.definition == tool.definition)

    def difference(self, known: list[Tool]) -> str | None:
        """The changes of the tool since, as the lines of a diff. They begin with -, with +, or
        with a space for one line of context around each change.

        None if the tool does not exist any more, or if its summary has not changed.
        """
        current = next((t for t in known if (t.name, t.source) == (self.tool, self.source)), None)
        if current is None or not self.summary:
            return None
        before, after = self.summary.splitlines(), current.summary[:MAX_SUMMARY].splitlines()
        lines = difflib.unified_diff(before, after, lineterm="", n=1)
        return "\n".join(line for line in lines if line[:2] not in ("--", "++", "@@")) or None

    def fits(self, arguments: Arguments) -> bool:
        """Whether the grant is for these arguments."""
        matches = fits if self.verdict == "deny" else allows
        return matches(self.pattern, arguments)


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
    """By a tool's source and name, `SOURCE/NAME`. Others have the default of their kind."""
    folders: list[str] = Field(default_factory=list)
    """The folders that `read_file` may read, as absolute paths without links."""
    servers: dict[str, ServerChoice] = Field(default_factory=dict)
    flags: dict[str, list[Flag]] = Field(default_factory=dict)
    """Flags that a person has set in addition to a tool's own. The keys are those of `enabled`."""
    grants: Annotated[list[Grant], Field(max_length=MAX_GRANTS)] = Field(default_factory=list)


class ToolChoices:
    """Reads the file again whenever another process has changed it.

    Every method that changes something raises StorageFailed if it cannot be stored, and
    StorageUnavailable if another process holds the lock of the file.

    Args:
        folder: the data directory. The first choice creates the file.
    """

    def __init__(self, folder: Path) -> None:
        self.trusts_edits = False
        """Whether grants stay valid when a person's own file changes. Never stored: it ends with
        the program.
        """
        self._path = folder / FILE
        self._file_version: tuple[int, int] | None = None
        self._file = _File()
        self._problem: str | None = None

    @property
    def problem(self) -> str | None:
        """Why the file cannot be read. None if it can, or if there is no file yet."""
        self._load()
        return self._problem

    def is_enabled(self, tool: Tool) -> bool:
        """Whether a run may offer the tool. Tools that ship with the program begin off."""
        return self._load().enabled.get(_key(tool), tool.kind != "builtin")

    def enable(self, tool: Tool, enabled: bool) -> None:
        """Switch a tool on or off."""
        with self._editing() as file:
            file.enabled[_key(tool)] = enabled

    def server(self, name: str) -> ServerChoice:
        """The choices about a server. By default nothing is allowed."""
        return self._load().servers.get(name, ServerChoice())

    def set_server(
        self, name: str, *, enabled: bool | None = None, consent: str | None = None
    ) -> None:
        """Switch a server on or off, or store a person's consent to it."""
        choices = {"enabled": enabled, "consent": consent}
        update = {key: value for key, value in choices.items() if value is not None}
        with self._editing() as file:
            known = file.servers.get(name, ServerChoice())
            file.servers[name] = known.model_copy(update=update)

    def forget_server(self, name: str) -> None:
        """Delete the choices about a server and its tools. Its grants are suspended then."""
        prefix = f"{name}/"
        with self._editing() as file:
            file.servers.pop(name, None)
            file.enabled = {k: v for k, v in file.enabled.items() if not k.startswith(prefix)}
            file.flags = {k: v for k, v in file.flags.items() if not k.startswith(prefix)}

    def added_flags(self, tool: Tool) -> list[Flag]:
        """The flags that a person has set in addition to a tool's own."""
        return self._load().flags.get(_key(tool), [])

    def with_added_flags(self, tool: Tool) -> Tool:
        """The tool with the flags that a person has set in addition to its own."""
        added_flags = self.added_flags(tool)
        return replace(
            tool,
            reads=tool.reads or "reads" in added_flags,
            brings=tool.brings or "brings" in added_flags,
            sends=tool.sends or "sends" in added_flags,
        )

    def set_flags(self, tool: Tool, flags: list[Flag]) -> None:
        """Set flags of a tool in addition to its own."""
        with self._editing() as file:
            file.flags[_key(tool)] = flags

    def folders(self) -> list[str]:
        """The folders that `read_file` may read."""
        return self._load().folders

    def choose_folder(self, folder: Path) -> str:
        """Allow `read_file` to read a folder. Returns the path as it is stored."""
        path = str(folder.resolve())
        with self._editing() as file:
            file.folders = [*filter(path.__ne__, file.folders), path]
        return path

    def drop_folder(self, folder: Path) -> str | None:
        """Stop `read_file` from reading a folder. Returns the stored path; None if it had none."""
        names = (str(folder.absolute()), str(folder.resolve()))
        path = next((each for each in self.folders() if each in names), None)
        if path is not None:
            with self._editing() as file:
                file.folders = [*filter(path.__ne__, file.folders)]
        return path

    def verdicts(self, tool: Tool, arguments: Arguments) -> list[Verdict]:
        """Find the verdicts for a call, of grants that are not suspended."""
        found = [
            grant
            for grant in self._load().grants
            if self._holds(grant, tool) and grant.fits(arguments)
        ]
        self._note_use({grant.id for grant in found})
        return [grant.verdict for grant in found]

    def add(self, tool: Tool, verdict: Verdict, pattern: Pattern, *, wait: bool = True) -> None:
        """Store a verdict for a tool with its present definition. `wait` says whether to wait
        while another process holds the lock.
        """
        grant = Grant(
            id=secrets.token_hex(4),
            tool=tool.name,
            source=tool.source,
            definition=tool.definition,
            verdict=verdict,
            pattern=pattern,
            created_at=epoch_ms(),
            summary=tool.summary[:MAX_SUMMARY],
        )
        with self._editing(wait=wait) as file:
            file.grants.append(grant)
            if len(file.grants) > MAX_GRANTS:  # remove the oldest permission, not a refusal
                allowed = (grant for grant in file.grants if grant.verdict == "allow")
                file.grants.remove(next(allowed, file.grants[0]))

    def grants(self, known: list[Tool]) -> list[GrantSummary]:
        """List all stored verdicts, the newest first.

        Args:
            known: all present tools. A grant for any other is suspended.

        Raises:
            StorageFailed: they cannot be read.
        """

        def summary(grant: Grant) -> GrantSummary:
            facts = {name: value for name, value in grant if name not in ("definition", "summary")}
            suspended = not any(self._holds(grant, tool) for tool in known)
            difference = grant.difference(known) if suspended else None
            return GrantSummary(**facts, scope="always", suspended=suspended, difference=difference)

        return [summary(grant) for grant in reversed(self._readable().grants)]

    def revoke(self, grant_id: str) -> bool:
        """Delete a stored verdict. Returns False if there is none with this id."""
        known = any(grant.id == grant_id for grant in self._readable().grants)
        if known:
            with self._editing() as file:
                file.grants = [grant for grant in file.grants if grant.id != grant_id]
        return known

    # --- inside -----------------------------------------------------------------------------

    def _holds(self, grant: Grant, tool: Tool) -> bool:
        return grant.holds_for(tool, trusts_edits=self.trusts_edits)

    def _load(self) -> _File:
        try:
            stat = self._path.stat()
            version = (stat.st_mtime_ns, stat.st_size)
            if version != self._file_version:
                self._file = _File.model_validate_json(self._path.read_bytes())
                self._file_version = version
                self._problem = None
        except FileNotFoundError:
            self._file, self._file_version, self._problem = _File(), None, None
        except (OSError, ValidationError) as error:
            why = reason(error) if isinstance(error, OSError) else "it is not valid"
            self._file, self._file_version, self._problem = _File(), None, UNREADABLE.format(why)
        return self._file

    def _readable(self) -> _File:
        """Read the file.

        Raises:
            StorageFailed: it cannot be read.
        """
        file = self._load()
        if self._problem is not None:
            raise StorageFailed(self._problem, reason=Reason.VERDICTS_UNREADABLE)
        return file

    @contextlib.contextmanager
    def _editing(self, *, wait: bool = True) -> Iterator[_File]:
        """Lock the file, give a copy of its content, and write this copy at the end."""
        with (
            file_errors(f"Nothing was changed: {self._path} cannot be written"),
            file_lock(self._path, wait=wait),
        ):
            file = self._readable().model_copy(deep=True)
            yield file
            replace_file(self._path, file.model_dump_json(indent=2).encode())

    def _note_use(self, grant_ids: set[str]) -> None:
        now = epoch_ms()
        stale = {
            grant.id
            for grant in self._file.grants
            if grant.id in grant_ids and now - (grant.used_at or 0) > USE_INTERVAL_MS
        }
        if not stale:
            return
        # The verdict does not depend on the time of its last use. So failures are ignored, and the
        # loop does not wait for another process.
        failures = (StorageFailed, StorageUnavailable)
        with contextlib.suppress(*failures), self._editing(wait=False) as file:
            file.grants = [
                grant.model_copy(update={"used_at": now}) if grant.id in stale else grant
                for grant in file.grants
            ]


def _key(tool: Tool) -> str:
    return f"{tool.source}/{tool.name}"
