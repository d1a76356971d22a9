"""Calls of tools in searches, exports, imports and branches."""

import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from shell.contract import AnswerRequest, ResultEvent, SendRequest
from shell.providers.base import ModelStep
from shell.store.database import Connection
from shell.store.exchange import archive, portable, render
from shell.store.exchange.calls import entries_of
from shell.store.exchange.portable import ConversationWriter, PortableConversation
from shell.store.messages import decisions, steps
from shell.store.messages.turns import PathMessage
from shell.store.search.search import search
from shell.tools.base import Arguments, Progress, Tool
from shell.tools.permissions import Permissions
from tests.engine.functions import Functions
from tests.store.calls_desk import CallsDesk, calls
from tests.store.desk import OWNER, Desk

pytestmark = pytest.mark.anyio

HOSTILE = "```\n</code><img src=x onerror=1>\n![](http://127.0.0.1:9/x)\n"


@pytest.fixture
def functions() -> Functions:
    functions = Functions()
    functions.add("look", _look)
    functions.add("ask", _look)
    return functions


async def _look(arguments: Arguments, progress: Progress) -> str:
    return f"The heron stands at {arguments.get('at')}.{arguments.get('more', '')}"


@pytest.fixture
async def desk(tmp_path: Path, functions: Functions) -> AsyncIterator[CallsDesk]:
    desk = CallsDesk(tmp_path, functions, "look")
    yield desk
    await desk.close()


SCRIPT = '/reasoning Hm.\nFirst.\n/call look {"at": "the weir"}\n/then\nSecond.'


async def test_results_of_an_import_are_strangers_words_whatever_its_file_says(
    desk: CallsDesk,
) -> None:
    talk = await desk.begin()
    await desk.ask(talk, SCRIPT)
    (conversation,) = await exported(desk)
    (call,) = conversation.messages[-1].calls
    assert not call.brings
    sends = Tool("send", "mine.py", "python", sends=True)
    permissions = Permissions(allowed=["send"])
    answer = steps.steps_of(entries_of([call]))
    decisions.restore(permissions, [PathMessage("assistant", "", "complete", answer)])
    assert permissions.rule(sends, {}).verdict == "ask"


async def test_results_are_found_and_the_hit_opens_the_message(desk: CallsDesk) -> None:
    talk = await desk.begin()
    reply = await desk.ask(talk, SCRIPT)
    for words in ("heron", "ands at the we"):
        found = await desk.store.read(talk, partial(search, text=words, max_hits=5))
        (hit,) = found.hits
        assert (hit.conversation_id, hit.message_id) == (talk, reply.answer_id)
        assert "heron stands at the weir" in hit.snippet
    await desk.store.write(talk, _rebuild)
    found = await desk.store.read(talk, lambda c: search(c, "heron", 5))
    assert len(found.hits) == 1, "also after the index was built again"


async def test_opaque_output_and_nonces_are_found_nowhere(desk: CallsDesk) -> None:
    talk = await desk.begin()
    reply = await desk.ask(talk, SCRIPT)
    secret = "SIGNATURExyz"

    def spoil(connection: Connection) -> None:
        number = connection.execute("SELECT number FROM messages WHERE id = ?", (reply.answer_id,))
        entries = steps.read(connection, int(number.get))
        output = next(e for e in entries if isinstance(e, steps.OutputEntry))
        changed = output.model_copy(update={"items": [{"signature": secret}]})
        place = entries.index(output)
        at, first = connection.execute("SELECT message, min(place) FROM steps").get
        assert place == 0
        steps.write(connection, int(at), [(int(first), changed)])

    await desk.store.write(talk, spoil)
    await desk.store.write(talk, _rebuild)
    found = await desk.store.read(talk, lambda c: search(c, secret, 5))
    assert found.hits == []
    (conversation,) = await exported(desk)
    for text in (
        *archive.write([conversation]),
        *render.markdown([conversation]),
        *render.html([conversation]),
    ):
        assert secret not in text
        assert "nonce" not in text


async def test_exports_show_calls_in_their_place_and_inert(desk: CallsDesk) -> None:
    talk = await desk.begin()
    more = json.dumps({"at": "x", "more": HOSTILE})
    await desk.ask(talk, f"First.\n/call look {more}\n/then\nSecond.")
    (conversation,) = await exported(desk)
    markdown = "".join(render.markdown([conversation])).partition("## echo")[2]
    places = [markdown.index(text) for text in ("First.", "Tool call look", "heron", "Second.")]
    assert places == sorted(places)
    assert "````" in markdown, "the block cannot be ended by what is in it"
    page = "".join(render.html([conversation])).rpartition("<article")[2]
    places = [page.index(text) for text in ("First.", "Tool call look", "heron", "Second.")]
    assert places == sorted(places)
    assert "<img" not in page
    assert "&lt;img" in page


async def test_an_archive_brings_calls_back_settled(
    desk: CallsDesk, tmp_path: Path, functions: Functions
) -> None:
    talk = await desk.begin()
    await desk.ask(talk, SCRIPT)
    waits = await desk.begin()
    script = '/call ask {"at": "noon"}\n/call look {"at": "dusk"}'
    request = SendRequest(conversation_id=waits, content=script, tools="all")
    begun = await desk.answers.send(OWNER, request)
    async for event in begun.log.follow():
        if isinstance(event, ResultEvent):
            break
    await desk.answers._commit(begun.log)
    texts = "".join(archive.write(await exported(desk)))
    arrived = [archive.read(raw) for raw in json.loads(texts)["conversations"]]
    (tmp_path / "other").mkdir()
    other = CallsDesk(tmp_path / "other", functions, "look")
    for conversation in arrived:
        await other.store.write(conversation.id, partial(_import, conversation=conversation))
    before, after = [(await d.view(talk)).messages[-1] for d in (desk, other)]
    assert [part.type for part in after.parts] == ["reasoning", "text", "call", "text"]
    assert after.parts == before.parts
    settled = calls((await other.view(waits)).messages[-1])
    assert [call.state for call in settled] == ["cancelled", "done"]
    assert all(call.nonce is None and call.result for call in settled)
    await other.ask(talk, "And now?")
    step = other.echo.received[-1].messages[1]
    assert isinstance(step, ModelStep)
    (made,) = step.calls
    assert (made.name, json.loads(made.arguments)) == ("look", {"at": "the weir"})
    assert "heron" in made.result
    found = await other.store.read(talk, lambda c: search(c, "weir", 5))
    assert talk in {hit.conversation_id for hit in found.hits}
    again = "".join(archive.write([o for o in await exported(other) if o.id == waits]))
    assert again == "".join(archive.write([o for o in arrived if o.id == waits]))
    await other.close()


async def test_half_a_character_in_an_archive_is_replaced(desk: CallsDesk) -> None:
    talk = await desk.begin()
    await desk.ask(talk, SCRIPT)
    text = "".join(archive.write(await exported(desk))).replace("the weir", "\\ud800", 1)
    raw = json.loads(text.replace("The heron", "\\ud800"))["conversations"][0]
    conversation = archive.read({**raw, "id": "other"})
    await desk.store.write("other", lambda c: _import(c, conversation))
    (call,) = calls((await desk.view("other")).messages[-1])
    assert "�" in str(call.result)


async def test_branches_keep_their_own_calls(desk: CallsDesk, functions: Functions) -> None:
    talk = await desk.begin()
    first = await desk.ask(talk, SCRIPT)
    request = AnswerRequest(message_id=first.answer_id, tools="all")
    second = await desk.done(await desk.answers.regenerate(OWNER, request))
    assert second.answer_id != first.answer_id
    assert len(functions.calls) == 2
    (conversation,) = await exported(desk)
    made = {message.id: len(message.calls) for message in conversation.messages if message.calls}
    assert made == {first.answer_id: 1, second.answer_id: 1}


async def exported(desk: Desk) -> list[PortableConversation]:
    return await desk.store.read(
        "", lambda c: [portable.read_conversation(c, number) for number in portable.numbers(c)]
    )


def _import(connection: Connection, conversation: PortableConversation) -> None:
    arrival = ConversationWriter(conversation)
    arrival.begin(connection)
    while arrival.add(connection, 100):
        pass


def _rebuild(connection: Connection) -> None:
    from shell.store.search import index

    index.build(connection)
