"""Stores small texts of the pages, such as drafts, for all windows.

A window's page has no storage that outlives it. A browser ties storage to the port, which changes.
"""

import apsw

from shell.contract import Note
from shell.support.ids import epoch_ms

MAX_NOTES = 1_000
"""Limit on stored notes. The least recently changed ones are deleted first."""
MAX_NOTE_CHARACTERS = 2_000_000


def put(connection: apsw.Connection, note: Note) -> None:
    """Store a note, or delete it if its text is None. Part of a writing job."""
    if note.text is None:
        connection.execute("DELETE FROM notes WHERE name = ?", (note.name,))
        return
    values = (note.name, note.text, epoch_ms())
    connection.execute("INSERT OR REPLACE INTO notes VALUES (?, ?, ?)", values)
    limit(connection)


def limit(connection: apsw.Connection) -> None:
    """Delete the notes beyond MAX_NOTES."""
    connection.execute(
        "DELETE FROM notes WHERE name IN "
        "(SELECT name FROM notes ORDER BY changed_at DESC, name LIMIT -1 OFFSET ?)",
        (MAX_NOTES,),
    )


def drop_draft(connection: apsw.Connection, conversation_number: int) -> None:
    """Delete the draft of a purged conversation, with its attachments. Pages name these notes
    `draft.` and `attached.`, followed by the conversation's id.
    """
    connection.execute(
        "DELETE FROM notes WHERE name IN "
        "(SELECT prefix || id FROM conversations, "
        "(SELECT 'draft.' AS prefix UNION SELECT 'attached.') WHERE number = ?)",
        (conversation_number,),
    )


def every(connection: apsw.Connection) -> dict[str, str]:
    """All notes by their names."""
    found = connection.execute("SELECT name, text FROM notes")
    return {str(name): str(text) for name, text in found}
