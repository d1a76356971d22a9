"""Reads what a person has asked lately, in whatever conversation, to be asked again."""

import apsw

from shell.store.rows import rows

MOST = 100
LOOKED_AT = 1_000
"""Messages that are looked at: whoever repeats one question has a shorter list."""
LONGEST = 10_000
"""Characters; what is longer was pasted, and nobody asks it again by leafing."""

_PROMPTS = """
    SELECT text FROM (
        SELECT messages.number, text FROM messages
        JOIN conversations ON conversations.number = messages.conversation
        WHERE role = 'user' AND deleted_at IS NULL
        ORDER BY messages.number DESC LIMIT ?
    )
    WHERE text <> '' AND length(text) <= ?
    GROUP BY text ORDER BY max(number) DESC LIMIT ?
"""


def prompts(connection: apsw.Connection) -> list[str]:
    """The newest first, each once."""
    return rows(connection.execute(_PROMPTS, (LOOKED_AT, LONGEST, MOST)), str)
