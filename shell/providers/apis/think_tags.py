"""Separates reasoning between tags from the answer after it.

Servers that do not know a model's format leave `<think>…</think>` in the text, and Google marks
reasoning in the same way. Only tags at the beginning count; later ones may be part of the answer.
"""

from collections.abc import Iterator

_PAIRS = {"<think>": "</think>", "<thought>": "</thought>"}


class ThinkTags:
    """State of one answer, until its reasoning has ended."""

    def __init__(self) -> None:
        self._pending = ""
        self._closing_tag = ""
        self._is_closed = False
        self.is_over = False
        """Whether the reasoning has ended. The rest of the text is the answer."""

    def feed(self, text: str) -> Iterator[tuple[bool, str]]:
        """Split a piece of text into reasoning (True) and answer (False)."""
        text = self._pending + text
        self._pending = ""
        if self._is_closed:
            text = text.lstrip()  # the empty lines after the tag belong to it
            if text:
                self.is_over = True
                yield False, text
            return
        if not self._closing_tag:
            start = text.lstrip()
            tag = next((each for each in _PAIRS if start.startswith(each)), "")
            if not tag:
                if any(each.startswith(start) for each in _PAIRS):
                    self._pending = text
                else:
                    self.is_over = True
                    yield False, text
                return
            self._closing_tag = _PAIRS[tag]
            text = start.removeprefix(tag)
        thought, closing, answer = text.partition(self._closing_tag)
        self._is_closed = bool(closing)
        if not closing:
            length = len(thought) - _overlap(thought, self._closing_tag)
            thought, self._pending = thought[:length], thought[length:]
        if thought:
            yield True, thought
        if answer:
            yield from self.feed(answer)

    def end(self) -> Iterator[tuple[bool, str]]:
        """Return the text that was held back because it could have been a tag."""
        if self._pending:
            yield bool(self._closing_tag), self._pending
        self._pending = ""


def _overlap(text: str, tag: str) -> int:
    """Count the characters at the end of `text` that could begin `tag`."""
    longest = min(len(text), len(tag) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(tag[:n])), 0)
