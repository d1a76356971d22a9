"""Decodes the stream of Messages, Anthropic's API."""

import json
from collections import defaultdict
from collections.abc import Iterator

from shell.contract import FinishReason
from shell.providers.apis.tools import sendable_arguments
from shell.providers.base import Chunk, OutputItem, ToolCallDelta, UsageReport
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.errors import from_error_object
from shell.providers.http.lenient_json import (
    as_list,
    as_object,
    count_of,
    json_of,
    nonzero_report,
    text_of,
)
from shell.providers.http.response import StreamingResponse

_REASONS: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
_GROWING = {"thinking": "thinking", "signature": "signature", "partial_json": "input"}
"""The fields of deltas that are not text, each with the field of the block to which it is added."""


class MessagesStream(StreamingResponse):
    """Decodes one response."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self._usage: dict[str, object] = {}
        self._blocks: dict[object, dict[str, object]] = {}
        """The first version of each block of the answer, by its number."""
        self._pieces: dict[object, defaultdict[str, list[str]]] = {}
        """The pieces that were added to each block since, by its field."""

    def _decode(self, data: dict[str, object]) -> Iterator[Chunk]:
        match data.get("type"):
            case "content_block_delta":
                yield from self._delta(data.get("index"), as_object(data.get("delta")))
            case "content_block_start":
                yield from self._block(data.get("index"), as_object(data.get("content_block")))
            case "content_block_stop":
                yield from self._block_end(data.get("index"))
            case "message_start":
                self._usage |= as_object(as_object(data.get("message")).get("usage"))
            case "message_delta":
                yield from self._stop(as_object(data.get("delta")), data.get("usage"))
            case "message_stop":
                self.done = True
            case "error":
                raise from_error_object(self._endpoint, data.get("error"))
            case "message":  # a server that does not stream
                for position, block in enumerate(as_list(data.get("content"))):
                    yield from self._block(position, as_object(block))
                    yield from self._block_end(position)
                yield from self._stop(data, data.get("usage"))

    def _block(self, index: object, block: dict[str, object]) -> Iterator[Chunk]:
        """Decode the start of a block, which is mostly empty but may hold all of its content."""
        self._pieces.pop(index, None)
        if block.get("type") == "tool_use":
            call_id = text_of(block.get("id")) or f"call-{len(self._calls) + 1}"
            self._calls[index] = (call_id, text_of(block.get("name")))
            yield ToolCallDelta(*self._calls[index], "")
            if block.get("input"):
                yield ToolCallDelta(*self._calls[index], json.dumps(block["input"]))
        yield from self._delta(index, block)
        self._blocks[index] = block
        self._pieces[index] = defaultdict(list)

    def _block_end(self, index: object) -> Iterator[Chunk]:
        """Yield a whole block, which must go back unchanged because its reasoning is signed."""
        block = dict(self._blocks.pop(index, {}))
        for name, pieces in self._pieces.pop(index, {}).items():
            whole = text_of(block.get(name)) + "".join(pieces)
            block[name] = json_of(whole) if name == "input" else whole
        if "input" in block:
            block["input"] = sendable_arguments(block["input"])
        if block and (block.get("type") != "text" or block.get("text")):
            yield OutputItem(block)

    def _delta(self, index: object, delta: dict[str, object]) -> Iterator[Chunk]:
        pieces = self._pieces.get(index)  # None before the block has begun
        text = delta.get("text")
        if isinstance(text, str):
            if pieces is not None:
                pieces["text"].append(text)
            yield from self._text(text)
            return
        for name, field in _GROWING.items():
            if pieces is not None and isinstance(piece := delta.get(name), str):
                pieces[field].append(piece)
        yield from self._reasoning(text_of(delta.get("thinking")))
        arguments = text_of(delta.get("partial_json"))
        if arguments and index in self._calls:
            yield ToolCallDelta(*self._calls[index], arguments)

    def _stop(self, delta: dict[str, object], usage: object) -> Iterator[Chunk]:
        reason = delta.get("stop_reason")
        if isinstance(reason, str) and reason:
            self.finish = _REASONS.get(reason, "other")
            details = as_object(delta.get("stop_details"))
            refuses = self.finish == "content_filter"
            self._refusal = text_of(details.get("explanation")) if refuses else None
        if isinstance(usage, dict):
            # The counts are cumulative; what is missing here was in the first event.
            self._usage |= {name: value for name, value in usage.items() if value is not None}
            yield from nonzero_report(self._report())

    def _report(self) -> UsageReport:
        usage = self._usage
        cached = count_of(usage.get("cache_read_input_tokens"))
        details = as_object(usage.get("output_tokens_details"))
        return UsageReport(
            input_tokens=count_of(usage.get("input_tokens"))
            + count_of(usage.get("cache_creation_input_tokens"))
            + cached,
            output_tokens=count_of(usage.get("output_tokens")),
            reasoning_tokens=count_of(details.get("thinking_tokens")),
            cached_tokens=cached,
        )
