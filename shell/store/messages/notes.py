"""Stores small texts of the pages, such as drafts, for all windows.

A page in a window has no storage that outlives it, and a browser's is bound to a port that changes.
"""

import apsw

from shell.contract import Note
from shell.support.ids import epoch_ms

MOST = 1_000
"""Most notes that are stored. The least recently changed ones are deleted first."""


def put(connection: apsw.Connection, note: Note) -> None:
    """Store a note, which replaces the one of this name; part of a writing job."""
    if note.text is None:
        connection.execute("DELETE FROM notes WHERE name = ?", (note.name,))
        return
    connection.execute(
        "INSERT OR REPLACE INTO notes VALUES (?, ?, ?)", (note.name, note.text, epoch_ms())
    )
    connection.execute(
        "DELETE FROM notes WHERE name IN "
        "(SELECT name FROM notes ORDER BY changed_at DESC, name LIMIT -1 OFFSET ?)",
        (MOST,),
    )


def drop_draft(connection: apsw.Connection, conversation_number: int) -> None:
    """Delete the draft of a conversation that is purged, with what is attached to it. Pages name
    those notes `draft.` and `attached.` and the conversation's id.
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
