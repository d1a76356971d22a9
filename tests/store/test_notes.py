"""Notes of pages, recent prompts, and the usage of a conversation."""

import asyncio
import itertools

import pytest

from shell.contract import AnswerRequest, Note, SendRequest, Usage
from shell.conversations.parameters import Parameters
from shell.providers.base import ModelInfo, ProviderRequest
from shell.store.messages import notes, tree
from shell.store.store import Store
from shell.support.ids import epoch_ms
from tests.store.desk import Desk

pytestmark = pytest.mark.anyio


async def test_a_note_outlives_the_host(desk: Desk) -> None:
    await desk.conversations.remember(desk.caller, Note(name="draft.1", text="half a sente"))
    await desk.conversations.remember(desk.caller, Note(name="draft.1", text="half a sentence"))
    await desk.conversations.remember(desk.caller, Note(name="sidebar", text="closed"))
    await desk.conversations.remember(desk.caller, Note(name="sidebar", text=None))
    await desk.close()
    again = Desk(desk.store.path.parent)
    assert await again.conversations.recall(again.caller) == {"draft.1": "half a sentence"}
    await again.close()


async def test_a_draft_goes_with_its_conversation(desk: Desk) -> None:
    deleted, remaining = await desk.begin(), await desk.begin()
    for conversation in (deleted, remaining):
        await desk.send(conversation, "hello")
        for name in ("draft", "attached"):
            note = Note(name=f"{name}.{conversation}", text="never said")
            await desk.conversations.remember(desk.caller, note)
    await desk.conversations.delete(desk.caller, deleted)
    assert len(await desk.conversations.recall(desk.caller)) == 4, "a deletion can be undone"
    await desk.store.write(deleted, lambda c: tree.purge(c, epoch_ms() + 1))
    assert set(await desk.conversations.recall(desk.caller)) == {
        f"draft.{remaining}",
        f"attached.{remaining}",
    }


def test_the_notes_that_were_changed_longest_ago_go_first(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notes, "MAX_NOTES", 3)
    monkeypatch.setattr(notes, "epoch_ms", itertools.count().__next__)

    def put(number: int) -> None:
        note = Note(name=f"n{number}", text=str(number))
        store.database.write(lambda c: notes.put(c, note)).result()

    for number in (1, 2, 3, 1, 4):
        put(number)
    assert set(store.database.read(notes.every).result()) == {"n1", "n3", "n4"}


async def test_what_was_asked_lately_is_told_once_and_newest_first(desk: Desk) -> None:
    first, second = await desk.begin(), await desk.begin()
    secret = await desk.begin(temporary=True)
    for conversation, text in ((first, "a"), (second, "b"), (secret, "hush"), (first, "a")):
        await desk.send(conversation, text)
    deleted = await desk.begin()
    await desk.send(deleted, "deleted")
    await desk.conversations.delete(desk.caller, deleted)
    assert await desk.conversations.prompts(desk.caller) == ["a", "b"]


PRICED = ModelInfo(id="echo", input_price=2.0, output_price=10.0)


def test_a_price_is_for_a_million_tokens() -> None:
    usage = Usage(
        input_tokens=500_000,
        output_tokens=100_000,
        reasoning_tokens=0,
        cached_tokens=0,
        estimated=False,
    )
    assert PRICED.cost(usage) == pytest.approx(2.0)
    assert ModelInfo(id="echo", input_price=2.0).cost(usage) is None


async def test_what_a_conversation_has_taken_is_added_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = await desk.begin()
    await desk.send(conversation, "free")
    monkeypatch.setattr(desk.echo, "model", lambda model_id: PRICED)
    reply = await desk.send(conversation, "dear")
    assert reply.conversation_id == conversation
    found = await desk.conversations.spent(desk.caller, conversation)
    assert (found.answers, found.unpriced) == (2, 1)
    assert found.cost == pytest.approx(_cost_of_last(desk, found.input_tokens), rel=1)
    assert found.cost > 0
    assert found.output_tokens > 0


async def test_what_every_run_of_a_continued_answer_took_is_added_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = await desk.begin()
    monkeypatch.setattr(desk.echo, "model", lambda model_id: PRICED)
    reply = await desk.send(conversation, "one two three\n/length")
    first = await desk.conversations.spent(desk.caller, conversation)
    begun = await desk.answers.continue_answer(
        "window-1", AnswerRequest(message_id=reply.answer_id)
    )
    [_, live] = (await desk.view(conversation)).messages
    assert live.detail is not None
    assert [usage.cost for usage in live.detail.earlier] == [pytest.approx(first.cost)]
    await desk.done(begun)
    found = await desk.conversations.spent(desk.caller, conversation)
    [_, answer] = (await desk.view(conversation)).messages
    assert answer.detail is not None
    assert answer.detail.usage is not None
    assert found.cost == pytest.approx(first.cost + (answer.detail.usage.cost or 0))
    assert (found.answers, found.unpriced) == (1, 0)
    assert found.cost > first.cost > 0


async def test_an_answer_that_failed_is_not_one_without_a_price(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = await desk.begin()
    monkeypatch.setattr(desk.echo, "model", lambda model_id: PRICED)
    await desk.send(conversation, "/error SERVER_ERROR")
    found = await desk.conversations.spent(desk.caller, conversation)
    assert (found.answers, found.unpriced) == (0, 0)


def _cost_of_last(desk: Desk, most: int) -> float:
    return most * 2.0 / 1_000_000


async def test_what_a_person_wants_of_all_answers_reaches_the_model(desk: Desk) -> None:
    desk.answers.parameters = lambda: Parameters(0.2, 77, "Be brief.")
    conversation = await desk.begin()
    await desk.send(conversation, "hello")
    received: ProviderRequest = desk.echo.received[-1]
    assert (received.temperature, received.max_tokens) == (0.2, 77)
    assert received.messages[0].role == "system"
    assert received.messages[0].text == "Be brief."
    request = SendRequest(conversation_id=conversation, content="again", temperature=1.5)
    await desk.answers.send("window-1", request)
    await desk.answers._recorder_of(conversation).wait_until_stored(conversation)
    assert desk.echo.received[-1].temperature == 1.5


async def test_what_was_taken_is_told_with_the_answer_that_has_just_ended(desk: Desk) -> None:
    conversation = await desk.begin()
    request = SendRequest(conversation_id=conversation, content="hello")
    begun = await desk.answers.send("window-1", request)
    ended = asyncio.Event()
    unsubscribe = begun.log.subscribe(lambda urgent: ended.set() if urgent else None)
    await ended.wait()
    unsubscribe()
    assert (await desk.conversations.spent(desk.caller, conversation)).answers == 1
