"""Reads the list of conversations, the path through one, and the messages of its tree.

What is deleted or unknown raises NotFound, unless a function returns None for it.
"""

from dataclasses import dataclass
from typing import NamedTuple

import apsw

from shell.contract import (
    AnswerDetail,
    AnswerPart,
    ConversationSummary,
    ConversationView,
    MessageStatus,
    Role,
    StoredMessage,
    ViewRequest,
)
from shell.errors import NotFound
from shell.store.messages import entries, steps
from shell.store.messages.content import for_page
from shell.store.rows import first, rows
from shell.support.ids import TEMPORARY

IMPORTED = "import"
"""Stands in for the inference id of imported messages and calls."""
_SUMMARY = """
    SELECT id, title, created_at, updated_at,
        (SELECT count(*) FROM messages WHERE conversation = conversations.number),
        pinned, folder,
        (SELECT inference_id FROM messages
            WHERE conversation = conversations.number AND status = 'streaming'
            ORDER BY messages.number DESC LIMIT 1)
    FROM conversations WHERE deleted_at IS NULL
"""
_SUMMARY_FIELDS = (
    *("id", "title", "created_at", "updated_at"),
    *("message_count", "pinned", "folder", "inference_id"),
)


class MessageRow(NamedTuple):
    """A row of `messages`. Messages and conversations are referred to by number."""

    number: int
    id: str
    conversation: int
    parent: int | None
    chosen: int | None
    role: Role
    status: MessageStatus
    created_at: int
    provider_id: str | None
    model_id: str | None
    inference_id: str | None
    text: str
    reasoning: str
    parts: str | None
    detail: str | None
    template: str | None
    compaction: str | None


_ROW = f"""
    SELECT {", ".join(MessageRow._fields[:-2])},
        (SELECT entry FROM templates WHERE message = number),
        (SELECT entry FROM compactions WHERE message = number)
    FROM messages
"""  # noqa: S608 - names of our own


@dataclass(frozen=True, slots=True)
class Skeleton:
    """The shape of a conversation's tree, without texts."""

    ids: dict[int, str]
    children: dict[int | None, list[int]]
    chosen: dict[int | None, int | None]

    def path(self) -> list[int]:
        """The numbers along the chosen path, from the root. Without a choice: the newest."""
        path: list[int] = []
        place: int | None = None
        while children := self.children.get(place):
            chosen = self.chosen.get(place)
            place = chosen if chosen in children else children[-1]
            path.append(place)
        return path


def summaries(connection: apsw.Connection) -> list[ConversationSummary]:
    """Every conversation that is not deleted: pinned ones first, then by last use."""
    listed = connection.execute(f"{_SUMMARY} ORDER BY pinned DESC, updated_at DESC, number DESC")
    return rows(listed, _summary)


def summary(connection: apsw.Connection, conversation_id: str) -> ConversationSummary:
    """The summary of one conversation."""
    found = first(connection.execute(f"{_SUMMARY} AND id = ?", (conversation_id,)), _summary)
    if found is None:
        raise NotFound(f"Conversation {conversation_id} not found")
    return found


def view(connection: apsw.Connection, request: ViewRequest) -> ConversationView:
    """A conversation along its chosen path.

    Raises:
        NotFound: no such conversation, or `before` is not on its path.
    """
    head = summary(connection, request.conversation_id)
    sql = "SELECT number, system_prompt, chosen FROM conversations WHERE id = ?"
    number, system_prompt, chosen = connection.execute(sql, (request.conversation_id,)).get
    shape = skeleton(connection, number, chosen)
    path = shape.path()
    if request.before is not None:
        ends = [place for place, n in enumerate(path) if shape.ids[n] == request.before]
        if not ends:
            raise NotFound(f"Message {request.before} not found on this path")
        path = path[: ends[0]]
    shown = path[-request.limit :]
    return ConversationView(
        conversation=head,
        system_prompt=system_prompt,
        messages=[
            _message(found, shape, parts(connection, found))
            for place in shown
            if (found := row(connection, place)) is not None
        ],
        earlier=len(path) - len(shown),
    )


def skeleton(connection: apsw.Connection, number: int, root: int | None) -> Skeleton:
    """The tree of a conversation; `root` is the chosen first message."""
    shape = Skeleton({}, {}, {None: root})
    sql = "SELECT number, id, parent, chosen FROM messages WHERE conversation = ? ORDER BY number"
    for place, message_id, parent, chosen in connection.execute(sql, (number,)):
        shape.ids[place] = message_id
        shape.children.setdefault(parent, []).append(place)
        shape.chosen[place] = chosen
    return shape


def leaf(connection: apsw.Connection, conversation_number: int) -> int | None:
    """The number of the last message on the chosen path; None if there is no message."""
    sql = "SELECT chosen FROM conversations WHERE number = ?"
    place: int | None = connection.execute(sql, (conversation_number,)).get
    while place is not None:
        child = connection.execute("SELECT chosen FROM messages WHERE number = ?", (place,)).get
        if child is None or child <= place:  # never upwards, so no endless loop
            return place
        place = child
    return None


def row(connection: apsw.Connection, number: int) -> MessageRow | None:
    """The message with this number; None if there is none."""
    return first(connection.execute(f"{_ROW} WHERE number = ?", (number,)), MessageRow)


def row_of(connection: apsw.Connection, message_id: str) -> MessageRow:
    """The message with this id."""
    sql = f"""
        {_ROW} WHERE id = ?
        AND (SELECT deleted_at FROM conversations WHERE number = messages.conversation) IS NULL
    """  # noqa: S608 - no value in it
    found = first(connection.execute(sql, (message_id,)), MessageRow)
    if found is None:
        raise NotFound(f"Message {message_id} not found")
    return found


def conversation_of(connection: apsw.Connection, message_id: str) -> str:
    """The id of the conversation that a message belongs to."""
    number = row_of(connection, message_id).conversation
    return str(connection.execute("SELECT id FROM conversations WHERE number = ?", (number,)).get)


def every(connection: apsw.Connection, conversation_number: int) -> list[MessageRow]:
    """All messages of a conversation, oldest first; a running answer with its text so far."""
    sql = f"{_ROW} WHERE conversation = ? ORDER BY number"
    messages = rows(connection.execute(sql, (conversation_number,)), MessageRow)
    return [
        with_tail(connection, each) if each.status == "streaming" else each for each in messages
    ]


def path_to(connection: apsw.Connection, number: int) -> list[MessageRow]:
    """The path from the root down to a message, which is included."""
    path: list[MessageRow] = []
    place: int | None = number
    while place is not None:
        message = row(connection, place)
        if message is None:
            break
        path.append(message)
        place = message.parent
    return path[::-1]


def with_tail(connection: apsw.Connection, found: MessageRow) -> MessageRow:
    """A running answer with its text so far."""
    text, reasoning = connection.execute(
        "SELECT string_agg(text, '' ORDER BY place), string_agg(reasoning, '' ORDER BY place) "
        "FROM tails WHERE message = ?",
        (found.number,),
    ).get
    text, reasoning = found.text + (text or ""), found.reasoning + (reasoning or "")
    return found._replace(text=text, reasoning=reasoning)


def detail_of(found: MessageRow) -> AnswerDetail | None:
    """The detail of an answer."""
    return None if found.detail is None else AnswerDetail.model_validate_json(found.detail)


def _summary(*values: object) -> ConversationSummary:
    fields = dict(zip(_SUMMARY_FIELDS, values, strict=True))
    temporary = str(fields["id"]).startswith(TEMPORARY)
    return ConversationSummary.model_validate(
        {**fields, "pinned": bool(fields["pinned"]), "temporary": temporary}
    )


def parts(connection: apsw.Connection, found: MessageRow) -> list[AnswerPart]:
    """An answer in the order in which it was written; empty if it called no tools."""
    if found.role != "assistant":
        return []
    entries = steps.read(connection, found.number)
    live = found.status == "streaming"
    if live:  # the page gets the output of the live run from the run's own events
        entries = [entry for entry in entries if entry.run != found.inference_id]
    return steps.parts_of(found.text, found.reasoning, entries, live=live)


def is_imported(found: MessageRow) -> bool:
    """Whether a message came with an import, even if its answer was continued here."""
    # Earlier versions marked only imported answers, by storing them without a run.
    no_run = found.role == "assistant" and found.inference_id is None
    if no_run or found.inference_id == IMPORTED:
        return True
    known = detail_of(found) if f'"{IMPORTED}"' in (found.detail or "") else None
    return known is not None and IMPORTED in known.runs


def _message(found: MessageRow, shape: Skeleton, parts: list[AnswerPart]) -> StoredMessage:
    return StoredMessage(
        id=found.id,
        parent_id=None if found.parent is None else shape.ids[found.parent],
        role=found.role,
        content=for_page(found.text, found.parts),
        reasoning=found.reasoning,
        status=found.status,
        provider_id=found.provider_id,
        model_id=found.model_id,
        inference_id=None if found.inference_id == IMPORTED else found.inference_id,
        created_at=found.created_at,
        siblings=[shape.ids[sibling] for sibling in shape.children[found.parent]],
        detail=detail_of(found),
        parts=parts,
        template=entries.template_of(found.template),
        compaction=entries.compaction_of(found.compaction),
    )
