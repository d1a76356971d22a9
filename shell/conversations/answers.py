"""Answers: where the store and the engine meet: what is said is kept, then answered."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from shell.contract import (
    AnswerOptions,
    AnswerRequest,
    Content,
    Defaults,
    EditRequest,
    InferenceRequest,
    NoticeEvent,
    SendReply,
    SendRequest,
)
from shell.conversations.history import history, to_continue
from shell.conversations.titles import Chosen, Titles
from shell.errors import SessionBusy
from shell.inference.engine import Engine
from shell.inference.log import InferenceLog
from shell.providers.base import ModelInfo, Provider
from shell.store.database import Connection, Database, Job
from shell.store.messages import tree, turns
from shell.store.messages.content import StoredContent, read_unchecked, take_apart
from shell.store.messages.queries import MessageRow
from shell.store.messages.recorder import Recorder
from shell.store.store import Store
from shell.support.ids import TEMPORARY, new_id


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a person wants of answers where nothing else is said; None leaves it to the model."""

    temperature: float | None = None
    max_tokens: int | None = None
    system_prompt: str | None = None
    """Of new conversations."""


@dataclass(frozen=True, slots=True)
class StartedAnswer:
    """An answer that is being given, and what to tell the page."""

    log: InferenceLog
    reply: SendReply


class Answers:
    """Loop thread only; made on it.

    Args:
        store: opened.
        engine: runs the answers.
        resolve: the provider of an id; raises ShellError for an unknown one.
        defaults: who answers where nobody was named and nobody has answered yet.
        titles: who makes titles, if a person has chosen somebody for it.
        parameters: what a person wants of all answers.
    """

    def __init__(
        self,
        store: Store,
        engine: Engine,
        resolve: Callable[[str], Provider],
        defaults: Callable[[], Defaults],
        titles: Chosen = lambda: None,
        parameters: Callable[[], Parameters] = Parameters,
    ) -> None:
        self.parameters = parameters
        self._store = store
        self._engine = engine
        self._resolve = resolve
        self._defaults = defaults
        self._titles = Titles(store, engine, titles)
        self._claimed: set[str] = set()
        self._recorder = self._recording(store.database, store.recovered)
        self._temporary_recorder = self._recording(store.temporary, lambda: None)

    async def send(self, owner: str, request: SendRequest) -> StartedAnswer:
        """Say something at the end of the chosen path. It is on the disk before it is sent.

        Raises:
            ShellError: refused; the conversation is as it was.
        """
        find = turns.at_end(request.conversation_id)
        put = turns.write_question(await _taken_apart(request.content), request.after)
        return await self._begin(owner, request, request.conversation_id, find, put)

    async def edit(self, owner: str, request: EditRequest) -> StartedAnswer:
        """Say something else in the place of a message of the user's, which stays beside it.

        Raises:
            ShellError: refused; the conversation is as it was.
        """
        content = await _taken_apart(request.content)
        return await self._begin_at(owner, request, turns.write_edited_question(content))

    async def regenerate(self, owner: str, request: AnswerRequest) -> StartedAnswer:
        """Answer once more, beside the answers that are there; perhaps by another model.

        Raises:
            ShellError: refused; the conversation is as it was.
        """
        return await self._begin_at(owner, request, turns.write_new_answer)

    async def go_on(self, owner: str, request: AnswerRequest) -> StartedAnswer:
        """Go on with an answer that was cut short; what it has stays, the rest is added.

        Raises:
            ShellError: refused; the conversation is as it was.
        """
        return await self._begin_at(owner, request, turns.write_continuation)

    def stop(self, owner: str, conversation_id: str) -> None:
        """Cancel what is answering in a conversation."""
        for inference_id in self._recorder_of(conversation_id).answering(conversation_id):
            self._engine.cancel(owner, inference_id)

    async def settled(self, conversation_id: str) -> None:
        """Return once what has ended in a conversation is on the disk; of a running answer at once.

        Raises:
            ShellError: it cannot be written now.
        """
        if not self._recorder_of(conversation_id).answering(conversation_id):
            await self.wait_until_stored(conversation_id)

    async def wait_until_stored(self, conversation_id: str) -> None:
        """Return once what is answered in a conversation is on the disk, to its end.

        Raises:
            ShellError: it cannot be written now.
        """
        await self._recorder_of(conversation_id).wait_until_stored(conversation_id)

    @property
    def idle(self) -> bool:
        """Whether no answer is being given or kept."""
        return not self._claimed and self._recorder.idle and self._temporary_recorder.idle

    async def close(self) -> None:
        """Keep what running answers have; to be called when the engine has ended them."""
        await self._titles.close()
        await self._recorder.close()
        await self._temporary_recorder.close()

    # --- inside -----------------------------------------------------------------------------

    def _recording(self, database: Database, saved: Callable[[], None]) -> Recorder:
        def ended(conversation_id: str) -> None:
            self._store.changed()
            self._titles.consider(conversation_id)

        return Recorder(database, saved=saved, failed=self._store.failed, ended=ended)

    def _recorder_of(self, conversation_id: str) -> Recorder:
        temporary = conversation_id.startswith(TEMPORARY)
        return self._temporary_recorder if temporary else self._recorder

    async def _begin_at(
        self, owner: str, request: AnswerRequest | EditRequest, put: turns.WriteTurn
    ) -> StartedAnswer:
        find = turns.at_message(request.message_id)
        return await self._begin(owner, request, request.message_id, find, put)

    async def _begin(
        self,
        owner: str,
        options: AnswerOptions,
        kept_id: str,
        find: Job[turns.TurnPlace],
        put: turns.WriteTurn,
    ) -> StartedAnswer:
        place = await self._store.read(kept_id, find)
        self._store.refuse_while_restoring()
        conversation_id = place.conversation_id
        recorder = self._recorder_of(conversation_id)
        if conversation_id in self._claimed or recorder.answering(conversation_id):
            raise SessionBusy("This conversation is being answered already")
        self._claimed.add(conversation_id)
        try:
            model, by = self._who(options, place)
            await self.wait_until_stored(conversation_id)
            # Once more: an answer that had just ended was not on the disk the first time.
            place = await self._store.read(kept_id, find)

            def write(connection: Connection) -> turns.Turn:
                # It may have been deleted since, and what is deleted is not answered.
                tree.conversation(connection, conversation_id)
                return put(connection, place, by)

            turn = await self._store.write(kept_id, write)
            try:
                path = await self._said(kept_id, turn.path)
                log = self._start(owner, options, model, by, turn, path)
            except Exception:
                await self._store.write(kept_id, turn.undo)
                raise
            recorder.follow(log, conversation_id, turn.answer, turn.earlier)
        finally:
            self._claimed.discard(conversation_id)
        reply = SendReply(
            conversation_id=conversation_id,
            message_id=turn.user_id,
            answer_id=turn.answer_id,
            inference_id=log.inference_id,
        )
        return StartedAnswer(log, reply)

    def _who(
        self, options: AnswerOptions, place: turns.TurnPlace
    ) -> tuple[ModelInfo, turns.Author]:
        """Who was asked for; else who answered last; else the default. Refuses before writing."""
        provider_id, model_id = options.provider_id, options.model_id
        if provider_id is None:
            provider_id, last = place.provider_id, place.model_id
            if provider_id is None:
                defaults = self._defaults()
                provider_id, last = defaults.provider_id, defaults.model_id
            model_id = model_id or last
        provider = self._resolve(provider_id)
        provider.check()
        model = provider.model(model_id or provider.default_model_id)
        inference_id = options.inference_id or f"inf-{new_id()}"
        return model, turns.Author(provider.id, model.id, inference_id)

    async def _said(self, kept_id: str, path: list[MessageRow]) -> list[turns.PathMessage]:
        """What was said along a path. Attachments are read one at a time, so that others can read
        in between, and are checked and encoded on a thread of their own.
        """
        blobs: dict[str, bytes | None] = {}
        for found in turns.attached(path):
            blobs[found] = await self._store.read(kept_id, partial(read_unchecked, blob_hash=found))
        if not blobs:
            return turns.path_messages(path, {})
        return await asyncio.to_thread(turns.path_messages, path, blobs)

    def _start(
        self,
        owner: str,
        options: AnswerOptions,
        model: ModelInfo,
        by: turns.Author,
        turn: turns.Turn,
        path: list[turns.PathMessage],
    ) -> InferenceLog:
        standard = self.parameters()
        temperature, max_tokens = options.temperature, options.max_tokens
        temperature = standard.temperature if temperature is None else temperature
        max_tokens = standard.max_tokens if max_tokens is None else max_tokens
        messages, notices = history(path, model, turn.system_prompt, max_tokens)
        if messages[-1].role == "assistant":
            messages = to_continue(messages, model)
        # Not validated again: an old answer may be longer than a request's message may be.
        request = InferenceRequest.model_construct(
            messages=messages,
            provider_id=by.provider_id,
            model_id=by.model_id,
            system_prompt=turn.system_prompt or None,
            temperature=temperature,
            max_tokens=max_tokens,
            inference_id=by.inference_id,
            share=True,
        )
        log = self._engine.start(owner, request, while_content_comes=True)
        for notice in notices:
            log.append(NoticeEvent(**log.stamp(), **dict(notice)))
        return log


async def _taken_apart(content: Content) -> StoredContent:
    """Content as the store keeps it. Attachments are decoded and hashed on a thread."""
    if isinstance(content, str):
        return take_apart(content)
    return await asyncio.to_thread(take_apart, content)
