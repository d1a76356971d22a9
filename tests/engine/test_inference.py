"""One inference: its id, the order of its events, and the request to the provider."""

import json
import random
import re
import time
from collections.abc import AsyncGenerator

import pytest

from shell.contract import (
    ImagePart,
    InferenceRequest,
    Message,
    Notice,
    NoticeCode,
    ReasoningEvent,
    TextPart,
    TokenEvent,
)
from shell.errors import ValidationFailed
from shell.inference.log import MAX_JOINED_CHARACTERS
from shell.providers.base import (
    Chunk,
    Finish,
    ModelInfo,
    ProviderRequest,
    ReasoningDelta,
    TextDelta,
    UsageReport,
)
from tests.engine.host import (
    ME,
    Host,
    answer,
    channels,
    done,
    ended,
    failed,
    make_message,
    messages,
    notices,
    statuses,
    tokens,
)
from tests.virtual_loop import run_ready_tasks

pytestmark = pytest.mark.anyio


def received(text: str) -> dict[str, object]:
    """Parse the provider's request from the answer to `/request`."""
    value: dict[str, object] = json.loads(text)
    return value


# --- ids and order --------------------------------------------------------------------------


@pytest.mark.shows("B15", "B65", "D42")
async def test_the_host_makes_ids_that_nobody_can_guess(host: Host) -> None:
    random.seed(1)
    before = time.time_ns() // 1_000_000
    first = host.start().inference_id
    random.seed(1)
    second = host.start().inference_id
    found = re.fullmatch(r"inf-(\d+)-([0-9a-z]{7})", first)
    assert found
    assert before <= int(found[1]) <= time.time_ns() // 1_000_000
    assert first[-7:] != second[-7:], "not made by a generator that a seed repeats"


@pytest.mark.shows("D23", "B4", "B16")
async def test_a_caller_may_choose_the_id_but_not_twice(host: Host) -> None:
    log = host.start(inference_id="inf-mine-1")
    assert log.inference_id == "inf-mine-1"
    await done(log)
    for owner in ("window-1", "window-2"):
        with pytest.raises(ValidationFailed) as refused:
            host.start(inference_id="inf-mine-1", owner=owner)
        assert refused.value.issues[0][0] == "inferenceId"
    assert host.engine.status(ME).total_inferences == 1


@pytest.mark.shows("B4", "B16", "D23")
async def test_the_id_comes_at_once_and_before_any_event(host: Host) -> None:
    log = host.start("/flood 1000")
    assert log.last_seq == -1
    assert host.engine.status(ME).active_inferences == 1
    assert host.engine.status(ME).total_inferences == 1
    await done(log)


@pytest.mark.shows("B24", "B25", "B26", "B27", "D48")
async def test_events_come_in_one_order_with_dense_numbers(host: Host) -> None:
    log = host.start("/reasoning I think so\nHello wide world")
    ending = await done(log)
    assert statuses(log) == ["Initializing...", "Processing..."]
    assert channels(log) == [
        "llm:thinking",
        "llm:thinking",
        "llm:reasoning",
        "llm:token",
        "llm:done",
    ]
    pieces = tokens(log)
    assert [(p.token, p.index) for p in pieces] == [("Hello", 0), (" wide", 1), (" world", 2)]
    assert [p.seq for p in pieces] == [5, 6, 7]
    assert (ending.finish_reason, ending.cancelled, ending.seq) == ("stop", False, 8)
    assert ending.total_tokens == ending.usage.output_tokens == 6
    assert ending.usage.reasoning_tokens == 3
    assert (ending.timing.first_token_ms, ending.timing.total_ms) == (0, 0)


@pytest.mark.shows("D22", "B17")
async def test_every_event_carries_its_session(host: Host) -> None:
    host.session()
    ends = ["hi", "/error RATE_LIMIT 99000", "/fail 1 OVERLOADED\nok", "/tool f {}", "x\n/stall"]
    for script in ends:
        log = host.turn(script, timeout_ms=2_000)
        await ended(log)
        assert {event.session_id for event in log.read()} == {"s"}
    single = host.start()
    await done(single)
    assert {event.session_id for event in single.read()} == {None}


@pytest.mark.shows("B25")
async def test_empty_chunks_are_no_events(host: Host) -> None:
    log = host.start("a\n/empty 5\nb")
    await done(log)
    assert [p.token for p in tokens(log)] == ["a", "b"]


@pytest.mark.shows("D20")
@pytest.mark.parametrize(
    ("script", "reason"),
    [("hi", "stop"), ("hi\n/length", "length"), ("/tool f {}", "tool_calls")],
)
async def test_the_provider_s_finish_reason_is_told(host: Host, script: str, reason: str) -> None:
    assert (await done(host.start(script))).finish_reason == reason


@pytest.mark.shows("D20", "B46")
async def test_max_tokens_end_with_length(host: Host) -> None:
    log = host.start("one two three", max_tokens=2)
    assert (await done(log)).finish_reason == "length"
    assert answer(log) == "one two"


# --- what is sent ---------------------------------------------------------------------------


@pytest.mark.shows("B31", "D7")
async def test_defaults(host: Host) -> None:
    assert InferenceRequest.model_fields["stream"].default is True
    log = host.start("/request")
    await done(log)
    sent = received(answer(log))
    assert (sent["temperature"], sent["maxTokens"]) == (0.7, None)
    assert sent["model"] == "echo", "the provider's own default, never the word 'default'"


@pytest.mark.shows("D34", "B45")
async def test_zero_is_a_value(host: Host) -> None:
    log = host.start("/request", temperature=0.0, max_tokens=1)
    await done(log)
    sent = received(answer(log))
    assert (sent["temperature"], sent["maxTokens"]) == (0.0, 1)


@pytest.mark.shows("D4", "D90")
async def test_the_system_prompt_of_a_single_run_is_sent(host: Host) -> None:
    log = host.start("/request", system_prompt="Be brief.")
    await done(log)
    assert received(answer(log))["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "/request"},
    ]


@pytest.mark.shows("D16")
async def test_system_messages_go_first_wherever_they_stood(host: Host) -> None:
    log = host.start(
        [
            make_message("user", "a"),
            make_message("system", "B"),
            make_message("assistant", "c"),
            make_message("user", "/request"),
        ],
        system_prompt="A",
    )
    await done(log)
    sent = received(answer(log))["messages"]
    assert isinstance(sent, list)
    assert [m["content"] for m in sent] == ["A", "B", "a", "c", "/request"]


@pytest.mark.shows("B33")
async def test_text_parts_are_joined(host: Host) -> None:
    parts = Message(role="user", content=[TextPart(text="Hello"), TextPart(text=" world")])
    log = host.start([parts])
    await done(log)
    assert answer(log) == "Hello world"


@pytest.mark.shows("D14")
async def test_what_is_sent_is_a_snapshot(host: Host) -> None:
    puppet = host.puppet(_stop_at_once)
    sent = messages("hi")
    request = InferenceRequest.model_validate({"provider_id": "puppet", "messages": sent})
    log = host.engine.start(ME, request)
    sent.append(make_message("user", "later"))
    await done(log)
    assert [m.text for m in puppet.requests[0].messages] == ["hi"]


async def _stop_at_once(_: ProviderRequest) -> AsyncGenerator[Chunk, None]:
    yield Finish("stop")


# --- not streamed ---------------------------------------------------------------------------


@pytest.mark.shows("D8")
async def test_without_streaming_there_is_one_token_event(host: Host) -> None:
    log = host.start("one two three", stream=False)
    ending = await done(log)
    pieces = tokens(log)
    assert [(p.token, p.index, p.count) for p in pieces] == [("one two three", 0, 1)]
    assert log.read()[-2:] == [pieces[0], ending]
    assert ending.total_tokens == 3


@pytest.mark.shows("D8", "D18")
@pytest.mark.parametrize("end", ["/stall", "/error SERVER_ERROR", "/cut"])
async def test_without_streaming_what_was_gathered_is_told_before_the_end(
    host: Host, end: str
) -> None:
    log = host.start(f"/reasoning hm\none two\n{end}", stream=False)
    await run_ready_tasks(40)
    if end == "/stall":
        host.engine.cancel(ME, log.inference_id)
        await done(log)
    else:
        await failed(log)
    kinds = [type(e) for e in log.read()[-3:-1]]
    assert kinds == [ReasoningEvent, TokenEvent]
    assert [p.token for p in tokens(log)] == ["one two"]


@pytest.mark.shows("D8", "B37")
async def test_without_streaming_the_deadlines_are_the_same(host: Host) -> None:
    assert (await failed(host.start("one\n/stall", stream=False))).code == "STREAM_TIMEOUT"
    log = host.start("/rate 1\n/repeat 90 word", stream=False)
    await done(log)
    assert len(tokens(log)) == 1


# --- tokens ---------------------------------------------------------------------------------


@pytest.mark.shows("D17", "B29")
async def test_tokens_are_the_provider_s_count_not_the_chunks(host: Host) -> None:
    log = host.start("/chunk 32\n/usage 11 8")
    ending = await done(log)
    assert len(tokens(log)) == 1
    assert ending.total_tokens == 8
    assert (ending.usage.input_tokens, ending.usage.estimated) == (11, False)
    status = host.engine.status(ME)
    assert (status.total_tokens, status.estimated_tokens) == (8, 0)


@pytest.mark.shows("D17")
async def test_without_a_count_tokens_are_estimated_and_marked(host: Host) -> None:
    ending = await done(host.start("/reasoning abcdefgh\n/chunk 400\n/usage none"))
    assert (ending.total_tokens, ending.usage.reasoning_tokens) == (102, 2)
    assert ending.usage.estimated
    assert ending.usage.input_tokens > 0
    assert host.engine.status(ME).estimated_tokens == 102


@pytest.mark.shows("D17")
async def test_a_later_count_replaces_an_earlier_one(host: Host) -> None:
    async def counts(_: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        yield UsageReport(5, 1)
        yield TextDelta("x")
        yield UsageReport(5, 9, cached_tokens=4)
        yield Finish("stop")

    host.puppet(counts)
    usage = (await done(host.start(provider_id="puppet"))).usage
    assert (usage.output_tokens, usage.cached_tokens) == (9, 4)


@pytest.mark.shows("D19", "D18")
async def test_failed_and_cancelled_runs_count_what_they_made(host: Host) -> None:
    await failed(host.start("/chunk 40\n/error SERVER_ERROR"))
    assert host.engine.status(ME).total_tokens == 10
    log = host.start("/chunk 40\n/stall")
    await run_ready_tasks()
    host.engine.cancel(ME, log.inference_id)
    await done(log)
    assert host.engine.status(ME).total_tokens == 20


@pytest.mark.shows("B23", "D50")
async def test_the_outcomes_add_up(host: Host) -> None:
    await done(host.start("hi"))
    await done(host.start("hi"))
    await failed(host.start("/error SERVER_ERROR 99000"))
    await failed(host.start("x\n/stall"))
    log = host.start("/stall")
    host.engine.cancel(ME, log.inference_id)
    live = host.start("/stall")
    status = host.engine.status(ME)
    assert (status.total_inferences, status.active_inferences) == (6, 1)
    assert status.completed_inferences == 2
    assert status.failed_inferences == 2
    assert status.cancelled_inferences == 1
    host.engine.cancel(ME, live.inference_id)


# --- text -----------------------------------------------------------------------------------


@pytest.mark.shows("D21")
async def test_reasoning_is_told_on_its_own_channel(host: Host) -> None:
    async def thinks(_: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        yield ReasoningDelta("let me ")
        yield ReasoningDelta("see")
        yield TextDelta("yes")
        yield Finish("stop")

    host.puppet(thinks)
    log = host.start(provider_id="puppet")
    await done(log)
    assert log.text("llm:reasoning") == "let me see"
    assert answer(log) == "yes"


async def test_half_characters_are_mended(host: Host) -> None:
    log = host.start("/emoji\n/garbage")
    await done(log)
    text = answer(log)
    assert text.startswith("\N{WAVING HAND SIGN}")
    assert "\N{REPLACEMENT CHARACTER}" in text
    text.encode()


async def test_a_half_that_nothing_follows_is_replaced(host: Host) -> None:
    async def half(_: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        yield ReasoningDelta("a\ud83d")
        yield TextDelta("b\ud83d")
        yield Finish("stop")

    host.puppet(half)
    for streamed in (True, False):
        log = host.start(provider_id="puppet", stream=streamed)
        await done(log)
        assert (log.text("llm:reasoning"), answer(log)) == ("a\ufffd", "b\ufffd")
        assert len(tokens(log)) == (2 if streamed else 1)


# --- fitting a request to its model ----------------------------------------------------------


@pytest.mark.shows("D46", "B45")
@pytest.mark.parametrize(
    ("highest", "temperature", "sent", "notice"),
    [
        (2.0, 1.5, 1.5, []),
        (1.0, 1.5, None, ["TEMPERATURE_DROPPED"]),
        (1.0, 1.0, 1.0, []),
        (None, 0.2, None, ["TEMPERATURE_DROPPED"]),
        (None, None, None, []),
        (2.0, None, 0.7, []),
    ],
)
async def test_a_temperature_that_a_model_refuses_is_left_out_and_said(
    host: Host,
    highest: float | None,
    temperature: float | None,
    sent: float | None,
    notice: list[str],
) -> None:
    puppet = host.puppet(_stop_at_once, ModelInfo("m", temperature_max=highest))
    log = host.start(provider_id="puppet", temperature=temperature)
    await done(log)
    assert puppet.requests[0].temperature == sent
    assert notices(log) == notice


@pytest.mark.shows("D46", "D45")
async def test_other_things_that_a_model_refuses(host: Host) -> None:
    model = ModelInfo("m", max_output_tokens=50, system_prompt=False)
    puppet = host.puppet(_stop_at_once, model)
    log = host.start(provider_id="puppet", max_tokens=80, system_prompt="Be brief.")
    await done(log)
    assert notices(log) == ["MAX_TOKENS_LOWERED", "SYSTEM_PROMPT_DROPPED"]
    assert puppet.requests[0].max_tokens == 50
    assert [m.role for m in puppet.requests[0].messages] == ["user"]
    assert channels(log)[:2] == ["llm:notice", "llm:notice"], "said before anything else"


@pytest.mark.shows("D55")
@pytest.mark.parametrize(
    ("roles", "wrong"),
    [(["system"], True), (["user", "assistant"], True), (["assistant", "user"], False)],
)
async def test_messages_that_no_model_can_answer(host: Host, roles: list[str], wrong: bool) -> None:
    host.puppet(_stop_at_once)
    sent = [make_message(role, "x") for role in roles]
    if not wrong:
        await done(host.start(sent, provider_id="puppet"))
        return
    with pytest.raises(ValidationFailed) as refused:
        host.start(sent, provider_id="puppet")
    assert refused.value.issues[0][0] == "messages"
    assert host.engine.status(ME).total_inferences == 0


@pytest.mark.shows("D55")
async def test_a_model_that_continues_an_answer_may_be_asked_to(host: Host) -> None:
    host.puppet(_stop_at_once, ModelInfo("m", assistant_prefill=True))
    await done(
        host.start(
            [make_message("user", "a"), make_message("assistant", "b")], provider_id="puppet"
        )
    )


@pytest.mark.shows("B33")
async def test_pictures_go_to_models_that_see(host: Host) -> None:
    picture = ImagePart(media_type="image/png", data="aaaa")
    sent = [Message(role="user", content=[TextPart(text="see"), picture])]
    await done(host.start(sent))
    host.puppet(_stop_at_once)
    with pytest.raises(ValidationFailed) as refused:
        host.start(sent, provider_id="puppet")
    assert refused.value.issues[0][0] == "messages.0.content.1"


async def test_a_provider_may_give_a_notice_in_mid_answer(host: Host) -> None:
    async def play(_: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        yield TextDelta("again")
        yield Notice(code=NoticeCode.REPETITION_STOPPED, text="m repeats itself", model="m")
        yield Finish("other")

    host.puppet(play)
    log = host.start(provider_id="puppet")
    assert (await done(log)).finish_reason == "other"
    assert channels(log)[-3:] == ["llm:token", "llm:notice", "llm:done"]
    assert notices(log) == ["REPETITION_STOPPED"]


async def test_a_whole_answer_is_kept_in_pieces_of_a_bearable_size(host: Host) -> None:
    log = host.start("/chunk 100000", stream=False)
    await done(log)
    texts = [event.token for event in log.read(stops=range(99)) if isinstance(event, TokenEvent)]
    assert len("".join(texts)) >= 100_000
    assert max(map(len, texts)) <= MAX_JOINED_CHARACTERS
