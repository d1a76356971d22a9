"""Decodes server-sent events from pieces of bytes.

Follows the standard: three kinds of line end, a byte order mark, comments, several data lines, and
bytes that are not UTF-8 become U+FFFD. The end of the stream completes the last event. Only a line
that it cuts is dropped.
"""

from typing import NamedTuple

from shell.errors import ErrorCode, ProviderError

MAX_EVENT_BYTES = 32_000_000
"""Limit on one event. A server that never ends a line must not fill the memory."""


class ServerEvent(NamedTuple):
    """One event: its name ("" when the server gave none) and its data."""

    name: str
    data: str


class EventDecoder:
    """Decodes the events of one stream."""

    def __init__(self) -> None:
        self._line: list[bytes] = []
        self._size = 0
        self._name = ""
        self._data: list[str] = []
        self._data_size = 0
        """The size of the data lines, each with one byte more: an empty line takes memory, too."""
        self._has_begun = False
        self._after_return = False
        """Whether the last piece ended with a carriage return. A line feed after it belongs to the
        same line end.
        """

    def feed(self, piece: bytes) -> list[ServerEvent]:
        """Decode a piece. Returns the events that it completes.

        Raises:
            ProviderError: PROTOCOL_ERROR when an event is larger than `MAX_EVENT_BYTES`.
        """
        if not piece:
            return []
        if self._after_return and piece.startswith(b"\n"):
            self._after_return = False
            piece = piece[1:]
            if not piece:
                return []
        if b"\r" in piece:
            self._after_return = piece.endswith(b"\r")
            piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        else:
            self._after_return = False
        self._line.append(piece)
        self._size += len(piece)
        if self._size > MAX_EVENT_BYTES:
            raise _too_large()
        if b"\n" not in piece:
            return []
        text = b"".join(self._line) if len(self._line) > 1 else piece
        lines = text.split(b"\n")
        partial_line = lines.pop()
        self._line = [partial_line] if partial_line else []
        events = [event for line in lines if (event := self._take(line)) is not None]
        self._size = len(partial_line) + self._data_size
        return events

    def end(self) -> list[ServerEvent]:
        """Return the last event, if the empty line after it is missing."""
        event = self._dispatch()
        return [event] if event is not None else []

    def _take(self, line: bytes) -> ServerEvent | None:
        if not self._has_begun:
            self._has_begun = True
            line = line.removeprefix(b"\xef\xbb\xbf")
        if line.startswith(b"data:") or line == b"data":
            self._data_size += len(line) + 1
            self._data.append(line[6 if line[5:6] == b" " else 5 :].decode("utf-8", "replace"))
        elif not line:
            return self._dispatch()
        elif line.startswith(b"event:"):
            self._name = line[6:].decode("utf-8", "replace").strip()
        return None

    def _dispatch(self) -> ServerEvent | None:
        name, data = self._name, self._data
        self._name = ""
        if not data:
            return None
        self._data = []
        self._data_size = 0
        return ServerEvent(name, data[0] if len(data) == 1 else "\n".join(data))


class WholeBody:
    """Stands in for the decoder when a server answers with one JSON text instead of a stream."""

    def __init__(self) -> None:
        self._body = bytearray()

    def feed(self, piece: bytes) -> list[ServerEvent]:
        """Store a piece. Returns no event before the end.

        Raises:
            ProviderError: PROTOCOL_ERROR when the body is larger than `MAX_EVENT_BYTES`.
        """
        self._body += piece
        if len(self._body) > MAX_EVENT_BYTES:
            raise _too_large()
        return []

    def end(self) -> list[ServerEvent]:
        """The whole body as one event."""
        return [ServerEvent("", self._body.decode("utf-8", "replace"))]


def _too_large() -> ProviderError:
    return ProviderError(ErrorCode.PROTOCOL_ERROR, "The server sent an event that is too large.")
