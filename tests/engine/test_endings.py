"""An inference ends exactly once in every race, and its slot is free again."""

import asyncio
import contextlib
import gc
import weakref
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from shell.contract import DoneEvent, ErrorEvent, Message, ToolEvent
from shell.errors import ErrorCode, ProviderError
from shell.inference.log import InferenceLog
from shell.providers.base import (
    Chunk,
    Finish,
    PromptProgress,
    ProviderRequest,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tests.engine.host import (
    ME,
    Host,
    answer,
    channels,
    check_log,
    done,
    ended,
    failed,
    make_message,
    until,
)
from tests.virtual_loop import run_ready_tasks, the_loop

pytestmark = pytest.mark.anyio


# --- cancel ---------------------------------------------------------------------------------


@pytest.mark.shows("B22", "D18", "D95")
async def test_cancel_tells_what_was_produced_and_frees_the_slot(host: Host) -> None:
    log = host.start("/rate 10\none two three four five six seven")
    await until(lambda: answer(log).count(" ") == 4)
    assert host.engine.cancel(ME, log.inference_id) is True
    ending = await done(log)
    assert (ending.cancelled, ending.finish_reason) == (True, None)
    assert answer(log) == "one two three four five"
    assert ending.total_tokens == ending.usage.output_tokens > 0
    assert ending.usage.estimated
    assert host.engine.status(ME).active_inferences == 0
    assert host.engine.status(ME).cancelled_inferences == 1
    assert host.engine.status(ME).total_tokens == ending.total_tokens


@pytest.mark.shows("B22")
async def test_cancel_of_what_is_unknown_or_over_is_false(host: Host) -> None:
    log = host.start("hi")
    await done(log)
    assert host.engine.cancel(ME, log.inference_id) is False
    assert host.engine.cancel(ME, "inf-never-was") is False
    check_log(log)


@pytest.mark.shows("B22", "B28", "D25")
@pytest.mark.parametrize("turns", range(8))
async def test_cancel_at_every_turn_of_the_loop(host: Host, turns: int) -> None:
    log = host.start("one two")
    for _ in range(turns):
        await asyncio.sleep(0)
    before = log.ending
    assert host.engine.cancel(ME, log.inference_id) is (before is None)
    assert host.engine.cancel(ME, log.inference_id) is False, "cancelled twice"
    ending = await done(log)
    assert ending.cancelled is (before is None)
    await run_ready_tasks()
    check_log(log)


@pytest.mark.shows("B22", "D33")
async def test_cancel_before_the_first_turn_never_asks_the_provider(host: Host) -> None:
    log = host.start("hi")
    host.engine.cancel(ME, log.inference_id)
    assert channels(log) == ["llm:done"], "told at once, not when the task gets its turn"
    await run_ready_tasks()
    assert host.echo.requests == 0


@pytest.mark.shows("B39", "D18")
async def test_cancel_while_silent_is_told_at_once(host: Host) -> None:
    log = host.start("one\n/stall")
    await run_ready_tasks()
    before = the_loop().time()
    host.engine.cancel(ME, log.inference_id)
    await done(log)
    assert the_loop().time() == before


@pytest.mark.shows("D27")
async def test_nothing_of_a_cancelled_run_is_an_error(host: Host) -> None:
    async def angry(_: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ProviderError(ErrorCode.NETWORK_ERROR, "the connection was cut") from None
        yield Finish("stop")

    host.puppet(angry)
    log = host.start(provider_id="puppet")
    await run_ready_tasks()
    host.engine.cancel(ME, log.inference_id)
    assert (await done(log)).cancelled


async def _deaf(_: ProviderRequest) -> AsyncGenerator[Chunk, None]:
    """Ignore two cancels, and send a word after each."""
    yield TextDelta("one ")
    for _turn in range(2):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        yield TextDelta("LATE")
    yield Finish("stop")


@pytest.mark.shows("D74")
async def test_what_a_deaf_provider_says_after_the_cancel_is_not_told(host: Host) -> None:
    host.puppet(_deaf)
    log = host.start(provider_id="puppet")
    await run_ready_tasks()
    host.engine.cancel(ME, log.inference_id)
    await done(log)
    await asyncio.sleep(5)
    assert answer(log) == "one "
    check_log(log)


@pytest.mark.shows("B38", "D38")
async def test_a_provider_that_does_not_let_go_is_left_behind(host: Host) -> None:
    log = host.start("one\n/ignore-cancel 30")
    await run_ready_tasks()
    before = the_loop().time()
    host.engine.cancel(ME, log.inference_id)
    assert host.engine.cancel(ME, log.inference_id) is False
    await done(log)
    assert the_loop().time() - before <= 0.2
    assert host.engine.status(ME).active_inferences == 0
    await asyncio.sleep(31)  # then it lets go, and nothing happens
    check_log(log)


@pytest.mark.shows("D25", "B28")
@pytest.mark.parametrize("late_s", [-0.01, 0.0, 0.01, 0.02, 0.03])
async def test_a_deadline_against_the_provider_s_own_end(host: Host, late_s: float) -> None:
    async def close_call(_: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        yield TextDelta("x")
        await asyncio.sleep(1 + late_s)
        yield Finish("stop")

    host.puppet(close_call)
    log = host.start(provider_id="puppet", timeout_ms=1_000)
    await ended(log)
    await asyncio.sleep(1)
    check_log(log)


@pytest.mark.shows("D25")
async def test_a_cancel_against_a_deadline(host: Host) -> None:
    log = host.start("x\n/ignore-cancel 5", between_timeout_ms=1_000)
    await asyncio.sleep(1.05)  # the deadline has passed, the provider has not let go
    assert log.ending is None
    assert host.engine.cancel(ME, log.inference_id) is False
    assert (await failed(log)).code == "STREAM_TIMEOUT"
    await asyncio.sleep(5)


# --- errors ---------------------------------------------------------------------------------


@pytest.mark.shows("B28", "B38", "D19", "D29")
@pytest.mark.parametrize("code", list(ErrorCode))
@pytest.mark.parametrize("before", ["", "some text\n"])
async def test_every_code_ends_the_run_once(host: Host, code: ErrorCode, before: str) -> None:
    log = host.start(f"{before}/error {code}")
    ending = await ended(log)
    await run_ready_tasks()
    assert host.engine.status(ME).active_inferences == 0
    if code is ErrorCode.CONTENT_FILTER and before:
        assert isinstance(ending, DoneEvent)
        assert ending.finish_reason == "content_filter"
        return
    assert isinstance(ending, ErrorEvent)
    dropped = code is ErrorCode.NETWORK_ERROR and before
    assert ending.code == (ErrorCode.STREAM_INTERRUPTED if dropped else code)
    assert ending.retryable == ending.code.retryable
    assert answer(log) == before.strip(), "what arrived before the error is kept"
    assert host.engine.status(ME).failed_inferences == 1
    assert (host.engine.status(ME).total_tokens > 0) == bool(before)


@pytest.mark.shows("D27", "D28")
@pytest.mark.parametrize(
    "words",
    ["The request was aborted", "cancelled by upstream", "timeout", "network API key rate limit"],
)
async def test_words_in_a_message_decide_nothing(host: Host, words: str) -> None:
    async def fails(_: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        yield TextDelta("")
        if words == "timeout":
            raise TimeoutError(words)
        raise ProviderError(ErrorCode.OVERLOADED, words, retry_after_ms=99_000)

    host.puppet(fails)
    ending = await failed(host.start(provider_id="puppet"))
    expected = "UNKNOWN_ERROR" if words == "timeout" else "OVERLOADED"
    assert ending.code == expected


class Odd(BaseException):
    """Not even an Exception."""


@pytest.mark.shows("B28", "D25", "D27", "D36")
@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("abort"),
        KeyError("x"),
        ValueError("\ud800"),
        asyncio.CancelledError("cancel"),
        TimeoutError(),
        GeneratorExit(),
        Odd("nobody's"),
        StopAsyncIteration(),
        MemoryError(),
        ExceptionGroup("both", [ValueError("a"), TypeError("b")]),
        ProviderError(ErrorCode.SERVER_ERROR, "half an emoji: \ud83d", retry_after_ms=99_000),
        ProviderError(ErrorCode.SERVER_ERROR, "x" * 1_000_000, retry_after_ms=99_000),
        ProviderError(ErrorCode.RATE_LIMIT, "odd numbers", retry_after_ms=10**400),
        ProviderError(ErrorCode.RATE_LIMIT, "odd numbers", retry_after_ms=31_000.5),  # type: ignore[arg-type]
        ProviderError("NO_SUCH_CODE", "an unknown code"),  # type: ignore[arg-type]
        ProviderError(ErrorCode.SERVER_ERROR, None, retry_after_ms=99_000),  # type: ignore[arg-type]
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("late", [False, True])
async def test_a_provider_may_raise_anything_at_all(
    host: Host, error: BaseException, late: bool
) -> None:
    async def raises(_: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        yield TextDelta("text" if late else "")
        await asyncio.sleep(0)
        raise error

    host.puppet(raises)
    log = host.start(provider_id="puppet")
    ending = await failed(log)
    assert len(ending.error) <= 2_000
    assert answer(log) == ("text" if late else "")
    assert host.engine.status(ME).active_inferences == 0
    assert "abort" not in ending.error, "what is not classed is not shown"
    if isinstance(error, ProviderError) and error.retry_after_ms == 10**400:
        assert ending.code == "RATE_LIMIT"


@pytest.mark.shows("D21", "B28")
@pytest.mark.parametrize(
    "chunk",
    [
        ToolCallDelta("\ud800", "name", "{}"),
        ToolCallDelta("id", "\udc00", "\ud83d"),
        PromptProgress("\ud800", 0.5),
        PromptProgress("loading", float("nan")),
        UsageReport(-5, -7),
        UsageReport(1.5, True),  # type: ignore[arg-type]
        UsageReport(None, "many"),  # type: ignore[arg-type]
        Finish("because"),  # type: ignore[arg-type]
        Finish(None),  # type: ignore[arg-type]
        None,
        42,
        TextDelta(None),  # type: ignore[arg-type]
    ],
    ids=repr,
)
async def test_a_provider_may_say_anything_at_all(host: Host, chunk: Chunk) -> None:
    async def babbles(_: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        yield TextDelta("text")
        yield chunk
        yield TextDelta(" more")
        if not isinstance(chunk, Finish):
            yield Finish("stop")

    host.puppet(babbles)
    log = host.start(provider_id="puppet")
    await ended(log)
    assert answer(log).startswith("text")
    assert host.engine.status(ME).active_inferences == 0
    assert host.engine.status(ME).total_tokens >= 0
    await done(host.start("the next run is not harmed"))


@pytest.mark.shows("D21")
async def test_half_characters_in_a_tool_call_are_mended(host: Host) -> None:
    async def calls(_: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        yield ToolCallDelta("call", "wave", '{"hand": "\ud83d')
        yield ToolCallDelta("call", "wave", '\udc4b"}')
        yield Finish("tool_calls")

    host.puppet(calls)
    log = host.start(provider_id="puppet")
    assert (await done(log)).finish_reason == "tool_calls"
    pieces = [e.arguments_delta for e in log.read() if e.channel == "llm:tool"]
    assert "".join(pieces) == '{"hand": "\N{WAVING HAND SIGN}"}'


@pytest.mark.shows("B38")
@pytest.mark.parametrize("play", [None, "not a generator", lambda _: None])
async def test_a_stream_that_is_no_stream(host: Host, play: object) -> None:
    host.puppet(play)  # type: ignore[arg-type]
    assert (await failed(host.start(provider_id="puppet"))).code == "UNKNOWN_ERROR"


async def test_a_clean_end_without_a_finish_reason_is_incomplete(host: Host) -> None:
    log = host.start("half an answ\n/cut")
    ending = await failed(log)
    assert (ending.code, ending.retryable) == ("STREAM_INCOMPLETE", True)
    assert answer(log) == "half an answ"


@pytest.mark.shows("B27")
async def test_a_refusal_before_any_text_is_an_error(host: Host) -> None:
    assert (await failed(host.start("/refuse"))).code == "CONTENT_FILTER"

    async def filtered(_: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        yield Finish("content_filter")

    host.puppet(filtered)
    assert (await failed(host.start(provider_id="puppet"))).code == "CONTENT_FILTER"
    log = host.start("some text\n/refuse")
    assert (await done(log)).finish_reason == "content_filter"


@pytest.mark.shows("D37", "B38")
async def test_a_stream_that_hangs_while_it_is_closed(host: Host) -> None:
    """The engine's deadlines also hold while it closes a generator."""

    async def hangs(_: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        try:
            yield TextDelta("x")
            yield replace(TextDelta("y"), text=None)  # type: ignore[arg-type]
        finally:
            await asyncio.sleep(50)

    host.puppet(hangs)
    log = host.start(provider_id="puppet")
    began = the_loop().time()
    await ended(log)
    assert the_loop().time() - began < 31


@pytest.mark.shows("B39")
async def test_a_listener_may_cancel_in_the_middle_of_an_append(host: Host) -> None:
    log = host.start("one two three")

    def cancel(_: bool) -> None:
        host.engine.cancel(ME, log.inference_id)

    log.subscribe(cancel)
    assert (await done(log)).cancelled
    await run_ready_tasks()


@pytest.mark.shows("B39", "D47")
@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize(
    "chunk",
    [TextDelta("x" * 60), ReasoningDelta("é" * 30), ToolCallDelta("call", "f", "x" * 60)],
    ids=["text", "reasoning", "arguments"],
)
async def test_an_answer_without_end_is_stopped_and_what_came_is_kept(
    host: Host, monkeypatch: pytest.MonkeyPatch, chunk: Chunk, streamed: bool
) -> None:
    monkeypatch.setattr("shell.inference.text_writer.MAX_CONTENT_BYTES", 6_000)
    error, given = await _flood(host, chunk, stream=streamed)
    assert (error.code, error.retryable) == (ErrorCode.PROTOCOL_ERROR, False)
    assert error.error == "The answer is too long. The text received so far is kept."
    assert given == 101, "stopped by the first chunk over the limit"
    assert sum(_content(host.logs[-1])) == 101 * 60


@pytest.mark.shows("B39", "D47")
@pytest.mark.parametrize(
    "chunk",
    [TextDelta("x"), ToolCallDelta("call", "f", ""), PromptProgress("Loading", 0.5)],
    ids=["text", "calls", "progress"],
)
async def test_chunks_without_end_are_stopped_however_short_they_are(
    host: Host, monkeypatch: pytest.MonkeyPatch, chunk: Chunk
) -> None:
    monkeypatch.setattr("shell.inference.text_writer.MAX_CHUNKS", 1_000)
    error, given = await _flood(host, chunk)
    assert error.code == ErrorCode.PROTOCOL_ERROR
    assert given == 1_001


async def _flood(host: Host, chunk: Chunk, *, stream: bool = True) -> tuple[ErrorEvent, int]:
    """Run a provider that repeats a chunk. Returns the ending, and the number of chunks sent."""
    given = 0

    async def flood(_: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        nonlocal given
        while given < 5_000:  # enough to pass the limits of these tests
            given += 1
            yield chunk
        yield Finish("stop")

    host.puppet(flood)
    log = host.start(provider_id="puppet", stream=stream)
    return await failed(log), given


def _content(log: InferenceLog) -> list[int]:
    """Bytes of each text and of each part of arguments."""
    texts = [log.text("llm:token"), log.text("llm:reasoning")]
    parts = [event.arguments_delta for event in log.read() if isinstance(event, ToolEvent)]
    return [len(text.encode()) for text in texts + parts]


@pytest.mark.shows("B39", "D47")
async def test_the_loop_turns_in_the_middle_of_a_flood(host: Host) -> None:
    log = host.start("/flood 20000")
    await run_ready_tasks(5)
    assert 0 < log.last_seq < 20_000
    host.engine.cancel(ME, log.inference_id)
    ending = await done(log)
    assert ending.cancelled


@pytest.mark.shows("B21", "B22")
async def test_a_reader_that_fails_harms_nobody(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: bool) -> None:
        raise RuntimeError("the window is gone")

    log = host.start("one two")
    log.subscribe(broken)
    assert (await done(log)).finish_reason == "stop"
    assert host.engine.status(ME).active_inferences == 0
    assert "cannot be woken" in caplog.text


async def test_the_messages_of_a_run_may_be_many(host: Host) -> None:
    messages = [make_message("user" if i % 2 == 0 else "assistant", "x") for i in range(99)]
    await done(host.start(messages))


# --- memory ---------------------------------------------------------------------------------


async def test_an_ended_run_is_freed_at_once_not_by_the_garbage_collector(host: Host) -> None:
    def live_messages() -> int:
        return sum(reference() is not None for reference in sent)

    sent: list[weakref.ref[Message]] = []

    async def play(request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        sent.extend(weakref.ref(m) for m in request.messages if isinstance(m, Message))
        yield TextDelta("hello")
        yield Finish("stop")

    puppet = host.puppet(play)
    gc.collect()
    gc.disable()
    try:
        log = host.start("a large request", provider_id="puppet")
        await ended(log)
        puppet.requests.clear()
        await run_ready_tasks()
        assert len(sent) == 1
        assert live_messages() == 0
    finally:
        gc.enable()
