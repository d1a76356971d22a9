"""Endpoint: addresses that would not keep a secret, and the proxies of this machine."""

import pytest

from shell.errors import ErrorCode, ProviderError
from shell.providers.apis.chat_completions import CHAT_COMPLETIONS
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.provider import HttpProvider
from tests.providers.collect import ask
from tests.providers.dialects import Chat
from tests.providers.fault_server import fault_server
from tests.providers.scenes import CHAT, KEY, endpoint, streaming

FAR = Endpoint("x", "X", "http://model.invalid/v1", lambda: KEY, allow_plain_http=True)
FINE = streaming(*Chat().text("ok"), *Chat().finish())


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://api.example.com/v1", True),
        ("http://127.0.0.1:8080/v1", True),
        ("http://127.9.9.9/v1", True),
        ("http://[::1]:8080/v1", True),
        ("http://localhost/v1", True),
        ("http://api.example.com/v1", False),
        ("http://127.0.0.1.example.com/v1", False),
        ("http://192.168.0.7/v1", False),
        ("ftp://127.0.0.1/v1", False),
        ("file:///etc/passwd", False),
        ("//example.com", False),
        ("http://[::1", False),
        ("", False),
    ],
)
def test_plain_http_stays_on_this_machine(url: str, fine: bool) -> None:
    if fine:
        endpoint(url).check()
        return
    with pytest.raises(ProviderError) as raised:
        endpoint(url).check()
    assert raised.value.code is ErrorCode.INVALID_REQUEST


def test_plain_http_when_the_user_insists() -> None:
    endpoint("http://192.168.0.7/v1", allow_plain_http=True).check()


@pytest.mark.anyio
async def test_a_proxy_is_used_and_no_proxy_obeyed(no_proxies: pytest.MonkeyPatch) -> None:
    async with fault_server(FINE) as proxy:
        no_proxies.setenv("HTTP_PROXY", proxy.url)
        provider = HttpProvider(CHAT_COMPLETIONS, FAR, "model-a")
        assert (await ask(provider, "hi")).text == "ok"
        assert proxy.requests[0].path == "http://model.invalid/v1/chat/completions"
        await provider.close()
        # Requests to loopback and to the hosts in NO_PROXY never go through the proxy.
        async with CHAT.serving(FINE) as (near, server):
            assert (await ask(near, "hi")).text == "ok"
        assert (len(proxy.requests), len(server.requests)) == (1, 1)
        no_proxies.setenv("NO_PROXY", "model.invalid")
        provider = HttpProvider(CHAT_COMPLETIONS, FAR, "model-a")
        error = (await ask(provider, "hi")).error
        await provider.close()
    assert error is not None
    assert error.code is ErrorCode.NETWORK_ERROR
    assert len(proxy.requests) == 1


@pytest.mark.anyio
async def test_proxy_settings_that_cannot_be_used(no_proxies: pytest.MonkeyPatch) -> None:
    no_proxies.setenv("ALL_PROXY", "gopher://nowhere:1")
    provider = HttpProvider(CHAT_COMPLETIONS, endpoint("https://model.invalid"), "model-a")
    error = (await ask(provider, "hi")).error
    await provider.close()
    assert error is not None
    assert error.code is ErrorCode.INVALID_REQUEST


@pytest.mark.anyio
async def test_one_connection_serves_one_question_after_the_other(
    no_proxies: pytest.MonkeyPatch,
) -> None:
    async with fault_server(FINE) as server:
        # The server is a proxy here: a server on this machine gets a new connection each time.
        no_proxies.setenv("HTTP_PROXY", server.url)
        provider = HttpProvider(CHAT_COMPLETIONS, FAR, "model-a")
        for _ in range(3):
            assert (await ask(provider, "hi")).text == "ok"
        await provider.close()
    assert (len(server.requests), server.connections) == (3, 1)


@pytest.mark.anyio
async def test_a_server_on_this_machine_gets_a_new_connection_every_time() -> None:
    """llama.cpp drops a connection just when it is used again."""
    async with CHAT.serving(FINE) as (provider, server):
        for _ in range(3):
            assert (await ask(provider, "hi")).text == "ok"
    assert (len(server.requests), server.connections) == (3, 3)
