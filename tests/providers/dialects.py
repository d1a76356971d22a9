"""Dialects: the same small answers in the words of each API."""

import json
from dataclasses import dataclass
from typing import Protocol

Frames = list[bytes]


class Dialect(Protocol):
    """How one API says things in its stream."""

    name: str
    path: str

    def begin(self) -> Frames: ...
    def text(self, piece: str) -> Frames: ...
    def reasoning(self, piece: str) -> Frames: ...
    def call(self) -> Frames: ...
    def refusal(self, text: str) -> Frames: ...
    def finish(self, reason: str = "stop") -> Frames: ...
    def error(self, status: int) -> dict[str, object]: ...
    def failure(self) -> Frames: ...


def data(value: object, name: str = "") -> bytes:
    """One event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(value)}\n\n".encode()


USAGE = {"input": 7, "output": 5, "reasoning": 2, "cached": 3}
"""What every dialect's finish reports."""


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
        rest = [{"index": 0, "function": {"arguments": part}} for part in ('{"at":', ' "sea"}')]
        return [self._event({"tool_calls": [part]}) for part in (first, *rest)]

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

    def error(self, status: int) -> dict[str, object]:
        return {"error": {"message": f"no ({status})", "type": "some_error", "code": None}}

    def failure(self) -> Frames:
        return [data({"error": {"message": "overloaded", "type": "overloaded_error"}})]
