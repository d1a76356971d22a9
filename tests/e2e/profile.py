"""Everything that a folder of Chromium's profile says: its files, and what is packed in them."""

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

_MAGIC = bytes.fromhex("57fb808b247547db")
"""The end of a table of LevelDB."""


def texts(profile: Path) -> Iterator[bytes]:
    """The bytes of every file; of tables of LevelDB the blocks too, unpacked; of every text in
    UTF-16 the Latin letters.
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
    for found in re.finditer(rb"\x1f\x8b\x08", data):  # answers in the cache
        unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            yield unpacker.decompress(data[found.start() :])
        except zlib.error:
            continue


def _blocks(table: bytes) -> Iterator[bytes]:
    """The blocks of a LevelDB table: the footer leads to an index, the index to the others."""
    footer = table[-48:]
    at = 0
    numbers = []
    for _ in range(4):
        number, at = _number(footer, at)
        numbers.append(number)
    index = _block(table, numbers[2], numbers[3])
    yield index
    end = len(index) - 4 - 4 * int.from_bytes(index[-4:], "little")
    at = 0
    while at < end:
        _, at = _number(index, at)
        unshared, at = _number(index, at)
        size, at = _number(index, at)
        offset, middle = _number(index, at + unshared)
        length, _ = _number(index, middle)
        yield _block(table, offset, length)
        at += unshared + size


def _block(table: bytes, offset: int, size: int) -> bytes:
    data = table[offset : offset + size]
    return unsnap(data) if table[offset + size] == 1 else data


def unsnap(data: bytes) -> bytes:
    """Unpack Snappy's raw format."""
    size, at = _number(data, 0)
    out = bytearray()
    while at < len(data):
        tag = data[at]
        at += 1
        if tag & 3 == 0:
            length = tag >> 2
            if length >= 60:
                more = length - 59
                length = int.from_bytes(data[at : at + more], "little")
                at += more
            out += data[at : at + length + 1]
            at += length + 1
            continue
        if tag & 3 == 1:
            length, offset = (tag >> 2 & 7) + 4, (tag >> 5) << 8 | data[at]
            at += 1
        else:
            width = 2 if tag & 3 == 2 else 4
            length, offset = (tag >> 2) + 1, int.from_bytes(data[at : at + width], "little")
            at += width
        for _ in range(length):  # what is copied may reach into itself
            out.append(out[-offset])
    assert len(out) == size
    return bytes(out)


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A variable-length number, and where it ends."""
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return number, at
