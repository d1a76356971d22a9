"""The key: in the request's header, and nowhere else."""

import base64
import json
import logging
import traceback
from collections.abc import Callable
from urllib.parse import quote

import pytest

from shell.errors import ErrorCode, ProviderError
from shell.providers.http.endpoint import MAX_READ
from tests.providers.collect import ask
from tests.providers.fault_server import Exchange, fault_server
from tests.providers.scenes import APIS, KEY, Api, answering, endpoint, streaming

pytestmark = pytest.mark.anyio

ECHOES: list[tuple[str, Callable[[str], str]]] = [
    ("whole", lambda key: key),
    ("percent-encoded", lambda key: quote(key, safe="")),
    ("percent-encoded in small letters", lambda key: quote(key, safe="").lower()),
    ("base64", lambda key: base64.b64encode(key.encode()).decode()),
    ("base64 of the header", lambda key: base64.b64encode(f"Bearer {key}".encode()).decode()),
    ("url-safe base64", lambda key: base64.urlsafe_b64encode(f"x:{key}".encode()).decode()),
    ("hex", lambda key: key.encode().hex()),
    ("masked", lambda key: f"{key[:8]}{'*' * 20}{key[-4:]}"),
    ("shortened", lambda key: f"{key[:8]}...{key[-4:]}"),
    ("in part", lambda key: key[:24]),
]


@pytest.fixture(params=APIS, ids=lambda api: api.dialect.name)
def api(request: pytest.FixtureRequest) -> Api:
    api = request.param
    assert isinstance(api, Api)
    return api


def leaks(text: str) -> list[str]:
    """The forms and parts of the key that a text contains."""
    forms = [form(KEY) for _, form in ECHOES] + [KEY[i : i + 12] for i in range(len(KEY) - 11)]
    return [form for form in forms if form.lower() in text.lower()]


def test_a_leak_would_be_found() -> None:
    assert leaks(f"Bearer {KEY}")
    assert leaks(f"{KEY[3:20]}")
    assert not leaks("sk-proj-something-else")


@pytest.mark.shows("D43")
@pytest.mark.parametrize(("name", "form"), ECHOES)
@pytest.mark.parametrize("status", [401, 200])
async def test_an_echoed_key_is_in_no_error_and_no_log(
    api: Api,
    name: str,
    form: Callable[[str], str],
    status: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    body = api.dialect.error("authentication_error", f"Incorrect API key: {form(KEY)} !")
    scene = answering(status, body, x_echo=KEY, location=f"/{form(KEY)}")
    answer = await api.run(scene)
    assert answer.error is not None
    assert answer.error.code is ErrorCode.API_KEY_ERROR
    assert answer.error.message == "Test: Incorrect API key: [key] !", name
    assert leaks("".join(traceback.format_exception(answer.error))) == []
    assert leaks(caplog.text + "".join(repr(record.args) for record in caplog.records)) == []


@pytest.mark.parametrize("status", [401, 200])
async def test_a_key_in_two_pieces_of_an_error_body_is_in_no_error(api: Api, status: int) -> None:
    error = api.dialect.error("authentication_error", f"Incorrect API key: {KEY} !")
    body = json.dumps(error).encode()
    begins = body.index(KEY[:5].encode())
    for place in range(begins + 1, begins + len(KEY), 6):

        async def scene(exchange: Exchange, place: int = place) -> None:
            await exchange.head(status, "application/json")
            await exchange.send(body[:place], body[place:])
            await exchange.end()

        answer = await api.run(scene)
        assert answer.error is not None
        assert answer.error.message == "Test: Incorrect API key: [key] !"


@pytest.mark.parametrize("shown_chars", range(1, 40, 6))
@pytest.mark.parametrize("form", ["{}", "Bearer {}", "x{}"])
async def test_a_key_where_a_long_error_is_cut_is_not_shown_in_part(
    form: str, shown_chars: int
) -> None:
    beginning = f"Incorrect API key:{' ' * 8_000}"[: MAX_READ - shown_chars - len(form) + 2]
    error = endpoint("http://127.0.0.1:1").error(
        ErrorCode.API_KEY_ERROR, beginning + form.format(KEY), theirs=True
    )
    assert error.message in {"Test: Incorrect API key:…", "Test: Incorrect API key: Bearer…"}
    assert error.words == error.message.removeprefix("Test: ")


@pytest.mark.parametrize("status", [401, 500])
@pytest.mark.parametrize("media_type", ["application/json", "text/html", "text/plain"])
async def test_an_echoed_header_is_in_no_error_and_no_log(
    api: Api, status: int, media_type: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    header = f"Authorization: Bearer {KEY}"
    objects = [{"error": header}, {"headers": {header: header}, "detail": header}, [header], header]
    for body in [header.encode(), *(json.dumps(each).encode() for each in objects)]:
        error = (await api.run(answering(status, body, media_type=media_type))).error
        assert error is not None
        assert leaks(f"{error.message} {error.words} {error.details}") == []
        assert leaks("".join(traceback.format_exception(error))) == []
    assert leaks(caplog.text + "".join(repr(record.args) for record in caplog.records)) == []


async def test_a_plain_answer_logs_no_key(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    dialect = api.dialect
    async with api.serving(streaming(*dialect.text("ok"), *dialect.finish())) as (provider, server):
        assert (await ask(provider, "hi")).text == "ok"
    (request,) = server.requests
    assert request.headers[api.key_header] == api.key_value
    assert [name for name, value in request.headers.items() if KEY in value] == [api.key_header]
    assert KEY not in request.path
    assert KEY.encode() not in request.body
    assert leaks(caplog.text + "".join(repr(record.args) for record in caplog.records)) == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(
    api: Api, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    dialect = api.dialect
    async with fault_server(streaming(*dialect.text("caught"), *dialect.finish())) as trap:
        answer = await api.run(answering(status, b"", location=f"{trap.url}{dialect.path}?{KEY}"))
    assert answer.error is not None
    assert answer.error.code is ErrorCode.PROTOCOL_ERROR
    assert trap.connections == 0
    assert leaks(caplog.text + answer.error.message) == []


async def test_the_environment_adds_no_header(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_CUSTOM_HEADERS", "ANTHROPIC_CUSTOM_HEADERS"):
        monkeypatch.setenv(name, "X-Leak: for somebody else\nAuthorization: Bearer another")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-private")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "token-private")
    dialect = api.dialect
    scene = streaming(*dialect.text("ok"), *dialect.finish())
    async with api.serving(scene, headers={"X-Title": "mine"}) as (provider, server):
        await ask(provider, "hi")
    (request,) = server.requests
    expected = {
        *("accept", "accept-encoding", "connection", "content-length"),
        *("content-type", "host", "user-agent", "x-title", api.key_header),
    }
    assert set(request.headers) - {"anthropic-version"} == expected
    assert request.headers[api.key_header] == api.key_value
    assert request.path == dialect.path
    assert request.headers["user-agent"].startswith("Tidewire/")


async def test_no_key_where_none_is_needed(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.setenv(name, "for-somebody-else")
    dialect = api.dialect
    scene = streaming(*dialect.text("ok"), *dialect.finish())
    async with api.serving(scene, key=lambda: None, key_required=False) as (provider, server):
        assert (await ask(provider, "hi")).text == "ok"
    assert {"authorization", "x-api-key"} & set(server.requests[0].headers) == set()


async def test_a_new_key_counts_at_once(api: Api) -> None:
    keys = ["first-key", "second-key"]
    dialect = api.dialect
    scene = streaming(*dialect.text("ok"), *dialect.finish())
    async with api.serving(scene, key=lambda: keys[0]) as (provider, server):
        await ask(provider, "hi")
        keys.pop(0)
        await ask(provider, "hi")
    sent_keys = [request.headers[api.key_header].split()[-1] for request in server.requests]
    assert sent_keys == ["first-key", "second-key"]


async def test_a_secret_header_is_redacted_too(api: Api) -> None:
    secret = "proxy-token-9876543210"
    body = api.dialect.error("permission_error", f"bad {secret}")
    answer = await api.run(answering(403, body), headers={"X-Proxy-Token": secret})
    assert answer.error is not None
    assert answer.error.message == "Test: bad [key]"


async def test_control_characters_of_an_error_stay_out(api: Api) -> None:
    body = api.dialect.error("x", "a\x1b[31m\u202eb\r\nc\x00" + "x" * 9_000)
    answer = await api.run(answering(400, body))
    assert answer.error is not None
    assert answer.error.message.startswith("Test: a [31m b c x")
    assert len(answer.error.message) < 600


def test_the_key_is_not_shown_by_repr() -> None:
    secret = {"X-Proxy-Token": "proxy-token-9876543210"}
    assert leaks(repr(endpoint("http://127.0.0.1:1", headers=secret))) == []
    assert "9876543210" not in repr(endpoint("http://127.0.0.1:1", headers=secret))


@pytest.mark.shows("B32")
@pytest.mark.parametrize("key", [None, "", "  "])
def test_a_missing_key(api: Api, key: str | None) -> None:
    provider = api.make("http://127.0.0.1:1", key=lambda: key)
    with pytest.raises(ProviderError) as raised:
        provider.check()
    assert raised.value.code is ErrorCode.API_KEY_ERROR
    assert raised.value.message == "No API key configured for provider: test"


@pytest.mark.parametrize("key", ["sk-line\nbreak", "sk-schlüssel", "sk-\x00"])
def test_a_key_that_no_header_can_carry(api: Api, key: str) -> None:
    provider = api.make("http://127.0.0.1:1", key=lambda: key)
    with pytest.raises(ProviderError) as raised:
        provider.check()
    assert raised.value.code is ErrorCode.API_KEY_ERROR
    assert key not in raised.value.message
