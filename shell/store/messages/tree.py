"""Writes conversations. Each is a tree of messages, and no message is ever replaced.

A message names its parent. A parent names the child that was chosen last, and a conversation its
chosen first message, so a path leads from the root to a leaf. An edit is a sibling of the message
that it changes. Every function here is part of a writing job.
"""

from dataclasses import dataclass
from typing import Literal, cast

import apsw

from shell.contract import AnswerDetail, MessageStatus, NewConversation, Role
from shell.errors import NotFound
from shell.store.messages import notes, queries
from shell.store.messages.content import StoredContent, save_blobs, sweep_blobs
from shell.store.messages.markdown_text import plain
from shell.store.rows import Row, rows, save
from shell.store.search import index
from shell.support.ids import TEMPORARY, derived_id, new_id
from shell.support.text import clean

TITLE_CHARACTERS = 60
DELETED_RETENTION_MS = 30 * 24 * 3_600_000
"""How long a deleted conversation can be restored."""

TitleFrom = Literal["words", "model", "person"]


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to add to the tree. Times are milliseconds since the epoch."""

    id: str
    role: Role
    content: StoredContent
    created_at: int
    status: MessageStatus = "complete"
    provider_id: str | None = None
    model_id: str | None = None
    inference_id: str | None = None
    reasoning: str = ""
    detail: AnswerDetail | None = None


def create(
    connection: apsw.Connection, conversation_id: str, new: NewConversation, now: int
) -> int:
    """Create a conversation; returns its number."""
    title_from: TitleFrom = "words" if new.title is None else "person"
    row = {
        "id": conversation_id,
        "title": "",
        "title_from": title_from,
        "system_prompt": None if new.system_prompt is None else clean(new.system_prompt),
        "folder": new.folder,
        "created_at": now,
        "updated_at": now,
    }
    number = save(connection, "conversations", row)
    set_title(connection, number, new.title or "", title_from)
    return number


def conversation(connection: apsw.Connection, conversation_id: str) -> int:
    """The number of a conversation that is not deleted.

    Raises:
        NotFound: there is none.
    """
    sql = "SELECT number FROM conversations WHERE id = ? AND deleted_at IS NULL"
    found = connection.execute(sql, (conversation_id,)).fetchone()
    if found is None:
        raise NotFound(f"Conversation {conversation_id} not found")
    return int(found[0])


def add(
    connection: apsw.Connection, conversation_number: int, parent: int | None, new: NewMessage
) -> int:
    """Add a message under `parent` (None: at the root) and choose it; returns its number."""
    save_blobs(connection, new.content.blobs)
    row: Row = {
        "id": new.id,
        "conversation": conversation_number,
        "parent": parent,
        "role": new.role,
        "status": new.status,
        "created_at": new.created_at,
        "provider_id": new.provider_id,
        "model_id": new.model_id,
        "inference_id": new.inference_id,
        "text": new.content.text,
        "reasoning": new.reasoning,
        "parts": new.content.parts,
        "detail": _json(new.detail),
    }
    number = save(connection, "messages", row)
    index.put_message(connection, number, new.content.text)
    set_chosen(connection, conversation_number, parent, number)
    return number


def touch(connection: apsw.Connection, conversation_number: int, now: int) -> None:
    """Note that a message was added. A conversation without a title gets the first words of its
    first question, or the name of that question's first attachment.
    """
    sql = "UPDATE conversations SET updated_at = ? WHERE number = ?"
    connection.execute(sql, (now, conversation_number))
    untitled = connection.execute(
        """
        SELECT coalesce(nullif(messages.text, ''), json_extract(parts, '$[0].name')) AS words
        FROM conversations
        JOIN messages ON messages.conversation = conversations.number
        WHERE conversations.number = ? AND title = '' AND title_from = 'words'
            AND role = 'user' AND words IS NOT NULL
        ORDER BY messages.number LIMIT 1
        """,
        (conversation_number,),
    ).fetchone()
    if untitled is not None:
        set_title(connection, conversation_number, first_words(untitled[0]), "words")


def choose(connection: apsw.Connection, number: int) -> None:
    """Make the path lead through this message. Below it, the earlier choices still apply."""
    conversation_number, parent = connection.execute(
        "SELECT conversation, parent FROM messages WHERE number = ?", (number,)
    ).get
    while True:
        set_chosen(connection, conversation_number, parent, number)
        if parent is None:
            return
        number = parent
        parent = connection.execute("SELECT parent FROM messages WHERE number = ?", (number,)).get


# --- a running answer -----------------------------------------------------------------------


def append_tail(
    connection: apsw.Connection, number: int, place: int, text: str, reasoning: str
) -> None:
    """Store new text of a running answer; `place` counts up."""
    values = (number, place, text, reasoning)
    connection.execute("INSERT OR REPLACE INTO tails VALUES (?, ?, ?, ?)", values)


def resume_answer(
    connection: apsw.Connection,
    number: int,
    inference_id: str | None,
    provider_id: str | None,
    model_id: str | None,
    detail: AnswerDetail | None,
) -> None:
    """Mark an answer as running again. Its text stays, and more will follow."""
    row = {
        "status": "streaming",
        "inference_id": inference_id,
        "provider_id": provider_id,
        "model_id": model_id,
        "detail": _json(detail),
    }
    save(connection, "messages", row, number)


def end(
    connection: apsw.Connection,
    number: int,
    status: MessageStatus,
    detail: AnswerDetail | None,
    now: int,
) -> None:
    """Store a finished answer: join its pieces and index its text.

    Without a new `detail`, the detail of its earlier runs remains.
    """
    found = queries.row(connection, number)
    if found is None:
        return  # purged during the answer
    found = queries.with_tail(connection, found)
    connection.execute("DELETE FROM tails WHERE message = ?", (number,))
    row = {"status": status, "text": found.text, "reasoning": found.reasoning}
    save(connection, "messages", {**row, "detail": _json(detail) or found.detail}, number)
    index.put_message(connection, number, found.text)
    touch(connection, found.conversation, now)


def end_interrupted(connection: apsw.Connection, now: int) -> None:
    """Mark the answers that were running when the process died."""
    live = rows(connection.execute("SELECT number FROM messages WHERE status = 'streaming'"), int)
    for number in live:
        end(connection, number, "interrupted", None, now)


def replace_temporary_ids(connection: apsw.Connection) -> None:
    """Give other ids to what an earlier Tidewire imported with those of a temporary conversation.

    The store looks for such ids in the database in memory. An import gives the same new ids.
    """
    for table in ("conversations", "messages"):
        sql = f"SELECT number, id FROM {table} WHERE id GLOB ?"  # noqa: S608
        found = connection.execute(sql, (f"{TEMPORARY}*",)).fetchall()
        for number, old_id in cast("list[tuple[int, str]]", found):
            new = derived_id(old_id)
            sql = f"SELECT 1 FROM {table} WHERE id = ?"  # noqa: S608
            if connection.execute(sql, (new,)).get is not None:  # a hostile file has both
                new = new_id()
            save(connection, table, {"id": new}, number)


# --- properties of a conversation -----------------------------------------------------------


def set_title(connection: apsw.Connection, number: int, title: str, title_from: TitleFrom) -> None:
    """Name a conversation."""
    title = " ".join(clean(title).split())
    save(connection, "conversations", {"title": title, "title_from": title_from}, number)
    index.put_title(connection, number, title)


def set_pinned(connection: apsw.Connection, number: int, pinned: bool) -> None:
    """Pin or unpin a conversation."""
    save(connection, "conversations", {"pinned": int(pinned)}, number)


def set_folder(connection: apsw.Connection, number: int, folder: str | None) -> None:
    """Move a conversation into a folder, or out of its folder."""
    save(connection, "conversations", {"folder": folder}, number)


def set_system_prompt(connection: apsw.Connection, number: int, text: str | None) -> None:
    """Set the instructions for the next answers of a conversation."""
    text = None if text is None else clean(text)
    save(connection, "conversations", {"system_prompt": text}, number)


def delete(connection: apsw.Connection, number: int, now: int) -> None:
    """Mark a conversation as deleted; `undelete` restores it until it is purged."""
    save(connection, "conversations", {"deleted_at": now}, number)


def undelete(connection: apsw.Connection, conversation_id: str) -> int:
    """Restore a deleted conversation; returns its number.

    Raises:
        NotFound: there is none, or it has been purged.
    """
    sql = "SELECT number FROM conversations WHERE id = ?"
    number: int | None = connection.execute(sql, (conversation_id,)).get
    if number is None:
        raise NotFound(f"Conversation {conversation_id} not found")
    return save(connection, "conversations", {"deleted_at": None}, number)


def purge(connection: apsw.Connection, deleted_before: int) -> None:
    """Remove conversations that were deleted before this time."""
    sql = "SELECT number FROM conversations WHERE deleted_at < ?"
    expired = rows(connection.execute(sql, (deleted_before,)), int)
    for number in expired:
        notes.drop_draft(connection, number)
        index.remove_conversation(connection, number)
        remove(connection, number)
    if expired:
        sweep_blobs(connection)


def remove(connection: apsw.Connection, number: int) -> None:
    """Remove a conversation with its messages."""
    # A message is removed with its parent, and SQLite follows at most 1,000 of these in a row.
    connection.execute("UPDATE messages SET parent = NULL WHERE conversation = ?", (number,))
    connection.execute("DELETE FROM conversations WHERE number = ?", (number,))


def first_words(text: str) -> str:
    """A title from a message: its first words without Markdown, as many as fit a line."""
    start = text[: TITLE_CHARACTERS * 8]
    words = plain(start) or " ".join(start.split())
    if len(words) <= TITLE_CHARACTERS:
        return words
    cut = words[:TITLE_CHARACTERS]
    whole, space, _ = cut.rpartition(" ")
    return f"{whole if space else cut}…"


def set_chosen(
    connection: apsw.Connection, conversation_number: int, parent: int | None, child: int | None
) -> None:
    """Choose this child of a message (None: of the conversation)."""
    if parent is None:
        sql = "UPDATE conversations SET chosen = ? WHERE number = ?"
        connection.execute(sql, (child, conversation_number))
    else:
        connection.execute("UPDATE messages SET chosen = ? WHERE number = ?", (child, parent))


def _json(detail: AnswerDetail | None) -> str | None:
    return None if detail is None else detail.model_dump_json(by_alias=True)
