"""Has a model summarize the earlier messages of conversations, which stay as they are.

A summary is written in one call of the model or in several, each a run like any other. Only a
complete one is stored. Until then, nothing of the conversation has changed.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from shell.contract import (
    AnswerDetail,
    Compaction,
    CompactionEstimate,
    CompactionState,
    CompactRequest,
    DoneEvent,
    ErrorEvent,
    InferenceRequest,
    Message,
    NoticeCode,
    Problem,
    TokenEvent,
    Usage,
)
from shell.conversations.authors import Authors
from shell.conversations.history import AUTOMATIC_SHARE, is_filling
from shell.conversations.parameters import Parameters
from shell.conversations.path import read_path
from shell.conversations.summaries import (
    LEAST_PIECE_TOKENS,
    Plan,
    cut_summary,
    plan,
    prompt,
    take_piece,
    too_small,
)
from shell.errors import ErrorCode, ProviderError, SessionBusy, ShellError
from shell.inference.engine import Engine
from shell.inference.request import room
from shell.inference.steps import NO_USAGE, add_usage
from shell.providers.base import ModelInfo
from shell.providers.charges import Price, price_of
from shell.store.messages import compactions, entries, queries, turns
from shell.store.store import Store
from shell.support.ids import epoch_ms

OWNER = "compactions"


@dataclass(slots=True, eq=False)
class _Work:
    """A summary that is being written."""

    task: "asyncio.Task[None] | None" = None
    inference_id: str | None = None
    is_stopped: bool = False


@dataclass(frozen=True, slots=True)
class _Asked:
    """A summary that could be written, and by whom."""

    message_id: str
    plan: Plan
    model: ModelInfo
    by: turns.Author
    price: Price | None


class Compactions:
    """Loop thread only.

    Args:
        store: opened.
        engine: runs the model.
        authors: finds the model.
        parameters: the user's defaults for all answers.
        publish: called with the states of all conversations, after every change.
    """

    def __init__(
        self,
        store: Store,
        engine: Engine,
        authors: Authors,
        parameters: Callable[[], Parameters] = Parameters,
        publish: Callable[[list[CompactionState]], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._engine = engine
        self._authors = authors
        self._parameters = parameters
        self._publish = publish
        self._works: dict[str, _Work] = {}
        self._states: dict[str, CompactionState] = {}
        self._considering: set[asyncio.Task[None]] = set()

    async def estimate(self, request: CompactRequest) -> CompactionEstimate:
        """Say what a summary would take. Nothing is sent.

        Raises:
            ShellError: it could not be written either.
        """
        asked = await self._plan(request)
        return asked.plan.estimate(asked.price)

    async def begin(self, request: CompactRequest) -> None:
        """Begin to write a summary; `publish` is called with how that goes.

        Raises:
            ShellError: it cannot be written.
        """
        work = self._claim(request.conversation_id)
        try:
            asked = await self._plan(request)
        except BaseException:
            del self._works[request.conversation_id]
            raise
        work.task = asyncio.ensure_future(self._work(work, request.conversation_id, asked))

    async def compact(self, request: CompactRequest) -> tuple[str, Compaction]:
        """Write a summary; returns the last message that it stands for.

        Raises:
            ShellError: it was not written, and nothing has changed.
        """
        work = self._claim(request.conversation_id)
        try:
            asked = await self._plan(request)
            return asked.message_id, await self._write(work, request.conversation_id, asked)
        finally:
            del self._works[request.conversation_id]

    def stop(self, conversation_id: str) -> bool:
        """Stop writing a summary, or forget what is said of one. False if there is neither."""
        work = self._works.get(conversation_id)
        if work is None:
            return self._put(conversation_id, None)
        work.is_stopped = True
        if work.inference_id is not None:
            self._engine.cancel(OWNER, work.inference_id)
        return True

    def consider(self, conversation_id: str) -> None:
        """After an answer: summarize if little room is left and that is free, else offer it."""
        task = asyncio.ensure_future(self._consider(conversation_id))
        self._considering.add(task)
        task.add_done_callback(self._considering.discard)

    async def close(self) -> None:
        """Stop everything. Call it after `Engine.close`."""
        tasks = [work.task for work in self._works.values() if work.task is not None]
        for task in [*tasks, *self._considering]:
            task.cancel()
        await asyncio.gather(*tasks, *self._considering, return_exceptions=True)

    # --- writing one ------------------------------------------------------------------------

    def _claim(self, conversation_id: str) -> _Work:
        if conversation_id in self._works:
            raise SessionBusy("This conversation is being summarized already")
        self._works[conversation_id] = work = _Work()
        return work

    async def _plan(self, request: CompactRequest) -> _Asked:
        place = await self._store.read(
            request.conversation_id, turns.end_of(request.conversation_id)
        )
        provider, model, by = self._authors.find(place, request.provider_id, request.model_id)
        path = await read_path(self._store, place, None)
        made = await asyncio.to_thread(plan, path, model)
        provider.check()
        price = price_of(model, local=provider.local)
        return _Asked(place.path[made.place].id, made, model, by, price)

    async def _work(self, work: _Work, conversation_id: str, asked: _Asked) -> None:
        state: CompactionState | None = None
        try:
            await self._write(work, conversation_id, asked)
        except ShellError as error:
            state = CompactionState(
                conversation_id=conversation_id,
                state="cancelled" if work.is_stopped else "failed",
                failure=None if work.is_stopped else Problem.of(error),
            )
        finally:
            del self._works[conversation_id]
            self._put(conversation_id, state)

    async def _write(self, work: _Work, conversation_id: str, asked: _Asked) -> Compaction:
        made, model = asked.plan, asked.model
        left = list(made.passages)
        whole = sum(len(each.text) for each in left) or 1
        tokens, text, usage = made.piece_tokens, made.earlier, NO_USAGE
        while left:
            rest = sum(len(each.text) for each in left)
            self._put(
                conversation_id,
                CompactionState(
                    conversation_id=conversation_id, state="running", progress=1 - rest / whole
                ),
            )
            before = list(left)
            question = prompt(text, take_piece(left, tokens), made.summary_tokens)
            try:
                said, took = await self._ask(work, conversation_id, asked, question)
            except ProviderError as error:
                if error.code is not ErrorCode.CONTEXT_LENGTH:
                    raise
                # The estimate was too low: try with half as much.
                left, tokens = before, tokens // 2
                if tokens < LEAST_PIECE_TOKENS:
                    raise too_small(model) from None
                continue
            text, usage = cut_summary(said, made.summary_tokens), add_usage(usage, took)
        compaction = Compaction(
            text=text,
            provider_id=asked.by.provider_id,
            model_id=asked.by.model_id,
            created_at=epoch_ms(),
            messages=made.place + 1,
            usage=usage.model_copy(update={"cost": model.cost(usage)}),
        )

        await self._store.write(
            conversation_id, lambda c: compactions.put(c, asked.message_id, compaction)
        )
        self._store.notify_summary_change()
        return compaction

    async def _ask(
        self, work: _Work, conversation_id: str, asked: _Asked, question: str
    ) -> tuple[str, Usage]:
        if work.is_stopped:
            raise _stopped()
        efforts = asked.model.efforts or {}
        # Not validated: a piece may be longer than what is typed into one message.
        request = InferenceRequest.model_construct(
            messages=[],
            provider_id=asked.by.provider_id,
            model_id=asked.by.model_id,
            max_tokens=asked.plan.summary_tokens,
            effort="off" if "off" in efforts else None,
        )
        slot = self._engine.reserve(
            OWNER,
            request,
            messages=[Message.model_construct(role="user", content=question)],
            while_content_comes=True,
            conversation=conversation_id,
            kind="compaction",
        )
        log = slot.begin()
        work.inference_id = log.inference_id
        said = [event.token async for event in log.follow() if isinstance(event, TokenEvent)]
        work.inference_id = None
        ending = log.ending
        if isinstance(ending, ErrorEvent):
            raise ProviderError(ending.code, ending.error)
        if not isinstance(ending, DoneEvent) or ending.cancelled:
            raise _stopped()
        if ending.finish_reason == "budget":
            raise ProviderError(
                ErrorCode.BUDGET, "A budget is reached. Raise it, and summarize again"
            )
        text = "".join(said)
        if not text.strip() or ending.finish_reason == "content_filter":
            raise ProviderError(ErrorCode.PROTOCOL_ERROR, f"{asked.model.id} wrote no summary")
        return text, ending.usage

    # --- on its own -------------------------------------------------------------------------

    async def _consider(self, conversation_id: str) -> None:
        request = CompactRequest(conversation_id=conversation_id)
        try:
            if conversation_id in self._works or not await self._is_filling(request):
                return
            asked = await self._plan(request)
            if asked.price is not None and asked.price.of(1, 1) == 0:
                await self.begin(request)
                return
            estimate = asked.plan.estimate(asked.price)
        except ShellError:
            return  # there is nothing to summarize, or nobody can do it now
        self._put(
            conversation_id,
            CompactionState(conversation_id=conversation_id, state="offered", estimate=estimate),
        )

    async def _is_filling(self, request: CompactRequest) -> bool:
        place = await self._store.read(
            request.conversation_id, turns.end_of(request.conversation_id)
        )
        summaries = [entries.compaction_of(row.compaction) for row in place.path]
        if any(each is not None and each.undone for each in summaries):
            return False  # a person wants the messages sent
        _, model, _ = self._authors.find(place, None, None)
        last = place.path[-1] if place.path else None
        if not model.known or last is None or last.status != "complete":
            return False
        detail = queries.detail_of(last)
        max_tokens = self._parameters().max_tokens
        if not _is_close(detail, room(model, max_tokens) * AUTOMATIC_SHARE / 2):
            return False  # the whole path need not be read
        path = await read_path(self._store, place, None)
        return await asyncio.to_thread(is_filling, path, model, place.system_prompt, max_tokens)

    def _put(self, conversation_id: str, state: CompactionState | None) -> bool:
        known = self._states.pop(conversation_id, None)
        if state is not None:
            self._states[conversation_id] = state
        if known != state:
            self._publish(list(self._states.values()))
        return known is not None


def _stopped() -> ProviderError:
    return ProviderError(ErrorCode.ABORTED, "The summary was stopped. Nothing has changed")


def _is_close(detail: AnswerDetail | None, tokens: float) -> bool:
    """Whether an answer's last run has taken so many tokens, or has left messages out."""
    if detail is None:
        return False
    usage = detail.usage
    taken = 0 if usage is None else usage.input_tokens + usage.output_tokens
    return taken >= tokens or any(one.code == NoticeCode.HISTORY_TRIMMED for one in detail.notices)
