"""Imports a file of conversations piece by piece, with a commit after each piece.

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
from shell.store.database import Database
from shell.store.exchange import archive, chatgpt, limits
from shell.store.exchange.chatgpt import MAX_WARNINGS
from shell.store.exchange.portable import ConversationWriter, PortableConversation
from shell.support.zip_files import BROKEN_ZIP, open_member

MESSAGES_PER_COMMIT = 100
"""Few enough that the commits of a streaming answer are not delayed."""
MAX_PICTURE_BYTES = 20 * 1024 * 1024
MAX_PICTURES_BYTES = 200 * 1024 * 1024
"""Limit for the pictures of one conversation. A small file may name one picture a million times."""
MAX_CONVERSATION_BYTES = 512 * 1024 * 1024
MAX_CONVERSATION_MARKS = 10_000_000
"""Brackets, braces and commas in one conversation: each may stand for a value of 50 bytes."""
MAX_DEPTH = 100
"""Limit on nested objects and lists. The parser stores a path for each level, so a file of three
million brackets would take all memory. An export has about ten levels."""
_STRING = re.compile(
    rb'"(?:[^"\\]++|\\.)*+"'
    rb'|(")(?:[^"\\]++|\\.)*+(\\?)\Z',
    re.DOTALL,
)
"""Matches a string, or the beginning of one that goes on in the next piece. Without the second
half, the search would try each escaped quote in it as the beginning of another string."""
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_BUFFER_BYTES = 64 * 1024
_SURROGATES = re.compile(
    rb"(?<!\\)((?:\\\\)*+)"
    rb"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""Matches a pair of escaped surrogates, or a lone one, after complete escapes of backslashes."""
_RAW_SURROGATES = re.compile(rb"(?:\xed[\xa0-\xbf][\x80-\xbf])+")
"""Matches surrogates that were encoded like characters, which is not valid UTF-8."""
_UNFINISHED = re.compile(
    rb"(?:\xed(?:[\xa0-\xbf]|[\xa0-\xaf][\x80-\xbf](?:\xed[\xb0-\xbf]?)?)?"
    rb"|\\(?:u(?:[dD](?:[0-9a-fA-F]{0,2}"
    rb"|[89abAB][0-9a-fA-F]{2}(?:\\(?:u[0-9a-fA-F]{0,3})?)?))?)?)\Z"
)
"""Matches the beginning of a pair of surrogates that may go on in the next piece."""
_PAIR_BYTES = 12
_ARCHIVE = re.compile(rb'"format"\s*:\s*"' + archive.FORMAT.encode() + rb'"')
"""Matches our own archives. In a text of another file, the quotation marks would be escaped."""
_PICTURES: dict[str, Literal["image/png", "image/jpeg", "image/gif", "image/webp"]] = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}


class ImportCancelled(Exception):
    """The import was cancelled. The conversations that were already imported stay."""


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
        """Add a remark about left out data. After MAX_WARNINGS, add only that there is more."""
        if len(self.remarks) < MAX_WARNINGS:
            self.remarks.append(remark)
        elif len(self.remarks) == MAX_WARNINGS:
            self.remarks.append(Remark(code=RemarkCode.MORE_LEFT_OUT, text="… and more", facts={}))


ImportProgress = Callable[[ImportedPart], None]
"""Called after every piece; raises ImportCancelled to stop."""


class _LimitedFile:
    """Reads a file for the parser, with limits on the size and depth of one conversation."""

    def __init__(self, file: IO[bytes], imported: ImportedPart, progress: ImportProgress) -> None:
        self._file = file
        self._imported = imported
        self._progress = progress
        self._bytes = 0
        self._marks = 0
        self._depth = 0
        self._open_string = b""
        """The quote of a string that goes on in the next piece, and a backslash at its end."""
        self._unfinished = b""
        """The beginning of an escape that goes on in the next piece."""

    def begin(self) -> None:
        """Begin to count for the limits of the next conversation."""
        self._bytes = self._marks = 0

    def read(self, size: int) -> bytes:
        """Read the next bytes, and replace lone surrogates, at which the parser fails.

        May return up to 12 bytes more than `size`.
        """
        while True:
            piece = self._read_piece(size)
            text = self._unfinished + piece
            complete = self._complete_length(text) if piece else len(text)
            self._unfinished = text[complete:]
            if complete or not piece:
                return _replace_lone_surrogates(text[:complete])

    def _complete_length(self, text: bytes) -> int:
        """Return how many bytes of a piece can be returned before the next piece is read."""
        found = _UNFINISHED.search(text, max(0, len(text) - _PAIR_BYTES))
        if found is None:
            return len(text)
        before = text[: found.start()]
        # An escaped backslash must stay with the backslash that escapes it.
        return found.start() - (len(before) - len(before.rstrip(b"\\"))) % 2

    def _read_piece(self, size: int) -> bytes:
        piece = self._file.read(size)
        self._imported.read_bytes += len(piece)
        self._progress(self._imported)
        marks = self._outside_strings(piece)
        self._bytes += len(piece)
        self._marks += marks.count(b",") + marks.count(b"[") + marks.count(b"{")
        if self._bytes > MAX_CONVERSATION_BYTES or self._marks > MAX_CONVERSATION_MARKS:
            raise self._limit_error("large")
        for bracket in marks.translate(None, _NO_BRACKETS):
            self._depth += 1 if bracket in b"[{" else -1
            if self._depth > MAX_DEPTH:
                raise self._limit_error("deeply nested")
        return piece

    def _outside_strings(self, piece: bytes) -> bytes:
        outside, quote, backslash = _STRING.sub(rb"\1\2", self._open_string + piece).partition(b'"')
        self._open_string = quote + backslash
        return outside

    def _limit_error(self, adjective: str) -> ValidationFailed:
        return _import_error(
            f"A conversation in this file is too {adjective} to be imported; "
            f"{self._imported.conversations} conversations were imported before that",
            Reason.IMPORT_BROKEN,
        )


def import_file(
    database: Database, file: IO[bytes], size: int, progress: ImportProgress = lambda _: None
) -> ImportedPart:
    """Import a file; blocks until the end. Conversations imported before an error stay.

    Raises:
        ValidationFailed: the file cannot be imported, or is broken in the middle.
        ShellError: the database cannot be written.
        ImportCancelled: `progress` raised it.
    """
    imported = ImportedPart(total_bytes=size)
    try:
        _import(database, file, imported, progress)
    except (ijson.JSONError, UnicodeDecodeError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        imported_text = f"{imported.conversations} conversations were imported before that"
        words = error.args[0] if error.args else ""  # the parser's are bytes
        text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(error)
        reason = text.splitlines()[0][:200] if text else type(error).__name__
        text = f"The file is damaged after {imported.read_bytes} bytes ({reason}); {imported_text}"
        raise _import_error(text, Reason.IMPORT_BROKEN) from None
    return imported


def _import(
    database: Database, file: IO[bytes], imported: ImportedPart, progress: ImportProgress
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
                raise _import_error(text, Reason.NO_CONVERSATIONS_IN_ZIP)
            imported.total_bytes = sum(zipped.getinfo(name).file_size for name in names)
            pictures = _Pictures(zipped)
            files = [stack.enter_context(_member(zipped, name)) for name in sorted(names)]
        else:
            files = [file]
        for source in files:
            limited_file = _LimitedFile(source, imported, progress)
            for portable in _conversations(limited_file, source, pictures, imported):
                _save(database, ConversationWriter(portable), imported, progress)


def _save(
    database: Database, writer: ConversationWriter, imported: ImportedPart, progress: ImportProgress
) -> None:
    database.write(writer.begin).result()
    imported.conversations += writer.is_new
    has_more = True
    while has_more:
        before = writer.messages
        has_more = database.write(lambda c: writer.add(c, MESSAGES_PER_COMMIT)).result()
        imported.messages += writer.messages - before
        progress(imported)
    if not writer.is_new and writer.messages == 0:
        imported.skipped += 1


def _conversations(
    limited_file: _LimitedFile, file: IO[bytes], pictures: "_Pictures", imported: ImportedPart
) -> Iterator[PortableConversation]:
    start = file.read(4_096)
    file.seek(0)
    first = start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start.startswith(b"\xef\xbb\xbf"):
        file.read(3)
    is_archive = first == b"{" and _ARCHIVE.search(start) is not None
    if first == b"[":
        place = "item"
    elif first == b"{":
        place = "conversations.item" if is_archive else ""
    else:
        text = "This is not a file of conversations: it is not JSON"
        raise _import_error(text, Reason.NO_CONVERSATIONS)
    raw: object
    for raw in ijson.items(limited_file, place, buf_size=_BUFFER_BYTES, use_float=True):
        limited_file.begin()
        try:
            warnings: list[Remark] = []
            if is_archive:
                portable = archive.read(raw)
            else:
                pictures.begin()
                portable = chatgpt.read(raw, pictures.find, warnings)
            limits.check(portable)
            yield portable
            for warning in warnings:
                imported.warn(warning)
        except (archive.NotOurs, chatgpt.NotChatGpt, limits.TooLarge) as error:
            imported.skipped += 1
            text = f"A conversation was left out: {error}"
            imported.warn(Remark(code=RemarkCode.CONVERSATION_LEFT_OUT, text=text, facts={}))


class _Pictures:
    """Finds the pictures that the messages of an export refer to."""

    def __init__(self, zipped: zipfile.ZipFile | None) -> None:
        self._zipped = zipped
        self._picture_bytes = 0
        names = [] if zipped is None else zipped.namelist()
        # Sorted for a binary search, because an export may have a hundred thousand references.
        self._names = sorted(
            (PurePosixPath(name).name, name)
            for name in names
            if PurePosixPath(name).suffix.lower() in _PICTURES
        )

    def begin(self) -> None:
        """Begin to count for the limit of the next conversation."""
        self._picture_bytes = 0

    def find(self, reference: str) -> ImagePart | None:
        """Return the picture, or None if it is not in the export, empty or too large."""
        key = reference.rpartition("//")[2]
        place = bisect_left(self._names, (key, ""))
        if self._zipped is None or not key or place == len(self._names):
            return None
        file_name, name = self._names[place]
        if not file_name.startswith(key):
            return None
        size = self._zipped.getinfo(name).file_size
        if size == 0 or size > MAX_PICTURE_BYTES or self._picture_bytes + size > MAX_PICTURES_BYTES:
            return None
        self._picture_bytes += size
        try:
            with open_member(self._zipped, name) as member:
                data = base64.b64encode(member.read()).decode("ascii")
        except BROKEN_ZIP:
            return None
        media_type = _PICTURES[PurePosixPath(name).suffix.lower()]
        return ImagePart.model_construct(media_type=media_type, data=data)


def _replace_lone_surrogates(text: bytes) -> bytes:
    """Replace the lone surrogates in some JSON."""
    if b"\xed" in text:
        text = _RAW_SURROGATES.sub(_replace_raw, text)
    if b"\\ud" in text or b"\\uD" in text:
        return _SURROGATES.sub(_replace_if_lone, text)
    return text


def _replace_raw(surrogates: re.Match[bytes]) -> bytes:
    """Return the characters of pairs; replace a lone surrogate."""
    units = surrogates[0].decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass")
    return units.decode("utf-16-le", "replace").encode()


def _replace_if_lone(surrogates: re.Match[bytes]) -> bytes:
    """Return a pair unchanged; replace a lone surrogate."""
    backslashes, escapes = surrogates.groups()
    return surrogates[0] if len(escapes) == _PAIR_BYTES else backslashes + rb"\ufffd"


def _member(zipped: zipfile.ZipFile, name: str) -> IO[bytes]:
    try:
        return open_member(zipped, name)
    except (RuntimeError, NotImplementedError):
        text = "The zip file is encrypted or uses an unknown compression"
        raise _import_error(text, Reason.ZIP_UNREADABLE) from None


def _holds_conversations(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix == ".json" and path.stem.startswith("conversations")


def _import_error(sentence: str, reason: Reason) -> ValidationFailed:
    return ValidationFailed([("file", sentence)], reason=reason)
