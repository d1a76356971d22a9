"""Parses the text of the search field into queries of the two indexes."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from shell.store.search.index import separate_words

MAX_TRIGRAMS = 32
"""Limit on the trigrams that a query looks up. The search compares matches with the whole terms."""
_TERM = re.compile(r'"([^"]*)"?|(\S+)')


@dataclass(frozen=True, slots=True)
class Query:
    """Terms that must all match. A quoted phrase is one term."""

    terms: tuple[str, ...]
    open_ended: bool
    """Whether the last term may be the prefix of a word, since it is still being typed."""

    @property
    def word_query(self) -> str | None:
        """The query of the index `words`, without terms of only punctuation, which it lacks."""
        return self._word_query(self.terms)

    @property
    def trigram_query(self) -> str | None:
        """The query of the index `trigrams`: the trigrams of the long terms, in any order."""
        found = list(dict.fromkeys(piece for term in self.long_terms for piece in _trigrams(term)))
        step = -(-len(found) // MAX_TRIGRAMS) or 1
        return _all([_quote(piece) for piece in found[::step]])

    @property
    def long_terms(self) -> list[str]:
        """The terms of at least three characters, long enough for `trigrams`."""
        return [term for term in self.terms if _trigrams(term)]

    @property
    def short_word_query(self) -> str | None:
        """The query of `words` for the terms that are too short for `trigrams`."""
        return self._word_query([term for term in self.terms if not _trigrams(term)])

    def _word_query(self, terms: Sequence[str]) -> str | None:
        parts = [
            _quote(separate_words(term))
            + (" *" if self.open_ended and term == self.terms[-1] else "")
            for term in terms
            if any(map(_is_of_a_word, term))
        ]
        return _all(parts)


def parse(text: str) -> Query:
    """Parse the text of the search field."""
    terms: list[str] = []
    open_ended = False
    for found in _TERM.finditer(text.replace("\0", " ")):
        term = " ".join((found[1] if found[1] is not None else found[2]).split())
        if term:
            terms.append(term)
            open_ended = found[1] is None
    # Drop repeated terms, but keep the last term last.
    return Query(tuple(dict.fromkeys(reversed(terms)))[::-1], open_ended)


def _quote(term: str) -> str:
    doubled = term.replace('"', '""')
    return f'"{doubled}"'


def _all(parts: list[str]) -> str | None:
    return " AND ".join(parts) if parts else None


def _trigrams(term: str) -> list[str]:
    """Return the trigrams of a term without accents, as the index has them."""
    decomposed = unicodedata.normalize("NFD", term)
    flat = "".join(c for c in decomposed if not unicodedata.combining(c))
    return [flat[start : start + 3] for start in range(len(flat) - 2)]


def _is_of_a_word(character: str) -> bool:
    """Tell whether the tokens of `words` may have this character."""
    category = unicodedata.category(character)
    return category[0] in "LNMS" or category in {"Co", "Cn"}
