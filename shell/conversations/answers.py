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
from shell.conversations.titles import Chosen, Titles
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
from shell.tools.base import Arguments
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
    """Answers questions. A request that is refused raises ShellError and changes nothing.

    Loop thread only; made on it.

    Args:
        store: opened.
        engine: runs the answers.
        authors: finds the model that answers.
        titles: the model that writes titles, if one is chosen.
        parameters: the user's defaults for all answers.
        tools: what models may call; None for a program without tools.
        on_waiting: called with all conversations in which calls wait, after every change.
        ledger: counts what answers take.
        ended: called with the id of a conversation after an answer in it is on the disk.
    """

    def __init__(
        self,
        store: Store,
        engine: Engine,
        authors: Authors,
        titles: Chosen = lambda: None,
        parameters: Callable[[], Parameters] = Parameters,
        tools: Callable[[], Tools] | None = None,
        *,
        ledger: Ledger,
        on_waiting: Callable[[list[WaitingConversation]], None] = lambda _: None,
        ended: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.parameters = parameters
        self._waiting = WaitingCalls(on_waiting)
        self._tools = tools
        self.ledger = ledger
        self._store = store
        self._engine = engine
        self._authors = authors
        self._ended = ended
        self._titles = Titles(store, engine, titles)
        self._claimed: set[str] = set()
        self._deciding = asyncio.Lock()
        self.recorders = (
            self._recording(store.database, store.note_recovery),
            self._recording(store.temporary, lambda: None),
        )
        """Of conversations on the disk, and of temporary ones."""

    async def send(self, owner: str, request: SendRequest) -> StartedAnswer:
        """Ask at the end of the chosen path. The question is on the disk before it is sent."""
        content = await _taken_apart(request.content)
        turn = turns.question(request.conversation_id, content, request.after, request.template)
        return await self._answer(owner, request, request.conversation_id, turn)

    async def edit(self, owner: str, request: EditRequest) -> StartedAnswer:
        """Ask another question beside one of the user's, which stays."""
        content = await _taken_apart(request.content)
        turn = turns.edited_question(request.message_id, content, request.template)
        return await self._answer_at(owner, request, turn)

    async def regenerate(self, owner: str, request: AnswerRequest) -> StartedAnswer:
        """Answer a question again, beside the answers that are there; perhaps by another model."""
        return await self._answer_at(owner, request, turns.new_answer(request.message_id))

    async def go_on(self, owner: str, request: AnswerRequest | CallDecision) -> StartedAnswer:
        """Continue an answer that was cut short; the new text is added to the old.

        Raises:
            ShellError: refused; the conversation is as it was.
        """
        more = request.more if isinstance(request, ContinueRequest) else None
        return await self._answer_at(owner, request, turns.continuation(request.message_id, more))

    async def decide(self, owner: str, decision: CallDecision) -> tuple[bool, StartedAnswer | None]:
        """Decide about a tool call, also after the run that asked has ended.

        Returns:
            whether the decision was taken, and the run that goes on with the answer: it begins
            once every call of the step is decided.

        Raises:
            ShellError: the decision does not fit the question; the call waits on.
        """
        conversation_id = await self._store.read(
            decision.message_id, partial(queries.conversation_of, message_id=decision.message_id)
        )
        recorder = self._recorder_of(conversation_id)
        for inference_id in recorder.live_runs(conversation_id):
            if not self._engine.is_ending(inference_id):
                taken = self._engine.decide(owner, decision.for_run(inference_id))
                if taken:
                    # A decision that was taken must outlive a crash. A failure to write is
                    # reported by the store, and the call is not made before it is written.
                    with contextlib.suppress(ShellError):
                        await self._commit(self._engine.log(owner, inference_id))
                return taken, None
        await recorder.wait_until_stored(conversation_id)
        find = partial(decisions.find, decision=decision)
        async with self._deciding:
            call = await self._store.read(conversation_id, find)
            if call.part.state != "waiting":
                return False, None
            await self._keep(call, decision)
            waiting = await self._store.write(
                conversation_id, lambda connection: decisions.decide(connection, call, decision)
            )
        if waiting is None:
            return False, None
        try:
            # Pages are told once the run is there: they read the conversation then, and not again.
            return True, None if waiting else await self.go_on(owner, decision)
        finally:
            self._waiting.put(conversation_id, waiting)

    async def estimate(self, asked: EstimateRequest) -> Estimate:
        """Say what a message would take if it were sent now. Nothing is sent or written.

        Raises:
            ShellError: it could not be sent either.
        """
        planned = await self._planned_question(asked, take_apart(asked.text))
        return await estimate_answer(asked, planned)

    async def preview(self, asked: PreviewRequest) -> Preview:
        """Say what a message would send if it were sent now. Nothing is sent or written.

        Raises:
            ShellError: it could not be sent either.
        """
        planned = await self._planned_question(asked, await _taken_apart(asked.content))
        return await preview_answer(planned, await self._offer(asked, planned))

    async def _planned_question(
        self, asked: EstimateRequest | PreviewRequest, question: StoredContent
    ) -> PlannedAnswer:
        if asked.conversation_id is None:
            prompt = asked.system_prompt if isinstance(asked, PreviewRequest) else None
            if prompt is None:
                prompt = self.parameters().system_prompt
            place = turns.TurnPlace("", [], prompt, None, None, {})
        else:
            turn = turns.question(asked.conversation_id, question, asked.after)
            place = await self._store.read(asked.conversation_id, turn.find)
        return await self._planned(asked, place, question)

    async def _planned(
        self, options: AnswerOptions, place: turns.TurnPlace, question: StoredContent | None
    ) -> PlannedAnswer:
        found = self._authors.find(
            place, options.provider_id, options.model_id, options.inference_id
        )
        path = await read_path(self._store, place, question)
        return plan_answer(options, self.parameters(), *found, place.system_prompt, path)

    def stop(self, owner: str, conversation_id: str) -> None:
        """Cancel the running answer of a conversation."""
        for inference_id in self._recorder_of(conversation_id).live_runs(conversation_id):
            self._engine.cancel(owner, inference_id)

    async def settled(self, conversation_id: str) -> None:
        """Wait until an answer that has ended is on the disk. Returns at once while one is running.

        Raises:
            ShellError: it cannot be written now.
        """
        recorder = self._recorder_of(conversation_id)
        if not recorder.live_runs(conversation_id):
            await recorder.wait_until_stored(conversation_id)

    @property
    def idle(self) -> bool:
        """Whether no answer is running or being written."""
        return not self._claimed and all(recorder.idle for recorder in self.recorders)

    async def close(self) -> None:
        """Write the last text of all answers. Call it after `Engine.close`."""
        await self._titles.close()
        for recorder in self.recorders:
            await recorder.close()

    def _recording(self, database: Database, saved: Callable[[], None]) -> Recorder:
        def ended(conversation_id: str) -> None:
            self._store.notify_change()
            self._titles.consider(conversation_id)
            self._ended(conversation_id)

        return Recorder(
            database, on_saved=saved, on_failed=self._store.note_failure, on_ended=ended
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

        Everything that can refuse the request does so before the turn is written, and a run that is
        reserved cannot fail to begin. So nothing that was written has ever to be taken back.
        """
        self._store.refuse_while_restoring()
        recorder = self._recorder_of(conversation_id)
        running = recorder.live_runs(conversation_id)
        if conversation_id in self._claimed or not all(map(self._engine.is_ending, running)):
            raise SessionBusy("An answer is already running in this conversation")
        self._claimed.add(conversation_id)
        try:
            # An answer that was just stopped or has just ended belongs to the path.
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
                while_content_comes=True,
                conversation=place.conversation_id,
            )
            try:
                written = await self._store.write(
                    conversation_id, lambda connection: turn.write(connection, place, planned.by)
                )
            except BaseException:
                slot.release()
                raise
            if slot.plan.spending is not None:
                slot.plan.spending.answer = written.answer_id
            if isinstance(options, ContinueRequest) and options.more is not None:
                # If it cannot be written, the run stops at the same budget again.
                with contextlib.suppress(ShellError):
                    await self.ledger.raise_budget(written.answer_id, conversation_id, options.more)
            log = slot.begin()
            recorder.follow(log, conversation_id, written.answer, written.earlier_runs)
            self._waiting.follow(conversation_id, None if offer is None else log)
        finally:
            self._claimed.discard(conversation_id)
        reply = SendReply(
            conversation_id=conversation_id,
            message_id=written.user_id,
            answer_id=written.answer_id,
            inference_id=log.inference_id,
        )
        return StartedAnswer(log, reply)

    async def _offer(self, options: AnswerOptions, planned: PlannedAnswer) -> Offer | None:
        """The tools of an answer, with what was decided earlier in its conversation."""
        wanted = options.tools
        if planned.resumed is not None and planned.resumed.calls:
            # What an earlier run has left open can only go on with its tools.
            still = [call for call in planned.resumed.calls if call.state not in SETTLED]
            wanted = wanted or [call.proposed.name for call in still]
        if wanted is None or wanted == [] or self._tools is None:
            return None
        tools = self._tools()
        permissions = tools.permissions()
        decisions.restore(permissions, planned.path)
        offer = await tools.offer(wanted, permissions)
        for made in (step for said in planned.path for step in said.steps if not step.is_open):
            offer.note_step((call.name, call.part.result or "") for call in made.calls)
        return offer

    async def _commit(self, log: InferenceLog) -> None:
        for recorder in self.recorders:
            await recorder.commit(log)

    async def _keep(self, call: steps.StoredCall, decision: CallDecision) -> None:
        """Check edited arguments, and keep a verdict that holds for good."""
        if self._tools is None:
            return
        tools = self._tools()
        try:
            tool = (await tools.find(call.name)).tool
            if decision.arguments is not None:
                check_arguments(tool, parse_edited(decision.arguments))
        except (NotFound, ToolError) as error:
            if decision.arguments is not None:
                raise ValidationFailed([("arguments", error.message)]) from None
            return
        if decision.scope == "always" and tool.definition == call.definition:
            given = decision.arguments or cast("Arguments", call.part.arguments)
            pattern = complete_pattern(decision.pattern, given)
            tools.permissions().keep(tool, decision.verdict, "always", pattern)


async def _taken_apart(content: Content) -> StoredContent:
    """Content as it is stored. Attachments are decoded and hashed on a thread."""
    if isinstance(content, str):
        return take_apart(content)
    return await asyncio.to_thread(take_apart, content)
