"""Finds the place of a turn in a conversation's tree, and writes the turn there.

A turn is a question with its answer, another answer, or more of an answer. Finding is part of a
reading job, and refuses a turn that cannot be written. Writing is part of a writing job.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import apsw

from shell.contract import (
    AnswerDetail,
    BudgetRaise,
    Compaction,
    MessageStatus,
    MessageTemplate,
    Part,
    Role,
    is_untrusted,
)
from shell.errors import ValidationFailed
from shell.store.connection_thread import Job
from shell.store.messages import entries, queries, steps, tree
from shell.store.messages.content import StoredContent, assemble, hashes, is_sound, take_apart
from shell.store.messages.steps import StoredCall, StoredStep
from shell.support.ids import TEMPORARY, epoch_ms, new_id
from shell.tools.media import picture


@dataclass(frozen=True, slots=True)
class TurnPlace:
    """The place of a turn, with the messages and the prompt for its model."""

    conversation_id: str
    path: list[queries.MessageRow]
    """From the root down to the message that the turn follows, or that it continues."""
    system_prompt: str | None
    provider_id: str | None
    model_id: str | None
    """The provider and the model of the last answer there."""
    steps: Mapping[int, list[StoredStep]]
    """The steps of the answers on the path that called tools, by the number of the message."""


@dataclass(frozen=True, slots=True)
class Author:
    """The model of the new answer, and its run."""

    provider_id: str
    model_id: str
    inference_id: str


@dataclass(frozen=True, slots=True)
class PathMessage:
    """A message of the path, as a model needs it."""

    role: Role
    content: str | list[Part]
    status: MessageStatus
    steps: Sequence[StoredStep] = ()
    """Of an answer that called tools; its content is then its text."""
    compaction: Compaction | None = None
    """The summary of this message and all before it."""
    imported: bool = False

    @property
    def is_untrusted(self) -> bool:
        """Whether others may have written some of it; an import counts as theirs."""
        return self.imported or is_untrusted(self.content)


@dataclass(frozen=True, slots=True)
class EarlierRuns:
    """How much of a continued answer earlier runs have written."""

    characters: int = 0
    """The length of its text."""
    reasoning_characters: int = 0
    """The length of its reasoning."""
    entries: int = 0
    """The place of its next step entry."""
    detail: AnswerDetail = field(default_factory=AnswerDetail)
    """The detail of these runs."""


@dataclass(frozen=True, slots=True)
class WrittenTurn:
    """The messages of a turn after it was written to the tree."""

    user_id: str
    answer_id: str
    answer: int
    earlier_runs: EarlierRuns = EarlierRuns()


@dataclass(frozen=True, slots=True)
class Turn:
    """A new turn: how to find its place, and how to write it there."""

    find: Job[TurnPlace]
    write: Callable[[apsw.Connection, TurnPlace, Author], WrittenTurn]
    question: StoredContent | None = None
    """The content of the question, if the turn has one of its own."""


def end_of(conversation_id: str) -> Job[TurnPlace]:
    """Find the end of the chosen path."""
    return question(conversation_id, take_apart(""), None).find


def question(
    conversation_id: str,
    content: StoredContent,
    after: str | None,
    template: MessageTemplate | None = None,
) -> Turn:
    """A question at the end of the chosen path, or after the message `after`."""

    def find(connection: apsw.Connection) -> TurnPlace:
        number = tree.conversation(connection, conversation_id)
        if after is None:
            parent = queries.leaf(connection, number)
        else:
            previous = queries.row_of(connection, after)
            if previous.conversation != number:
                raise ValidationFailed([("after", "This message belongs to another conversation")])
            parent = previous.number
        return _place(connection, number, parent, None)

    return Turn(find, _write_question(content, template), content)


def edited_question(
    message_id: str, content: StoredContent, template: MessageTemplate | None = None
) -> Turn:
    """A new version of a question, beside it in the tree."""

    def find(connection: apsw.Connection) -> TurnPlace:
        message = queries.row_of(connection, message_id)
        if message.role != "user":
            raise ValidationFailed([("messageId", "Only your own messages can be edited")])
        return _place(connection, message.conversation, message.parent, message)

    return Turn(find, _write_question(content, template), content)


def new_answer(message_id: str) -> Turn:
    """Another answer: beside the given answer, or to the given question."""

    def find(connection: apsw.Connection) -> TurnPlace:
        message = queries.row_of(connection, message_id)
        number = message.number if message.role == "user" else message.parent
        question_row = None if number is None else queries.row(connection, number)
        if question_row is None or question_row.role != "user":
            raise ValidationFailed([("messageId", "There is no question to answer here")])
        return _place(connection, message.conversation, question_row.number, message)

    def write(connection: apsw.Connection, place: TurnPlace, author: Author) -> WrittenTurn:
        number = tree.conversation(connection, place.conversation_id)
        row = place.path[-1]
        tree.choose(connection, row.number)
        return WrittenTurn(row.id, *_write_answer(connection, number, place, author, row.number))

    return Turn(find, write)


def continuation(message_id: str, budget_raise: BudgetRaise | None = None) -> Turn:
    """More of an answer. With `budget_raise`, it must have stopped at that budget."""

    def find(connection: apsw.Connection) -> TurnPlace:
        message = queries.row_of(connection, message_id)
        known = queries.detail_of(message)
        pause = None if known is None else known.budget
        if budget_raise is not None and (pause is None or pause.scope != budget_raise.scope):
            # An outdated card or a second click must not raise the budget.
            raise ValidationFailed([("more", "This answer has not stopped at this budget")])
        entry = steps.next_place(connection, message.number)
        has_content = message.text or pause is not None or entry
        if message.role != "assistant" or not has_content:
            raise ValidationFailed([("messageId", "There is no answer here to continue")])
        if message.status == "streaming" or message.chosen is not None:
            raise ValidationFailed([("messageId", "Only the last answer can be continued")])
        return _place(connection, message.conversation, message.number, message)

    def write(connection: apsw.Connection, place: TurnPlace, author: Author) -> WrittenTurn:
        tree.conversation(connection, place.conversation_id)
        message = place.path[-1]
        run = queries.IMPORTED if queries.is_imported(message) else message.inference_id
        detail = earlier_detail(queries.detail_of(message), run)
        tree.choose(connection, message.number)
        tree.resume_answer(connection, message.number, detail=detail, **asdict(author))
        user_id = place.path[-2].id if len(place.path) > 1 else ""
        entry = steps.next_place(connection, message.number)
        earlier_runs = EarlierRuns(len(message.text), len(message.reasoning), entry, detail)
        return WrittenTurn(user_id, message.id, message.number, earlier_runs)

    return Turn(find, write)


def attachment_hashes(place: TurnPlace) -> list[str]:
    """The hashes of all attachments and pictures in results along a path, each once."""
    in_results = [part.hash for call in _calls(place) for part in call.part.parts or ()]
    in_messages = [found for row in place.path for found in hashes(row.parts)]
    return list(dict.fromkeys([*in_messages, *in_results]))


def path_messages(
    place: TurnPlace, question: StoredContent | None, blobs: Mapping[str, bytes | None]
) -> list[PathMessage]:
    """The messages along a turn's path and its own question, with their attachments encoded.

    Takes long when attachments are large, so it belongs neither on the loop nor into a transaction.

    Args:
        place: the place of the turn.
        question: the question of the turn, if it has one.
        blobs: the attachments of the path. Those that do not match their hash are left out.
    """
    sound = {found: data if is_sound(found, data) else None for found, data in blobs.items()}
    for call in _calls(place):
        pictures = (picture(part, sound[part.hash]) for part in call.part.parts or ())
        call.images = tuple(filter(None, pictures))
    messages = [
        PathMessage(
            row.role,
            assemble(row.text, row.parts, sound.get),
            row.status,
            place.steps.get(row.number, ()),
            entries.compaction_of(row.compaction),
            queries.is_imported(row),
        )
        for row in place.path
    ]
    if question is not None:
        content = assemble(question.text, question.parts, dict(question.blobs).get)
        messages.append(PathMessage("user", content, "complete"))
    return messages


def earlier_detail(known: AnswerDetail | None, inference_id: str | None) -> AnswerDetail:
    """The detail that remains when an answer of this run is continued: all but how it ended."""
    known = known or AnswerDetail()
    return AnswerDetail(
        tools=known.tools,
        notices=known.notices,
        reasoning_ms=known.reasoning_ms,
        earlier=known.earlier if known.usage is None else [*known.earlier, known.usage],
        runs=known.runs if inference_id is None else [*known.runs, inference_id],
    )


def _calls(place: TurnPlace) -> list[StoredCall]:
    return [call for found in place.steps.values() for step in found for call in step.calls]


def _place(
    connection: apsw.Connection, number: int, last: int | None, source: queries.MessageRow | None
) -> TurnPlace:
    """The place after `last` (None: at the root) in a conversation, given by its number.

    The provider and the model are those of `source`, or else of the latest answer.
    """
    model = (None, None) if source is None else (source.provider_id, source.model_id)
    if None in model:  # a question, or an answer imported without the name of its model
        latest = """
            SELECT provider_id, model_id FROM messages
            WHERE conversation = ? AND model_id IS NOT NULL ORDER BY number DESC LIMIT 1
        """
        model = connection.execute(latest, (number,)).get or (None, None)
    conversation_id, system_prompt = connection.execute(
        "SELECT id, system_prompt FROM conversations WHERE number = ?", (number,)
    ).get
    path = [] if last is None else queries.path_to(connection, last)
    steps_by_message = {
        row.number: steps.steps_of(found)
        for row in path
        if row.role == "assistant" and (found := steps.read(connection, row.number))
    }
    return TurnPlace(conversation_id, path, system_prompt, *model, steps_by_message)


def _write_question(
    content: StoredContent, template: MessageTemplate | None
) -> Callable[[apsw.Connection, TurnPlace, Author], WrittenTurn]:
    def write(connection: apsw.Connection, place: TurnPlace, author: Author) -> WrittenTurn:
        number = tree.conversation(connection, place.conversation_id)
        parent = place.path[-1].number if place.path else None
        if parent is not None and parent != queries.leaf(connection, number):
            tree.choose(connection, parent)
        if parent is not None:
            steps.settle(connection, parent)  # a new question cancels the calls that still wait
        user_id = new_id(temporary=place.conversation_id.startswith(TEMPORARY))
        message = tree.NewMessage(user_id, "user", content, epoch_ms())
        user = tree.add(connection, number, parent, message)
        if template is not None:
            entries.put(connection, user, template)
        return WrittenTurn(user_id, *_write_answer(connection, number, place, author, user))

    return write


def _write_answer(
    connection: apsw.Connection, number: int, place: TurnPlace, author: Author, user: int
) -> tuple[str, int]:
    """Add an empty answer under a question; returns its id and its number."""
    now = epoch_ms()
    answer_id = new_id(temporary=place.conversation_id.startswith(TEMPORARY))
    message = tree.NewMessage(
        answer_id, "assistant", take_apart(""), now, "streaming", **asdict(author)
    )
    answer = tree.add(connection, number, user, message)
    tree.touch(connection, number, now)
    return answer_id, answer
