"""Cuts a tool's result to what a model can be given, and gives it the rest when it asks."""

from dataclasses import dataclass

from shell.errors import ToolFailed
from shell.support.text import clean
from shell.tools.base import Arguments, Progress, Tool, host_tool

MAX_KEPT_BYTES = 50_000_000
"""All results of a run that are kept whole; the oldest is dropped first. One has 10 MB at most."""
MAX_SHOWN_BYTES = 50 * 1024
MAX_SHOWN_LINES = 2_000
MAX_NOTE_BYTES = 200
"""Room for the line that says which part of a result something is."""
HEAD = 0.75
"""How much of what is shown comes from the beginning; the rest comes from the end."""


@dataclass(frozen=True, slots=True)
class ShownResult:
    """A result as a model and a person see it."""

    text: str
    bytes: int
    """Size of the whole result as UTF-8."""
    shown_bytes: int


READ_RESULT = host_tool(
    "read_result",
    "Read the part of a long result that was left out.",
    {
        "call": {"type": "string", "description": "the call whose result it is"},
        "start": {"type": "integer", "minimum": 0, "description": "the first byte"},
        "end": {"type": "integer", "minimum": 0, "description": "the byte after the last"},
    },
    ["call", "start"],
)
"""It gives more of a result the model knows, so it needs no approval."""

_READS_MORE = f"{READ_RESULT.wire_name} reads them from the call"


def was_cut(result: str) -> bool:
    """Whether a result, as a model was given it, says how to read the rest."""
    return _READS_MORE in result


class LongResults:
    """The whole results of one run that were cut, as a source with the tool `read_result`."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def __bool__(self) -> bool:
        return bool(self._kept)

    def show(self, call_id: str, text: str) -> ShownResult:
        """Cut a result; keep it whole if anything is left out."""
        shown = shown_result(text, f"{_READS_MORE} {call_id}")
        if shown.shown_bytes < shown.bytes:
            self._kept[call_id] = clean(text).encode()
            while sum(map(len, self._kept.values())) > MAX_KEPT_BYTES:
                del self._kept[next(iter(self._kept))]
        return shown

    async def call(self, tool: Tool, arguments: Arguments, progress: Progress) -> str:
        """A part of a result, no longer than what is shown of one.

        Raises:
            ToolError: TOOL_FAILED if the result is not kept, or has no such part.
        """
        data = self._kept.get(str(arguments["call"]))
        if data is None:
            text = f"There is no long result of {arguments['call']!s:.100}; make the call again."
            raise ToolFailed(text)
        start, end = arguments["start"], arguments.get("end", len(data))
        if not (isinstance(start, int) and isinstance(end, int) and start < min(end, len(data))):
            raise ToolFailed(f"The result has only {len(data):,} bytes.")
        while start and data[start] & 0xC0 == 0x80:
            start -= 1  # a part begins with a whole character
        piece = data[start : min(end, start + MAX_SHOWN_BYTES - MAX_NOTE_BYTES)]
        lines = _whole_characters(piece).decode().splitlines(keepends=True)
        part = "".join(lines[: MAX_SHOWN_LINES - 1])
        last = start + len(part.encode())
        return f"[bytes {start} to {last} of {len(data)}]\n{part}"


def shown_result(text: str, more: str = "") -> ShownResult:
    """The beginning and the end of a result, with a line between that says what is missing.

    Args:
        text: the whole result.
        more: how the missing part can be had.
    """
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
        head = tail = data
    limit = int(MAX_SHOWN_BYTES * HEAD)
    head = _whole_characters(head[:limit])
    tail = _whole_characters(tail[-(MAX_SHOWN_BYTES - limit) :])
    missing = size - len(head) - len(tail)
    where = f"; {more}" if more else ""
    left_out = f"{missing:,} of {size:,} bytes are left out here, after byte {len(head)}"
    line = f"\n[… {left_out}{where} …]\n"
    shown = head.decode() + line + tail.decode()
    return ShownResult(shown, size, len(head) + len(tail))


def _whole_characters(data: bytes) -> bytes:
    """Remove half a character at the cut."""
    return data.decode("utf-8", "ignore").encode()
