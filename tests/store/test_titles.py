"""Titles by a model: only the model chosen for it writes them, and never over a person's own."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shell.contract import TitleChange
from tests.store.desk import Desk

pytestmark = pytest.mark.anyio


class Titled(Desk):
    """A desk whose titles are by `other`, which echoes its prompt."""

    chosen: tuple[str, str | None] | None = ("other", None)

    def titles(self) -> tuple[str, str | None] | None:
        return self.chosen

    async def title(self, conversation_id: str) -> str:
        await asyncio.gather(*self.answers._titles._tasks)
        return (await self.view(conversation_id)).conversation.title


@pytest.fixture
async def titled(tmp_path: Path) -> AsyncIterator[Titled]:
    desk = Titled(tmp_path)
    yield desk
    await desk.close()


async def test_the_first_answer_brings_a_title(titled: Titled) -> None:
    conversation = await titled.begin()
    await titled.send(conversation, "what is it")
    # The title is the first line of the echoed prompt, cut to the length of a title.
    assert (await titled.title(conversation)).startswith("Give the conversation below a title")
    [request] = titled.other.received
    assert "what is it" in request.messages[0].text
    assert request.max_tokens is not None
    await titled.send(conversation, "and then")
    await titled.title(conversation)
    assert len(titled.other.received) == 1


async def test_nobody_is_asked_who_was_not_chosen(titled: Titled) -> None:
    titled.chosen = None
    conversation = await titled.begin()
    await titled.send(conversation, "what is it")
    assert await titled.title(conversation) == "what is it"
    assert titled.other.received == []


async def test_a_name_that_a_person_gave_stays(titled: Titled) -> None:
    conversation = await titled.begin()
    mine = TitleChange(conversation_id=conversation, title="Mine")
    await titled.conversations.rename(titled.caller, mine)
    await titled.send(conversation, "what is it")
    assert await titled.title(conversation) == "Mine"


@pytest.mark.parametrize("chosen", [("other", "x"), ("nobody", None)])
async def test_what_goes_wrong_leaves_the_first_words(
    titled: Titled, chosen: tuple[str, str | None]
) -> None:
    titled.chosen = chosen
    conversation = await titled.begin()
    await titled.send(conversation, "first words\n/error MODEL_NOT_FOUND")
    assert await titled.title(conversation) == "first words /error MODEL_NOT_FOUND"


async def test_a_temporary_conversation_is_shown_to_nobody_else(titled: Titled) -> None:
    conversation = await titled.begin(temporary=True)
    await titled.send(conversation, "what is it")
    await titled.title(conversation)
    assert titled.other.received == []
