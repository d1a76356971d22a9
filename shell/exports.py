"""Exports: what leaves the store as a file, and the backups that come back."""

import asyncio
import itertools
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from pathlib import Path

from shell.backup_contents import chooser, contents
from shell.contract import (
    BackupContents,
    BackupInfo,
    ExportReply,
    ExportRequest,
    RestoreRequest,
    StoreState,
)
from shell.errors import Reason, SessionBusy, ShellError, ValidationFailed
from shell.settings_file import SettingsFile
from shell.store import archive, bundle, pages, portable, tree
from shell.store.database import Connection
from shell.store.portable import Portable
from shell.store.store import Store
from shell.store.trouble import sentences

MAX_REPLY_CHARACTERS = 20_000_000
"""A larger export is written to a file instead of being told to a page."""
FORMATS: dict[str, tuple[str, Callable[[Iterable[Portable]], Iterator[str]]]] = {
    "json": ("application/json", archive.write),
    "md": ("text/markdown", pages.markdown),
    "html": ("text/html", pages.html),
}
ENDINGS = {"json": "tidewire.json"}
"""By format, where it is another one. Desktops know our files of conversations by this ending."""


class Exports:
    """Loop thread only.

    Args:
        store: opened.
        settings: read again after a restore, which may have changed them.
        idle: whether no answer is being given and nothing comes in; a restore waits for nobody.
        reload_providers: called after a restore, which may have added some.
    """

    def __init__(
        self,
        store: Store,
        settings: SettingsFile,
        idle: Callable[[], bool],
        reload_providers: Callable[[], Awaitable[None]],
    ) -> None:
        self._store = store
        self._settings = settings
        self._idle = idle
        self._reload_providers = reload_providers
        self._data = store.path.parent
        self._folder = self._data / "exports"

    async def export(self, request: ExportRequest) -> ExportReply:
        """Conversations as one text.

        Raises:
            NotFound: one of them is not there.
            ValidationFailed: it is too much for one reply.
        """
        conversations = await self._take_out(request.conversation_ids)
        media_type, write = FORMATS[request.format]
        pieces: list[str] = []
        length = 0
        for piece in write(conversations):
            pieces.append(piece)
            length += len(piece)
            if length > MAX_REPLY_CHARACTERS:
                text = "This is too much for the page: export it to a file"
                raise ValidationFailed([("conversationIds", text)])
            await asyncio.sleep(0)
        name = _name(conversations, request.format)
        return ExportReply(name=name, media_type=media_type, text="".join(pieces))

    async def export_file(self, request: ExportRequest) -> str:
        """The same, as a file in `exports`; returns its path.

        Raises:
            NotFound: one of them is not there.
            ShellError: it cannot be written.
        """
        conversations = await self._take_out(request.conversation_ids)
        path = self._folder / _name(conversations, request.format)
        await asyncio.to_thread(write_file, path, request.format, conversations)
        return str(path)

    async def save(self, name: str, data: bytes) -> str:
        """Bytes of an attachment, as a new file in `exports`; returns its path.

        Raises:
            ShellError: it cannot be written.
        """
        return str(await asyncio.to_thread(_save, self._folder, name, data))

    async def backup(self) -> BackupInfo:
        """A whole backup, in `backups`."""
        folder = self._store.backups.folder
        target = folder / f"tidewire-{time.strftime('%Y%m%d-%H%M%S')}.zip"
        await asyncio.to_thread(folder.mkdir, 0o700, parents=True, exist_ok=True)
        await asyncio.wrap_future(self._store.bundle(target))
        made = [backup for backup in await self.backups() if backup.name == target.name]
        return made[0]

    async def backups(self) -> list[BackupInfo]:
        """Every backup in `backups`, the newest first."""
        return await asyncio.to_thread(self._store.backups.listed)

    async def backup_contents(self, name: str) -> BackupContents:
        """What a backup holds that a restore leaves out unless a person agrees to it.

        Raises:
            NotFound: there is none of this name.
            ShellError: it is not whole, or not a backup.
        """
        return await asyncio.to_thread(self._contents, name)

    def _contents(self, name: str) -> BackupContents:
        source = self._store.backups.path(name)
        with sentences(source):
            return contents(bundle.read_extras(source), self._data)

    async def restore(self, request: RestoreRequest) -> StoreState:
        """Put the conversations of a backup in the place of those that are here.

        Raises:
            NotFound: there is none of this name.
            SessionBusy: an answer is being given, or something is being imported or restored.
            ShellError: it cannot be restored; everything is as it was.
        """
        source = await asyncio.to_thread(self._store.backups.path, request.name)
        if self._store.restoring or not self._idle():
            text = "Wait until every answer and every import is complete, then restore"
            raise SessionBusy(text, reason=Reason.NOT_IDLE)
        choose = chooser(self._data, request.providers, request.settings)
        await asyncio.wrap_future(self._store.restore(source, choose))
        self._settings.reload()
        await self._reload_providers()
        self._store.changed()
        return await self._store.state(-1)

    async def _take_out(self, conversation_ids: Sequence[str] | None) -> list[Portable]:
        """One at a time, so that nobody else who reads has to wait for all of them."""
        if conversation_ids is None:
            numbers = await self._store.read("", portable.numbers)
            return [await self._one("", number) for number in numbers]
        return [await self._by_id(conversation_id) for conversation_id in conversation_ids]

    async def _one(self, kept_id: str, number: int) -> Portable:
        return await self._store.read(kept_id, lambda c: portable.take_out(c, number))

    async def _by_id(self, conversation_id: str) -> Portable:
        def take(connection: Connection) -> Portable:
            number = tree.conversation(connection, conversation_id)
            return portable.take_out(connection, number)

        return await self._store.read(conversation_id, take)


def write_file(path: Path, format_name: str, conversations: Iterable[Portable]) -> None:
    """Write an export to a file; blocks.

    Raises:
        ShellError: it cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="\n") as file:
            for piece in FORMATS[format_name][1](conversations):
                file.write(piece)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ShellError(f"{path} cannot be written: {reason}") from error


def _save(folder: Path, name: str, data: bytes) -> Path:
    """Write to a file that was not there before; blocks."""
    plain = Path(re.sub(r"[^\w.() -]+", "_", name).strip(". ") or "attachment")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = ""
        for count in itertools.count(2):
            path = folder / f"{plain.stem[:100]}{number}{plain.suffix[:20]}"
            if not path.exists():
                break
            number = f" ({count})"
        path.write_bytes(data)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ShellError(f"{plain} cannot be written: {reason}") from error
    return path


def _name(conversations: Sequence[Portable], format_name: str) -> str:
    """A file name that every system takes."""
    title = conversations[0].title if len(conversations) == 1 else "conversations"
    plain = re.sub(r"[^\w -]+", "", title).strip()[:60] or "conversation"
    ending = ENDINGS.get(format_name, format_name)
    return f"{plain} {time.strftime('%Y-%m-%d %H%M%S')}.{ending}"
