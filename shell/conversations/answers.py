"""Writes questions to the store and has the engine answer them."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import cast

from shell.contract import (
    AnswerOptions,
    AnswerRequest,
    CallDecision,
    Content,
    ContinueRequest,
    EditRequest,
    Estimate,
    EstimateRequest,
    Preview,
    PreviewRequest,
    SendReply,
    SendRequest,
    WaitingConversation,
)
from shell.conversations.authors import Authors
from shell.conversations.parameters import Parameters
from shell.conversations.path import read_path
from shell.conversations.planned_answer import (
    PlannedAnswer,
    estimate_answer,
    plan_answer,
    preview_answer,
)
from shell.conversations.titles import TitleModel, Titles
from shell.conversations.waiting_calls import WaitingCalls
from shell.errors import NotFound, SessionBusy, ShellError, ToolError, ValidationFailed
from shell.inference.engine import Engine
from shell.inference.log import InferenceLog
from shell.store.database import Database
from shell.store.ledger import Ledger
from shell.store.messages import decisions, queries, steps, turns
from shell.store.messages.content import StoredContent, take_apart
from shell.store.messages.recorder import Recorder
from shell.store.store import Store
from shell.support.ids import TEMPORARY
from shell.tools.arguments import check_arguments, parse_edited
from shell.tools.base import Arguments, Tool
from shell.tools.call_states import SETTLED
from shell.tools.offer import Offer
from shell.tools.permissions import complete_pattern
from shell.tools.registry import Tools


@dataclass(frozen=True, slots=True)
class StartedAnswer:
    """A running answer, and the reply to the page."""

    log: InferenceLog
    reply: SendReply


class Answers:
    """Answers questions. A refused request raises ShellError and changes nothing.

    Loop thread only; created on it.

    Args:
        store: opened.
        engine: runs the answers.
        authors: chooses the model that answers.
        title_model: the model that writes titles; returns None if the user chose none.
        parameters: the user's defaults for all answers.
        tools: what models may call; None for a program without tools.
        on_waiting: called with all conversations in which calls wait, after every change.
        ledger: counts the tokens and costs of answers.
        on_stored: called with the id of a conversation after an answer in it is on the disk.
    """

    def __init__(
        self,
        store: Store,
        engine: Engine,
        authors: Authors,
        title_model: TitleModel = lambda: None,
        parameters: Callable[[], Parameters] = Parameters,
        tools: Callable[[], Tools] | None = None,
        *,
        ledger: Ledger,
        on_waiting: Callable[[list[WaitingConversation]], None] = lambda _: None,
        on_stored: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.parameters = parameters
        self._waiting = WaitingCalls(on_waiting)
        self._tools = tools
        self.ledger = ledger
        self._store = store
        self._engine = engine
        self._authors = authors
        self._on_stored = on_stored
        self._titles = Titles(store, engine, title_model)
        self._busy: set[str] = set()
        self._decision_lock = asyncio.Lock()
        self.recorders = (
            self._new_recorder(store.database, store.note_recovery),
            self._new_recorder(store.temporary, lambda: None),
        )
        """One for conversations on the disk, and one for temporary ones."""

    async def send(self, owner: str, request: SendRequest) -> StartedAnswer:
        """Add a question at the end of the chosen path, and answer it once it is on the disk."""
        content = await _to_stored_content(request.content)
        turn = turns.question(request.conversation_id, content, request.after, request.template)
        return await self._answer(owner, request, request.conversation_id, turn)

    async def edit(self, owner: str, request: EditRequest) -> StartedAnswer:
        """Add another version of a question, and answer it. The old version stays."""
        content = await _to_stored_content(request.content)
        turn = turns.edited_question(request.message_id, content, request.template)
        return await self._answer_at(owner, request, turn)

    async def regenerate(self, owner: str, request: AnswerRequest) -> StartedAnswer:
        """Answer a question again, perhaps by another model. The earlier answers stay."""
        return await self._answer_at(owner, request, turns.new_answer(request.message_id))

    async def continue_answer(
        self, owner: str, request: AnswerRequest | CallDecision
    ) -> StartedAnswer:
        """Continue an answer that was cut short. The new text is added to the old."""
        more = request.more if isinstance(request, ContinueRequest) else None
        return await self._answer_at(owner, request, turns.continuation(request.message_id, more))

    async def decide(self, owner: str, decision: CallDecision) -> tuple[bool, StartedAnswer | None]:
        """Decide about a tool call, also after its run has ended.

        Returns:
            whether the decision was taken, and the run that continues the answer. That run begins
            once every call of the step is decided.

        Raises:
            ShellError: the decision does not match the question. The call keeps waiting.
        """
        conversation_id = await self._store.read(
            decision.message_id, partial(queries.conversation_of, message_id=decision.message_id)
        )
        recorder = self._recorder_of(conversation_id)
        for inference_id in recorder.live_runs(conversation_id):
            if not self._engine.is_ending(inference_id):
                was_taken = self._engine.decide(owner, decision.for_run(inference_id))
                if was_taken:
                    # The decision must survive a crash. The store reports a failed write, and the
                    # call does not run before the decision is on the disk.
                    with contextlib.suppress(ShellError):
                        await self._commit(self._engine.log(owner, inference_id))
                return was_taken, None
        await recorder.wait_until_stored(conversation_id)
        find = partial(decisions.find, decision=decision)
        async with self._decision_lock:
            call = await self._store.read(conversation_id, find)
            if call.part.state != "waiting":
                return False, None
            await self._save_verdict(call, decision)
            waiting = await self._store.write(
                conversation_id, lambda connection: decisions.decide(connection, call, decision)
            )
        if waiting is None:
            return False, None
        try:
            # Pages read the conversation once when this is published, so the run must exist before.
            return True, None if waiting else await self.continue_answer(owner, decision)
        finally:
            self._waiting.put(conversation_id, waiting)

    async def estimate(self, request: EstimateRequest) -> Estimate:
        """Estimate the tokens and the cost of a message. Nothing is sent or written."""
        planned = await self._planned_question(request, take_apart(request.text))
        return await estimate_answer(request, planned)

    async def preview(self, request: PreviewRequest) -> Preview:
        """The request that a message would send now. Nothing is sent or written."""
        planned = await self._planned_question(request, await _to_stored_content(request.content))
        return await preview_answer(planned, await self._offer(request, planned))

    async def _planned_question(
        self, request: EstimateRequest | PreviewRequest, question: StoredContent
    ) -> PlannedAnswer:
        if request.conversation_id is None:
            prompt = request.system_prompt if isinstance(request, PreviewRequest) else None
            if prompt is None:
                prompt = self.parameters().system_prompt
            place = turns.TurnPlace("", [], prompt, None, None, {})
        else:
            turn = turns.question(request.conversation_id, question, request.after)
            place = await self._store.read(request.conversation_id, turn.find)
        return await self._planned(request, place, question)

    async def _planned(
        self, options: AnswerOptions, place: turns.TurnPlace, question: StoredContent | None
    ) -> PlannedAnswer:
        model_ids = options.provider_id, options.model_id
        choice = self._authors.find(place, *model_ids, options.inference_id)
        path = await read_path(self._store, place, question)
        return plan_answer(options, self.parameters(), *choice, place.system_prompt, path)

    def stop(self, owner: str, conversation_id: str) -> None:
        """Cancel the running answer of a conversation."""
        for inference_id in self._recorder_of(conversation_id).live_runs(conversation_id):
            self._engine.cancel(owner, inference_id)

    def forget(self, conversation_id: str) -> None:
        """Forget the calls that wait in a deleted conversation."""
        self._waiting.put(conversation_id, {})

    def forget_stored(self) -> None:
        """Forget the calls that wait in the conversations that a restore has replaced."""
        self._waiting.forget_stored()

    async def wait_until_stored(self, conversation_id: str) -> None:
        """Wait until an answer that has ended is on the disk. Returns at once while an answer runs.

        Raises:
            ShellError: the answer cannot be written now.
        """
        recorder = self._recorder_of(conversation_id)
        if not recorder.live_runs(conversation_id):
            await recorder.wait_until_stored(conversation_id)

    @property
    def idle(self) -> bool:
        """Whether no answer is running or being written."""
        return not self._busy and all(recorder.idle for recorder in self.recorders)

    async def close(self) -> None:
        """Write the last text of all answers. Call it after `Engine.close`."""
        await self._titles.close()
        for recorder in self.recorders:
            await recorder.close()

    def _new_recorder(self, database: Database, on_saved: Callable[[], None]) -> Recorder:
        def on_end(conversation_id: str) -> None:
            self._store.notify_change()
            self._titles.consider(conversation_id)
            self._on_stored(conversation_id)

        return Recorder(
            database, on_saved=on_saved, on_failed=self._store.note_failure, on_ended=on_end
        )

    def _recorder_of(self, conversation_id: str) -> Recorder:
        return self.recorders[conversation_id.startswith(TEMPORARY)]

    async def _answer_at(
        self, owner: str, request: AnswerRequest | CallDecision | EditRequest, turn: turns.Turn
    ) -> StartedAnswer:
        find = partial(queries.conversation_of, message_id=request.message_id)
        conversation_id = await self._store.read(request.message_id, find)
        return await self._answer(owner, request, conversation_id, turn)

    async def _answer(
        self, owner: str, options: AnswerOptions, conversation_id: str, turn: turns.Turn
    ) -> StartedAnswer:
        """Reserve a run, write the turn, begin the run.

        Every check that can refuse the request comes before the write, and a reserved run cannot
        fail to begin. So a write never has to be undone.
        """
        self._store.refuse_while_restoring()
        recorder = self._recorder_of(conversation_id)
        running_ids = recorder.live_runs(conversation_id)
        if conversation_id in self._busy or not all(map(self._engine.is_ending, running_ids)):
            raise SessionBusy("An answer is already running in this conversation")
        self._busy.add(conversation_id)
        try:
            # An answer that has just stopped or ended belongs to the path.
            await recorder.wait_until_stored(conversation_id)
            place = await self._store.read(conversation_id, turn.find)
            planned = await self._planned(options, place, turn.question)
            offer = await self._offer(options, planned)
            slot = self._engine.reserve(
                owner,
                planned.request,
                messages=planned.messages,
                notices=planned.notices,
                offer=offer,
                commit=self._commit,
                resumed=planned.resumed,
                no_overall_deadline=True,
                conversation=place.conversation_id,
            )
            try:
                written = await self._store.write(
                    conversation_id, lambda c: turn.write(c, place, planned.author)
                )
            except BaseException:
                slot.release()
                raise
            if slot.plan.spending is not None:
                slot.plan.spending.answer = written.answer_id
            try:
                if isinstance(options, ContinueRequest) and options.more is not None:
                    # If this write fails, the run stops at the same budget again.
                    with contextlib.suppress(ShellError):
                        await self.ledger.raise_budget(
                            written.answer_id, conversation_id, options.more
                        )
            finally:  # the answer is in the database, so it must begin
                log = slot.begin()
                recorder.follow(log, conversation_id, written.answer, written.earlier_runs)
            self._waiting.follow(conversation_id, None if offer is None else log)
        finally:
            self._busy.discard(conversation_id)
        reply = SendReply(
            conversation_id=conversation_id,
            message_id=written.user_id,
            answer_id=written.answer_id,
            inference_id=log.inference_id,
        )
        return StartedAnswer(log, reply)

    async def _offer(self, options: AnswerOptions, planned: PlannedAnswer) -> Offer | None:
        """The tools of an answer, with the earlier decisions in its conversation."""
        # The open calls of an earlier run need their tools, whatever is chosen now.
        calls = () if planned.resumed is None else planned.resumed.calls
        called = [call.proposed.name for call in calls if call.state not in SETTLED]
        if self._tools is None or not (options.tools or called):
            return None
        tools = self._tools()
        permissions = tools.permissions()
        decisions.restore(permissions, planned.path)
        offer = await tools.offer(options.tools or (), permissions, called)
        ended = (step for message in planned.path for step in message.steps if not step.is_open)
        for step in ended:
            offer.note_step((call.name, call.part.result or "") for call in step.calls)
        return offer

    async def _commit(self, log: InferenceLog) -> None:
        for recorder in self.recorders:
            await recorder.commit(log)

    async def _save_verdict(self, call: steps.StoredCall, decision: CallDecision) -> None:
        """Check edited arguments, and save a verdict with the scope `always`.

        A permission is for the tool that the person saw, a refusal for its name alone.
        """
        if self._tools is None:
            return
        tools = self._tools()
        tool = Tool(call.part.tool, call.part.source, "python")
        arguments = cast("Arguments", call.part.arguments)
        if decision.verdict == "allow":
            try:
                tool = (await tools.find(call.name)).tool
                if decision.arguments is not None:
                    arguments = decision.arguments
                    check_arguments(tool, parse_edited(arguments))
            except (NotFound, ToolError) as error:
                if decision.arguments is not None:
                    raise ValidationFailed([("arguments", error.message)]) from None
                return
            if tool.definition != call.definition:
                return
        if decision.scope == "always":
            pattern = complete_pattern(decision.pattern, arguments)
            keep = tools.permissions().keep
            await asyncio.to_thread(keep, tool, decision.verdict, "always", pattern)


async def _to_stored_content(content: Content) -> StoredContent:
    """Content as it is stored. Attachments are decoded and hashed on a thread."""
    if isinstance(content, str):
        return take_apart(content)
    return await asyncio.to_thread(take_apart, content)
