"""Decodes the stream of Responses, OpenAI's newer API."""

from collections.abc import Iterator

from shell.contract import FinishReason
from shell.providers.base import Chunk, OutputItem, ReasoningDelta, ToolCallDelta
from shell.providers.http.errors import from_error_object
from shell.providers.http.lenient_json import as_list, as_object, read_usage, text_of
from shell.providers.http.response import StreamingResponse

_INCOMPLETE: dict[str, FinishReason] = {
    "max_output_tokens": "length",
    "content_filter": "content_filter",
}
_REASONING = {"response.reasoning_summary_text.delta", "response.reasoning_text.delta"}


_RETURNED = {"reasoning", "function_call", "message"}
"""Items of the output that go back with the results of tools."""


class ResponsesStream(StreamingResponse):
    """Decodes one response."""

    def _decode(self, data: dict[str, object]) -> Iterator[Chunk]:
        kind = data.get("type")
        if kind == "response.output_text.delta":
            yield from self._text(text_of(data.get("delta")))
        elif kind in _REASONING:
            yield from self._reasoning(text_of(data.get("delta")))
        elif kind == "response.reasoning_summary_part.added" and self._reasoned:
            yield ReasoningDelta("\n\n")  # the parts of a summary are paragraphs
        elif kind == "response.refusal.delta":
            yield from self._refuse(text_of(data.get("delta")))
        elif kind == "response.output_item.added":
            yield from self._item(data.get("output_index"), as_object(data.get("item")))
        elif kind == "response.output_item.done":
            item = as_object(data.get("item"))
            if item.get("type") in _RETURNED:
                yield OutputItem(item)
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
            yield from read_usage(usage, "input_tokens", "output_tokens")
        self.done = True

    def _whole(self, response: dict[str, object]) -> Iterator[Chunk]:
        for index, entry in enumerate(as_list(response.get("output"))):
            item = as_object(entry)
            yield from self._item(index, item)
            if item.get("type") in _RETURNED:
                yield OutputItem(item)
            for summary in as_list(item.get("summary")):
                yield from self._reasoning(text_of(as_object(summary).get("text")))
            for part in as_list(item.get("content")) if item.get("type") == "message" else []:
                yield from self._text(text_of(as_object(part).get("text")))
                yield from self._refuse(text_of(as_object(part).get("refusal")))
        yield from self._end_of(response)
