"""The history of sessions, the messages that their models get, and one run at a time."""

import asyncio
import json
from collections.abc import AsyncGenerator

import pytest

from shell.contract import ImagePart, Message, SessionMessage
from shell.errors import NotFound, SessionBusy, ShellError, ValidationFailed
from shell.inference.limits import Limits, Settings
from shell.providers.base import Chunk, ModelInfo, ProviderRequest, TextDelta
from shell.providers.testing.echo import EchoProvider
from tests.engine.host import (
    ME,
    Host,
    Puppet,
    answer,
    channels,
    done,
    ended,
    failed,
    make_message,
    notices,
    until,
)
from tests.virtual_loop import run_ready_tasks, the_loop

pytestmark = pytest.mark.anyio


def history(host: Host, session_id: str = "s") -> list[tuple[str, str, bool]]:
    """Return role, text and `partial` of each message."""
    listed = host.engine.session(ME, session_id).messages
    return [(m.role, m.content if isinstance(m.content, str) else "", m.partial) for m in listed]


def picture() -> Message:
    """Make a message of the user with a picture."""
    return Message(role="user", content=[ImagePart(media_type="image/png", data="aaaa")])


def sent(text: str) -> dict[str, object]:
    value: dict[str, object] = json.loads(text)
    return value


# --- creation -------------------------------------------------------------------------------


@pytest.mark.shows("B18", "B19", "B64")
async def test_a_new_session_says_what_it_is(host: Host) -> None:
    info = host.session("a.b:c-1", metadata={"k": [1]}, system_prompt="Be brief.")
    assert (info.session_id, info.provider_id, info.model_id) == ("a.b:c-1", "echo", "echo")
    assert (info.is_active, info.message_count, info.total_tokens) == (False, 0, 0)
    assert info.created_at == info.last_activity > 1_700_000_000_000
    assert info.metadata == {"k": [1]}
    assert host.session("other", model_id="echo-strict").model_id == "echo-strict"
    assert history(host, "a.b:c-1") == [("system", "Be brief.", False)]


@pytest.mark.shows("B18")
async def test_an_id_is_used_once(host: Host) -> None:
    host.session()
    with pytest.raises(ValidationFailed, match=r"^Session s already exists$") as refused:
        host.session()
    assert refused.value.issues[0][0] == "sessionId"


@pytest.mark.shows("D7", "B18")
async def test_a_session_s_model_is_its_own_provider_s(host: Host) -> None:
    host.providers["anthropic"] = Puppet(EchoProvider().stream, ModelInfo("claude-x"))
    assert host.session(provider_id="anthropic").model_id == "claude-x"


@pytest.mark.shows("D40")
async def test_what_is_given_out_is_a_copy(host: Host) -> None:
    info = host.session(metadata={"k": [1]})
    with pytest.raises(ValueError, match="frozen"):
        info.is_active = True
    assert info.metadata is not None
    info.metadata["k"] = "changed"
    info.metadata["new"] = 1
    assert host.engine.session(ME, "s").info.metadata == {"k": [1]}
    host.engine.session(ME, "s").messages.append(SessionMessage(role="user", content="smuggled"))
    assert history(host) == []


@pytest.mark.shows("B20")
async def test_destroy(host: Host) -> None:
    host.session()
    assert host.engine.destroy_session(ME, "s") is True
    assert host.engine.destroy_session(ME, "s") is False
    with pytest.raises(NotFound, match=r"^Session s not found$"):
        host.turn("hi")
    host.session()


@pytest.mark.shows("B20", "D31", "D32")
async def test_destroy_ends_every_run_of_the_session_as_cancelled(host: Host) -> None:
    host.session()
    host.session("other")
    spared = host.turn("/rate 1\none two", "other")
    runs = [host.turn(script, when_busy="queue") for script in ("one\n/stall", "b", "c")]
    await run_ready_tasks()
    assert host.engine.destroy_session(ME, "s")
    for log in runs:
        ending = await done(log)
        assert (ending.cancelled, ending.session_id) == (True, "s")
    assert [channels(log) for log in runs[1:]] == [["llm:done"]] * 2, "those that waited never ran"
    assert (await done(spared)).cancelled is False
    assert host.engine.status(ME).active_inferences == 0


# --- history --------------------------------------------------------------------------------


@pytest.mark.shows("B21", "D3", "D10")
async def test_the_answer_enters_the_history_and_is_sent_the_next_time(host: Host) -> None:
    host.session(system_prompt="Be brief.")
    await done(host.turn("one"))
    log = host.turn("/request")
    assert host.engine.session(ME, "s").info.is_active
    assert host.engine.session(ME, "s").info.message_count == 3
    await done(log)
    assert [(m["role"], m["content"]) for m in sent(answer(log))["messages"]] == [  # type: ignore[attr-defined]
        ("system", "Be brief."),
        ("user", "one"),
        ("assistant", "one"),
        ("user", "/request"),
    ]
    info = host.engine.session(ME, "s").info
    assert (info.message_count, info.is_active) == (4, False), "the system prompt is not counted"


@pytest.mark.shows("B29", "B21")
async def test_tokens_and_activity_are_kept_for_the_session(host: Host) -> None:
    created = host.session()
    await done(host.turn("one two three"))
    await failed(host.turn("four five\n/error SERVER_ERROR"))
    info = host.engine.session(ME, "s").info
    assert info.total_tokens == 3 + 3  # two pieces and an estimate of three tokens
    assert info.last_activity >= created.last_activity
    assert host.engine.status(ME).total_tokens == info.total_tokens


@pytest.mark.shows("D3", "D15", "D18", "D81")
@pytest.mark.parametrize("how", ["cancel", "fail", "stall"])
async def test_a_partial_answer_is_kept_and_marked(host: Host, how: str) -> None:
    host.session()
    log = host.turn("part\n/error SERVER_ERROR" if how == "fail" else "part\n/stall")
    await run_ready_tasks()
    if how == "cancel":
        host.engine.cancel(ME, log.inference_id)
    await ended(log)
    assert [(role, partial) for role, _, partial in history(host)] == [
        ("user", False),
        ("assistant", True),
    ]
    assert history(host)[1][1] == "part"


@pytest.mark.shows("D15", "D84")
@pytest.mark.parametrize("script", ["/error SERVER_ERROR", "/reasoning only thoughts\n/stall"])
async def test_a_turn_without_any_answer_leaves_no_orphan(host: Host, script: str) -> None:
    host.session()
    await failed(host.turn(script))
    assert history(host) == []
    log = host.turn("/request")
    await done(log)
    assert len(sent(answer(log))["messages"]) == 1  # type: ignore[arg-type]


@pytest.mark.shows("D83", "D3")
async def test_an_empty_answer_is_an_answer(host: Host) -> None:
    host.session()
    await done(host.turn("/empty 3"))
    assert [role for role, _, _ in history(host)] == ["user"]
    await done(host.turn("next"))
    assert len(history(host)) == 3


@pytest.mark.shows("B21", "D5")
async def test_options_win_over_the_session_which_wins_over_defaults(host: Host) -> None:
    host.session(temperature=0.1, max_tokens=7, effort="low")
    log = host.turn("/request")
    await done(log)
    assert sent(answer(log))["effort"] == "low"
    assert (sent(answer(log))["temperature"], sent(answer(log))["maxTokens"]) == (0.1, 7)
    log = host.turn("/request", temperature=0.0, max_tokens=1, effort="max")
    await done(log)
    assert sent(answer(log))["effort"] == "max"
    assert (sent(answer(log))["temperature"], sent(answer(log))["maxTokens"]) == (0.0, 1)
    host.session("plain")
    log = host.turn("/request", "plain")
    await done(log)
    assert (sent(answer(log))["temperature"], sent(answer(log))["maxTokens"]) == (0.7, None)


@pytest.mark.shows("B21", "D8")
async def test_a_session_streams_unless_told_otherwise(host: Host) -> None:
    host.session()
    streamed = host.turn("one two")
    await done(streamed)
    assert streamed.read(stops=range(9))[-2].seq > streamed.read(stops=range(9))[2].seq
    whole = host.turn("one two", stream=False)
    await done(whole)
    assert channels(whole)[-2:] == ["llm:token", "llm:done"]


@pytest.mark.shows("B21", "D55")
async def test_a_turn_ends_with_the_user(host: Host) -> None:
    host.session(provider_id="echo")
    with pytest.raises(ValidationFailed) as refused:
        host.turn([make_message("user", "a"), make_message("assistant", "b")])
    assert refused.value.issues[0][0] == "messages"
    assert history(host) == []


# --- one run at a time ----------------------------------------------------------------------


@pytest.mark.shows("D12")
async def test_a_busy_session_refuses(host: Host) -> None:
    host.session()
    log = host.turn("/rate 1\none two")
    with pytest.raises(SessionBusy) as refused:
        host.turn("now")
    assert (refused.value.code, refused.value.code.retryable) == ("SESSION_BUSY", True)
    await done(log)
    await done(host.turn("now"))
    assert [text for _, text, _ in history(host)] == ["/rate 1\none two", "one two", "now", "now"]


@pytest.mark.shows("D12", "D10")
async def test_a_queue_answers_in_order_and_each_turn_sees_the_ones_before(host: Host) -> None:
    host.session()
    first = host.turn("/rate 1\none")
    second = host.turn("/rate 1\ntwo", when_busy="queue")
    third = host.turn("/request", when_busy="queue")
    assert host.engine.status(ME).active_inferences == 3, "what waits counts to the five"
    assert host.engine.status(ME).active_sessions == 1
    await done(first)
    assert (second.ending, third.ending) == (None, None)
    assert host.engine.session(ME, "s").info.is_active, "two are still to come"
    await done(third)
    assert second.ending is not None
    contents = [m["content"] for m in sent(answer(third))["messages"]]  # type: ignore[attr-defined]
    assert contents == ["/rate 1\none", "one", "/rate 1\ntwo", "two", "/request"]
    assert not host.engine.session(ME, "s").info.is_active


@pytest.mark.shows("D12")
async def test_a_queued_run_s_deadline_starts_when_it_leaves_the_queue(host: Host) -> None:
    host.session()
    host.turn("/rate 1\n/repeat 50 word")
    second = host.turn("/rate 1\n/repeat 4 word", when_busy="queue", timeout_ms=5_000)
    await done(second)


@pytest.mark.shows("D12", "B22")
async def test_a_queued_run_can_be_cancelled(host: Host) -> None:
    host.session()
    first = host.turn("/rate 1\none two")
    second = host.turn("never", when_busy="queue")
    third = host.turn("three", when_busy="queue")
    assert host.engine.cancel(ME, second.inference_id)
    assert channels(second) == ["llm:done"]
    await done(third)
    await done(first)
    assert [text for _, text, _ in history(host) if text == "never"] == []
    assert host.engine.status(ME).active_inferences == 0


@pytest.mark.shows("D12", "D15")
@pytest.mark.parametrize("first", ["/error SERVER_ERROR", "/crash", "x\n/stall"])
async def test_a_queue_goes_on_after_a_failure(host: Host, first: str) -> None:
    host.session()
    await_first = host.turn(first)
    second = host.turn("two", when_busy="queue")
    await done(second)
    await failed(await_first)


async def test_a_queued_run_that_cannot_be_prepared_fails_and_the_queue_goes_on(host: Host) -> None:
    """Meanwhile the model has changed: it cannot take the picture of the turn before."""

    async def play(request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        yield TextDelta("seen")
        await asyncio.Event().wait()

    host.puppet(play, ModelInfo("puppet-model", images=True))
    host.session(provider_id="puppet")
    first = host.turn([picture()])
    await until(lambda: answer(first) == "seen")
    host.puppet(play, ModelInfo("puppet-model"))
    queued = [host.turn(text, when_busy="queue") for text in ("two", "three")]
    assert host.engine.cancel(ME, first.inference_id)
    for log in queued:
        refused = await failed(log)
        assert (refused.code, channels(log)) == ("VALIDATION", ["llm:error"])
    assert (await done(first)).cancelled
    assert host.engine.status(ME).active_inferences == 0
    assert not host.engine.session(ME, "s").info.is_active


@pytest.mark.shows("D9", "D26")
@pytest.mark.parametrize("script", ["/error SERVER_ERROR", "/crash", "x\n/stall", "CANCEL", "hi"])
async def test_a_session_is_active_only_while_a_run_is(host: Host, script: str) -> None:
    host.session()
    log = host.turn("/stall" if script == "CANCEL" else script)
    assert host.engine.session(ME, "s").info.is_active
    assert host.engine.status(ME).active_sessions == 1
    if script == "CANCEL":
        host.engine.cancel(ME, log.inference_id)
    await ended(log)
    assert not host.engine.session(ME, "s").info.is_active
    assert host.engine.status(ME).active_sessions == 0


# --- refused before anything changes ---------------------------------------------------------


@pytest.mark.shows("D11", "B48", "D24", "D26", "B32")
@pytest.mark.parametrize("why", ["limit", "key", "used", "size", "busy"])
async def test_a_refused_run_changes_nothing(host: Host, why: str) -> None:
    host.session(provider_id="keyless" if why == "key" else "echo")
    fields: dict[str, object] = {}
    script = "hi"
    logs = [host.start("/stall") for _ in range(5)] if why == "limit" else []
    if why == "used":
        await done(host.start("x", inference_id="inf-used"))
        fields["inference_id"] = "inf-used"
    if why == "busy":
        logs = [host.turn("/stall")]
    turns = [make_message("user", "x" * 100_000)] * 11 if why == "size" else script
    before = (host.engine.session(ME, "s"), host.engine.status(ME), host.engine.list(ME))
    with pytest.raises(ShellError):
        host.turn(turns, **fields)  # type: ignore[arg-type]
    assert (host.engine.session(ME, "s"), host.engine.status(ME), host.engine.list(ME)) == before
    for log in logs:
        host.engine.cancel(ME, log.inference_id)


# --- trimming -------------------------------------------------------------------------------


@pytest.mark.shows("D13")
async def test_history_may_be_longer_than_one_request(host: Host) -> None:
    host.session()
    for number in range(120):
        await done(host.turn(f"turn {number}"))
    assert host.engine.session(ME, "s").info.message_count == 240
    log = host.turn("/request")
    await done(log)
    assert len(sent(answer(log))["messages"]) == 241  # type: ignore[arg-type]


@pytest.mark.shows("D13")
async def test_history_is_trimmed_to_the_model_oldest_turn_first_and_said(host: Host) -> None:
    echo = EchoProvider(rate=None)
    seen: list[ProviderRequest] = []

    def play(request: ProviderRequest):  # type: ignore[no-untyped-def]
        seen.append(request)
        return echo.stream(request)

    host.puppet(play, ModelInfo("small", context_tokens=1_000, max_output_tokens=100))
    host.session(provider_id="puppet", system_prompt="Be brief.")
    for number in range(10):
        log = host.turn(f"{number} " + "x" * 400)
        await done(log)
    assert notices(log) == ["HISTORY_TRIMMED"]
    assert channels(log)[0] == "llm:notice"
    last = seen[-1].messages
    assert (last[0].role, last[0].text) == ("system", "Be brief.")
    assert [m.role for m in last[1:3]] == ["user", "assistant"], "whole turns are left out"
    assert last[-1].text.startswith("9 ")
    turn_numbers = [m.text.split()[0] for m in last[1:]]
    assert turn_numbers == sorted(turn_numbers), "the newest stay, in order"
    assert 3 <= len(last) < 20
    assert host.engine.session(ME, "s").info.message_count == 20, "nothing is forgotten"


@pytest.mark.shows("D13")
async def test_the_new_messages_are_always_sent(host: Host) -> None:
    host.puppet(EchoProvider(rate=None).stream, ModelInfo("tiny", context_tokens=10))
    host.session(provider_id="puppet")
    await done(host.turn("hello " * 50))


# --- idle -----------------------------------------------------------------------------------


@pytest.mark.shows("B14", "D9", "D39")
async def test_idle_sessions_are_unloaded_after_half_an_hour(host: Host) -> None:
    host.session()
    host.session("busy")
    live = host.turn("/rate 1\n/repeat 599 word", "busy", timeout_ms=600_000)
    await asyncio.sleep(1_795)
    assert host.engine.status(ME).total_sessions == 2
    await until(lambda: host.engine.status(ME).total_sessions == 1, 1.0)
    with pytest.raises(NotFound):
        host.engine.session(ME, "s")
    await ended(live)
    assert host.engine.status(ME).total_sessions == 1


@pytest.mark.shows("B14")
async def test_a_run_keeps_its_session(host: Host) -> None:
    host.session()
    for _ in range(5):
        await asyncio.sleep(1_500)
        await done(host.turn("still here"))
    assert len(history(host)) == 10


@pytest.mark.shows("B14", "D9")
async def test_an_active_session_is_never_unloaded(anyio_backend: object) -> None:
    host = Host(Settings(limits=Limits(session_idle_s=10.0)))
    host.session()
    log = host.turn("/rate 1\n/repeat 100 word")
    await asyncio.sleep(90)
    assert host.engine.status(ME).total_sessions == 1
    await done(log)
    began = the_loop().time()
    await until(lambda: host.engine.status(ME).total_sessions == 0, 1.0)
    assert the_loop().time() - began <= 71
    await host.close()
