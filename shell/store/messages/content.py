"""Converts the content of messages from and to its stored form.

Attachments are stored apart from their messages, each once, by their hash.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import apsw

from shell.contract import Attachment, FilePart, ImagePart, Part, TextPart
from shell.support.text import clean

HASHES = """
    SELECT json_extract(part.value, '$.hash') FROM messages, json_each(messages.parts) part
    WHERE messages.parts IS NOT NULL AND json_extract(part.value, '$.hash') IS NOT NULL
    UNION
    SELECT json_extract(part.value, '$.hash') FROM steps, json_each(steps.entry, '$.parts') part
    WHERE json_extract(part.value, '$.hash') IS NOT NULL
"""
"""The attachments that messages and results of tools refer to."""


@dataclass(frozen=True, slots=True)
class StoredContent:
    """Content in its stored form: its text, and its parts as JSON unless it is only text."""

    text: str
    parts: str | None
    blobs: tuple[tuple[str, bytes], ...] = ()
    """The hash and the bytes of every attachment."""


def take_apart(content: str | Sequence[Part]) -> StoredContent:
    """Convert content to its stored form. Replaces characters that UTF-8 cannot encode."""
    if isinstance(content, str):
        return StoredContent(clean(content), None)
    part_list: list[dict[str, object]] = []
    texts: list[str] = []
    blobs: list[tuple[str, bytes]] = []
    for part in content:
        if isinstance(part, TextPart):
            texts.append(clean(part.text))
            part_list.append({**part.model_dump(), "text": texts[-1]})
            continue
        data = _bytes(part.data)
        name = None if part.name is None else clean(part.name)
        blobs.append((hashlib.sha256(data).hexdigest(), data))
        part_list.append(
            {
                "type": part.type,
                "name": name,
                "mediaType": part.media_type,
                "size": len(base64.b64encode(data)),
                "hash": blobs[-1][0],
            }
        )
    if all(part.keys() == {"type", "text"} for part in part_list):
        return StoredContent("".join(texts), None)
    return StoredContent("".join(texts), json.dumps(part_list, ensure_ascii=False), tuple(blobs))


def save_blobs(connection: apsw.Connection, blobs: Iterable[tuple[str, bytes]]) -> None:
    """Store the attachments that are not stored yet, each by its hash."""
    for blob_hash, data in blobs:
        connection.execute("INSERT OR IGNORE INTO blobs VALUES (?, ?)", (blob_hash, data))


def sweep_blobs(connection: apsw.Connection) -> None:
    """Delete the attachments to which no message and no result of a tool refers."""
    connection.execute(f"DELETE FROM blobs WHERE hash NOT IN ({HASHES})")  # noqa: S608


def for_page(text: str, parts: str | None) -> str | list[TextPart | Attachment]:
    """Content for a page, with attachments by their hash."""
    return text if parts is None else listed_parts(parts)


def listed_parts(parts: str | None) -> list[TextPart | Attachment]:
    """The parts of stored content, with attachments by their hash."""
    part_list: list[TextPart | Attachment] = []
    for part in json.loads(parts or "[]"):
        if part["type"] == "text":
            part_list.append(_text(part))
        else:
            part_list.append(
                Attachment(
                    kind=part["type"],
                    name=part["name"],
                    media_type=part["mediaType"],
                    size=part["size"],
                    hash=part["hash"],
                )
            )
    return part_list


def assemble(text: str, parts: str | None, blob: Callable[[str], bytes | None]) -> str | list[Part]:
    """Content for a model. `blob` returns the bytes of a hash, or None if they are lost."""
    if parts is None:
        return text
    part_list: list[Part] = []
    for part in json.loads(parts):
        if part["type"] == "text":
            part_list.append(_text(part))
        elif (data := blob(part["hash"])) is None:
            part_list.append(TextPart(text=f"[{part['name'] or part['type']}]"))
        else:
            part_list.append(with_bytes(part["type"], part["name"], part["mediaType"], data))
    return part_list


def with_bytes(kind: str, name: str | None, media_type: str, data: bytes) -> ImagePart | FilePart:
    """An attachment for a model or a file, without validation."""
    encoded = base64.b64encode(data).decode("ascii")
    part_type = ImagePart if kind == "image" else FilePart
    return part_type.model_construct(name=name, media_type=media_type, data=encoded)


def hashes(parts: str | None) -> list[str]:
    """The hashes of the attachments among a message's parts."""
    return [part["hash"] for part in json.loads(parts or "[]") if part["type"] != "text"]


def read_blob(connection: apsw.Connection, blob_hash: str) -> bytes | None:
    """The bytes of an attachment; None if they are missing or do not match the hash."""
    data = read_unchecked(connection, blob_hash)
    return data if is_sound(blob_hash, data) else None


def read_unchecked(connection: apsw.Connection, blob_hash: str) -> bytes | None:
    """The bytes of an attachment, unchecked. Call `is_sound` on another thread before use."""
    row = connection.execute("SELECT data FROM blobs WHERE hash = ?", (blob_hash,)).fetchone()
    return None if row is None else bytes(row[0])


def is_sound(blob_hash: str, data: bytes | None) -> bool:
    """Whether the bytes of an attachment match its hash."""
    return data is not None and hashlib.sha256(data).hexdigest() == blob_hash


def _text(part: dict[str, Any]) -> TextPart:
    untrusted = part.get("untrusted") is True
    return TextPart.model_construct(text=part["text"], untrusted=untrusted)


def _bytes(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        # The contract checks the alphabet, not the padding: decode the complete groups.
        return base64.b64decode(encoded.rstrip("=")[: len(encoded.rstrip("=")) // 4 * 4])
