"""ResponsesStream: the events of a Responses stream (OpenAI's newer API), to chunks."""

from collections.abc import Iterator

from shell.contract import FinishReason
from shell.providers.base import (
    Chunk,
    Finish,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.errors import from_error_object, refused
from shell.providers.http.lenient_json import (
    as_list,
    as_object,
    count_of,
    counted,
    parse_object,
    text_of,
)
from shell.providers.http.sse import ServerEvent

_INCOMPLETE: dict[str, FinishReason] = {
    "max_output_tokens": "length",
    "content_filter": "content_filter",
}
_REASONING = {"response.reasoning_summary_text.delta", "response.reasoning_text.delta"}


class ResponsesStream:
    """One answer as it arrives."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._calls: dict[object, tuple[str, str]] = {}
        self._refusal: list[str] = []
        self._answered = False
        self._reasoned = False
        self.finish: FinishReason | None = None
        self.done = False
        self.events = 0

    @property
    def begun(self) -> bool:
        """Whether any content has come."""
        return self._answered or self._reasoned or bool(self._calls)

    def take(self, event: ServerEvent) -> Iterator[Chunk]:
        """The chunks of one event."""
        if event.data == "[DONE]":
            self.done = True
            return
        data = parse_object(event.data, self._endpoint)
        self.events += 1
        kind = data.get("type")
        if kind == "response.output_text.delta":
            yield from self._text(text_of(data.get("delta")))
        elif kind in _REASONING:
            yield from self._thought(text_of(data.get("delta")))
        elif kind == "response.reasoning_summary_part.added" and self._reasoned:
            yield ReasoningDelta("\n\n")  # the parts of a summary are paragraphs
        elif kind == "response.refusal.delta":
            yield from self._refuse(text_of(data.get("delta")))
        elif kind == "response.output_item.added":
            yield from self._item(data.get("output_index"), as_object(data.get("item")))
        elif kind == "response.function_call_arguments.delta":
            call = self._calls.get(data.get("output_index"))
            if call is not None:
                yield ToolCallDelta(*call, text_of(data.get("delta")))
        elif kind in {"response.completed", "response.incomplete", "response.failed"}:
            yield from self._end_of(as_object(data.get("response")))
        elif kind == "error":
            raise from_error_object(self._endpoint, data.get("error") or data)
        elif data.get("object") == "response":  # a server that does not stream
            yield from self._whole(data)
        elif data.get("error"):
            raise from_error_object(self._endpoint, data.get("error"))

    def end(self) -> Iterator[Chunk]:
        """What is left to say when the stream has ended."""
        if self._refusal and not self._answered:
            raise refused(self._endpoint, "".join(self._refusal))
        if self._refusal:
            self.finish = "content_filter"
        if self.finish is not None:
            yield Finish(self.finish)

    def _text(self, text: str) -> Iterator[Chunk]:
        if text:
            self._answered = True
            yield TextDelta(text)

    def _thought(self, text: str) -> Iterator[Chunk]:
        if text:
            self._reasoned = True
            yield ReasoningDelta(text)

    def _refuse(self, text: str) -> Iterator[Chunk]:
        if text:
            self._refusal.append(text)
            if self._answered:
                yield TextDelta(text)

    def _item(self, index: object, item: dict[str, object]) -> Iterator[Chunk]:
        if item.get("type") == "function_call":
            call_id = text_of(item.get("call_id")) or f"call-{len(self._calls) + 1}"
            self._calls[index] = (call_id, text_of(item.get("name")))
            yield ToolCallDelta(*self._calls[index], text_of(item.get("arguments")))

    def _end_of(self, response: dict[str, object]) -> Iterator[Chunk]:
        error = response.get("error")
        if error or response.get("status") == "failed":
            raise from_error_object(self._endpoint, error)
        reason = text_of(as_object(response.get("incomplete_details")).get("reason"))
        if reason or response.get("status") == "incomplete":
            self.finish = _INCOMPLETE.get(reason or "max_output_tokens", "other")
        else:
            self.finish = "tool_calls" if self._calls else "stop"
        usage = response.get("usage")
        if isinstance(usage, dict):
            yield from counted(_report(usage))
        self.done = True

    def _whole(self, response: dict[str, object]) -> Iterator[Chunk]:
        for index, entry in enumerate(as_list(response.get("output"))):
            item = as_object(entry)
            yield from self._item(index, item)
            for summary in as_list(item.get("summary")):
                yield from self._thought(text_of(as_object(summary).get("text")))
            for part in as_list(item.get("content")) if item.get("type") == "message" else []:
                yield from self._text(text_of(as_object(part).get("text")))
                yield from self._refuse(text_of(as_object(part).get("refusal")))
        yield from self._end_of(response)


def _report(usage: dict[str, object]) -> UsageReport:
    received = as_object(usage.get("input_tokens_details"))
    written = as_object(usage.get("output_tokens_details"))
    return UsageReport(
        input_tokens=count_of(usage.get("input_tokens")),
        output_tokens=count_of(usage.get("output_tokens")),
        reasoning_tokens=count_of(written.get("reasoning_tokens")),
        cached_tokens=count_of(received.get("cached_tokens")),
    )
