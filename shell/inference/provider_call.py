"""Calls a model once, with retries, and writes its output to the log of the run.

A run without tools makes one call, a run with tools one for each step. A call never ends the log.
"""

import asyncio
import logging
import random
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import asdict, dataclass, field
from typing import get_args

from pydantic import ValidationError

from shell.contract import (
    Activity,
    FinishReason,
    Notice,
    NoticeEvent,
    RetryingEvent,
    ThinkingEvent,
    Usage,
)
from shell.errors import ErrorCode, ProviderError
from shell.inference.log import InferenceLog, ProposedCall, TextChannel
from shell.inference.request import text_tokens
from shell.inference.run_plan import RunPlan
from shell.inference.text_writer import TextWriter
from shell.inference.watchdog import Watchdog
from shell.providers.base import (
    Chunk,
    Finish,
    OutputItem,
    PromptProgress,
    ProviderRequest,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from shell.support.json_values import clean_object
from shell.support.text import clean

CHUNKS_PER_TURN = 64
SECONDS_PER_TURN = 0.002
"""A provider that never waits must yield to the loop this often, so that a cancel is noticed."""
MAX_CALLS = 200
"""Most tool calls in one answer of a model."""
MAX_ITEM_DEPTH = 100
"""Most levels of an item that goes back to the model. The store cannot read much deeper ones."""
MAX_NAME_CHARACTERS = 500
"""Longest status, tool name or call id."""

_RETRYABLE = frozenset(
    {ErrorCode.NETWORK_ERROR, ErrorCode.RATE_LIMIT, ErrorCode.OVERLOADED, ErrorCode.SERVER_ERROR}
)
_FINISH_REASONS = frozenset(get_args(FinishReason))
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _StreamedCall:
    """A call of a tool while its arguments arrive."""

    id: str
    name: str
    pieces: list[str] = field(default_factory=list)


class ProviderCall:
    """Sends one request, and sends it again if it fails before its first content. Loop thread only.

    Args:
        log: the run's.
        text: writes the run's texts.
        watchdog: the run's deadlines.
        plan: the provider and model, the deadlines for content, and the retries.
        request: the request to send.
        step: the step of a run with tools, in which tool calls get ids of the host; None without
            tools.
    """

    def __init__(
        self,
        log: InferenceLog,
        text: TextWriter,
        watchdog: Watchdog,
        plan: RunPlan,
        request: ProviderRequest,
        step: int | None = None,
    ) -> None:
        self._log = log
        self._text = text
        self._watchdog = watchdog
        self._provider = plan.provider
        self._request = request
        self._deadlines = plan.deadlines
        self._retries = plan.retries
        self._loop = asyncio.get_running_loop()
        self._bytes_before = dict(text.written_bytes)
        self._usage: Usage | None = None
        self._step = step
        self._calls: dict[str, _StreamedCall] = {}
        self._text_pieces: list[str] = []
        self.output: list[Mapping[str, object]] = []
        """Items that must go back unchanged with the results of the tools."""
        self.finish_reason: FinishReason | None = None
        """Why the model stopped."""
        self.first_ms: int | None = None
        """When the first content arrived, in milliseconds since the run began."""

    @property
    def text(self) -> str:
        """The text of the answer; empty in a run without tools, which does not need it."""
        return clean("".join(self._text_pieces))

    @property
    def calls(self) -> list[ProposedCall]:
        """The tool calls of the model, in its order."""
        return [
            ProposedCall(call.id, clean(provider_id), call.name, clean("".join(call.pieces)))
            for provider_id, call in self._calls.items()
        ]

    @property
    def usage(self) -> Usage:
        """The provider's count of tokens so far, or the host's estimate, marked as one."""
        return self._estimate() if self._usage is None else self._usage

    @property
    def usage_so_far(self) -> Usage:
        """The usage of a stopped call. Providers count the output only when it is complete, so it
        has at least the estimated tokens.
        """
        usage, estimate = self.usage, self._estimate()
        output = max(usage.output_tokens, estimate.output_tokens)
        return usage.model_copy(update={"output_tokens": output})

    def _estimate(self) -> Usage:
        written_bytes = {
            channel: self._text.written_bytes[channel] - before_bytes
            for channel, before_bytes in self._bytes_before.items()
        }
        reasoning_tokens = -(-written_bytes["llm:reasoning"] // 4)
        return Usage(
            input_tokens=sum(map(text_tokens, self._request.messages)),
            output_tokens=-(-written_bytes["llm:token"] // 4) + reasoning_tokens,
            reasoning_tokens=reasoning_tokens,
            cached_tokens=0,
            estimated=True,
        )

    async def run(self) -> None:
        """Call the model until an attempt succeeds.

        Raises:
            ProviderError: the call failed and is not retried.
        """
        attempt = 1
        while True:
            try:
                return await self._attempt()
            except ProviderError as error:
                delay_s = self._retry_delay_s(error, attempt)
                if delay_s is None:
                    raise
                self._watchdog.expect(None)
                self._log.append(
                    RetryingEvent(
                        **self._log.stamp(),
                        attempt=attempt,
                        delay_ms=round(delay_s * 1000),
                        code=error.code,
                    )
                )
            await asyncio.sleep(delay_s)
            attempt += 1

    async def _attempt(self) -> None:
        self.finish_reason = self._usage = None
        self.output.clear()  # items of an earlier attempt, which failed before its first content
        self._report("Processing...", activity="asking")
        self._watchdog.expect(self._deadlines.first_s)
        chunks, turn_ends = 0, self._loop.time() + SECONDS_PER_TURN
        task = asyncio.current_task()  # once, as each chunk of a flood counts
        async with aclosing(self._provider.stream(self._request)) as stream:
            async for chunk in stream:
                if task is not None and task.cancelling():
                    break
                self._handle_chunk(chunk)
                self._text.count_chunk()
                chunks += 1
                if chunks % CHUNKS_PER_TURN == 0 or self._loop.time() >= turn_ends:
                    await asyncio.sleep(0)
                    turn_ends = self._loop.time() + SECONDS_PER_TURN
        if self._is_cancelled():  # a provider that went on or ended in order hid the cancel
            raise asyncio.CancelledError
        if self.finish_reason is None:
            raise ProviderError(ErrorCode.STREAM_INCOMPLETE, "The answer ended unexpectedly")

    def _is_cancelled(self) -> bool:
        """Whether the run is being stopped, even if its provider went on after the cancel."""
        task = asyncio.current_task()
        return task is not None and task.cancelling() > 0

    def _retry_delay_s(self, error: ProviderError, attempt: int) -> float | None:
        """Seconds until the next attempt; None if the error is not retried."""
        if self.first_ms is not None or self._is_cancelled():
            return None
        if error.code not in _RETRYABLE or attempt >= self._retries.requests:
            return None
        if error.retry_after_ms is not None:
            if error.retry_after_ms > self._retries.longest_retry_after_s * 1000:
                return None
            delay_s = error.retry_after_ms / 1000
        else:
            delay_s = self._retries.first_delay_s * 2 ** (attempt - 1)
            jitter = random.uniform(0.75, 1.25)  # noqa: S311, not a secret
            delay_s = min(delay_s, self._retries.longest_delay_s) * jitter
        return delay_s if delay_s <= self._watchdog.left_s else None

    # --- chunks -----------------------------------------------------------------------------

    def _handle_chunk(self, chunk: Chunk) -> None:
        match chunk:
            case TextDelta(text):
                self._write("llm:token", text)
                if self._step is not None:
                    self._text_pieces.append(text)
            case ReasoningDelta(text):
                self._write("llm:reasoning", text)
            case ToolCallDelta(call_id, name, arguments):
                self._note_content()
                self._text.write_call(*self._shown_call(call_id, name, arguments), arguments)
            case OutputItem(value):
                self.output.append(_checked_item(value))
            case PromptProgress(status, progress, activity):
                self._report(status, progress, activity)
            case Notice():
                self._log.append(NoticeEvent(**self._log.stamp(), **dict(chunk)))
            case UsageReport():
                self._usage = _validated_usage(chunk) or self._usage
            case Finish(reason):
                self.finish_reason = reason if reason in _FINISH_REASONS else "other"

    def _shown_call(self, call_id: str, name: str, arguments: str) -> tuple[str, str]:
        """Store a piece of a tool call. Returns the id and name under which the log shows it."""
        if self._step is None:
            return clip_name(call_id), clip_name(name)
        call = self._calls.get(call_id)
        if call is None:
            if len(self._calls) >= MAX_CALLS:
                text = f"The model made more than {MAX_CALLS} tool calls at once."
                raise ProviderError(ErrorCode.PROTOCOL_ERROR, text)
            call = _StreamedCall(f"call-{self._step}-{len(self._calls)}", clip_name(name))
            self._calls[call_id] = call
        call.pieces.append(arguments)
        return call.id, call.name

    def _write(self, channel: TextChannel, text: str) -> None:
        if not text:
            return  # an empty chunk makes no event and resets no deadline
        self._note_content()
        self._text.write(channel, text)

    def _note_content(self) -> None:
        if self.first_ms is None:
            self.first_ms = self._log.elapsed_ms
        self._watchdog.expect(self._deadlines.between_s)

    def _report(
        self, status: str, progress: float | None = None, activity: Activity | None = None
    ) -> None:
        self._log.append(
            ThinkingEvent(
                **self._log.stamp(), status=clip_name(status), progress=progress, activity=activity
            )
        )


def clip_name(text: str) -> str:
    """Cut a name from a provider to a length that every view can show."""
    return clean(text)[:MAX_NAME_CHARACTERS]


def _checked_item(item: Mapping[str, object]) -> Mapping[str, object]:
    try:
        return clean_object(item, MAX_ITEM_DEPTH)
    except ValueError:
        text = "The answer has a part that cannot be sent back to the model."
        raise ProviderError(ErrorCode.PROTOCOL_ERROR, text) from None


def _validated_usage(report: UsageReport) -> Usage | None:
    """A provider's count of tokens; None if it is invalid."""
    try:
        return Usage(**asdict(report), estimated=False)
    except ValidationError:
        _log.warning("A provider reported %r as its usage", report)
        return None
