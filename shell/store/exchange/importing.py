"""Imports a file of conversations piece by piece, and commits as it goes.

Reads exports of ChatGPT (`conversations.json`, or the zip file with its pictures) and our own
archives. At most one conversation is in memory at a time.
"""

import base64
import re
import zipfile
import zlib
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import IO, Literal

import ijson  # type: ignore[import-untyped]

from shell.contract import ImagePart, Remark, RemarkCode
from shell.errors import Reason, ValidationFailed
from shell.store.backup.bundle import BROKEN_ZIP
from shell.store.database import Database
from shell.store.exchange import archive, chatgpt
from shell.store.exchange.portable import ConversationWriter, PortableConversation

MESSAGES_OF_ONE_COMMIT = 100
"""Few enough that the commits of a streaming answer are not delayed."""
MAX_WARNINGS = 100
MAX_PICTURE_BYTES = 20 * 1024 * 1024
MAX_PICTURES_BYTES = 200 * 1024 * 1024
"""Of one conversation: a small file may name one picture a million times."""
MAX_CONVERSATION_BYTES = 512 * 1024 * 1024
MAX_CONVERSATION_MARKS = 10_000_000
"""Brackets, braces and commas in one conversation: each may stand for a value of 50 bytes."""
MAX_DEPTH = 100
"""Of objects and lists in each other. The parser keeps a path for each level, so a file of three
million brackets would take all memory; an export has about ten levels."""
_STRING = re.compile(
    rb'"(?:[^"\\]++|\\.)*+"'
    rb'|(")(?:[^"\\]++|\\.)*+(\\?)\Z',
    re.DOTALL,
)
"""Matches a string, or the beginning of one that goes on in the next piece. Without the second
half, each quote that is escaped in it would be tried as the beginning of another."""
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_READ_BYTES = 64 * 1024
_SURROGATES = re.compile(
    rb"(?<!\\)((?:\\\\)*+)"
    rb"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""Matches a pair of escaped surrogates, or one alone, behind complete escapes of a backslash."""
_RAW_SURROGATES = re.compile(rb"(?:\xed[\xa0-\xbf][\x80-\xbf])+")
"""Matches surrogates that were encoded like characters, which is not valid UTF-8."""
_UNFINISHED = re.compile(
    rb"(?:\xed(?:[\xa0-\xbf]|[\xa0-\xaf][\x80-\xbf](?:\xed[\xb0-\xbf]?)?)?"
    rb"|\\(?:u(?:[dD](?:[0-9a-fA-F]{0,2}"
    rb"|[89abAB][0-9a-fA-F]{2}(?:\\(?:u[0-9a-fA-F]{0,3})?)?))?)?)\Z"
)
"""Matches what may go on as a pair of surrogates in the next piece."""
_PAIR_BYTES = 12
_OURS = re.compile(rb'"format"\s*:\s*"' + archive.FORMAT.encode() + rb'"')
"""Matches our own archives. In the text of another file the quotation marks would be escaped."""
_PICTURES: dict[str, Literal["image/png", "image/jpeg", "image/gif", "image/webp"]] = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}


class ImportCancelled(Exception):
    """The import was stopped. What was imported before stays."""


@dataclass(slots=True)
class ImportedPart:
    """The progress of an import."""

    read_bytes: int = 0
    total_bytes: int = 0
    conversations: int = 0
    """New conversations."""
    messages: int = 0
    """New messages, in new conversations or in old ones."""
    skipped: int = 0
    """Conversations that were complete already, or could not be read."""
    remarks: list[Remark] = field(default_factory=list)

    def warn(self, remark: Remark) -> None:
        """Add a remark about what was left out. After MAX_WARNINGS, add only that there is more."""
        if len(self.remarks) < MAX_WARNINGS:
            self.remarks.append(remark)
        elif len(self.remarks) == MAX_WARNINGS:
            self.remarks.append(Remark(code=RemarkCode.MORE_LEFT_OUT, text="… and more", facts={}))


ImportProgress = Callable[[ImportedPart], None]
"""Called after every piece; raises ImportCancelled to stop."""


class _Counted:
    def __init__(self, file: IO[bytes], arrived: ImportedPart, progress: ImportProgress) -> None:
        self._file = file
        self._arrived = arrived
        self._progress = progress
        self._since = 0
        self._marks = 0
        self._depth = 0
        self._open = b""
        """The quote of a string that goes on in the next piece, and a backslash at its end."""
        self._held = b""
        """The beginning of an escape that goes on in the next piece."""

    def begin(self) -> None:
        """Count from here on towards the limits of one conversation."""
        self._since = self._marks = 0

    def read(self, size: int) -> bytes:
        """Read the next bytes, with lone surrogates replaced. The parser fails at them.

        May give up to 12 bytes more than `size`.
        """
        while True:
            piece = self._read(size)
            text = self._held + piece
            whole = self._whole(text) if piece else len(text)
            self._held = text[whole:]
            if whole or not piece:
                return _without_halves(text[:whole])

    def _whole(self, text: bytes) -> int:
        """Return how much of a piece can be given before the next is read."""
        found = _UNFINISHED.search(text, max(0, len(text) - _PAIR_BYTES))
        if found is None:
            return len(text)
        before = text[: found.start()]
        # A backslash that another one escapes stays with it.
        return found.start() - (len(before) - len(before.rstrip(b"\\"))) % 2

    def _read(self, size: int) -> bytes:
        piece = self._file.read(size)
        self._arrived.read_bytes += len(piece)
        self._progress(self._arrived)
        marks = self._outside_strings(piece)
        self._since += len(piece)
        self._marks += marks.count(b",") + marks.count(b"[") + marks.count(b"{")
        if self._since > MAX_CONVERSATION_BYTES or self._marks > MAX_CONVERSATION_MARKS:
            raise self._too("large")
        for bracket in marks.translate(None, _NO_BRACKETS):
            self._depth += 1 if bracket in b"[{" else -1
            if self._depth > MAX_DEPTH:
                raise self._too("deeply nested")
        return piece

    def _outside_strings(self, piece: bytes) -> bytes:
        outside, quote, backslash = _STRING.sub(rb"\1\2", self._open + piece).partition(b'"')
        self._open = quote + backslash
        return outside

    def _too(self, what: str) -> ValidationFailed:
        return _refused(
            f"A conversation in this file is too {what} to be imported; "
            f"{self._arrived.conversations} conversations were imported before that",
            Reason.IMPORT_BROKEN,
        )


def import_file(
    database: Database, file: IO[bytes], size: int, progress: ImportProgress = lambda _: None
) -> ImportedPart:
    """Import a file. Blocks until the end.

    Raises:
        ValidationFailed: the file cannot be imported, or is broken in the middle.
        ShellError: the database cannot be written. What was imported before stays in both cases.
        ImportCancelled: `progress` raised it.
    """
    arrived = ImportedPart(total_bytes=size)
    try:
        _import(database, file, arrived, progress)
    except (ijson.JSONError, UnicodeDecodeError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        kept = f"{arrived.conversations} conversations were imported before that"
        words = error.args[0] if error.args else ""  # the parser's are bytes
        text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(error)
        reason = text.splitlines()[0][:200] if text else type(error).__name__
        raise _refused(
            f"The file is damaged after {arrived.read_bytes} bytes ({reason}); {kept}",
            Reason.IMPORT_BROKEN,
        ) from None
    return arrived


def _import(
    database: Database, file: IO[bytes], arrived: ImportedPart, progress: ImportProgress
) -> None:
    with ExitStack() as stack:
        head = file.read(4)
        file.seek(0)
        pictures = _Pictures(None)
        if head.startswith(b"PK"):
            zipped = stack.enter_context(zipfile.ZipFile(file))
            names = [name for name in zipped.namelist() if _holds_conversations(name)]
            if not names:
                text = "There is no conversations.json in this zip file"
                raise _refused(text, Reason.NO_CONVERSATIONS_IN_ZIP)
            arrived.total_bytes = sum(zipped.getinfo(name).file_size for name in names)
            pictures = _Pictures(zipped)
            files = [stack.enter_context(_member(zipped, name)) for name in sorted(names)]
        else:
            files = [file]
        for one in files:
            counted = _Counted(one, arrived, progress)
            for portable in _conversations(counted, one, pictures, arrived):
                _save(database, portable, arrived, progress)


def _save(
    database: Database,
    portable: PortableConversation,
    arrived: ImportedPart,
    progress: ImportProgress,
) -> None:
    arrival = ConversationWriter(portable)
    database.write(arrival.begin).result()
    arrived.conversations += arrival.is_new
    more = True
    while more:
        before = arrival.messages
        more = database.write(lambda c: arrival.add(c, MESSAGES_OF_ONE_COMMIT)).result()
        arrived.messages += arrival.messages - before
        progress(arrived)
    if not arrival.is_new and arrival.messages == 0:
        arrived.skipped += 1


def _conversations(
    counted: _Counted, file: IO[bytes], pictures: "_Pictures", arrived: ImportedPart
) -> Iterator[PortableConversation]:
    start = file.read(4_096)
    file.seek(0)
    first = start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start.startswith(b"\xef\xbb\xbf"):
        file.read(3)
    ours = first == b"{" and _OURS.search(start) is not None
    if first == b"[":
        place = "item"
    elif first == b"{":
        place = "conversations.item" if ours else ""
    else:
        text = "This is not a file of conversations: it is not JSON"
        raise _refused(text, Reason.NO_CONVERSATIONS)
    raw: object
    for raw in ijson.items(counted, place, buf_size=_READ_BYTES, use_float=True):
        counted.begin()
        try:
            if ours:
                yield archive.read(raw)
            else:
                warnings: list[Remark] = []
                pictures.begin()
                yield chatgpt.read(raw, pictures.find, warnings)
                for warning in warnings:
                    arrived.warn(warning)
        except (archive.NotOurs, chatgpt.NotChatGpt) as error:
            arrived.skipped += 1
            text = f"A conversation was left out: {error}"
            arrived.warn(Remark(code=RemarkCode.CONVERSATION_LEFT_OUT, text=text, facts={}))


class _Pictures:
    """Finds the pictures that the messages of an export refer to."""

    def __init__(self, zipped: zipfile.ZipFile | None) -> None:
        self._zipped = zipped
        self._taken = 0
        names = [] if zipped is None else zipped.namelist()
        # Sorted, so that a hundred thousand references need not each look at every name.
        self._names = sorted(
            (PurePosixPath(name).name, name)
            for name in names
            if PurePosixPath(name).suffix.lower() in _PICTURES
        )

    def begin(self) -> None:
        """Count from here on towards the limit of one conversation."""
        self._taken = 0

    def find(self, reference: str) -> ImagePart | None:
        """Return the picture, or None if it is not in the export or too large."""
        key = reference.rpartition("//")[2]
        place = bisect_left(self._names, (key, ""))
        if self._zipped is None or not key or place == len(self._names):
            return None
        file_name, name = self._names[place]
        if not file_name.startswith(key):
            return None
        size = self._zipped.getinfo(name).file_size
        if size > MAX_PICTURE_BYTES or self._taken + size > MAX_PICTURES_BYTES:
            return None
        self._taken += size
        try:
            data = base64.b64encode(self._zipped.read(name)).decode("ascii")
        except BROKEN_ZIP:
            return None
        media_type = _PICTURES[PurePosixPath(name).suffix.lower()]
        return ImagePart.model_construct(media_type=media_type, data=data)


def _without_halves(text: bytes) -> bytes:
    """Replace the lone surrogates in some JSON."""
    if b"\xed" in text:
        text = _RAW_SURROGATES.sub(_decoded, text)
    if b"\\ud" in text or b"\\uD" in text:
        return _SURROGATES.sub(_paired, text)
    return text


def _decoded(surrogates: re.Match[bytes]) -> bytes:
    """Return the characters of pairs; replace a lone surrogate."""
    units = surrogates[0].decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass")
    return units.decode("utf-16-le", "replace").encode()


def _paired(surrogates: re.Match[bytes]) -> bytes:
    """Return a pair unchanged; replace a lone surrogate."""
    backslashes, escapes = surrogates.groups()
    return surrogates[0] if len(escapes) == _PAIR_BYTES else backslashes + rb"\ufffd"


def _member(zipped: zipfile.ZipFile, name: str) -> IO[bytes]:
    try:
        return zipped.open(name)
    except (RuntimeError, NotImplementedError):
        text = "The zip file is encrypted or uses an unknown compression"
        raise _refused(text, Reason.ZIP_UNREADABLE) from None


def _holds_conversations(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix == ".json" and path.stem.startswith("conversations")


def _refused(sentence: str, reason: Reason) -> ValidationFailed:
    return ValidationFailed([("file", sentence)], reason=reason)
