"""Reads the user's latest questions, which a page offers again. Texts of servers are left out."""

import apsw

from shell.store.rows import rows

MOST = 100
LOOKED_AT = 1_000
"""How many messages are searched. Repeated questions make the list shorter."""
LONGEST = 10_000
"""Longest question in characters. Longer ones were pasted and are of no use in the list."""

_PROMPTS = """
    SELECT text FROM (
        SELECT messages.number, text FROM messages
        JOIN conversations ON conversations.number = messages.conversation
        WHERE role = 'user' AND deleted_at IS NULL
        AND instr(coalesce(parts, ''), '"untrusted":') = 0
        ORDER BY messages.number DESC LIMIT ?
    )
    WHERE text <> '' AND length(text) <= ?
    GROUP BY text ORDER BY max(number) DESC LIMIT ?
"""


def prompts(connection: apsw.Connection) -> list[str]:
    """The newest first, each once."""
    return rows(connection.execute(_PROMPTS, (LOOKED_AT, LONGEST, MOST)), str)
