"""Reads conversations for export and adds imported ones, with ids instead of row numbers."""

import contextlib
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Literal

import apsw

from shell.contract import AnswerDetail, Compaction, MessageStatus, MessageTemplate, Part, Role
from shell.errors import NotFound
from shell.store.exchange import calls
from shell.store.exchange.calls import PortableCall
from shell.store.messages import entries, queries, tree
from shell.store.messages.content import assemble, read_blob, take_apart
from shell.store.rows import rows, save
from shell.store.search import index
from shell.support.ids import derived_id
from shell.support.text import clean


@dataclass(slots=True)
class PortableMessage:
    """A message. In its conversation it comes after its parent."""

    id: str
    parent_id: str | None
    role: Role
    content: str | list[Part]
    created_at: int
    status: MessageStatus = "complete"
    provider_id: str | None = None
    model_id: str | None = None
    reasoning: str = ""
    detail: AnswerDetail | None = None
    calls: list[PortableCall] = field(default_factory=list)
    """Calls of tools, all with their results."""
    template: MessageTemplate | None = None
    compaction: Compaction | None = None
    chosen_id: str | None = None
    """The chosen child."""


@dataclass(slots=True)
class PortableConversation:
    """A conversation. Times are milliseconds since the epoch."""

    id: str
    title: str
    created_at: int
    updated_at: int
    title_from: Literal["words", "model", "person"] = "person"
    system_prompt: str | None = None
    folder: str | None = None
    pinned: bool = False
    messages: list[PortableMessage] = field(default_factory=list)
    chosen_id: str | None = None
    """The chosen first message."""


def read_conversation(connection: apsw.Connection, number: int) -> PortableConversation:
    """Read a conversation for export. A message that is still streaming becomes interrupted."""
    *fields, first = connection.execute(
        """
        SELECT id, title, created_at, updated_at, title_from, system_prompt, folder, pinned, chosen
        FROM conversations WHERE number = ?
        """,
        (number,),
    ).get
    messages = queries.every(connection, number)
    ids: dict[int | None, str] = {row.number: row.id for row in messages}
    portable = PortableConversation(*fields)
    portable.pinned, portable.chosen_id = bool(portable.pinned), ids.get(first)
    blob = partial(read_blob, connection)
    for row in messages:
        portable.messages.append(
            PortableMessage(
                id=row.id,
                parent_id=ids.get(row.parent),
                role=row.role,
                content=assemble(row.text, row.parts, blob),
                created_at=row.created_at,
                status="interrupted" if row.status == "streaming" else row.status,
                provider_id=row.provider_id,
                model_id=row.model_id,
                reasoning=row.reasoning,
                detail=queries.detail_of(row),
                calls=calls.read(connection, row.number, blob),
                template=entries.template_of(row.template),
                compaction=entries.compaction_of(row.compaction),
                chosen_id=ids.get(row.chosen),
            )
        )
    return portable


def numbers(connection: apsw.Connection) -> list[int]:
    """The number of every conversation that is not deleted, in an order that an import keeps."""
    return rows(
        connection.execute(
            "SELECT number FROM conversations WHERE deleted_at IS NULL ORDER BY created_at, id"
        ),
        int,
    )


class ConversationWriter:
    """Adds one conversation to the database, a few messages at a time.

    Existing conversations and messages with the same id stay unchanged, except that a deleted
    conversation is restored. Missing ones are added. So an interrupted import can be run again.
    """

    def __init__(self, portable: PortableConversation) -> None:
        self._portable = portable
        self._remaining = iter(portable.messages)
        self._numbers: dict[str, int] = {}
        self._conversation = 0
        self.is_new = False
        self.messages = 0
        """How many messages were added."""

    def begin(self, connection: apsw.Connection) -> None:
        """Create the conversation, or restore it if it was deleted. Part of a writing job."""
        portable = self._portable
        with contextlib.suppress(NotFound):
            self._conversation = tree.undelete(connection, portable.id)
            return
        self.is_new = True
        title, prompt, folder = portable.title, portable.system_prompt, portable.folder
        row = {
            "id": portable.id,
            "title": clean(title),
            "title_from": portable.title_from,
            "system_prompt": None if prompt is None else clean(prompt),
            "folder": None if folder is None else clean(folder),
            "pinned": int(portable.pinned),
            "created_at": portable.created_at,
            "updated_at": portable.updated_at,
        }
        self._conversation = save(connection, "conversations", row)
        index.put_title(connection, self._conversation, clean(title))

    def add(self, connection: apsw.Connection, count: int) -> bool:
        """Add `count` messages, as part of a writing job; returns whether there are more."""
        for message in islice(self._remaining, count):
            self._numbers[message.id] = self._put(connection, message)
        has_more = len(self._numbers) < len(self._portable.messages)
        if not has_more and self.is_new:
            self._finish(connection)
        return has_more

    def _put(self, connection: apsw.Connection, message: PortableMessage) -> int:
        for message_id in (message.id, derived_id(self._portable.id, message.id)):
            existing: tuple[int, int] | None = connection.execute(
                "SELECT number, conversation FROM messages WHERE id = ?", (message_id,)
            ).get
            if existing is None:
                break
            if existing[1] == self._conversation:
                return existing[0]
        self.messages += 1
        content = take_apart(message.content)
        parent = None if message.parent_id is None else self._numbers[message.parent_id]
        chosen_before: int | None = _chosen(connection, self._conversation, parent)
        new = tree.NewMessage(
            message_id,
            message.role,
            content,
            message.created_at,
            message.status,
            message.provider_id,
            message.model_id,
            queries.IMPORTED,
            reasoning=clean(message.reasoning),
            detail=message.detail,
        )
        number = tree.add(connection, self._conversation, parent, new)
        calls.put(connection, number, content.text, message.calls)
        for each in (message.template, message.compaction):
            if each is not None:
                entries.put(connection, number, each)
        if not self.is_new and chosen_before is not None:
            tree.set_chosen(connection, self._conversation, parent, chosen_before)
        return number

    def _finish(self, connection: apsw.Connection) -> None:
        chosen: dict[str | None, str | None] = {None: self._portable.chosen_id}
        chosen |= {message.id: message.chosen_id for message in self._portable.messages}
        for message in self._portable.messages:
            # A choice elsewhere in the tree would make the chosen path a circle.
            if chosen[message.parent_id] == message.id:
                parent = None if message.parent_id is None else self._numbers[message.parent_id]
                tree.set_chosen(connection, self._conversation, parent, self._numbers[message.id])


def _chosen(connection: apsw.Connection, conversation: int, parent: int | None) -> int | None:
    table, number = ("conversations", conversation) if parent is None else ("messages", parent)
    sql = f"SELECT chosen FROM {table} WHERE number = ?"  # noqa: S608
    found: int | None = connection.execute(sql, (number,)).get
    return found
