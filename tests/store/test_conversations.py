"""A conversation stores a message before it is sent, and loses none."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TypeVar

import pytest

from shell.contract import (
    AnswerRequest,
    Attachment,
    EditRequest,
    FilePart,
    ImagePart,
    Message,
    NewConversation,
    Part,
    SearchRequest,
    SendReply,
    SendRequest,
    TextPart,
    ViewRequest,
)
from shell.conversations.parameters import Parameters
from shell.errors import (
    LimitReached,
    NotFound,
    SessionBusy,
    ShellError,
    StorageFailed,
    ValidationFailed,
)
from shell.inference.limits import Deadlines, Settings
from shell.providers.base import Chunk, ProviderRequest
from shell.store.connection_thread import Job
from shell.store.database import Connection
from shell.store.messages import queries, tree
from shell.store.messages.content import take_apart
from shell.support.ids import epoch_ms
from tests.store.desk import OWNER, Desk, text_of

T = TypeVar("T")
pytestmark = pytest.mark.anyio
PIXEL = base64.b64encode(b"\x89PNG a picture").decode()
PICTURE = ImagePart(media_type="image/png", data=PIXEL)


async def test_a_question_and_its_answer_are_kept(desk: Desk) -> None:
    conversation = await desk.begin()
    reply = await desk.send(conversation, "hello there")
    view = await desk.view(conversation)
    question, answer = view.messages
    assert (question.id, answer.id) == (reply.message_id, reply.answer_id)
    assert (question.role, question.content, question.status) == ("user", "hello there", "complete")
    assert (answer.role, answer.content, answer.status) == ("assistant", "hello there", "complete")
    assert (answer.provider_id, answer.model_id) == ("echo", "echo")
    assert answer.detail is not None
    assert answer.detail.finish_reason == "stop"
    assert answer.detail.usage is not None
    assert view.conversation.title == "hello there"
    assert view.conversation.message_count == 2


async def test_the_question_is_on_the_disk_before_the_model_is_asked(desk: Desk) -> None:
    conversation = await desk.begin()
    stored_texts: list[list[str]] = []
    stream = desk.echo.stream

    def read_and_stream(request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        rows = desk.store.database.read(
            lambda c: [row.text for row in queries.every(c, tree.conversation(c, conversation))]
        )
        stored_texts.append(rows.result())
        return stream(request)

    desk.echo.stream = read_and_stream  # type: ignore[method-assign]
    await desk.send(conversation, "kept first")
    assert stored_texts == [["kept first", ""]]


async def test_an_answer_may_take_any_time_while_words_come(tmp_path: Path) -> None:
    desk = Desk(tmp_path, settings=Settings(deadlines=Deadlines(overall_ms=1)))
    conversation = await desk.begin()
    await desk.send(conversation, "/rate 50\n/repeat 10 word")
    assert [message.status for message in (await desk.view(conversation)).messages] == [
        "complete",
        "complete",
    ]
    await desk.close()


async def test_a_refused_request_leaves_the_conversation_as_it_was(desk: Desk) -> None:
    conversation = await desk.begin()
    await desk.send(conversation, "one")
    before = await desk.view(conversation)
    live = []
    for _ in range(5):
        other = await desk.begin()
        request = SendRequest(conversation_id=other, content="/stall")
        live.append(await desk.answers.send(OWNER, request))
    with pytest.raises(LimitReached):
        await desk.send(conversation, "two")
    with pytest.raises(LimitReached):
        await desk.regenerate(before.messages[1].id)
    with pytest.raises(ValidationFailed):
        await desk.edit(before.messages[1].id, "not mine")
    after = await desk.view(conversation)
    assert after.messages == before.messages
    for begun in live:
        desk.engine.cancel(OWNER, begun.log.inference_id)


async def test_a_refused_edit_leaves_the_path_on_the_branch_that_was_chosen(desk: Desk) -> None:
    conversation = await desk.begin()
    first = await desk.send(conversation, "version one")
    for words in ("version two", "version three"):
        await desk.edit(first.message_id, words)
    await desk.conversations.choose(desk.caller, first.message_id)
    before = await desk.view(conversation)
    request = EditRequest(message_id=first.message_id, content=[PICTURE], model_id="echo-strict")
    with pytest.raises(ShellError):
        await desk.answers.edit(OWNER, request)
    assert await desk.view(conversation) == before


async def test_a_refused_first_message_leaves_no_word(desk: Desk) -> None:
    conversation = await desk.begin()
    before = await desk.view(conversation)
    request = SendRequest(
        conversation_id=conversation,
        content=[TextPart(text="never said"), PICTURE],
        model_id="echo-strict",
    )
    with pytest.raises(ShellError):
        await desk.answers.send(OWNER, request)
    assert await desk.view(conversation) == before
    reply = await desk.conversations.search(desk.caller, SearchRequest(query="never"))
    assert reply.hits == []


@pytest.mark.parametrize("how", ["send", "edit", "regenerate", "go on"])
async def test_a_conversation_that_is_deleted_meanwhile_is_not_answered(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    conversation = await desk.begin()
    first = await desk.send(conversation, "one")
    write = desk.store.write

    async def delete_and_write(conversation_id: str, job: Job[T]) -> T:
        monkeypatch.setattr(desk.store, "write", write)
        assert desk.engine.status(OWNER).active_inferences == 1, "it has been admitted"
        await desk.conversations.delete(desk.caller, conversation)
        return await write(conversation_id, job)

    monkeypatch.setattr(desk.store, "write", delete_and_write)
    request_count = len(desk.echo.received)
    with pytest.raises(NotFound):
        await turn(desk, how, conversation, first)
    assert len(desk.echo.received) == request_count
    assert desk.engine.status(OWNER).active_inferences == 0
    await desk.conversations.undelete(desk.caller, conversation)
    assert await desk.texts(conversation) == ["one", "one"]


@pytest.mark.parametrize("how", ["send", "edit", "regenerate", "go on"])
async def test_a_turn_that_cannot_be_written_leaves_no_trace_and_no_run(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    conversation = await desk.begin()
    first = await desk.send(conversation, "one")
    before = await desk.view(conversation)
    logs, status = desk.engine.list(OWNER), desk.engine.status(OWNER)

    async def full(conversation_id: str, job: Job[T]) -> T:
        """Run the job, but fail before its commit."""

        def undone(connection: Connection) -> T:
            job(connection)
            raise StorageFailed("The disk is full")

        return await asyncio.wrap_future(desk.store.database.write(undone))

    with monkeypatch.context() as patch:
        patch.setattr(desk.store, "write", full)
        with pytest.raises(StorageFailed):
            await turn(desk, how, conversation, first)
    assert await desk.view(conversation) == before
    assert desk.engine.list(OWNER) == logs
    assert desk.engine.status(OWNER) == status
    assert len(desk.echo.received) == 1
    assert desk.answers.idle
    await turn(desk, how, conversation, first)
    assert len(desk.echo.received) == 2


@pytest.mark.parametrize("how", ["send", "edit", "regenerate", "go on"])
async def test_nothing_is_written_of_a_turn_that_is_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The turn is refused before anything is written, so a full disk cannot leave half of it."""
    conversation = await desk.begin()
    first = await desk.send(conversation, "one")
    for _ in range(5):
        request = SendRequest(conversation_id=await desk.begin(), content="/stall")
        await desk.answers.send(OWNER, request)

    async def write(conversation_id: str, job: Job[T]) -> T:
        raise AssertionError("it was written")

    monkeypatch.setattr(desk.store, "write", write)
    with pytest.raises(LimitReached):
        await turn(desk, how, conversation, first)


async def test_a_run_that_is_stopped_before_it_begins_is_kept_as_cancelled(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = await desk.begin()
    write = desk.store.write

    async def write_and_cancel(conversation_id: str, job: Job[T]) -> T:
        written = await write(conversation_id, job)
        assert desk.engine.cancel(OWNER, "inf-mine")
        return written

    monkeypatch.setattr(desk.store, "write", write_and_cancel)
    request = SendRequest(conversation_id=conversation, content="one", inference_id="inf-mine")
    await desk.done(await desk.answers.send(OWNER, request))
    statuses = [message.status for message in (await desk.view(conversation)).messages]
    assert statuses == ["complete", "cancelled"]
    assert desk.echo.received == []


async def turn(desk: Desk, how: str, conversation: str, first: SendReply) -> SendReply:
    """Run one more turn of this kind after the first turn of a conversation."""
    match how:
        case "send":
            return await desk.send(conversation, "two")
        case "edit":
            return await desk.edit(first.message_id, "two")
        case "regenerate":
            return await desk.regenerate(first.answer_id)
        case _:
            return await desk.go_on(first.answer_id)


async def test_an_unknown_provider_is_refused_before_anything_is_written(desk: Desk) -> None:
    conversation = await desk.begin()
    request = SendRequest(conversation_id=conversation, content="x", provider_id="nobody")
    with pytest.raises(ValidationFailed):
        await desk.answers.send(OWNER, request)
    assert (await desk.view(conversation)).conversation.message_count == 0


async def test_edits_and_other_answers_stand_beside_the_old_ones(desk: Desk) -> None:
    conversation = await desk.begin()
    first = await desk.send(conversation, "first")
    await desk.send(conversation, "second")
    again = await desk.regenerate(first.answer_id, provider_id="other")
    view = await desk.view(conversation)
    assert [text_of(message) for message in view.messages] == ["first", "first"]
    assert view.messages[1].siblings == [first.answer_id, again.answer_id]
    assert view.messages[1].provider_id == "other"
    edited = await desk.edit(first.message_id, "other first")
    view = await desk.view(conversation)
    assert [text_of(message) for message in view.messages] == ["other first", "other first"]
    assert view.messages[0].siblings == [first.message_id, edited.message_id]
    # Back on the first branch, the path continues with the messages chosen there before.
    await desk.store.write(
        conversation, lambda c: tree.choose(c, queries.row_of(c, first.answer_id).number)
    )
    assert await desk.texts(conversation) == ["first", "first", "second", "second"]
    assert view.conversation.message_count == 7


async def test_a_question_follows_what_its_asker_sees(desk: Desk) -> None:
    conversation = await desk.begin()
    await desk.send(conversation, "one")
    seen = (await desk.view(conversation)).messages[1]
    await desk.regenerate(seen.id)  # another window chooses another branch
    request = SendRequest(conversation_id=conversation, content="two", after=seen.id)
    await desk.answers.send(OWNER, request)
    await desk.answers._recorder_of(conversation).wait_until_stored(conversation)
    path = (await desk.view(conversation)).messages
    assert [message.content for message in path[::2]] == ["one", "two"]
    assert path[1].id == seen.id
    other = await desk.begin()
    request = SendRequest(conversation_id=other, content="three", after=seen.id)
    with pytest.raises(ValidationFailed):
        await desk.answers.send(OWNER, request)
    assert (await desk.view(other)).messages == []


async def test_the_model_is_sent_the_chosen_path_and_the_system_prompt(desk: Desk) -> None:
    conversation = await desk.begin(system_prompt="Be brief.")
    first = await desk.send(conversation, "one")
    await desk.edit(first.message_id, "two")
    await desk.send(conversation, "/request")
    received = json.loads((await desk.texts(conversation))[-1])
    assert [(m["role"], m["content"]) for m in received["messages"]] == [
        ("system", "Be brief."),
        ("user", "two"),
        ("assistant", "two"),
        ("user", "/request"),
    ]


async def test_a_turn_that_failed_without_a_word_is_not_sent_again(desk: Desk) -> None:
    conversation = await desk.begin()
    failed = await desk.send(conversation, "/error API_KEY_ERROR")
    view = await desk.view(conversation)
    assert view.messages[1].status == "failed"
    assert view.messages[1].detail is not None
    assert view.messages[1].detail.failure is not None
    assert view.messages[1].detail.failure.code == "API_KEY_ERROR"
    await desk.send(conversation, "/request")
    received = json.loads((await desk.texts(conversation))[-1])
    assert [m["content"] for m in received["messages"]] == ["/request"]
    assert failed.answer_id in {message.id for message in view.messages}


async def test_what_came_before_an_error_stays_and_can_be_continued(desk: Desk) -> None:
    conversation = await desk.begin()
    cut = await desk.send(conversation, "some words\n/cut")
    view = await desk.view(conversation)
    assert (view.messages[1].content, view.messages[1].status) == ("some words", "failed")
    reply = await desk.go_on(cut.answer_id)
    assert (reply.answer_id, reply.message_id) == (cut.answer_id, cut.message_id)
    view = await desk.view(conversation)
    # The echo plays the last message of the user's again.
    assert text_of(view.messages[1]).startswith("some wordssome words")
    assert view.messages[1].siblings == [cut.answer_id]


async def test_the_time_of_reasoning_counts_every_run_of_a_continued_answer(desk: Desk) -> None:
    conversation = await desk.begin()
    cut = await desk.send(conversation, "/rate 50\n/reasoning hm hm hm hm\nsome words\n/cut")
    first = (await desk.view(conversation)).messages[1].detail
    assert first is not None
    await desk.go_on(cut.answer_id)
    both = (await desk.view(conversation)).messages[1].detail
    assert both is not None
    assert first.reasoning_ms
    assert both.reasoning_ms is not None
    # Each word takes 20 ms or more, so neither run alone takes as long as both.
    assert both.reasoning_ms >= first.reasoning_ms + 3 * 20


async def test_a_continued_answer_names_all_of_its_runs_in_order(desk: Desk) -> None:
    conversation = await desk.begin()
    cut = await desk.send(conversation, "some words\n/cut")
    runs = [cut, *[await desk.go_on(cut.answer_id) for _ in range(2)]]
    answer = (await desk.view(conversation)).messages[1]
    assert answer.detail is not None
    assert [*answer.detail.runs, answer.inference_id] == [run.inference_id for run in runs]
    again = await desk.regenerate(cut.answer_id)
    other = (await desk.view(conversation)).messages[1]
    assert other.id == again.answer_id
    assert other.detail is not None
    assert other.detail.runs == []


async def test_an_answer_goes_on_at_the_very_moment_at_which_it_was_stopped(desk: Desk) -> None:
    conversation = await desk.begin()
    request = SendRequest(conversation_id=conversation, content="the beginning\n/stall")
    begun = await desk.answers.send(OWNER, request)
    has_text, ended = asyncio.Event(), asyncio.Event()

    def on_event(urgent: bool) -> None:
        if any(event.channel == "llm:token" for event in begun.log.read()):
            has_text.set()
        if begun.log.ending is not None:
            ended.set()

    unsubscribe = begun.log.subscribe(on_event)
    await has_text.wait()
    desk.engine.cancel(OWNER, begun.log.inference_id)
    await ended.wait()
    unsubscribe()
    # No part of it is on disk yet.
    again = await desk.answers.continue_answer(
        OWNER, AnswerRequest(message_id=begun.reply.answer_id)
    )
    assert again.reply.answer_id == begun.reply.answer_id
    desk.engine.cancel(OWNER, again.log.inference_id)
    await desk.wait_until_stored(conversation)
    assert (await desk.texts(conversation))[-1].startswith("the")


async def test_only_the_last_answer_with_words_can_be_continued(desk: Desk) -> None:
    conversation = await desk.begin()
    first = await desk.send(conversation, "one")
    second = await desk.send(conversation, "/error MODEL_NOT_FOUND")
    for message_id in (first.answer_id, first.message_id, second.answer_id):
        with pytest.raises(ValidationFailed):
            await desk.go_on(message_id)


async def test_one_answer_at_a_time(desk: Desk) -> None:
    conversation = await desk.begin()
    request = SendRequest(conversation_id=conversation, content="/stall")
    begun = await desk.answers.send(OWNER, request)
    with pytest.raises(SessionBusy):
        await desk.send(conversation, "meanwhile")
    with pytest.raises(SessionBusy):
        await desk.regenerate(begun.reply.answer_id)
    desk.engine.cancel(OWNER, begun.log.inference_id)
    await desk.send(conversation, "at once afterwards")
    view = await desk.view(conversation)
    assert [message.status for message in view.messages] == [
        "complete",
        "cancelled",
        "complete",
        "complete",
    ]


async def test_two_requests_in_one_breath_do_not_interleave(desk: Desk) -> None:
    conversation = await desk.begin()
    outcomes = await asyncio.gather(
        desk.send(conversation, "a"), desk.send(conversation, "b"), return_exceptions=True
    )
    assert [isinstance(outcome, SessionBusy) for outcome in outcomes].count(True) == 1
    assert (await desk.view(conversation)).conversation.message_count == 2


async def test_pictures_and_files_are_kept_once_and_sent_again(desk: Desk) -> None:
    conversation = await desk.begin()
    parts: list[Part] = [
        TextPart(text="look"),
        ImagePart(name="tide.png", media_type="image/png", data=PIXEL),
        FilePart(name="a.pdf", media_type="application/pdf", data=PIXEL),
    ]
    first = await desk.send(conversation, parts)
    await desk.edit(first.message_id, parts)
    count = await desk.store.read(
        conversation, lambda c: int(c.execute("SELECT count(*) FROM blobs").get)
    )
    assert count == 1
    view = await desk.view(conversation)
    content = view.messages[0].content
    assert not isinstance(content, str)
    assert [part.type for part in content] == ["text", "attachment", "attachment"]
    assert desk.echo.received[-1].messages == [Message(role="user", content=parts)]


async def test_a_picture_without_words_gives_the_title(desk: Desk) -> None:
    conversation = await desk.begin()
    await desk.send(conversation, [ImagePart(media_type="image/png", data=PIXEL)])
    assert (await desk.view(conversation)).conversation.title == ""
    picture = ImagePart(name="tide at noon.png", media_type="image/png", data=PIXEL)
    await desk.send(conversation, [picture])
    assert (await desk.view(conversation)).conversation.title == "tide at noon.png"


async def test_a_text_file_is_kept_as_a_file_and_sent_as_its_words(desk: Desk) -> None:
    """Whatever the model takes: `echo-strict` takes no files at all."""
    conversation = await desk.begin()
    words = "# Tides\n```\nhigh\n```\n"
    data = base64.b64encode(words.encode()).decode()
    note = FilePart(name="tides.md", media_type="text/markdown", data=data)
    request = SendRequest(
        conversation_id=conversation,
        content=[note, TextPart(text="when?")],
        provider_id="echo",
        model_id="echo-strict",
    )
    await desk.done(await desk.answers.send(OWNER, request))
    sent = desk.echo.received[-1].messages[-1]
    assert sent.text == f"tides.md\n````\n{words.rstrip()}\n````\nwhen?"
    content = (await desk.view(conversation)).messages[0].content
    assert not isinstance(content, str)
    assert content[0] == Attachment(
        kind="file",
        name="tides.md",
        media_type="text/markdown",
        size=len(data),
        hash=hashlib.sha256(words.encode()).hexdigest(),
    )


async def test_the_words_of_an_older_text_file_take_room_like_others(desk: Desk) -> None:
    conversation = await desk.begin()
    long = base64.b64encode(b"tide " * 120_000).decode()
    note = FilePart(name="long.txt", media_type="text/plain", data=long)
    for _ in range(2):
        await desk.send(conversation, [TextPart(text="/length\n"), note])
    assert len(desk.echo.received[-1].messages) == 1, "a million characters is all there may be"


async def test_deleting_can_be_undone_until_it_is_purged(desk: Desk) -> None:
    conversation = await desk.begin()
    await desk.send(conversation, "remember me")
    await desk.conversations.delete(desk.caller, conversation)
    assert await desk.store.read("", queries.summaries) == []
    with pytest.raises(NotFound):
        await desk.view(conversation)
    await desk.store.write(conversation, lambda c: tree.undelete(c, conversation))
    assert await desk.texts(conversation) == ["remember me", "remember me"]
    await desk.conversations.delete(desk.caller, conversation)
    await desk.store.write(conversation, lambda c: tree.purge(c, epoch_ms() + 1))
    with pytest.raises(NotFound):
        await desk.store.write(conversation, lambda c: tree.undelete(c, conversation))
    left = await desk.store.read(
        conversation, lambda c: int(c.execute("SELECT count(*) FROM messages").get)
    )
    assert left == 0


async def test_a_long_conversation_is_purged(desk: Desk) -> None:
    """SQLite follows at most 1,000 messages in a row that are removed with their parents."""

    def delete_long(connection: Connection) -> None:
        number = tree.create(connection, "long", NewConversation(), 1)
        parent = None
        for index in range(1_100):
            message = tree.NewMessage(f"m{index}", "user", take_apart("words"), 1)
            parent = tree.add(connection, number, parent, message)
        tree.delete(connection, number, 5)
        tree.purge(connection, 6)

    await desk.store.write("long", delete_long)
    left = await desk.store.read("long", lambda c: c.execute("SELECT count(*) FROM messages").get)
    assert left == 0


async def test_deleting_stops_the_answer(desk: Desk) -> None:
    conversation = await desk.begin()
    request = SendRequest(conversation_id=conversation, content="/stall")
    begun = await desk.answers.send(OWNER, request)
    await desk.conversations.delete(desk.caller, conversation)
    await desk.done(begun)
    assert begun.log.ending is not None


def bytes_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_temporary_conversations_leave_no_byte_on_the_disk(
    desk: Desk, tmp_path: Path
) -> None:
    conversation = await desk.begin(temporary=True, system_prompt="secret-prompt")
    first = await desk.send(conversation, "secret-canary one")
    await desk.edit(first.message_id, "secret-canary two")
    await desk.regenerate(first.answer_id)
    assert await desk.texts(conversation) == ["secret-canary one", "secret-canary one"]
    await desk.send(await desk.begin(), "an ordinary message")
    everything = bytes_below(tmp_path)
    assert b"an ordinary message" in everything
    assert b"secret-" not in everything


async def test_text_that_no_model_should_send_is_kept(desk: Desk) -> None:
    conversation = await desk.begin()
    reply = await desk.send(conversation, "before\x00after\n/garbage")
    question, answer = await desk.texts(conversation)
    assert question == "before\x00after\n/garbage"
    assert answer.startswith("before\x00after\x00\x1b[31m\N{REPLACEMENT CHARACTER}</script>")
    await desk.regenerate(reply.answer_id)


async def test_a_long_path_is_told_in_pages(desk: Desk) -> None:
    conversation = await desk.begin()
    for number in range(4):
        await desk.send(conversation, f"message {number}")
    last = await desk.view(conversation, limit=3)
    assert (len(last.messages), last.earlier) == (3, 5)
    request = ViewRequest(conversation_id=conversation, limit=20, before=last.messages[0].id)
    earlier = await desk.store.read(conversation, lambda c: queries.view(c, request))
    assert (len(earlier.messages), earlier.earlier) == (5, 0)


async def test_regenerating_a_question_answers_it(desk: Desk) -> None:
    conversation = await desk.begin()
    first = await desk.send(conversation, "one")
    request = AnswerRequest(message_id=first.message_id)
    await desk.done(await desk.answers.regenerate(OWNER, request))
    assert len((await desk.view(conversation)).messages[1].siblings) == 2


async def test_the_effort_of_the_settings_goes_to_models_that_take_it(desk: Desk) -> None:
    desk.answers.parameters = lambda: Parameters(effort="high")
    talk = await desk.begin()
    await desk.send(talk, "hello")
    strict = SendRequest(conversation_id=talk, content="hello", model_id="echo-strict")
    await desk.done(await desk.answers.send(OWNER, strict))
    own = SendRequest(conversation_id=talk, content="hello", model_id="echo", effort="low")
    await desk.done(await desk.answers.send(OWNER, own))
    assert [request.effort for request in desk.echo.received] == ["high", None, "low"]
    # An effort from the settings, not from the request, is left out without a notice.
    answers = [message for message in (await desk.view(talk)).messages if message.detail]
    assert [answer.detail.notices for answer in answers if answer.detail] == [[], [], []]
