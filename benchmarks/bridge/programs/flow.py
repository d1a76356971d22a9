"""Which tokens come when, and whether a page got exactly those.

Standard library only, as everything that the peers share: they run in environments of their own.
"""

import asyncio
import itertools
import time
from array import array
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

TOKENS_PER_TURN = 64
"""As an engine does it, a producer that never waits gives the loop a turn this often."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

Send = Callable[[int, str], Awaitable[None] | None]
"""Hands the token of a stream on."""


class Wrong(Exception):
    """A page has not got the tokens that were sent, in their order."""


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
        """Send all of them; returns when each was made, by `time.time()`, by stream."""
        began = time.monotonic() + 0.01
        streams = (
            self._stream(began + stream * self.stagger, stream, tokens, send)
            for stream, tokens in enumerate(texts)
        )
        return await asyncio.gather(*streams)

    async def _stream(
        self, began: float, stream: int, tokens: Sequence[str], send: Send
    ) -> "array[float]":
        made = array("d")
        for number, token in enumerate(tokens):
            if self.rate:
                await asyncio.sleep(max(0.0, began + number / self.rate - time.monotonic()))
            elif number % TOKENS_PER_TURN == 0:
                await asyncio.sleep(0)
            made.append(time.time())
            sent = send(stream, token)
            if sent is not None:
                await sent
        return made


def check(sent: Sequence[Sequence[str]], texts: Sequence[str]) -> None:
    """Compare what was sent with what stands in the page.

    Raises:
        Wrong: a token is missing, doubled, altered, or in another place.
    """
    if len(sent) != len(texts):
        raise Wrong(f"{len(sent)} streams were sent, {len(texts)} came")
    for stream, (tokens, text) in enumerate(zip(sent, texts, strict=True)):
        wanted = "".join(tokens)
        if text != wanted:
            same = next(
                (i for i, (a, b) in enumerate(zip(wanted, text, strict=False)) if a != b),
                min(len(wanted), len(text)),
            )
            raise Wrong(
                f"stream {stream}: {len(wanted)} characters were sent, {len(text)} came, "
                f"the first {same} of them right"
            )


def latencies(
    made: Sequence[Sequence[float]], updates: Sequence[Sequence[float]], ahead_ms: float
) -> list[float]:
    """Milliseconds from the making of each token to the update of the document that showed it.

    Args:
        made: `time.time()` of every token, by stream.
        updates: by stream: a count of tokens shown and the page's time in milliseconds, in turns.
        ahead_ms: how far the page's clock is ahead of the host's.

    Raises:
        Wrong: an update showed nothing new, or too much, or not everything was shown.
    """
    waits: list[float] = []
    for stream, (times, list_) in enumerate(zip(made, updates, strict=True)):
        shown = 0
        for count, at in zip(list_[::2], list_[1::2], strict=True):
            if not shown < count <= len(times):
                raise Wrong(f"stream {stream}: an update went from {shown} to {count} tokens")
            waits += [at - ahead_ms - 1000 * made_at for made_at in times[shown : int(count)]]
            shown = int(count)
        if shown != len(times):
            raise Wrong(f"stream {stream}: {shown} of {len(times)} tokens were shown")
    return waits
