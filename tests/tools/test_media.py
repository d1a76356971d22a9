"""Pictures and sounds in results: their types come from their bytes, and their size is limited."""

import base64
import struct
import zlib

import pytest

from shell.tools.media import Media, MediaRefused, add_media, decode_media, recognize_media_type


def png(width: int = 1, height: int = 1, filling: int = 0) -> bytes:
    """A PNG picture with `filling` extra bytes, which no program shows."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    row = b"\0" + b"\x20\x60\x80" * min(width, 10)
    body = chunk(b"IDAT", zlib.compress(row * min(height, 10)))
    extra = chunk(b"tEXt", b"x" * filling) if filling else b""
    return b"\x89PNG\r\n\x1a\n" + header + extra + body + chunk(b"IEND", b"")


def wav(filling: int = 0) -> bytes:
    data = b"\x80" * 8 + b"\0" * filling
    format_chunk = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8_000, 8_000, 1, 8)
    sound = format_chunk + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(sound)) + b"WAVE" + sound


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\0" * 3


def jpeg(width: int, height: int) -> bytes:
    application = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + b"\0" * 9
    tables = b"\xff\xc4" + struct.pack(">H", 4) + b"\0\0"
    frame = b"\xff\xc0" + struct.pack(">HBHH", 8, 8, height, width) + b"\x01"
    return b"\xff\xd8" + application + b"\xff" + tables + frame + b"\xff\xda"


def webp(kind: bytes, width: int, height: int) -> bytes:
    match kind:
        case b"VP8X":
            sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
            body = b"\0" * 4 + sides
        case b"VP8L":
            bits = (width - 1) | ((height - 1) << 14)
            body = b"\x2f" + struct.pack("<I", bits) + b"\0" * 5
        case _:
            body = b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height)
    return b"RIFF" + struct.pack("<I", 4 + 8 + len(body)) + b"WEBP" + kind + b"\0" * 4 + body


def coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (png(), "image/png"),
        (gif(1, 1), "image/gif"),
        (jpeg(1, 1), "image/jpeg"),
        (webp(b"VP8X", 1, 1), "image/webp"),
        (wav(), "audio/wav"),
        (b"ID3\x04" + b"\0" * 20, "audio/mpeg"),
        (b"\xff\xfb\x90" + b"\0" * 20, "audio/mpeg"),
        (b"OggS" + b"\0" * 20, "audio/ogg"),
        (b"fLaC" + b"\0" * 20, "audio/flac"),
        (b"\0\0\0\x20ftypM4A " + b"\0" * 20, "audio/mp4"),
    ],
)
def test_a_type_is_taken_from_the_content(data: bytes, media_type: str) -> None:
    assert decode_media(coded(data)).media_type == media_type
    assert recognize_media_type(data[:3]) in (None, media_type)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
        b"<html>",
        b"%PDF-1.7",
        b"RIFF\0\0\0\0AVI ",
        b"\0\0\0\x20ftypisom",
        b"\xff\xf0",
        b"\x89PNG\r\n\x1a\n",
        png()[:20],
        jpeg(1, 1)[:12],
        gif(1, 1)[:8],
        webp(b"VP8 ", 1, 1)[:20],
        webp(b"what", 1, 1),
    ],
)
def test_what_is_neither_a_picture_nor_a_sound_is_refused(data: bytes) -> None:
    with pytest.raises(MediaRefused):
        decode_media(coded(data))


@pytest.mark.parametrize("make", [png, gif, jpeg])
def test_a_picture_with_too_many_pixels_is_refused_by_its_header(make: object) -> None:
    assert callable(make)
    for width, height in ((8_000, 1), (1, 8_000)):
        decode_media(coded(make(width, height)))
    for width, height in ((8_001, 1), (1, 8_001), (0, 0)):
        with pytest.raises(MediaRefused, match="8,000 pixels"):
            decode_media(coded(make(width, height)))


@pytest.mark.parametrize("kind", [b"VP8X", b"VP8L", b"VP8 "])
def test_the_same_for_every_form_of_webp(kind: bytes) -> None:
    for width, height in ((8_000, 1), (1, 8_000)):
        decode_media(coded(webp(kind, width, height)))
    for width, height in ((8_001, 1), (1, 8_001)):
        with pytest.raises(MediaRefused, match="8,000 pixels"):
            decode_media(coded(webp(kind, width, height)))


def test_what_is_too_large_or_no_base64_is_refused() -> None:
    with pytest.raises(MediaRefused, match="5,000,000 bytes"):
        decode_media(coded(png(filling=5_000_000)))
    with pytest.raises(MediaRefused, match="base64"):
        decode_media("<svg>")
    with pytest.raises(MediaRefused, match="base64"):
        decode_media("\u00e9")


def test_a_result_has_only_so_much_of_them() -> None:
    media: list[Media] = []
    for _ in range(2):
        add_media(media, Media("audio/wav", wav(4_000_000)))
    with pytest.raises(MediaRefused, match="10,000,000 bytes"):
        add_media(media, Media("audio/wav", wav(4_000_000)))
    for _ in range(18):
        add_media(media, Media("image/png", png()))
    with pytest.raises(MediaRefused, match="more than 20"):
        add_media(media, Media("image/png", png()))


def test_its_size_is_that_of_base64() -> None:
    for length in range(1, 8):
        media = Media("audio/wav", b"x" * length)
        assert media.attachment.size == len(coded(media.data))
        assert media.attachment.name == "audio.wav"
