"""Summarizes the earlier messages of conversations with a model. The messages stay.

A summary takes one call of the model or several, each a run like any other. Only a complete summary
is stored. Until then the conversation does not change.
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
from shell.conversations.history import AUTOMATIC_SHARE, is_nearly_full
from shell.conversations.parameters import Parameters
from shell.conversations.path import read_path
from shell.conversations.summaries import (
    MIN_PIECE_TOKENS,
    Plan,
    context_too_small,
    cut_summary,
    plan_summary,
    take_piece,
    write_prompt,
)
from shell.errors import ErrorCode, ProviderError, SessionBusy, ShellError
from shell.inference.engine import Engine
from shell.inference.request import room
from shell.inference.steps import NO_USAGE, add_usage
from shell.providers.base import ModelInfo
from shell.providers.charges import Price, price_of
from shell.store.messages import compactions, entries, queries, turns
from shell.store.store import Store
from shell.support.ids import TEMPORARY, epoch_ms

OWNER = "compactions"


@dataclass(slots=True, eq=False)
class _Job:
    """The task that writes a summary."""

    task: "asyncio.Task[None] | None" = None
    inference_id: str | None = None
    is_stopped: bool = False
    is_forgotten: bool = False
    """Whether its conversation is gone, so that nobody reads how it ended."""


@dataclass(frozen=True, slots=True)
class _PlannedSummary:
    """A summary that could be written, with its model and price."""

    message_id: str
    plan: Plan
    model: ModelInfo
    author: turns.Author
    price: Price | None


class Compactions:
    """Writes and offers summaries. Loop thread only.

    Args:
        store: opened.
        engine: runs the model.
        authors: chooses the model.
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
        self._jobs: dict[str, _Job] = {}
        self._states: dict[str, CompactionState] = {}
        self._considerations: dict[asyncio.Task[None], str] = {}
        """The tasks of `consider`, each with the id of its conversation."""

    async def estimate(self, request: CompactRequest) -> CompactionEstimate:
        """Estimate the tokens and the cost of a summary. Nothing is sent.

        Raises:
            ShellError: the summary could not be written either.
        """
        planned = await self._plan(request)
        return planned.plan.estimate(planned.price)

    async def begin(self, request: CompactRequest) -> None:
        """Begin to write a summary. `publish` is called with its progress.

        Raises:
            ShellError: the summary cannot be written.
        """
        job = self._new_job(request.conversation_id)
        try:
            planned = await self._plan(request)
        except BaseException:
            del self._jobs[request.conversation_id]
            raise
        job.task = asyncio.ensure_future(self._run_job(job, request.conversation_id, planned))

    async def compact(self, request: CompactRequest) -> tuple[str, Compaction]:
        """Write a summary. Returns the id of the last summarized message, and the summary.

        Raises:
            ShellError: the summary was not written, and nothing has changed.
        """
        job = self._new_job(request.conversation_id)
        try:
            planned = await self._plan(request)
            return planned.message_id, await self._write(job, request.conversation_id, planned)
        finally:
            del self._jobs[request.conversation_id]

    def stop(self, conversation_id: str) -> bool:
        """Stop writing a summary, or drop the state of one. False if there is neither."""
        job = self._jobs.get(conversation_id)
        if job is None:
            return self._put(conversation_id, None)
        job.is_stopped = True
        if job.inference_id is not None:
            self._engine.cancel(OWNER, job.inference_id)
        return True

    def forget(self, conversation_id: str) -> None:
        """Stop writing a summary of a deleted conversation, and drop its state."""
        for task, considered_id in self._considerations.items():
            if considered_id == conversation_id:
                task.cancel()
        job = self._jobs.get(conversation_id)
        if job is not None:
            job.is_forgotten = True
            self.stop(conversation_id)
        self._put(conversation_id, None)

    def forget_stored(self) -> None:
        """Do the same for the conversations that a restore has replaced."""
        for conversation_id in {*self._states, *self._jobs, *self._considerations.values()}:
            if not conversation_id.startswith(TEMPORARY):
                self.forget(conversation_id)

    def consider(self, conversation_id: str) -> None:
        """After an answer, summarize a nearly full context if that is free; otherwise offer it."""
        task = asyncio.ensure_future(self._consider(conversation_id))
        self._considerations[task] = conversation_id
        task.add_done_callback(self._considerations.pop)

    async def close(self) -> None:
        """Stop everything. Call it after `Engine.close`."""
        tasks = [job.task for job in self._jobs.values() if job.task is not None]
        for task in [*tasks, *self._considerations]:
            task.cancel()
        await asyncio.gather(*tasks, *self._considerations, return_exceptions=True)

    # --- writing a summary ------------------------------------------------------------------

    def _new_job(self, conversation_id: str) -> _Job:
        if conversation_id in self._jobs:
            raise SessionBusy("This conversation is being summarized already")
        self._jobs[conversation_id] = job = _Job()
        return job

    async def _plan(self, request: CompactRequest) -> _PlannedSummary:
        conversation_id = request.conversation_id
        place = await self._store.read(conversation_id, turns.end_of(conversation_id))
        provider, model, author = self._authors.find(place, request.provider_id, request.model_id)
        path = await read_path(self._store, place, None)
        plan = await asyncio.to_thread(plan_summary, path, model)
        provider.check()
        price = price_of(model, local=provider.local)
        return _PlannedSummary(place.path[plan.last_index].id, plan, model, author, price)

    async def _run_job(self, job: _Job, conversation_id: str, planned: _PlannedSummary) -> None:
        state: CompactionState | None = None
        try:
            await self._write(job, conversation_id, planned)
        except ShellError as error:
            state = CompactionState(
                conversation_id=conversation_id,
                state="cancelled" if job.is_stopped else "failed",
                failure=None if job.is_stopped else Problem.of(error),
            )
        finally:
            del self._jobs[conversation_id]
            self._put(conversation_id, None if job.is_forgotten else state)

    async def _write(self, job: _Job, conversation_id: str, planned: _PlannedSummary) -> Compaction:
        plan, model = planned.plan, planned.model
        remaining = list(plan.passages)
        total_characters = sum(len(passage.text) for passage in remaining) or 1
        piece_tokens, text, usage = plan.piece_tokens, plan.earlier, NO_USAGE
        while remaining:
            remaining_characters = sum(len(passage.text) for passage in remaining)
            self._put(
                conversation_id,
                CompactionState(
                    conversation_id=conversation_id,
                    state="running",
                    progress=1 - remaining_characters / total_characters,
                ),
            )
            unsent = list(remaining)
            prompt = write_prompt(text, take_piece(remaining, piece_tokens), plan.summary_tokens)
            try:
                summary, call_usage = await self._call_model(job, conversation_id, planned, prompt)
            except ProviderError as error:
                if error.code is not ErrorCode.CONTEXT_LENGTH:
                    raise
                # The estimate was too low: try with half as much.
                remaining, piece_tokens = unsent, piece_tokens // 2
                if piece_tokens < MIN_PIECE_TOKENS:
                    raise context_too_small(model) from None
                continue
            text = cut_summary(summary, plan.summary_tokens)
            usage = add_usage(usage, call_usage)
        compaction = Compaction(
            text=text,
            provider_id=planned.author.provider_id,
            model_id=planned.author.model_id,
            created_at=epoch_ms(),
            messages=plan.last_index + 1,
            usage=usage.model_copy(update={"cost": model.cost(usage)}),
        )

        await self._store.write(
            conversation_id, lambda c: compactions.put(c, planned.message_id, compaction)
        )
        self._store.notify_summary_change()
        return compaction

    async def _call_model(
        self, job: _Job, conversation_id: str, planned: _PlannedSummary, prompt: str
    ) -> tuple[str, Usage]:
        if job.is_stopped:
            raise _stopped_error()
        efforts = planned.model.efforts or {}
        # Not validated: a piece may be longer than a message may be.
        request = InferenceRequest.model_construct(
            messages=[],
            provider_id=planned.author.provider_id,
            model_id=planned.author.model_id,
            max_tokens=planned.plan.summary_tokens,
            effort="off" if "off" in efforts else None,
        )
        slot = self._engine.reserve(
            OWNER,
            request,
            messages=[Message.model_construct(role="user", content=prompt)],
            no_overall_deadline=True,
            conversation=conversation_id,
            kind="compaction",
        )
        log = slot.begin()
        job.inference_id = log.inference_id
        pieces = [event.token async for event in log.follow() if isinstance(event, TokenEvent)]
        job.inference_id = None
        ending = log.ending
        if isinstance(ending, ErrorEvent):
            raise ProviderError(ending.code, ending.error)
        if not isinstance(ending, DoneEvent) or ending.cancelled:
            raise _stopped_error()
        if ending.finish_reason == "budget":
            text = "A budget is reached. Raise it, and summarize again"
            raise ProviderError(ErrorCode.BUDGET, text)
        text = "".join(pieces)
        if not text.strip() or ending.finish_reason == "content_filter":
            raise ProviderError(ErrorCode.PROTOCOL_ERROR, f"{planned.model.id} wrote no summary")
        return text, ending.usage

    # --- after an answer --------------------------------------------------------------------

    async def _consider(self, conversation_id: str) -> None:
        request = CompactRequest(conversation_id=conversation_id)
        try:
            if conversation_id in self._jobs or not await self._is_nearly_full(request):
                return
            planned = await self._plan(request)
            if planned.price is not None and planned.price.of(1, 1) == 0:
                await self.begin(request)
                return
            estimate = planned.plan.estimate(planned.price)
        except ShellError:
            return  # there is nothing to summarize, or no model can do it now
        if conversation_id in self._jobs:
            return  # somebody has begun a summary meanwhile
        self._put(
            conversation_id,
            CompactionState(conversation_id=conversation_id, state="offered", estimate=estimate),
        )

    async def _is_nearly_full(self, request: CompactRequest) -> bool:
        conversation_id = request.conversation_id
        place = await self._store.read(conversation_id, turns.end_of(conversation_id))
        summaries = [entries.compaction_of(row.compaction) for row in place.path]
        if any(summary is not None and summary.undone for summary in summaries):
            return False  # a person wants the messages sent
        _, model, _ = self._authors.find(place, None, None)
        last = place.path[-1] if place.path else None
        if not model.known or last is None or last.status != "complete":
            return False
        detail = queries.detail_of(last)
        max_tokens = self._parameters().max_tokens
        if not _may_be_nearly_full(detail, room(model, max_tokens) * AUTOMATIC_SHARE / 2):
            return False  # the whole path need not be read
        path = await read_path(self._store, place, None)
        return await asyncio.to_thread(is_nearly_full, path, model, place.system_prompt, max_tokens)

    def _put(self, conversation_id: str, state: CompactionState | None) -> bool:
        previous = self._states.pop(conversation_id, None)
        if state is not None:
            self._states[conversation_id] = state
        if previous != state:
            self._publish(list(self._states.values()))
        return previous is not None


def _stopped_error() -> ProviderError:
    return ProviderError(ErrorCode.ABORTED, "The summary was stopped. Nothing has changed")


def _may_be_nearly_full(detail: AnswerDetail | None, tokens: float) -> bool:
    """Whether an answer's last run used at least so many tokens, or left messages out."""
    if detail is None:
        return False
    usage = detail.usage
    used_tokens = 0 if usage is None else usage.input_tokens + usage.output_tokens
    was_trimmed = any(notice.code == NoticeCode.HISTORY_TRIMMED for notice in detail.notices)
    return used_tokens >= tokens or was_trimmed
