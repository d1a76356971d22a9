"""Recorded streams with tools and reasoning, read by our code and by the vendors' libraries."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import anthropic
import openai
import pytest

from shell.contract import Message
from shell.errors import ErrorCode
from shell.providers.base import (
    AnsweredCall,
    ModelInfo,
    ModelStep,
    OutputItem,
    ProviderRequest,
    ToolSpec,
)
from shell.providers.http.provider import HttpProvider
from tests.providers.collect import Answer, ask
from tests.providers.fault_server import Exchange, FaultServer, Scene
from tests.providers.scenes import CHAT, MESSAGES, RESPONSES, Api

pytestmark = pytest.mark.anyio

FOLDER = Path(__file__).with_name("recorded")
APIS = {"chat": CHAT, "messages": MESSAGES, "responses": RESPONSES}
FAILED = {"chat-groq-error", "chat-openrouter-error"}
"""Streams that end with an error of the service."""
NAMES = sorted(path.stem for path in FOLDER.glob("*.sse"))


@dataclass
class Content:
    """The content of an answer."""

    text: str = ""
    reasoning: str = ""
    calls: dict[object, list[str]] = field(default_factory=dict)
    """Name and arguments of each call, in the order of the model."""
    output: list[dict[str, object]] = field(default_factory=list)
    """The items that the next request returns unchanged."""

    @property
    def parsed_calls(self) -> list[tuple[str, object]]:
        return [(name, json.loads(words or "{}")) for name, words in self.calls.values()]


def api_of(name: str) -> Api:
    return APIS[name.partition("-")[0]]


def playing(name: str, size: int) -> Scene:
    """A server that sends a recording in pieces of `size` bytes."""
    recorded = (FOLDER / f"{name}.sse").read_bytes()
    pieces = [recorded[at : at + size] for at in range(0, len(recorded), size)]

    async def scene(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.send(*pieces)
        await exchange.end()

    return scene


def content_of_answer(answer: Answer) -> Content:
    content = Content(answer.text, answer.reasoning)
    for call in answer.calls:
        content.calls.setdefault(call.id, [call.name, ""])[1] += call.arguments
    content.output = [dict(c.value) for c in answer.chunks if isinstance(c, OutputItem)]
    return content


async def by_sdk(name: str, server: FaultServer) -> Content:
    """The content that the vendor's own library reads."""
    kind = name.partition("-")[0]
    if kind == "messages":
        return await by_anthropic(server)
    return await (by_chat(server) if kind == "chat" else by_responses(server))


async def by_anthropic(server: FaultServer) -> Content:
    content = Content()
    async with anthropic.AsyncAnthropic(api_key="k", base_url=server.url, max_retries=0) as client:
        message = {"role": "user", "content": "hi"}
        async with client.messages.stream(
            model="m",
            max_tokens=9,
            messages=[message],  # type: ignore[list-item]
        ) as stream:
            final = await stream.get_final_message()
    for block in final.content:
        fields = block.model_dump(mode="json", exclude_unset=True)
        content.output.append(fields)
        content.text += str(fields["text"]) if block.type == "text" else ""
        content.reasoning += str(fields["thinking"]) if block.type == "thinking" else ""
        if block.type == "tool_use":
            content.calls[block.id] = [block.name, json.dumps(block.input)]
    return content


async def by_chat(server: FaultServer) -> Content:
    content = Content()
    async with openai.AsyncOpenAI(api_key="k", base_url=f"{server.url}/v1", max_retries=0) as gpt:
        stream = await gpt.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "hi"}], stream=True
        )
        async for chunk in stream:
            for delta in [choice.delta for choice in chunk.choices]:
                content.text += delta.content or ""
                extra = delta.model_extra or {}
                thought = extra.get("reasoning_content") or extra.get("reasoning")
                content.reasoning += str(thought or "")
                for call in delta.tool_calls or []:
                    call_parts = content.calls.setdefault(call.index, ["", ""])
                    assert call.function is not None
                    call_parts[0] += call.function.name or ""
                    call_parts[1] += call.function.arguments or ""
    return content


async def by_responses(server: FaultServer) -> Content:
    content = Content()
    async with openai.AsyncOpenAI(api_key="k", base_url=f"{server.url}/v1", max_retries=0) as gpt:
        async for event in await gpt.responses.create(model="m", input="hi", stream=True):
            if event.type == "response.output_text.delta":
                content.text += event.delta
            elif event.type == "response.output_item.done":
                content.output.append(event.item.model_dump(mode="json", exclude_unset=True))
                if event.item.type == "function_call":
                    call = [event.item.name, event.item.arguments]
                    content.calls[event.item.call_id] = call
    return content


@pytest.mark.parametrize("size", [1, 7, 1_000, 1_000_000])
@pytest.mark.parametrize("name", [name for name in NAMES if name not in FAILED])
async def test_a_recorded_answer_is_read_as_the_vendor_reads_it(name: str, size: int) -> None:
    async with api_of(name).serving(playing(name, size)) as (provider, server):
        answer = await ask(provider, "hi")
        sdk_content = await by_sdk(name, server)
    assert answer.error is None
    content = content_of_answer(answer)
    assert (content.text, content.parsed_calls) == (sdk_content.text, sdk_content.parsed_calls)
    assert answer.finish == ("tool_calls" if sdk_content.calls else "stop")
    assert answer.usage is not None
    assert answer.usage.output_tokens > 0
    if not name.startswith("responses"):
        assert content.reasoning == sdk_content.reasoning


@pytest.mark.parametrize(
    "name", [name for name in NAMES if not name.startswith("chat") and name not in FAILED]
)
async def test_signed_reasoning_and_calls_go_back_unchanged(name: str) -> None:
    async with api_of(name).serving(playing(name, 1_000)) as (provider, server):
        assert isinstance(provider, HttpProvider)
        content = content_of_answer(await ask(provider, "hi"))
        sdk_content = await by_sdk(name, server)
        signed_types = {"thinking", "redacted_thinking", "tool_use", "reasoning", "function_call"}
        signed = [item for item in content.output if item["type"] in signed_types]
        assert signed == [item for item in sdk_content.output if item["type"] in signed_types]
        body = provider.body(second_step(provider, content))
    written = body["messages"] if "messages" in body else body["input"]
    body_objects = list(objects(written))
    assert [item for item in signed if item not in body_objects] == []


def second_step(provider: HttpProvider, content: Content) -> ProviderRequest:
    """The request after the tools have answered."""
    calls = tuple(
        AnsweredCall(str(call_id), name, words, "Done.")
        for call_id, (name, words) in content.calls.items()
    )
    step = ModelStep(content.text, calls, tuple(content.output), provider.id, "model-a")
    return ProviderRequest(
        model=ModelInfo("model-a"),
        messages=[Message(role="user", content="hi"), step],
        tools=(ToolSpec("look", "", {"type": "object"}),),
        provider_id=provider.id,
    )


def objects(value: object) -> list[Mapping[str, object]]:
    """Every object in a body."""
    if isinstance(value, dict):
        return [value, *(inner for each in value.values() for inner in objects(each))]
    if isinstance(value, list):
        return [inner for each in value for inner in objects(each)]
    return []


async def test_a_recorded_error_is_an_error() -> None:
    async with CHAT.serving(playing("chat-groq-error", 1_000)) as (provider, _):
        answer = await ask(provider, "hi")
    assert answer.error is not None
    assert answer.error.code is ErrorCode.INVALID_REQUEST
    assert answer.reasoning


async def test_an_error_after_the_finish_reason_does_no_harm() -> None:
    async with CHAT.serving(playing("chat-openrouter-error", 1_000)) as (provider, _):
        answer = await ask(provider, "hi")
    assert answer.error is None
    assert answer.finish == "length"
    assert answer.reasoning
