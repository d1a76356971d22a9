"""A VFS for SQLite that records every write and flush, to simulate what a power cut leaves.

Writes without a flush may survive a power cut, or not, or in parts of 512 bytes, in any order. A
file may be missing if its creation was not flushed, and be back if its deletion was not flushed.
"""

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import apsw

SECTOR = 512


@dataclass(frozen=True, slots=True)
class Step:
    """One operation on a file."""

    kind: Literal["create", "write", "truncate", "sync", "delete"]
    path: str
    offset: int = 0
    """The offset of a write, the new size of a truncation, or 1 for a flushed deletion."""
    data: bytes = b""


@dataclass(slots=True)
class _File:
    content: bytearray = field(default_factory=bytearray)
    durable: bool = False
    pending: list[Step] = field(default_factory=list)


class Disk(apsw.VFS):
    """Registered under `name` for as long as it is referenced. It also does every operation.

    Args:
        name: for `Database(…, vfs=name)`.
        room: how many more bytes can be written before the disk is full, or None for any number.
    """

    def __init__(self, name: str, room: int | None = None) -> None:
        self.name = name
        self.room = room
        self.steps: list[Step] = []
        self.written = 0
        """Bytes written so far."""
        super().__init__(name, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> "DiskFile":  # noqa: N802
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        if path is not None and not Path(path).exists():
            self.steps.append(Step("create", path))
        return DiskFile(self, name, flags, path or "")

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(filename, syncdir)
        self.steps.append(Step("delete", filename, int(syncdir)))

    def take(self, size: int) -> None:
        """Use up room, or fail as a full disk does."""
        if self.room is not None:
            if size > self.room:
                raise apsw.FullError("the disk is full")
            self.room -= size
        self.written += size


class DiskFile(apsw.VFSFile):
    """A file on a `Disk`."""

    def __init__(
        self, disk: Disk, name: str | apsw.URIFilename | None, flags: list[int], path: str
    ) -> None:
        super().__init__("", name, flags)
        self._disk = disk
        self._path = path

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._disk.take(len(data))
        super().xWrite(data, offset)
        self._disk.steps.append(Step("write", self._path, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        super().xTruncate(newsize)
        self._disk.steps.append(Step("truncate", self._path, newsize))

    def xSync(self, flags: int) -> None:  # noqa: N802
        super().xSync(flags)
        self._disk.steps.append(Step("sync", self._path))


def cut(steps: list[Step], chance: random.Random, folder: Path) -> None:
    """Write into an empty directory what a power cut after these steps leaves of the files."""
    files: dict[str, _File] = {}
    deleted: dict[str, _File] = {}
    for step in steps:
        file = files.setdefault(step.path, _File())
        match step.kind:
            case "sync":
                for pending in file.pending:
                    _apply(file.content, pending)
                file.pending.clear()
                if not file.durable:  # SQLite flushes the directory with a new journal
                    file.durable = True
                    deleted.clear()
            case "delete":
                deleted[step.path] = files.pop(step.path)
                if step.offset:
                    deleted.clear()
            case "write" | "truncate":
                file.pending.append(step)
            case _:
                pass
    for path, file in deleted.items():
        if chance.random() < 0.5:
            files.setdefault(path, file)
    for path, file in files.items():
        if not file.durable and chance.random() < 0.5:
            continue
        # A random share of the writes survives: few, many, or anything between.
        survival_rate = chance.random()
        survivors = [step for step in file.pending if chance.random() < survival_rate]
        if chance.random() < 0.5:
            chance.shuffle(survivors)
        for step in survivors:
            _apply(file.content, step, chance if chance.random() < 0.3 else None)
        (folder / Path(path).name).write_bytes(file.content)


def _apply(content: bytearray, step: Step, tearing: random.Random | None = None) -> None:
    if step.kind == "truncate":
        del content[step.offset :]
        return
    end = step.offset + len(step.data)
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    if tearing is None:
        content[step.offset : end] = step.data
        return
    for start in range(0, len(step.data), SECTOR):
        if tearing.random() < 0.5:
            piece = step.data[start : start + SECTOR]
            content[step.offset + start : step.offset + start + len(piece)] = piece
