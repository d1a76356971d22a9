"""Every API in every scene, through the engine: its ending, what is kept, how often it asked."""

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
from tests.providers.dialects import Dialect
from tests.providers.fault_server import Exchange, FaultServer, Scene, fault_server
from tests.providers.scenes import APIS, KEY, Api, answering, streaming

pytestmark = pytest.mark.anyio

Play = Callable[[Dialect, asyncio.Event], Scene]
"""Makes a scene in the words of an API; the event is set when the first words have been read."""
QUICK = Settings(retries=Retries(first_delay_s=0.001))
HTML = b"<html><body>Log in to the network</body></html>"


@dataclass(frozen=True)
class Outcome:
    """How an inference ended, and what came before."""

    events: list[AnyEvent]
    text: str

    @property
    def code(self) -> str:
        last = self.events[-1]
        return last.code.value if isinstance(last, ErrorEvent) else "done"


@pytest.fixture(params=APIS, ids=lambda api: api.dialect.name)
def api(request: pytest.FixtureRequest) -> Api:
    found = request.param
    assert isinstance(found, Api)
    return found


async def run(provider: Provider, seen: asyncio.Event | None = None, **more: int) -> Outcome:
    """One inference, to its end; `seen` is set when it has a text."""
    engine = Engine(lambda _: provider, QUICK)
    messages = [Message(role="user", content="hi")]
    request = InferenceRequest(messages=messages, provider_id=provider.id, **more)  # type: ignore[arg-type]
    log = engine.start("window", request)
    ended = asyncio.Event()

    def look(urgent: bool) -> None:
        if seen is not None and log.text("llm:token"):
            seen.set()
        if log.ending is not None:
            ended.set()

    log.subscribe(look)
    await asyncio.wait_for(ended.wait(), 20)
    await engine.close()
    events = log.read()
    endings = [event for event in events if isinstance(event, DoneEvent | ErrorEvent)]
    assert endings == events[-1:], "one ending, and nothing behind it"
    return Outcome(events, log.text("llm:token"))


# --- scenes -----------------------------------------------------------------------------------


def plain(says: Dialect, seen: asyncio.Event) -> Scene:
    return streaming(*says.begin(), *says.text("Hello "), *says.text("you"), *says.finish())


def thinking(says: Dialect, seen: asyncio.Event) -> Scene:
    frames = [*says.begin(), *says.reasoning("Hm."), *says.text("Hello you")]
    return streaming(*frames, *says.finish())


def calling(says: Dialect, seen: asyncio.Event) -> Scene:
    return streaming(*says.begin(), *says.text("Hello you"), *says.call(), *says.finish())


def odd_bytes(says: Dialect, seen: asyncio.Event) -> Scene:
    frames = [frame.replace(b"o?y", b"o\xf0\x9f\x98y") for frame in says.text("Hello?you")]
    return streaming(*says.begin(), *frames, *says.finish())


def emoji_in_halves(says: Dialect, seen: asyncio.Event) -> Scene:
    frames = [*says.text("\ud83d"), *says.text("\udc4b")]
    return streaming(*says.begin(), *frames, *says.finish())


def large(says: Dialect, seen: asyncio.Event) -> Scene:
    return streaming(*says.begin(), *says.text("x" * 1_000_000), *says.finish())


def empty(says: Dialect, seen: asyncio.Event) -> Scene:
    frames = [b"".join(says.text("")) * 100] * 100
    return streaming(*says.begin(), *frames, *says.text("Hello you"), *says.finish())


def slow(says: Dialect, seen: asyncio.Event) -> Scene:
    async def scene(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.send(*says.begin(), b": ping\n\n")
        await asyncio.sleep(0.3)
        await exchange.send(*says.text("Hello you"), *says.finish())
        await exchange.end()

    return scene


def status(number: int, kind: str = "", body: bytes | None = None, **headers: str) -> Play:
    """An error answer: with the API's own body, or this one."""
    return lambda says, seen: answering(
        number, says.error(kind) if body is None else body, **headers
    )


def broken(begun: bool, *frames: bytes, end: str = "clean") -> Play:
    """A stream that goes wrong, before or after its first words."""

    def play(says: Dialect, seen: asyncio.Event) -> Scene:
        async def scene(exchange: Exchange) -> None:
            await exchange.head()
            await exchange.send(*says.begin())
            if begun:
                await exchange.send(*says.text("Hello "))
                await asyncio.wait_for(seen.wait(), 10)  # a reset throws away what was not yet read
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


def failing(begun: bool, kind: str) -> Play:
    """An error in the middle of a stream."""

    def play(says: Dialect, seen: asyncio.Event) -> Scene:
        before = says.text("Hello ") if begun else []
        return streaming(*says.begin(), *before, *says.failure(kind))

    return play


def portal(says: Dialect, seen: asyncio.Event) -> Scene:
    return answering(200, HTML, media_type="text/html")


def redirect(says: Dialect, seen: asyncio.Event) -> Scene:
    return answering(307, b"", location="http://127.0.0.1:9/elsewhere")


def hang_up(says: Dialect, seen: asyncio.Event) -> Scene:
    async def scene(exchange: Exchange) -> None:
        exchange.reset()
        raise ConnectionResetError

    return scene


def silent(says: Dialect, seen: asyncio.Event) -> Scene:
    async def scene(exchange: Exchange) -> None:
        await asyncio.Event().wait()

    return scene


PAST = formatdate(time.time() - 60, usegmt=True)
SCENES: list[tuple[str, Play, str, int]] = [
    # name, what the server does, how the inference ends, how many requests it took
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
    seen = asyncio.Event()
    async with fault_server(play(api.dialect, seen)) as server:
        provider = api.make(server.url)
        outcome = await run(provider, seen, **stalls)
        await provider.close()
    assert (outcome.code, len(server.requests)) == (code, requests)
    retries = [event for event in outcome.events if event.channel == "llm:retrying"]
    assert len(retries) == requests - 1, "every retry is seen"
    expected = "Hello you" if code == "done" else "Hello " if name.endswith("later") else ""
    assert outcome.text == TEXTS.get(name, expected), "what came is kept"
    assert KEY not in "".join(event.model_dump_json() for event in outcome.events)


async def test_nobody_listens(api: Api) -> None:
    async with fault_server(silent(api.dialect, asyncio.Event())) as gone:
        provider = api.make(gone.url)
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
        tired = len(server.requests) < 3
        play = status(529, "overloaded_error") if tired else plain
        await play(api.dialect, asyncio.Event())(exchange)

    async with fault_server(scene) as server:
        provider = api.make(server.url)
        outcome = await run(provider)
        await provider.close()
    assert (outcome.code, outcome.text, len(server.requests)) == ("done", "Hello you", 3)
