"""OpenAICompatible against a server that misbehaves in every way it can."""

import asyncio
import base64
import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from email.utils import formatdate
from urllib.parse import quote

import pytest

from shell.contract import FilePart, ImagePart, Message, TextPart
from shell.errors import ErrorCode, ProviderError
from shell.providers.base import ModelInfo, TextDelta, UsageReport
from shell.providers.endpoint import Endpoint
from shell.providers.openai_compatible import OpenAICompatible
from tests.providers.collect import Answer, a_request, ask
from tests.providers.dialects import Chat
from tests.providers.fault_server import Exchange, FaultServer, Scene, fault_server

pytestmark = pytest.mark.anyio

KEY = "sk-proj-Zx9/+qTe3st=Key&0123456789abcdefWXYZ"
CHAT = Chat()
FAR = Endpoint("x", "X", "http://model.invalid/v1", lambda: KEY, allow_plain_http=True)


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def endpoint(url: str, **changes: object) -> Endpoint:
    return Endpoint(
        **{  # type: ignore[arg-type]
            "id": "openai",
            "label": "OpenAI",
            "base_url": f"{url}/v1",
            "key": lambda: KEY,
            **changes,
        }
    )


@asynccontextmanager
async def provider(
    scene: Scene, **changes: object
) -> AsyncGenerator[tuple[OpenAICompatible, FaultServer], None]:
    async with fault_server(scene) as server:
        made = OpenAICompatible(endpoint(server.url, **changes), "model-a")
        try:
            yield made, server
        finally:
            await made.close()


async def run(scene: Scene, **changes: object) -> Answer:
    async with provider(scene, **changes) as (made, server):
        answer = await ask(made, "hello")
        assert len(server.requests) == 1, "a provider never retries"
        return answer


def streaming(*frames: bytes) -> Scene:
    async def scene(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.send(*frames)
        await exchange.end()

    return scene


def answering(status: int, body: bytes | dict[str, object] | list[object], **more: str) -> Scene:
    media_type = more.pop("media_type", "application/json")
    headers = {name.replace("_", "-"): value for name, value in more.items()}

    async def scene(exchange: Exchange) -> None:
        await exchange.answer(status, body, media_type, headers)

    return scene


# --- what goes well -------------------------------------------------------------------------


async def test_a_plain_answer() -> None:
    answer = await run(
        streaming(*CHAT.begin(), *CHAT.text("Hello "), *CHAT.text("wörld 🌍"), *CHAT.finish())
    )
    assert answer.error is None
    assert (answer.text, answer.finish) == ("Hello wörld 🌍", "stop")
    assert answer.usage == UsageReport(7, 5, reasoning_tokens=2, cached_tokens=3)


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
async def test_reasoning_by_either_name(field: str) -> None:
    frame = CHAT.reasoning("Hm, ")[0].replace(b"reasoning_content", field.encode())
    answer = await run(streaming(frame, frame, *CHAT.text("yes"), *CHAT.finish()))
    assert (answer.reasoning, answer.text) == ("Hm, Hm, ", "yes")


async def test_a_tool_call_repeats_its_id_and_name() -> None:
    answer = await run(streaming(*CHAT.call(), *CHAT.finish("tool_calls")))
    assert {(call.id, call.name) for call in answer.calls} == {("call-7", "look")}
    assert "".join(call.arguments for call in answer.calls) == '{"at": "sea"}'
    assert answer.finish == "tool_calls"


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("stop", "stop"), ("length", "length"), ("content_filter", "content_filter"), ("?", "other")],
)
async def test_finish_reasons(theirs: str, ours: str) -> None:
    assert (await run(streaming(*CHAT.text("a"), *CHAT.finish(theirs)))).finish == ours


async def test_a_refusal_before_text_is_an_error_and_after_it_a_finish() -> None:
    before = await run(streaming(*CHAT.refusal("I cannot.")))
    assert before.error is not None
    assert before.error.code is ErrorCode.CONTENT_FILTER
    assert before.error.message == "OpenAI: I cannot."
    after = await run(streaming(*CHAT.text("Well. "), *CHAT.refusal("I cannot.")))
    assert (after.text, after.finish, after.error) == ("Well. I cannot.", "content_filter", None)


async def test_a_server_that_does_not_stream_is_understood() -> None:
    message = {"role": "assistant", "content": "All at once."}
    body: dict[str, object] = {"choices": [{"message": message, "finish_reason": "stop"}]}
    answer = await run(answering(200, body))
    assert (answer.text, answer.finish, answer.error) == ("All at once.", "stop", None)


async def test_content_in_typed_parts() -> None:
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
        {"type": "text", "text": "Yes."},
        None,
        {"type": "text", "text": None},
    ]
    answer = await run(streaming(CHAT._event({"content": parts}), *CHAT.finish()))
    assert (answer.reasoning, answer.text) == ("Hm.", "Yes.")


@pytest.mark.parametrize(
    "odd",
    [
        b'data: {"choices": null}\n\n',
        b'data: {"choices": [null]}\n\n',
        b'data: {"choices": [{"delta": null, "finish_reason": 7}]}\n\n',
        b'data: {"choices": [{"delta": {"content": 42, "tool_calls": [null, {}]}}]}\n\n',
        b'data: {"choices": [], "usage": {"prompt_tokens": -1, "completion_tokens": NaN}}\n\n',
        b": a comment\n\nid: 7\nretry: 10\n\nevent: ping\n\n",
    ],
)
async def test_odd_events_are_passed_over(odd: bytes) -> None:
    answer = await run(streaming(odd, *CHAT.text("fine"), *CHAT.finish()))
    assert (answer.text, answer.finish, answer.error) == ("fine", "stop", None)


async def test_many_empty_deltas_and_one_large_one() -> None:
    empty = CHAT.text("")[0] * 100
    big = "x" * 1_000_000
    answer = await run(streaming(*[empty] * 100, *CHAT.text(big), *CHAT.finish()))
    assert answer.text == big
    assert [c for c in answer.chunks if isinstance(c, TextDelta)] == [TextDelta(big)]


async def test_bad_utf8_becomes_a_replacement_character() -> None:
    frame = CHAT.text("a?b")[0].replace(b"?", b"\xf0\x9f\x98")
    assert (await run(streaming(frame, *CHAT.finish()))).text == "a\N{REPLACEMENT CHARACTER}b"


async def test_halves_of_an_emoji_arrive_as_they_were_sent() -> None:
    halves = (*CHAT.text("\ud83d"), *CHAT.text("\udc4b"))
    assert (await run(streaming(*halves, *CHAT.finish()))).text == "\ud83d\udc4b"


async def test_the_request_carries_what_it_should_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Leak: for somebody else")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-private")
    scene = streaming(*CHAT.text("ok"), *CHAT.finish())
    async with provider(scene, headers={"X-Title": "mine"}) as (made, server):
        image = ImagePart(media_type="image/png", data="AAAA")
        file = FilePart(name="a.pdf", media_type="application/pdf", data="BBBB")
        messages = [
            Message(role="system", content="Be brief."),
            Message(role="user", content=[TextPart(text="What "), TextPart(text="now?")]),
            Message(role="user", content=[TextPart(text="See."), image, file]),
        ]
        await ask(made, a_request(made, *messages, temperature=0.0, max_tokens=9))
    (request,) = server.requests
    assert request.path == CHAT.path
    assert request.json == {
        "model": "model-a",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "What now?"},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "See."},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                    {
                        "type": "file",
                        "file": {
                            "filename": "a.pdf",
                            "file_data": "data:application/pdf;base64,BBBB",
                        },
                    },
                ],
            },
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.0,
        "max_tokens": 9,
    }
    assert set(request.headers) == {
        *("accept", "accept-encoding", "authorization", "connection", "content-length"),
        *("content-type", "host", "user-agent", "x-title"),
    }
    assert request.headers["authorization"] == f"Bearer {KEY}"


async def test_max_completion_tokens_where_the_endpoint_wants_it() -> None:
    scene = streaming(*CHAT.text("ok"), *CHAT.finish())
    async with provider(scene, max_tokens_field="max_completion_tokens") as (made, server):
        await ask(made, a_request(made, "hi", max_tokens=9))
    sent = server.requests[0].json
    assert sent["max_completion_tokens"] == 9
    assert {"max_tokens", "temperature"} & set(sent) == set()


async def test_no_key_where_none_is_needed() -> None:
    scene = streaming(*CHAT.text("ok"), *CHAT.finish())
    async with provider(scene, key=lambda: None, key_required=False) as (made, server):
        assert (await ask(made, "hi")).text == "ok"
    assert "authorization" not in server.requests[0].headers


async def test_one_connection_serves_one_question_after_the_other(
    no_proxies: pytest.MonkeyPatch,
) -> None:
    async with fault_server(streaming(*CHAT.text("ok"), *CHAT.finish())) as server:
        # As a proxy: what is on this machine gets a new connection every time.
        no_proxies.setenv("HTTP_PROXY", server.url)
        made = OpenAICompatible(FAR, "model-a")
        for _ in range(3):
            assert (await ask(made, "hi")).text == "ok"
        await made.close()
    assert (len(server.requests), server.connections) == (3, 1)


async def test_a_server_on_this_machine_gets_a_new_connection_every_time() -> None:
    """llama.cpp drops a connection just when it is used again."""
    async with provider(streaming(*CHAT.text("ok"), *CHAT.finish())) as (made, server):
        for _ in range(3):
            assert (await ask(made, "hi")).text == "ok"
    assert (len(server.requests), server.connections) == (3, 3)


async def test_a_new_key_counts_at_once() -> None:
    keys = ["first-key", "second-key"]
    scene = streaming(*CHAT.text("ok"), *CHAT.finish())
    async with provider(scene, key=lambda: keys[0]) as (made, server):
        await ask(made, "hi")
        keys.pop(0)
        await ask(made, "hi")
    sent = [request.headers["authorization"] for request in server.requests]
    assert sent == ["Bearer first-key", "Bearer second-key"]


# --- what goes wrong ------------------------------------------------------------------------

STATUSES: list[tuple[int, dict[str, object] | bytes, ErrorCode]] = [
    (400, {"error": {"type": "invalid_request_error"}}, ErrorCode.INVALID_REQUEST),
    (400, {"error": {"code": "context_length_exceeded"}}, ErrorCode.CONTEXT_LENGTH),
    (400, {"error": {"code": 400, "type": "exceed_context_size_error"}}, ErrorCode.CONTEXT_LENGTH),
    (400, {"error": {"code": "content_filter"}}, ErrorCode.CONTENT_FILTER),
    (401, {"error": {"type": "invalid_request_error"}}, ErrorCode.API_KEY_ERROR),
    (402, {"error": {"code": 402}}, ErrorCode.INSUFFICIENT_QUOTA),
    (403, {"error": {"message": "not in your region"}}, ErrorCode.PERMISSION_DENIED),
    (404, {"error": {"code": "model_not_found"}}, ErrorCode.MODEL_NOT_FOUND),
    (404, b"<h1>404</h1>", ErrorCode.MODEL_NOT_FOUND),
    (413, b"", ErrorCode.CONTEXT_LENGTH),
    (422, {"detail": [{"msg": "no"}]}, ErrorCode.INVALID_REQUEST),
    (429, {"error": {"code": "rate_limit_exceeded", "type": "requests"}}, ErrorCode.RATE_LIMIT),
    (429, b"slow down", ErrorCode.RATE_LIMIT),
    (429, {"error": {"type": "insufficient_quota", "code": None}}, ErrorCode.INSUFFICIENT_QUOTA),
    (500, {"error": {"type": "server_error"}}, ErrorCode.SERVER_ERROR),
    (502, b"<html>bad gateway</html>", ErrorCode.SERVER_ERROR),
    (503, b"<html>maintenance</html>", ErrorCode.SERVER_ERROR),
    (503, {"error": {"type": "unavailable_error", "code": 503}}, ErrorCode.OVERLOADED),
    (529, b"", ErrorCode.OVERLOADED),
]


@pytest.mark.parametrize(("status", "body", "code"), STATUSES)
async def test_statuses(status: int, body: dict[str, object] | bytes, code: ErrorCode) -> None:
    answer = await run(answering(status, body))
    assert answer.error is not None
    assert answer.error.code is code
    assert answer.error.message.startswith("OpenAI: ")
    assert "<" not in answer.error.message


async def test_googles_error_in_a_list() -> None:
    fault = {
        "error": {
            "code": 400,
            "message": "API key not valid.",
            "status": "INVALID_ARGUMENT",
            "details": [{"@type": "ErrorInfo", "reason": "API_KEY_INVALID"}],
        }
    }
    answer = await run(answering(400, [fault]))
    assert answer.error is not None
    assert answer.error.code is ErrorCode.API_KEY_ERROR
    assert answer.error.message == "OpenAI: API key not valid."


def in_seconds(seconds: float) -> str:
    return formatdate(time.time() + seconds, usegmt=True)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry_after": "7"}, 7_000),
        ({"retry_after": "0.5"}, 500),
        ({"retry_after_ms": "250", "retry_after": "9"}, 250),
        (
            {
                "retry_after": "Wed, 21 Oct 2026 07:28:00 GMT",
                "date": "Wed, 21 Oct 2026 07:27:40 GMT",
            },
            20_000,
        ),
        ({"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"retry_after": "-3"}, 0),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "1e400"}, None),
        ({"retry_after": "999999999999"}, 86_400_000),
        ({}, None),
    ],
)
async def test_retry_after(headers: dict[str, str], expected: int | None) -> None:
    answer = await run(answering(429, {"error": {"code": "rate_limit_exceeded"}}, **headers))
    assert answer.error is not None
    assert (answer.error.code, answer.error.retry_after_ms) == (ErrorCode.RATE_LIMIT, expected)


async def test_retry_after_as_a_date_by_this_machines_clock() -> None:
    answer = await run(answering(503, {"error": {}}, retry_after=in_seconds(30)))
    assert answer.error is not None
    wait = answer.error.retry_after_ms
    assert wait is not None
    assert 25_000 < wait <= 30_000


async def test_retry_after_in_the_body() -> None:
    details = [{"@type": "RetryInfo", "retryDelay": "34.5s"}]
    fault: dict[str, object] = {"error": {"status": "RESOURCE_EXHAUSTED", "details": details}}
    answer = await run(answering(429, fault))
    assert answer.error is not None
    assert answer.error.retry_after_ms == 34_500


BROKEN: list[tuple[str, list[bytes], ErrorCode]] = [
    ("malformed", [b'data: {"choices": [\n\n'], ErrorCode.PROTOCOL_ERROR),
    ("not an object", [b"data: 42\n\n"], ErrorCode.PROTOCOL_ERROR),
    ("very deep", [b"data: " + b"[" * 100_000 + b"\n\n"], ErrorCode.PROTOCOL_ERROR),
    ("a huge number", [b"data: " + b"9" * 10_000 + b"\n\n"], ErrorCode.PROTOCOL_ERROR),
    ("an error", CHAT.failure(), ErrorCode.OVERLOADED),
    (
        "an error with a status",
        [b'data: {"error": {"code": 429, "message": "slow"}}\n\n'],
        ErrorCode.RATE_LIMIT,
    ),
    ("an error in words", [b'data: {"error": "it broke"}\n\n'], ErrorCode.SERVER_ERROR),
    (
        "an error beside choices",
        [b'data: {"error": {"code": 502}, "choices": [{"finish_reason": "error"}]}\n\n'],
        ErrorCode.SERVER_ERROR,
    ),
]


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize(("name", "frames", "code"), BROKEN)
async def test_broken_streams(name: str, frames: list[bytes], code: ErrorCode, begun: bool) -> None:
    before = [*CHAT.begin(), *CHAT.text("Some text")] if begun else []
    answer = await run(streaming(*before, *frames))
    assert answer.error is not None, name
    assert answer.error.code is code
    assert answer.text == ("Some text" if begun else "")


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([], ErrorCode.NETWORK_ERROR),
        (CHAT.begin(), ErrorCode.NETWORK_ERROR),
        ([*CHAT.begin(), *CHAT.text("a")], ErrorCode.STREAM_INTERRUPTED),
        ([*CHAT.begin(), *CHAT.reasoning("a")], ErrorCode.STREAM_INTERRUPTED),
        (CHAT.call(), ErrorCode.STREAM_INTERRUPTED),
    ],
)
@pytest.mark.parametrize("how", ["reset", "cut"])
async def test_a_broken_connection(frames: list[bytes], code: ErrorCode, how: str) -> None:
    received = asyncio.Event()

    async def scene(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.send(*frames)
        if frames:
            # A reset throws away what was not yet read.
            await asyncio.wait_for(received.wait(), 5)
        if how == "reset":
            exchange.reset()
        raise ConnectionResetError

    if not any(b"role" not in frame for frame in frames):
        received.set()
    async with provider(scene) as (made, _):
        answer = Answer()
        error = await _read_until_it_breaks(made, answer, received)
    assert error.code is code


async def _read_until_it_breaks(
    made: OpenAICompatible, answer: Answer, received: asyncio.Event
) -> ProviderError:
    try:
        async for chunk in made.stream(a_request(made, "hi")):
            answer.chunks.append(chunk)
            received.set()
    except ProviderError as error:
        return error
    raise AssertionError("it did not break")


async def test_no_answer_at_all() -> None:
    async def scene(exchange: Exchange) -> None:
        exchange.reset()
        raise ConnectionResetError

    answer = await run(scene)
    assert answer.error is not None
    assert answer.error.code is ErrorCode.NETWORK_ERROR


async def test_nobody_listens() -> None:
    async with fault_server(streaming()) as server:
        url = server.url
    made = OpenAICompatible(endpoint(url), "model-a")
    answer = await ask(made, "hi")
    await made.close()
    assert answer.error is not None
    assert answer.error.code is ErrorCode.NETWORK_ERROR


async def test_not_http_at_all() -> None:
    async def scene(exchange: Exchange) -> None:
        await exchange.raw(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")
        raise ConnectionResetError

    answer = await run(scene)
    assert answer.error is not None
    assert answer.error.code is ErrorCode.NETWORK_ERROR


@pytest.mark.parametrize("frames", [[], CHAT.begin(), [*CHAT.text("half an ans")]])
async def test_a_clean_end_without_a_finish_reason_gives_no_finish(frames: list[bytes]) -> None:
    answer = await run(streaming(*frames))
    assert (answer.finish, answer.error) == (None, None)  # the engine makes it STREAM_INCOMPLETE


async def test_an_event_cut_by_the_end_is_incomplete_and_not_malformed() -> None:
    frame = CHAT.text("never shown")[0]
    answer = await run(streaming(*CHAT.text("a"), frame[: len(frame) // 2]))
    assert (answer.text, answer.finish, answer.error) == ("a", None, None)


@pytest.mark.parametrize("media_type", ["text/html", "text/html; charset=utf-8", "image/png"])
async def test_a_captive_portal(media_type: str) -> None:
    page = b"<html><script>steal()</script>Please log in</html>"
    answer = await run(answering(200, page, media_type=media_type))
    assert answer.error is not None
    assert answer.error.code is ErrorCode.PROTOCOL_ERROR
    assert "steal" not in answer.error.message


@pytest.mark.parametrize("media_type", ["text/plain", "application/json"])
async def test_a_page_that_hides_its_type(media_type: str) -> None:
    answer = await run(answering(200, b"<html>Please log in</html>", media_type=media_type))
    assert answer.error is not None
    assert answer.error.code is ErrorCode.PROTOCOL_ERROR


async def test_what_breaks_after_the_finish_breaks_nothing() -> None:
    finish, usage, _ = CHAT.finish()
    received = asyncio.Event()

    async def scene(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.send(*CHAT.text("whole"), finish, usage)
        await asyncio.wait_for(received.wait(), 5)
        exchange.reset()
        raise ConnectionResetError

    async with provider(scene) as (made, _):
        answer = Answer()
        async for chunk in made.stream(a_request(made, "hi")):
            answer.chunks.append(chunk)
            if isinstance(chunk, UsageReport):
                received.set()
    assert (answer.text, answer.finish) == ("whole", "stop")


async def test_a_connection_that_stays_open_after_the_end_is_left() -> None:
    async def scene(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.send(*CHAT.text("whole"), *CHAT.finish())
        await asyncio.Event().wait()

    async with provider(scene) as (made, server):
        answer = await asyncio.wait_for(ask(made, "hi"), 3)
        await asyncio.wait_for(server.gone.wait(), 3)
    assert (answer.text, answer.finish) == ("whole", "stop")


async def test_an_endless_error_answer_is_judged_by_its_beginning() -> None:
    async def scene(exchange: Exchange) -> None:
        await exchange.head(429, "application/json", {"retry-after": "2"})
        while True:
            await exchange.send(b"x" * 65_536)

    answer = await run(scene)
    assert answer.error is not None
    assert (answer.error.code, answer.error.retry_after_ms) == (ErrorCode.RATE_LIMIT, 2_000)


async def test_an_endless_line_is_given_up() -> None:
    async def scene(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.send(b"data: ")
        while True:
            await exchange.send(b"x" * 1_000_000)

    answer = await run(scene)
    assert answer.error is not None
    assert answer.error.code is ErrorCode.PROTOCOL_ERROR


@pytest.mark.parametrize("when", ["before the headers", "after the headers", "after text"])
async def test_cancelling_a_silent_server_closes_the_connection(when: str) -> None:
    reached = asyncio.Event()

    async def scene(exchange: Exchange) -> None:
        if when != "before the headers":
            await exchange.head()
        if when == "after text":
            await exchange.send(*CHAT.text("a"))
        reached.set()
        await asyncio.Event().wait()

    async with provider(scene) as (made, server):
        task = asyncio.ensure_future(ask(made, "hi"))
        await asyncio.wait_for(reached.wait(), 10)
        await asyncio.sleep(0.02)
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - began < 0.1
        await asyncio.wait_for(server.gone.wait(), 1)


# --- the key --------------------------------------------------------------------------------

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


def leaks(text: str) -> list[str]:
    """Everything of the key that a text shows."""
    shown = [form(KEY) for _, form in ECHOES] + [KEY[i : i + 12] for i in range(len(KEY) - 11)]
    return [form for form in shown if form.lower() in text.lower()]


@pytest.mark.parametrize(("name", "form"), ECHOES)
@pytest.mark.parametrize("status", [401, 200])
async def test_an_echoed_key_is_in_no_error_and_no_log(
    name: str, form: Callable[[str], str], status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    fault: dict[str, object] = {"error": {"message": f"Incorrect API key provided: {form(KEY)} !"}}
    answer = await run(answering(status, fault, x_echo=KEY, location=f"/{form(KEY)}"))
    assert answer.error is not None
    assert answer.error.message.endswith("Incorrect API key provided: [key] !"), name
    chain: BaseException | None = answer.error
    while chain is not None:
        assert leaks(repr(chain) + "".join(getattr(chain, "__notes__", []))) == []
        assert chain.__suppress_context__ or chain.__context__ is None or chain.__cause__
        chain = chain.__cause__
    assert leaks(caplog.text + "".join(repr(record.args) for record in caplog.records)) == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(status: int) -> None:
    async with fault_server(streaming(*CHAT.text("caught"), *CHAT.finish())) as trap:
        scene = answering(status, b"", location=f"{trap.url}/v1/chat/completions")
        answer = await run(scene)
    assert answer.error is not None
    assert answer.error.code is ErrorCode.PROTOCOL_ERROR
    assert trap.connections == 0


async def test_a_secret_header_is_redacted_too() -> None:
    secret = "proxy-token-9876543210"
    fault: dict[str, object] = {"error": {"message": f"bad {secret}"}}
    answer = await run(answering(403, fault), headers={"X-Proxy-Token": secret})
    assert answer.error is not None
    assert answer.error.message == "OpenAI: bad [key]"


async def test_control_characters_of_an_error_stay_out() -> None:
    fault: dict[str, object] = {"error": {"message": "a\x1b[31m\u202eb\r\nc\x00" + "x" * 9_000}}
    answer = await run(answering(400, fault))
    assert answer.error is not None
    assert answer.error.message.startswith("OpenAI: a [31m b c x")
    assert len(answer.error.message) < 600


def test_the_key_is_not_shown_by_repr() -> None:
    assert KEY not in repr(endpoint("http://127.0.0.1:1"))


# --- before anything is sent ------------------------------------------------------------------


@pytest.mark.parametrize("key", [None, "", "  "])
def test_a_missing_key(key: str | None) -> None:
    made = OpenAICompatible(endpoint("http://127.0.0.1:1", key=lambda: key), "model-a")
    with pytest.raises(ProviderError) as raised:
        made.check()
    assert raised.value.code is ErrorCode.API_KEY_ERROR
    assert raised.value.message == "No API key configured for provider: openai"


@pytest.mark.parametrize("key", ["sk-line\nbreak", "sk-schlüssel", "sk-\x00"])
def test_a_key_that_no_header_can_carry(key: str) -> None:
    made = OpenAICompatible(endpoint("http://127.0.0.1:1", key=lambda: key), "model-a")
    with pytest.raises(ProviderError) as raised:
        made.check()
    assert raised.value.code is ErrorCode.API_KEY_ERROR
    assert key not in raised.value.message


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
    made = OpenAICompatible(Endpoint("x", "X", url, lambda: KEY), "model-a")
    if fine:
        made.check()
        return
    with pytest.raises(ProviderError) as raised:
        made.check()
    assert raised.value.code is ErrorCode.INVALID_REQUEST


def test_plain_http_when_the_user_insists() -> None:
    url = "http://192.168.0.7/v1"
    OpenAICompatible(Endpoint("x", "X", url, lambda: KEY, allow_plain_http=True), "m").check()


async def test_a_proxy_is_used_and_no_proxy_obeyed(no_proxies: pytest.MonkeyPatch) -> None:
    scene = streaming(*CHAT.text("ok"), *CHAT.finish())
    async with fault_server(scene) as proxy:
        no_proxies.setenv("HTTP_PROXY", proxy.url)
        made = OpenAICompatible(FAR, "model-a")
        assert (await ask(made, "hi")).text == "ok"
        assert proxy.requests[0].path == "http://model.invalid/v1/chat/completions"
        await made.close()
        # Loopback never goes through it, and neither does what NO_PROXY names.
        async with provider(scene) as (near, server):
            assert (await ask(near, "hi")).text == "ok"
        assert (len(proxy.requests), len(server.requests)) == (1, 1)
        no_proxies.setenv("NO_PROXY", "model.invalid")
        made = OpenAICompatible(FAR, "model-a")
        error = (await ask(made, "hi")).error
        await made.close()
    assert error is not None
    assert error.code is ErrorCode.NETWORK_ERROR
    assert len(proxy.requests) == 1


async def test_proxy_settings_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "gopher://nowhere:1")
    made = OpenAICompatible(endpoint("https://model.invalid"), "model-a")
    error = (await ask(made, "hi")).error
    await made.close()
    assert error is not None
    assert error.code is ErrorCode.INVALID_REQUEST


def test_what_a_model_takes_is_asked_of_the_table() -> None:
    info = ModelInfo(id="model-a", context_tokens=77)
    made = OpenAICompatible(endpoint("http://127.0.0.1:1"), "model-a", lambda _: info)
    assert made.model("model-a") is info
