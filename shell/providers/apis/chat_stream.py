"""Decodes the stream of Chat Completions.

Servers differ: fields are missing, null or of another type. Unknown fields are skipped. Only an
event that is not a JSON object is an error.
"""

import json
from collections.abc import Iterator

from shell.contract import FinishReason
from shell.providers.apis.think_tags import ThinkTags
from shell.providers.base import Chunk, OutputItem, PromptProgress, TextDelta, ToolCallDelta
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.errors import from_error_object
from shell.providers.http.lenient_json import as_object, count_of, read_usage, text_of
from shell.providers.http.response import StreamingResponse

LONG_PROMPT_TOKENS = 256

_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "content_filter",
    "safety": "content_filter",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}


class ChatStream(StreamingResponse):
    """Decodes one response."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self._count = 0
        """How many calls have begun; more than there are indices where servers repeat one."""
        self._tags = ThinkTags()
        self._is_counted = False
        """Whether the server has counted the tokens, which it does at the end."""

    def end(self) -> Iterator[Chunk]:
        """Yield the last chunks, with text that was held back because it could have been a tag."""
        yield from self._split_chunks(self._tags.end())
        if self.finish is None and self.done and self._is_counted:
            # Some servers never say why, but a stream with both of its last events is complete.
            self.finish = "tool_calls" if self._calls else "stop"
        yield from super().end()

    def _decode(self, data: dict[str, object]) -> Iterator[Chunk]:
        error = data.get("error")
        if error or data.get("object") == "error":
            raise from_error_object(self._endpoint, error or data)
        choices = data.get("choices")
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            yield from self._choice(choices[0])
        usage = data.get("usage")
        if isinstance(usage, dict):
            self._is_counted = True
            yield from read_usage(usage, "prompt_tokens", "completion_tokens")
        progress = data.get("prompt_progress")
        if isinstance(progress, dict):
            yield from _reading(progress)

    def _choice(self, choice: dict[str, object]) -> Iterator[Chunk]:
        # A server that does not stream puts the whole message where a delta is expected.
        delta = choice.get("delta") or choice.get("message")
        if isinstance(delta, dict):
            content = delta.get("content")
            if isinstance(content, str):
                if self._tags.is_over:
                    if content:
                        self._answered = True
                        yield TextDelta(content)
                elif content:
                    yield from self._split_chunks(self._tags.feed(content))
            elif isinstance(content, list):
                yield from self._parts(content)
            if len(delta) > 1 or content is None:
                yield from self._other_fields(delta)
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason:
            if reason == "error":
                raise from_error_object(self._endpoint, choice.get("error"))
            self.finish = _REASONS.get(reason.lower(), "other")

    def _split_chunks(self, pieces: Iterator[tuple[bool, str]]) -> Iterator[Chunk]:
        for is_reasoning, text in pieces:
            yield from self._reasoning(text) if is_reasoning else self._text(text)

    def _other_fields(self, delta: dict[str, object]) -> Iterator[Chunk]:
        reasoning = delta.get("reasoning_content") or delta.get("reasoning")
        yield from self._reasoning(text_of(reasoning))
        yield from self._refuse(text_of(delta.get("refusal")))
        calls = delta.get("tool_calls")
        if isinstance(calls, list):
            seen: set[object] = set()
            for position, call in enumerate(calls):
                if isinstance(call, dict):
                    index = call.get("index")
                    key = index if isinstance(index, int) else position
                    yield from self._call(call, key, again=key in seen)
                    seen.add(key)

    def _parts(self, parts: list[object]) -> Iterator[Chunk]:
        """Decode content in typed parts, as some models send it."""
        for part in parts:
            if not isinstance(part, dict):
                continue
            yield from self._text(text_of(part.get("text")))
            thinking = part.get("thinking")
            for piece in thinking if isinstance(thinking, list) else [{"text": thinking}]:
                yield from self._reasoning(text_of(as_object(piece).get("text")))

    def _call(self, call: dict[str, object], key: int, *, again: bool) -> Iterator[Chunk]:
        function = as_object(call.get("function"))
        given_id, given_name = text_of(call.get("id")), text_of(function.get("name"))
        known = self._calls.get(key)
        # Some servers number every call 0. Only the first piece of a call has a name, so a name
        # with another id, or a second one in the same event, begins another call.
        is_other_call = again or (given_id != "" and known is not None and given_id != known[0])
        if known is not None and known[1] and given_name and is_other_call:
            known = None
        if known is None:
            self._count += 1
            known = (f"call-{self._count}", "")
        call_id, name = given_id or known[0], known[1] or given_name
        self._calls[key] = (call_id, name)
        arguments = function.get("arguments")
        if isinstance(arguments, dict):
            arguments = json.dumps(arguments)
        yield ToolCallDelta(call_id, name, text_of(arguments))
        extra = call.get("extra_content")
        if isinstance(extra, dict):  # Google signs its reasoning here
            yield OutputItem({"id": call_id, "extra_content": extra})


def _reading(progress: dict[str, object]) -> Iterator[PromptProgress]:
    """Report how much of a long prompt llama.cpp has read."""
    total, read = count_of(progress.get("total")), count_of(progress.get("processed"))
    if read < total and total - count_of(progress.get("cache")) >= LONG_PROMPT_TOKENS:
        yield PromptProgress("Reading the conversation…", read / total, "reading")
