"""Reads the user's latest questions for the prompt history. Leaves out prompts of MCP servers."""

import apsw

from shell.store.rows import rows

MAX_PROMPTS = 100
MAX_SEARCHED = 1_000
"""Limit on the messages that are searched. Repeated questions make the list shorter."""
MAX_CHARACTERS = 10_000
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
    """The latest questions, the newest first, each once."""
    return rows(connection.execute(_PROMPTS, (MAX_SEARCHED, MAX_CHARACTERS, MAX_PROMPTS)), str)
