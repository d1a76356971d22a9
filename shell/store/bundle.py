"""Bundle: a whole backup as one file: a zip of the conversations, of settings, and a list of it.

Keys are not in it: they are in the keychain.
"""

import hashlib
import json
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shell.ids import epoch_ms
from shell.store.backups import EXTRAS, copy, sync_folder
from shell.store.check import problem_of
from shell.store.trouble import Damaged

FORMAT = "tidewire-backup"
VERSION = 1
CONVERSATIONS, MANIFEST = "conversations.db", "manifest.json"
BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""What reading a zip raises when it is damaged, encrypted or of an unknown kind."""

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Unpacked:
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
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as name:
        folder = Path(name)
        copy(conversations, folder / CONVERSATIONS)
        found = problem_of(folder / CONVERSATIONS)
        if found is not None:
            raise Damaged(f"{conversations} is damaged ({found}). Start Tidewire: it repairs it.")
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


def unpack(source: Path, folder: Path) -> Unpacked:
    """Take a bundle, or a backup of the conversations alone, apart into an empty directory.

    Raises:
        Damaged: it is not whole, or not a backup. Nothing else was touched.
    """
    conversations = folder / CONVERSATIONS
    extras: dict[str, bytes] = {}
    if zipfile.is_zipfile(source):
        try:
            extras = _unzip(source, folder)
        except (*BROKEN_ZIP, KeyError, ValueError, TypeError) as error:
            reason = str(error)[:200] or type(error).__name__
            raise Damaged(f"{source} is not a whole backup of Tidewire: {reason}") from None
    else:
        shutil.copyfile(source, conversations)
    found = problem_of(conversations)
    if found is not None:
        raise Damaged(f"{source} is not a backup that can be restored: {found}")
    return Unpacked(conversations, extras)


def _unzip(source: Path, folder: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(source) as zipped:
        manifest = json.loads(zipped.read(MANIFEST))
        if manifest["format"] != FORMAT or manifest["version"] > VERSION:
            raise ValueError("another program, or a newer one, wrote it")
        files: dict[str, str] = manifest["files"]
        for member in (CONVERSATIONS, *EXTRAS):
            if member in files:
                with zipped.open(member) as packed, (folder / member).open("wb") as file:
                    shutil.copyfileobj(packed, file, _BLOCK)
                if _sha256(folder / member) != files[member]:
                    raise ValueError(f"{member} is not what was packed")
        return {name: (folder / name).read_bytes() for name in EXTRAS if name in files}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
