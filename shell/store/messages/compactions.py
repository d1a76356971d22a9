"""Changes the summaries of messages. Everything here is part of a writing job.

NotFound is raised for a message that no longer exists, or that has no summary.
"""

import apsw

from shell.contract import Compaction, ConversationView, SummaryChange, SummaryUse, ViewRequest
from shell.errors import NotFound
from shell.store.messages import entries, queries, tree


def put(connection: apsw.Connection, message_id: str, compaction: Compaction) -> None:
    """Store a summary of a message and of all before it."""
    entries.put(connection, queries.row_of(connection, message_id).number, compaction)


def change(connection: apsw.Connection, request: SummaryChange) -> ConversationView:
    """Replace the text of a summary."""
    _update(connection, _find(connection, request.message_id), text=request.text, edited=True)
    return _view(connection, request.message_id)


def use(connection: apsw.Connection, request: SummaryUse) -> ConversationView:
    """Undo a summary, or use it again; with `everywhere`, all summaries on the path."""
    row = _find(connection, request.message_id)
    path = _path(connection, row.conversation) if request.everywhere else []
    for message in [row, *path]:
        _update(connection, message, undone=request.undone)
    return _view(connection, request.message_id)


def undo_last(connection: apsw.Connection, conversation_id: str) -> str:
    """Undo the summary that the next question would use; returns the id of its message.

    Raises:
        NotFound: there is no such conversation, or it has no summary to undo.
    """
    for row in reversed(_path(connection, tree.conversation(connection, conversation_id))):
        compaction = entries.compaction_of(row.compaction)
        if compaction is not None and not compaction.undone:
            _update(connection, row, undone=True)
            return row.id
    raise NotFound("This conversation has no summary")


def _path(connection: apsw.Connection, conversation: int) -> list[queries.MessageRow]:
    leaf = queries.leaf(connection, conversation)
    return [] if leaf is None else queries.path_to(connection, leaf)


def _find(connection: apsw.Connection, message_id: str) -> queries.MessageRow:
    row = queries.row_of(connection, message_id)
    if row.compaction is None:
        raise NotFound("This message has no summary")
    return row


def _update(connection: apsw.Connection, row: queries.MessageRow, **changes: object) -> None:
    """Change the summary of a message, if it has one."""
    if (compaction := entries.compaction_of(row.compaction)) is not None:
        entries.put(connection, row.number, compaction.model_copy(update=changes))


def _view(connection: apsw.Connection, message_id: str) -> ConversationView:
    conversation_id = queries.conversation_of(connection, message_id)
    return queries.view(connection, ViewRequest(conversation_id=conversation_id))
