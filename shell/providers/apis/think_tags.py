"""ThinkTags: takes apart answers that begin with their reasoning between tags.

Servers that do not know a model's format leave `<think>…</think>` in the text; Google's marks its
thoughts the same way. Only the beginning of an answer is looked at: later it may be about tags.
"""

from collections.abc import Iterator

_PAIRS = {"<think>": "</think>", "<thought>": "</thought>"}


class ThinkTags:
    """The beginning of one answer, until it is clear where the answer proper starts."""

    def __init__(self) -> None:
        self._held = ""
        self._closing = ""
        self._closed = False
        self.over = False
        """Nothing more to look for: text can go on as it is."""

    def feed(self, text: str) -> Iterator[tuple[bool, str]]:
        """Pieces of what is known to be reasoning (True) or answer (False)."""
        text = self._held + text
        self._held = ""
        if self._closed:
            text = text.lstrip()  # the empty lines after the tag belong to it
            if text:
                self.over = True
                yield False, text
            return
        if not self._closing:
            begun = text.lstrip()
            opening = next((tag for tag in _PAIRS if begun.startswith(tag)), "")
            if not opening:
                if any(tag.startswith(begun) for tag in _PAIRS):
                    self._held = text
                else:
                    self.over = True
                    yield False, text
                return
            self._closing = _PAIRS[opening]
            text = begun.removeprefix(opening)
        thought, found, answer = text.partition(self._closing)
        self._closed = bool(found)
        if not found:
            kept = len(thought) - _overlap(thought, self._closing)
            thought, self._held = thought[:kept], thought[kept:]
        if thought:
            yield True, thought
        if answer:
            yield from self.feed(answer)

    def end(self) -> Iterator[tuple[bool, str]]:
        """What was held back because a tag could have come of it."""
        if self._held:
            yield bool(self._closing), self._held
        self._held = ""


def _overlap(text: str, tag: str) -> int:
    """How many characters at the end of `text` could be the beginning of `tag`."""
    longest = min(len(text), len(tag) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(tag[:n])), 0)
