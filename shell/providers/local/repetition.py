"""Stops an answer that repeats itself without end, as small models do at times."""

import re
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing

from shell.contract import Notice, NoticeCode
from shell.providers.base import Chunk, Finish, TextDelta

SEQUENCE = 4
"""How many words in a row are compared."""
WINDOW = 160
"""How many of the last sequences count, about 200 tokens."""
MOST_REPEATED = 0.75
"""The answer repeats itself if a larger share of them occurred in it before."""

LONGEST_WORD = 12
"""Longer ones are compared in pieces of this length, and so are rows of marks. Some scripts have
no spaces, and an answer may repeat a single character."""

_WORD = re.compile(rf"\w{{1,{LONGEST_WORD}}}|\W{{{LONGEST_WORD}}}")


class RepetitionGuard:
    """Follows the text of one answer."""

    def __init__(self) -> None:
        self._tail = ""
        self._last_words: deque[str] = deque(maxlen=SEQUENCE)
        self._known_sequences: set[tuple[str, ...]] = set()
        self._repeats: deque[bool] = deque(maxlen=WINDOW)

    def repeats(self, text: str) -> bool:
        """Add the next piece of the answer. Returns whether the answer now repeats itself."""
        text, end = self._tail + text, 0
        for word in _WORD.finditer(text):
            if word.end() == len(text) and len(word[0]) < LONGEST_WORD:
                break  # it may go on in the next piece
            end = word.end()
            self._last_words.append(word[0].lower())
            if len(self._last_words) == SEQUENCE:
                sequence = tuple(self._last_words)
                self._repeats.append(sequence in self._known_sequences)
                self._known_sequences.add(sequence)
        self._tail = text[end:]
        return len(self._repeats) == WINDOW and sum(self._repeats) > MOST_REPEATED * WINDOW


async def without_repetition(
    chunks: AsyncGenerator[Chunk, None], model_id: str
) -> AsyncGenerator[Chunk, None]:
    """Pass on an answer, and end it with a notice once it repeats itself."""
    guard = RepetitionGuard()
    async with aclosing(chunks):
        async for chunk in chunks:
            yield chunk
            if isinstance(chunk, TextDelta) and guard.repeats(chunk.text):
                text = f"{model_id} kept repeating itself, so the answer was stopped"
                yield Notice(code=NoticeCode.REPETITION_STOPPED, text=text, model=model_id)
                yield Finish("other")
                return
