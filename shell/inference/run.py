"""Run: one inference while it lives: its attempts, its deadlines, and its one ending.

Whatever races (a cancel, a deadline, a closed window, the provider's own end): `_end` decides,
once.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
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
    ToolEvent,
    Usage,
)
from shell.errors import ErrorCode, ProviderError, ShellError
from shell.inference.limits import Retries
from shell.inference.log import MAX_JOINED_CHARACTERS, InferenceLog, TextChannel
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
from shell.support.text import clean, close_surrogate, estimate_tokens, join_surrogates, pieces

CHUNKS_PER_TURN = 64
SECONDS_PER_TURN = 0.002
"""A provider that never waits gives the loop a turn this often, so that a cancel gets in."""
UNWIND_S = 0.1
"""A provider that does not let go of a stopped stream is left behind after this long."""
MAX_ERROR_CHARACTERS = 2_000
MAX_NAME_CHARACTERS = 500
"""Of a status, a tool's name or a call's id."""

_RETRIED = frozenset(
    {
        ErrorCode.NETWORK_ERROR,
        ErrorCode.RATE_LIMIT,
        ErrorCode.OVERLOADED,
        ErrorCode.SERVER_ERROR,
    }
)
_FINISH_REASONS = frozenset(get_args(FinishReason))
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Waits:
    """The deadlines of one run, in seconds."""

    overall_s: float
    first_s: float
    between_s: float


Prepared = tuple[ProviderRequest, tuple[Notice, ...]]
"""What is sent, and what is said about it first."""


class RunCancelled(Exception):
    """Somebody stopped the run; it ends as done, not as failed."""


class Run:
    """Made on the loop thread, begun by `begin()`, ended by itself or by `stop()`."""

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
        self._streamed = streamed
        self._cost = cost
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._watchdog: Watchdog | None = None
        self._entered = False
        self._unwind: asyncio.TimerHandle | None = None
        self._stopped: Exception | None = None
        self._halves: dict[TextChannel, str] = {"llm:token": "", "llm:reasoning": ""}
        self._held: dict[TextChannel, list[str]] = {"llm:token": [], "llm:reasoning": []}
        self._written: dict[TextChannel, int] = {"llm:token": 0, "llm:reasoning": 0}
        self._finish: FinishReason | None = None
        self._usage: Usage | None = None
        self._tool_halves: dict[str, str] = {}
        self._first_ms: int | None = None

    @property
    def task(self) -> asyncio.Task[None] | None:
        """The task, from `begin()` on; it may outlive the ending while a provider lets go."""
        return self._task

    def begin(self) -> None:
        """Start: from here on the deadlines count.

        A run whose request cannot be prepared any more (its model takes less than it did) ends here
        with that error.
        """
        try:
            self._request, notices = self._prepare()
        except Exception as error:
            self.stop(error)
            return
        for notice in notices:
            self.log.append(NoticeEvent(**self.log.stamp(), **dict(notice)))
        self._watchdog = Watchdog(self._waits.overall_s, self._bark)
        self._task = self._loop.create_task(self._go(), name=self.log.inference_id)

    def stop(self, reason: Exception) -> bool:
        """End the run for this reason. False when it has ended or is being stopped already."""
        if self._stopped is not None or self.log.ending is not None:
            return False
        self._stopped = reason
        if not self._entered:  # queued, or its task has not had its first turn and never will
            self._end(reason)
        else:
            self._unwind = self._loop.call_later(UNWIND_S, self._leave_behind)
        if self._task is not None:
            self._task.cancel()
        return True

    # --- the task ---------------------------------------------------------------------------

    async def _go(self) -> None:
        self._entered = True
        outcome: BaseException | None = None
        try:
            self._say("Initializing...", activity="starting")
            if self._request is not None:
                await self._attempts(self._request)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            # Nobody may have asked: then it is only what the provider happened to raise.
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
                self._wait_for(None)
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
        self._say("Processing...", activity="asking")
        self._wait_for(self._waits.first_s)
        chunks, turn_ends = 0, self._loop.time() + SECONDS_PER_TURN
        async with aclosing(self._provider.stream(request)) as stream:
            async for chunk in stream:
                if self._stopped is not None:
                    return
                self._take(chunk)
                chunks += 1
                if chunks % CHUNKS_PER_TURN == 0 or self._loop.time() >= turn_ends:
                    await asyncio.sleep(0)
                    turn_ends = self._loop.time() + SECONDS_PER_TURN
        if self._finish is None:
            raise ProviderError(
                ErrorCode.STREAM_INCOMPLETE, "The answer ended without saying that it was complete"
            )

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
            jitter = random.uniform(0.75, 1.25)  # noqa: S311, nothing is kept secret by it
            delay_s = min(delay_s, self._retries.longest_delay_s) * jitter
        return delay_s if delay_s <= left_s else None

    # --- what a provider says ---------------------------------------------------------------

    def _take(self, chunk: Chunk) -> None:
        match chunk:
            case TextDelta(text):
                self._write("llm:token", text)
            case ReasoningDelta(text):
                self._write("llm:reasoning", text)
            case ToolCallDelta(call_id, name, arguments):
                self._content()
                self._call(_name(call_id), _name(name), arguments)
            case PromptProgress(status, progress, activity):
                self._say(status, progress, activity)
            case Notice():
                self.log.append(NoticeEvent(**self.log.stamp(), **dict(chunk)))
            case UsageReport():
                self._usage = _usage(chunk) or self._usage
            case Finish(reason):
                self._finish = reason if reason in _FINISH_REASONS else "other"

    def _write(self, channel: TextChannel, text: str) -> None:
        if not text:
            return  # an empty chunk is neither an event nor a sign of life
        self._content()
        whole, self._halves[channel] = join_surrogates(text, self._halves[channel])
        self._put(channel, whole)

    def _put(self, channel: TextChannel, text: str) -> None:
        self._written[channel] += len(text) if text.isascii() else len(text.encode())
        if not self._streamed:
            self._held[channel].append(text)
            return
        for piece in pieces(text, MAX_JOINED_CHARACTERS):
            self.log.append_text(channel, piece)

    def _call(self, call_id: str, name: str, arguments: str) -> None:
        whole, self._tool_halves[call_id] = join_surrogates(
            arguments, self._tool_halves.get(call_id, "")
        )
        for piece in pieces(whole, MAX_JOINED_CHARACTERS) or [""]:
            stamp = self.log.stamp()
            self.log.append(ToolEvent(**stamp, id=call_id, name=name, arguments_delta=piece))

    def _content(self) -> None:
        if self._first_ms is None:
            self._first_ms = self.log.elapsed_ms
        self._wait_for(self._waits.between_s)

    def _say(
        self, status: str, progress: float | None = None, activity: Activity | None = None
    ) -> None:
        self.log.append(
            ThinkingEvent(
                **self.log.stamp(), status=_name(status), progress=progress, activity=activity
            )
        )

    # --- deadlines --------------------------------------------------------------------------

    def _wait_for(self, seconds: float | None) -> None:
        if self._watchdog is not None:
            self._watchdog.expect(seconds)

    def _bark(self, code: ErrorCode) -> None:
        text = (
            "Inference timeout exceeded"
            if code is ErrorCode.TIMEOUT
            else "Stream timeout - no data received"
        )
        self.stop(ProviderError(code, text))

    def _leave_behind(self) -> None:
        if self.log.ending is None and self._stopped is not None:
            _log.warning("%s: the provider does not let go of its stream", self.log.inference_id)
            self._end(self._stopped)
            if self._task is not None:
                self._task.cancel()

    # --- the ending -------------------------------------------------------------------------

    def _end(self, outcome: BaseException | None) -> None:
        """The only place that ends an inference. Later calls find it ended and do nothing."""
        if self.log.ending is not None:
            return
        if self._watchdog is not None:
            self._watchdog.close()
        if self._unwind is not None:
            self._unwind.cancel()
        self._flush()
        try:
            ending = self._terminal(outcome)
        except Exception as error:  # what the provider said cannot even be told
            ending = self._failure(error)
        self.log.append(ending)
        self._on_end(self)

    def _flush(self) -> None:
        """Write what is still held back: half a character, or all of an answer not streamed."""
        channels: tuple[TextChannel, ...] = ("llm:reasoning", "llm:token")
        for channel in channels:
            self._put(channel, close_surrogate(self._halves[channel]))
            for piece in pieces("".join(self._held[channel]), MAX_JOINED_CHARACTERS):
                self.log.append_text(channel, piece)

    def _terminal(self, outcome: BaseException | None) -> DoneEvent | ErrorEvent:
        wrote = self._written["llm:token"] > 0
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
        """Tokens so far: the provider's count, else the host's estimate, marked."""
        if self._usage is not None:
            return self._usage
        messages = self._request.messages if self._request is not None else []
        reasoning = -(-self._written["llm:reasoning"] // 4)
        return Usage(
            input_tokens=sum(estimate_tokens(message.text) for message in messages),
            output_tokens=-(-self._written["llm:token"] // 4) + reasoning,
            reasoning_tokens=reasoning,
            cached_tokens=0,
            estimated=True,
        )

    @property
    def wrote_text(self) -> bool:
        """Whether any of the answer arrived."""
        return self._written["llm:token"] > 0


def _name(text: str) -> str:
    return clean(text)[:MAX_NAME_CHARACTERS]


def _usage(report: UsageReport) -> Usage | None:
    """A provider's count, unless it is none: then the host's estimate is better."""
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
