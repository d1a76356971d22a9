"""The same small answers in the wire format of each API."""

import json
from dataclasses import dataclass
from typing import Protocol

from shell.contract import FinishReason
from shell.providers.base import UsageReport

Frames = list[bytes]


class Dialect(Protocol):
    """The wire format of one API."""

    name: str
    path: str

    def begin(self) -> Frames: ...
    def text(self, piece: str) -> Frames: ...
    def reasoning(self, piece: str) -> Frames: ...
    def call(self) -> Frames: ...
    def refusal(self, text: str) -> Frames:
        """A refusal of the model, which ends the stream."""
        ...

    def finish(self, reason: str = "stop") -> Frames:
        """The end, with `USAGE`."""
        ...

    def error(self, kind: str, message: str = "no") -> dict[str, object]:
        """The body of an error answer."""
        ...

    def failure(self, kind: str) -> Frames:
        """An error in the middle of a stream."""
        ...

    def whole(self, text: str) -> dict[str, object]:
        """An answer of a server that does not stream."""
        ...

    def finish_of(self, reason: FinishReason) -> str:
        """The API's word for a finish reason."""
        ...


def data(value: object, name: str = "") -> bytes:
    """One event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(value)}\n\n".encode()


USAGE = UsageReport(7, 5, reasoning_tokens=2, cached_tokens=3)
"""The usage that every dialect's finish reports."""


def chunked(piece: str) -> list[str]:
    """A text in two pieces."""
    half = len(piece) // 2
    return [piece[:half], piece[half:]]


ARGUMENTS = '{"at": "sea"}'
"""The arguments of every dialect's call, which is for the tool `look` and has the id `call-7`."""


@dataclass
class Chat:
    """Chat Completions."""

    name: str = "chat"
    path: str = "/v1/chat/completions"

    def _event(self, delta: dict[str, object], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return data({"object": "chat.completion.chunk", "choices": [choice]})

    def begin(self) -> Frames:
        return [self._event({"role": "assistant", "content": None})]

    def text(self, piece: str) -> Frames:
        return [self._event({"content": piece})]

    def reasoning(self, piece: str) -> Frames:
        return [self._event({"reasoning_content": piece})]

    def call(self) -> Frames:
        first = {"index": 0, "id": "call-7", "function": {"name": "look", "arguments": ""}}
        parts = [{"index": 0, "function": {"arguments": part}} for part in chunked(ARGUMENTS)]
        return [self._event({"tool_calls": [part]}) for part in (first, *parts)]

    def refusal(self, text: str) -> Frames:
        return [self._event({"refusal": text}), *self.finish()]

    def finish(self, reason: str = "stop") -> Frames:
        usage = {
            "prompt_tokens": 7,
            "completion_tokens": 5,
            "prompt_tokens_details": {"cached_tokens": 3},
            "completion_tokens_details": {"reasoning_tokens": 2},
        }
        return [
            self._event({}, reason),
            data({"object": "chat.completion.chunk", "choices": [], "usage": usage}),
            b"data: [DONE]\n\n",
        ]

    def error(self, kind: str, message: str = "no") -> dict[str, object]:
        return {"error": {"message": message, "type": kind, "code": None, "param": None}}

    def failure(self, kind: str) -> Frames:
        return [data(self.error(kind))]

    def whole(self, text: str) -> dict[str, object]:
        message = {"role": "assistant", "content": text}
        return {"choices": [{"message": message, "finish_reason": "stop"}]}

    def finish_of(self, reason: FinishReason) -> str:
        return reason


@dataclass
class Messages:
    """Anthropic's Messages."""

    name: str = "messages"
    path: str = "/v1/messages"

    def _event(self, kind: str, **fields: object) -> bytes:
        return data({"type": kind, **fields}, kind)

    def _block(self, index: int, block: object, *deltas: object) -> Frames:
        return [
            self._event("content_block_start", index=index, content_block=block),
            *(self._event("content_block_delta", index=index, delta=delta) for delta in deltas),
            self._event("content_block_stop", index=index),
        ]

    def begin(self) -> Frames:
        usage = {"input_tokens": 4, "cache_read_input_tokens": 3, "output_tokens": 1}
        message = {"type": "message", "role": "assistant", "content": [], "usage": usage}
        return [self._event("message_start", message=message), self._event("ping")]

    def text(self, piece: str) -> Frames:
        delta = {"type": "text_delta", "text": piece}
        return self._block(0, {"type": "text", "text": ""}, delta)

    def reasoning(self, piece: str) -> Frames:
        delta = {"type": "thinking_delta", "thinking": piece}
        signature = {"type": "signature_delta", "signature": "c2ln"}
        return self._block(0, {"type": "thinking", "thinking": ""}, delta, signature)

    def call(self) -> Frames:
        block = {"type": "tool_use", "id": "call-7", "name": "look", "input": {}}
        deltas = [{"type": "input_json_delta", "partial_json": p} for p in chunked(ARGUMENTS)]
        return self._block(1, block, *deltas)

    def refusal(self, text: str) -> Frames:
        details = {"type": "refusal", "explanation": text}
        return self._finish({"stop_reason": "refusal", "stop_details": details})

    def _finish(self, delta: dict[str, object]) -> Frames:
        usage = {
            "input_tokens": None,
            "output_tokens": 5,
            "output_tokens_details": {"thinking_tokens": 2},
        }
        return [self._event("message_delta", delta=delta, usage=usage), self._event("message_stop")]

    def finish(self, reason: str = "end_turn") -> Frames:
        return self._finish({"stop_reason": reason, "stop_sequence": None})

    def error(self, kind: str, message: str = "no") -> dict[str, object]:
        return {"type": "error", "error": {"type": kind, "message": message}}

    def failure(self, kind: str) -> Frames:
        return [data(self.error(kind), "error")]

    def whole(self, text: str) -> dict[str, object]:
        content = [{"type": "text", "text": text}]
        return {"type": "message", "content": content, "stop_reason": "end_turn"}

    def finish_of(self, reason: FinishReason) -> str:
        words = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}
        return words.get(reason, "pause_turn")


@dataclass
class Responses:
    """OpenAI's Responses."""

    name: str = "responses"
    path: str = "/v1/responses"

    def _event(self, kind: str, **fields: object) -> bytes:
        return data({"type": f"response.{kind}", **fields}, f"response.{kind}")

    def begin(self) -> Frames:
        return [self._event("created", response={"object": "response", "status": "in_progress"})]

    def text(self, piece: str) -> Frames:
        return [self._event("output_text.delta", output_index=0, delta=piece)]

    def reasoning(self, piece: str) -> Frames:
        return [self._event("reasoning_summary_text.delta", output_index=0, delta=piece)]

    def call(self) -> Frames:
        item = {"type": "function_call", "call_id": "call-7", "name": "look", "arguments": ""}
        return [
            self._event("output_item.added", output_index=1, item=item),
            *(
                self._event("function_call_arguments.delta", output_index=1, delta=part)
                for part in chunked(ARGUMENTS)
            ),
        ]

    def refusal(self, text: str) -> Frames:
        return [self._event("refusal.delta", output_index=0, delta=text), *self.finish()]

    def finish(self, reason: str = "completed") -> Frames:
        usage = {
            "input_tokens": 7,
            "output_tokens": 5,
            "input_tokens_details": {"cached_tokens": 3},
            "output_tokens_details": {"reasoning_tokens": 2},
        }
        response: dict[str, object] = {"object": "response", "status": reason, "usage": usage}
        if reason != "completed":
            response["incomplete_details"] = {"reason": reason}
            response["status"] = "incomplete"
        return [self._event(str(response["status"]), response=response)]

    def error(self, kind: str, message: str = "no") -> dict[str, object]:
        return {"error": {"message": message, "type": kind, "code": None, "param": None}}

    def failure(self, kind: str) -> Frames:
        return [data({"type": "error", "code": kind, "message": "no"}, "error")]

    def whole(self, text: str) -> dict[str, object]:
        content = [{"type": "output_text", "text": text}]
        output = [{"type": "reasoning", "summary": []}, {"type": "message", "content": content}]
        return {"object": "response", "status": "completed", "output": output, "error": None}

    def finish_of(self, reason: FinishReason) -> str:
        words = {"stop": "completed", "length": "max_output_tokens"}
        return words.get(reason, "content_filter" if reason == "content_filter" else "?")
