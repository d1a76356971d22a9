"""Proxies of the environment: used for every host but this machine, without access to a key."""

import gc
import warnings

import pytest

from shell.errors import ErrorCode
from shell.providers.apis.chat_completions import CHAT_COMPLETIONS
from shell.providers.http.provider import HttpProvider
from tests.providers.collect import ask
from tests.providers.dialects import Chat
from tests.providers.fault_server import fault_server
from tests.providers.scenes import APIS, CHAT, KEY, Api, answering, endpoint, streaming
from tests.providers.socks_server import socks_server

pytestmark = pytest.mark.anyio

FINE = streaming(*Chat().text("ok"), *Chat().finish())


@pytest.fixture
def proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment, without this machine's own proxies."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.dialect.name)
@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
async def test_a_socks_proxy_is_used_and_looks_names_up_itself(
    proxies: pytest.MonkeyPatch, api: Api, scheme: str
) -> None:
    dialect = api.dialect
    async with (
        fault_server(streaming(*dialect.begin(), *dialect.text("ok"), *dialect.finish())) as server,
        socks_server(server.port) as proxy,
    ):
        proxies.setenv("ALL_PROXY", f"{scheme}://127.0.0.1:{proxy.port}")
        provider = api.make("http://model.invalid", allow_plain_http=True)
        answer = await ask(provider, "hi")
        await provider.close()
    assert (answer.text, answer.error) == ("ok", None)
    assert proxy.destinations == ["model.invalid:80"], "nobody here can know where that is"
    assert server.requests[0].headers["host"] == "model.invalid"
    assert server.requests[0].headers[api.key_header] == api.key_value


async def test_a_socks_proxy_with_a_password(proxies: pytest.MonkeyPatch) -> None:
    async with fault_server(FINE) as server, socks_server(server.port, b"me:pass") as proxy:
        for password, works in [("pass", True), ("wrong-one", False)]:
            proxies.setenv("ALL_PROXY", f"socks5://me:{password}@127.0.0.1:{proxy.port}")
            url = "http://model.invalid/v1"
            provider = HttpProvider(
                CHAT_COMPLETIONS, endpoint(url, allow_plain_http=True), "model-a"
            )
            answer = await ask(provider, "hi")
            await provider.close()
            assert (answer.error is None) is works
    assert answer.error is not None
    code, message = answer.error.code, answer.error.message
    del answer
    with warnings.catch_warnings():
        # httpcore2 leaves the connection of a handshake that failed to the collector.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    assert code is ErrorCode.NETWORK_ERROR
    assert "wrong-one" not in message
    assert proxy.users == [b"me:pass", b"me:wrong-one"]
    assert len(server.requests) == 1


async def test_a_socks_proxy_is_left_out_for_this_machine_and_for_no_proxy(
    proxies: pytest.MonkeyPatch,
) -> None:
    async with fault_server(FINE) as server, socks_server(server.port) as proxy:
        proxies.setenv("ALL_PROXY", f"socks5://127.0.0.1:{proxy.port}")
        async with CHAT.serving(FINE) as (near, local_server):
            assert (await ask(near, "hi")).text == "ok"
        proxies.setenv("NO_PROXY", "other.invalid, .invalid")
        url = "http://model.invalid/v1"
        provider = HttpProvider(CHAT_COMPLETIONS, endpoint(url, allow_plain_http=True), "model-a")
        error = (await ask(provider, "hi")).error
        await provider.close()
    assert len(local_server.requests) == 1
    assert proxy.destinations == []
    assert error is not None
    assert error.code is ErrorCode.NETWORK_ERROR


async def test_an_http_proxy_sees_no_key_of_a_connection_that_it_passes_on(
    proxies: pytest.MonkeyPatch,
) -> None:
    async with fault_server(answering(403, b"not here")) as proxy:
        proxies.setenv("HTTPS_PROXY", f"http://me:proxy-pass@127.0.0.1:{proxy.port}")
        provider = HttpProvider(CHAT_COMPLETIONS, endpoint("https://model.invalid/v1"), "model-a")
        error = (await ask(provider, "hi")).error
        await provider.close()
    (request,) = proxy.requests
    assert (request.method, request.path) == ("CONNECT", "model.invalid:443")
    assert request.headers["proxy-authorization"].startswith("Basic ")
    assert KEY.encode() not in request.raw
    assert error is not None
    assert error.code is ErrorCode.NETWORK_ERROR
    assert "proxy-pass" not in error.message


async def test_a_proxy_that_is_not_there(proxies: pytest.MonkeyPatch) -> None:
    async with fault_server(FINE) as closed_server:
        port = closed_server.port
    for scheme in ("http", "socks5"):
        proxies.setenv("ALL_PROXY", f"{scheme}://127.0.0.1:{port}")
        provider = HttpProvider(CHAT_COMPLETIONS, endpoint("https://model.invalid/v1"), "model-a")
        error = (await ask(provider, "hi")).error
        await provider.close()
        assert error is not None
        assert error.code is ErrorCode.NETWORK_ERROR


async def test_a_proxy_of_no_kind_that_there_is(proxies: pytest.MonkeyPatch) -> None:
    proxies.setenv("ALL_PROXY", "gopher://me:proxy-pass@nowhere.invalid:1")
    provider = HttpProvider(CHAT_COMPLETIONS, endpoint("https://model.invalid/v1"), "model-a")
    error = (await ask(provider, "hi")).error
    await provider.close()
    assert error is not None
    assert error.code is ErrorCode.INVALID_REQUEST
    assert "proxy" in error.message
    assert "proxy-pass" not in error.message
