"""Every API in every scene, through the engine: ending, text, and number of requests."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate

import pytest

from shell.contract import AnyEvent, DoneEvent, ErrorEvent, InferenceRequest, Message
from shell.errors import ErrorCode
from shell.inference.engine import Engine
from shell.inference.limits import Retries, Settings
from shell.providers.base import Provider
from tests.host_process import PATIENCE_S
from tests.providers.dialects import Dialect
from tests.providers.fault_server import Exchange, FaultServer, Scene, fault_server
from tests.providers.scenes import APIS, KEY, Api, answering, streaming

pytestmark = pytest.mark.anyio

Play = Callable[[Dialect, asyncio.Event], Scene]
"""Makes a scene for an API. The event is set when the engine has read the first words."""
QUICK = Settings(retries=Retries(first_delay_s=0.001))
HTML = b"<html><body>Log in to the network</body></html>"


@dataclass(frozen=True)
class Outcome:
    """The events and the text of an inference."""

    events: list[AnyEvent]
    text: str

    @property
    def code(self) -> str:
        last = self.events[-1]
        return last.code.value if isinstance(last, ErrorEvent) else "done"


@pytest.fixture(params=APIS, ids=lambda api: api.dialect.name)
def api(request: pytest.FixtureRequest) -> Api:
    api = request.param
    assert isinstance(api, Api)
    return api


async def run(provider: Provider, text_read: asyncio.Event | None = None, **more: int) -> Outcome:
    """Run one inference to its end. Sets `text_read` when the inference has a text."""
    engine = Engine(lambda _: provider, QUICK)
    messages = [Message(role="user", content="hi")]
    request = InferenceRequest(messages=messages, provider_id=provider.id, **more)  # type: ignore[arg-type]
    log = engine.start("window", request)
    ended = asyncio.Event()

    def on_change(urgent: bool) -> None:
        if text_read is not None and log.text("llm:token"):
            text_read.set()
        if log.ending is not None:
            ended.set()

    log.subscribe(on_change)
    await asyncio.wait_for(ended.wait(), PATIENCE_S)
    await engine.close()
    events = log.read()
    endings = [event for event in events if isinstance(event, DoneEvent | ErrorEvent)]
    assert endings == events[-1:], "one ending, and nothing behind it"
    return Outcome(events, log.text("llm:token"))


# --- scenes -----------------------------------------------------------------------------------


def plain(dialect: Dialect, text_read: asyncio.Event) -> Scene:
    return streaming(
        *dialect.begin(), *dialect.text("Hello "), *dialect.text("you"), *dialect.finish()
    )


def thinking(dialect: Dialect, text_read: asyncio.Event) -> Scene:
    frames = [*dialect.begin(), *dialect.reasoning("Hm."), *dialect.text("Hello you")]
    return streaming(*frames, *dialect.finish())


def calling(dialect: Dialect, text_read: asyncio.Event) -> Scene:
    return streaming(
        *dialect.begin(), *dialect.text("Hello you"), *dialect.call(), *dialect.finish()
    )


def odd_bytes(dialect: Dialect, text_read: asyncio.Event) -> Scene:
    frames = [frame.replace(b"o?y", b"o\xf0\x9f\x98y") for frame in dialect.text("Hello?you")]
    return streaming(*dialect.begin(), *frames, *dialect.finish())


def emoji_in_halves(dialect: Dialect, text_read: asyncio.Event) -> Scene:
    frames = [*dialect.text("\ud83d"), *dialect.text("\udc4b")]
    return streaming(*dialect.begin(), *frames, *dialect.finish())


def large(dialect: Dialect, text_read: asyncio.Event) -> Scene:
    return streaming(*dialect.begin(), *dialect.text("x" * 1_000_000), *dialect.finish())


def empty(dialect: Dialect, text_read: asyncio.Event) -> Scene:
    frames = [b"".join(dialect.text("")) * 100] * 100
    return streaming(*dialect.begin(), *frames, *dialect.text("Hello you"), *dialect.finish())


def slow(dialect: Dialect, text_read: asyncio.Event) -> Scene:
    async def scene(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.send(*dialect.begin(), b": ping\n\n")
        await asyncio.sleep(0.3)
        await exchange.send(*dialect.text("Hello you"), *dialect.finish())
        await exchange.end()

    return scene


def status(number: int, kind: str = "", body: bytes | None = None, **headers: str) -> Play:
    """An error answer: with the API's own body, or this one."""
    return lambda dialect, text_read: answering(
        number, dialect.error(kind) if body is None else body, **headers
    )


def broken(after_text: bool, *frames: bytes, end: str = "clean") -> Play:
    """A stream that breaks before or after its first words."""

    def play(dialect: Dialect, text_read: asyncio.Event) -> Scene:
        async def scene(exchange: Exchange) -> None:
            await exchange.head()
            await exchange.send(*dialect.begin())
            if after_text:
                await exchange.send(*dialect.text("Hello "))
                # A reset discards data that the client has not read yet.
                await asyncio.wait_for(text_read.wait(), PATIENCE_S)
            await exchange.send(*frames)
            if end == "clean":
                await exchange.end()
            elif end == "reset":
                exchange.reset()
                raise ConnectionResetError
            while end == "pings":
                await exchange.send(b": ping\n\n")
                await asyncio.sleep(0.02)

        return scene

    return play


def failing(after_text: bool, kind: str) -> Play:
    """An error in the middle of a stream."""

    def play(dialect: Dialect, text_read: asyncio.Event) -> Scene:
        before = dialect.text("Hello ") if after_text else []
        return streaming(*dialect.begin(), *before, *dialect.failure(kind))

    return play


def portal(dialect: Dialect, text_read: asyncio.Event) -> Scene:
    return answering(200, HTML, media_type="text/html")


def redirect(dialect: Dialect, text_read: asyncio.Event) -> Scene:
    return answering(307, b"", location="http://127.0.0.1:9/elsewhere")


def hang_up(dialect: Dialect, text_read: asyncio.Event) -> Scene:
    async def scene(exchange: Exchange) -> None:
        exchange.reset()
        raise ConnectionResetError

    return scene


def silent(dialect: Dialect, text_read: asyncio.Event) -> Scene:
    async def scene(exchange: Exchange) -> None:
        await asyncio.Event().wait()

    return scene


PAST = formatdate(time.time() - 60, usegmt=True)
SCENES: list[tuple[str, Play, str, int]] = [
    # name, scene of the server, ending of the inference, number of requests
    ("plain", plain, "done", 1),
    ("reasoning", thinking, "done", 1),
    ("tool call", calling, "done", 1),
    ("bad UTF-8", odd_bytes, "done", 1),
    ("split emoji", emoji_in_halves, "done", 1),
    ("1 MB chunk", large, "done", 1),
    ("10,000 empty deltas", empty, "done", 1),
    ("slow first token", slow, "done", 1),
    ("400", status(400, "invalid_request_error"), "INVALID_REQUEST", 1),
    ("401", status(401, "authentication_error"), "API_KEY_ERROR", 1),
    ("403", status(403, "permission_error"), "PERMISSION_DENIED", 1),
    ("404", status(404, "not_found_error"), "MODEL_NOT_FOUND", 1),
    ("413", status(413, "request_too_large"), "CONTEXT_LENGTH", 1),
    ("429, seconds", status(429, "rate_limit_error", retry_after="0.01"), "RATE_LIMIT", 4),
    ("429, date", status(429, "rate_limit_error", retry_after=PAST), "RATE_LIMIT", 4),
    ("429, too long", status(429, "rate_limit_error", retry_after="31"), "RATE_LIMIT", 1),
    ("429, no credit", status(429, "insufficient_quota"), "INSUFFICIENT_QUOTA", 1),
    ("500", status(500, "server_error"), "SERVER_ERROR", 4),
    ("503, a page", status(503, body=HTML, media_type="text/html"), "SERVER_ERROR", 4),
    ("529", status(529, "overloaded_error"), "OVERLOADED", 4),
    ("captive portal", portal, "PROTOCOL_ERROR", 1),
    ("redirect", redirect, "PROTOCOL_ERROR", 1),
    ("hangs up", hang_up, "NETWORK_ERROR", 4),
    ("no headers", silent, "STREAM_TIMEOUT", 1),
    ("stalls first", broken(False, end="pings"), "STREAM_TIMEOUT", 1),
    ("stalls later", broken(True, end="pings"), "STREAM_TIMEOUT", 1),
    ("reset first", broken(False, end="reset"), "NETWORK_ERROR", 4),
    ("reset later", broken(True, end="reset"), "STREAM_INTERRUPTED", 1),
    ("cut off first", broken(False), "STREAM_INCOMPLETE", 1),
    ("cut off later", broken(True), "STREAM_INCOMPLETE", 1),
    ("malformed first", broken(False, b"data: {oops\n\n"), "PROTOCOL_ERROR", 1),
    ("malformed later", broken(True, b"data: {oops\n\n"), "PROTOCOL_ERROR", 1),
    ("overloaded first", failing(False, "overloaded_error"), "OVERLOADED", 4),
    ("overloaded later", failing(True, "overloaded_error"), "OVERLOADED", 1),
]
TEXTS = {
    "1 MB chunk": "x" * 1_000_000,
    "split emoji": "\N{WAVING HAND SIGN}",
    "bad UTF-8": "Hello\N{REPLACEMENT CHARACTER}you",
}


@pytest.mark.shows("D28", "D30")
@pytest.mark.parametrize(
    ("name", "play", "code", "requests"), SCENES, ids=[name for name, *_ in SCENES]
)
async def test_every_scene(api: Api, name: str, play: Play, code: str, requests: int) -> None:
    stalls = {"first_timeout_ms": 300, "between_timeout_ms": 300} if "STREAM_T" in code else {}
    text_read = asyncio.Event()
    async with fault_server(play(api.dialect, text_read)) as server:
        provider = api.make(server.url)
        outcome = await run(provider, text_read, **stalls)
        await provider.close()
    assert (outcome.code, len(server.requests)) == (code, requests)
    retries = [event for event in outcome.events if event.channel == "llm:retrying"]
    assert len(retries) == requests - 1, "every retry is seen"
    expected = "Hello you" if code == "done" else "Hello " if name.endswith("later") else ""
    assert outcome.text == TEXTS.get(name, expected), "what came is kept"
    assert KEY not in "".join(event.model_dump_json() for event in outcome.events)


async def test_nobody_listens(api: Api) -> None:
    async with fault_server(silent(api.dialect, asyncio.Event())) as closed_server:
        provider = api.make(closed_server.url)
    outcome = await run(provider)
    await provider.close()
    retries = [event for event in outcome.events if event.channel == "llm:retrying"]
    assert (outcome.code, len(retries)) == ("NETWORK_ERROR", 3)


async def test_patience_that_is_asked_for_and_not_had_is_told(api: Api) -> None:
    scene = status(429, "rate_limit_error", retry_after="31")(api.dialect, asyncio.Event())
    async with fault_server(scene) as server:
        provider = api.make(server.url)
        outcome = await run(provider)
        await provider.close()
    last = outcome.events[-1]
    assert isinstance(last, ErrorEvent)
    assert (last.code, last.retryable, last.retry_after_ms) == (ErrorCode.RATE_LIMIT, True, 31_000)


async def test_a_service_that_recovers(api: Api) -> None:
    server: FaultServer

    async def scene(exchange: Exchange) -> None:
        is_overloaded = len(server.requests) < 3
        play = status(529, "overloaded_error") if is_overloaded else plain
        await play(api.dialect, asyncio.Event())(exchange)

    async with fault_server(scene) as server:
        provider = api.make(server.url)
        outcome = await run(provider)
        await provider.close()
    assert (outcome.code, outcome.text, len(server.requests)) == ("done", "Hello you", 3)
