"""Follows the log of a running answer, and converts its new events to rows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import apsw
from pydantic import JsonValue

from shell.contract import (
    AnswerDetail,
    AnswerFailure,
    ApprovalEvent,
    CallEvent,
    DoneEvent,
    ErrorEvent,
    Event,
    MessageStatus,
    Notice,
    NoticeEvent,
    ReasoningEvent,
    ResultEvent,
    TokenEvent,
    ToolCall,
    ToolEvent,
)
from shell.errors import ErrorCode
from shell.inference.log import InferenceLog, StepOutput
from shell.store.messages import steps, tree
from shell.store.messages.content import save_blobs
from shell.store.messages.turns import EarlierRuns
from shell.support.ids import epoch_ms


@dataclass(slots=True, eq=False)
class FollowedLog:
    """The log of a running answer, and how much of it is committed."""

    log: InferenceLog
    conversation_id: str
    number: int
    earlier_runs: EarlierRuns
    unsubscribe: Callable[[], None]
    seq: int = -1
    """The number of the last committed event; -1 for none."""
    characters: int = 0
    """The committed characters of this run's text."""
    reasoning_characters: int = 0
    """The committed characters of its reasoning."""
    retry_time: float = 0.0
    """The loop time, in seconds, before which a failed write is not retried."""

    @property
    def is_behind(self) -> bool:
        """Whether the log has events that are not committed."""
        return self.log.last_seq > self.seq


@dataclass(frozen=True, slots=True)
class NewText:
    """The new part of one log, which one commit writes."""

    reader: FollowedLog
    last_seq: int
    text: str
    reasoning: str
    entries: list[tuple[int, steps.Entry]]
    media: list[tuple[str, bytes]]
    """The hash and the bytes of the pictures and sounds in the results."""
    ending: tuple[MessageStatus, AnswerDetail] | None

    def write(self, connection: apsw.Connection, now: int) -> None:
        """Write the new part, as part of a writing job. Does nothing if the message was purged."""
        number, place = self.reader.number, self.reader.seq + 1
        if connection.execute("SELECT 1 FROM messages WHERE number = ?", (number,)).get is None:
            return
        if self.text or self.reasoning:
            tree.append_tail(connection, number, place, self.text, self.reasoning)
        save_blobs(connection, self.media)
        steps.write(connection, number, self.entries)
        if self.ending is not None:
            tree.end(connection, number, *self.ending, now)


def new_text(reader: FollowedLog) -> NewText:
    """Collect everything in a log that is not committed yet."""
    log = reader.log
    last_seq = log.last_seq
    texts: list[str] = []
    reasonings: list[str] = []
    entries: list[tuple[int, steps.Entry]] = []
    media: list[tuple[str, bytes]] = []
    outputs = {output.seq: output for output in log.outputs(reader.seq)}
    earlier = reader.earlier_runs
    at = earlier.characters + reader.characters
    thought_at = earlier.reasoning_characters + reader.reasoning_characters
    for event in log.read(reader.seq):
        if isinstance(event, TokenEvent):
            texts.append(event.token)
            at += len(event.token)
        elif isinstance(event, ReasoningEvent):
            reasonings.append(event.text)
            thought_at += len(event.text)
        elif isinstance(event, CallEvent | ApprovalEvent | ResultEvent):
            # Two places for each event, because an output may come with it.
            place = earlier.entries + 2 * event.seq
            if (output := outputs.get(event.seq)) is not None:
                entries.append((place, _output(log, output, at, thought_at)))
            entries.append((place + 1, _entry(log, event, at, thought_at)))
            if isinstance(event, ResultEvent):
                media += [(part.hash, log.media[part.hash]) for part in event.parts or ()]
    text, reasoning = "".join(texts), "".join(reasonings)
    ending = None
    if log.ending is not None:
        ending = _status(log.ending), _detail(log, log.ending, earlier.detail)
    return NewText(reader, last_seq, text, reasoning, entries, media, ending)


def _entry(
    log: InferenceLog, event: CallEvent | ApprovalEvent | ResultEvent, at: int, thought_at: int
) -> steps.Entry:
    fields = event.model_dump(by_alias=False, exclude={*Event.model_fields, "channel"})
    kind = event.channel.removeprefix("llm:")
    stamp = {"type": kind, "run": log.inference_id, "at": at, "thought_at": thought_at}
    return steps.ENTRY.validate_python({**stamp, **fields})


def _output(log: InferenceLog, output: StepOutput, at: int, thought_at: int) -> steps.Entry:
    return steps.OutputEntry(
        run=log.inference_id,
        at=at,
        thought_at=thought_at,
        step=output.step,
        provider_id=output.provider_id,
        model_id=output.model_id,
        calls=[(call.id, call.provider_id, call.name, call.arguments) for call in output.calls],
        items=[cast("dict[str, JsonValue]", item) for item in output.items],
    )


def _status(ending: DoneEvent | ErrorEvent) -> MessageStatus:
    if isinstance(ending, DoneEvent):
        return "cancelled" if ending.cancelled else "complete"
    return "interrupted" if ending.code is ErrorCode.ABORTED else "failed"


def _detail(
    log: InferenceLog, ending: DoneEvent | ErrorEvent, earlier: AnswerDetail
) -> AnswerDetail:
    tools: dict[str, ToolCall] = {}
    notices: list[Notice] = []
    thinking_ms: tuple[int, int] | None = None
    has_text = False
    for event in log.read():
        if isinstance(event, ToolEvent):
            text = (tools[event.id].arguments if event.id in tools else "") + event.arguments_delta
            tools[event.id] = ToolCall(id=event.id, name=event.name, arguments=text)
        elif isinstance(event, NoticeEvent):
            notices.append(Notice(**event.model_dump(include={*Notice.model_fields})))
        elif isinstance(event, ReasoningEvent | TokenEvent) and not has_text:
            # Reasoning ends with the first text of the answer, or with the answer.
            has_text = isinstance(event, TokenEvent)
            if thinking_ms is not None:
                thinking_ms = thinking_ms[0], event.ms
            elif not has_text:
                thinking_ms = event.ms, event.ms
    if thinking_ms is not None and not has_text:
        thinking_ms = thinking_ms[0], ending.ms
    update: dict[str, object] = {
        "tools": [*earlier.tools, *tools.values()],
        "notices": [*earlier.notices, *notices],
    }
    if thinking_ms is not None:
        earlier_ms = earlier.reasoning_ms or 0
        update["reasoning_ms"] = earlier_ms + thinking_ms[1] - thinking_ms[0]
    if isinstance(ending, DoneEvent):
        field_names = ("finish_reason", "budget", "usage", "timing")
        update |= {name: getattr(ending, name) for name in field_names}
    else:
        wait_ms = ending.retry_after_ms
        update["failure"] = AnswerFailure(
            code=ending.code,
            message=ending.error,
            retryable=ending.retryable,
            retry_at=None if wait_ms is None else epoch_ms() + wait_ms,
            reason=ending.reason,
            words=ending.words,
        )
    return earlier.model_copy(update=update)
