"""Makes the snippet of a text around a hit, and finds the hits to mark in it."""

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from shell.contract import Mark
from shell.store.messages.markdown_text import plain
from shell.support.text import pieces

CHARACTERS_BEFORE = 40
MAX_LENGTH = 160
CHARACTERS_AROUND = 600
"""How many characters before and after the hit are read as Markdown."""
MAX_SEARCHED = 1_000_000
"""How many characters are searched for a hit. Without one, the snippet is the start of the text."""
_PIECE = 256
"""How many characters are folded at once. Most pieces of most texts are ASCII, which is fast."""


def snippet(text: str, terms: Sequence[str]) -> tuple[str, list[Mark]]:
    """Return a line of the text around the first hit, and the hits in that line.

    The line has no Markdown syntax, unless the hit is in it, such as in the address of a link.
    """
    searched = text[:MAX_SEARCHED]
    place = _first(searched, terms)
    begin = max(0, (place or 0) - CHARACTERS_AROUND)
    end = (place or 0) + CHARACTERS_AROUND
    shown = plain(searched[begin:end])
    if place is not None and not find(shown, terms):
        shown = "".join(" " if c.isspace() else c for c in searched[begin:end])
    # A hit with many combining marks may not end within `shown`.
    hits = [] if place is None else find(shown, terms)
    hit = hits[0][0] if hits else None
    start = max(0, (hit or 0) - CHARACTERS_BEFORE)
    if hit is not None and start:  # start at a word, if one begins near
        space = shown.find(" ", start, hit)
        start = space + 1 if space != -1 else start
    piece = shown[start : start + MAX_LENGTH]
    head = "…" if begin + start else ""
    tail = "…" if start + MAX_LENGTH < len(shown) or end < len(text) else ""
    line = head + piece + tail
    marks: list[Mark] = []
    for first, end in find(piece, terms):
        position = _units(line[: first + len(head)])
        marks.append(Mark(start=position, end=position + _units(piece[first:end])))
    return line, marks


def contains_all(text: str, terms: Sequence[str]) -> bool:
    """Tell whether the text has all terms. As in the indexes, case and accents do not count."""
    folded = _fold_all(text)
    return all(_fold_all(term) in folded for term in terms)


def find(text: str, terms: Sequence[str]) -> list[tuple[int, int]]:
    """Find the terms in a short text, without case and accents. Overlapping ranges are joined."""
    folded, starts = _with_starts(text)
    found: list[tuple[int, int]] = []
    for term in terms:
        wanted = _fold_all(term)
        position = folded.find(wanted) if wanted else -1
        while position != -1:
            found.append((_place(starts, position), _place(starts, position + len(wanted) - 1) + 1))
            position = folded.find(wanted, position + len(wanted))
    joined: list[tuple[int, int]] = []
    for first, end in sorted(found):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((first, end))
    return joined


def _first(text: str, terms: Sequence[str]) -> int | None:
    """Find the first of the terms in a text of any length."""
    parts = [_fold(piece) for piece in pieces(text, _PIECE)]
    folded = "".join(parts)
    places = [folded.find(wanted) for wanted in map(_fold_all, terms) if wanted]
    first_place = min((place for place in places if place != -1), default=None)
    if first_place is None:
        return None
    begins = [0, *accumulate(map(len, parts))]
    number = _place(begins, first_place)
    begin = number * _PIECE
    _, starts = _with_starts(text[begin : begin + _PIECE])
    return begin + _place(starts, first_place - begins[number])


def _fold_all(text: str) -> str:
    return "".join(map(_fold, pieces(text, _PIECE)))


def _fold(text: str) -> str:
    """Remove case and accents. Each character is folded by itself."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFD", text).casefold()
    for mark in filter(unicodedata.combining, set(folded)):
        folded = folded.replace(mark, "")
    return folded


def _with_starts(text: str) -> tuple[str, Sequence[int]]:
    """Fold the text; also return where each character of the text begins in the result."""
    if text.isascii():
        return text.lower(), range(len(text))
    parts = [_fold(character) for character in text]
    return "".join(parts), [0, *accumulate(map(len, parts))]


def _place(starts: Sequence[int], position: int) -> int:
    return bisect_right(starts, position) - 1


def _units(text: str) -> int:
    """Return the length of a text in UTF-16 units, as JavaScript counts it."""
    return len(text) + sum(character > "\uffff" for character in text)
