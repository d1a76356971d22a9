"""Puts a question, an edit or another answer into the tree, and takes it back.

Every function here is part of a writing job. The way back is for a request that is refused after
its turn was kept: then the conversation is to be as it was.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import apsw

from shell.contract import AnswerDetail, MessageStatus, Part, Role
from shell.errors import ValidationFailed
from shell.store.database import Job
from shell.store.messages import queries, tree
from shell.store.messages.content import StoredContent, hashes, is_sound, take_apart, whole
from shell.store.messages.snapshot import Standing, put_back, standing
from shell.support.ids import TEMPORARY, epoch_ms, new_id


@dataclass(frozen=True, slots=True)
class TurnPlace:
    """Where in which tree something is going to be said."""

    conversation_id: str
    conversation: int
    message: queries.MessageRow | None
    """The message that was named; None for the end of the chosen path."""
    provider_id: str | None
    model_id: str | None
    """Who answered there last."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who is going to answer, in which run."""

    provider_id: str
    model_id: str
    inference_id: str


@dataclass(frozen=True, slots=True)
class PathMessage:
    """A message of the path, as far as a model is concerned."""

    role: Role
    content: str | list[Part]
    status: MessageStatus


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn that is in the tree now."""

    user_id: str
    answer_id: str
    answer: int
    path: list[queries.MessageRow]
    """From the root down to the message to be answered."""
    system_prompt: str | None
    undo: Job[None]
    earlier: AnswerDetail | None = None
    """Of an answer that is continued: what is known of its runs so far."""


WriteTurn = Callable[[apsw.Connection, TurnPlace, Author], Turn]


def at_end(conversation_id: str) -> Job[TurnPlace]:
    """Finds the end of a conversation's chosen path."""

    def find(connection: apsw.Connection) -> TurnPlace:
        number = tree.conversation(connection, conversation_id)
        return TurnPlace(conversation_id, number, None, *_answered_by(connection, number))

    return find


def at_message(message_id: str) -> Job[TurnPlace]:
    """Finds a message."""

    def find(connection: apsw.Connection) -> TurnPlace:
        message = queries.row_of(connection, message_id)
        by = message.provider_id, message.model_id
        if None in by:  # of a question, or from elsewhere, where nobody said which model it was
            by = _answered_by(connection, message.conversation)
        conversation_id = queries.conversation_id(connection, message.conversation)
        return TurnPlace(conversation_id, message.conversation, message, *by)

    return find


def write_question(content: StoredContent, after: str | None = None) -> WriteTurn:
    """A question at the end of the path, or after a message that the path is to lead through."""

    def put(connection: apsw.Connection, place: TurnPlace, by: Author) -> Turn:
        parent = queries.leaf(connection, place.conversation)
        before = standing(connection, place.conversation, parent)
        if after is not None:
            seen = queries.row_of(connection, after)
            if seen.conversation != place.conversation:
                raise ValidationFailed([("after", "This message is of another conversation")])
            if seen.number != parent:
                parent = seen.number
                before = standing(connection, place.conversation, parent)
                tree.choose(connection, parent)
        return _ask(connection, place, by, parent, content, before)

    return put


def write_edited_question(content: StoredContent) -> WriteTurn:
    """Another question beside the one that was named."""

    def put(connection: apsw.Connection, place: TurnPlace, by: Author) -> Turn:
        message = _named(place)
        if message.role != "user":
            raise ValidationFailed([("messageId", "Only your own messages can be edited")])
        before = standing(connection, place.conversation, message.parent)
        if message.parent is not None:
            tree.choose(connection, message.parent)
        return _ask(connection, place, by, message.parent, content, before)

    return put


def write_new_answer(connection: apsw.Connection, place: TurnPlace, by: Author) -> Turn:
    """Another answer beside the one that was named, or to the question that was named."""
    message = _named(place)
    number = message.number if message.role == "user" else message.parent
    asked = None if number is None else queries.row(connection, number)
    if asked is None or asked.role != "user":
        raise ValidationFailed([("messageId", "There is no question to answer here")])
    before = standing(connection, place.conversation, asked.number)
    tree.choose(connection, asked.number)
    return _answer(connection, place, by, asked.number, asked.id, [], before)


def write_continuation(connection: apsw.Connection, place: TurnPlace, by: Author) -> Turn:
    """More of the answer that was named."""
    message = _named(place)
    if message.role != "assistant" or not message.text:
        raise ValidationFailed([("messageId", "There is no answer here to continue")])
    if message.status == "streaming" or message.chosen is not None:
        raise ValidationFailed([("messageId", "Only the last answer can be continued")])
    asked = None if message.parent is None else queries.row(connection, message.parent)
    before = standing(connection, place.conversation, message.number)
    known = queries.detail_of(message)
    so_far = earlier(known)
    tree.choose(connection, message.number)
    tree.begin_again(
        connection, message.number, by.inference_id, by.provider_id, by.model_id, so_far
    )

    def undo(undoing: apsw.Connection) -> None:
        said_by = message.inference_id, message.provider_id, message.model_id
        tree.begin_again(undoing, message.number, *said_by, known)
        tree.end(undoing, message.number, message.status, known, epoch_ms())
        put_back(undoing, before)

    return Turn(
        "" if asked is None else asked.id,
        message.id,
        message.number,
        queries.above(connection, message.number),
        _system_prompt(connection, place.conversation),
        undo,
        so_far,
    )


def attached(path: Sequence[queries.MessageRow]) -> list[str]:
    """The hashes of all attachments along a path, each once."""
    return list(dict.fromkeys(found for row in path for found in hashes(row.parts)))


def path_messages(
    path: Sequence[queries.MessageRow], blobs: Mapping[str, bytes | None]
) -> list[PathMessage]:
    """What was said along a path, with its attachments checked and encoded.

    Takes long when they are large, so it belongs neither on the loop nor into a transaction.
    """
    sound = {found: data if is_sound(found, data) else None for found, data in blobs.items()}
    return [
        PathMessage(row.role, whole(row.text, row.parts, sound.get), row.status) for row in path
    ]


def earlier(known: AnswerDetail | None) -> AnswerDetail | None:
    """What stays known of an answer when it is continued: how it ended is no longer so."""
    if known is None:
        return None
    usages = known.earlier if known.usage is None else [*known.earlier, known.usage]
    return AnswerDetail(
        tools=known.tools, notices=known.notices, reasoning_ms=known.reasoning_ms, earlier=usages
    )


def _answered_by(connection: apsw.Connection, number: int) -> tuple[str | None, str | None]:
    """Who answered last in a conversation, as far as the model is known."""
    return connection.execute(
        """
        SELECT provider_id, model_id FROM messages
        WHERE conversation = ? AND model_id IS NOT NULL ORDER BY number DESC LIMIT 1
        """,
        (number,),
    ).get or (None, None)


def _named(place: TurnPlace) -> queries.MessageRow:
    if place.message is None:
        raise ValidationFailed([("messageId", "A message must be named")])
    return place.message


def _ask(
    connection: apsw.Connection,
    place: TurnPlace,
    by: Author,
    parent: int | None,
    content: StoredContent,
    before: Standing,
) -> Turn:
    """Put a question into the tree, and the answer that is about to be given under it."""
    user_id = new_id(temporary=place.conversation_id.startswith(TEMPORARY))
    said = tree.NewMessage(user_id, "user", content, epoch_ms())
    user = tree.add(connection, place.conversation, parent, said)
    return _answer(connection, place, by, user, user_id, [user], before)


def _answer(
    connection: apsw.Connection,
    place: TurnPlace,
    by: Author,
    user: int,
    user_id: str,
    added: list[int],
    before: Standing,
) -> Turn:
    """Put an answer that has no words yet under a question."""
    now = epoch_ms()
    answer_id = new_id(temporary=place.conversation_id.startswith(TEMPORARY))
    answer = tree.add(
        connection,
        place.conversation,
        user,
        tree.NewMessage(
            answer_id,
            "assistant",
            take_apart(""),
            now,
            status="streaming",
            provider_id=by.provider_id,
            model_id=by.model_id,
            inference_id=by.inference_id,
        ),
    )
    tree.touch(connection, place.conversation, now)

    def undo(undoing: apsw.Connection) -> None:
        tree.remove(undoing, [answer, *added])
        put_back(undoing, before)

    return Turn(
        user_id,
        answer_id,
        answer,
        queries.above(connection, user),
        _system_prompt(connection, place.conversation),
        undo,
    )


def _system_prompt(connection: apsw.Connection, number: int) -> str | None:
    found: str | None = connection.execute(
        "SELECT system_prompt FROM conversations WHERE number = ?", (number,)
    ).get
    return found
