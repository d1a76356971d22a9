"""Pictures and sounds in results of tools: stored once, sent to models, exported and imported."""

import base64
import json
from collections.abc import AsyncIterator
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest

from shell.bridge.caller import Caller
from shell.contract import AnswerCall, CallDecision, ResultEvent, SendRequest
from shell.conversations.answers import StartedAnswer
from shell.errors import NotFound
from shell.providers.base import ModelStep
from shell.store.connection_thread import Job
from shell.store.database import Connection
from shell.store.exchange import archive, portable, render
from shell.store.exchange.portable import ConversationWriter, PortableConversation
from shell.store.messages import tree
from shell.store.messages.content import read_blob
from shell.tools.base import Arguments, Progress
from shell.tools.media import Media, ToolOutput
from tests.engine.functions import Functions
from tests.store.calls_desk import CallsDesk, calls
from tests.store.desk import OWNER
from tests.tools.test_media import png, wav

pytestmark = pytest.mark.anyio
PICTURE, SOUND = png(2, 2), wav()
CODED = base64.b64encode(PICTURE).decode()
CALLER = Caller(OWNER)


async def _draw(arguments: Arguments, progress: Progress) -> ToolOutput:
    media = (Media("image/png", PICTURE), Media("audio/wav", SOUND))
    return ToolOutput("[image: image/png]\n\n[audio: audio/wav]", media)


@pytest.fixture
def functions() -> Functions:
    functions = Functions()
    functions.add("draw", _draw)
    return functions


@pytest.fixture
async def desk(tmp_path: Path, functions: Functions) -> AsyncIterator[CallsDesk]:
    desk = CallsDesk(tmp_path, functions, "draw")
    yield desk
    await desk.close()


SCRIPT = "/call draw {}\n/then\nSo it looks."


def sent(desk: CallsDesk) -> list[str]:
    """Return the pictures of tool results in the last request."""
    steps = [
        message for message in desk.echo.received[-1].messages if isinstance(message, ModelStep)
    ]
    return [image.data for step in steps for call in step.calls for image in call.images]


async def all_calls(desk: CallsDesk, talk: str) -> list[AnswerCall]:
    messages = (await desk.view(talk)).messages
    return [call for message in messages for call in calls(message)]


async def only_call(desk: CallsDesk, talk: str) -> AnswerCall:
    return (await all_calls(desk, talk))[0]


async def until_result(desk: CallsDesk, talk: str) -> tuple[StartedAnswer, ResultEvent]:
    """Ask for the picture, and wait for the result of the tool."""
    request = SendRequest(conversation_id=talk, content=SCRIPT, tools="all")
    begun = await desk.answers.send(OWNER, request)
    async for event in begun.log.follow():
        if isinstance(event, ResultEvent):
            return begun, event
    raise AssertionError("the tool has no result")


async def test_the_model_gets_the_picture_in_the_next_step_and_in_the_next_turn(
    desk: CallsDesk,
) -> None:
    talk = await desk.begin()
    await desk.ask(talk, SCRIPT)
    assert sent(desk) == [CODED]
    await desk.ask(talk, "What is on it?")
    assert sent(desk) == [CODED]


async def test_they_are_kept_once_and_stay_after_the_program_has_ended(
    desk: CallsDesk, tmp_path: Path
) -> None:
    talk = await desk.begin()
    for _ in range(2):
        await desk.ask(talk, SCRIPT)
    count = await desk.store.read(talk, lambda c: c.execute("SELECT count(*) FROM blobs").get)
    assert count == 2
    image, sound = (await only_call(desk, talk)).parts or []
    assert (image.kind, image.media_type, image.name) == ("image", "image/png", None)
    assert (sound.kind, sound.media_type, sound.name) == ("file", "audio/wav", "audio.wav")
    for part, data in ((image, PICTURE), (sound, SOUND)):
        assert part.hash == sha256(data).hexdigest()
        found = await desk.conversations.attachment(CALLER, part.hash)
        assert base64.b64decode(found.data) == data


async def test_a_page_can_have_one_before_it_is_on_the_disk(desk: CallsDesk) -> None:
    talk = await desk.begin()
    begun, event = await until_result(desk, talk)
    blob = sha256(PICTURE).hexdigest()
    assert next(part.hash for part in event.parts or []) == blob
    assert desk.answers.recorders[0].media(blob) == PICTURE
    found = await desk.conversations.attachment(CALLER, blob)
    assert found.data == CODED
    with pytest.raises(NotFound):
        await desk.conversations.attachment(CALLER, "0" * 64)
    await desk.done(begun)


async def test_a_page_can_have_one_that_reaches_the_disk_while_it_is_looked_for(
    desk: CallsDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = await desk.begin()
    begun, _ = await until_result(desk, talk)
    read = desk.store.read

    async def read_and_save(name: str, job: Job[bytes | None]) -> bytes | None:
        found = await read(name, job)
        await desk.done(begun)
        return found

    monkeypatch.setattr(desk.store, "read", read_and_save)
    found = await desk.conversations.attachment(CALLER, sha256(PICTURE).hexdigest())
    assert found.data == CODED
    await desk.done(begun)


async def test_a_purge_deletes_those_of_the_purged_conversation_alone(desk: CallsDesk) -> None:
    remaining, purged = await desk.begin(), await desk.begin()
    await desk.ask(remaining, SCRIPT)
    await desk.ask(purged, SCRIPT)

    def purge(connection: Connection, conversation_id: str) -> object:
        tree.delete(connection, tree.conversation(connection, conversation_id), 1)
        tree.purge(connection, 2)
        return connection.execute("SELECT count(*) FROM blobs").get

    assert await desk.store.write(purged, partial(purge, conversation_id=purged)) == 2
    assert await desk.store.write(remaining, partial(purge, conversation_id=remaining)) == 0


async def test_exports_have_them_and_an_archive_brings_them_back(
    desk: CallsDesk, tmp_path: Path, functions: Functions
) -> None:
    talk = await desk.begin()
    await desk.ask(talk, SCRIPT)
    (conversation,) = await exported(desk)
    assert f'src="data:image/png;base64,{CODED}"' in "".join(render.html([conversation]))
    assert "*[picture]*\n*[file audio.wav]*\n" in "".join(render.markdown([conversation]))
    text = "".join(archive.write([conversation]))
    (raw,) = json.loads(text)["conversations"]
    (tmp_path / "other").mkdir()
    other = CallsDesk(tmp_path / "other", functions, "draw")
    await other.store.write(talk, partial(_import, conversation=archive.read(raw)))
    before, after = [(await only_call(d, talk)).parts for d in (desk, other)]
    assert after == before
    again = await other.store.read(talk, lambda c: read_blob(c, sha256(SOUND).hexdigest()))
    assert again == SOUND
    await other.ask(talk, "And now?")
    assert sent(other) == [CODED]
    assert "".join(archive.write(await exported(other))).count(CODED) == 1
    await other.close()


async def test_it_is_there_for_a_run_that_goes_on_after_the_program_was_started_again(
    functions: Functions, tmp_path: Path
) -> None:
    functions.add("ask", _draw)
    desk = CallsDesk(tmp_path, functions, "draw")
    talk = await desk.begin()
    script = "/call draw {}\n/call ask {}\n/then\nSo it looks."
    request = SendRequest(conversation_id=talk, content=script, tools="all")
    begun = await desk.answers.send(OWNER, request)
    async for event in begun.log.follow():
        if isinstance(event, ResultEvent):
            break
    await desk.close()
    other = CallsDesk(tmp_path, functions, "draw")
    waiting = next(call for call in await all_calls(other, talk) if call.state == "waiting")
    decision = CallDecision(
        message_id=begun.reply.answer_id,
        call_id=waiting.call_id,
        nonce=str(waiting.nonce),
        verdict="allow",
        tools="all",
    )
    taken, again = await other.answers.decide(OWNER, decision)
    assert taken
    assert again is not None
    await other.done(again)
    assert sent(other) == [CODED, CODED]
    await other.close()


async def exported(desk: CallsDesk) -> list[PortableConversation]:
    def read(connection: Connection) -> list[PortableConversation]:
        numbers = portable.numbers(connection)
        return [portable.read_conversation(connection, number) for number in numbers]

    return await desk.store.read("", read)


def _import(connection: Connection, conversation: PortableConversation) -> None:
    writer = ConversationWriter(conversation)
    writer.begin(connection)
    while writer.add(connection, 100):
        pass
