"""Tests what only Chat Completions has, and the differences between the servers that speak it."""

import json

import pytest

from shell.contract import FilePart, ImagePart, Message, TextPart
from shell.errors import ErrorCode
from shell.providers.apis.chat_completions import CHAT_COMPLETIONS, OPENAI_CHAT
from shell.providers.apis.chat_stream import ChatStream
from shell.providers.apis.think_tags import ThinkTags
from shell.providers.base import ModelInfo, ToolCallDelta
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.provider import HttpProvider
from shell.providers.http.sse import ServerEvent
from tests.providers.collect import a_request, ask
from tests.providers.dialects import Chat
from tests.providers.fault_server import fault_server
from tests.providers.scenes import CHAT, answering, endpoint, streaming

pytestmark = pytest.mark.anyio

DIALECT = Chat()
FINE = streaming(*DIALECT.text("ok"), *DIALECT.finish())


async def test_the_body_of_a_request() -> None:
    async with CHAT.serving(FINE) as (provider, server):
        image = ImagePart(media_type="image/png", data="AAAA")
        file = FilePart(name="a.pdf", media_type="application/pdf", data="BBBB")
        messages = [
            Message(role="system", content="Be brief."),
            Message(role="user", content=[TextPart(text="What "), TextPart(text="now?")]),
            Message(role="user", content=[TextPart(text="See."), image, file]),
        ]
        await ask(provider, a_request(provider, *messages, temperature=0.0, max_tokens=9))
    data = "data:application/pdf;base64,BBBB"
    assert server.requests[0].json == {
        "model": "model-a",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "What now?"},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "See."},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                    {"type": "file", "file": {"filename": "a.pdf", "file_data": data}},
                ],
            },
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.0,
        "max_tokens": 9,
    }


async def test_max_completion_tokens_where_the_endpoint_wants_it() -> None:
    async with fault_server(FINE) as server:
        provider = HttpProvider(OPENAI_CHAT, endpoint(f"{server.url}/v1"), "model-a")
        await ask(provider, a_request(provider, "hi", max_tokens=9))
        await provider.close()
    body = server.requests[0].json
    assert body["max_completion_tokens"] == 9
    assert {"max_tokens", "temperature"} & set(body) == set()


async def test_reasoning_by_its_other_name() -> None:
    frame = DIALECT.reasoning("Hm, ")[0].replace(b"reasoning_content", b"reasoning")
    answer = await CHAT.run(streaming(frame, frame, *DIALECT.text("yes"), *DIALECT.finish()))
    assert (answer.reasoning, answer.text) == ("Hm, Hm, ", "yes")


async def test_content_in_typed_parts() -> None:
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
        {"type": "text", "text": "Yes."},
        None,
        {"type": "text", "text": None},
    ]
    answer = await CHAT.run(streaming(DIALECT._event({"content": parts}), *DIALECT.finish()))
    assert (answer.reasoning, answer.text) == ("Hm.", "Yes.")


@pytest.mark.parametrize(
    ("text", "reasoning", "answer"),
    [
        ("<think>Hm.</think>\n\nYes.", "Hm.", "Yes."),
        ("\n<think>\nHm. < 3</think>Yes.", "\nHm. < 3", "Yes."),
        ("<thought>Hm.</thought>Yes.", "Hm.", "Yes."),
        ("<think></think>Yes.", "", "Yes."),
        ("<think>never ends", "never ends", ""),
        ("<think>cut </thi", "cut </thi", ""),
        ("<th", "", "<th"),
        ("<html> is a tag", "", "<html> is a tag"),
        ("Say <think>x</think>.", "", "Say <think>x</think>."),
        ("  indented", "", "  indented"),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 1_000])
async def test_reasoning_between_tags(text: str, reasoning: str, answer: str, size: int) -> None:
    frames = [DIALECT.text(text[i : i + size])[0] for i in range(0, len(text), size)]
    result = await CHAT.run(streaming(*frames, *DIALECT.finish()))
    assert (result.reasoning, result.text) == (reasoning, answer)


def test_text_passes_through_once_the_beginning_is_clear() -> None:
    tags = ThinkTags()
    assert list(tags.feed("Hello")) == [(False, "Hello")]
    assert tags.is_over


async def test_googles_error_in_a_list() -> None:
    fault = {
        "error": {
            "code": 400,
            "message": "API key not valid.",
            "status": "INVALID_ARGUMENT",
            "details": [{"@type": "ErrorInfo", "reason": "API_KEY_INVALID"}],
        }
    }
    answer = await CHAT.run(answering(400, [fault]))
    assert answer.error is not None
    assert answer.error.code is ErrorCode.API_KEY_ERROR
    assert answer.error.message == "Test: API key not valid."


async def test_googles_retry_delay() -> None:
    details = [{"@type": "RetryInfo", "retryDelay": "34.5s"}]
    fault: dict[str, object] = {"error": {"status": "RESOURCE_EXHAUSTED", "details": details}}
    answer = await CHAT.run(answering(429, fault))
    assert answer.error is not None
    assert (answer.error.code, answer.error.retry_after_ms) == (ErrorCode.RATE_LIMIT, 34_500)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b'data: {"error": {"code": 429, "message": "slow"}}\n\n', ErrorCode.RATE_LIMIT),
        (b'data: {"error": "it broke"}\n\n', ErrorCode.SERVER_ERROR),
        (b'data: {"object": "error", "code": 404, "message": "x"}\n\n', ErrorCode.MODEL_NOT_FOUND),
        (
            b'data: {"error": {"code": 502}, "choices": [{"finish_reason": "error"}]}\n\n',
            ErrorCode.SERVER_ERROR,
        ),
        (b'data: {"choices": [{"finish_reason": "error"}]}\n\n', ErrorCode.SERVER_ERROR),
    ],
)
async def test_errors_of_other_servers(frame: bytes, code: ErrorCode) -> None:
    answer = await CHAT.run(streaming(frame))
    assert answer.error is not None
    assert answer.error.code is code


async def test_a_login_page_that_claims_to_be_json() -> None:
    answer = await CHAT.run(answering(200, b"<html>Please log in</html>"))
    assert answer.error is not None
    assert answer.error.code is ErrorCode.PROTOCOL_ERROR


def test_what_a_model_takes_is_asked_of_the_table() -> None:
    info = ModelInfo(id="model-a", context_tokens=77)
    provider = HttpProvider(
        CHAT_COMPLETIONS, endpoint("http://127.0.0.1:1"), "model-a", lambda _: info
    )
    assert provider.model("model-a") is info


def calls_of(*deltas: list[dict[str, object]]) -> list[ToolCallDelta]:
    stream = ChatStream(Endpoint("x", "X", "http://127.0.0.1/v1"))
    events = [json.dumps({"choices": [{"delta": {"tool_calls": delta}}]}) for delta in deltas]
    chunks = [chunk for event in events for chunk in stream.take(ServerEvent("", event))]
    return [chunk for chunk in chunks if isinstance(chunk, ToolCallDelta)]


def call(call_id: str | None, name: str | None, arguments: str) -> dict[str, object]:
    return {"index": 0, "id": call_id, "function": {"name": name, "arguments": arguments}}


def test_parallel_calls_that_are_all_numbered_0_stay_apart() -> None:
    deltas = calls_of([call("a", "one", "{")], [call(None, None, "}")], [call("b", "two", "{}")])
    assert deltas == [
        ToolCallDelta("a", "one", "{"),
        ToolCallDelta("a", "one", "}"),
        ToolCallDelta("b", "two", "{}"),
    ]
    deltas = calls_of([call(None, "one", "1"), call(None, "two", "2")], [call(None, None, "3")])
    assert [(c.id, c.name) for c in deltas] == [
        ("call-1", "one"),
        ("call-2", "two"),
        ("call-2", "two"),
    ]


def test_a_name_that_every_piece_repeats_begins_no_other_call() -> None:
    deltas = calls_of([call("a", "one", "{")], [call("a", "one", "}")], [call(None, "one", "")])
    assert {(c.id, c.name) for c in deltas} == {("a", "one")}
