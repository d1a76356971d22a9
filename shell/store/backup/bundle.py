"""Bundle: a whole backup as one file: a zip of the conversations, of settings, and a list of it.

Keys are not in it: they are in the keychain.
"""

import contextlib
import hashlib
import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from shell.errors import Reason, StorageUnavailable
from shell.store.backup.backups import EXTRAS, copy, sync_folder
from shell.store.backup.restore import copy_rows
from shell.store.backup.working_folder import working_folder
from shell.store.errors import DatabaseDamaged
from shell.store.integrity import problem_of
from shell.support.ids import epoch_ms

FORMAT = "tidewire-backup"
VERSION = 1
CONVERSATIONS, MANIFEST = "conversations.db", "manifest.json"
PACKED = "packed.db"
"""The conversations as they came, until their rows are copied."""
MAX_EXTRA_BYTES = 8 * 1024 * 1024
COPIES = 3
"""How often the conversations are on the disk during a restore, beside what was there."""
BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""What reading a zip raises when it is damaged, encrypted or of an unknown kind."""

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class UnpackedBundle:
    """What was in a bundle, checked."""

    conversations: Path
    extras: Mapping[str, bytes]
    """Of `EXTRAS`, what was there."""


def write(target: Path, conversations: Path) -> None:
    """Write everything, as it is now, to one file. An older file of the name is replaced.

    Raises:
        Damaged: the conversations are damaged; no backup was made of them.
        OSError, apsw.Error: it cannot be written.
    """
    with working_folder(target.parent, conversations.parent) as folder:
        copy(conversations, folder / CONVERSATIONS)
        found = problem_of(folder / CONVERSATIONS)
        if found is not None:
            raise DatabaseDamaged(
                f"{conversations} is damaged ({found}). Start Tidewire: it repairs it."
            )
        members = [CONVERSATIONS]
        for extra in EXTRAS:
            if (source := conversations.with_name(extra)).exists():
                shutil.copyfile(source, folder / extra)
                members.append(extra)
        manifest = {
            "format": FORMAT,
            "version": VERSION,
            "createdAt": epoch_ms(),
            "files": {member: _sha256(folder / member) for member in members},
        }
        draft = folder / "bundle.zip"
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as zipped:
            zipped.writestr(MANIFEST, json.dumps(manifest, indent=1))
            for member in members:
                zipped.write(folder / member, member)
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.chmod(0o600)
        draft.replace(target)
    sync_folder(target.parent)


def unpack(source: Path, folder: Path) -> UnpackedBundle:
    """Take a bundle, or a backup of the conversations alone, apart into an empty directory.

    The conversations come back as a new database that holds the backup's rows and nothing else.

    Raises:
        Damaged: it is not whole, or not a backup. Nothing else was touched.
        StorageUnavailable: the disk has no room for it.
    """
    packed = folder / PACKED
    extras: dict[str, bytes] = {}
    if zipfile.is_zipfile(source):
        with _whole(source):
            extras = _unzip(source, packed)
    else:
        _check_room(folder, source.stat().st_size)
        shutil.copyfile(source, packed)
    conversations = folder / CONVERSATIONS
    copy_rows(packed, conversations, name=str(source))
    packed.unlink()
    return UnpackedBundle(conversations, extras)


def read_extras(source: Path) -> dict[str, bytes]:
    """Read from a bundle what it holds beside the conversations. Those are not looked at.

    Raises:
        Damaged: it is not whole, or not a backup.
        OSError: it cannot be read.
    """
    if not zipfile.is_zipfile(source):
        return {}
    with _whole(source), zipfile.ZipFile(source) as zipped:
        return _extras(zipped, _files(zipped))


@contextlib.contextmanager
def _whole(source: Path) -> Iterator[None]:
    """Say what is wrong with a zip file that is not a backup, or not whole."""
    try:
        yield
    except (*BROKEN_ZIP, KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        reason = str(error)[:200] or type(error).__name__
        raise DatabaseDamaged(f"{source} is not a whole backup of Tidewire: {reason}") from None


def _unzip(source: Path, target: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(source) as zipped:
        files = _files(zipped)
        size = zipped.getinfo(CONVERSATIONS).file_size
        _check_room(target.parent, size)
        with zipped.open(CONVERSATIONS) as packed, target.open("wb") as file:
            shutil.copyfileobj(packed, file, _BLOCK)
        if _sha256(target) != files[CONVERSATIONS]:
            raise ValueError(f"{CONVERSATIONS} is not what was packed")
        return _extras(zipped, files)


def _files(zipped: zipfile.ZipFile) -> dict[str, str]:
    """The checksum of every file that belongs to the backup, by its name."""
    manifest = json.loads(_small(zipped, MANIFEST))
    if manifest["format"] != FORMAT or manifest["version"] > VERSION:
        raise ValueError("another program, or a newer one, wrote it")
    files: dict[str, str] = manifest["files"]
    return files


def _extras(zipped: zipfile.ZipFile, files: Mapping[str, str]) -> dict[str, bytes]:
    found = {name: _small(zipped, name) for name in EXTRAS if name in files}
    for name, content in found.items():
        if hashlib.sha256(content).hexdigest() != files[name]:
            raise ValueError(f"{name} is not what was packed")
    return found


def _small(zipped: zipfile.ZipFile, name: str) -> bytes:
    with zipped.open(name) as packed:
        content = packed.read(MAX_EXTRA_BYTES + 1)
    if len(content) > MAX_EXTRA_BYTES:
        raise ValueError(f"{name} is too large")
    return content


def _check_room(folder: Path, size: int) -> None:
    """Refuse what would fill the disk, before it does."""
    if size * COPIES > shutil.disk_usage(folder).free:
        raise StorageUnavailable(
            f"The disk that holds {folder.parent} has too little room to restore this. "
            "Make room and try again.",
            reason=Reason.DISK_FULL,
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
