"""Questions from prompts of servers, and imported answers, count as strangers' words."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shell.contract import AnswerRequest, Content, EditRequest, FilePart, SendRequest, TextPart
from shell.conversations.answers import StartedAnswer
from shell.store.database import Connection
from shell.store.exchange import archive, portable
from shell.store.exchange.portable import (
    ConversationWriter,
    PortableConversation,
    PortableMessage,
)
from shell.tools.base import Arguments, Progress
from tests.engine.functions import Functions
from tests.store.calls_desk import CallsDesk
from tests.store.desk import OWNER

pytestmark = pytest.mark.anyio
CALL = '/call post {"to": "y"}'
OF_SERVER = TextPart(text="Good morning!", untrusted=True)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[CallsDesk]:
    async def post(arguments: Arguments, progress: Progress) -> str:
        return "posted"

    functions = Functions()
    functions.add("post", post, sends=True)
    desk = CallsDesk(tmp_path, functions, "*")
    yield desk
    await desk.close()


async def needs_approval(desk: CallsDesk, started: StartedAnswer) -> bool:
    """Whether the call of this answer needs approval, which its tool otherwise does not."""
    async for event in started.log.follow():
        if event.channel == "llm:approval" and event.state == "asked":
            assert "strangers" in (event.why or "")
            desk.answers.stop(OWNER, started.reply.conversation_id)
            await desk.wait_until_stored(started.reply.conversation_id)
            return True
    await desk.wait_until_stored(started.reply.conversation_id)
    return False


async def send_needs_approval(desk: CallsDesk, talk: str, content: Content = CALL) -> bool:
    request = SendRequest(conversation_id=talk, content=content, tools="all")
    return await needs_approval(desk, await desk.answers.send(OWNER, request))


async def test_a_call_that_sends_is_asked_as_with_a_file_of_a_server(desk: CallsDesk) -> None:
    resource = FilePart(media_type="text/plain", data="aGVsbG8=", name="time: tides")
    cases: list[tuple[Content, bool]] = [
        ("Good morning!", False),
        ([TextPart(text="Good morning!")], False),
        ([TextPart(text="See the tides."), resource], True),
        ([OF_SERVER], True),
    ]
    for content, expected in cases:
        talk = await desk.begin()
        await desk.send(talk, content)
        assert await send_needs_approval(desk, talk) is expected
    assert await send_needs_approval(
        desk, await desk.begin(), [TextPart(text=CALL, untrusted=True)]
    )


async def test_the_mark_holds_for_another_answer_and_on_its_own_branch_alone(
    desk: CallsDesk,
) -> None:
    talk = await desk.begin()
    first = await desk.send(talk, [OF_SERVER])
    assert await send_needs_approval(desk, talk)
    call = (await desk.view(talk)).messages[-2]
    again = AnswerRequest(message_id=call.id, tools="all")
    assert await needs_approval(desk, await desk.answers.regenerate(OWNER, again))
    other = EditRequest(message_id=call.id, content=f"{CALL}\n/then\nDone.", tools="all")
    assert await needs_approval(desk, await desk.answers.edit(OWNER, other))

    own = EditRequest(message_id=first.message_id, content="My own words.")
    mine = await desk.done(await desk.answers.edit(OWNER, own))
    assert not await send_needs_approval(desk, talk), "no text of the server is on this branch"
    marked: Content = [TextPart(text="Good evening!", untrusted=True)]
    edit = EditRequest(message_id=mine.message_id, content=marked)
    await desk.done(await desk.answers.edit(OWNER, edit))
    assert await send_needs_approval(desk, talk)


async def test_the_mark_outlives_a_backup_and_an_export(desk: CallsDesk) -> None:
    talk = await desk.begin()
    await desk.send(talk, [OF_SERVER])
    backup = await asyncio.wrap_future(desk.store.back_up())
    await desk.conversations.delete(desk.caller, talk)
    await asyncio.wrap_future(desk.store.restore(backup))
    assert (await desk.view(talk)).messages[0].content == [OF_SERVER]
    assert await send_needs_approval(desk, talk)
    text = await desk.store.read(
        "",
        lambda c: "".join(
            archive.write(portable.read_conversation(c, n) for n in portable.numbers(c))
        ),
    )
    assert '"untrusted": true' in text


async def test_an_imported_answer_counts_as_strangers_words_also_when_it_was_continued(
    desk: CallsDesk,
) -> None:
    answer = PortableMessage("answer", None, "assistant", "Words of a file.", 1)
    writer = ConversationWriter(PortableConversation("talk", "Imported", 1, 1, messages=[answer]))

    def write(connection: Connection) -> None:
        writer.begin(connection)
        while writer.add(connection, 100):
            pass

    await desk.store.write("talk", write)
    await desk.go_on("answer")
    assert await send_needs_approval(desk, "talk")


async def test_a_text_of_a_server_is_not_offered_as_a_question_of_the_person(
    desk: CallsDesk,
) -> None:
    talk = await desk.begin()
    mine = 'Is "untrusted": true JSON?'
    file = FilePart(media_type="text/plain", data="aGVsbG8=", name='"untrusted":')
    contents: list[Content] = [[OF_SERVER], mine, [TextPart(text="With a file"), file]]
    for content in contents:
        await desk.send(talk, content)
    assert await desk.conversations.prompts(desk.caller) == ["With a file", mine]
