"""Cuts the long results of tools for models, which can read the missing parts by `read_result`."""

from dataclasses import dataclass

from shell.errors import ToolFailed
from shell.support.text import clean
from shell.tools.base import Arguments, Progress, Tool, host_tool

MAX_STORED_BYTES = 50_000_000
"""Most bytes of whole results in a run. The oldest is dropped first. One has 10 MB at most."""
MAX_SHOWN_BYTES = 50 * 1024
"""Longest part of a result that a model gets at once."""
MAX_SHOWN_LINES = 2_000
MAX_NOTE_BYTES = 200
"""Room for the line that says which part of a result something is."""
HEAD = 0.75
"""The share of a cut result that comes from its beginning. The other part comes from its end."""


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
"""It only gives more of a result that the model knows, so it needs no approval."""

_READS_MORE = f"{READ_RESULT.wire_name} reads them from the call"


def is_cut(result: str) -> bool:
    """Whether a result, in the form that the model got, was cut: it says how to read the rest."""
    return _READS_MORE in result


class LongResults:
    """Stores the whole of the results of a run that were cut, for its tool `read_result`."""

    def __init__(self) -> None:
        self._results: dict[str, bytes] = {}

    def __bool__(self) -> bool:
        return bool(self._results)

    def show(self, call_id: str, text: str) -> ShownResult:
        """Cut a result, and store the whole of it if anything is left out."""
        shown = shown_result(text, f"{_READS_MORE} {call_id}")
        if shown.shown_bytes < shown.bytes:
            self._results[call_id] = clean(text).encode()
            while sum(map(len, self._results.values())) > MAX_STORED_BYTES:
                del self._results[next(iter(self._results))]
        return shown

    async def call(self, tool: Tool, arguments: Arguments, progress: Progress) -> str:
        """Read a part of a result, at most `MAX_SHOWN_BYTES` and `MAX_SHOWN_LINES`.

        Raises:
            ToolError: TOOL_FAILED if the result is not stored, or has no such part.
        """
        data = self._results.get(str(arguments["call"]))
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
    """Cut a result to its beginning and its end, with a line between them about the missing part.

    Args:
        text: the whole result.
        more: how to read the missing part.
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
    """Remove an incomplete UTF-8 character at either end."""
    return data.decode("utf-8", "ignore").encode()
