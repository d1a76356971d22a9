"""Searches messages and titles: words first, ranked; then what only stands inside of words."""

from collections.abc import Iterator
from typing import NamedTuple

import apsw

from shell.contract import Role, SearchHit
from shell.store.query import Query, parse
from shell.store.rows import first, rows
from shell.store.snippet import find, snippet

TITLE_WEIGHT = 4.0
"""How much more a word counts in a title than in a message."""
RANKED = 2_000
"""When more than this many match, only the newest of them are ranked."""

_WORDS = f"""
    SELECT place FROM (
        SELECT rowid AS place, bm25(words, {TITLE_WEIGHT}, 1.0) AS score
        FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT {RANKED}
    ) ORDER BY score, place DESC
"""  # noqa: S608 - numbers of our own
_INSIDE = f"""
    SELECT rowid FROM trigrams WHERE trigrams MATCH ? ORDER BY rowid DESC LIMIT {RANKED}
"""  # noqa: S608
_INSIDE_BESIDE = f"""
    SELECT rowid FROM trigrams
    WHERE trigrams MATCH ? AND +rowid IN (SELECT rowid FROM words(?))
    ORDER BY rowid DESC LIMIT {RANKED}
"""  # noqa: S608
_TITLE = """
    SELECT id, NULL, title, NULL, title, updated_at FROM conversations
    WHERE number = ? AND deleted_at IS NULL
"""
_MESSAGE = """
    SELECT conversations.id, messages.id, title, role, text, messages.created_at
    FROM messages JOIN conversations ON conversations.number = messages.conversation
    WHERE messages.number = ? AND deleted_at IS NULL
"""


class _Found(NamedTuple):
    conversation_id: str
    message_id: str | None
    title: str
    role: Role | None
    text: str
    created_at: int


def search(connection: apsw.Connection, text: str, limit: int) -> list[SearchHit]:
    """The best hits for what a person typed, at most `limit` of them."""
    query = parse(text)
    hits: dict[int, SearchHit] = {}
    for place, found in _candidates(connection, query):
        if place not in hits:
            hits[place] = _hit(found, query)
            if len(hits) >= limit:
                break
    return list(hits.values())


def _candidates(connection: apsw.Connection, query: Query) -> Iterator[tuple[int, _Found]]:
    """What matches, best first; the same may come twice."""
    if query.words is not None:
        places = rows(connection.execute(_WORDS, (query.words,)), int)
        yield from _look_up(connection, places)
    if query.inside is not None:
        if query.beside is None:
            inside = connection.execute(_INSIDE, (query.inside,))
        else:
            inside = connection.execute(_INSIDE_BESIDE, (query.inside, query.beside))
        for place, found in _look_up(connection, rows(inside, int)):
            if all(find(found.text, [term]) for term in query.long):
                yield place, found
    elif query.words is None and query.terms:
        # One or two signs of punctuation are in no index.
        numbers = connection.execute(
            "SELECT number FROM messages WHERE instr(text, ?) ORDER BY number DESC LIMIT ?",
            (query.terms[0], RANKED),
        )
        yield from _look_up(connection, rows(numbers, int))


def _look_up(connection: apsw.Connection, places: list[int]) -> Iterator[tuple[int, _Found]]:
    for place in places:
        sql = _TITLE if place < 0 else _MESSAGE
        found = first(connection.execute(sql, (abs(place),)), _Found)
        if found is not None:
            yield place, found


def _hit(found: _Found, query: Query) -> SearchHit:
    line, marks = snippet(found.text, query.terms)
    return SearchHit(
        conversation_id=found.conversation_id,
        message_id=found.message_id,
        title=found.title,
        role=found.role,
        snippet=line,
        marks=marks,
        created_at=found.created_at,
    )
