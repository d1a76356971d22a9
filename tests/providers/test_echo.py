"""EchoProvider: the effect of every command of a script."""

import asyncio
import contextlib
import json
import time

import pytest

from shell.contract import FilePart, ImagePart, Message, TextPart
from shell.errors import ErrorCode, ProviderError
from shell.providers.base import Finish, PromptProgress, Provider, TextDelta, UsageReport
from shell.providers.testing.echo import GARBAGE, EchoProvider
from tests.providers.collect import a_request, ask

pytestmark = pytest.mark.anyio


@pytest.fixture
def echo() -> EchoProvider:
    return EchoProvider(rate=None)


async def test_plain_text_comes_back_word_by_word(echo: EchoProvider) -> None:
    text = "Hello,  wide\nworld 🌍\n\n/unknown and /rate stay text "
    answer = await ask(echo, text)
    assert answer.text == text
    assert [c.text for c in answer.chunks if isinstance(c, TextDelta)][:3] == [
        "Hello,",
        "  wide",
        "\nworld",
    ]
    assert answer.finish == "stop"
    assert answer.usage == UsageReport(9, 10)


async def test_a_run_is_the_same_every_time(echo: EchoProvider) -> None:
    script = "/reasoning let me see\n/repeat 3 yes\n/tool look {}\n/emoji"
    assert (await ask(echo, script)).chunks == (await ask(echo, script)).chunks


async def test_commands_of_content(echo: EchoProvider) -> None:
    answer = await ask(
        echo, "/progress Looking…\n/reasoning so it is\n/repeat 3 hi\n/chunk 5\n/empty 2\n/flood 2"
    )
    assert answer.chunks[0] == PromptProgress("Looking…")
    assert answer.reasoning == "so it is"
    assert answer.text == "hi hi hixxxxxx x "
    assert answer.chunks.count(TextDelta("")) == 2
    assert answer.usage == UsageReport(15, 9, reasoning_tokens=3)


async def test_hostile_content(echo: EchoProvider) -> None:
    assert [*(await ask(echo, "/emoji")).chunks[:2]] == [TextDelta("\ud83d"), TextDelta("\udc4b")]
    assert (await ask(echo, "/garbage")).text == "".join(GARBAGE)


async def test_a_tool_call_comes_in_pieces_and_names_the_finish(echo: EchoProvider) -> None:
    answer = await ask(echo, '/tool weather {"city": "Bern"}')
    assert {(c.id, c.name) for c in answer.calls} == {("call-1", "weather")}
    assert json.loads("".join(c.arguments for c in answer.calls)) == {"city": "Bern"}
    assert answer.finish == "tool_calls"


async def test_the_request_can_be_read_back(echo: EchoProvider) -> None:
    messages = [
        Message(role="system", content="Be brief."),
        Message(role="user", content="/request"),
    ]
    answer = await ask(echo, a_request(echo, *messages, temperature=0.5, max_tokens=9))
    assert json.loads(answer.text) == {
        "model": "echo",
        "temperature": 0.5,
        "maxTokens": 9,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "/request"},
        ],
    }


async def test_max_tokens_ends_with_length(echo: EchoProvider) -> None:
    answer = await ask(echo, a_request(echo, "one two three", max_tokens=2))
    assert (answer.text, answer.finish) == ("one two", "length")


@pytest.mark.parametrize(
    ("script", "text", "finish"),
    [
        ("a b\n/length\nnever", "a b", "length"),
        ("a b\n/cut\nnever", "a b", None),
        ("a b\n/refuse\nnever", "a b", "content_filter"),
    ],
)
async def test_ends(echo: EchoProvider, script: str, text: str, finish: str | None) -> None:
    answer = await ask(echo, script)
    assert (answer.text, answer.finish, answer.error) == (text, finish, None)


async def test_usage_can_be_set_and_left_out(echo: EchoProvider) -> None:
    assert (await ask(echo, "hi\n/usage none")).usage is None
    assert (await ask(echo, "hi\n/usage 12 34")).usage == UsageReport(12, 34)


@pytest.mark.parametrize("code", list(ErrorCode))
async def test_errors_before_and_after_text(echo: EchoProvider, code: ErrorCode) -> None:
    before = await ask(echo, f"/error {code} 1500\nnever")
    after = await ask(echo, f"some text\n/error {code}")
    assert before.error is not None
    assert (before.text, before.error.code, before.error.retry_after_ms) == ("", code, 1500)
    assert after.error is not None
    assert (after.text, after.error.code, after.error.retry_after_ms) == ("some text", code, None)


async def test_fail_counts_the_runs_of_one_script(echo: EchoProvider) -> None:
    script = "/fail 2 RATE_LIMIT 10\nfine"
    outcomes = [(await ask(echo, script)).error for _ in range(3)]
    assert [e and (e.code, e.retry_after_ms) for e in outcomes] == [
        (ErrorCode.RATE_LIMIT, 10),
        (ErrorCode.RATE_LIMIT, 10),
        None,
    ]
    assert echo.requests == 3


async def test_refusal_before_text_is_an_error(echo: EchoProvider) -> None:
    error = (await ask(echo, "/refuse")).error
    assert error is not None
    assert error.code is ErrorCode.CONTENT_FILTER


async def test_crash_is_nobodys_error(echo: EchoProvider) -> None:
    with pytest.raises(RuntimeError):
        await ask(echo, "/crash")


async def test_pace_and_delay_take_their_time() -> None:
    start = time.monotonic()
    await ask(EchoProvider(rate=1000), "/delay 60\n/rate 200\n/repeat 10 x")
    assert time.monotonic() - start >= 0.1


async def test_a_stall_ends_by_cancelling(echo: EchoProvider) -> None:
    task = asyncio.ensure_future(ask(echo, "/stall"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_ignore_cancel_holds_on() -> None:
    task = asyncio.ensure_future(ask(EchoProvider(rate=None), "/ignore-cancel 0.1"))
    await asyncio.sleep(0)
    start = time.monotonic()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - start >= 0.1


async def test_a_flood_never_lets_the_loop_turn(echo: EchoProvider) -> None:
    turned = False

    def turn() -> None:
        nonlocal turned
        turned = True

    asyncio.get_running_loop().call_soon(turn)
    async with contextlib.aclosing(echo.stream(a_request(echo, "/flood 500"))) as chunks:
        count = 0
        async for chunk in chunks:
            count += isinstance(chunk, TextDelta)
            if count == 500:
                break
    assert not turned


async def test_the_strict_model_says_what_it_refuses(echo: EchoProvider) -> None:
    provider: Provider = echo
    assert provider.model("echo").temperature_max == 2.0
    strict = provider.model("echo-strict")
    assert (strict.temperature_max, strict.system_prompt) == (None, False)


async def test_what_came_with_the_words_is_named(echo: EchoProvider) -> None:
    picture = ImagePart(media_type="image/png", data="AAAA")
    file = FilePart(name="a.pdf", media_type="application/pdf", data="AAA=")
    both = Message(role="user", content=[TextPart(text="look"), picture, file])
    named = "I got: picture (image/png, 3 bytes); file a.pdf (application/pdf, 2 bytes)"
    assert (await ask(echo, a_request(echo, both))).text == f"look\n{named}"
    picture_only = Message(role="user", content=[picture])
    assert (
        await ask(echo, a_request(echo, picture_only))
    ).text == "I got: picture (image/png, 3 bytes)"


async def test_a_code_that_does_not_exist_is_text(echo: EchoProvider) -> None:
    answer = await ask(echo, "/error NONSENSE\n/repeat x")
    assert answer.text == "/error NONSENSE\n/repeat x"
    assert isinstance(answer.chunks[-1], Finish)


async def test_close_is_harmless(echo: EchoProvider) -> None:
    echo.check()
    await echo.close()
    with pytest.raises(ProviderError):
        raise (await ask(echo, "/error TIMEOUT")).error or AssertionError
