"""Writes a provider's text to the log, with split characters joined and long pieces cut."""

from shell.contract import ToolEvent
from shell.errors import ErrorCode, ProviderError
from shell.inference.log import MAX_JOINED_CHARACTERS, InferenceLog, TextChannel
from shell.support.text import close_surrogate, join_surrogates, pieces

MAX_CONTENT_BYTES = 32_000_000
"""Longest answer, reasoning and tool-call arguments of one run together, as UTF-8. The longest real
answers have about 1 MB, and a server that never stops must not fill the memory."""
MAX_CHUNKS = 500_000
"""Most chunks of one run. Each takes up to 1 kB of memory however short its text is. The longest
real answers have about 130,000 tokens."""


class TextWriter:
    """Writes the texts of one run. A provider may cut its stream inside a surrogate pair.

    Args:
        log: the run's.
        streamed: false to buffer all text until `close`.
    """

    def __init__(self, log: InferenceLog, *, streamed: bool) -> None:
        self._log = log
        self._streamed = streamed
        self._halves: dict[TextChannel, str] = {"llm:token": "", "llm:reasoning": ""}
        self._buffers: dict[TextChannel, list[str]] = {"llm:token": [], "llm:reasoning": []}
        self._tool_halves: dict[str, str] = {}
        self.written_bytes: dict[TextChannel, int] = {"llm:token": 0, "llm:reasoning": 0}
        """Bytes of UTF-8 so far, by channel."""
        self._bytes = 0
        """Of all texts and tool-call arguments together."""
        self._chunks = 0

    def count_chunk(self) -> None:
        """Count a chunk of the provider.

        Raises:
            ProviderError: PROTOCOL_ERROR, the run has more chunks or text than any real answer.
        """
        self._chunks += 1
        if self._bytes > MAX_CONTENT_BYTES or self._chunks > MAX_CHUNKS:
            raise ProviderError(
                ErrorCode.PROTOCOL_ERROR,
                "The answer is too long. The text received so far is kept.",
            )

    def write(self, channel: TextChannel, text: str) -> None:
        """Append text. A surrogate half at its end is buffered until the other half arrives."""
        if not text.isascii() or self._halves[channel]:
            text, self._halves[channel] = join_surrogates(text, self._halves[channel])
        self._append(channel, text)

    def write_call(self, call_id: str, name: str, arguments: str) -> None:
        """Append a part of a tool call."""
        text, self._tool_halves[call_id] = join_surrogates(
            arguments, self._tool_halves.get(call_id, "")
        )
        self._bytes += _size(text)
        for piece in pieces(text, MAX_JOINED_CHARACTERS) or [""]:
            stamp = self._log.stamp()
            self._log.append(ToolEvent(**stamp, id=call_id, name=name, arguments_delta=piece))

    def close(self) -> None:
        """Append what is still buffered: a surrogate half, or all text if it is not streamed."""
        channels: tuple[TextChannel, ...] = ("llm:reasoning", "llm:token")
        for channel in channels:
            self._append(channel, close_surrogate(self._halves[channel]))
            for piece in pieces("".join(self._buffers[channel]), MAX_JOINED_CHARACTERS):
                self._log.append_text(channel, piece)

    def _append(self, channel: TextChannel, text: str) -> None:
        size = _size(text)
        self.written_bytes[channel] += size
        self._bytes += size
        if not self._streamed:
            self._buffers[channel].append(text)
        elif size <= MAX_JOINED_CHARACTERS:
            self._log.append_text(channel, text)
        else:
            for piece in pieces(text, MAX_JOINED_CHARACTERS):
                self._log.append_text(channel, piece)


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())
