"""Questions to a server beside the answers of its models: what fails is an error with a code."""

import pytest

from shell.errors import ErrorCode, ProviderError
from shell.providers.apis.chat_completions import CHAT_COMPLETIONS
from shell.providers.http.provider import HttpProvider
from tests.providers.fault_server import Exchange, Scene, fault_server
from tests.providers.scenes import answering, endpoint

pytestmark = pytest.mark.anyio


async def ask(url: str) -> dict[str, object]:
    provider = HttpProvider(CHAT_COMPLETIONS, endpoint(url), "m")
    try:
        return await provider.ask_json("/count", {"text": "hi"})
    finally:
        await provider.close()


async def cut(exchange: Exchange) -> None:
    await exchange.head(media_type="application/json")
    await exchange.send(b'{"tokens": ')
    exchange.reset()


async def test_an_answer_is_read_as_json() -> None:
    async with fault_server(answering(200, {"tokens": 1})) as server:
        assert await ask(server.url) == {"tokens": 1}
    assert server.requests[0].json == {"text": "hi"}


@pytest.mark.parametrize(
    ("scene", "code"),
    [
        (answering(200, b"<html>"), ErrorCode.PROTOCOL_ERROR),
        (answering(200, b"[1]"), ErrorCode.PROTOCOL_ERROR),
        (answering(500, {"error": "no"}), ErrorCode.SERVER_ERROR),
        (cut, ErrorCode.NETWORK_ERROR),
    ],
    ids=["no JSON", "no object", "status", "cut off"],
)
async def test_what_fails_is_an_error_with_a_code(scene: Scene, code: ErrorCode) -> None:
    async with fault_server(scene) as server:
        with pytest.raises(ProviderError) as raised:
            await ask(server.url)
    assert raised.value.code is code


async def test_a_server_that_has_ended_is_an_error_with_a_code() -> None:
    async with fault_server(cut) as server:
        url = server.url
    with pytest.raises(ProviderError) as raised:
        await ask(url)
    assert raised.value.code is ErrorCode.NETWORK_ERROR
