"""Runs one inference: its calls of the model, its deadlines and its one ending.

A cancel, a deadline, a closed window and the provider's own end may happen at the same moment. The
first call of `_end` writes the terminal event, and later calls do nothing.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol

from shell.contract import (
    Decision,
    DoneEvent,
    ElicitationAnswer,
    ErrorEvent,
    NoticeEvent,
    ThinkingEvent,
    Timing,
    Usage,
)
from shell.errors import ErrorCode, HostClosing, ProviderError, ShellError
from shell.inference.log import InferenceLog
from shell.inference.provider_call import ProviderCall
from shell.inference.run_plan import RunPlan
from shell.inference.steps import NO_USAGE, Steps
from shell.inference.text_writer import TextWriter
from shell.inference.tool_calls import ToolCalls
from shell.inference.watchdog import Watchdog
from shell.providers.exchanges import Recording
from shell.support.text import clean

UNWIND_S = 0.1
"""After this long a stopped run ends even if its provider has not closed the stream."""
MAX_ERROR_CHARACTERS = 2_000
_log = logging.getLogger(__name__)


class Wire(Protocol):
    """Records what runs send and receive; see `store/wire_log.py`."""

    def begin(
        self, log: InferenceLog, provider_id: str, model_id: str, conversation_id: str | None
    ) -> Recording | None:
        """Begin to record a run. None if this run is not recorded."""

    def end(self, log: InferenceLog) -> None:
        """Save the recording of a run that has ended."""


class RunCancelled(Exception):
    """The run was cancelled. It ends with `llm:done`, not with an error."""


class Run:
    """One inference. Loop thread only. It ends by itself or by `stop()`."""

    def __init__(
        self,
        log: InferenceLog,
        plan: RunPlan,
        recording: Recording | None,
        on_end: Callable[["Run"], None],
    ) -> None:
        self.log = log
        self._plan = plan
        self._recording = recording
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self.task: asyncio.Task[None] | None = None
        """From `begin()` on. It may outlive the ending while a stream is closed."""
        self._watchdog: Watchdog | None = None
        self._has_started = False
        self._unwind_timer: asyncio.TimerHandle | None = None
        self._stop_reason: Exception | None = None
        self._text = TextWriter(log, streamed=plan.streamed)
        self._tools: ToolCalls | None = None
        self._steps: Steps | None = None

    @property
    def is_stopped(self) -> bool:
        """Whether `stop` has been called; the ending follows within `UNWIND_S`."""
        return self._stop_reason is not None

    @property
    def is_waiting(self) -> bool:
        """Whether the run waits for a person, about a tool call or a server's question."""
        tools = self._tools
        return tools is not None and (tools.is_waiting or tools.has_question)

    def begin(self) -> None:
        """Start the task and the deadlines.

        The model may accept less than it did when the run was queued. A request that it no longer
        accepts ends the run with that error.
        """
        plan = self._plan
        try:
            request, notices = plan.prepare()
        except Exception as error:
            self.stop(error)
            return
        for notice in notices:
            self.log.append(NoticeEvent(**self.log.stamp(), **dict(notice)))
        if self._recording is not None:
            request = replace(request, recording=self._recording)
        watchdog = self._watchdog = Watchdog(plan.deadlines.overall_s, self._on_timeout)
        if plan.offer is not None:
            self._tools = ToolCalls(self.log, watchdog, plan.offer, plan.commit)
        # No closure over this run: a cycle would keep the request, with its pictures, in memory
        # until the garbage collector runs.
        new_call = partial(ProviderCall, self.log, self._text, watchdog, plan)
        self._steps = Steps(self.log, plan, request, new_call, self._tools)
        self.task = self._loop.create_task(self._run_steps(self._steps), name=self.log.inference_id)

    def cancel_questions(self) -> None:
        """Cancel the open questions of servers, which get the answer `cancel`."""
        if self._tools is not None:
            self._tools.cancel_questions()

    def decide(self, decision: Decision | ElicitationAnswer) -> bool:
        """Take a person's decision or answer about a tool call. False if the call does not wait.

        Raises:
            ShellError: it does not match the question, or cannot be stored.
        """
        if self._tools is None or self._stop_reason is not None:
            return False
        return self._tools.decide(decision)

    def stop(self, reason: Exception) -> bool:
        """End the run for this reason. False if it has ended or is being stopped already."""
        if self._stop_reason is not None or self.log.ending is not None:
            return False
        self._stop_reason = reason
        if not self._has_started:  # there is no task, or it is cancelled before its first step
            self._end(reason)
        else:
            self._unwind_timer = self._loop.call_later(UNWIND_S, self._end_without_provider)
        if self.task is not None:
            self.task.cancel()
        if self._tools is not None:
            self._tools.cancel()
        return True

    # --- the task ---------------------------------------------------------------------------

    async def _run_steps(self, steps: Steps) -> None:
        self._has_started = True
        outcome: BaseException | None = None
        try:
            self.log.append(
                ThinkingEvent(
                    **self.log.stamp(), status="Initializing...", progress=None, activity="starting"
                )
            )
            await steps.run()
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            # A provider may raise CancelledError by itself, although the run was not cancelled.
            outcome = RunCancelled() if task is not None and task.cancelling() else error
        except BaseException as error:
            outcome = error
        self._end(self._stop_reason or outcome)

    # --- deadlines --------------------------------------------------------------------------

    def _on_timeout(self, code: ErrorCode) -> None:
        is_overall = code is ErrorCode.TIMEOUT
        text = "Inference timeout exceeded" if is_overall else "Stream timeout - no data received"
        self.stop(ProviderError(code, text))

    def _end_without_provider(self) -> None:
        if self.log.ending is None and self._stop_reason is not None:
            _log.warning(
                "%s: the provider has not closed its stream after the cancel", self.log.inference_id
            )
            self._end(self._stop_reason)
            if self.task is not None:
                self.task.cancel()

    # --- the ending -------------------------------------------------------------------------

    def _end(self, outcome: BaseException | None) -> None:
        """Write the terminal event. Only this ends an inference; later calls do nothing."""
        if self.log.ending is not None:
            return
        if self._watchdog is not None:
            self._watchdog.close()
        if self._unwind_timer is not None:
            self._unwind_timer.cancel()
        self._text.close()
        if self._tools is not None and self._steps is not None:
            is_closing = isinstance(outcome, HostClosing)
            if is_closing and self._tools.is_waiting:
                self._steps.pause()
                outcome = None
            self._tools.close(can_resume=is_closing or self._steps.finish_reason == "waiting")
        try:
            ending = self._terminal_event(outcome)
        except Exception as error:  # the provider's numbers are invalid for the event
            ending = self._error_event(error)
        self.log.append(ending)
        self._on_end(self)

    def _terminal_event(self, outcome: BaseException | None) -> DoneEvent | ErrorEvent:
        has_text = self._text.written_bytes["llm:token"] > 0
        finish_reason = None if self._steps is None else self._steps.finish_reason
        refusal = ErrorCode.CONTENT_FILTER
        if has_text and isinstance(outcome, ProviderError) and outcome.code is refusal:
            outcome, finish_reason = None, "content_filter"
        if outcome is None and finish_reason == "content_filter" and not has_text:
            outcome = ProviderError(refusal, "The provider refused to answer this request")
        if outcome is None or isinstance(outcome, RunCancelled):
            is_cancelled = outcome is not None
            usage = self.usage.model_copy(update={"cost": self._plan.model.cost(self.usage)})
            return DoneEvent(
                **self.log.stamp(),
                total_tokens=usage.output_tokens,
                usage=usage,
                finish_reason=None if is_cancelled else finish_reason,
                cancelled=is_cancelled,
                timing=Timing(first_token_ms=self._first_content_ms, total_ms=self.log.elapsed_ms),
                budget=None if is_cancelled or self._steps is None else self._steps.pause_for,
            )
        return self._error_event(outcome)

    def _error_event(self, outcome: BaseException) -> ErrorEvent:
        if not isinstance(outcome, ShellError):
            _log.error("%s failed: %s", self.log.inference_id, type(outcome).__name__)
            _log.debug("%s failed", self.log.inference_id, exc_info=outcome)
            outcome = ShellError(f"The provider failed unexpectedly ({type(outcome).__name__})")
        code = outcome.code
        if code is ErrorCode.NETWORK_ERROR and self._first_content_ms is not None:
            code = ErrorCode.STREAM_INTERRUPTED
        return ErrorEvent(
            **self.log.stamp(),
            error=clean(outcome.message)[:MAX_ERROR_CHARACTERS],
            code=code,
            retryable=code.retryable,
            retry_after_ms=outcome.retry_after_ms,
            reason=outcome.reason,
            words=None if outcome.words is None else clean(outcome.words)[:MAX_ERROR_CHARACTERS],
        )

    @property
    def usage(self) -> Usage:
        """The provider's count of tokens so far, or the host's estimate, marked as one."""
        return NO_USAGE if self._steps is None else self._steps.usage

    @property
    def _first_content_ms(self) -> int | None:
        return None if self._steps is None else self._steps.first_ms
