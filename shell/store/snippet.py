"""Snippet: the place in a text where the search found something, and what to mark in it."""

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence

from shell.contract import Mark

BEFORE = 40
LENGTH = 160
LOOKED_THROUGH = 1_000_000
"""A longer text is shown by its beginning when the hit lies beyond this."""


def snippet(text: str, terms: Sequence[str]) -> tuple[str, list[Mark]]:
    """A line of the text around the first hit, and the hits in it."""
    looked = text[:LOOKED_THROUGH]
    spans = find(looked, terms)
    start = max(0, spans[0][0] - BEFORE) if spans else 0
    if start:  # not in the middle of a word, if one begins near
        space = looked.rfind(" ", start, spans[0][0])
        near = looked.find(" ", start, spans[0][0])
        start = near + 1 if near != -1 else (space + 1 if space != -1 else start)
    piece = looked[start : start + LENGTH]
    head = "…" if start else ""
    tail = "…" if start + LENGTH < len(text) else ""
    line = head + "".join(" " if c.isspace() else c for c in piece) + tail
    marks: list[Mark] = []
    for first, end in spans:
        if end <= start + LENGTH:
            at = _units(line[: first - start + len(head)])
            marks.append(Mark(start=at, end=at + _units(looked[first:end])))
    return line, marks


def find(text: str, terms: Sequence[str]) -> list[tuple[int, int]]:
    """Where the terms stand in the text, as the indexes see it: neither case nor accents count.

    Overlapping places are joined.
    """
    flat, starts = _flattened(text)
    found: list[tuple[int, int]] = []
    for term in terms:
        wanted, _ = _flattened(term)
        at = flat.find(wanted) if wanted else -1
        while at != -1 and len(found) < 200:
            found.append((_place(starts, at), _place(starts, at + len(wanted) - 1) + 1))
            at = flat.find(wanted, at + len(wanted))
    joined: list[tuple[int, int]] = []
    for first, end in sorted(found):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((first, end))
    return joined


def _flattened(text: str) -> tuple[str, list[int] | None]:
    """The text without case and accents, and where each of its characters begins in that."""
    if text.isascii():
        return text.lower(), None
    pieces: list[str] = []
    starts: list[int] = []
    length = 0
    for character in text:
        folded = unicodedata.normalize("NFD", character).casefold()
        piece = "".join(c for c in folded if not unicodedata.combining(c))
        starts.append(length)
        pieces.append(piece)
        length += len(piece)
    return "".join(pieces), starts


def _place(starts: list[int] | None, at: int) -> int:
    return at if starts is None else bisect_right(starts, at) - 1


def _units(text: str) -> int:
    """The length of a text as JavaScript counts it."""
    return len(text) + sum(character > "\uffff" for character in text)
