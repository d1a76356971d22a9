"""Tests what only the Messages API has."""

import base64
import json

import pytest

from shell.contract import FilePart, ImagePart, Message, TextPart
from shell.providers.apis.messages_stream import MessagesStream
from shell.providers.base import ModelInfo, OutputItem, ToolCallDelta
from shell.providers.http.provider import HttpProvider
from shell.providers.http.sse import ServerEvent
from tests.providers.collect import a_request, ask
from tests.providers.dialects import Messages
from tests.providers.fault_server import fault_server
from tests.providers.scenes import MESSAGES, endpoint, streaming
from tests.providers.splits import ENDPOINT

pytestmark = pytest.mark.anyio

DIALECT = Messages()
FINE = streaming(*DIALECT.begin(), *DIALECT.text("ok"), *DIALECT.finish())


@pytest.mark.shows("D16", "D45")
async def test_the_body_of_a_request() -> None:
    image = ImagePart(media_type="image/png", data="AAAA")
    pdf = FilePart(name="a.pdf", media_type="application/pdf", data="BBBB")
    words = base64.b64encode("Grüße".encode()).decode()
    note = FilePart(name="a.md", media_type="text/markdown", data=words)
    messages = [
        Message(role="system", content="Be brief."),
        Message(role="system", content="Be kind."),
        Message(role="user", content="Hi."),
        Message(role="assistant", content="Hello."),
        Message(role="user", content=[TextPart(text="See."), image, pdf, note]),
    ]
    async with MESSAGES.serving(FINE) as (provider, server):
        await ask(provider, a_request(provider, *messages, temperature=0.5, max_tokens=9))
    document = {"type": "base64", "media_type": "application/pdf", "data": "BBBB"}
    plain = {"type": "text", "media_type": "text/plain", "data": "Grüße"}
    assert server.requests[0].json == {
        "model": "model-a",
        "system": "Be brief.\n\nBe kind.",
        "messages": [
            {"role": "user", "content": "Hi."},
            {"role": "assistant", "content": "Hello."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "See."},
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"},
                    },
                    {"type": "document", "title": "a.pdf", "source": document},
                    {"type": "document", "title": "a.md", "source": plain},
                ],
            },
        ],
        "stream": True,
        "temperature": 0.5,
        "max_tokens": 9,
    }


@pytest.mark.shows("D46")
@pytest.mark.parametrize(
    ("info", "expected"),
    [
        (ModelInfo("m"), {"max_tokens": 8_192, "temperature": 0.5}),
        (ModelInfo("m", max_output_tokens=4_096), {"max_tokens": 4_096, "temperature": 0.5}),
        (ModelInfo("m", max_output_tokens=128_000), {"max_tokens": 32_000, "temperature": 0.5}),
        (
            ModelInfo("m", max_output_tokens=64_000, reasoning="adaptive"),
            {"max_tokens": 32_000, "thinking": {"type": "adaptive", "display": "summarized"}},
        ),
        (
            ModelInfo("m", max_output_tokens=64_000, reasoning="budget"),
            {"max_tokens": 32_000, "thinking": {"type": "enabled", "budget_tokens": 4_096}},
        ),
        (
            ModelInfo("m", max_output_tokens=2_000, reasoning="budget"),
            {"max_tokens": 2_000, "temperature": 0.5},
        ),
    ],
)
async def test_what_is_asked_of_a_model(info: ModelInfo, expected: dict[str, object]) -> None:
    async with fault_server(FINE) as server:
        provider = HttpProvider(MESSAGES.api, endpoint(server.url), "m", lambda _: info)
        await ask(provider, a_request(provider, "hi", temperature=0.5))
        await provider.close()
    body = server.requests[0].json
    checked_fields = {"max_tokens", "temperature", "thinking"}
    assert {name: value for name, value in body.items() if name in checked_fields} == expected


@pytest.mark.parametrize(
    "text", ['{"a": NaN}', '{"a": 1e999}', '{"a":' * 100 + "1" + "}" * 100, "[1]"]
)
def test_the_input_of_a_call_that_is_refused_goes_back_empty(text: str) -> None:
    block = {"type": "tool_use", "id": "c", "name": "echo", "input": {}}
    stream = MessagesStream(ENDPOINT)
    events = [
        {"type": "content_block_start", "index": 0, "content_block": block},
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "input_json_delta", "partial_json": text},
        },
        {"type": "content_block_stop", "index": 0},
    ]
    chunks = [c for event in events for c in stream.take(ServerEvent("", json.dumps(event)))]
    assert [c.value for c in chunks if isinstance(c, OutputItem)] == [block]
    assert "".join(c.arguments for c in chunks if isinstance(c, ToolCallDelta)) == text
