"""Reads all text of a Chromium profile: its files, and the compressed data in them."""

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

_MAGIC = bytes.fromhex("57fb808b247547db")
"""The last bytes of a LevelDB table."""


def texts(profile: Path) -> Iterator[bytes]:
    """Yield the bytes of every file, and the decompressed blocks of LevelDB tables.

    Of each, also yields the ASCII letters of texts in UTF-16.
    """
    for path in profile.rglob("*"):
        if path.is_file():
            for part in _parts(path.read_bytes()):
                yield part
                yield b"\n".join(
                    run.replace(b"\0", b"") for run in re.findall(rb"(?:[\x20-\x7e]\0){8,}", part)
                )


def _parts(data: bytes) -> Iterator[bytes]:
    yield data
    if data.endswith(_MAGIC):
        yield from _blocks(data)
    for match in re.finditer(rb"\x1f\x8b\x08", data):  # answers in the cache
        unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            yield unpacker.decompress(data[match.start() :])
        except zlib.error:
            continue


def _blocks(table: bytes) -> Iterator[bytes]:
    """The blocks of a LevelDB table. The footer points to the index, the index to the others."""
    footer = table[-48:]
    position = 0
    numbers = []
    for _ in range(4):
        number, position = _number(footer, position)
        numbers.append(number)
    index = _block(table, numbers[2], numbers[3])
    yield index
    end = len(index) - 4 - 4 * int.from_bytes(index[-4:], "little")
    position = 0
    while position < end:
        _, position = _number(index, position)
        unshared, position = _number(index, position)
        size, position = _number(index, position)
        offset, middle = _number(index, position + unshared)
        length, _ = _number(index, middle)
        yield _block(table, offset, length)
        position += unshared + size


def _block(table: bytes, offset: int, size: int) -> bytes:
    data = table[offset : offset + size]
    return unsnap(data) if table[offset + size] == 1 else data


def unsnap(data: bytes) -> bytes:
    """Unpack Snappy's raw format."""
    size, position = _number(data, 0)
    out = bytearray()
    while position < len(data):
        tag = data[position]
        position += 1
        if tag & 3 == 0:
            length = tag >> 2
            if length >= 60:
                extra_bytes = length - 59
                length = int.from_bytes(data[position : position + extra_bytes], "little")
                position += extra_bytes
            out += data[position : position + length + 1]
            position += length + 1
            continue
        if tag & 3 == 1:
            length, offset = (tag >> 2 & 7) + 4, (tag >> 5) << 8 | data[position]
            position += 1
        else:
            width = 2 if tag & 3 == 2 else 4
            length, offset = (
                (tag >> 2) + 1,
                int.from_bytes(data[position : position + width], "little"),
            )
            position += width
        for _ in range(length):  # the source may overlap the target
            out.append(out[-offset])
    assert len(out) == size
    return bytes(out)


def _number(data: bytes, position: int) -> tuple[int, int]:
    """A variable-length number, and the position after it."""
    number = shift = 0
    while True:
        byte = data[position]
        position += 1
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return number, position
