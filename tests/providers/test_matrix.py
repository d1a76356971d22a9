"""Every API in every scene: the server's behavior, and the answer of our provider."""

import asyncio
import gzip
import time
import tracemalloc
from email.utils import formatdate

import pytest

from shell.contract import FinishReason
from shell.errors import ErrorCode, ProviderError
from shell.providers.apis.chat_stream import ChatStream
from shell.providers.apis.responses_stream import ResponsesStream
from shell.providers.base import TextDelta, UsageReport
from shell.providers.http.sse import ServerEvent
from tests.host_process import PATIENCE_S
from tests.providers.collect import Answer, a_request, ask
from tests.providers.dialects import ARGUMENTS, USAGE
from tests.providers.fault_server import Exchange, fault_server
from tests.providers.scenes import APIS, CHAT, RESPONSES, Api, answering, endpoint, streaming

pytestmark = pytest.mark.anyio

Body = bytes | dict[str, object]


@pytest.fixture(params=APIS, ids=lambda api: api.dialect.name)
def api(request: pytest.FixtureRequest) -> Api:
    api = request.param
    assert isinstance(api, Api)
    return api


# --- good answers -----------------------------------------------------------------------------


async def test_a_plain_answer(api: Api) -> None:
    dialect = api.dialect
    answer = await api.run(
        streaming(
            *dialect.begin(), *dialect.text("Hello "), *dialect.text("wörld 🌍"), *dialect.finish()
        )
    )
    assert answer.error is None
    assert (answer.text, answer.finish, answer.usage) == ("Hello wörld 🌍", "stop", USAGE)
    assert sum(isinstance(chunk, UsageReport) for chunk in answer.chunks) == 1


@pytest.mark.shows("D21")
async def test_reasoning(api: Api) -> None:
    dialect = api.dialect
    frames = [
        *dialect.begin(),
        *dialect.reasoning("Hm, "),
        *dialect.reasoning("so."),
        *dialect.text("Yes."),
    ]
    answer = await api.run(streaming(*frames, *dialect.finish()))
    assert (answer.reasoning, answer.text, answer.error) == ("Hm, so.", "Yes.", None)


async def test_a_tool_call_repeats_its_id_and_name(api: Api) -> None:
    dialect = api.dialect
    finish = dialect.finish(
        dialect.finish_of("stop" if dialect.name == "responses" else "tool_calls")
    )
    answer = await api.run(streaming(*dialect.begin(), *dialect.call(), *finish))
    assert {(call.id, call.name) for call in answer.calls} == {("call-7", "look")}
    assert "".join(call.arguments for call in answer.calls) == ARGUMENTS
    assert answer.finish == "tool_calls"


@pytest.mark.shows("D20")
@pytest.mark.parametrize("reason", ["stop", "length", "other"])
async def test_finish_reasons(api: Api, reason: FinishReason) -> None:
    dialect = api.dialect
    frames = [*dialect.begin(), *dialect.text("a"), *dialect.finish(dialect.finish_of(reason))]
    assert (await api.run(streaming(*frames))).finish == reason


async def test_a_refusal_before_text_is_an_error(api: Api) -> None:
    dialect = api.dialect
    answer = await api.run(streaming(*dialect.begin(), *dialect.refusal("I cannot.")))
    assert answer.error is not None
    assert (answer.error.code, answer.error.message) == (
        ErrorCode.CONTENT_FILTER,
        "Test: I cannot.",
    )


async def test_a_refusal_after_text_is_a_finish(api: Api) -> None:
    dialect = api.dialect
    answer = await api.run(
        streaming(*dialect.begin(), *dialect.text("Well. "), *dialect.refusal("I cannot."))
    )
    assert (answer.text[:6], answer.finish, answer.error) == ("Well. ", "content_filter", None)


async def test_a_server_that_does_not_stream_is_understood(api: Api) -> None:
    answer = await api.run(answering(200, api.dialect.whole("All at once.")))
    assert (answer.text, answer.finish, answer.error) == ("All at once.", "stop", None)


async def test_many_empty_deltas_and_a_large_one(api: Api) -> None:
    dialect = api.dialect
    empty = b"".join(dialect.text("")) * 100
    big = "x" * 1_000_000
    answer = await api.run(
        streaming(*dialect.begin(), *[empty] * 100, *dialect.text(big), *dialect.finish())
    )
    assert [c for c in answer.chunks if isinstance(c, TextDelta)] == [TextDelta(big)]


async def test_bad_utf8_becomes_a_replacement_character(api: Api) -> None:
    dialect = api.dialect
    frames = [frame.replace(b"a?b", b"a\xf0\x9f\x98b") for frame in dialect.text("a?b")]
    answer = await api.run(streaming(*dialect.begin(), *frames, *dialect.finish()))
    assert answer.text == "a\N{REPLACEMENT CHARACTER}b"


async def test_halves_of_an_emoji_go_on_as_they_came(api: Api) -> None:
    """The engine joins the halves for every provider."""
    dialect = api.dialect
    frames = [*dialect.begin(), *dialect.text("\ud83d"), *dialect.text("\udc4b")]
    assert (await api.run(streaming(*frames, *dialect.finish()))).text == "\ud83d\udc4b"


async def test_a_slow_first_word_is_waited_for(api: Api) -> None:
    dialect = api.dialect

    async def scene(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.send(*dialect.begin())
        for _ in range(3):
            await asyncio.sleep(0.05)
            await exchange.send(b": ping\n\n")
        await exchange.send(*dialect.text("Here."), *dialect.finish())
        await exchange.end()

    answer = await api.run(scene)
    assert (answer.text, answer.error) == ("Here.", None)


async def test_every_byte_in_a_packet_of_its_own(api: Api) -> None:
    dialect = api.dialect
    stream = b"".join(
        [*dialect.begin(), *dialect.text("Grüße 🌍"), *dialect.call(), *dialect.finish()]
    )
    whole = await api.run(streaming(stream))
    bits = await api.run(streaming(*(stream[i : i + 1] for i in range(len(stream)))))
    assert bits.chunks == whole.chunks


@pytest.mark.shows("D21")
@pytest.mark.parametrize(
    "odd",
    [
        b": a comment\n\nid: 7\nretry: 10\n\nevent: ping\n\n",
        b"data: {}\n\n",
        b'data: {"type": null, "choices": null, "usage": null, "error": null}\n\n',
        b'data: {"type": "tomorrow", "choices": [null], "delta": 7, "index": {}}\n\n',
        b'data: {"choices": [{"delta": null, "finish_reason": 7}]}\n\n',
        b'data: {"choices": [{"delta": {"content": 42, "tool_calls": [null, {}]}}]}\n\n',
        b'data: {"choices": [], "usage": {"prompt_tokens": -1, "completion_tokens": NaN}}\n\n',
        b'data: {"type": "content_block_delta", "index": 9, "delta": null}\n\n',
        b'data: {"type": "content_block_start", "content_block": {"type": "tool_use"}}\n\n',
        b'data: {"type": "message_start", "message": 7}\n\n',
        b'data: {"type": "response.output_text.delta", "delta": {"text": "x"}}\n\n',
        b'data: {"type": "response.output_item.added", "item": {"type": "function_call"}}\n\n',
        b'data: {"type": "response.function_call_arguments.delta", "output_index": 3}\n\n',
    ],
)
async def test_odd_events_are_passed_over(api: Api, odd: bytes) -> None:
    dialect = api.dialect
    answer = await api.run(
        streaming(*dialect.begin(), odd, *dialect.text("fine"), *dialect.finish())
    )
    assert (answer.text, answer.finish is not None, answer.error) == ("fine", True, None)


# --- error answers ----------------------------------------------------------------------------

STATUSES: list[tuple[int, Body, ErrorCode]] = [
    (400, {"error": {"type": "invalid_request_error"}}, ErrorCode.INVALID_REQUEST),
    (400, {"error": {"code": "context_length_exceeded"}}, ErrorCode.CONTEXT_LENGTH),
    (400, {"error": {"code": 400, "type": "exceed_context_size_error"}}, ErrorCode.CONTEXT_LENGTH),
    (400, {"error": {"code": "content_filter"}}, ErrorCode.CONTENT_FILTER),
    (400, {"error": {"type": "billing_error"}}, ErrorCode.INSUFFICIENT_QUOTA),
    (401, {"error": {"type": "invalid_request_error"}}, ErrorCode.API_KEY_ERROR),
    (401, b"<html>who are you</html>", ErrorCode.API_KEY_ERROR),
    (402, {"error": {"code": 402}}, ErrorCode.INSUFFICIENT_QUOTA),
    (403, {"error": {"type": "permission_error"}}, ErrorCode.PERMISSION_DENIED),
    (404, {"error": {"code": "model_not_found"}}, ErrorCode.MODEL_NOT_FOUND),
    (404, b"<h1>404</h1>", ErrorCode.MODEL_NOT_FOUND),
    (413, {"error": {"type": "request_too_large"}}, ErrorCode.CONTEXT_LENGTH),
    (413, b"", ErrorCode.CONTEXT_LENGTH),
    (422, {"detail": [{"msg": "no"}]}, ErrorCode.INVALID_REQUEST),
    (429, {"error": {"code": "rate_limit_exceeded", "type": "requests"}}, ErrorCode.RATE_LIMIT),
    (429, {"error": {"type": "rate_limit_error"}}, ErrorCode.RATE_LIMIT),
    (429, b"slow down", ErrorCode.RATE_LIMIT),
    (429, {"error": {"type": "insufficient_quota", "code": None}}, ErrorCode.INSUFFICIENT_QUOTA),
    (429, {"error": {"code": "insufficient_quota"}}, ErrorCode.INSUFFICIENT_QUOTA),
    (500, {"error": {"type": "server_error"}}, ErrorCode.SERVER_ERROR),
    (500, {"error": {"type": "api_error"}}, ErrorCode.SERVER_ERROR),
    (502, b"<html>bad gateway</html>", ErrorCode.SERVER_ERROR),
    (503, b"<html>maintenance</html>", ErrorCode.SERVER_ERROR),
    (503, {"error": {"type": "unavailable_error", "code": 503}}, ErrorCode.OVERLOADED),
    (504, b"", ErrorCode.SERVER_ERROR),
    (529, {"error": {"type": "overloaded_error"}}, ErrorCode.OVERLOADED),
    (529, b"", ErrorCode.OVERLOADED),
]


@pytest.mark.shows("D28", "B34", "D29")
@pytest.mark.parametrize(("status", "body", "code"), STATUSES)
async def test_statuses(api: Api, status: int, body: Body, code: ErrorCode) -> None:
    answer = await api.run(answering(status, body))
    assert answer.error is not None
    assert answer.error.code is code
    assert answer.error.message.startswith("Test: ")
    assert "<" not in answer.error.message


@pytest.mark.shows("D28")
@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("overloaded_error", ErrorCode.OVERLOADED),
        ("rate_limit_exceeded", ErrorCode.RATE_LIMIT),
        ("insufficient_quota", ErrorCode.INSUFFICIENT_QUOTA),
        ("invalid_request_error", ErrorCode.INVALID_REQUEST),
        ("not_found_error", ErrorCode.MODEL_NOT_FOUND),
        ("server_error", ErrorCode.SERVER_ERROR),
        ("something_new", ErrorCode.SERVER_ERROR),
    ],
)
@pytest.mark.parametrize("after_text", [False, True])
async def test_an_error_in_the_stream(
    api: Api, kind: str, code: ErrorCode, after_text: bool
) -> None:
    dialect = api.dialect
    before = [*dialect.begin(), *dialect.text("Some text")] if after_text else []
    answer = await api.run(streaming(*before, *dialect.failure(kind)))
    assert answer.error is not None
    assert answer.error.code is code
    assert answer.text == ("Some text" if after_text else "")


@pytest.mark.parametrize("kind", ["overloaded_error", "rate_limit_exceeded"])
async def test_an_error_with_a_good_status(api: Api, kind: str) -> None:
    answer = await api.run(answering(200, api.dialect.error(kind)))
    assert answer.error is not None
    assert answer.error.code in {ErrorCode.OVERLOADED, ErrorCode.RATE_LIMIT}


AT_28 = "Wed, 21 Oct 2026 07:28:00 GMT"
AT_27_40 = "Wed, 21 Oct 2026 07:27:40 GMT"


@pytest.mark.shows("D30")
@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry_after": "7"}, 7_000),
        ({"retry_after": "0.5"}, 500),
        ({"retry_after_ms": "250", "retry_after": "9"}, 250),
        ({"retry_after": AT_28, "date": AT_27_40}, 20_000),
        ({"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"retry_after": "-3"}, 0),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "1e400"}, None),
        ({"retry_after": "999999999999"}, 86_400_000),
        ({}, None),
    ],
)
async def test_retry_after(api: Api, headers: dict[str, str], expected: int | None) -> None:
    answer = await api.run(answering(429, api.dialect.error("rate_limit_error"), **headers))
    assert answer.error is not None
    assert (answer.error.code, answer.error.retry_after_ms) == (ErrorCode.RATE_LIMIT, expected)


async def test_retry_after_as_a_date_by_this_machines_clock(api: Api) -> None:
    due = formatdate(time.time() + 30, usegmt=True)
    answer = await api.run(answering(529, b"", retry_after=due))
    assert answer.error is not None
    wait = answer.error.retry_after_ms
    assert wait is not None
    assert 25_000 < wait <= 30_000


async def test_an_endless_error_answer_is_judged_by_its_beginning(api: Api) -> None:
    async def scene(exchange: Exchange) -> None:
        await exchange.head(429, "application/json", {"retry-after": "2"})
        while True:
            await exchange.send(b"x" * 65_536)

    answer = await api.run(scene)
    assert answer.error is not None
    assert (answer.error.code, answer.error.retry_after_ms) == (ErrorCode.RATE_LIMIT, 2_000)


# --- broken streams ---------------------------------------------------------------------------


@pytest.mark.parametrize("after_text", [False, True])
@pytest.mark.parametrize(
    "broken",
    [
        b'data: {"choices": [\n\n',
        b"data: 42\n\n",
        b"data: [" + b"[" * 100_000 + b"\n\n",
        b"data: " + b"9" * 10_000 + b"\n\n",
        b"data: \xff\xfe\n\n",
    ],
    ids=["cut", "a number", "very deep", "a huge number", "not UTF-8"],
)
async def test_what_is_no_json_object_is_a_protocol_error(
    api: Api, broken: bytes, after_text: bool
) -> None:
    dialect = api.dialect
    before = [*dialect.begin(), *dialect.text("Some text")] if after_text else []
    answer = await api.run(streaming(*before, broken))
    assert answer.error is not None
    assert answer.error.code is ErrorCode.PROTOCOL_ERROR
    assert answer.text == ("Some text" if after_text else "")


@pytest.mark.shows("D28")
@pytest.mark.parametrize("ending", ["reset", "cut"])
@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("nothing", ErrorCode.NETWORK_ERROR),
        ("begin", ErrorCode.NETWORK_ERROR),
        ("text", ErrorCode.STREAM_INTERRUPTED),
        ("reasoning", ErrorCode.STREAM_INTERRUPTED),
        ("call", ErrorCode.STREAM_INTERRUPTED),
    ],
)
async def test_a_connection_that_breaks(
    api: Api, content: str, code: ErrorCode, ending: str
) -> None:
    dialect = api.dialect
    frames = {
        "nothing": [],
        "begin": dialect.begin(),
        "text": dialect.text("a"),
        "reasoning": dialect.reasoning("a"),
        "call": dialect.call(),
    }[content]
    received = asyncio.Event()
    if content in {"nothing", "begin"}:
        received.set()

    async def scene(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.send(*frames)
        # A reset discards data that the client has not read yet.
        await asyncio.wait_for(received.wait(), PATIENCE_S)
        if ending == "reset":
            exchange.reset()
        raise ConnectionResetError

    async with api.serving(scene) as (provider, server):
        error: ProviderError | None = None
        try:
            async for _ in provider.stream(a_request(provider, "hi")):
                received.set()
        except ProviderError as raised:
            error = raised
    assert error is not None
    assert error.code is code
    assert len(server.requests) == 1


async def test_no_answer_at_all(api: Api) -> None:
    async def scene(exchange: Exchange) -> None:
        exchange.reset()
        raise ConnectionResetError

    answer = await api.run(scene)
    assert answer.error is not None
    assert answer.error.code is ErrorCode.NETWORK_ERROR


async def test_not_http_at_all(api: Api) -> None:
    async def scene(exchange: Exchange) -> None:
        await exchange.raw(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")
        raise ConnectionResetError

    answer = await api.run(scene)
    assert answer.error is not None
    assert answer.error.code is ErrorCode.NETWORK_ERROR


@pytest.mark.shows("D28")
async def test_nobody_listens(api: Api) -> None:
    async with fault_server(streaming()) as server:
        url = server.url
    provider = api.make(url)
    answer = await ask(provider, "hi")
    await provider.close()
    assert answer.error is not None
    assert answer.error.code is ErrorCode.NETWORK_ERROR
    assert answer.error.message.endswith("Could not connect.")


@pytest.mark.parametrize("content", ["nothing", "begin", "text"])
async def test_a_clean_end_without_a_reason_gives_no_finish(api: Api, content: str) -> None:
    """The engine makes it STREAM_INCOMPLETE."""
    dialect = api.dialect
    frames = {"nothing": [], "begin": dialect.begin(), "text": dialect.text("half an ans")}[content]
    answer = await api.run(streaming(*frames))
    assert (answer.finish, answer.error) == (None, None)


async def test_an_event_cut_by_the_end_is_incomplete_and_not_malformed(api: Api) -> None:
    dialect = api.dialect
    last = b"".join(dialect.text("never shown"))
    answer = await api.run(streaming(*dialect.begin(), *dialect.text("a"), last[: len(last) // 3]))
    assert (answer.text, answer.finish, answer.error) == ("a", None, None)


@pytest.mark.parametrize(
    "media_type", ["text/html", "text/html; charset=utf-8", "image/png", "text/plain"]
)
async def test_a_captive_portal(api: Api, media_type: str) -> None:
    page = b"<html><script>steal()</script>Please log in</html>"
    answer = await api.run(answering(200, page, media_type=media_type))
    assert answer.error is not None
    assert answer.error.code is ErrorCode.PROTOCOL_ERROR
    assert "steal" not in answer.error.message


async def test_an_endless_line_is_given_up(api: Api) -> None:
    async def scene(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.send(b"data: ")
        while True:
            await exchange.send(b"x" * 1_000_000)

    answer = await api.run(scene)
    assert answer.error is not None
    assert answer.error.code is ErrorCode.PROTOCOL_ERROR


async def test_an_answer_that_never_ends_is_given_up_also_without_content(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shell.providers.http.response.MAX_ANSWER_BYTES", 1_000_000)
    nothing = b"".join(api.dialect.text("")) or b": ping\n\n"

    async def scene(exchange: Exchange) -> None:
        await exchange.head()
        while True:
            await exchange.send(nothing * 100)

    answer = await api.run(scene)
    assert answer.error is not None
    assert answer.error.code is ErrorCode.PROTOCOL_ERROR
    assert answer.text == ""


@pytest.mark.parametrize("api", [CHAT, RESPONSES], ids=["chat", "responses"])
async def test_a_long_refusal_is_not_kept_whole(api: Api) -> None:
    stream = (ChatStream if api is CHAT else ResponsesStream)(endpoint("http://127.0.0.1:1"))
    piece = api.dialect.refusal("No. " * 1_000)[0].decode().partition("data: ")[2].strip()
    assert list(stream.take(ServerEvent("", piece))) == []
    tracemalloc.start()
    try:
        for _ in range(250):
            list(stream.take(ServerEvent("", piece)))
        assert tracemalloc.get_traced_memory()[0] < 100_000, "it would be 1 MB"
    finally:
        tracemalloc.stop()
    with pytest.raises(ProviderError, match=r"No\. No\.") as raised:
        list(stream.end())
    assert raised.value.code is ErrorCode.CONTENT_FILTER


async def test_what_breaks_after_the_finish_breaks_nothing(api: Api) -> None:
    dialect = api.dialect
    frames = [frame for frame in dialect.finish() if b"[DONE]" not in frame]
    received = asyncio.Event()

    async def scene(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.send(*dialect.begin(), *dialect.text("whole"), *frames)
        await asyncio.wait_for(received.wait(), PATIENCE_S)
        exchange.reset()
        raise ConnectionResetError

    async with api.serving(scene) as (provider, _):
        answer = Answer()
        async for chunk in provider.stream(a_request(provider, "hi")):
            answer.chunks.append(chunk)
            if isinstance(chunk, UsageReport):
                received.set()
    assert (answer.text, answer.finish, answer.usage) == ("whole", "stop", USAGE)


async def test_a_connection_that_stays_open_after_the_end_is_left(api: Api) -> None:
    dialect = api.dialect

    async def scene(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.send(*dialect.begin(), *dialect.text("whole"), *dialect.finish())
        await asyncio.Event().wait()

    async with api.serving(scene) as (provider, server):
        answer = await asyncio.wait_for(ask(provider, "hi"), PATIENCE_S)
        await asyncio.wait_for(server.disconnected.wait(), PATIENCE_S)
    assert (answer.text, answer.finish) == ("whole", "stop")


# --- cancelling -------------------------------------------------------------------------------


@pytest.mark.shows("B22")
@pytest.mark.parametrize("when", ["before the headers", "after the headers", "after text"])
async def test_cancelling_a_silent_server_closes_the_connection(api: Api, when: str) -> None:
    dialect = api.dialect
    reached = asyncio.Event()

    async def scene(exchange: Exchange) -> None:
        if when != "before the headers":
            await exchange.head()
        if when == "after text":
            await exchange.send(*dialect.begin(), *dialect.text("a"))
        reached.set()
        await asyncio.Event().wait()

    async with api.serving(scene) as (provider, server):
        task = asyncio.ensure_future(ask(provider, "hi"))
        await asyncio.wait_for(reached.wait(), PATIENCE_S)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, PATIENCE_S)
        await asyncio.wait_for(server.disconnected.wait(), PATIENCE_S)


async def test_leaving_an_answer_closes_the_connection(api: Api) -> None:
    dialect = api.dialect

    async def scene(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.send(*dialect.begin())
        while True:
            await exchange.send(*dialect.text("and on "))
            await asyncio.sleep(0)

    async with api.serving(scene) as (provider, server):
        stream = provider.stream(a_request(provider, "hi"))
        assert isinstance(await anext(stream), TextDelta)
        await stream.aclose()
        await asyncio.wait_for(server.disconnected.wait(), PATIENCE_S)


@pytest.mark.parametrize("status", [200, 400])
async def test_an_answer_compressed_twice_is_not_unpacked(api: Api, status: int) -> None:
    packed = gzip.compress(gzip.compress(bytes(50_000_000)))
    scene = answering(status, packed, content_encoding="gzip, gzip")
    answer = await api.run(scene)
    assert answer.error is not None
    assert answer.error.code is ErrorCode.PROTOCOL_ERROR
    assert "more than once" in answer.error.message
