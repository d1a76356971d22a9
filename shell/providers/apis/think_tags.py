"""Separates reasoning between tags from the answer after it.

Servers that do not know a model's format leave `<think>…</think>` in the text, and Google marks
reasoning in the same way. Only tags at the beginning count; later ones may be part of the answer.
"""

from collections.abc import Iterator

_PAIRS = {"<think>": "</think>", "<thought>": "</thought>"}


class ThinkTags:
    """State of one answer, until its reasoning has ended."""

    def __init__(self) -> None:
        self._held = ""
        self._closing = ""
        self._closed = False
        self.over = False
        """Whether the reasoning has ended. The rest of the text is the answer."""

    def feed(self, text: str) -> Iterator[tuple[bool, str]]:
        """Split a piece of text into reasoning (True) and answer (False)."""
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
        """Give the text that was held back because it could have been a tag."""
        if self._held:
            yield bool(self._closing), self._held
        self._held = ""


def _overlap(text: str, tag: str) -> int:
    """Count the characters at the end of `text` that could begin `tag`."""
    longest = min(len(text), len(tag) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(tag[:n])), 0)
