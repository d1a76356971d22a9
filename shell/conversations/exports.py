"""Writes conversations and attachments to files, and makes and restores backups."""

import asyncio
import contextlib
import itertools
import os
import secrets
import shutil
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path

from shell.contract import (
    BackupContents,
    BackupInfo,
    ExportReply,
    ExportRequest,
    RestoreRequest,
    StoreState,
)
from shell.conversations.backup_contents import chooser, contents
from shell.errors import Reason, SessionBusy, ShellError, ValidationFailed
from shell.settings import SettingsFile
from shell.store.backup import bundle
from shell.store.errors import storage_errors
from shell.store.exchange import archive, portable, render
from shell.store.exchange.portable import PortableConversation
from shell.store.messages import tree
from shell.store.store import Store
from shell.support.files import reason
from shell.support.text import cut, file_name

MAX_REPLY_CHARACTERS = 20_000_000
"""Longest export that is sent to the page. A longer one needs a file."""
MAX_TITLE_BYTES = 120
"""Longest title in a file name: 120 letters in English, 40 characters in Chinese."""
MAX_SUFFIX_BYTES = 20
FORMATS: dict[str, tuple[str, Callable[[Iterable[PortableConversation]], Iterator[str]]]] = {
    "json": ("application/json", archive.write),
    "md": ("text/markdown", render.markdown),
    "html": ("text/html", render.html),
}
ENDINGS = {"json": "tidewire.json"}
"""The endings that differ from the format. Desktops recognize our files by theirs."""


class Exports:
    """Exports conversations and attachments, and makes and restores backups.

    Args:
        store: opened.
        settings: reloaded after a restore, which may have changed them.
        is_idle: whether no answer and no import is running; otherwise a restore is refused.
        on_restored: awaited once the conversations were replaced, also if a later step has failed.
            Providers may have been added.
    """

    def __init__(
        self,
        store: Store,
        settings: SettingsFile,
        is_idle: Callable[[], bool],
        on_restored: Callable[[], Awaitable[None]],
    ) -> None:
        self._store = store
        self._settings = settings
        self._is_idle = is_idle
        self._on_restored = on_restored
        self._data = store.path.parent
        self._folder = self._data / "exports"

    async def backup(self) -> BackupInfo:
        """Write a full backup to `backups`."""
        folder = self._store.backups.folder
        target = folder / f"tidewire-{time.strftime('%Y%m%d-%H%M%S')}.zip"
        await asyncio.to_thread(folder.mkdir, 0o700, parents=True, exist_ok=True)
        await asyncio.wrap_future(self._store.bundle(target))
        backups = await asyncio.to_thread(self._store.backups.list_all)
        return next(backup for backup in backups if backup.name == target.name)

    async def restore(self, request: RestoreRequest) -> StoreState:
        """Replace all conversations by those of a backup.

        Raises:
            NotFound: there is no backup with this name.
            SessionBusy: an answer, an import or another restore is running.
            ShellError: the backup cannot be restored. Nothing has changed, unless the settings or
                providers could not be written; then the conversations are those of the backup.
        """
        source = await asyncio.to_thread(self._store.backups.path, request.name)
        if self._store.restoring or not self._is_idle():
            text = "Wait for all answers and imports to finish, then restore"
            raise SessionBusy(text, reason=Reason.NOT_IDLE)
        choose = chooser(self._data, request.providers, request.settings)
        replaced = threading.Event()
        try:
            await asyncio.wrap_future(self._store.restore(source, choose, replaced.set))
        finally:
            if replaced.is_set():
                self._settings.reload()
                await self._on_restored()
                self._store.notify_change()
        return self._store.state()

    def export(self, request: ExportRequest) -> ExportReply:
        """Conversations as one text.

        Raises:
            NotFound: one of them does not exist.
            ValidationFailed: the text is too long for one reply.
        """
        title, conversations = self._open_all(request)
        media_type, write = FORMATS[request.format]
        pieces: list[str] = []
        length = 0
        for piece in write(conversations):
            pieces.append(piece)
            length += len(piece)
            if length > MAX_REPLY_CHARACTERS:
                text = "This is too large for the page. Export it to a file"
                raise ValidationFailed([("conversationIds", text)])
        return ExportReply(
            name=_name(title, request.format), media_type=media_type, text="".join(pieces)
        )

    def export_file(self, request: ExportRequest) -> str:
        """Write conversations to a new file in `exports`; returns its path.

        Raises:
            ShellError: one of them does not exist, or the file cannot be written.
        """
        title, conversations = self._open_all(request)
        return self._write_new(
            lambda number: _name(title, request.format, number),
            _encoded(request.format, conversations),
        )

    def save(self, name: str, data: bytes) -> str:
        """Write data, such as an attachment, to a new file in `exports`; returns its path.

        Raises:
            ShellError: it cannot be written.
        """
        stem, suffix = _split(name)
        stem = file_name(stem, allowed=".()", replacement="_") or "attachment"
        return self._write_new(
            lambda number: file_name(stem, f"{number}{suffix}", allowed=".()"), [data]
        )

    def _write_new(self, name: Callable[[str], str], pieces: Iterable[bytes]) -> str:
        """Write a new file in `exports`; returns its path.

        Args:
            name: makes the name of the file, with a number if there is a file of this name.
            pieces: the content of the file.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for count in itertools.count(1):
                path = self._folder / name("" if count == 1 else f" ({count})")
                with contextlib.suppress(FileExistsError):
                    _write(path, pieces)
                    break
        except OSError as error:
            raise ShellError(f"{name('')} cannot be written: {reason(error)}") from error
        return str(path)

    def backup_contents(self, name: str) -> BackupContents:
        """The parts of a backup that a restore takes over only when the user agrees.

        Raises:
            NotFound: there is no backup with this name.
            ShellError: the file is incomplete or not a backup.
        """
        source = self._store.backups.path(name)
        with storage_errors(source):
            return contents(bundle.read_extras(source), self._data)

    def _open_all(self, request: ExportRequest) -> tuple[str, Iterator[PortableConversation]]:
        """The title of the file, and the conversations.

        They are read one by one while they are written, so other readers get their turn in
        between, and only one conversation is in memory.
        """
        ids = request.conversation_ids
        if ids is None:
            numbers = [("", number) for number in self._store.read_blocking("", portable.numbers)]
        else:
            numbers = [(conversation_id, self._number(conversation_id)) for conversation_id in ids]
        title = "conversations"
        if len(numbers) == 1:
            title = self._read(*numbers[0]).title
        return title, itertools.starmap(self._read, numbers)

    def _number(self, conversation_id: str) -> int:
        return self._store.read_blocking(
            conversation_id, lambda c: tree.conversation(c, conversation_id)
        )

    def _read(self, conversation_id: str, number: int) -> PortableConversation:
        return self._store.read_blocking(
            conversation_id, lambda c: portable.read_conversation(c, number)
        )


def write_file(path: Path, format_name: str, conversations: Iterable[PortableConversation]) -> None:
    """Write an export to a file; blocks. An older file stays until the export is complete.

    Raises:
        ShellError: it cannot be written.
    """
    pieces = _encoded(format_name, conversations)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target = Path(os.path.realpath(path))  # a link stays one
        if path.exists() and not (path.is_file() and os.access(target.parent, os.W_OK)):
            # A pipe, a device such as /dev/stdout, or a file in a folder that takes no draft.
            with path.open("wb") as file:
                file.writelines(pieces)
            return
        draft = target.with_name(f".tidewire-{secrets.token_hex(4)}")
        try:
            with draft.open("xb") as file:
                if target.exists():
                    target.open("r+b").close()  # refuses a file that may only be read
                    shutil.copymode(target, draft)
                file.writelines(pieces)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise ShellError(f"{path} cannot be written: {reason(error)}") from error


def _encoded(format_name: str, conversations: Iterable[PortableConversation]) -> Iterator[bytes]:
    return (piece.encode() for piece in FORMATS[format_name][1](conversations))


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a new file; leaves none after an error."""
    try:
        with path.open("xb") as file:
            file.writelines(pieces)
    except FileExistsError:
        raise
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _split(name: str) -> tuple[str, str]:
    """Split a name and its suffix of a few letters or digits."""
    stem, _, suffix = name.rpartition(".")
    has_suffix = stem.strip() and suffix.isalnum() and len(suffix.encode()) <= MAX_SUFFIX_BYTES
    return (stem, f".{suffix}") if has_suffix else (name, "")


def _name(title: str, format_name: str, number: str = "") -> str:
    ending = ENDINGS.get(format_name, format_name)
    suffix = f" {time.strftime('%Y-%m-%d %H%M%S')}{number}.{ending}"
    plain = cut(file_name(title), MAX_TITLE_BYTES).strip(". ")
    return file_name(plain or "conversation", suffix)
