"""Recognizes the pictures and sounds in results of tools by their content, within limits."""

import base64
import binascii
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast

from shell.contract import Attachment, ImagePart

MAX_PICTURE_BYTES = 5_000_000
"""Providers refuse larger pictures."""
MAX_SIDE = 8_000
"""Longer side of a picture in pixels. Providers refuse longer ones."""
MAX_RESULT_MEDIA_BYTES = 10_000_000
"""All pictures and sounds of one result together."""
MAX_RESULT_MEDIA = 20
"""Most pictures and sounds of one result."""
_PictureType = Literal["image/png", "image/jpeg", "image/gif", "image/webp"]


@dataclass(frozen=True, slots=True)
class Media:
    """A picture or a sound whose bytes are of its type."""

    media_type: str
    data: bytes

    @property
    def hash(self) -> str:
        """The SHA-256 of its bytes."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def attachment(self) -> Attachment:
        """The same without its bytes, as pages and the database know it."""
        kind, _, subtype = self.media_type.partition("/")
        return Attachment(
            kind="image" if kind == "image" else "file",
            name=None if kind == "image" else f"{kind}.{subtype}",
            media_type=self.media_type,
            size=-(-len(self.data) // 3) * 4,
            hash=self.hash,
        )


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """A result that is more than text."""

    text: str
    """Everything for a model without pictures; it names each picture and sound."""
    media: tuple[Media, ...]


class MediaRefused(Exception):
    """Raised for data that cannot be shown. The text says why."""


def decode_media(base64_text: str) -> Media:
    """Decode a picture or a sound from base64.

    Raises:
        MediaRefused: it is too large, or is neither a picture nor a sound.
    """
    try:
        data = base64.b64decode(base64_text, validate=True)
    except (binascii.Error, ValueError):
        raise MediaRefused("it is no base64") from None
    media_type = recognize_media_type(data)
    if media_type is None:
        raise MediaRefused("it is no picture or sound that can be shown")
    if media_type.startswith("image/"):
        side = _longer_side(media_type, data)
        if len(data) > MAX_PICTURE_BYTES:
            raise MediaRefused(f"it is larger than {MAX_PICTURE_BYTES:,} bytes")
        if not side or side > MAX_SIDE:
            raise MediaRefused(f"its sides are not of 1 to {MAX_SIDE:,} pixels")
    return Media(media_type, data)


def add_media(media: list[Media], added: Media) -> None:
    """Add an item to the pictures and sounds of one result.

    Raises:
        MediaRefused: there are too many, or they are too large together.
    """
    if len(media) >= MAX_RESULT_MEDIA:
        raise MediaRefused(f"there are more than {MAX_RESULT_MEDIA}")
    if sum(len(item.data) for item in [*media, added]) > MAX_RESULT_MEDIA_BYTES:
        raise MediaRefused(f"together they are larger than {MAX_RESULT_MEDIA_BYTES:,} bytes")
    media.append(added)


def picture(attachment: Attachment, data: bytes | None) -> ImagePart | None:
    """The part of a request for a picture of a stored result. None for a sound or lost bytes."""
    if attachment.kind != "image" or data is None:
        return None
    coded = base64.b64encode(data).decode("ascii")
    return ImagePart.model_construct(
        name=None, media_type=cast("_PictureType", attachment.media_type), data=coded
    )


def recognize_media_type(data: bytes) -> str | None:
    """The media type of a picture or sound, by its first bytes. None for anything else."""
    riff = data[8:12] if data[:4] == b"RIFF" else b""
    if riff in (b"WEBP", b"WAVE"):
        return "image/webp" if riff == b"WEBP" else "audio/wav"
    if data[4:8] == b"ftyp":
        return "audio/mp4" if data[8:11] == b"M4A" else None
    # The second byte of an MP3 frame: layer III of a valid version.
    if data[:1] == b"\xff" and data[1:2] in (b"\xfb", b"\xfa", b"\xf3", b"\xf2", b"\xe3", b"\xe2"):
        return "audio/mpeg"
    for start, media_type in (
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"ID3", "audio/mpeg"),
        (b"OggS", "audio/ogg"),
        (b"fLaC", "audio/flac"),
    ):
        if data.startswith(start):
            return media_type
    return None


def _longer_side(media_type: str, data: bytes) -> int:
    """The longer side of a picture in pixels; 0 if its header is not complete."""
    match media_type:
        case "image/png" if data[12:16] == b"IHDR" and len(data) >= 24:
            return max(_number(data[16:20]), _number(data[20:24]))
        case "image/gif" if len(data) >= 10:
            return max(_number(data[7:5:-1]), _number(data[9:7:-1]))
        case "image/webp" if len(data) >= 30:
            return _webp_side(data)
        case "image/jpeg":
            for marker, segment in _jpeg_segments(data):
                # Headers of frames. DHT, JPG and DAC have numbers among these.
                if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
                    return max(_number(segment[1:3]), _number(segment[3:5]))
    return 0


def _webp_side(data: bytes) -> int:
    match data[12:16]:
        case b"VP8X":
            return max(_number(data[26:23:-1]), _number(data[29:26:-1])) + 1
        case b"VP8L":
            bits = _number(data[24:20:-1])
            return max(bits & 0x3FFF, (bits >> 14) & 0x3FFF) + 1
        case b"VP8 ":
            return max(_number(data[27:25:-1]) & 0x3FFF, _number(data[29:27:-1]) & 0x3FFF)
    return 0


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        size = _number(data[place + 2 : place + 4])
        if data[place + 1] == 0xFF:  # filling
            place += 1
            continue
        yield data[place + 1], data[place + 4 : place + 9]
        place += 2 + max(2, size)


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")
