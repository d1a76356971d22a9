"""Cuts a tool's result to what a model can be given."""

from dataclasses import dataclass

from shell.support.text import clean

MAX_SHOWN_BYTES = 50 * 1024
MAX_SHOWN_LINES = 2_000
HEAD = 0.75
"""How much of what is shown comes from the beginning; the rest comes from the end."""


@dataclass(frozen=True, slots=True)
class ShownResult:
    """A result as a model and a person see it."""

    text: str
    bytes: int
    """Size of the whole result as UTF-8."""
    shown_bytes: int


def shown_result(text: str) -> ShownResult:
    """The beginning and the end of a result, with a line between that says what is missing."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if len(text) > 4 * MAX_SHOWN_BYTES:  # 100 MB would keep the host busy for seconds
        text = text[: 2 * MAX_SHOWN_BYTES] + text[-2 * MAX_SHOWN_BYTES :]
    whole = clean(text)
    data = whole.encode()
    lines = whole.splitlines(keepends=True)
    if len(data) <= MAX_SHOWN_BYTES and len(lines) <= MAX_SHOWN_LINES:
        return ShownResult(whole, len(data), len(data))
    if len(lines) > MAX_SHOWN_LINES:
        first = int(MAX_SHOWN_LINES * HEAD)
        head = "".join(lines[:first]).encode()
        tail = "".join(lines[first - MAX_SHOWN_LINES :]).encode()
    else:
        head, tail = data, b""
    limit = int(MAX_SHOWN_BYTES * HEAD)
    if not tail:
        tail = data[limit:]
    head = _whole_characters(head[:limit])
    tail = _whole_characters(tail[-(MAX_SHOWN_BYTES - limit) :], from_end=True)
    missing = size - len(head) - len(tail)
    line = f"\n[… {missing:,} of {size:,} bytes are left out here …]\n"
    shown = head.decode() + line + tail.decode()
    return ShownResult(shown, size, len(head) + len(tail))


def _whole_characters(data: bytes, *, from_end: bool = False) -> bytes:
    """Remove half a character at the cut."""
    if from_end:
        return data.decode("utf-8", "ignore").encode() if data[:1] > b"\x7f" else data
    return data.decode("utf-8", "ignore").encode()
