"""Turns what a person typed into the search field into queries of the two indexes."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from shell.store.search.index import apart

MOST_TRIGRAMS = 32
"""How many trigrams of a query are looked up. What they find is compared with the whole terms."""
_TERM = re.compile(r'"([^"]*)"?|(\S+)')


@dataclass(frozen=True, slots=True)
class Query:
    """Terms that must all be there; a quoted phrase is one term."""

    terms: tuple[str, ...]
    open_ended: bool
    """Whether the last term may be the beginning of a word: it is still being typed."""

    @property
    def words(self) -> str | None:
        """For `words`. Terms of nothing but punctuation are not in there and do not count."""
        return self._words(self.terms)

    @property
    def inside(self) -> str | None:
        """For `trigrams`: what the long terms are made of, in whatever order."""
        found = list(dict.fromkeys(piece for term in self.long for piece in _trigrams(term)))
        step = -(-len(found) // MOST_TRIGRAMS) or 1
        return _all([_quoted(piece) for piece in found[::step]])

    @property
    def long(self) -> list[str]:
        """The terms that are long enough for `trigrams`."""
        return [term for term in self.terms if _trigrams(term)]

    @property
    def beside(self) -> str | None:
        """For `words`: the terms that are too short for `trigrams`."""
        return self._words([term for term in self.terms if not _trigrams(term)])

    def _words(self, terms: Sequence[str]) -> str | None:
        parts = [
            _quoted(apart(term)) + (" *" if self.open_ended and term == self.terms[-1] else "")
            for term in terms
            if any(map(_is_of_a_word, term))
        ]
        return _all(parts)


def parse(text: str) -> Query:
    """The query that a text means."""
    terms: list[str] = []
    open_ended = False
    for found in _TERM.finditer(text.replace("\0", " ")):
        term = " ".join((found[1] if found[1] is not None else found[2]).split())
        if term:
            terms.append(term)
            open_ended = found[1] is None
    # Each term once, and the last one stays the last.
    return Query(tuple(dict.fromkeys(reversed(terms)))[::-1], open_ended)


def _quoted(term: str) -> str:
    doubled = term.replace('"', '""')
    return f'"{doubled}"'


def _all(parts: list[str]) -> str | None:
    return " AND ".join(parts) if parts else None


def _trigrams(term: str) -> list[str]:
    """Every three characters in a row, as the index has them: without accents."""
    decomposed = unicodedata.normalize("NFD", term)
    flat = "".join(c for c in decomposed if not unicodedata.combining(c))
    return [flat[start : start + 3] for start in range(len(flat) - 2)]


def _is_of_a_word(character: str) -> bool:
    """Whether `words` has the character in its tokens."""
    category = unicodedata.category(character)
    return category[0] in "LNMS" or category in {"Co", "Cn"}
