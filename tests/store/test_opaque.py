"""Signed and encrypted reasoning: read from a stream, stored, and sent back byte for byte."""

import itertools
import json
from pathlib import Path

import pytest
from anthropic.types import RawMessageStreamEvent
from openai.types.chat import ChatCompletionChunk
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from shell.contract import ApprovalEvent, SendRequest
from shell.providers.apis.chat_completions import GOOGLE_CHAT
from shell.providers.apis.messages import MESSAGES
from shell.providers.apis.responses import RESPONSES
from shell.providers.base import ModelInfo, Provider
from shell.providers.http.api import Api
from shell.providers.http.provider import HttpProvider
from shell.store.database import Connection
from shell.store.exchange import archive, portable
from shell.tools.registry import FOLDER
from tests.providers.dialects import data
from tests.providers.fault_server import FaultServer, fault_server
from tests.providers.scenes import endpoint
from tests.providers.test_tool_steps import in_turn
from tests.store.desk import OWNER
from tests.store.test_steps import FILE, ToolDesk, allow, calls, last

pytestmark = pytest.mark.anyio

SIGNATURE = "ErUBCkYIBBgCIkDk/+9aF0=="
ENCRYPTED = "gAAAAABm0/+x8Zz=="
NAME, ARGUMENTS = "mine__add", '{"a": 1}'


def _message_events() -> list[bytes]:
    def event(kind: str, **fields: object) -> bytes:
        return data({"type": kind, **fields}, kind)

    blocks: list[tuple[dict[str, object], list[dict[str, object]]]] = [
        (
            {"type": "thinking", "thinking": "", "signature": ""},
            [
                {"type": "thinking_delta", "thinking": "Hm, "},
                {"type": "thinking_delta", "thinking": "größer\u2028."},
                {"type": "signature_delta", "signature": SIGNATURE},
            ],
        ),
        ({"type": "redacted_thinking", "data": ENCRYPTED}, []),
        ({"type": "text", "text": ""}, [{"type": "text_delta", "text": "Let me see."}]),
        (
            {"type": "tool_use", "id": "toolu_1", "name": NAME, "input": {}},
            [{"type": "input_json_delta", "partial_json": part} for part in ('{"a"', ": 1}")],
        ),
    ]
    message: dict[str, object] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 4, "output_tokens": 1},
    }
    frames = [event("message_start", message=message), event("ping")]
    for index, (block, deltas) in enumerate(blocks):
        frames.append(event("content_block_start", index=index, content_block=block))
        frames += [event("content_block_delta", index=index, delta=delta) for delta in deltas]
        frames.append(event("content_block_stop", index=index))
    stop = {"stop_reason": "tool_use", "stop_sequence": None}
    frames.append(event("message_delta", delta=stop, usage={"output_tokens": 40}))
    return [*frames, event("message_stop")]


MESSAGE_CONTENT = [
    {"type": "thinking", "thinking": "Hm, größer\u2028.", "signature": SIGNATURE},
    {"type": "redacted_thinking", "data": ENCRYPTED},
    {"type": "text", "text": "Let me see."},
    {"type": "tool_use", "id": "toolu_1", "name": NAME, "input": {"a": 1}},
]
ITEMS: list[dict[str, object]] = [
    {
        "id": "rs_1",
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": "Größer."}],
        "encrypted_content": ENCRYPTED,
        "status": None,
    },
    {
        "id": "fc_1",
        "type": "function_call",
        "status": "completed",
        "arguments": ARGUMENTS,
        "call_id": "call_1",
        "name": NAME,
    },
]
EXTRA = {"google": {"thought_signature": SIGNATURE}}


def _response_events() -> list[bytes]:
    numbers = itertools.count()

    def event(kind: str, **fields: object) -> bytes:
        numbered = {"sequence_number": next(numbers), **fields}
        return data({"type": f"response.{kind}", **numbered}, f"response.{kind}")

    response = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_790_000_000,
        "model": "m",
        "status": "in_progress",
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    usage = {
        "input_tokens": 4,
        "output_tokens": 40,
        "total_tokens": 44,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 30},
    }
    completed = {**response, "status": "completed", "output": ITEMS, "usage": usage}
    begun = {**ITEMS[1], "arguments": "", "status": "in_progress"}
    thought = {"item_id": "rs_1", "output_index": 0, "summary_index": 0}
    part = {"type": "summary_text", "text": "Größer."}
    called = {"item_id": "fc_1", "output_index": 1}
    return [
        event("created", response=response),
        event("in_progress", response=response),
        event("output_item.added", output_index=0, item={**ITEMS[0], "summary": []}),
        event("reasoning_summary_part.added", **thought, part={**part, "text": ""}),
        event("reasoning_summary_text.delta", **thought, delta="Größer."),
        event("reasoning_summary_text.done", **thought, text="Größer."),
        event("reasoning_summary_part.done", **thought, part=part),
        event("output_item.done", output_index=0, item=ITEMS[0]),
        event("output_item.added", output_index=1, item=begun),
        event("function_call_arguments.delta", **called, delta=ARGUMENTS),
        event("function_call_arguments.done", **called, name=NAME, arguments=ARGUMENTS),
        event("output_item.done", output_index=1, item=ITEMS[1]),
        event("completed", response=completed),
    ]


def _google_events() -> list[bytes]:
    call = {
        "index": 0,
        "id": "function-call-1",
        "type": "function",
        "extra_content": EXTRA,
        "function": {"name": NAME, "arguments": ARGUMENTS},
    }
    choice = {"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"}
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1_790_000_000, "model": "m"}
    return [data({**chunk, "choices": [choice]}), b"data: [DONE]\n\n"]


RECORDED: dict[str, tuple[Api, list[bytes], str, object]] = {
    "messages": (MESSAGES, _message_events(), "messages", MESSAGE_CONTENT),
    "responses": (RESPONSES, _response_events(), "input", ITEMS),
    "google": (GOOGLE_CHAT, _google_events(), "messages", EXTRA),
}


SHAPES: dict[str, TypeAdapter[object]] = {
    "messages": TypeAdapter(RawMessageStreamEvent),
    "responses": TypeAdapter(ResponseStreamEvent),
    "google": TypeAdapter(ChatCompletionChunk),
}


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_stream_has_the_shape_that_the_makers_own_client_knows(name: str) -> None:
    for frame in RECORDED[name][1]:
        event = frame.partition(b"data: ")[2].strip()
        # Their clients skip these two.
        if event != b"[DONE]" and b'"type": "ping"' not in event:
            SHAPES[name].validate_json(event)


class ServedDesk(ToolDesk):
    """A desk whose provider is a server."""

    def __init__(self, folder: Path, api: Api, server: FaultServer) -> None:
        super().__init__(folder)
        reasoning = "default" if api is RESPONSES else None
        self.served: Provider = HttpProvider(
            api,
            endpoint(server.url, id="test"),
            "m",
            lambda model_id: ModelInfo(model_id, tools=True, reasoning=reasoning),
        )

    def resolve(self, provider_id: str) -> Provider:
        return self.served if provider_id == "test" else super().resolve(provider_id)

    async def close(self) -> None:
        await super().close()
        await self.served.close()


@pytest.mark.parametrize("name", RECORDED)
async def test_opaque_reasoning_goes_back_as_it_came_after_the_program_has_ended(
    tmp_path: Path, name: str
) -> None:
    api, frames, place, wanted = RECORDED[name]
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "mine.py").write_text(FILE, "utf-8")
    async with fault_server(in_turn(frames, frames)) as server:
        desk = ServedDesk(tmp_path, api, server)
        talk = await desk.begin()
        request = SendRequest(
            conversation_id=talk, content="Add.", tools=["add"], provider_id="test", model_id="m"
        )
        begun = await desk.answers.send(OWNER, request)
        async for event in begun.log.follow():
            if isinstance(event, ApprovalEvent):
                break
        await desk.close()
        again = ServedDesk(tmp_path, api, server)
        answer = await last(again, talk)
        (call,) = calls(answer)
        _, resumed = await again.answers.decide(
            OWNER, allow(answer, call, provider_id="test", model_id="m", tools=["add"])
        )
        assert resumed is not None
        async for event in resumed.log.follow():
            if isinstance(event, ApprovalEvent):
                break
        exported = await again.store.read(talk, _export)
        await again.close()
    sent = server.requests[1].json[place]
    assert isinstance(sent, list)
    text = json.dumps(sent)
    assert json.dumps(wanted)[1:-1] in text, "in the same order, with nothing added or left out"
    assert "3" in json.dumps(sent[-1]), "the result follows"
    page = answer.model_dump_json(by_alias=True)
    for secret in (SIGNATURE, ENCRYPTED):
        assert secret not in page
        assert secret not in exported


def _export(connection: Connection) -> str:
    numbers = portable.numbers(connection)
    return "".join(
        archive.write(portable.read_conversation(connection, number) for number in numbers)
    )
