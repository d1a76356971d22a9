"""Reads the header of a GGUF model file, and checks whether the file can be complete.

The file is not trusted: every length is checked against the file's size.
"""

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

from shell.errors import ErrorCode, ProviderError, Reason

MAX_ENTRIES = 100_000
"""Most entries of metadata, and most tensors. The largest models have a few thousand."""
MAX_ITEMS = 4_000_000
"""Most strings and arrays in all arrays together. They are skipped one by one. A vocabulary and its
merges have half a million. This many take about two seconds."""
MAX_TEXT = 1_000_000
MAX_NAME = 300
_READ = {"general.architecture", "general.name", "general.alignment", "tokenizer.chat_template"}
_STRING, _ARRAY = 8, 9
_SCALARS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
_BLOCKS = {
    # type: (weights in a block, bytes of a block)
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110),
    22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8),
    29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip
"""Sizes of the types of tensors. A type that is newer than this table counts as 0 bytes."""


@dataclass(frozen=True, slots=True)
class Header:
    """The parts of a header that the program uses."""

    architecture: str
    name: str
    context_tokens: int
    chat_template: str
    """A Jinja template. "" if the file has none."""

    @property
    def system_prompt(self) -> bool:
        """Whether the template takes a system message."""
        return "System role not supported" not in self.chat_template

    @property
    def tools(self) -> bool:
        """Whether the template writes tools."""
        return "tools" in self.chat_template

    @property
    def reasoning(self) -> bool:
        """Whether the template makes the model reason before it answers."""
        return "<think>" in self.chat_template or "enable_thinking" in self.chat_template


def read_header(path: Path) -> Header:
    """Read and check a file's header. Takes about 20 ms.

    Raises:
        ProviderError: LOCAL_MODEL_MISSING if it is no GGUF file, or not a complete one.
    """
    try:
        if not path.is_file():
            raise _unusable(path, "is not a file")
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise _unusable(path, "is not a GGUF file")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _Reader(data).header()
    except OSError as error:
        raise _unusable(path, f"cannot be read ({error.strerror})") from None
    except (struct.error, ValueError, IndexError, UnicodeDecodeError, OverflowError) as error:
        reason = str(error) if isinstance(error, _Damaged) else "is damaged"
        raise _unusable(path, reason) from None


class _Damaged(ValueError):
    """Raised for a damaged file. The text says what is wrong."""


class _Reader:
    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._size = len(data)
        self._at = 4
        self._items = 0

    def header(self) -> Header:
        (version,) = self._take("I")
        if version not in {2, 3}:
            raise _Damaged(f"has an unknown GGUF version ({version})")
        tensors, entries = self._take("QQ")
        if tensors > MAX_ENTRIES or entries > MAX_ENTRIES:
            raise _Damaged("is damaged")
        values: dict[str, object] = {}
        for _ in range(entries):
            key = self._string()
            value = self._value(self._take("I")[0])
            if value is not None and (key in _READ or key.endswith(".context_length")):
                values[key] = value
        self._check_tensors(tensors, _count(values.get("general.alignment"), 32))
        architecture = str(values.get("general.architecture", ""))
        return Header(
            architecture,
            _shown(str(values.get("general.name", ""))),
            _count(values.get(f"{architecture}.context_length"), 2_048),
            str(values.get("tokenizer.chat_template", "")),
        )

    def _check_tensors(self, count: int, alignment: int) -> None:
        end = 0
        for _ in range(count):
            self._skip_string()
            (dimensions,) = self._take("I")
            if dimensions > 8:
                raise _Damaged("is damaged")
            weights = 1
            for length in self._take("Q" * dimensions):
                weights *= length
            kind, offset = self._take("IQ")
            per_block, block = _BLOCKS.get(kind, (1, 0))
            end = max(end, offset + weights // per_block * block)
        begin = -(-self._at // alignment) * alignment
        if begin + end > self._size:
            missing = begin + end - self._size
            raise _Damaged(f"is not complete: {missing:,} bytes are missing at its end")

    def _take(self, layout: str) -> tuple[int, ...]:
        values = struct.unpack_from(f"<{layout}", self._data, self._at)
        self._at += struct.calcsize(f"<{layout}")
        return values

    def _string(self) -> str:
        start = self._at + 8
        self._skip_string()
        if self._at - start > MAX_TEXT:
            return ""
        return self._data[start : self._at].decode("utf-8", "replace")

    def _skip_string(self) -> None:
        (length,) = self._take("Q")
        self._skip(length)

    def _skip_strings(self, count: int) -> None:
        """Skip many strings fast: a vocabulary has a hundred thousand of them."""
        data, at, size = self._data, self._at, self._size
        length_at = struct.Struct("<Q").unpack_from
        for _ in range(count):
            at += 8 + length_at(data, at)[0]
            if at > size:
                raise _Damaged("is not complete: it ends in its header")
        self._at = at

    def _skip(self, length: int) -> None:
        self._at += length
        if self._at > self._size:
            raise _Damaged("is not complete: it ends in its header")

    def _value(self, kind: int, depth: int = 0) -> object:
        """Read a value. Skips an array and returns None for it."""
        if kind == _STRING:
            return self._string()
        if kind == _ARRAY:
            item, count = self._take("IQ")
            if item in _SCALARS:
                self._skip(count * struct.calcsize(_SCALARS[item]))
                return None
            if item in {_STRING, _ARRAY}:
                self._items += count
                if 8 * count > self._size:
                    raise _Damaged("is not complete: it ends in its header")
                if self._items > MAX_ITEMS:
                    raise _Damaged("has too much metadata for a model")
            if item == _STRING:
                self._skip_strings(count)
            elif item == _ARRAY:
                if depth > 4:
                    raise _Damaged("is damaged")
                for _ in range(count):
                    self._value(_ARRAY, depth + 1)
            else:
                raise _Damaged("is damaged")
            return None
        if kind not in _SCALARS:
            raise _Damaged("is damaged")
        return self._take(_SCALARS[kind])[0]


def _shown(name: str) -> str:
    return name if len(name) <= MAX_NAME and name.isprintable() else ""


def _count(value: object, default: int) -> int:
    return value if isinstance(value, int) and 0 < value < 2**31 else default


def _unusable(path: Path, reason: str) -> ProviderError:
    return ProviderError(
        ErrorCode.LOCAL_MODEL_MISSING,
        f"The model file {path} {reason}. Choose a complete GGUF file, or download this one again.",
        reason=Reason.NO_MODEL_FILE,
    )
