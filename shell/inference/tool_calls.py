"""Carries out the tool calls of one run, and asks a person where no permission exists.

A call runs once, and only by a verdict that allows it. Every call of a batch gets a result whatever
happens, because providers refuse a history in which one is missing.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence

from shell.contract import ApprovalEvent, CallState, Decision, ElicitationAnswer, ThinkingEvent
from shell.errors import ErrorCode, ShellError, ToolError, ValidationFailed
from shell.inference.log import InferenceLog, ProposedCall
from shell.inference.questions import CALL_S, CallTime, Questions
from shell.inference.tool_call import OpenCall, ToolCall
from shell.inference.watchdog import Watchdog
from shell.providers.base import AnsweredCall
from shell.support.text import clean
from shell.tools.arguments import canonical_json, check_arguments, parse_arguments, parse_edited
from shell.tools.asker import ASKER
from shell.tools.base import Arguments
from shell.tools.call_states import DENIED, LOST, SETTLED, denial
from shell.tools.media import Media, ToolOutput
from shell.tools.offer import Offer, OfferedTool
from shell.tools.permissions import complete_pattern

MAX_BATCH = 16
"""Most calls of one step."""
MAX_PARALLEL = 4
MAX_REPEATS = 3
"""When the model makes the same call this many times in a row, a person must decide."""
MAX_PROGRESS = 100
PROGRESS_S = 0.1
"""After `MAX_PROGRESS` lines of progress, a call reports at most one line in this time."""
WAIT_S = 600.0
"""How long a run waits in memory for a decision."""

_log = logging.getLogger(__name__)


class WaitedTooLong(Exception):
    """No person decided within `WAIT_S`."""


Commit = Callable[[InferenceLog], Awaitable[None]]
"""Waits until everything in a log is on the disk. Raises ShellError if the write fails."""


class ToolCalls:
    """The tool calls of one run. Loop thread only.

    Args:
        log: the run's.
        watchdog: the run's deadlines, which are paused while a person must decide.
        offer: the tools of the run.
        commit: awaited before a tool runs, so that no call is made twice after a crash.
    """

    def __init__(
        self, log: InferenceLog, watchdog: Watchdog, offer: Offer, commit: Commit | None
    ) -> None:
        self._log = log
        self._watchdog = watchdog
        self._offer = offer
        self._commit = commit
        self._batch: list[ToolCall] = []
        self._last_call: tuple[str, str] = ("", "")
        self._repeats = 0

    @property
    def is_waiting(self) -> bool:
        """Whether a call waits for a person's decision."""
        return any(call.state == "waiting" for call in self._batch)

    @property
    def has_question(self) -> bool:
        """Whether a server of a running call asks the person something."""
        return any(call.questions.is_open for call in self._batch if call.questions)

    async def answer(self, step: int, proposed: Sequence[ProposedCall]) -> list[AnsweredCall]:
        """Carry out the calls of a step, in parallel where no person must decide.

        Raises:
            WaitedTooLong: a call still waits; the others have their results.
        """
        self._batch = [self._new_call(call, step, ordinal) for ordinal, call in enumerate(proposed)]
        for call in self._batch:
            self._admit(call)
        return await self._run_batch()

    async def resume(self, calls: Sequence[OpenCall]) -> list[AnsweredCall]:
        """Carry out the calls that an earlier run left open in a step. Running calls are lost.

        Raises:
            WaitedTooLong: a call still waits; the others have their results.
        """
        self._batch = [self._new_call(call.proposed, call.step, call.ordinal) for call in calls]
        for call, earlier in zip(self._batch, calls, strict=True):
            self._restore(call, earlier)
        return await self._run_batch()

    def _new_call(self, proposed: ProposedCall, step: int, ordinal: int) -> ToolCall:
        return ToolCall(self._log, self._offer.results, proposed, step, ordinal)

    async def _run_batch(self) -> list[AnsweredCall]:
        semaphore = asyncio.Semaphore(MAX_PARALLEL)
        for call in self._batch:
            if call.state not in SETTLED:
                call.task = asyncio.ensure_future(self._carry_out(call, semaphore))
        try:
            await self._wait_for_decisions()
            await asyncio.gather(*self._tasks())
        finally:
            self.cancel()
            if running := [call.task for call in self._batch if call.state == "running"]:
                await asyncio.gather(*filter(None, running), return_exceptions=True)
        self._offer.note_step((call.proposed.name, call.result) for call in self._batch)
        return [call.answered for call in self._batch]

    def cancel(self) -> None:
        """Cancel the running calls, and let no other call begin."""
        self.cancel_questions()
        for task in self._tasks():
            task.cancel()

    def cancel_questions(self) -> None:
        """Cancel the open questions of servers, which get the answer `cancel`."""
        for call in self._batch:
            if call.questions is not None:
                call.questions.cancel()

    def _tasks(self, *, of_waiting: bool = True) -> list[asyncio.Future[None]]:
        return [
            call.task
            for call in self._batch
            if call.task is not None and (of_waiting or call.state != "waiting")
        ]

    def decide(self, decision: Decision | ElicitationAnswer) -> bool:
        """Take a person's decision or answer. False if the call no longer waits.

        Raises:
            ValidationFailed: the nonce is another question's, or the entered values are invalid.
            ShellError: the verdict cannot be stored now. In both cases the call keeps waiting.
        """
        call = next((c for c in self._batch if c.proposed.id == decision.call_id), None)
        if isinstance(decision, ElicitationAnswer):
            questions = None if call is None else call.questions
            return questions is not None and questions.answer(decision)
        if call is None or call.state != "waiting" or not (call.tool and call.decision_future):
            return False
        if not secrets.compare_digest(decision.nonce.encode(), call.nonce.encode()):
            raise ValidationFailed([("nonce", "This decision is for another question")])
        tool = call.tool.tool
        edited: Arguments | None = None
        if decision.verdict == "allow" and decision.arguments is not None:
            try:
                arguments = parse_edited(decision.arguments)
                check_arguments(tool, arguments)
            except ToolError as error:
                raise ValidationFailed([("arguments", error.message)]) from None
            if canonical_json(arguments) != canonical_json(call.arguments):
                edited = arguments
        pattern = complete_pattern(decision.pattern, call.arguments if edited is None else edited)
        self._offer.permissions.keep(
            tool,
            decision.verdict,
            decision.scope,
            pattern,
            wait=False,  # the loop must not stand still for another process
        )
        call.edited = edited
        reason = None if decision.reason is None else clean(decision.reason)
        state: CallState = "approved" if edited is None else "edited"
        call.move("denied" if decision.verdict == "deny" else state)
        self._log.append(
            ApprovalEvent(
                **self._log.stamp(),
                call_id=call.proposed.id,
                state="decided",
                verdict=decision.verdict,
                scope=decision.scope,
                edited=edited,
                why=reason,
            )
        )
        if decision.verdict == "deny":
            call.settle("denied", denial(reason))
        call.decision_future.set_result(None)
        return True

    def close(self, *, can_resume: bool) -> None:
        """Give every open call its result, because the run ends now. With `can_resume`, leave
        the calls that have not begun open for a later run.
        """
        for call in self._batch:
            if call.state in SETTLED or (can_resume and call.state not in ("proposed", "running")):
                continue
            text = "The call was cancelled."
            if call.state == "running":
                text = "The call was cancelled while it ran; it may have taken effect."
            was_logged = call.state != "proposed"
            call.move("cancelled")
            if not was_logged:
                call.log_state()
            call.settle("cancelled", text)

    # --- before a call runs -----------------------------------------------------------------

    def _admit(self, call: ToolCall) -> None:
        """Find the tool, check the arguments, and rule whether the call may run."""
        if (tool := self._find(call)) is None:
            return
        ruling = self._offer.rule(tool, call.arguments, repeated=self._is_repeated(call))
        match ruling.verdict:
            case "allow":
                call.move("allowed")
                call.log_state()
            case "deny":
                call.refuse("denied", ruling.why or DENIED)
            case "ask":
                call.ask(ruling.why)

    def _find(self, call: ToolCall) -> OfferedTool | None:
        """The tool of a call with valid arguments. Settles any other call and returns None."""
        proposed = call.proposed
        try:
            if call.ordinal >= MAX_BATCH:
                text = f"At most {MAX_BATCH} calls are carried out at a time. Make it again."
                raise ToolError(ErrorCode.TOOL_INVALID, text)
            call.tool = self._offer.find(proposed.name)
            call.arguments = parse_arguments(proposed.arguments)
            check_arguments(call.tool.tool, call.arguments)
        except ToolError as error:
            call.refuse("invalid", error.message, error.code)
            return None
        return call.tool

    def _restore(self, call: ToolCall, earlier: OpenCall) -> None:
        """Restore the state of a call from an earlier run."""
        if earlier.state in SETTLED:
            call.state, call.result, call.images = earlier.state, earlier.result, earlier.images
            return
        if earlier.state == "running":
            # It may have taken effect, so it is never made again.
            with contextlib.suppress(ToolError):
                call.tool = self._offer.find(call.proposed.name)
                call.arguments = parse_arguments(call.proposed.arguments)
            call.state = "running"
            call.refuse("lost", LOST)
            return
        if earlier.state not in ("waiting", "approved", "edited"):
            self._admit(call)
            return
        if (tool := self._find(call)) is None:
            return
        has_changed = tool.tool.definition != earlier.definition
        ruling = self._offer.rule(tool, call.arguments, repeated=False)
        if ruling.verdict == "deny":
            call.refuse("denied", ruling.why or DENIED)
        elif earlier.state == "waiting":
            # The question to the person stays open, even if a permission allows the call by now.
            call.nonce = "" if has_changed else earlier.nonce
            call.ask(earlier.why)
        elif has_changed:
            call.ask("The tool has changed since this call was allowed.")
        else:
            call.nonce, call.edited, call.state = earlier.nonce, earlier.edited, earlier.state

    def _is_repeated(self, call: ToolCall) -> bool:
        key = (call.proposed.name, canonical_json(call.arguments))
        self._repeats = self._repeats + 1 if key == self._last_call else 1
        self._last_call = key
        return self._repeats >= MAX_REPEATS

    async def _wait_for_decisions(self) -> None:
        """Wait until a person has decided about every waiting call.

        Raises:
            WaitedTooLong: no decision came within `WAIT_S`, and no other call runs.
        """
        futures = [call.decision_future for call in self._batch if call.decision_future]
        while pending := [future for future in futures if not future.done()]:
            self._watchdog.pause()
            try:
                done, _ = await asyncio.wait(
                    pending, timeout=WAIT_S, return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                self._watchdog.resume()
            if not done:
                await asyncio.gather(*self._tasks(of_waiting=False))
                # A decision may have come meanwhile.
                if not any(future.done() for future in pending):
                    raise WaitedTooLong

    # --- a call -----------------------------------------------------------------------------

    async def _carry_out(self, call: ToolCall, semaphore: asyncio.Semaphore) -> None:
        if call.decision_future is not None:
            await call.decision_future
        if call.state in SETTLED or call.tool is None:
            return
        async with semaphore:
            call.move("running")
            call.log_state()
            self._watchdog.expect(None)  # a tool call has its own time limit
            began_ms = self._log.elapsed_ms
            media: Sequence[Media] = ()
            try:
                if self._commit is not None:
                    await self._commit(self._log)
                output = await self._run(call, call.tool)
                if isinstance(output, str):
                    output = ToolOutput(output, ())
                text, media = output.text, output.media
                state: CallState = "done"
                code = None
            except TimeoutError:
                state, code = "timed_out", ErrorCode.TOOL_TIMEOUT
                text = "The call took too long and was ended; it may have taken effect."
                if call.questions is not None and call.questions.is_cancelled:
                    state, code = "cancelled", None
                    text = "The person cancelled this call while it ran; it may have taken effect."
            except ToolError as error:
                state, code, text = "failed", error.code, error.message
                if code is ErrorCode.TOOL_TIMEOUT:
                    state = "timed_out"
            except ShellError as error:
                state, code = "failed", error.code
                text = f"The call was not made, because it cannot be saved: {error.message}"
            except (Exception, asyncio.CancelledError) as error:
                task = asyncio.current_task()
                if isinstance(error, asyncio.CancelledError) and task and task.cancelling():
                    raise  # else the tool raised it by itself
                _log.exception("A tool failed")
                state, code = "failed", ErrorCode.TOOL_FAILED
                text = f"The tool failed unexpectedly ({type(error).__name__})."
            if call.state in SETTLED:
                return  # the run has ended
            if state in ("done", "failed"):  # an error text is untrusted as well
                self._offer.permissions.note_result(call.tool.tool)
            call.move(state)
            call.settle(state, text, code, self._log.elapsed_ms - began_ms, media)

    async def _run(self, call: ToolCall, tool: OfferedTool) -> str | ToolOutput:
        loop = asyncio.get_running_loop()
        reported, reported_at = 0, loop.time()
        async with asyncio.timeout(CALL_S) as limit:
            time = CallTime(limit)
            call.questions = Questions(self._log, self._watchdog, call.proposed.id, time)
            ASKER.set(call.questions)

            def progress(line: str) -> None:
                nonlocal reported, reported_at
                if call.state != "running" or limit.expired():
                    return  # the call has ended, even if the tool still runs
                time.extend()
                if reported >= MAX_PROGRESS and loop.time() - reported_at < PROGRESS_S:
                    return
                reported, reported_at = reported + 1, loop.time()
                self._log.append(
                    ThinkingEvent(**self._log.stamp(), status=clean(line)[:500], progress=None)
                )

            try:
                arguments = call.arguments if call.edited is None else call.edited
                return await tool.call(arguments, progress)
            finally:
                call.questions.close()
