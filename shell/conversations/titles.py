"""Writes titles of conversations with the model that the user chose for them."""

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
"""Longest part of the question, and of the answer, in the request for a title."""
MAX_TOKENS = 40
TIMEOUT_MS = 30_000
PROMPT = (
    "Give the conversation below a title of at most six words, in its own language. "
    "Answer with the title and nothing else.\n\n"
)
_log = logging.getLogger(__name__)

TitleModel = Callable[[], tuple[str, str | None] | None]
"""Returns the provider and the model that write titles; None if the user chose no provider."""


class Titles:
    """Writes titles. Loop thread only. After an error the old title stays."""

    def __init__(self, store: Store, engine: Engine, title_model: TitleModel) -> None:
        self._store = store
        self._engine = engine
        self._title_model = title_model
        self._tasks: set[asyncio.Task[None]] = set()

    def consider(self, conversation_id: str) -> None:
        """Write a title if the answer that has just ended is the conversation's first."""
        title_model = self._title_model()
        if title_model is not None and not conversation_id.startswith(TEMPORARY):
            task = asyncio.ensure_future(self._write(conversation_id, *title_model))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Cancel the titles that are still being written."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _write(self, conversation_id: str, provider_id: str, model_id: str | None) -> None:
        try:
            exchange = await self._store.read(
                conversation_id, lambda c: _first_exchange(c, conversation_id)
            )
            if exchange is None:
                return
            request = InferenceRequest(
                messages=[Message(role="user", content=PROMPT + exchange)],
                provider_id=provider_id,
                model_id=model_id,
                max_tokens=MAX_TOKENS,
                timeout_ms=TIMEOUT_MS,
            )
            slot = self._engine.reserve(OWNER, request, conversation=conversation_id, kind="title")
            title = await _read_title(slot.begin())
            if not title:
                return
            await self._store.write(conversation_id, lambda c: _rename(c, conversation_id, title))
        except ShellError as error:
            _log.info("No title was made: %s", error.code)


def _first_exchange(connection: Connection, conversation_id: str) -> str | None:
    """The first question and its answer. None if there are more messages or a chosen title."""
    number, title_from = _title_source(connection, conversation_id)
    rows = queries.every(connection, number)
    if title_from != "words" or [row.role for row in rows] != ["user", "assistant"]:
        return None
    if rows[1].status != "complete":
        return None
    return "\n\n".join(row.text[:QUOTED_CHARACTERS] for row in rows)


def _rename(connection: Connection, conversation_id: str, title: str) -> None:
    number, title_from = _title_source(connection, conversation_id)
    if title_from == "words":  # a person may have chosen a title meanwhile
        tree.set_title(connection, number, title, "model")


def _title_source(connection: Connection, conversation_id: str) -> tuple[int, str]:
    """The number of a conversation, and where its title is from."""
    number = tree.conversation(connection, conversation_id)
    sql = "SELECT title_from FROM conversations WHERE number = ?"
    return number, connection.execute(sql, (number,)).get


async def _read_title(log: InferenceLog) -> str:
    """The title that a run wrote; empty if the run failed."""
    text = ""
    async for event in log.follow():
        if isinstance(event, TokenEvent):
            text += event.token
    if not isinstance(log.ending, DoneEvent) or log.ending.cancelled:
        return ""
    lines = text.strip().splitlines()
    return tree.first_words(lines[0]).strip("\"'“”«»*#. ") if lines else ""
