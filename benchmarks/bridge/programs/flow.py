"""Makes the tokens of a measurement, and checks that a page got exactly those.

Uses only the standard library, like all modules that the peers share, because each peer runs in its
own environment.
"""

import asyncio
import itertools
import time
from array import array
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

TOKENS_PER_TURN = 64
"""Tokens after which a producer that never waits yields to the event loop, as an engine does."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

Send = Callable[[int, str], Awaitable[None] | None]
"""Sends the token of a stream."""


class Wrong(Exception):
    """A page did not get the sent tokens in their order."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Tokens of four characters, no two alike.

    Args:
        streams: how many at once.
        tokens: how many in each stream.
        rate: tokens a second in each stream; 0: as fast as they can be made.
        stagger: seconds from the beginning of one stream to that of the next.
        visible: whether the page shows them; it puts them into its document in any case.
    """

    streams: int
    tokens: int
    rate: float = 0
    stagger: float = 0
    visible: bool = False

    def texts(self) -> list[list[str]]:
        """Every token, by stream."""
        letters = ("".join(four) for four in itertools.product(_DIGITS, repeat=4))
        return [list(itertools.islice(letters, self.tokens)) for _ in range(self.streams)]

    async def run(self, texts: Sequence[Sequence[str]], send: Send) -> list["array[float]"]:
        """Send all tokens. Returns the time of each token's creation (`time.time()`), by stream."""
        start = time.monotonic() + 0.01
        streams = (
            self._stream(start + stream * self.stagger, stream, tokens, send)
            for stream, tokens in enumerate(texts)
        )
        return await asyncio.gather(*streams)

    async def _stream(
        self, start: float, stream: int, tokens: Sequence[str], send: Send
    ) -> "array[float]":
        created = array("d")
        for number, token in enumerate(tokens):
            if self.rate:
                await asyncio.sleep(max(0.0, start + number / self.rate - time.monotonic()))
            elif number % TOKENS_PER_TURN == 0:
                await asyncio.sleep(0)
            created.append(time.time())
            sending = send(stream, token)
            if sending is not None:
                await sending
        return created


def check(sent: Sequence[Sequence[str]], texts: Sequence[str]) -> None:
    """Compare the sent tokens with the texts in the page.

    Raises:
        Wrong: a token is missing, doubled, altered, or in another place.
    """
    if len(sent) != len(texts):
        raise Wrong(f"{len(sent)} streams were sent, {len(texts)} came")
    for stream, (tokens, text) in enumerate(zip(sent, texts, strict=True)):
        expected = "".join(tokens)
        if text != expected:
            same = next(
                (i for i, (a, b) in enumerate(zip(expected, text, strict=False)) if a != b),
                min(len(expected), len(text)),
            )
            raise Wrong(
                f"stream {stream}: {len(expected)} characters were sent, {len(text)} came, "
                f"the first {same} of them right"
            )


def latencies(
    created: Sequence[Sequence[float]], updates: Sequence[Sequence[float]], ahead_ms: float
) -> list[float]:
    """Milliseconds from the creation of each token to the update of the document that showed it.

    Args:
        created: `time.time()` of every token, by stream.
        updates: by stream: a count of tokens shown and the page's time in milliseconds, in turns.
        ahead_ms: how far the page's clock is ahead of the host's.

    Raises:
        Wrong: an update showed nothing new, or too much, or not everything was shown.
    """
    latencies_ms: list[float] = []
    for stream, (times, list_) in enumerate(zip(created, updates, strict=True)):
        shown_count = 0
        for count, at in zip(list_[::2], list_[1::2], strict=True):
            if not shown_count < count <= len(times):
                raise Wrong(f"stream {stream}: an update went from {shown_count} to {count} tokens")
            latencies_ms += [
                at - ahead_ms - 1000 * created_at for created_at in times[shown_count : int(count)]
            ]
            shown_count = int(count)
        if shown_count != len(times):
            raise Wrong(f"stream {stream}: {shown_count} of {len(times)} tokens were shown")
    return latencies_ms
