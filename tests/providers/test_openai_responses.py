"""Tests what only the Responses API has."""

import pytest

from shell.contract import ImagePart, Message, TextPart
from shell.errors import ErrorCode
from shell.providers.base import ModelInfo
from shell.providers.http.provider import HttpProvider
from tests.providers.collect import a_request, ask
from tests.providers.dialects import Responses, data
from tests.providers.fault_server import Exchange, fault_server
from tests.providers.scenes import RESPONSES, endpoint, streaming

pytestmark = pytest.mark.anyio

DIALECT = Responses()
FINE = streaming(*DIALECT.begin(), *DIALECT.text("ok"), *DIALECT.finish())


async def test_the_body_of_a_request() -> None:
    image = ImagePart(media_type="image/png", data="AAAA")
    messages = [
        Message(role="system", content="Be brief."),
        Message(role="user", content="Hi."),
        Message(role="assistant", content=[TextPart(text="Hello.")]),
        Message(role="user", content=[TextPart(text="See."), image]),
    ]
    async with RESPONSES.serving(FINE) as (provider, server):
        await ask(provider, a_request(provider, *messages, temperature=0.5, max_tokens=9))
    assert server.requests[0].json == {
        "model": "model-a",
        "input": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi."},
            {"role": "assistant", "content": "Hello."},
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "See."},
                    {
                        "type": "input_image",
                        "image_url": "data:image/png;base64,AAAA",
                        "detail": "auto",
                    },
                ],
            },
        ],
        "stream": True,
        "store": False,
        "temperature": 0.5,
        "max_output_tokens": 9,
    }


@pytest.mark.parametrize(
    ("reasoning", "expected"),
    [
        (None, None),
        ("default", {"summary": "auto"}),
        ("high", {"summary": "auto", "effort": "high"}),
    ],
)
async def test_reasoning_is_asked_for(reasoning: str | None, expected: object) -> None:
    info = ModelInfo("m", reasoning=reasoning)
    async with fault_server(FINE) as server:
        provider = HttpProvider(RESPONSES.api, endpoint(f"{server.url}/v1"), "m", lambda _: info)
        await ask(provider, "hi")
        await provider.close()
    assert server.requests[0].json.get("reasoning") == expected


async def test_an_account_that_may_not_see_summaries_is_asked_without() -> None:
    async def scene(exchange: Exchange) -> None:
        if "reasoning" in exchange.request.json:
            fault = {"type": "invalid_request_error", "param": "reasoning.summary", "message": "no"}
            await exchange.answer(400, {"error": fault})
        else:
            await FINE(exchange)

    info = ModelInfo("m", reasoning="default")
    async with fault_server(scene) as server:
        provider = HttpProvider(RESPONSES.api, endpoint(f"{server.url}/v1"), "m", lambda _: info)
        assert (await ask(provider, "hi")).text == "ok"
        assert (await ask(provider, "hi")).text == "ok"
        await provider.close()
    assert ["reasoning" in request.json for request in server.requests] == [True, False, False]


async def test_the_parts_of_a_summary_are_paragraphs() -> None:
    part = data({"type": "response.reasoning_summary_part.added", "summary_index": 0})
    thoughts = [part, *DIALECT.reasoning("One."), part, *DIALECT.reasoning("Two.")]
    answer = await RESPONSES.run(streaming(*thoughts, *DIALECT.text("ok"), *DIALECT.finish()))
    assert answer.reasoning == "One.\n\nTwo."


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": "server_error", "message": "no"}, ErrorCode.SERVER_ERROR),
        ({"code": "rate_limit_exceeded", "message": "no"}, ErrorCode.RATE_LIMIT),
        ({"code": "invalid_prompt", "message": "no"}, ErrorCode.CONTENT_FILTER),
        ({"code": "invalid_image_url", "message": "no"}, ErrorCode.INVALID_REQUEST),
        (None, ErrorCode.SERVER_ERROR),
    ],
)
async def test_a_failed_response(error: dict[str, str] | None, code: ErrorCode) -> None:
    response = {"object": "response", "status": "failed", "error": error}
    answer = await RESPONSES.run(streaming(data({"type": "response.failed", "response": response})))
    assert answer.error is not None
    assert answer.error.code is code


async def test_stopped_by_the_filter_without_a_word() -> None:
    answer = await RESPONSES.run(streaming(*DIALECT.begin(), *DIALECT.finish("content_filter")))
    assert answer.finish == "content_filter"  # without text the engine makes it an error
