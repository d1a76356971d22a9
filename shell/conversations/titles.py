"""Has a model write the titles of conversations, if the user chose one for that."""

import asyncio
import logging
from collections.abc import Callable

from shell.contract import DoneEvent, InferenceRequest, Message, TokenEvent
from shell.errors import ShellError
from shell.inference.engine import Engine
from shell.inference.log import InferenceLog
from shell.store.database import Connection
from shell.store.messages import queries, tree
from shell.store.store import Store
from shell.support.ids import TEMPORARY

OWNER = "titles"
QUOTED_CHARACTERS = 2_000
"""Longest part of the question, and of the answer, that the model is sent."""
MAX_TOKENS = 40
TIMEOUT_MS = 30_000
PROMPT = (
    "Give the conversation below a title of at most six words, in its own language. "
    "Answer with the title and nothing else.\n\n"
)
_log = logging.getLogger(__name__)

Chosen = Callable[[], tuple[str, str | None] | None]
"""The provider that writes titles, and its model; None when none is chosen."""


class Titles:
    """Writes titles. Loop thread only. After an error the title stays as it was."""

    def __init__(self, store: Store, engine: Engine, chosen: Chosen) -> None:
        self._store = store
        self._engine = engine
        self._chosen = chosen
        self._tasks: set[asyncio.Task[None]] = set()

    def consider(self, conversation_id: str) -> None:
        """Write a title if the answer that is now complete is the conversation's first one."""
        chosen = self._chosen()
        if chosen is not None and not conversation_id.startswith(TEMPORARY):
            task = asyncio.ensure_future(self._make(conversation_id, *chosen))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Cancel the titles that are being written."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _make(self, conversation_id: str, provider_id: str, model_id: str | None) -> None:
        try:
            beginning = await self._store.read(
                conversation_id, lambda c: _beginning(c, conversation_id)
            )
            if beginning is None:
                return
            request = InferenceRequest(
                messages=[Message(role="user", content=PROMPT + beginning)],
                provider_id=provider_id,
                model_id=model_id,
                max_tokens=MAX_TOKENS,
                timeout_ms=TIMEOUT_MS,
            )
            slot = self._engine.reserve(OWNER, request, conversation=conversation_id, kind="title")
            title = await _answer(slot.begin())
            if title:
                await self._store.write(
                    conversation_id, lambda c: _rename(c, conversation_id, title)
                )
        except ShellError as error:
            _log.info("No title was made: %s", error.code)


def _beginning(connection: Connection, conversation_id: str) -> str | None:
    """The first question and its answer; None with more messages or with a chosen title."""
    number, title_from = _titled(connection, conversation_id)
    rows = queries.every(connection, number)
    if title_from != "words" or [row.role for row in rows] != ["user", "assistant"]:
        return None
    if rows[1].status != "complete":
        return None
    return "\n\n".join(row.text[:QUOTED_CHARACTERS] for row in rows)


def _rename(connection: Connection, conversation_id: str, title: str) -> None:
    number, title_from = _titled(connection, conversation_id)
    if title_from == "words":  # a person may have been quicker
        tree.set_title(connection, number, title, "model")


def _titled(connection: Connection, conversation_id: str) -> tuple[int, str]:
    """The number of a conversation, and where its title is from."""
    number = tree.conversation(connection, conversation_id)
    sql = "SELECT title_from FROM conversations WHERE number = ?"
    return number, connection.execute(sql, (number,)).get


async def _answer(log: InferenceLog) -> str:
    """The title that a run wrote; empty when it failed."""
    text = ""
    async for event in log.follow():
        if isinstance(event, TokenEvent):
            text += event.token
    if not isinstance(log.ending, DoneEvent) or log.ending.cancelled:
        return ""
    lines = text.strip().splitlines()
    return tree.first_words(lines[0]).strip("\"'“”«»*#. ") if lines else ""
