"""Runs one inference: its attempts, its deadlines and its one ending.

A cancel, a deadline, a closed window and the provider's own end may happen at the same moment. The
first call of `_end` writes the terminal event, and later calls do nothing.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import aclosing
from typing import get_args

from pydantic import ValidationError

from shell.contract import (
    Activity,
    DoneEvent,
    ErrorEvent,
    FinishReason,
    Notice,
    NoticeEvent,
    RetryingEvent,
    ThinkingEvent,
    Timing,
    Usage,
)
from shell.errors import ErrorCode, ProviderError, ShellError
from shell.inference.limits import Retries, Waits
from shell.inference.log import InferenceLog, TextChannel
from shell.inference.text_writer import TextWriter
from shell.inference.watchdog import Watchdog
from shell.providers.base import (
    Chunk,
    Finish,
    PromptProgress,
    Provider,
    ProviderRequest,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from shell.support.text import clean, estimate_tokens

CHUNKS_PER_TURN = 64
SECONDS_PER_TURN = 0.002
"""A provider that never waits must yield to the loop this often, so that a cancel is noticed."""
UNWIND_S = 0.1
"""After this long a stopped run ends even if its provider has not closed the stream."""
MAX_CONTENT_BYTES = 32_000_000
"""Longest answer, reasoning and tool-call arguments of one run together, as UTF-8. The longest real
answers have about 1 MB, and a server that never stops must not fill the memory."""
MAX_ENTRIES = 500_000
"""Most chunks of one run. Each takes up to 1 kB of memory however short its text is. The longest
real answers have about 130,000 tokens."""
MAX_ERROR_CHARACTERS = 2_000
MAX_NAME_CHARACTERS = 500
"""Longest status, tool name or call id."""

_RETRIED = frozenset(
    {ErrorCode.NETWORK_ERROR, ErrorCode.RATE_LIMIT, ErrorCode.OVERLOADED, ErrorCode.SERVER_ERROR}
)
_FINISH_REASONS = frozenset(get_args(FinishReason))
_log = logging.getLogger(__name__)


Prepared = tuple[ProviderRequest, tuple[Notice, ...]]
"""The request to send, and the notices about what was changed of it."""


class RunCancelled(Exception):
    """The run was cancelled; it ends with `llm:done`, not with an error."""


class Run:
    """One inference. Loop thread only. It ends by itself or by `stop()`."""

    def __init__(
        self,
        log: InferenceLog,
        provider: Provider,
        prepare: Callable[[], Prepared],
        waits: Waits,
        retries: Retries,
        *,
        streamed: bool,
        cost: Callable[[Usage], float | None],
        on_end: Callable[["Run"], None],
    ) -> None:
        self.log = log
        self._provider = provider
        self._prepare = prepare
        self._request: ProviderRequest | None = None
        self._waits = waits
        self._retries = retries
        self._cost = cost
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._watchdog: Watchdog | None = None
        self._entered = False
        self._unwind: asyncio.TimerHandle | None = None
        self._stopped: Exception | None = None
        self._text = TextWriter(log, streamed=streamed)
        self._finish: FinishReason | None = None
        self._usage: Usage | None = None
        self._first_ms: int | None = None
        self._entries = 0

    @property
    def task(self) -> asyncio.Task[None] | None:
        """The task, from `begin()` on. It may outlive the ending while a stream is closed."""
        return self._task

    @property
    def is_stopped(self) -> bool:
        """Whether `stop` has been called; the ending follows within `UNWIND_S`."""
        return self._stopped is not None

    def begin(self) -> None:
        """Start the task and the deadlines.

        The model may accept less than it did when the run was queued. A request that it no longer
        accepts ends the run with that error.
        """
        try:
            self._request, notices = self._prepare()
        except Exception as error:
            self.stop(error)
            return
        for notice in notices:
            self.log.append(NoticeEvent(**self.log.stamp(), **dict(notice)))
        self._watchdog = Watchdog(self._waits.overall_s, self._on_timeout)
        self._task = self._loop.create_task(self._go(), name=self.log.inference_id)

    def stop(self, reason: Exception) -> bool:
        """End the run for this reason. False when it has ended or is being stopped already."""
        if self._stopped is not None or self.log.ending is not None:
            return False
        self._stopped = reason
        if not self._entered:  # there is no task, or it is cancelled before its first step
            self._end(reason)
        else:
            self._unwind = self._loop.call_later(UNWIND_S, self._end_without_provider)
        if self._task is not None:
            self._task.cancel()
        return True

    # --- the task ---------------------------------------------------------------------------

    async def _go(self) -> None:
        self._entered = True
        outcome: BaseException | None = None
        try:
            self._report("Initializing...", activity="starting")
            if self._request is not None:
                await self._attempts(self._request)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            # A provider may raise CancelledError by itself, and then nobody cancelled the run.
            outcome = RunCancelled() if task is not None and task.cancelling() else error
        except BaseException as error:
            outcome = error
        self._end(self._stopped or outcome)

    async def _attempts(self, request: ProviderRequest) -> None:
        attempt = 1
        while True:
            try:
                return await self._attempt(request)
            except ProviderError as error:
                delay_s = self._delay(error, attempt)
                if delay_s is None:
                    raise
                self._expect(None)
                self.log.append(
                    RetryingEvent(
                        **self.log.stamp(),
                        attempt=attempt,
                        delay_ms=round(delay_s * 1000),
                        code=error.code,
                    )
                )
            await asyncio.sleep(delay_s)
            attempt += 1

    async def _attempt(self, request: ProviderRequest) -> None:
        self._finish = self._usage = None
        self._report("Processing...", activity="asking")
        self._expect(self._waits.first_s)
        chunks, turn_ends = 0, self._loop.time() + SECONDS_PER_TURN
        async with aclosing(self._provider.stream(request)) as stream:
            async for chunk in stream:
                if self._stopped is not None:
                    return
                self._take(chunk)
                self._check_size()
                chunks += 1
                if chunks % CHUNKS_PER_TURN == 0 or self._loop.time() >= turn_ends:
                    await asyncio.sleep(0)
                    turn_ends = self._loop.time() + SECONDS_PER_TURN
        if self._finish is None:
            raise ProviderError(ErrorCode.STREAM_INCOMPLETE, "The answer ended unexpectedly")

    def _delay(self, error: ProviderError, attempt: int) -> float | None:
        """Seconds until the next attempt, or None when there is to be none."""
        if self._first_ms is not None or self._stopped is not None:
            return None
        if error.code not in _RETRIED or attempt >= self._retries.requests:
            return None
        left_s = self._watchdog.left_s if self._watchdog is not None else 0.0
        if error.retry_after_ms is not None:
            if error.retry_after_ms > self._retries.longest_retry_after_s * 1000:
                return None
            delay_s = error.retry_after_ms / 1000
        else:
            delay_s = self._retries.first_delay_s * 2 ** (attempt - 1)
            jitter = random.uniform(0.75, 1.25)  # noqa: S311, not a secret
            delay_s = min(delay_s, self._retries.longest_delay_s) * jitter
        return delay_s if delay_s <= left_s else None

    # --- chunks -----------------------------------------------------------------------------

    def _take(self, chunk: Chunk) -> None:
        match chunk:
            case TextDelta(text):
                self._write("llm:token", text)
            case ReasoningDelta(text):
                self._write("llm:reasoning", text)
            case ToolCallDelta(call_id, name, arguments):
                self._note_content()
                self._text.write_call(_name(call_id), _name(name), arguments)
            case PromptProgress(status, progress, activity):
                self._report(status, progress, activity)
            case Notice():
                self.log.append(NoticeEvent(**self.log.stamp(), **dict(chunk)))
            case UsageReport():
                self._usage = _usage(chunk) or self._usage
            case Finish(reason):
                self._finish = reason if reason in _FINISH_REASONS else "other"

    def _check_size(self) -> None:
        self._entries += 1
        if self._text.size > MAX_CONTENT_BYTES or self._entries > MAX_ENTRIES:
            raise ProviderError(
                ErrorCode.PROTOCOL_ERROR,
                "The answer is too long. The text received so far is kept.",
            )

    def _write(self, channel: TextChannel, text: str) -> None:
        if not text:
            return  # an empty chunk is no event and resets no deadline
        self._note_content()
        self._text.write(channel, text)

    def _note_content(self) -> None:
        if self._first_ms is None:
            self._first_ms = self.log.elapsed_ms
        self._expect(self._waits.between_s)

    def _report(
        self, status: str, progress: float | None = None, activity: Activity | None = None
    ) -> None:
        self.log.append(
            ThinkingEvent(
                **self.log.stamp(), status=_name(status), progress=progress, activity=activity
            )
        )

    # --- deadlines --------------------------------------------------------------------------

    def _expect(self, seconds: float | None) -> None:
        if self._watchdog is not None:
            self._watchdog.expect(seconds)

    def _on_timeout(self, code: ErrorCode) -> None:
        text = (
            "Inference timeout exceeded"
            if code is ErrorCode.TIMEOUT
            else "Stream timeout - no data received"
        )
        self.stop(ProviderError(code, text))

    def _end_without_provider(self) -> None:
        if self.log.ending is None and self._stopped is not None:
            _log.warning("%s: the provider does not let go of its stream", self.log.inference_id)
            self._end(self._stopped)
            if self._task is not None:
                self._task.cancel()

    # --- the ending -------------------------------------------------------------------------

    def _end(self, outcome: BaseException | None) -> None:
        """Write the terminal event. Only this ends an inference; later calls do nothing."""
        if self.log.ending is not None:
            return
        if self._watchdog is not None:
            self._watchdog.close()
            # It refers to this run. Without this cycle the request is freed at once, and not when
            # the garbage collector runs: it may have 100 MB of pictures.
            self._watchdog = None
        if self._unwind is not None:
            self._unwind.cancel()
        self._text.close()
        try:
            ending = self._terminal(outcome)
        except Exception as error:  # the provider's numbers do not fit the event
            ending = self._failure(error)
        self.log.append(ending)
        self._on_end(self)

    def _terminal(self, outcome: BaseException | None) -> DoneEvent | ErrorEvent:
        wrote = self._text.written["llm:token"] > 0
        finish = self._finish
        if (
            isinstance(outcome, ProviderError)
            and outcome.code is ErrorCode.CONTENT_FILTER
            and wrote
        ):
            outcome, finish = None, "content_filter"
        if outcome is None and finish == "content_filter" and not wrote:
            outcome = ProviderError(
                ErrorCode.CONTENT_FILTER, "The provider refused to answer this request"
            )
        if outcome is None or isinstance(outcome, RunCancelled):
            cancelled = outcome is not None
            usage = self.usage.model_copy(update={"cost": self._cost(self.usage)})
            return DoneEvent(
                **self.log.stamp(),
                total_tokens=usage.output_tokens,
                usage=usage,
                finish_reason=None if cancelled else finish,
                cancelled=cancelled,
                timing=Timing(first_token_ms=self._first_ms, total_ms=self.log.elapsed_ms),
            )
        return self._failure(outcome)

    def _failure(self, outcome: BaseException) -> ErrorEvent:
        if not isinstance(outcome, ShellError):
            _log.error("%s failed: %s", self.log.inference_id, type(outcome).__name__)
            _log.debug("%s failed", self.log.inference_id, exc_info=outcome)
            outcome = ShellError(f"The provider failed unexpectedly ({type(outcome).__name__})")
        code = outcome.code
        if code is ErrorCode.NETWORK_ERROR and self._first_ms is not None:
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
        if self._usage is not None:
            return self._usage
        messages = self._request.messages if self._request is not None else []
        reasoning = -(-self._text.written["llm:reasoning"] // 4)
        return Usage(
            input_tokens=sum(estimate_tokens(message.text) for message in messages),
            output_tokens=-(-self._text.written["llm:token"] // 4) + reasoning,
            reasoning_tokens=reasoning,
            cached_tokens=0,
            estimated=True,
        )


def _name(text: str) -> str:
    return clean(text)[:MAX_NAME_CHARACTERS]


def _usage(report: UsageReport) -> Usage | None:
    """A provider's count of tokens; None when it is invalid."""
    try:
        return Usage(
            input_tokens=report.input_tokens,
            output_tokens=report.output_tokens,
            reasoning_tokens=report.reasoning_tokens,
            cached_tokens=report.cached_tokens,
            estimated=False,
        )
    except ValidationError:
        _log.warning("A provider reported %r as its usage", report)
        return None
