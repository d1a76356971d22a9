"""Searches messages and titles: first whole words, ranked, then text inside words.

A search ends when it has enough hits or its time limit is over. It then returns where it stopped,
and a later search can continue from there.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import NamedTuple

import apsw

from shell.contract import Role, SearchHit
from shell.store.connection_thread import ReadLimit
from shell.store.rows import first
from shell.store.search.index import RESULTS
from shell.store.search.query import Query, parse
from shell.store.search.snippet import contains_all, snippet

TITLE_WEIGHT = 4.0
"""How much more a word counts in a title than in a message."""
MAX_RANKED = 2_000
"""Limit on the matches that are ranked: the newest ones."""
MAX_RANKED_TERMS = 16
"""Limit on the terms of a ranked query. Above it, the newest hits come first. bm25 reads the whole
list of each term before its first row, and SQLite cannot be interrupted meanwhile."""
RANKING_SHARE = 0.5
"""The share of the time limit after which ranking stops if it has enough matches."""

START = 0
"""Starts a search with the index `words`. Any other start continues after that stage."""
_INSIDE_START = 2**53 - 1
"""Above every rowid of the indexes, and an exact integer in JavaScript."""

_SCORED = f"""
    SELECT rowid, bm25(words, {TITLE_WEIGHT}, 1.0)
    FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT {MAX_RANKED}
"""  # noqa: S608 - numbers of our own
_WORDS = "SELECT rowid, 0.0 FROM words WHERE words MATCH ? ORDER BY rowid DESC"
_INSIDE = "SELECT rowid, 1 FROM trigrams WHERE trigrams MATCH ? AND rowid < ? ORDER BY rowid DESC"
_INSIDE_WITH_WORDS = """
    SELECT rowid, +rowid IN (SELECT rowid FROM words(?3))
    FROM trigrams WHERE trigrams MATCH ?1 AND rowid < ?2 ORDER BY rowid DESC
"""
_PUNCTUATION = """
    SELECT number, instr(text, ?) > 0 FROM messages WHERE number < ? ORDER BY number DESC
"""
_TITLE = """
    SELECT id, NULL, title, NULL, title, updated_at FROM conversations
    WHERE number = ? AND deleted_at IS NULL
"""
_MESSAGE = f"""
    SELECT conversations.id, messages.id, title, role, text || {RESULTS}, messages.created_at
    FROM messages JOIN conversations ON conversations.number = messages.conversation
    WHERE messages.number = ?1 AND deleted_at IS NULL
"""  # noqa: S608 - no value in it


@dataclass(slots=True)
class Found:
    """The hits of a search, best first."""

    hits: list[SearchHit] = field(default_factory=list)
    rest: int | None = None
    """Where to continue after a time limit; None when the search is complete or has found the
    requested number of hits."""


class _Text(NamedTuple):
    conversation_id: str
    message_id: str | None
    title: str
    role: Role | None
    text: str
    created_at: int


def search(
    connection: apsw.Connection,
    text: str,
    max_hits: int,
    limit: ReadLimit | None = None,
    start: int = START,
) -> Found:
    """Search for the text of the search field.

    Args:
        connection: of the store; its statements may be interrupted by the same limit.
        text: the text of the search field.
        max_hits: how many hits to return.
        limit: ends the search early; None for no limit.
        start: START, or the `rest` of an earlier search for the same text. Hits may repeat.
    """
    search_run = _Search(connection, parse(text), max_hits, limit or ReadLimit(), start)
    try:
        search_run.run()
    except apsw.InterruptError:
        search_run.is_cut = True
    return Found(search_run.hits, search_run.place if search_run.is_cut else None)


class _Search:
    """Runs one search. A later search can start at `place`."""

    def __init__(
        self, connection: apsw.Connection, query: Query, max_hits: int, limit: ReadLimit, start: int
    ) -> None:
        self.hits: list[SearchHit] = []
        self.place = start
        self.is_cut = False
        self._connection = connection
        self._query = query
        self._max_hits = max_hits
        self._limit = limit
        self._seen: set[int] = set()

    def run(self) -> None:
        if self.place == START:
            for rowid in self._words():
                if not self._add(rowid, inside=False):
                    return
            self.place = _INSIDE_START
        for rowid, is_candidate in self._inside():
            if is_candidate and not self._add(rowid, inside=True):
                return
            self.place = rowid
            if self._is_over():
                return

    def _add(self, rowid: int, *, inside: bool) -> bool:
        """Add the hit at a row of the index; returns whether to continue."""
        if rowid in self._seen:
            return True
        if self._is_over():
            return False
        sql = _TITLE if rowid < 0 else _MESSAGE
        found = first(self._connection.execute(sql, (abs(rowid),)), _Text)
        if found is None or (inside and not contains_all(found.text, self._query.long_terms)):
            return True
        self._seen.add(rowid)
        self.hits.append(_hit(found, self._query))
        return len(self.hits) < self._max_hits

    def _is_over(self) -> bool:
        self.is_cut = self.is_cut or self._limit.is_over()
        return self.is_cut

    def _words(self) -> Iterator[int]:
        """Yield the rows whose words match, the best first."""
        query = self._query.word_query
        if query is None:
            return
        if len(self._query.terms) > MAX_RANKED_TERMS:
            with closing(self._connection.execute(_WORDS, (query,))) as unranked:
                for rowid, _ in unranked:
                    yield rowid
            return
        scored: list[tuple[float, int]] = []
        with closing(self._connection.execute(_SCORED, (query,))) as ranked:
            for rowid, score in ranked:
                scored.append((score, -rowid))
                if len(scored) >= self._max_hits and self._limit.is_over(RANKING_SHARE):
                    break
        for _, negated in sorted(scored):
            yield -negated

    def _inside(self) -> Iterator[tuple[int, bool]]:
        """Yield the rows below `place`, the newest first, and whether each may have the terms."""
        query = self._query
        if query.trigram_query is not None and query.short_word_query is None:
            cursor = self._connection.execute(_INSIDE, (query.trigram_query, self.place))
        elif query.trigram_query is not None:
            cursor = self._connection.execute(
                _INSIDE_WITH_WORDS, (query.trigram_query, self.place, query.short_word_query)
            )
        elif query.word_query is None and query.terms:
            # Punctuation of one or two characters is in no index.
            cursor = self._connection.execute(_PUNCTUATION, (query.terms[0], self.place))
        else:
            return
        with closing(cursor) as rows:
            for rowid, is_candidate in rows:
                yield rowid, bool(is_candidate)


def _hit(found: _Text, query: Query) -> SearchHit:
    fields = found._asdict()
    line, marks = snippet(fields.pop("text"), query.terms)
    return SearchHit(**fields, snippet=line, marks=marks)
