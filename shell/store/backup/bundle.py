"""Writes and reads bundles: zip files with the conversations, the settings and a manifest.

Keys are not included. They stay in the keychain. Headers of providers that may hold a key are
included without their values.
"""

import contextlib
import hashlib
import json
import logging
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from shell.errors import Reason, StorageUnavailable
from shell.providers.custom import without_secret_values
from shell.providers.key_variables import FILE as PROVIDERS
from shell.store.backup.backups import EXTRAS, copy
from shell.store.backup.restore import copy_rows
from shell.store.backup.working_folder import working_folder
from shell.store.errors import DatabaseDamaged
from shell.store.integrity import problem_of
from shell.support.files import file_errors, put_in_place, sha256
from shell.support.ids import epoch_ms
from shell.support.zip_files import BROKEN_ZIP, open_member

FORMAT = "tidewire-backup"
VERSION = 1
CONVERSATIONS, MANIFEST = "conversations.db", "manifest.json"
PACKED = "packed.db"
"""The database of the backup, until its rows are copied."""
MAX_EXTRA_BYTES = 8 * 1024 * 1024
COPIES = 3
"""How many copies of the conversations a restore needs on the disk, beside the present ones."""

_BLOCK = 1 << 20
_log = logging.getLogger(__name__)
_SQLITE = b"SQLite format 3\0"
"""The first bytes of every database."""


@dataclass(frozen=True, slots=True)
class UnpackedBundle:
    """The checked content of a bundle."""

    conversations: Path
    extras: Mapping[str, bytes]
    """The files of `EXTRAS` that the bundle has, by name."""


def write(target: Path, conversations: Path) -> None:
    """Write the conversations, settings and providers to one file, and replace an older file.

    Raises:
        DatabaseDamaged: the conversations are damaged. No backup was made.
        ShellError, OSError, apsw.Error: the file cannot be written.
    """
    with working_folder(target.parent, conversations.parent) as folder:
        copy(conversations, folder / CONVERSATIONS)
        found = problem_of(folder / CONVERSATIONS)
        if found is not None:
            text = f"{conversations} is damaged ({found}). Start Tidewire to repair it."
            raise DatabaseDamaged(text)
        members = [CONVERSATIONS]
        for extra in EXTRAS:
            if (source := conversations.with_name(extra)).exists():
                content = source.read_bytes()
                if extra == PROVIDERS:
                    try:
                        content = without_secret_values(content)
                    except ValidationError:  # its secrets cannot be found
                        _log.warning("%s is not valid, so the backup has no providers", source)
                        continue
                (folder / extra).write_bytes(content)
                members.append(extra)
        manifest = {
            "format": FORMAT,
            "version": VERSION,
            "createdAt": epoch_ms(),
            "files": {member: sha256(folder / member) for member in members},
        }
        draft = folder / "bundle.zip"
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as zipped:
            zipped.writestr(MANIFEST, json.dumps(manifest, indent=1))
            for member in members:
                zipped.write(folder / member, member)
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.chmod(0o600)
        with file_errors(f"{target} cannot be written"):
            put_in_place(draft, target)


def unpack(source: Path, folder: Path) -> UnpackedBundle:
    """Unpack a bundle, or a backup of the conversations alone, into an empty directory.

    The conversations become a new database with the rows of the backup and nothing else.

    Raises:
        DatabaseDamaged: the file is incomplete, or not a backup. Nothing else was changed.
        StorageUnavailable: the disk has too little room.
    """
    packed = folder / PACKED
    extras: dict[str, bytes] = {}
    if _is_bundle(source):
        with _zip_errors(source):
            extras = _unzip(source, packed)
    else:
        _check_room(folder, source.stat().st_size)
        shutil.copyfile(source, packed)
    conversations = folder / CONVERSATIONS
    copy_rows(packed, conversations, name=str(source))
    packed.unlink()
    return UnpackedBundle(conversations, extras)


def read_extras(source: Path) -> dict[str, bytes]:
    """Read the files beside the conversations from a bundle.

    Raises:
        DatabaseDamaged: the file is incomplete, or not a backup.
        OSError: the file cannot be read.
    """
    if not _is_bundle(source):
        return {}
    with _zip_errors(source), zipfile.ZipFile(source) as zipped:
        return _extras(zipped, _files(zipped))


def _is_bundle(source: Path) -> bool:
    """Tell a bundle from a database, which may end with a text or a file that looks like a zip."""
    with source.open("rb") as file:
        is_database = file.read(len(_SQLITE)) == _SQLITE
    return not is_database and zipfile.is_zipfile(source)


@contextlib.contextmanager
def _zip_errors(source: Path) -> Iterator[None]:
    """Convert the errors of a zip file that is incomplete, or not a backup."""
    try:
        yield
    except (*BROKEN_ZIP, KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        reason = str(error)[:200] or type(error).__name__
        raise DatabaseDamaged(f"{source} is not a complete Tidewire backup: {reason}") from None


def _unzip(source: Path, target: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(source) as zipped:
        files = _files(zipped)
        size = zipped.getinfo(CONVERSATIONS).file_size
        _check_room(target.parent, size)
        with open_member(zipped, CONVERSATIONS) as packed, target.open("wb") as file:
            shutil.copyfileobj(packed, file, _BLOCK)
        if sha256(target) != files[CONVERSATIONS]:
            raise ValueError(f"{CONVERSATIONS} is not what was packed")
        return _extras(zipped, files)


def _files(zipped: zipfile.ZipFile) -> dict[str, str]:
    """Read the checksum of each file of the backup from the manifest, by name."""
    manifest = json.loads(_small(zipped, MANIFEST))
    if manifest["format"] != FORMAT or manifest["version"] > VERSION:
        raise ValueError("it was written by another program or a newer Tidewire")
    files: dict[str, str] = manifest["files"]
    return files


def _extras(zipped: zipfile.ZipFile, files: Mapping[str, str]) -> dict[str, bytes]:
    found = {name: _small(zipped, name) for name in EXTRAS if name in files}
    for name, content in found.items():
        if hashlib.sha256(content).hexdigest() != files[name]:
            raise ValueError(f"{name} is not what was packed")
    return found


def _small(zipped: zipfile.ZipFile, name: str) -> bytes:
    with open_member(zipped, name) as packed:
        content = packed.read(MAX_EXTRA_BYTES + 1)
    if len(content) > MAX_EXTRA_BYTES:
        raise ValueError(f"{name} is too large")
    return content


def _check_room(folder: Path, size: int) -> None:
    """Refuse a backup that would fill the disk."""
    if size * COPIES > shutil.disk_usage(folder).free:
        raise StorageUnavailable(
            f"The disk that holds {folder.parent} has too little space to restore this. "
            "Free some space and try again.",
            reason=Reason.DISK_FULL,
        )
